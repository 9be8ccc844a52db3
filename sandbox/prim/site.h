/*
 * A site: a simulated peer at the other end of a socketpair, a server somewhere that answers each
 * request after its latency, any number of them at a time. Requests and answers really go through
 * the socket; the latency is waited out by the site's thread.
 *
 * A site belongs to the process that made it; its threads and coroutines may ask. Under control it
 * has no thread: an answer is there when its time has come.
 */
#ifndef PRIM_SITE_H
#define PRIM_SITE_H

#include <stdbool.h>
#include <stdint.h>

struct site;

/* Requests that may be on their way at once. */
#define SITE_REQUESTS_MAX 1024u

/* Starts its thread, a daemon named like the site. */
struct site *site_new(const char *name);

/* Hangs up: what it has not answered it never does, its thread has ended when this returns. */
void site_close(struct site *site);

/* Sends a request and waits for the answer, blocking the calling thread. Scaled by time_scale. */
void site_call(struct site *site, int64_t request, int64_t latency_us);

/*
 * Sends a request and does not wait; the answer is its number, on the descriptor. Returns the event
 * that sent it. Under control there is no descriptor, and loop_call() sees to the answer.
 */
uint32_t site_ask(struct site *site, int64_t request, int64_t latency_us);
int site_fd(const struct site *site);
uint16_t site_object(const struct site *site); /* of the trace */

/* Takes an answer if there is one; records io.done with what caused it. */
bool site_answer(struct site *site, int64_t *ret_request);

#endif

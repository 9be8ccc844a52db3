/*
 * The whole server in this process, as main.c starts it, but that it takes nothing in any more
 * (runs and experiments are refused with 503 once all of them was checked) and that one thread is
 * HTTP's and the fuzzer's: exchanges go through a pair of sockets.
 *
 * Its database holds the workshop and the runs of corpus/import/class, that workshop with the key
 * and owner below, and an experiment.
 */
#ifndef FUZZ_SERVER_H
#define FUZZ_SERVER_H

#include "sandbox/base/buf.h"

#include <stdbool.h>

#define SERVER_KEY        "KEYKEYKEYKEYKEYKEYKEY1"
#define SERVER_SESSION    "SESSIONSESSIONSESSION1"
#define SERVER_WORKSHOP   "7k2-m9x-4tz"
#define SERVER_EXPERIMENT "EXPERIMENTEXPERIMENT01"

/* Bytes of an answer. */
#define SERVER_ANSWER_MOST (4u << 20)

struct app;

/* The program's parts but for HTTP (server.c). */
struct app *server_app(void);

/*
 * Gives a client's bytes, the first `cut` of them earlier than the rest, and appends what comes
 * back until the connection ends or nothing more comes.
 */
void server_exchange(const void *bytes, size_t n, size_t cut, struct buf *answer);

/*
 * What holds of every answer to a request: a status that is no failure of ours, headers of whole
 * lines and, when there is all of a JSON body (to HEAD there is none), that it is JSON. Returns the
 * status; 0: none.
 */
unsigned server_check_answer(const struct buf *answer, bool has_body);

#endif

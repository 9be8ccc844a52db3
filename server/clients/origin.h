/*
 * Pages of other origins: which may read (CORS) and which may change something (nobody else, so
 * that no page can use a visitor's session behind its back).
 *
 * What changes something is refused when a browser says that it comes from elsewhere: by
 * Sec-Fetch-Site or, from a browser that sends none, by an Origin that is not the own host. The own
 * host is what Host says or, from a trusted proxy, X-Forwarded-Host. Who sends neither header is no
 * browser and has no session but its own. Together with bodies that must be application/json,
 * which no form can send, nothing rests on the cookie's SameSite alone.
 *
 * Pure but for the request; any thread.
 */
#ifndef CLIENTS_ORIGIN_H
#define CLIENTS_ORIGIN_H

#include "server/clients/client.h"

enum { ORIGINS_MAX = 32, ORIGIN_TEXT_MAX = 256 };

/* Origins that may read and change; constant. */
struct origins {
    bool any; /* "*": all others may, without a session */
    unsigned count;
    char list[ORIGINS_MAX][ORIGIN_TEXT_MAX];
};

/*
 * Reads "ORIGIN[,ORIGIN…]", each http://HOST[:PORT] or https://HOST[:PORT] as browsers send it, or
 * "*"; NULL allows none. Returns 0 or -EINVAL with a sentence.
 */
int origins_init(struct origins *origins, const char *text, struct err *err);

/* Whether other origins may do anything at all. */
bool origins_open(const struct origins *origins);

/* Whether a page asks that may because all may: it has none of its visitor's rights. */
bool origin_is_stranger(const struct origins *origins, const struct request *request,
                        const struct client *client);

/* Whether the request, which changes something, may come from where it comes. */
bool origin_may_change(const struct origins *origins, const struct request *request,
                       const struct client *client);

/* The headers by which a browser lets a page of an allowed origin read the reply. */
void origin_reply_headers(const struct origins *origins, struct request *request);

/* Replies to a browser that asks beforehand. `methods` is what the address takes. */
void origin_reply_preflight(const struct origins *origins, struct request *request,
                            const char *methods);

#endif

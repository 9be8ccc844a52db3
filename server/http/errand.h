/*
 * A request that is answered once the background thread has done something for it. The connection
 * sleeps meanwhile. When the client goes away before its turn, nothing is done. Its place is free
 * again once the reply was given: what that holds until it is read has a bound of its own (http.h).
 */
#ifndef HTTP_ERRAND_H
#define HTTP_ERRAND_H

#include "server/base/background.h"
#include "server/http/http.h"

#include <stdatomic.h>
#include <stdbool.h>

/* At the beginning of a struct that holds the rest; all three are given by its maker. */
struct errand {
    void (*perform)(struct errand *errand); /* in the background thread */
    void (*reply)(struct errand *errand, struct request *request);
    void (*release)(struct errand *errand); /* frees it; in either thread */

    /* Its own. */
    _Atomic unsigned refs;
    struct piece piece;
    struct background *background;
    struct request *request;
    _Atomic bool unwanted; /* the request is over */
    _Atomic bool performed;
    bool left; /* its place was given back; the request's thread, or whoever has the last of it */
};

/* Takes the errand over, and the request's state. Replies with 503 when too many wait. */
void errand_run(struct errand *errand, struct background *background, struct request *request);

#endif

/* What was refused and why, counted for /metrics. Any thread. */
#ifndef CLIENTS_REFUSED_H
#define CLIENTS_REFUSED_H

#include <stdatomic.h>
#include <stdint.h>

/* X(NAME, "reason in the metrics") */
#define REFUSED_REASONS(X)                                                                         \
    X(CLIENT_RATE, "client-rate")                 /* 429 */                                        \
    X(ADDRESS_RATE, "address-rate")               /* 429 */                                        \
    X(READ_RATE, "read-rate")                     /* 429 */                                        \
    X(CLIENT_QUEUE, "client-queue")               /* 429: too many of the client's runs wait */    \
    X(CLIENT_EXPERIMENTS, "client-experiments")   /* 429 */                                        \
    X(ADDRESS_QUEUE, "address-queue")             /* 429: too many of the address's runs wait */   \
    X(ADDRESS_EXPERIMENTS, "address-experiments") /* 429 */                                        \
    X(ADDRESS_REQUESTS, "address-requests")       /* 429: too many are open, behind a proxy */     \
    X(QUEUE, "queue")                             /* 503: too many runs wait */                    \
    X(EXPERIMENTS, "experiments")                 /* 503 */                                        \
    X(ORIGIN, "origin")                           /* 403 */                                        \
    X(MEDIA_TYPE, "media-type")                   /* 415 */

enum refused_reason {
#define X(name, text) REFUSED_##name,
    REFUSED_REASONS(X)
#undef X
        REFUSED_COUNT
};

struct refused {
    _Atomic uint64_t counts[REFUSED_COUNT];
};

static inline void refused_count(struct refused *refused, enum refused_reason reason)
{
    atomic_fetch_add(&refused->counts[reason], 1);
}

#endif

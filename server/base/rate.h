/*
 * How often somebody may ask: token buckets, several kinds of them side by side, by the hash of
 * who asks.
 *
 * A bucket holds as many tokens as its quota and is filled anew over the quota's seconds, evenly.
 * What is kept of it is one number, the time at which it will be full, so a bucket that nobody
 * touched for that long is no different from one that was never there, and forgetting it loses
 * nothing. The table of each kind has its size when it is made; with more askers than that at once
 * whoever asked longest ago is forgotten and has a full bucket again.
 *
 * Any thread.
 */
#ifndef BASE_RATE_H
#define BASE_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* So many requests at once, which come back over so many seconds; 0 requests: no limit. */
struct quota {
    uint64_t requests; /* up to QUOTA_REQUESTS_MAX */
    uint64_t seconds;  /* 1 … QUOTA_SECONDS_MAX */
};
enum { QUOTA_REQUESTS_MAX = 1000000, QUOTA_SECONDS_MAX = 86400 };

/* X(NAME, "name of the policy") */
#define RATE_KINDS(X)                                                                              \
    X(CLIENT, "client")   /* what a client changes */                                              \
    X(ADDRESS, "address") /* what all clients of an address change */                              \
    X(READS, "reads")     /* everything else of an address */

enum rate_kind {
#define X(name, text) RATE_##name,
    RATE_KINDS(X)
#undef X
        RATE_KIND_COUNT
};
const char *rate_kind_text(enum rate_kind kind);

struct rates;

/* `entries` askers are known of each kind. NULL without memory. */
struct rates *rates_new(const struct quota quotas[static RATE_KIND_COUNT], unsigned entries);
void rates_free(struct rates *rates);

struct quota rates_quota(const struct rates *rates, enum rate_kind kind);

/* How a bucket stands. */
struct rate_standing {
    uint64_t remaining; /* tokens */
    uint64_t reset;     /* seconds until it is full, rounded up */
    uint64_t retry;     /* seconds until it has a token, rounded up; 0: it has one */
};

/* One bucket to take from. */
struct rate_ask {
    enum rate_kind kind;
    uint64_t who; /* a hash */
    struct rate_standing standing;
};

/*
 * Takes a token from each bucket, or none from any when one of them is empty, and says how they
 * stand then. now_ns is CLOCK_MONOTONIC and does not go back. Returns the ask whose bucket is empty
 * for longest, or NULL when all had a token. A kind without a limit always has one and is as full
 * as can be.
 */
const struct rate_ask *rates_take(struct rates *rates, struct rate_ask *asks, unsigned n,
                                  uint64_t now_ns);

#endif

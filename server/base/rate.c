#include "server/base/rate.h"

#include <pthread.h>
#include <stdlib.h>

#define SECOND UINT64_C(1000000000)

/* An asker; links are indices into the table, 0 is none. */
struct entry {
    uint64_t who;
    uint64_t full_ns;      /* when the bucket is full */
    uint32_t same;         /* of the same bucket of the hash table */
    uint32_t older, newer; /* by when they asked last */
};

struct table {
    struct quota quota;
    uint64_t interval_ns;  /* for one token to come back */
    struct entry *entries; /* from 1 on */
    uint32_t *heads;       /* size of them */
    uint32_t size, used;
    uint32_t oldest, newest;
};

struct rates {
    pthread_mutex_t lock; /* guards the tables */
    struct table tables[RATE_KIND_COUNT];
};

const char *rate_kind_text(enum rate_kind kind)
{
    static const char *const texts[] = {
#define X(name, text) text,
        RATE_KINDS(X)
#undef X
    };
    return texts[kind];
}

static int table_init(struct table *t, struct quota quota, unsigned entries)
{
    t->quota = quota;
    if (quota.requests == 0)
        return 0;
    t->interval_ns = (quota.seconds * SECOND + quota.requests - 1) / quota.requests;
    t->size = entries;
    t->entries = calloc(entries + 1, sizeof *t->entries);
    t->heads = calloc(entries, sizeof *t->heads);
    return t->entries && t->heads ? 0 : -1;
}

struct rates *rates_new(const struct quota quotas[static RATE_KIND_COUNT], unsigned entries)
{
    struct rates *rates = calloc(1, sizeof *rates);
    if (!rates)
        return NULL;
    pthread_mutex_init(&rates->lock, NULL);
    for (unsigned i = 0; i < RATE_KIND_COUNT; i++)
        if (table_init(&rates->tables[i], quotas[i], entries) < 0) {
            rates_free(rates);
            return NULL;
        }
    return rates;
}

void rates_free(struct rates *rates)
{
    if (!rates)
        return;
    for (unsigned i = 0; i < RATE_KIND_COUNT; i++) {
        free(rates->tables[i].entries);
        free(rates->tables[i].heads);
    }
    pthread_mutex_destroy(&rates->lock);
    free(rates);
}

struct quota rates_quota(const struct rates *rates, enum rate_kind kind)
{
    return rates->tables[kind].quota;
}

/* ---- a table ---- */

static void unlink_age(struct table *t, uint32_t i)
{
    struct entry *e = &t->entries[i];
    *(e->older ? &t->entries[e->older].newer : &t->oldest) = e->newer;
    *(e->newer ? &t->entries[e->newer].older : &t->newest) = e->older;
}

static void link_newest(struct table *t, uint32_t i)
{
    struct entry *e = &t->entries[i];
    e->older = t->newest;
    e->newer = 0;
    *(t->newest ? &t->entries[t->newest].newer : &t->oldest) = i;
    t->newest = i;
}

/* An entry that nobody has, the oldest's when all are in use. */
static uint32_t free_entry(struct table *t)
{
    if (t->used < t->size)
        return ++t->used;
    uint32_t i = t->oldest;
    uint32_t *at = &t->heads[t->entries[i].who % t->size];
    while (*at != i)
        at = &t->entries[*at].same;
    *at = t->entries[i].same;
    unlink_age(t, i);
    return i;
}

/* The asker's entry, now the newest. */
static struct entry *find(struct table *t, uint64_t who)
{
    uint32_t *head = &t->heads[who % t->size];
    uint32_t i = *head;
    while (i && t->entries[i].who != who)
        i = t->entries[i].same;
    if (i) {
        unlink_age(t, i);
    } else {
        i = free_entry(t);
        t->entries[i] = (struct entry){.who = who, .same = *head};
        *head = i;
    }
    link_newest(t, i);
    return &t->entries[i];
}

/* ---- buckets ---- */

static uint64_t seconds_up(uint64_t ns)
{
    return (ns + SECOND - 1) / SECOND;
}

/* How the bucket stands when it lacks so many nanoseconds of being full. */
static struct rate_standing standing_of(const struct table *t, uint64_t lacks_ns)
{
    uint64_t whole_ns = t->quota.requests * t->interval_ns;
    uint64_t has_ns = lacks_ns < whole_ns ? whole_ns - lacks_ns : 0;
    return (struct rate_standing){
        .remaining = has_ns / t->interval_ns,
        .reset = seconds_up(lacks_ns),
        .retry = has_ns < t->interval_ns ? seconds_up(t->interval_ns - has_ns) : 0};
}

/* A token given out counts at once. */
static void ask(struct table *t, struct rate_ask *a, uint64_t now, bool take)
{
    if (t->quota.requests == 0) {
        a->standing = (struct rate_standing){.remaining = QUOTA_REQUESTS_MAX};
        return;
    }
    struct entry *e = find(t, a->who);
    if (e->full_ns < now)
        e->full_ns = now;
    if (take)
        e->full_ns += t->interval_ns;
    a->standing = standing_of(t, e->full_ns - now);
}

const struct rate_ask *rates_take(struct rates *rates, struct rate_ask *asks, unsigned n,
                                  uint64_t now_ns)
{
    const struct rate_ask *empty = NULL;
    pthread_mutex_lock(&rates->lock);
    for (unsigned i = 0; i < n; i++) {
        ask(&rates->tables[asks[i].kind], &asks[i], now_ns, false);
        if (asks[i].standing.retry > (empty ? empty->standing.retry : 0))
            empty = &asks[i];
    }
    for (unsigned i = 0; i < n && !empty; i++)
        ask(&rates->tables[asks[i].kind], &asks[i], now_ns, true);
    pthread_mutex_unlock(&rates->lock);
    return empty;
}

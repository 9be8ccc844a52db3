/*
 * An experiment that is queued, running, or ended and not stored yet. Done ones are rows (store.h).
 *
 *     queued ──its first step──> running ──over, nothing of it at work──> ended ──committed──> done
 *        └────────cancelled before it began──────────────────────────────^
 *
 * Shared by the threads that serve HTTP, the collector and the store's writer; counted references.
 * What is set at birth never changes; everything below `lock` is guarded by it.
 */
#ifndef RUNS_EXPERIMENT_H
#define RUNS_EXPERIMENT_H

#include "server/http/subscribers.h"
#include "server/runs/outcomes.h"
#include "server/setups/catalog.h"
#include "server/store/store.h"

#include <pthread.h>
#include <stdatomic.h>

/* X(NAME, "text in the API") */
#define EXPERIMENT_KINDS(X)                                                                        \
    X(REPEAT, "repeat")                                                                            \
    X(EXPLORE, "explore")                                                                          \
    X(SHRINK, "shrink")

enum experiment_kind {
#define X(name, text) EXPERIMENT_##name,
    EXPERIMENT_KINDS(X)
#undef X
        EXPERIMENT_KIND_COUNT
};
const char *experiment_kind_text(enum experiment_kind kind);

/* X(NAME, "text in the API") */
#define EXPERIMENT_ENDS(X)                                                                         \
    X(NONE, "")                                                                                    \
    X(COMPLETED, "completed")                                                                      \
    X(SCHEDULE_LIMIT, "schedule-limit")                                                            \
    X(TIME_LIMIT, "time-limit")                                                                    \
    X(REPLAY_FAILED, "replay-failed")                                                              \
    X(CANCELLED, "cancelled")                                                                      \
    X(CRASHED, "crashed")                                                                          \
    X(INTERNAL_ERROR, "internal-error")

enum experiment_end {
#define X(name, text) END_##name,
    EXPERIMENT_ENDS(X)
#undef X
};
const char *experiment_end_text(enum experiment_end end);

enum experiment_status { EXPERIMENT_QUEUED, EXPERIMENT_RUNNING, EXPERIMENT_ENDED, EXPERIMENT_DONE };

/* What is asked for. */
struct experiment_plan {
    enum experiment_kind kind;
    unsigned count;        /* of the runs, when it is a repetition */
    const char *beside;    /* id of another experiment, or NULL */
    const struct job *job; /* of each run, or of the search; checked and complete */
    const struct scenario_info *scenario;
    const char *key; /* Idempotency-Key, or NULL */
};

struct client;

struct experiment {
    _Atomic unsigned refs;
    const struct scenario_info *scenario;
    enum experiment_kind kind;
    unsigned count;
    struct job job;
    char *key, *asked;   /* Idempotency-Key, and what it is for; or NULL */
    _Atomic bool cancel; /* asked for; the lab sees to it */

    pthread_mutex_t lock;
    enum experiment_status status;
    enum acceptance acceptance;
    enum experiment_end end; /* why it is over; NONE while it goes on */
    uint64_t version;        /* rises with every change */
    uint64_t started_ns;     /* CLOCK_MONOTONIC */
    struct outcomes outcomes;
    struct store_experiment record; /* texts of birth, beside, times */
    unsigned at_work;               /* steps given out */
    unsigned failures;              /* in a row, of runs that were not to be had */
    uint64_t failed_ns;             /* the last of them (CLOCK_MONOTONIC) */
    unsigned storing;               /* runs that the store has not taken yet */
    bool saving;                    /* the store has `saved` */
    struct subscriber *subscribers;

    /* For the store; the writer's while submitted. */
    struct store_job accept, save;
    struct store_experiment born;  /* as record was; its texts are record's */
    struct store_experiment saved; /* how it stood when it was last stored */

    /* The lab's. */
    struct experiment *next;
    struct client *client;
    char *address;                    /* of who asked for it, or NULL */
    uint64_t announced_ns, stored_ns; /* when it was last */
    uint64_t announced, stored;       /* the version then */
};

/* A queued one with fresh id. NULL without memory. */
struct experiment *experiment_new(const struct experiment_plan *plan, const char *session);
struct experiment *experiment_ref(struct experiment *experiment);
void experiment_unref(struct experiment *experiment);

/* What it has found so far, as record.found holds it. The lock is held. NULL without memory. */
char *experiment_found(struct experiment *experiment);

void experiment_subscribe(struct experiment *experiment, struct subscriber *subscriber);
void experiment_unsubscribe(struct experiment *experiment, struct subscriber *subscriber);
/* Wakes the subscribers; with `end` also those that wait for acceptance or the end only. */
void experiment_notify(struct experiment *experiment, bool end);

#endif

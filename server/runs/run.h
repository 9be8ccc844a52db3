/*
 * A run that is queued, running, or ended and not stored yet. Finished runs are rows (store.h).
 *
 *     queued ──collector takes it──> running ──every process gone──> ended ──committed──> done
 *        └──────────────cancelled before it started──────────────────^
 *
 * Shared by the threads that serve HTTP, the collector and the store's writer; counted references.
 * What is set at birth never changes; everything below `lock` is guarded by it. Whoever waits for
 * news subscribes its request and is woken.
 */
#ifndef RUNS_RUN_H
#define RUNS_RUN_H

#include "sandbox/host/launcher.h"
#include "sandbox/host/supervisor.h"
#include "server/http/http.h"
#include "server/http/subscribers.h"
#include "server/runs/turns.h"
#include "server/setups/catalog.h"
#include "server/store/store.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

enum run_status { RUN_QUEUED, RUN_RUNNING, RUN_ENDED, RUN_DONE };

/* The first bytes of output a run object shows. */
enum { OUTPUT_SHOWN = 65536, SEGMENTS_MAX = 65536 };

/* What a run may leave, in bytes: its chunks, its result, its schedule. A bad byte of output
 * becomes three when it is cleaned. */
enum { TRACE_BYTES_MAX = 64 << 20, RESULT_MAX = 1 << 20, SCHEDULE_JSON_MAX = 1 << 13 };
#define OUTPUT_CLEAN_MAX(limits) (3 * (limits)->output_bytes + 3 * PIPE_BUF)

struct run {
    _Atomic unsigned refs;
    const struct scenario_info *scenario;
    struct job job;
    char *key, *asked;    /* Idempotency-Key, and what it is for; or NULL */
    _Atomic bool cancel;  /* asked for; the collector sees to it */
    _Atomic bool removed; /* deleted: nobody may find it any more */

    pthread_mutex_t lock;
    enum run_status status;
    enum acceptance acceptance;
    struct store_run
        record;          /* texts of birth; times come later; ended and result hold at its end */
    struct buf output;   /* clean UTF-8 */
    struct buf segments; /* struct output_segment after another */
    struct buf trace;    /* chunks */
    uint64_t trace_events;
    struct subscriber *subscribers;

    /* For the store; the writer's while submitted. */
    struct store_job accept, finish;
    struct buf packed;

    /* The registry's. */
    struct run *next_same;
    struct turn turn;   /* in the queue */
    uint64_t queued_ns; /* CLOCK_MONOTONIC */
};

/*
 * A queued run with fresh id. The job's parameters are checked and complete; seat and key may be
 * NULL. `lost` is the result (JSON) that it has when what it left cannot be kept for want of
 * memory. NULL without memory.
 */
struct run *run_new(const struct scenario_info *scenario, const struct job *job,
                    const char *session, const struct store_seat *seat, const char *key,
                    const struct limits *limits, const char *lost);
struct run *run_ref(struct run *run);
void run_unref(struct run *run);

/* News from the collector. Each takes the lock; nobody is woken. */
void run_started(struct run *run);
void run_add_output(struct run *run, const struct output_piece *piece);
void run_add_chunks(struct run *run, const void *bytes, size_t n);
void run_ended(struct run *run, const struct report *report, const struct isolation *isolation);

void run_set_acceptance(struct run *run, enum acceptance acceptance);
void run_set_done(struct run *run);

void run_subscribe(struct run *run, struct subscriber *subscriber);
void run_unsubscribe(struct run *run, struct subscriber *subscriber);
/* Wakes the subscribers; with `end` also those that wait for acceptance or the end only. */
void run_notify(struct run *run, bool end);

/* The JSON object of a report and the isolation, as record.result holds it. */
int result_write(const struct report *report, const struct isolation *isolation, struct buf *out);

#endif

/*
 * How it works. A future is in the run's memory, and so is the executor's count of completions, a
 * futex that everybody who waits for anything of this executor sleeps on; it looks again whenever
 * it has moved. So a wait for one future, for any and for all of them is the same loop.
 */
#include "sandbox/prim/executor.h"

#include "sandbox/prim/knobs.h"
#include "sandbox/prim/queue.h"
#include "sandbox/prim/sync.h"
#include "sandbox/sched/seam.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CALLS_MOST 4096u
/* How often a wait looks whether a worker has died. */
#define LOOK_NS 20000000u

struct future {
    struct executor *executor;
    struct call call;
    pool_fn *fn;
    _Atomic uint32_t state;
    uint32_t order; /* of its completion, from 1; written before the state */
};

struct executor {
    enum task_kind kind;
    unsigned workers;
    struct queue *calls; /* pointers to futures, NULL: the end */
    struct future **all; /* as submitted, for a shutdown that cancels, and when it breaks */
    unsigned submitted;
    bool shut;
    _Atomic uint32_t completions; /* futures that are done */
    _Atomic bool broken;
    uint16_t items, futures; /* objects */
    struct task *worker[];
};

static void complete(struct future *future, enum future_state state)
{
    struct executor *executor = future->executor;
    future->order = atomic_fetch_add(&executor->completions, 1) + 1;
    atomic_store_explicit(&future->state, state, memory_order_release);
    sync_wake(&executor->completions);
}

static bool move(struct future *future, uint32_t from, uint32_t to)
{
    return atomic_compare_exchange_strong(&future->state, &from, to);
}

static void run_future(struct future *future)
{
    struct executor *executor = future->executor;
    _Atomic uint64_t *busy = seam_self.run->shared->object[executor->futures].holders;
    if (!move(future, FUTURE_PENDING, FUTURE_RUNNING))
        return; /* it was cancelled */
    seam_record(EVENT_ITEM_STARTED, executor->items, future->call.index, future->call.submitted);
    trace_bitmap_set(busy, seam_self.task);
    future->call.result = future->fn(&future->call);
    trace_bitmap_clear(busy, seam_self.task);
    enum event_kind kind = future->call.error[0] ? EVENT_ITEM_FAILED : EVENT_ITEM_FINISHED;
    future->call.finished = seam_record(kind, executor->items, future->call.index, 0);
    future->call.finished_ns = seam_last_ns();
    complete(future, FUTURE_FINISHED);
}

static void worker_body(void *argument)
{
    struct executor *executor = argument;
    struct future *future;
    for (;;) {
        queue_get(executor->calls, &future);
        if (!future)
            return;
        run_future(future);
    }
}

struct executor *executor_new(enum task_kind kind, int workers)
{
    assert(workers > 0);
    struct executor *executor =
        run_alloc(seam_self.run, sizeof *executor + (size_t)workers * sizeof executor->worker[0]);
    executor->kind = kind;
    executor->workers = (unsigned)workers;
    executor->items = seam_object(OBJECT_POOL, "executor");
    executor->futures = seam_object(OBJECT_FUTURE, "futures");
    executor->calls = queue_new("call queue", CALLS_MOST, sizeof(struct future *));
    executor->all = run_alloc(seam_self.run, CALLS_MOST * sizeof(struct future *));
    for (unsigned i = 0; i < executor->workers; i++) {
        char name[32];
        snprintf(name, sizeof name, "worker %u", i + 1);
        executor->worker[i] = task_start(kind, name, worker_body, executor);
    }
    return executor;
}

struct future *executor_submit(struct executor *executor, pool_fn *fn, int64_t x)
{
    if (executor->shut || executor->broken) {
        seam_record(EVENT_REFUSED, executor->items, EINVAL, 0);
        return NULL;
    }
    if (executor->submitted == CALLS_MOST)
        seam_fail(ENOSPC, "an executor's calls");
    struct future *future = run_alloc(seam_self.run, sizeof *future);
    future->executor = executor;
    future->fn = fn;
    future->call.x = x;
    future->call.index = executor->submitted;
    executor->all[executor->submitted++] = future;
    future->call.submitted =
        seam_record(EVENT_ITEM_SUBMITTED, executor->items, future->call.index, 0);
    queue_put(executor->calls, &future, future->call.index);
    return future;
}

struct future **executor_map(struct executor *executor, pool_fn *fn, const int64_t *xs, unsigned n)
{
    struct future **futures = run_alloc(seam_self.run, (n + 1) * sizeof *futures);
    for (unsigned i = 0; i < n; i++)
        futures[i] = executor_submit(executor, fn, xs[i]);
    return futures;
}

/* ---- what a future says ---- */

enum future_state future_state(const struct future *future)
{
    return (enum future_state)atomic_load_explicit(&future->state, memory_order_acquire);
}

bool future_done(const struct future *future)
{
    return future_state(future) >= FUTURE_CANCELLED;
}

bool future_cancel(struct future *future)
{
    if (!move(future, FUTURE_PENDING, FUTURE_RUNNING)) /* no worker takes it any more */
        return false;
    complete(future, FUTURE_CANCELLED);
    return true;
}

const char *future_exception(const struct future *future)
{
    return future_done(future) && future->call.error[0] ? future->call.error : NULL;
}

int64_t future_argument(const struct future *future)
{
    return future->call.x;
}

int64_t future_number(const struct future *future)
{
    return future->call.index;
}

/* ---- waiting ---- */

/* Whether a worker process is gone although nobody told it to end. */
static bool lost_a_worker(const struct executor *executor)
{
    if (executor->kind == TASK_THREAD || executor->shut)
        return false;
    for (unsigned i = 0; i < executor->workers; i++)
        if (!task_alive(executor->worker[i]))
            return true;
    return false;
}

/* Every call that is not done raises; what the other workers are at is lost, too. */
static void break_down(struct executor *executor)
{
    if (atomic_exchange(&executor->broken, true))
        return;
    for (unsigned i = 0; i < executor->submitted; i++) {
        struct future *future = executor->all[i];
        if (!move(future, FUTURE_PENDING, FUTURE_CANCELLED) &&
            future_state(future) != FUTURE_RUNNING)
            continue;
        snprintf(future->call.error, sizeof future->call.error,
                 "BrokenProcessPool: A process in the process pool was terminated abruptly");
        complete(future, FUTURE_FINISHED);
    }
    for (unsigned i = 0; i < executor->workers; i++)
        task_terminate(executor->worker[i]);
}

struct condition_of {
    struct future **futures;
    unsigned n;
    enum return_when when;
};

static unsigned count_done(const struct condition_of *c, bool *ret_met)
{
    unsigned done = 0;
    bool raised = false;
    for (unsigned i = 0; i < c->n; i++) {
        done += future_done(c->futures[i]);
        raised |= future_exception(c->futures[i]) != NULL;
    }
    *ret_met = done == c->n || (c->when == FIRST_COMPLETED && done > 0) ||
               (c->when == FIRST_EXCEPTION && raised);
    return done;
}

static unsigned wait_until(const struct condition_of *c, uint64_t deadline)
{
    struct executor *executor = c->futures[0]->executor;
    bool met, waited = false;
    unsigned done;
    for (;;) {
        uint32_t seen = atomic_load(&executor->completions);
        done = count_done(c, &met);
        uint64_t now = sync_now();
        if (met || now >= deadline)
            break;
        if (!waited)
            seam_wait(EVENT_EVENT_WAIT, executor->futures, 0);
        waited = true;
        uint64_t look = now + LOOK_NS;
        if (!sync_wait_while(&executor->completions, seen, look < deadline ? look : deadline) &&
            lost_a_worker(executor))
            break_down(executor);
    }
    if (waited)
        seam_go_on();
    if (waited)
        seam_record(met ? EVENT_EVENT_PASSED : EVENT_TIMED_OUT, executor->futures, 0, 0);
    return done;
}

unsigned futures_wait(struct future **futures, unsigned n, enum return_when when,
                      int64_t timeout_us)
{
    if (n == 0)
        return 0;
    return wait_until(&(struct condition_of){futures, n, when}, sync_deadline(timeout_us));
}

int future_result(struct future *future, int64_t timeout_us, int64_t *ret)
{
    if (futures_wait(&future, 1, ALL_COMPLETED, timeout_us) == 0)
        return -ETIMEDOUT;
    if (future_state(future) == FUTURE_CANCELLED)
        return -ECANCELED;
    seam_record(EVENT_ITEM_DELIVERED, future->executor->items, future->call.index,
                future->call.finished);
    if (future->call.error[0])
        return -EIO;
    *ret = future->call.result;
    return 0;
}

/* ---- as they are done ---- */

struct as_completed {
    struct future **left; /* not given yet */
    unsigned n;
    unsigned ready; /* of these, the first so many were done when it began */
};

/* Those that are done already go to the front, shuffled. */
struct as_completed *as_completed(struct future **futures, unsigned n)
{
    struct as_completed *iterator = run_alloc(seam_self.run, sizeof *iterator);
    iterator->left = run_alloc(seam_self.run, (n + 1) * sizeof *iterator->left);
    iterator->n = n;
    for (unsigned i = 0; i < n; i++) {
        iterator->left[i] = futures[i];
        if (!future_done(futures[i]))
            continue;
        unsigned at = (unsigned)(drawn(19, i) * (double)(iterator->ready + 1));
        iterator->left[i] = iterator->left[iterator->ready];
        iterator->left[iterator->ready++] = iterator->left[at];
        iterator->left[at] = futures[i];
    }
    return iterator;
}

/* The one that was done first of those that are. */
static unsigned first_done(const struct as_completed *iterator)
{
    unsigned first = 0;
    uint32_t order = UINT32_MAX;
    for (unsigned i = 0; i < iterator->n; i++)
        if (future_done(iterator->left[i]) && iterator->left[i]->order < order) {
            first = i;
            order = iterator->left[i]->order;
        }
    return first;
}

struct future *as_completed_next(struct as_completed *iterator, int64_t timeout_us)
{
    if (iterator->n == 0)
        return NULL;
    unsigned i = 0;
    if (iterator->ready > 0)
        iterator->ready--;
    else if (futures_wait(iterator->left, iterator->n, FIRST_COMPLETED, timeout_us) == 0)
        return NULL;
    else
        i = first_done(iterator);
    struct future *future = iterator->left[i];
    memmove(&iterator->left[i], &iterator->left[i + 1],
            (--iterator->n - i) * sizeof *iterator->left);
    return future;
}

void executor_shutdown(struct executor *executor, bool wait, bool cancel)
{
    struct future *end = NULL;
    for (unsigned i = 0; i < executor->submitted && cancel; i++)
        future_cancel(executor->all[i]);
    if (!executor->shut && !executor->broken)
        for (unsigned i = 0; i < executor->workers; i++)
            queue_put(executor->calls, &end, -1);
    executor->shut = true;
    for (unsigned i = 0; i < executor->workers && wait; i++)
        task_join(executor->worker[i]);
}

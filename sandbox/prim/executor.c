/*
 * How it works. A future is in the run's memory, and so is the executor's count of completions, a
 * futex that everybody who waits for anything of this executor sleeps on; it looks again whenever
 * it has moved. So a wait for one future, for any and for all of them is the same loop. The count
 * moves after the future's state: who has seen the count sees the state.
 *
 * A process worker that dies moves nothing, so who waits looks from time to time whether one ended
 * that was not told to. Then the others are ended, too, and only when nobody is left who could
 * finish a call are the open futures given their error.
 *
 * Callbacks of a thread executor run in the worker that did the call. Processes cannot call back
 * into their parent; a thread of it does, which is started with the first callback.
 *
 * Under control a future begins to run in the step that takes it out of the queue, and all else
 * that happens to futures is an operation on one object; a worker that dies says so.
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

struct done_callback {
    future_callback *fn;
    void *context;
    struct done_callback *next;
};

struct future {
    struct executor *executor;
    struct call call;
    pool_fn *fn;
    _Atomic uint32_t state;
    _Atomic uint32_t over; /* 1: finished or cancelled, or never will be: its worker is lost */
    uint32_t order;        /* of its completion, from 1; written before the state */
    struct done_callback *callbacks; /* guarded by the executor's mutex */
};

struct member {
    struct executor *executor;
    struct task *task;
    _Atomic bool dismissed; /* it was told to end, and does */
};

struct executor {
    enum task_kind kind;
    unsigned workers;
    task_fn *initializer;
    void *argument;
    struct queue *calls;     /* pointers to futures, NULL: the end; has room for all there can be */
    uint16_t items, futures; /* objects */
    _Atomic uint32_t settled;     /* gives the order of completion */
    _Atomic uint32_t completions; /* moves whenever a future is done, and at shutdown */
    pthread_mutex_t mutex;
    struct future **all; /* as submitted; guarded by mutex, as is all below but the members */
    unsigned submitted;
    bool shut, broken;
    bool lost;           /* under control: a worker has said that it dies */
    struct task *caller; /* the thread that runs callbacks for processes, or NULL */
    struct member member[];
};

static void enter(struct executor *executor)
{
    sync_enter(&executor->mutex, executor->items);
}

static void leave(struct executor *executor)
{
    pthread_mutex_unlock(&executor->mutex);
}

static bool move(struct future *future, uint32_t from, uint32_t to)
{
    return atomic_compare_exchange_strong(&future->state, &from, to);
}

static void tell_waiters(struct executor *executor)
{
    atomic_fetch_add(&executor->completions, 1);
    sync_wake(&executor->completions);
}

static void finish(struct future *future)
{
    future->order = atomic_fetch_add(&future->executor->settled, 1) + 1;
    atomic_store_explicit(&future->state, FUTURE_FINISHED, memory_order_release);
    atomic_store_explicit(&future->over, 1, memory_order_relaxed);
    tell_waiters(future->executor);
}

static enum future_state state_of(const struct future *future)
{
    return (enum future_state)atomic_load_explicit(&future->state, memory_order_acquire);
}

static bool is_done(const struct future *future)
{
    return state_of(future) >= FUTURE_CANCELLED;
}

/* Each callback runs once, whoever comes for it, and outside the mutex. */
static void run_callbacks(struct future *future)
{
    unsigned line = source_line;
    enter(future->executor);
    struct done_callback *callback = future->callbacks;
    future->callbacks = NULL;
    leave(future->executor);
    for (; callback; callback = callback->next)
        callback->fn(future, callback->context);
    source_line = line; /* the executor's own, or where it was cancelled */
}

/* ---- the workers ---- */

static void run_future(struct future *future)
{
    struct executor *executor = future->executor;
    _Atomic uint64_t *busy = seam_self.run->shared->object[executor->futures].holders;
    if (!move(future, FUTURE_PENDING, FUTURE_RUNNING))
        return; /* it was cancelled */
    seam_record(EVENT_ITEM_STARTED, executor->items, future->call.index, future->call.submitted);
    trace_bitmap_set(busy, seam_self.task);
    future->call.result = future->fn(&future->call);
    source_line = 0;
    trace_bitmap_clear(busy, seam_self.task);
    seam_point(SEAM_UPDATE, executor->futures);
    enum event_kind kind = future->call.error[0] ? EVENT_ITEM_FAILED : EVENT_ITEM_FINISHED;
    future->call.finished = seam_record(kind, executor->items, future->call.index, 0);
    future->call.finished_ns = seam_last_ns();
    finish(future);
    if (executor->kind == TASK_THREAD)
        run_callbacks(future);
}

static void worker_body(void *argument)
{
    struct member *self = argument;
    struct executor *executor = self->executor;
    struct future *future;
    if (executor->initializer)
        executor->initializer(executor->argument);
    for (;;) {
        queue_get(executor->calls, &future);
        if (!future)
            break;
        run_future(future);
    }
    self->dismissed = true;
}

/* Under control: a worker process has ended. Who waits for a call is to look around. */
static void worker_ended(void *argument)
{
    struct member *member = argument;
    struct executor *executor = member->executor;
    if (member->dismissed)
        return;
    seam_point(SEAM_UPDATE, executor->futures);
    executor->lost = true;
    for (unsigned i = 0; i < executor->submitted; i++)
        executor->all[i]->over = 1;
    tell_waiters(executor);
}

struct executor *executor_new(enum task_kind kind, int workers)
{
    return executor_new_with(kind, workers, NULL, NULL);
}

struct executor *executor_new_with(enum task_kind kind, int workers, task_fn *initializer,
                                   void *argument)
{
    assert(workers > 0);
    struct executor *executor =
        run_alloc(seam_self.run, sizeof *executor + (size_t)workers * sizeof executor->member[0]);
    executor->kind = kind;
    executor->workers = (unsigned)workers;
    executor->initializer = initializer;
    executor->argument = argument;
    executor->items = seam_object(OBJECT_POOL, "executor");
    executor->futures = seam_object(OBJECT_FUTURE, "futures");
    executor->calls =
        queue_new("call queue", CALLS_MOST + executor->workers, sizeof(struct future *));
    executor->all = run_alloc(seam_self.run, CALLS_MOST * sizeof(struct future *));
    sync_mutex_init(&executor->mutex);
    for (unsigned i = 0; i < executor->workers; i++) {
        struct member *member = &executor->member[i];
        char name[32];
        snprintf(name, sizeof name, "worker %u", i + 1);
        member->executor = executor;
        member->task = task_new(kind, name, worker_body, member);
        task_on_end(member->task, worker_ended, member);
        task_begin(member->task);
    }
    return executor;
}

/* ---- submitting ---- */

static struct future *future_new(struct executor *executor, pool_fn *fn, int64_t x)
{
    if (executor->submitted == CALLS_MOST)
        seam_fail(ENOSPC, "an executor's calls");
    struct future *future = run_alloc(seam_self.run, sizeof *future);
    future->executor = executor;
    future->fn = fn;
    future->call.x = x;
    future->call.index = executor->submitted;
    executor->all[executor->submitted++] = future;
    return future;
}

struct future *executor_submit(struct executor *executor, pool_fn *fn, int64_t x)
{
    struct future *future = NULL;
    queue_announce_put(executor->calls);
    enter(executor);
    if (executor->shut || executor->broken) {
        seam_record(EVENT_REFUSED, executor->items, EINVAL, 0);
    } else {
        future = future_new(executor, fn, x);
        future->call.submitted =
            seam_record(EVENT_ITEM_SUBMITTED, executor->items, future->call.index, 0);
        queue_put_announced(executor->calls, &future, future->call.index);
    }
    leave(executor);
    return future;
}

struct future **executor_map(struct executor *executor, pool_fn *fn, const int64_t *xs, unsigned n)
{
    struct future **futures = run_alloc(seam_self.run, (n + 1) * sizeof *futures);
    for (unsigned i = 0; i < n; i++)
        if (!(futures[i] = executor_submit(executor, fn, xs[i])))
            return NULL;
    return futures;
}

/* ---- what a future says ---- */

enum future_state future_state(const struct future *future)
{
    const struct executor *executor = future->executor;
    seam_point_both(SEAM_READ, executor->futures, queue_object(executor->calls));
    return state_of(future);
}

bool future_done(const struct future *future)
{
    seam_point(SEAM_READ, future->executor->futures);
    return is_done(future);
}

bool future_cancel(struct future *future)
{
    struct executor *executor = future->executor;
    seam_point_both(SEAM_UPDATE, executor->futures, queue_object(executor->calls));
    if (!move(future, FUTURE_PENDING, FUTURE_CANCELLED))
        return state_of(future) == FUTURE_CANCELLED;
    atomic_store_explicit(&future->over, 1, memory_order_relaxed);
    tell_waiters(executor);
    run_callbacks(future);
    return true;
}

static bool has_raised(const struct future *future)
{
    return state_of(future) == FUTURE_FINISHED && future->call.error[0];
}

int64_t future_argument(const struct future *future)
{
    return future->call.x;
}

int64_t future_number(const struct future *future)
{
    return future->call.index;
}

/* ---- a worker dies ---- */

/* Whether a worker process is gone although nobody told it to end. */
static bool lost_a_worker(const struct executor *executor)
{
    if (seam_self.control)
        return executor->lost;
    for (unsigned i = 0; i < executor->workers && executor->kind == TASK_PROCESS; i++)
        if (!task_alive(executor->member[i].task) && !executor->member[i].dismissed)
            return true;
    return false;
}

static void end_workers(struct executor *executor)
{
    for (unsigned i = 0; i < executor->workers; i++)
        if (task_alive(executor->member[i].task))
            task_terminate(executor->member[i].task);
    for (unsigned i = 0; i < executor->workers; i++)
        task_watch(executor->member[i].task, FOREVER);
}

/* The call will never be finished. No worker is left, so nobody else writes to it. */
static void abandon(struct future *future)
{
    (void)move(future, FUTURE_PENDING, FUTURE_RUNNING); /* it cannot be cancelled any more */
    if (is_done(future))
        return;
    snprintf(future->call.error, sizeof future->call.error,
             "BrokenProcessPool: A process in the process pool was terminated abruptly");
    finish(future);
}

static void break_down(struct executor *executor)
{
    seam_point_both(SEAM_UPDATE, executor->futures, queue_object(executor->calls));
    enter(executor);
    if (!executor->broken) {
        executor->broken = true;
        end_workers(executor);
        seam_point(SEAM_UPDATE, executor->futures);
        for (unsigned i = 0; i < executor->submitted; i++)
            abandon(executor->all[i]);
    }
    leave(executor);
}

/* ---- waiting ---- */

/*
 * Sleeps until completions have moved past `seen`, or it is time to look around. Only processes die
 * by themselves.
 */
static void sleep_past(struct executor *executor, uint32_t seen, uint64_t deadline)
{
    if (executor->kind == TASK_THREAD) {
        sync_wait_while(&executor->completions, seen, deadline);
        return;
    }
    uint64_t look = seam_self.control ? UINT64_MAX : sync_now() + LOOK_NS;
    bool moved = sync_wait_while(&executor->completions, seen, look < deadline ? look : deadline);
    if ((!moved || seam_self.control) && lost_a_worker(executor))
        break_down(executor);
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
        done += is_done(c->futures[i]);
        raised |= has_raised(c->futures[i]);
    }
    *ret_met = done == c->n || (c->when == FIRST_COMPLETED && done > 0) ||
               (c->when == FIRST_EXCEPTION && raised);
    return done;
}

/* Under control, for all of them: what is done stays done, so how far they are is no question. */
static void await_each(const struct condition_of *c)
{
    struct executor *executor = c->futures[0]->executor;
    for (unsigned i = 0; i < c->n; i++) {
        if (!c->futures[i]->over) {
            trace_task_waits(seam_self.run->shared, seam_self.task, executor->futures);
            sync_wait_while(&c->futures[i]->over, 0, UINT64_MAX);
        }
    }
    if (lost_a_worker(executor))
        break_down(executor);
}

static unsigned wait_until(const struct condition_of *c, uint64_t deadline)
{
    struct executor *executor = c->futures[0]->executor;
    bool met, waited = false;
    bool each = seam_self.control && c->when == ALL_COMPLETED && deadline == UINT64_MAX;
    unsigned done;
    for (;;) {
        if (!each)
            seam_point(SEAM_READ, executor->futures);
        uint32_t seen = atomic_load(&executor->completions);
        done = count_done(c, &met);
        if (met || sync_now() >= deadline)
            break;
        if (!waited)
            seam_wait(EVENT_EVENT_WAIT, executor->futures, 0);
        waited = true;
        if (each)
            await_each(c);
        else
            sleep_past(executor, seen, deadline);
    }
    if (each)
        seam_saw(executor->futures);
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

/* Waits for one. Returns 0 when it has finished, well or not, or why it has not. */
static int await(struct future *future, int64_t timeout_us)
{
    if (futures_wait(&future, 1, ALL_COMPLETED, timeout_us) == 0)
        return -ETIMEDOUT;
    return state_of(future) == FUTURE_CANCELLED ? -ECANCELED : 0;
}

int future_result(struct future *future, int64_t timeout_us, int64_t *ret)
{
    int r = await(future, timeout_us);
    if (r < 0)
        return r;
    seam_record(EVENT_ITEM_DELIVERED, future->executor->items, future->call.index,
                future->call.finished);
    if (has_raised(future))
        return -EIO;
    *ret = future->call.result;
    return 0;
}

int future_exception(struct future *future, int64_t timeout_us, const char **ret)
{
    int r = await(future, timeout_us);
    if (r < 0)
        return r;
    *ret = has_raised(future) ? future->call.error : NULL;
    return 0;
}

/* ---- callbacks ---- */

/* Of the done ones that have callbacks left, the one that was done first. */
static struct future *next_to_call_back(struct executor *executor)
{
    struct future *next = NULL;
    enter(executor);
    for (unsigned i = 0; i < executor->submitted; i++) {
        struct future *future = executor->all[i];
        if (future->callbacks && state_of(future) == FUTURE_FINISHED &&
            (!next || future->order < next->order))
            next = future;
    }
    leave(executor);
    return next;
}

/* Nothing will be done any more that is not done already. */
static bool is_over(struct executor *executor)
{
    enter(executor);
    bool over = executor->shut;
    for (unsigned i = 0; i < executor->submitted && over; i++)
        over = is_done(executor->all[i]);
    leave(executor);
    return over;
}

static void caller_body(void *argument)
{
    struct executor *executor = argument;
    for (;;) {
        seam_point(SEAM_UPDATE, executor->futures);
        uint32_t seen = atomic_load(&executor->completions);
        bool over = is_over(executor);
        for (struct future *future; (future = next_to_call_back(executor));) {
            run_callbacks(future);
            seam_point(SEAM_UPDATE, executor->futures);
        }
        if (over)
            return;
        seam_wait(EVENT_EVENT_WAIT, executor->futures, 0);
        while (atomic_load(&executor->completions) == seen)
            sleep_past(executor, seen, UINT64_MAX);
        seam_go_on();
        seam_record(EVENT_EVENT_PASSED, executor->futures, 0, 0);
    }
}

/* With the mutex held. */
static void append_callback(struct future *future, future_callback *fn, void *context)
{
    struct executor *executor = future->executor;
    struct done_callback *callback = run_alloc(seam_self.run, sizeof *callback);
    struct done_callback **last = &future->callbacks;
    *callback = (struct done_callback){.fn = fn, .context = context};
    while (*last)
        last = &(*last)->next;
    *last = callback;
    if (executor->kind == TASK_PROCESS && !executor->caller)
        executor->caller = thread_start("executor manager", caller_body, executor);
}

void future_add_done_callback(struct future *future, future_callback *fn, void *context)
{
    seam_point(SEAM_UPDATE, future->executor->futures);
    enter(future->executor);
    bool done = is_done(future);
    if (!done)
        append_callback(future, fn, context);
    leave(future->executor);
    if (done)
        fn(future, context);
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
    if (n > 0)
        seam_point(SEAM_READ, futures[0]->executor->futures);
    for (unsigned i = 0; i < n; i++) {
        iterator->left[i] = futures[i];
        if (!is_done(futures[i]))
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
        if (is_done(iterator->left[i]) && iterator->left[i]->order < order) {
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

/* ---- the end ---- */

static void send_ends(struct executor *executor)
{
    struct future *end = NULL;
    seam_point_both(SEAM_SEND, queue_object(executor->calls), executor->futures);
    enter(executor);
    for (unsigned i = 0; i < executor->workers && !executor->shut && !executor->broken; i++)
        queue_put_announced(executor->calls, &end, -1);
    executor->shut = true;
    leave(executor);
    tell_waiters(executor);
}

void executor_shutdown(struct executor *executor, bool wait, bool cancel)
{
    send_ends(executor);
    for (unsigned i = 0; i < executor->submitted && cancel; i++)
        future_cancel(executor->all[i]);
    if (!wait)
        return;
    futures_wait(executor->all, executor->submitted, ALL_COMPLETED, FOREVER);
    for (unsigned i = 0; i < executor->workers; i++)
        task_join(executor->member[i].task);
    if (executor->caller)
        task_join(executor->caller);
}

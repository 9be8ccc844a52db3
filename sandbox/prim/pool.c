#include "sandbox/prim/pool.h"

#include "sandbox/prim/event.h"
#include "sandbox/prim/queue.h"
#include "sandbox/prim/task.h"
#include "sandbox/sched/seam.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define QUEUE_CAPACITY 4096u

/* What travels in both queues: a run of calls in the run's memory. NULL calls: the end. */
struct chunk {
    struct call *calls;
    unsigned count;
    pool_fn *fn;
    struct batch *batch;
};

/* The calls of one map, imap or apply. */
struct batch {
    struct pool *pool;
    struct call *calls;
    unsigned count;
    unsigned left;       /* not done yet; only the result thread changes it */
    struct async *async; /* whose they are; NULL for imap */
    struct queue *ready; /* imap: indexes of calls as they are done */
};

struct pool {
    uint16_t object;
    enum task_kind kind;
    unsigned workers;
    struct queue *tasks, *results;
    struct task *result_thread; /* NULL once it has ended */
    struct pool_options options;
    /*
     * Set by the owner or a callback. The result thread looks at it when it has got a result, so
     * under control a change is an operation on the results, too.
     */
    _Atomic enum { RUN, CLOSE, TERMINATE } state;
    bool ended_from_callback; /* the result thread's */
    unsigned applied;         /* calls of pool_apply(), which numbers them */
    unsigned dropped;
    struct task *worker[];
};

struct async {
    struct batch batch;
    struct event *done;
    bool delivered; /* somebody has got the results: a callback, or get() */
    struct pool_callbacks callbacks;
};

struct imap {
    struct batch batch;
    bool ordered;
    unsigned given;
    bool *arrived;
};

int64_t call_raise(struct call *call, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(call->error, sizeof call->error, format, args);
    va_end(args);
    return 0;
}

/*
 * A call is done: the order in which they are is seen by the owner. The last of its chunk is so in
 * one step with handing the chunk over.
 */
static void announce_done(struct pool *pool, const struct chunk *chunk, const struct call *call)
{
    if (call->error[0] || call == &chunk->calls[chunk->count - 1])
        queue_announce_put(pool->results);
    else
        seam_point(SEAM_UPDATE, queue_object(pool->results));
}

static void run_call(struct pool *pool, const struct chunk *chunk, struct call *call)
{
    _Atomic uint64_t *busy = seam_self.run->shared->object[pool->object].holders;
    seam_record(EVENT_ITEM_STARTED, pool->object, call->index, call->submitted);
    trace_bitmap_set(busy, seam_self.task); /* who waits for the pool waits for this worker */
    call->result = chunk->fn(call);
    source_line = 0; /* back in the pool */
    trace_bitmap_clear(busy, seam_self.task);
    announce_done(pool, chunk, call);
    enum event_kind kind = call->error[0] ? EVENT_ITEM_FAILED : EVENT_ITEM_FINISHED;
    call->finished = seam_record(kind, pool->object, call->index, 0);
    call->finished_ns = seam_last_ns();
}

/*
 * As in Python the first error ends the chunk: what stands behind it is not called, and has the
 * same error.
 */
static void run_chunk(struct pool *pool, const struct chunk *chunk)
{
    for (unsigned i = 0; i < chunk->count; i++) {
        struct call *call = &chunk->calls[i], *failed = i > 0 ? call - 1 : call;
        if (!failed->error[0]) {
            run_call(pool, chunk, call);
            continue;
        }
        memcpy(call->error, failed->error, sizeof call->error);
        call->finished_ns = failed->finished_ns;
    }
}

static void worker_body(void *argument)
{
    struct pool *pool = argument;
    struct chunk chunk;
    if (pool->options.initializer)
        pool->options.initializer(pool->options.argument);
    source_line = 0;
    for (;;) {
        queue_get(pool->tasks, &chunk);
        if (!chunk.calls)
            return;
        run_chunk(pool, &chunk);
        queue_put_announced(pool->results, &chunk, chunk.calls[0].index);
    }
}

/* A call that was never made, because its chunk had ended, leaves no events. */
static void note_delivered(struct pool *pool, const struct call *call)
{
    if (call->finished)
        seam_record(EVENT_ITEM_DELIVERED, pool->object, call->index, call->finished);
}

static void deliver(struct async *async)
{
    for (unsigned i = 0; i < async->batch.count && !async->delivered; i++)
        note_delivered(async->batch.pool, &async->batch.calls[i]);
    async->delivered = true;
}

/* In the result thread, before anybody can get() it. */
static void call_back(struct async *async)
{
    const struct pool_callbacks *callbacks = &async->callbacks;
    const struct call *failed = calls_failed(async->batch.calls, async->batch.count);
    pool_callback *callback = failed ? callbacks->error : callbacks->success;
    if (!callback)
        return;
    deliver(async);
    callback(failed ? failed : async->batch.calls, callbacks->context);
    source_line = 0;
}

/* In the result thread: a chunk is done. */
static void take_chunk(const struct chunk *chunk)
{
    struct batch *batch = chunk->batch;
    for (unsigned i = 0; i < chunk->count && batch->ready; i++)
        queue_put(batch->ready, &chunk->calls[i].index, chunk->calls[i].index);
    batch->left -= chunk->count;
    if (batch->left > 0 || !batch->async)
        return;
    call_back(batch->async);
    event_set(batch->async->done);
}

/* Any of them may have had a queue's mutex in its hands: nobody touches the queues any more. */
static bool workers_are_killed(const struct pool *pool)
{
    return pool->state == TERMINATE && pool->kind == TASK_PROCESS;
}

static void result_body(void *argument)
{
    struct pool *pool = argument;
    struct chunk chunk;
    for (;;) {
        queue_get(pool->results, &chunk);
        if (!chunk.calls)
            return;
        if (pool->state != TERMINATE)
            take_chunk(&chunk);
        if (pool->ended_from_callback && pool->kind == TASK_PROCESS)
            return;
    }
}

struct pool *pool_new(enum task_kind kind, int workers)
{
    return pool_new_with(kind, workers, &(struct pool_options){0});
}

struct pool *pool_new_with(enum task_kind kind, int workers, const struct pool_options *options)
{
    assert(workers > 0);
    struct pool *pool =
        run_alloc(seam_self.run, sizeof *pool + (size_t)workers * sizeof pool->worker[0]);
    pool->kind = kind;
    pool->workers = (unsigned)workers;
    pool->options = *options;
    pool->object = seam_object(OBJECT_POOL, "pool");
    pool->tasks = queue_new("task queue", QUEUE_CAPACITY, sizeof(struct chunk));
    pool->results = queue_new("result queue", QUEUE_CAPACITY, sizeof(struct chunk));
    /* Workers first: a fork copies only the thread that calls it. */
    for (unsigned i = 0; i < pool->workers; i++) {
        char name[32];
        snprintf(name, sizeof name, "worker %u", i + 1);
        pool->worker[i] = task_new(kind, name, worker_body, pool);
        if (kind == TASK_PROCESS)
            task_set_daemon(pool->worker[i], !options->may_have_children);
        task_begin(pool->worker[i]);
    }
    pool->result_thread = task_new(TASK_THREAD, "result handler", result_body, pool);
    task_set_daemon(pool->result_thread, true);
    task_begin(pool->result_thread);
    return pool;
}

static void batch_init(struct batch *batch, struct pool *pool, const int64_t *xs, const int64_t *ys,
                       unsigned n)
{
    batch->pool = pool;
    batch->count = batch->left = n;
    batch->calls = run_alloc(seam_self.run, n * sizeof *batch->calls);
    for (unsigned i = 0; i < n; i++) {
        batch->calls[i].index = i;
        batch->calls[i].x = xs[i];
        batch->calls[i].y = ys ? ys[i] : 0;
    }
}

/* Every call on a pool that does not run any more raises. */
static bool runs(const struct pool *pool)
{
    seam_point(SEAM_READ, pool->object);
    if (pool->state != RUN)
        seam_record(EVENT_REFUSED, pool->object, EINVAL, 0);
    return pool->state == RUN;
}

static void submit(struct batch *batch, pool_fn *fn, unsigned chunk)
{
    struct pool *pool = batch->pool;
    if (chunk == 0)
        chunk = (batch->count + 4 * pool->workers - 1) / (4 * pool->workers);
    for (unsigned first = 0; first < batch->count; first += chunk) {
        unsigned left = batch->count - first;
        struct chunk message = {.calls = &batch->calls[first],
                                .count = left < chunk ? left : chunk,
                                .fn = fn,
                                .batch = batch};
        for (unsigned i = 0; i < message.count; i++)
            message.calls[i].submitted =
                seam_record(EVENT_ITEM_SUBMITTED, pool->object, message.calls[i].index, 0);
        queue_put(pool->tasks, &message, message.calls[0].index);
    }
}

static bool is_before(const struct call *a, const struct call *b)
{
    return a->finished_ns < b->finished_ns || (a->finished_ns == b->finished_ns && a < b);
}

/* Not by qsort(): it asks how much memory the machine has, and the sandbox ends whoever asks. */
void pool_order(const struct call *calls, unsigned n, unsigned *ret)
{
    for (unsigned i = 0; i < n; i++) {
        unsigned rank = 0;
        for (unsigned j = 0; j < n; j++)
            rank += is_before(&calls[j], &calls[i]);
        ret[rank] = i;
    }
}

const struct call *calls_failed(const struct call *calls, unsigned n)
{
    const struct call *first = NULL;
    for (unsigned i = 0; i < n; i++)
        if (calls[i].error[0] && (!first || is_before(&calls[i], first)))
            first = &calls[i];
    return first;
}

static struct async *async_new(struct pool *pool, const int64_t *xs, const int64_t *ys, unsigned n)
{
    struct async *async = run_alloc(seam_self.run, sizeof *async);
    batch_init(&async->batch, pool, xs, ys, n);
    async->batch.async = async;
    async->done = event_of(pool->object);
    if (n == 0)
        event_set(async->done);
    return async;
}

struct async *pool_map_async_with(struct pool *pool, pool_fn *fn, const int64_t *xs,
                                  const int64_t *ys, unsigned n, unsigned chunk,
                                  const struct pool_callbacks *callbacks)
{
    if (!runs(pool))
        return NULL;
    struct async *async = async_new(pool, xs, ys, n);
    async->callbacks = *callbacks;
    submit(&async->batch, fn, chunk);
    return async;
}

struct async *pool_map_async(struct pool *pool, pool_fn *fn, const int64_t *xs, const int64_t *ys,
                             unsigned n, unsigned chunk)
{
    return pool_map_async_with(pool, fn, xs, ys, n, chunk, &(struct pool_callbacks){0});
}

const struct call *pool_map(struct pool *pool, pool_fn *fn, const int64_t *xs, const int64_t *ys,
                            unsigned n, unsigned chunk)
{
    struct async *async = pool_map_async(pool, fn, xs, ys, n, chunk);
    return async ? async_get(async) : NULL;
}

static struct imap *imap_start(struct pool *pool, pool_fn *fn, const int64_t *xs, unsigned n,
                               unsigned chunk, bool ordered)
{
    if (!runs(pool))
        return NULL;
    struct imap *imap = run_alloc(seam_self.run, sizeof *imap);
    imap->ordered = ordered;
    imap->arrived = run_alloc(seam_self.run, n * sizeof *imap->arrived);
    batch_init(&imap->batch, pool, xs, NULL, n);
    imap->batch.ready = queue_new(ordered ? "imap" : "imap_unordered", n ? n : 1, sizeof(int64_t));
    if (n > 0)
        submit(&imap->batch, fn, chunk ? chunk : 1);
    return imap;
}

struct imap *pool_imap(struct pool *pool, pool_fn *fn, const int64_t *xs, unsigned n,
                       unsigned chunk)
{
    return imap_start(pool, fn, xs, n, chunk, true);
}

struct imap *pool_imap_unordered(struct pool *pool, pool_fn *fn, const int64_t *xs, unsigned n,
                                 unsigned chunk)
{
    return imap_start(pool, fn, xs, n, chunk, false);
}

const struct call *imap_next(struct imap *imap)
{
    if (imap->given == imap->batch.count)
        return NULL;
    int64_t index = imap->given;
    if (!imap->ordered)
        queue_get(imap->batch.ready, &index);
    while (imap->ordered && !imap->arrived[imap->given]) {
        queue_get(imap->batch.ready, &index);
        imap->arrived[index] = true;
        index = imap->given;
    }
    imap->given++;
    note_delivered(imap->batch.pool, &imap->batch.calls[index]);
    return &imap->batch.calls[index];
}

struct async *pool_apply_async(struct pool *pool, pool_fn *fn, int64_t index, int64_t x,
                               pool_callback *callback, pool_callback *error_callback,
                               void *context)
{
    if (!runs(pool))
        return NULL;
    struct async *async = async_new(pool, &x, NULL, 1);
    async->callbacks = (struct pool_callbacks){callback, error_callback, context};
    async->batch.calls->index = index;
    submit(&async->batch, fn, 1);
    return async;
}

bool async_wait(struct async *async, int64_t timeout_us)
{
    return event_wait_for(async->done, timeout_us);
}

const struct call *async_get_for(struct async *async, int64_t timeout_us)
{
    if (!async_wait(async, timeout_us))
        return NULL;
    deliver(async);
    return async->batch.calls;
}

const struct call *async_get(struct async *async)
{
    return async_get_for(async, FOREVER);
}

bool async_ready(struct async *async)
{
    return event_is_set(async->done);
}

bool async_successful(struct async *async)
{
    assert(async_ready(async));
    return !calls_failed(async->batch.calls, async->batch.count);
}

const struct call *pool_apply(struct pool *pool, pool_fn *fn, int64_t x)
{
    struct async *async = pool_apply_async(pool, fn, pool->applied++, x, NULL, NULL, NULL);
    return async ? async_get(async) : NULL;
}

static void send_end(struct queue *queue)
{
    const struct chunk end = {0};
    queue_put(queue, &end, -1);
}

static void announce_end(struct pool *pool)
{
    seam_point_both(SEAM_UPDATE, pool->object, queue_object(pool->results));
}

void pool_close(struct pool *pool)
{
    announce_end(pool);
    if (pool->state != RUN)
        return;
    pool->state = CLOSE;
    for (unsigned i = 0; i < pool->workers; i++)
        send_end(pool->tasks);
}

static void drop_queued(struct pool *pool)
{
    struct chunk chunk;
    while (queue_size(pool->tasks) > 0 && queue_get_for(pool->tasks, &chunk, 0))
        pool->dropped += chunk.calls ? chunk.count : 0;
}

static void join_result_thread(struct pool *pool)
{
    if (pool->result_thread)
        task_join(pool->result_thread);
    pool->result_thread = NULL;
}

void pool_terminate(struct pool *pool)
{
    announce_end(pool);
    if (pool->state == TERMINATE)
        return;
    pool->state = TERMINATE;
    drop_queued(pool);
    pool->ended_from_callback = task_self() == pool->result_thread;
    if (!pool->ended_from_callback) { /* a callback cannot wait for its own thread */
        send_end(pool->results);
        join_result_thread(pool);
    }
    for (unsigned i = 0; i < pool->workers; i++)
        if (pool->kind == TASK_PROCESS)
            task_terminate(pool->worker[i]);
        else
            send_end(pool->tasks);
}

int pool_join(struct pool *pool)
{
    seam_point(SEAM_READ, pool->object);
    if (pool->state == RUN) {
        seam_record(EVENT_REFUSED, pool->object, EBUSY, 0);
        return -EBUSY;
    }
    for (unsigned i = 0; i < pool->workers; i++)
        task_join(pool->worker[i]);
    if (pool->result_thread && !workers_are_killed(pool))
        send_end(pool->results);
    join_result_thread(pool);
    return 0;
}

unsigned pool_dropped(const struct pool *pool)
{
    return pool->dropped;
}

struct task *pool_worker(const struct pool *pool, unsigned i)
{
    assert(i < pool->workers);
    return pool->worker[i];
}

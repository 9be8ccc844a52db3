/*
 * A pool of workers: multiprocessing.Pool and multiprocessing.pool.ThreadPool. The workers take
 * chunks of calls from one task queue and put them, done, into one result queue; a thread of the
 * owner takes the results, stores each in its call's place and runs the callbacks, one at a time.
 */
#ifndef PRIM_POOL_H
#define PRIM_POOL_H

#include "sandbox/prim/task.h"

#include <stdbool.h>
#include <stdint.h>

struct pool;
struct async; /* AsyncResult */
struct imap;  /* the iterator of imap and imap_unordered */

/* One call of a function in a worker. */
struct call {
    int64_t index;                /* of the input */
    int64_t x, y;                 /* arguments; y is 0 where there is one */
    int64_t result;               /* what the function returned */
    char error[128];              /* the exception it raised; "" if none */
    uint64_t finished_ns;         /* when it was done, since the run's start */
    uint32_t submitted, finished; /* events */
};

typedef int64_t pool_fn(struct call *call);

/* In the function: raises, as in call_raise(call, "ValueError: %d", i); use its return value. */
int64_t call_raise(struct call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Starts the workers: Pool(workers), as processes or threads. Process workers are daemons. What
 * follows is for the task that made the pool; callbacks may submit and terminate, too.
 */
struct pool *pool_new(enum task_kind kind, int workers);

/* What else a pool can be told. */
struct pool_options {
    task_fn *initializer; /* Pool(initializer=…, initargs=(argument,)): in each worker, first */
    void *argument;
    bool may_have_children; /* workers that are no daemons; Python forbids it */
};

struct pool *pool_new_with(enum task_kind kind, int workers, const struct pool_options *options);

/*
 * pool.map(fn, xs) and pool.starmap(fn, zip(xs, ys)) with ys not NULL: runs fn for n inputs and
 * waits. `chunk` inputs travel together; 0 is Python's choice, ceil(n / (4 × workers)). Returns the
 * n calls in input order, whatever the order they ran in.
 *
 * As in Python the first error of a chunk ends it: the calls behind it are not made, and have the
 * same error.
 */
const struct call *pool_map(struct pool *pool, pool_fn *fn, const int64_t *xs, const int64_t *ys,
                            unsigned n, unsigned chunk);

/*
 * Run in the owner's result thread, one at a time, when all calls of an async form are done: with
 * the first of them, or, if any raised, with the one that raised first. NULL: none. An error that
 * no callback gets stays in its result, and is lost if nobody looks there.
 */
typedef void pool_callback(const struct call *call, void *context);

struct pool_callbacks {
    pool_callback *success, *error;
    void *context;
};

/*
 * map_async and starmap_async: the same without waiting. NULL once the pool is closed or
 * terminated, as for every other call: ValueError: Pool not running, recorded as refused.
 */
struct async *pool_map_async(struct pool *pool, pool_fn *fn, const int64_t *xs, const int64_t *ys,
                             unsigned n, unsigned chunk);
struct async *pool_map_async_with(struct pool *pool, pool_fn *fn, const int64_t *xs,
                                  const int64_t *ys, unsigned n, unsigned chunk,
                                  const struct pool_callbacks *callbacks);

/* The one of n calls that raised first, whose error map and get() raise; NULL: none did. */
const struct call *calls_failed(const struct call *calls, unsigned n);

/*
 * The order in which n calls were done, by their events' own times, so that no chart tells another:
 * ret[0] is the position of the first in `calls`. For up to a few thousand calls.
 */
void pool_order(const struct call *calls, unsigned n, unsigned *ret);

/* pool.imap(fn, xs, chunk) and pool.imap_unordered: results as they come, in input order or not. */
struct imap *pool_imap(struct pool *pool, pool_fn *fn, const int64_t *xs, unsigned n,
                       unsigned chunk);
struct imap *pool_imap_unordered(struct pool *pool, pool_fn *fn, const int64_t *xs, unsigned n,
                                 unsigned chunk);

/* The next call that is done, or NULL at the end; waits for it. */
const struct call *imap_next(struct imap *imap);

/*
 * pool.apply_async(fn, (x,), callback, error_callback): returns at once. Either callback may be
 * NULL. `index` is the number shown for the call.
 */
struct async *pool_apply_async(struct pool *pool, pool_fn *fn, int64_t index, int64_t x,
                               pool_callback *callback, pool_callback *error_callback,
                               void *context);

/*
 * result.get(): waits until all its calls are done, and returns them; with a timeout, NULL when the
 * time was up: TimeoutError. result.wait(timeout): false when the time was up. result.ready(); and
 * result.successful(), of one that is ready: no error.
 */
const struct call *async_get(struct async *async);
const struct call *async_get_for(struct async *async, int64_t timeout_us);
bool async_wait(struct async *async, int64_t timeout_us);
bool async_ready(struct async *async);
bool async_successful(struct async *async);

/* pool.apply(fn, (x,)): waits for the result. The calls are numbered from 0. */
const struct call *pool_apply(struct pool *pool, pool_fn *fn, int64_t x);

/*
 * The end of a pool:
 *
 *     RUN ──pool_close()──> CLOSE ──────────> pool_join(): every call has been done
 *      └────────────────────┴─pool_terminate()──> TERMINATE ──> pool_join()
 *
 * terminate(), which is also what `with Pool() as pool:` does in the end, takes the calls that wait
 * out of the queue and ends process workers in the middle of theirs (SIGTERM); threads finish the
 * chunk they are at. No callback begins after it, and results that have not come by then never do.
 * As in Python a worker that is killed with a lock in its hands leaves it held. A pool of processes
 * that is left behind ends with its owner in the same way.
 *
 * pool_join() returns 0, or -EBUSY, recorded as refused: ValueError: Pool is still running.
 */
void pool_close(struct pool *pool);
void pool_terminate(struct pool *pool);
int pool_join(struct pool *pool);

/* Calls that pool_terminate() took out of the queue. What was on its way to a worker is not among
 * them. */
unsigned pool_dropped(const struct pool *pool);

/* The task of the i-th worker. */
struct task *pool_worker(const struct pool *pool, unsigned i);

#endif

/*
 * A pool of workers: multiprocessing.Pool and multiprocessing.pool.ThreadPool. The workers take
 * chunks of calls from one task queue and put them, done, into one result queue; a thread of the
 * owner takes the results, stores each in its call's place and runs the callbacks, one at a time.
 */
#ifndef PRIM_POOL_H
#define PRIM_POOL_H

#include "sandbox/trace/kinds.h"

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
    char error[64];               /* the exception it raised; "" if none */
    uint64_t finished_ns;         /* when it was done, since the run's start */
    uint32_t submitted, finished; /* events */
    struct async *async;
};

typedef int64_t pool_fn(struct call *call);

/* In the function: raises, as in call_raise(call, "ValueError: %d", i); use its return value. */
int64_t call_raise(struct call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Starts the workers: Pool(workers), as processes or threads. */
struct pool *pool_new(enum task_kind kind, int workers);

/*
 * pool.map(fn, xs) and pool.starmap(fn, zip(xs, ys)) with ys not NULL: runs fn for n inputs and
 * waits. `chunk` inputs travel together; 0 is Python's choice, ceil(n / (4 × workers)). Returns the
 * n calls in input order, whatever the order they ran in; Python raises the first error of them.
 */
const struct call *pool_map(struct pool *pool, pool_fn *fn, const int64_t *xs, const int64_t *ys,
                            unsigned n, unsigned chunk);

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

/* Runs in the owner's result thread, once for each call. */
typedef void pool_callback(const struct call *call, void *context);

/*
 * pool.apply_async(fn, (x,), callback, error_callback): returns at once. Either callback may be
 * NULL. `index` is the number shown for the call.
 */
struct async *pool_apply_async(struct pool *pool, pool_fn *fn, int64_t index, int64_t x,
                               pool_callback *callback, pool_callback *error_callback,
                               void *context);

/* result.wait() and result.get(): waits until the call is done. */
const struct call *async_get(struct async *async);
bool async_ready(struct async *async);

/* pool.apply(fn, (x,)): waits for the result. */
const struct call *pool_apply(struct pool *pool, pool_fn *fn, int64_t x);

/* No more calls; the workers end when the queue is empty. Then waits for all of them. */
void pool_close(struct pool *pool);
void pool_join(struct pool *pool);

#endif

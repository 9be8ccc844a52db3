/*
 * concurrent.futures: ThreadPoolExecutor and ProcessPoolExecutor, one API for both. submit() hands
 * a call over and returns a future at once; its result is asked for when it is wanted.
 *
 *     struct executor *executor = executor_new(TASK_PROCESS, 4);
 *     struct future *future = executor_submit(executor, square, 7);
 *     future_result(future, FOREVER, &result);                     result = future.result()
 *     executor_shutdown(executor, true, false);
 *
 * A future's life: PENDING ──> RUNNING ──> FINISHED, or PENDING ──> CANCELLED.
 *
 * In the trace the calls are items of the executor, numbered as they were submitted; reading a
 * result delivers its item. Whoever waits waits for the object "futures".
 *
 * Any thread of the process that made the executor may submit, cancel and ask; so may a call that
 * runs in a thread worker. It has to be shut down, as a with block does: its workers are no
 * daemons.
 */
#ifndef PRIM_EXECUTOR_H
#define PRIM_EXECUTOR_H

#include "sandbox/prim/pool.h"

struct executor;
struct future;

/* Starts the workers, which may have children of their own. */
struct executor *executor_new(enum task_kind kind, int workers);

/* The same with initializer=…, initargs=(argument,): runs first in each worker. */
struct executor *executor_new_with(enum task_kind kind, int workers, task_fn *initializer,
                                   void *argument);

/*
 * submit(fn, x). NULL, recorded as refused, after shutdown (RuntimeError) and when the executor is
 * broken (BrokenProcessPool). fn may call_raise().
 */
struct future *executor_submit(struct executor *executor, pool_fn *fn, int64_t x);

/*
 * Stops taking calls. `cancel` cancels those that are pending; `wait` waits until every other one
 * is done, its callbacks have run and the workers have ended. May be called again. For the task
 * that made it.
 */
void executor_shutdown(struct executor *executor, bool wait, bool cancel);

enum future_state { FUTURE_PENDING, FUTURE_RUNNING, FUTURE_CANCELLED, FUTURE_FINISHED };

enum future_state future_state(const struct future *future);
bool future_done(const struct future *future); /* finished or cancelled */

/* Whether it is cancelled now: it was still pending, or cancelled before. */
bool future_cancel(struct future *future);

/*
 * result(timeout), see sync.h for the time. Returns 0 and the result; -ETIMEDOUT: TimeoutError;
 * -ECANCELED: CancelledError; -EIO: the call raised, future_exception() says what. A process worker
 * that dies breaks its executor: every call that is not done then raises BrokenProcessPool.
 */
int future_result(struct future *future, int64_t timeout_us, int64_t *ret);

/* exception(timeout): returns as result() does, and 0 with the error, or NULL if it did not raise.
 */
int future_exception(struct future *future, int64_t timeout_us, const char **ret);

/*
 * add_done_callback(fn): called once with the future when it is done, at once if it is. Runs where
 * Python runs it: in the thread worker that did the call, for processes in a thread of the executor
 * in the order of completion, for a cancelled one in the task that cancelled it.
 */
typedef void future_callback(struct future *future, void *context);
void future_add_done_callback(struct future *future, future_callback *fn, void *context);

/* The x it was submitted with, and its number among the executor's calls, from 0. */
int64_t future_argument(const struct future *future);
int64_t future_number(const struct future *future);

/*
 * map(fn, xs): submits all of them at once; the futures in input order, in the run's memory. What
 * Python's iterator does lazily is future_result() of each in that order. NULL when refused.
 */
struct future **executor_map(struct executor *executor, pool_fn *fn, const int64_t *xs, unsigned n);

/*
 * as_completed(futures): gives each of them once. Those that are done when it begins come first and
 * in no particular order (Python has them in a set; here it is drawn from the seed), the others as
 * they are done. NULL when all were given, or when the time for this one was up (TimeoutError).
 * All must be of one executor, here and in futures_wait().
 */
struct as_completed;
struct as_completed *as_completed(struct future **futures, unsigned n);
struct future *as_completed_next(struct as_completed *iterator, int64_t timeout_us);

/* wait(futures, return_when): returns how many are done, which is also so when the time is up. */
enum return_when { FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED };
unsigned futures_wait(struct future **futures, unsigned n, enum return_when when,
                      int64_t timeout_us);

#endif

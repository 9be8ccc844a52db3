/*
 * An event loop in the style of asyncio: coroutines on one thread that hand control over when they
 * wait, and epoll underneath.
 *
 *     int64_t fetch(void *site) { …; loop_sleep(1000); …; return 200; }
 *
 *     int64_t program(void *argument)                          async def main():
 *     {
 *         struct coro *a = loop_create_task("a", fetch, &x);       a = create_task(fetch(x))
 *         return coro_await(a, &result);                           result = await a
 *     }
 *     loop_run("main", program, NULL, &result);                asyncio.run(main())
 *
 * Every function that waits returns 0, or -ECANCELED when the calling coroutine was cancelled
 * meanwhile: CancelledError is raised there, and again at every further wait. Whoever does not deal
 * with it returns soon; whoever does calls loop_uncancel(), may wait again to clean up, and may
 * raise it again. Other errors are misuse that raises in Python: -EDEADLK for awaiting oneself,
 * -EBUSY, -EBADF, -EPERM for descriptors. Blocking calls of other primitives block the whole loop;
 * that is the mistake some scenarios are about.
 *
 * Under a controlled schedule a loop knows sleeps and sites, and no descriptors.
 *
 * A loop and its coroutines belong to one thread; a struct coro lives until loop_run() returns.
 *
 * In the trace each coroutine has a lane. coroutine.resumed and coroutine.yielded are its turns,
 * io.wait, sleep.began and join.wait what it waits for; the thread's own lane says when the loop
 * has nothing to run and waits in epoll.
 */
#ifndef PRIM_LOOP_H
#define PRIM_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct coro; /* a task of the loop: a coroutine that is scheduled */

typedef int64_t coro_fn(void *argument);

/*
 * asyncio.run(): runs the coroutine and whatever it starts, until it has ended; then cancels what
 * is left and waits for it. Returns 0, or -EIO: it raised, loop_error() says what; -EBUSY: the
 * thread runs a loop already. `ret` may be NULL.
 */
int loop_run(const char *name, coro_fn *fn, void *argument, int64_t *ret);
const char *loop_error(void);

/*
 * How often the last loop_run() resumed a coroutine, and waited in epoll; how many coroutines were
 * never awaited, and raised what nobody asked for ("exception was never retrieved").
 */
struct loop_counts {
    int64_t resumed, polled, never_awaited, never_retrieved;
};
struct loop_counts loop_counts(void);

/* ---- in a coroutine of the loop ---- */

/*
 * fn(argument), without await: a coroutine that does not run until it is awaited, gathered or
 * waited for, which makes a task of it.
 */
struct coro *loop_coroutine(const char *name, coro_fn *fn, void *argument);

/* create_task(fn(argument)): it begins when the caller next waits. */
struct coro *loop_create_task(const char *name, coro_fn *fn, void *argument);

/* await sleep(us), scaled by time_scale; 0 lets the others have a turn. */
int loop_sleep(int64_t us);

/*
 * await coro: its result. -ECANCELED when it, or the caller, was cancelled; -EIO when it raised,
 * coro_error() says what. Cancelling the caller cancels coro; if coro swallows that, the caller
 * gets its result. `ret` may be NULL.
 */
int coro_await(struct coro *coro, int64_t *ret);

/*
 * await wait_for(coro, timeout): cancels it when the time is up, waits until it has ended, and
 * returns -ETIMEDOUT, or its result if it swallowed that.
 */
int coro_wait_for(struct coro *coro, int64_t timeout_us, int64_t *ret);

/*
 * await gather(*coros): waits for all of them, or until one fails: returns 0, or what the first one
 * failed with at once, while the others go on. Cancelling the caller cancels all of them, and is
 * raised when all have ended. Results by coro_result().
 */
int loop_gather(struct coro **coros, unsigned n);

/*
 * coro.cancel(): CancelledError is raised where it waits, or where whatever it awaits does. False:
 * it has ended already.
 */
bool coro_cancel(struct coro *coro);

bool coro_done(const struct coro *coro);
bool coro_cancelled(const struct coro *coro);
int64_t coro_result(const struct coro *coro);
const char *coro_error(struct coro *coro); /* NULL: it raised nothing */

/* except CancelledError: …, of the calling coroutine; and raise, after which it returns. */
void loop_uncancel(void);
int64_t coro_raise_cancelled(void);

/* raise, of the calling coroutine, which then returns: return coro_raise("ValueError: %d", x); */
int64_t coro_raise(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Sends a request to a site and waits for its answer, as many coroutines at a time as like to: a
 * coroutine "connection" of the loop reads the site's descriptor and wakes who was answered.
 * `request` is a number nobody else has on its way.
 */
struct site;
int loop_call(struct site *site, int64_t request, int64_t latency_us);

/*
 * Waits until the descriptor can be read, or written. LEVEL: whenever there is something to read.
 * EDGE: only when more has come since it was last reported, so whoever leaves something unread may
 * wait for ever. One coroutine at a time for each direction, both directions with the same trigger.
 * Before the descriptor is closed the loop has to forget it.
 */
enum loop_trigger { LOOP_LEVEL, LOOP_EDGE };
int loop_readable(int fd, enum loop_trigger trigger);
int loop_writable(int fd, enum loop_trigger trigger);
void loop_forget(int fd);

#endif

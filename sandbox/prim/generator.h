/*
 * A generator used as a coroutine: Python's `yield` and `send`. Its body runs on a stack of its own
 * in the thread that resumes it; nothing runs at the same time, they take turns.
 *
 * `None` is a NULL pointer to a number.
 */
#ifndef PRIM_GENERATOR_H
#define PRIM_GENERATOR_H

#include <stdbool.h>
#include <stdint.h>

struct generator;

/* The body. What yield() returns false for is close(): clean up and return. */
typedef void generator_fn(struct generator *self, void *argument);

enum generator_status {
    GENERATOR_YIELDED,
    GENERATOR_STOPPED,      /* StopIteration: it returned, now or earlier */
    GENERATOR_NOT_STARTED,  /* TypeError: can't send non-None value to a just-started generator */
    GENERATOR_RAISED,       /* an exception came out of it: generator_exception() */
    GENERATOR_EXECUTING,    /* ValueError: generator already executing */
    GENERATOR_IGNORED_EXIT, /* RuntimeError: generator ignored GeneratorExit */
};

/* A value that may be None. */
struct yielded {
    bool some;
    int64_t number;
};

struct generator *generator_new(const char *name, generator_fn *body, void *argument);

/* g.send(number): resumes it and waits for its next yield. `ret` may be NULL. */
enum generator_status generator_send(struct generator *g, const int64_t *number,
                                     struct yielded *ret);

/* next(g), which is g.send(None). */
enum generator_status generator_next(struct generator *g, struct yielded *ret);

/*
 * g.throw(exception): its yield() returns false and the body finds the exception by
 * generator_exception(). It may generator_catch() it and go on; if it returns without, the
 * exception comes out again here, as it does when it had not been started or had ended. The string
 * is not copied.
 */
enum generator_status generator_throw(struct generator *g, const char *exception,
                                      struct yielded *ret);

/* What was thrown into it, or came out of it last: "ValueError: …"; NULL: nothing. */
const char *generator_exception(const struct generator *g);

/*
 * g.close(): its yield() returns false once more, for GeneratorExit. GENERATOR_STOPPED when it
 * returned, had ended or had not been started; GENERATOR_IGNORED_EXIT when it yielded again
 * instead, and is suspended there.
 */
enum generator_status generator_close(struct generator *g);

/* Whether its body ever ran; a coroutine that was never awaited did not. */
bool generator_started(const struct generator *g);

/*
 * Inside the body: hands out a value and waits. `sent` gets what was sent in. False: closed, or an
 * exception was thrown in.
 */
bool yield(struct generator *self, const int64_t *number, struct yielded *sent);

/* except …: the exception is dealt with; returns what it was. */
const char *generator_catch(struct generator *self);

/* raise, as in generator_raise(self, "ValueError"); then the body returns. */
void generator_raise(struct generator *self, const char *exception);

/* return number: the value of StopIteration, which is in `ret` of the call that stopped it. */
void generator_return(struct generator *self, int64_t number);

/*
 * ret = yield from inner: until it stops, whoever resumes self resumes inner, or the innermost that
 * inner delegates to, and self does not run; values, exceptions and close() go straight through.
 * Returns true and inner's return value; false when an exception came out of it, which is self's
 * now, or self was closed.
 */
bool yield_from(struct generator *self, struct generator *inner, struct yielded *ret);

#endif

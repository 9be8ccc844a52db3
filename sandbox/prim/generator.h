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
    GENERATOR_STOPPED,     /* StopIteration: it returned, now or earlier */
    GENERATOR_NOT_STARTED, /* TypeError: can't send non-None value to a just-started generator */
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

/* g.close(): its yield() returns false once more. Nothing happens when it has ended already. */
void generator_close(struct generator *g);

/* Inside the body: hands out a value and waits. `sent` gets what was sent in. False: closed. */
bool yield(struct generator *self, const int64_t *number, struct yielded *sent);

#endif

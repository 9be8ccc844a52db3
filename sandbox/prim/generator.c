#include "sandbox/prim/generator.h"

#include "sandbox/sched/fiber.h"
#include "sandbox/sched/seam.h"

#include <errno.h>
#include <stdlib.h>

#define STACK_BYTES (64u << 10)

/*
 *   created ──next/send(None)──> running ──yield──> suspended ──next/send──> running
 *   running ──return──> ended        suspended ──close──> running (closing) ──return──> ended
 */
enum state { CREATED, RUNNING, SUSPENDED, ENDED };

/* Lives in the memory of one process: a stack cannot be shared. */
struct generator {
    enum state state;
    bool closing;
    generator_fn *body;
    void *argument;
    struct fiber *fiber;
    uint16_t object, task;
    uint32_t created;
    struct yielded inward, outward; /* what is being handed over */
    struct yielded returned;
    const char *exception; /* thrown in, or raised, and not caught */
    uint32_t handed;       /* the event that hands it over */
};

static int64_t shown(const struct yielded *value)
{
    return value->some ? value->number : INT64_MIN;
}

static struct yielded value_of(const int64_t *number)
{
    return (struct yielded){.some = number != NULL, .number = number ? *number : 0};
}

/* On the generator's own stack: from its first resumption to its end. */
static void fiber_body(void *argument)
{
    struct generator *g = argument;
    seam_go_on();
    seam_record(EVENT_TASK_STARTED, TRACE_NO_OBJECT, 0, g->created);
    seam_record(EVENT_COROUTINE_RESUMED, g->object, shown(&g->inward), g->handed);
    g->body(g, g->argument);
    g->state = ENDED;
    g->outward = g->returned;
    g->handed = seam_end(g->exception ? 1 : 0);
    fiber_suspend(g->fiber);
}

struct generator *generator_new(const char *name, generator_fn *body, void *argument)
{
    struct generator *g = calloc(1, sizeof *g);
    if (!g || !(g->fiber = fiber_new(STACK_BYTES, fiber_body, g)))
        seam_fail(ENOMEM, "generator");
    g->body = body;
    g->argument = argument;
    g->object = seam_object(OBJECT_COROUTINE, name);
    g->task = seam_task(TASK_COROUTINE, name);
    g->created = seam_record(EVENT_TASK_CREATED, TRACE_NO_OBJECT, g->task, 0);
    return g;
}

/* Lends the thread to the generator until it hands something over. */
static void resume(struct generator *g)
{
    uint16_t caller = seam_self.task;
    trace_task_waits(seam_self.run->shared, caller, TRACE_WAITS_TASK | g->task);
    g->state = RUNNING;
    seam_self.task = g->task;
    fiber_resume(g->fiber);
    seam_self.task = caller;
    seam_go_on();
    if (g->state == ENDED) {
        fiber_free(g->fiber); /* its stack */
        g->fiber = NULL;
    }
}

/* Resumes it and says what came of it. */
static enum generator_status resume_for(struct generator *g, struct yielded *ret)
{
    resume(g);
    seam_record(EVENT_COROUTINE_GOT, g->object, shown(&g->outward), g->handed);
    if (ret)
        *ret = g->outward;
    if (g->state != ENDED)
        return GENERATOR_YIELDED;
    return g->exception ? GENERATOR_RAISED : GENERATOR_STOPPED;
}

enum generator_status generator_send(struct generator *g, const int64_t *number,
                                     struct yielded *ret)
{
    seam_point(SEAM_SEND, g->object);
    if (g->state == CREATED && number) {
        seam_record(EVENT_COROUTINE_REFUSED, g->object, 1, 0);
        return GENERATOR_NOT_STARTED;
    }
    if (g->state == ENDED) {
        seam_record(EVENT_COROUTINE_REFUSED, g->object, 2, 0);
        return GENERATOR_STOPPED;
    }
    g->inward = value_of(number);
    g->handed = seam_record(EVENT_COROUTINE_SENT, g->object, shown(&g->inward), 0);
    return resume_for(g, ret);
}

enum generator_status generator_throw(struct generator *g, const char *exception,
                                      struct yielded *ret)
{
    seam_point(SEAM_SEND, g->object);
    g->exception = exception;
    if (g->state != SUSPENDED) { /* there is no yield where it could be raised */
        g->state = ENDED;
        seam_record(EVENT_COROUTINE_REFUSED, g->object, 2, 0);
        return GENERATOR_RAISED;
    }
    g->inward = (struct yielded){0};
    g->handed = seam_record(EVENT_COROUTINE_THROWN, g->object, 0, 0);
    return resume_for(g, ret);
}

const char *generator_exception(const struct generator *g)
{
    return g->exception;
}

const char *generator_catch(struct generator *self)
{
    const char *exception = self->exception;
    self->exception = NULL;
    return exception;
}

void generator_raise(struct generator *self, const char *exception)
{
    self->exception = exception;
}

void generator_return(struct generator *self, int64_t number)
{
    self->returned = value_of(&number);
}

enum generator_status generator_next(struct generator *g, struct yielded *ret)
{
    return generator_send(g, NULL, ret);
}

void generator_close(struct generator *g)
{
    seam_point(SEAM_CLOSE, g->object);
    bool suspended = g->state == SUSPENDED;
    g->handed = seam_record(EVENT_COROUTINE_CLOSED, g->object, 0, 0);
    if (suspended) {
        g->closing = true;
        g->inward = (struct yielded){0};
        resume(g);
        seam_record(EVENT_COROUTINE_GOT, g->object, shown(&g->outward), g->handed);
    }
    g->state = ENDED;
}

bool yield(struct generator *self, const int64_t *number, struct yielded *sent)
{
    self->outward = value_of(number);
    self->handed = seam_record(EVENT_COROUTINE_YIELDED, self->object, shown(&self->outward), 0);
    self->state = SUSPENDED;
    trace_task_waits(seam_self.run->shared, seam_self.task, self->object);
    fiber_suspend(self->fiber);
    seam_go_on();
    seam_record(EVENT_COROUTINE_RESUMED, self->object, shown(&self->inward), self->handed);
    if (sent)
        *sent = self->inward;
    return !self->closing && !self->exception;
}

/* What self's caller wants of inner: the next value, or what was thrown in or closed. */
static enum generator_status pass_on(struct generator *self, struct generator *inner, bool sent,
                                     const struct yielded *value, struct yielded *ret)
{
    if (sent)
        return generator_send(inner, value->some ? &value->number : NULL, ret);
    return generator_throw(inner, generator_catch(self), ret);
}

bool yield_from(struct generator *self, struct generator *inner, struct yielded *ret)
{
    struct yielded out = {0}, sent;
    seam_record(EVENT_COROUTINE_DELEGATED, inner->object, inner->task, 0);
    enum generator_status status = generator_next(inner, &out);
    while (status == GENERATOR_YIELDED) {
        bool resumed = yield(self, out.some ? &out.number : NULL, &sent);
        if (self->closing) {
            generator_close(inner);
            return false;
        }
        status = pass_on(self, inner, resumed, &sent, &out);
    }
    if (status == GENERATOR_RAISED)
        self->exception = inner->exception;
    else if (ret)
        *ret = out;
    return status == GENERATOR_STOPPED;
}

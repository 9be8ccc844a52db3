#include "sandbox/prim/generator.h"

#include "sandbox/sched/seam.h"

#include <errno.h>

#define STACK_BYTES (64u << 10)

/*
 * Of what lies between a switch of stacks and who called for it: the processor predicts where each
 * function returns to from the calls made on the stack that was left, wrongly.
 */
#define FLAT inline __attribute__((always_inline))

/*
 *   created ──next/send(None)──> running ──yield──> suspended ──next/send/throw──> running
 *   running ──return──> ended        suspended ──close──> running (closing) ──return──> ended
 *
 * In yield_from() a generator is suspended and `inner` is what it delegates to. Who resumes it
 * resumes the innermost at once, whose yield goes straight back; only when that has ended does the
 * one that delegated to it run again, on the same loan of the thread.
 */
enum state { CREATED, RUNNING, SUSPENDED, ENDED };

/*
 * Lives in the memory of one process: a stack cannot be shared. Several of its threads may resume
 * it, so under control a change of its state is an operation.
 */
struct generator {
    enum state state;
    bool closing, started;
    generator_fn *body;
    void *argument;
    struct fiber *fiber;
    struct generator *inner; /* that it delegates to now, or NULL */
    struct generator *outer; /* that delegates to it, if one does */
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
    g->started = true;
    g->body(g, g->argument);
    seam_point(SEAM_UPDATE, g->object);
    g->state = ENDED;
    g->outward = g->returned;
    g->handed = seam_end(g->exception ? 1 : 0);
    seam_suspend(g->fiber);
}

struct generator *generator_new(const char *name, generator_fn *body, void *argument)
{
    struct generator *g = seam_private(sizeof *g);
    if (!g || !(g->fiber = seam_fiber(STACK_BYTES, fiber_body, g)))
        seam_fail(ENOMEM, "generator");
    g->body = body;
    g->argument = argument;
    g->object = seam_object(OBJECT_COROUTINE, name);
    g->task = seam_task(TASK_COROUTINE, name);
    g->created = seam_record(EVENT_TASK_CREATED, TRACE_NO_OBJECT, g->task, 0);
    return g;
}

/* It does not run any more: its stack is given back. */
static void finish(struct generator *g)
{
    g->state = ENDED;
    seam_fiber_free(g->fiber);
    g->fiber = NULL;
}

static struct generator *innermost(struct generator *g)
{
    while (g->inner)
        g = g->inner;
    return g;
}

/* ---- the caller's side ---- */

/* Lends the thread to the generator until something is handed over. */
static FLAT void resume(struct generator *g)
{
    uint16_t caller = seam_self.task;
    trace_task_waits(seam_self.run->shared, caller, TRACE_WAITS_TASK | g->task);
    g->state = RUNNING;
    seam_self.task = g->task;
    seam_resume(g->fiber);
    seam_self.task = caller;
    seam_go_on();
    if (g->state == ENDED)
        finish(g);
}

/*
 * Resumes the innermost generator that g delegates to; when it has ended, whoever delegated to it,
 * and so on. Returns the one that handed something over: a value, or it is g and has ended.
 */
static FLAT struct generator *resume_from(struct generator *leaf, const struct generator *g)
{
    if (leaf->state != ENDED)
        resume(leaf);
    while (leaf->state == ENDED && leaf != g) {
        leaf = leaf->outer;
        resume(leaf);
    }
    return leaf;
}

static enum generator_status how_it_ended(const struct generator *g)
{
    return g->exception ? GENERATOR_RAISED : GENERATOR_STOPPED;
}

static FLAT enum generator_status resume_for(struct generator *leaf, struct generator *g,
                                             struct yielded *ret)
{
    struct generator *from = resume_from(leaf, g);
    seam_record(EVENT_COROUTINE_GOT, from->object, shown(&from->outward), from->handed);
    if (ret)
        *ret = from->outward;
    return from->state == ENDED ? how_it_ended(g) : GENERATOR_YIELDED;
}

static enum generator_status refuse_executing(const struct generator *g)
{
    seam_record(EVENT_REFUSED, g->object, EBUSY, 0);
    return GENERATOR_EXECUTING;
}

static enum generator_status refuse(const struct generator *g, int64_t why,
                                    enum generator_status status)
{
    seam_record(EVENT_COROUTINE_REFUSED, g->object, why, 0);
    return status;
}

enum generator_status generator_send(struct generator *g, const int64_t *number,
                                     struct yielded *ret)
{
    struct generator *leaf = innermost(g);
    seam_point(SEAM_SEND, leaf->object);
    if (leaf->state == RUNNING)
        return refuse_executing(leaf);
    if (leaf->state == CREATED && number)
        return refuse(leaf, 1, GENERATOR_NOT_STARTED);
    if (g->state == ENDED)
        return refuse(g, 2, GENERATOR_STOPPED);
    if (leaf->state == ENDED) { /* by another hand: StopIteration without a value */
        leaf->outward = (struct yielded){0};
        leaf->exception = NULL;
    }
    leaf->inward = value_of(number);
    leaf->handed = seam_record(EVENT_COROUTINE_SENT, leaf->object, shown(&leaf->inward), 0);
    return resume_for(leaf, g, ret);
}

enum generator_status generator_next(struct generator *g, struct yielded *ret)
{
    return generator_send(g, NULL, ret);
}

enum generator_status generator_throw(struct generator *g, const char *exception,
                                      struct yielded *ret)
{
    struct generator *leaf = innermost(g);
    seam_point(SEAM_SEND, leaf->object);
    if (leaf->state == RUNNING)
        return refuse_executing(leaf);
    leaf->exception = exception;
    if (g->state != SUSPENDED) { /* there is no yield where it could be raised */
        finish(g);
        return refuse(g, 2, GENERATOR_RAISED);
    }
    leaf->inward = (struct yielded){0};
    leaf->handed = seam_record(EVENT_COROUTINE_THROWN, leaf->object, 0, 0);
    return resume_for(leaf, g, ret);
}

/* The inner one is closed first; what comes out of that is raised in g instead of GeneratorExit. */
static const char *close_inner(struct generator *g)
{
    struct generator *inner = g->inner;
    g->inner = NULL;
    switch (inner ? generator_close(inner) : GENERATOR_STOPPED) {
    case GENERATOR_RAISED:
        return inner->exception;
    case GENERATOR_IGNORED_EXIT:
        return "RuntimeError: generator ignored GeneratorExit";
    case GENERATOR_YIELDED:
    case GENERATOR_STOPPED:
    case GENERATOR_NOT_STARTED:
    case GENERATOR_EXECUTING:
        break;
    }
    return NULL;
}

enum generator_status generator_close(struct generator *g)
{
    seam_point(SEAM_CLOSE, g->object);
    if (innermost(g)->state == RUNNING)
        return refuse_executing(g);
    g->handed = seam_record(EVENT_COROUTINE_CLOSED, g->object, 0, 0);
    if (g->state != SUSPENDED) {
        finish(g);
        return GENERATOR_STOPPED;
    }
    g->exception = close_inner(g);
    g->closing = !g->exception;
    g->inward = (struct yielded){0};
    resume(g);
    g->closing = false;
    seam_record(EVENT_COROUTINE_GOT, g->object, shown(&g->outward), g->handed);
    return g->state == ENDED ? how_it_ended(g) : GENERATOR_IGNORED_EXIT;
}

const char *generator_exception(const struct generator *g)
{
    return g->exception;
}

bool generator_started(const struct generator *g)
{
    return g->started;
}

/* ---- inside the body ---- */

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

/* Gives the thread back; `waits_on` is what it is resumed by. */
static FLAT void suspend(struct generator *self, uint32_t waits_on)
{
    self->state = SUSPENDED;
    trace_task_waits(seam_self.run->shared, seam_self.task, waits_on);
    seam_suspend(self->fiber);
    seam_go_on();
}

static bool is_raised_in(const struct generator *self)
{
    return self->closing || self->exception;
}

bool yield(struct generator *self, const int64_t *number, struct yielded *sent)
{
    seam_point(SEAM_UPDATE, self->object);
    self->outward = value_of(number);
    self->handed = seam_record(EVENT_COROUTINE_YIELDED, self->object, shown(&self->outward), 0);
    suspend(self, self->object);
    seam_record(EVENT_COROUTINE_RESUMED, self->object, shown(&self->inward), self->handed);
    if (sent)
        *sent = self->inward;
    return !is_raised_in(self);
}

/* Hands out the first value of inner, and is suspended until inner has ended or self is closed. */
static void delegate(struct generator *self, struct generator *inner, const struct generator *from)
{
    self->outward = from->outward;
    self->handed = from->handed;
    self->inner = inner;
    inner->outer = self;
    suspend(self, TRACE_WAITS_TASK | inner->task);
    self->inner = NULL;
}

bool yield_from(struct generator *self, struct generator *inner, struct yielded *ret)
{
    struct generator *leaf = innermost(inner);
    seam_point(SEAM_SEND, leaf->object);
    seam_record(EVENT_COROUTINE_DELEGATED, inner->object, inner->task, 0);
    if (leaf->state == RUNNING) {
        refuse_executing(leaf);
        self->exception = "ValueError: generator already executing";
        return false;
    }
    if (inner->state == ENDED) {
        refuse(inner, 2, GENERATOR_STOPPED);
        inner->outward = (struct yielded){0};
        inner->exception = NULL;
    } else {
        leaf->inward = (struct yielded){0};
        leaf->handed = seam_record(EVENT_COROUTINE_SENT, leaf->object, INT64_MIN, 0);
        const struct generator *from = resume_from(leaf, inner);
        if (from->state != ENDED)
            delegate(self, inner, from);
        if (is_raised_in(self)) {
            seam_record(EVENT_COROUTINE_RESUMED, self->object, INT64_MIN, self->handed);
            return false;
        }
        seam_record(EVENT_COROUTINE_GOT, inner->object, shown(&inner->outward), inner->handed);
    }
    self->exception = inner->exception;
    if (!self->exception && ret)
        *ret = inner->outward;
    return !self->exception;
}

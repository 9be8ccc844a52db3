#include "sandbox/sched/race.h"

#include <stdlib.h>
#include <string.h>

/* A task's own time goes on whenever it gives something away. */
struct clock {
    uint32_t at[CONTROL_TASKS_MAX];
};

struct access {
    uint32_t time; /* of the task, at least 1; 0: there was none */
    uint32_t event;
    uint16_t task; /* of the run */
    uint8_t place;
    uint8_t operation;
};

/* What is known of a cell: its last write, and what every task has read since. */
struct history {
    struct access write;
    struct access read[CONTROL_TASKS_MAX];
};

struct races {
    const struct trace_shared *shared;
    struct clock task[CONTROL_TASKS_MAX];
    struct clock *given[SEAM_OBJECTS_MAX]; /* to objects; made when they are first used */
    struct history *cell[TRACE_OBJECTS_MAX];
    unsigned count;
    struct trace_race found[TRACE_RACES_MAX];
};

static void join(struct clock *into, const struct clock *from)
{
    for (unsigned i = 0; i < CONTROL_TASKS_MAX; i++)
        into->at[i] = from->at[i] > into->at[i] ? from->at[i] : into->at[i];
}

static bool can_order(uint16_t object)
{
    return object < TRACE_OBJECTS_MAX ||
           (object >= SEAM_OWN_OBJECT(0) && object < SEAM_OBJECTS_MAX);
}

/* Without memory nothing is found, which is no worse than a race that is not there. */
static void take(struct races *r, unsigned place, uint16_t object)
{
    if (can_order(object) && r->given[object])
        join(&r->task[place], r->given[object]);
}

static void give(struct races *r, unsigned place, uint16_t object)
{
    if (!can_order(object))
        return;
    if (!r->given[object])
        r->given[object] = calloc(1, sizeof *r->given[object]);
    if (r->given[object])
        join(r->given[object], &r->task[place]);
    r->task[place].at[place]++;
}

static bool is_ordered(const struct races *r, const struct access *before, unsigned place)
{
    return before->time == 0 || before->place == place ||
           before->time <= r->task[place].at[before->place];
}

static bool is_known(const struct races *r, const struct trace_race *race)
{
    for (unsigned i = 0; i < r->count; i++)
        if (r->found[i].object == race->object &&
            memcmp(r->found[i].task, race->task, sizeof race->task) == 0 &&
            memcmp(r->found[i].operation, race->operation, sizeof race->operation) == 0)
            return true;
    return false;
}

static void report(struct races *r, uint16_t object, const struct access *before,
                   const struct access *now)
{
    const struct trace_race race = {.object = object,
                                    .task = {before->task, now->task},
                                    .operation = {before->operation, now->operation},
                                    .event = {before->event, now->event}};
    if (r->count < TRACE_RACES_MAX && !is_known(r, &race))
        r->found[r->count++] = race;
}

/* Two updates are no race, nor are two reads. */
static bool may_race(const struct access *before, const struct access *now)
{
    return before->operation != SEAM_UPDATE || now->operation != SEAM_UPDATE;
}

static void compare(struct races *r, uint16_t object, const struct access *before,
                    const struct access *now)
{
    if (!is_ordered(r, before, now->place) && may_race(before, now))
        report(r, object, before, now);
}

static void access_cell(struct races *r, uint16_t object, const struct access *now)
{
    if (!r->cell[object])
        r->cell[object] = calloc(1, sizeof *r->cell[object]);
    struct history *h = r->cell[object];
    if (!h)
        return;
    compare(r, object, &h->write, now);
    if (now->operation == SEAM_READ) {
        h->read[now->place] = *now;
        return;
    }
    for (unsigned i = 0; i < CONTROL_TASKS_MAX; i++)
        compare(r, object, &h->read[i], now);
    memset(h->read, 0, sizeof h->read);
    h->write = *now;
}

static bool is_kind(const struct races *r, uint16_t object, enum object_kind kind)
{
    return object < TRACE_OBJECTS_MAX && r->shared->object[object].kind == kind;
}

void races_step(struct races *r, const struct control_task *t, bool in_vain, uint32_t event)
{
    const struct seam_op *op = &t->op;
    unsigned place = t->place;
    bool is_access =
        op->operation == SEAM_READ || op->operation == SEAM_WRITE || op->operation == SEAM_UPDATE;
    bool is_cell = is_access && is_kind(r, op->object, OBJECT_CELL);
    bool is_barrier = is_kind(r, op->object, OBJECT_BARRIER);
    bool is_atomic = is_kind(r, op->object, OBJECT_ATOMIC);
    if (is_cell) {
        const struct access now = {.time = r->task[place].at[place],
                                   .event = event,
                                   .task = t->self.task,
                                   .place = (uint8_t)place,
                                   .operation = (uint8_t)op->operation};
        access_cell(r, op->object, &now);
    }
    if (in_vain)
        return;
    switch (op->operation) {
    case SEAM_ACQUIRE:
    case SEAM_RECEIVE:
    case SEAM_JOIN:
        take(r, place, op->object);
        break;
    case SEAM_RELEASE:
    case SEAM_SEND:
    case SEAM_CLOSE:
        give(r, place, op->object);
        break;
    case SEAM_SIGNAL: /* the last of those who are done with a queue's items signals for all */
        if (is_kind(r, op->object, OBJECT_QUEUE))
            take(r, place, op->object);
        give(r, place, op->object);
        break;
    case SEAM_UPDATE:
        take(r, place, op->object);
        give(r, place, op->object);
        break;
    case SEAM_AWAIT:
        take(r, place, op->object);
        if (is_barrier)
            give(r, place, op->object);
        give(r, place, op->second);
        break;
    case SEAM_READ:
        if (!is_cell)
            take(r, place, op->object);
        break;
    case SEAM_WRITE:
        if (is_atomic)
            give(r, place, op->object);
        break;
    case SEAM_PRINT:
    case SEAM_SLEEP:
    case SEAM_SPIN:
    case SEAM_START:
    case SEAM_CHOOSE:
    case OPERATION_COUNT:
        break;
    }
}

void races_started(struct races *r, unsigned maker, unsigned task)
{
    r->task[task] = r->task[maker];
    r->task[maker].at[maker]++;
    r->task[task].at[task] = 1;
}

void races_opened(struct races *r, unsigned task, unsigned by)
{
    join(&r->task[task], &r->task[by]);
    r->task[by].at[by]++;
}

void races_saw_end(struct races *r, unsigned task, unsigned ended)
{
    join(&r->task[task], &r->task[ended]);
}

void races_saw(struct races *r, unsigned task, uint16_t object)
{
    take(r, task, object);
}

struct races *races_new(const struct trace_shared *shared)
{
    struct races *races = calloc(1, sizeof *races);
    if (!races)
        return NULL;
    races->shared = shared;
    races->task[0].at[0] = 1;
    return races;
}

void races_free(struct races *r)
{
    for (unsigned i = 0; r && i < SEAM_OBJECTS_MAX; i++)
        free(r->given[i]);
    for (unsigned i = 0; r && i < TRACE_OBJECTS_MAX; i++)
        free(r->cell[i]);
    free(r);
}

unsigned races_found(const struct races *races, const struct trace_race **ret)
{
    *ret = races->found;
    return races->count;
}

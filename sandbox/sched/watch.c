#include "sandbox/sched/watch.h"

#include <stdlib.h>
#include <string.h>

struct watch {
    struct races *races;
    struct seam_op done[CONTROL_TASKS_MAX]; /* each task's last operation */
    bool has_done[CONTROL_TASKS_MAX];
    unsigned interruptions;
    struct trace_interruption interruption[TRACE_INTERRUPTIONS_MAX];
    unsigned interrupted[CONTROL_TASKS_MAX]; /* which of them is a task's now, from 1; 0: none */
};

static uint16_t listed(uint16_t object)
{
    return object < TRACE_OBJECTS_MAX ? object : TRACE_NO_OBJECT;
}

static bool touches(const struct seam_op *op, uint16_t object)
{
    return object != TRACE_NO_OBJECT && (op->object == object || op->second == object);
}

/* The task could have gone on, and another one is chosen. */
static void note_interruption(struct watch *w, const struct control_task *t)
{
    if (w->interruptions == TRACE_INTERRUPTIONS_MAX)
        return;
    const struct seam_op *done = w->has_done[t->place] ? &w->done[t->place] : NULL;
    w->interruption[w->interruptions++] =
        (struct trace_interruption){.task = t->self.task,
                                    .by = TRACE_NO_TASK,
                                    .object = {done ? listed(done->object) : TRACE_NO_OBJECT,
                                               listed(t->op.object), TRACE_NO_OBJECT},
                                    .done = done ? (uint8_t)done->operation : OPERATION_COUNT,
                                    .next = (uint8_t)t->op.operation,
                                    .meanwhile = OPERATION_COUNT};
    w->interrupted[t->place] = w->interruptions;
}

/*
 * What a task does while others are interrupted: the first change of what one of them was at is
 * told of, or if there is none the first look.
 */
static void note_meanwhile(struct watch *w, const struct control_task *t, unsigned tasks)
{
    w->interrupted[t->place] = 0;
    for (unsigned place = 0; place < tasks; place++) {
        if (!w->interrupted[place])
            continue;
        struct trace_interruption *i = &w->interruption[w->interrupted[place] - 1];
        bool told = i->by != TRACE_NO_TASK;
        bool better = told && i->meanwhile == SEAM_READ && t->op.operation != SEAM_READ;
        if ((told && !better) || (!touches(&t->op, i->object[0]) && !touches(&t->op, i->object[1])))
            continue;
        i->by = t->self.task;
        i->meanwhile = (uint8_t)t->op.operation;
        i->object[2] = listed(t->op.object);
    }
}

void watch_step(struct watch *w, struct control *c, const struct control_task *t)
{
    int last = control_last(c);
    if (last >= 0 && (unsigned)last != t->place && !control_yielded(c) &&
        control_could_go_on(c, last))
        note_interruption(w, control_task(c, (unsigned)last));
    note_meanwhile(w, t, control_tasks(c));
    w->done[t->place] = t->op;
    w->has_done[t->place] = true;
    const struct trace_lane *lane = t->self.task == seam_self.task ? seam_self.lane : t->self.lane;
    races_step(w->races, t, lane ? trace_event_id(lane->id, lane->seq) : 0);
}

void watch_started(struct watch *w, unsigned maker, unsigned task)
{
    races_started(w->races, maker, task);
}

void watch_opened(struct watch *w, unsigned task, unsigned by)
{
    races_opened(w->races, task, by);
}

void watch_tell(const struct watch *w, struct trace_schedule *said)
{
    const struct trace_race *found;
    said->races = races_found(w->races, &found);
    memcpy(said->race, found, said->races * sizeof *found);
    said->interruptions = w->interruptions;
    memcpy(said->interruption, w->interruption, sizeof said->interruption);
}

struct watch *watch_new(const struct trace_shared *shared)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch && !(watch->races = races_new(shared))) {
        free(watch);
        return NULL;
    }
    return watch;
}

void watch_free(struct watch *watch)
{
    if (watch)
        races_free(watch->races);
    free(watch);
}

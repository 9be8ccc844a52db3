#include "sandbox/sched/watch.h"

#include <stdlib.h>
#include <string.h>

struct watch {
    const struct trace_shared *shared;
    struct races *races;
    struct {
        struct seam_op op;
        bool known, in_vain;
    } done[CONTROL_TASKS_MAX]; /* each task's last operation */
    unsigned interruptions;
    struct trace_interruption interruption[TRACE_INTERRUPTIONS_MAX];
    unsigned interrupted[CONTROL_TASKS_MAX]; /* which of them is a task's now, from 1; 0: none */
};

static uint16_t listed(uint16_t object)
{
    return object < TRACE_OBJECTS_MAX || TRACE_IS_TASK(object) ? object : TRACE_NO_OBJECT;
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
    const struct seam_op *done = w->done[t->place].known ? &w->done[t->place].op : NULL;
    w->interruption[w->interruptions++] = (struct trace_interruption){
        .task = t->self.task,
        .by = TRACE_NO_TASK,
        .object = {done ? listed(done->object) : TRACE_NO_OBJECT, listed(t->op.object),
                   TRACE_NO_OBJECT},
        .done = done ? (uint8_t)done->operation : OPERATION_COUNT,
        .next = (uint8_t)t->op.operation,
        .meanwhile = OPERATION_COUNT,
        .in_vain = done && w->done[t->place].in_vain ? TRACE_DONE_IN_VAIN : 0};
    w->interrupted[t->place] = w->interruptions;
}

/* It goes on. */
static void note_next(struct watch *w, const struct control_task *t, bool in_vain)
{
    if (w->interrupted[t->place] && in_vain)
        w->interruption[w->interrupted[t->place] - 1].in_vain |= TRACE_NEXT_IN_VAIN;
    w->interrupted[t->place] = 0;
}

static bool is_look(const struct trace_interruption *i)
{
    return i->meanwhile == SEAM_READ || i->in_vain & TRACE_MEANWHILE_IN_VAIN;
}

/*
 * What a task does while others are interrupted: the first change of what one of them was at is
 * told of, or if there is none the first look.
 */
static void note_meanwhile(struct watch *w, const struct control_task *t, bool in_vain,
                           unsigned tasks)
{
    for (unsigned place = 0; place < tasks; place++) {
        if (!w->interrupted[place])
            continue;
        struct trace_interruption *i = &w->interruption[w->interrupted[place] - 1];
        bool told = i->by != TRACE_NO_TASK;
        bool better = told && is_look(i) && t->op.operation != SEAM_READ && !in_vain;
        if ((told && !better) || (!touches(&t->op, i->object[0]) && !touches(&t->op, i->object[1])))
            continue;
        i->by = t->self.task;
        i->meanwhile = (uint8_t)t->op.operation;
        i->object[2] = listed(t->op.object);
        i->in_vain = (uint8_t)((i->in_vain & ~TRACE_MEANWHILE_IN_VAIN) |
                               (in_vain ? TRACE_MEANWHILE_IN_VAIN : 0));
    }
}

static bool is_held_by_others(const struct watch *w, uint16_t object, uint16_t task)
{
    for (unsigned i = 0; i < TRACE_BITMAP_WORDS; i++) {
        uint64_t mine = i == task / 64u ? UINT64_C(1) << task % 64u : 0;
        if (atomic_load_explicit(&w->shared->object[object].holders[i], memory_order_relaxed) &
            ~mine)
            return true;
    }
    return false;
}

/* Its time is over; or it tries to get a lock, or queues up for it, that another one has. */
static bool is_in_vain(const struct watch *w, const struct control_task *t)
{
    const struct seam_op *op = &t->op;
    if (op->deadline != SEAM_NEVER && !control_can(t))
        return true;
    bool tries = op->operation == SEAM_ACQUIRE && op->level && op->low == 0 &&
                 op->high == UINT32_MAX && op->object < TRACE_OBJECTS_MAX;
    return tries && is_held_by_others(w, op->object, t->self.task);
}

void watch_step(struct watch *w, struct control *c, const struct control_task *t)
{
    int last = control_last(c);
    if (last >= 0 && (unsigned)last != t->place && !control_yielded(c) &&
        control_could_go_on(c, last))
        note_interruption(w, control_task(c, (unsigned)last));
    bool in_vain = is_in_vain(w, t);
    note_next(w, t, in_vain);
    note_meanwhile(w, t, in_vain, control_tasks(c));
    w->done[t->place].op = t->op;
    w->done[t->place].known = true;
    w->done[t->place].in_vain = in_vain;
    const struct trace_lane *lane = t->self.task == seam_self.task ? seam_self.lane : t->self.lane;
    races_step(w->races, t, in_vain, lane ? trace_event_id(lane->id, lane->seq) : 0);
}

void watch_started(struct watch *w, unsigned maker, unsigned task)
{
    races_started(w->races, maker, task);
}

void watch_opened(struct watch *w, unsigned task, unsigned by)
{
    races_opened(w->races, task, by);
}

void watch_saw_end(struct watch *w, unsigned task, unsigned ended)
{
    races_saw_end(w->races, task, ended);
}

void watch_saw(struct watch *w, unsigned task, uint16_t object)
{
    races_saw(w->races, task, object);
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
    struct races *races = races_new(shared);
    if (watch && races) {
        watch->shared = shared;
        watch->races = races;
        return watch;
    }
    races_free(races);
    free(watch);
    return NULL;
}

void watch_free(struct watch *watch)
{
    if (watch)
        races_free(watch->races);
    free(watch);
}

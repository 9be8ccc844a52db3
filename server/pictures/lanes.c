#include "server/pictures/lanes.h"

#include "sandbox/trace/kinds.h"
#include "sandbox/trace/shared.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A lock that a task has; one it took again has an entry for each time. */
struct held {
    uint16_t lock;
    bool released;
    uint32_t before; /* the lock's entry below this one, plus one; 0: none */
};

/* What is known of a task so far. */
struct now {
    enum lane_state base; /* without regard to what it holds */
    uint16_t about;
    bool started;
    uint64_t last_ns;
    struct held *held; /* in the order they were taken; the last one is not released */
    uint32_t held_count, held_capacity;
    uint32_t *newest; /* by lock: its last entry in held, plus one; NULL: never had one */
};

struct follower {
    struct lanes *lanes;
    const struct trace *trace;
    struct now *now; /* by task */
    bool in_turn;
    uint32_t turn; /* whose it is; UINT32_MAX: nobody's */
    int error;
};

enum then { RUNS, WAITS, TRANSFERS, SLEEPS, YIELDS, ENDS, FAILS, KEEPS };

static enum then then_of(enum event_kind kind)
{
    switch (kind) {
#define EVENT(number, name, text, pace, then, meaning)                                             \
    case EVENT_##name:                                                                             \
        return then;
#include "sandbox/trace/kinds.def"
    }
    return KEEPS;
}

/* Room for one more behind `count`. */
static void *room(struct follower *f, void *array, uint32_t count, uint32_t *capacity, size_t width)
{
    if (count < *capacity)
        return array;
    uint32_t more = *capacity ? *capacity * 2 : 16;
    void *grown = realloc(array, more * width);
    if (!grown) {
        f->error = -ENOMEM;
        return NULL;
    }
    *capacity = more;
    return grown;
}

/* ---- slices ---- */

static void push(struct follower *f, uint32_t task, uint64_t t_ns, enum lane_state state,
                 uint16_t about)
{
    struct lane *lane = &f->lanes->lane[task];
    struct lane_slice *last = lane->count > 0 ? &lane->slices[lane->count - 1] : NULL;
    if (last && last->state == state && last->about == about)
        return;
    if (last && t_ns <= last->start_ns) {
        last->state = (uint8_t)state;
        last->about = about;
        return;
    }
    struct lane_slice *grown =
        room(f, lane->slices, lane->count, &lane->capacity, sizeof *lane->slices);
    if (!grown)
        return;
    lane->slices = grown;
    grown[lane->count++] =
        (struct lane_slice){.start_ns = t_ns, .about = about, .state = (uint8_t)state};
}

static void mark(struct follower *f, uint64_t t_ns, uint32_t task)
{
    struct lanes *l = f->lanes;
    struct lane_mark *grown = room(f, l->marks, l->mark_count, &l->mark_capacity, sizeof *l->marks);
    if (!grown)
        return;
    l->marks = grown;
    grown[l->mark_count++] = (struct lane_mark){.t_ns = t_ns, .task = (uint16_t)task};
}

static enum lane_state while_holding(enum lane_state state)
{
    switch (state) {
    case LANE_RUNNING:
        return LANE_HOLDING;
    case LANE_WAITING:
        return LANE_WAITING_HOLDING;
    case LANE_IO:
        return LANE_IO_HOLDING;
    case LANE_ASLEEP:
        return LANE_ASLEEP_HOLDING;
    case LANE_READY:
        return LANE_READY_HOLDING;
    default:
        return state;
    }
}

static void show(struct follower *f, uint32_t task, uint64_t t_ns)
{
    const struct now *now = &f->now[task];
    enum lane_state state = now->held_count > 0 ? while_holding(now->base) : now->base;
    push(f, task, t_ns, state,
         state == LANE_HOLDING ? now->held[now->held_count - 1].lock : now->about);
}

/* ---- what is held ---- */

/* Where the lock's newest entry is told; NULL without memory. */
static uint32_t *newest_of(struct follower *f, struct now *now, uint16_t lock)
{
    uint32_t objects = f->trace->object_count;
    if (!now->newest)
        now->newest = calloc(objects + 1, sizeof *now->newest);
    if (!now->newest)
        f->error = -ENOMEM;
    return now->newest ? &now->newest[lock < objects ? lock : objects] : NULL;
}

static void acquired(struct follower *f, struct now *now, uint16_t lock)
{
    uint32_t *newest = newest_of(f, now, lock);
    struct held *grown =
        newest ? room(f, now->held, now->held_count, &now->held_capacity, sizeof *now->held) : NULL;
    if (!grown)
        return;
    now->held = grown;
    grown[now->held_count++] = (struct held){.lock = lock, .before = *newest};
    *newest = now->held_count;
}

static void released(struct follower *f, struct now *now, uint16_t lock)
{
    uint32_t *newest = newest_of(f, now, lock);
    if (!newest || *newest == 0)
        return;
    struct held *entry = &now->held[*newest - 1];
    entry->released = true;
    *newest = entry->before;
    while (now->held_count > 0 && now->held[now->held_count - 1].released)
        now->held_count--;
}

static void forget_held(struct follower *f, struct now *now)
{
    for (uint32_t i = 0; i < now->held_count; i++)
        *newest_of(f, now, now->held[i].lock) = 0;
    now->held_count = 0;
}

/* ---- events ---- */

static void created(struct follower *f, const struct chunk_event *e)
{
    if (e->value < 0 || e->value >= f->lanes->count || f->lanes->lane[e->value].count > 0)
        return;
    f->now[e->value].base = LANE_READY;
    push(f, (uint32_t)e->value, e->t_ns, LANE_READY, ABOUT_NOTHING);
}

/* What happened since the task's last event was left out: what was known before holds no more. */
static void gap(struct follower *f, const struct chunk_event *e, struct now *now)
{
    forget_held(f, now);
    if (f->lanes->lane[e->task].count > 0)
        push(f, e->task, now->last_ns, LANE_UNRECORDED, ABOUT_NOTHING);
}

/* close() runs the coroutine once more: its caller waits, which only now is known. */
static void resumed(struct follower *f, const struct chunk_event *e)
{
    const struct chunk_event *cause = e->cause > 0 ? &f->trace->events[e->cause - 1] : NULL;
    if (!cause || cause->kind != EVENT_COROUTINE_CLOSED)
        return;
    f->now[cause->task].base = LANE_WAITING;
    f->now[cause->task].about = e->object;
    push(f, cause->task, cause->t_ns, LANE_WAITING, e->object);
}

static void ended(struct follower *f, const struct chunk_event *e, struct now *now)
{
    forget_held(f, now);
    if (e->value < 0)
        mark(f, e->t_ns, e->task);
}

static void note_objects(struct follower *f, const struct chunk_event *e, struct now *now)
{
    switch ((enum event_kind)e->kind) {
    case EVENT_TASK_CREATED:
        created(f, e);
        break;
    case EVENT_TASK_ENDED:
        ended(f, e, now);
        break;
    case EVENT_GAP:
        gap(f, e, now);
        break;
    case EVENT_LOCK_ACQUIRED:
        acquired(f, now, e->object);
        break;
    case EVENT_LOCK_RELEASED:
        released(f, now, e->object);
        break;
    case EVENT_COROUTINE_RESUMED:
        resumed(f, e);
        break;
    case EVENT_ITEM_FAILED:
    case EVENT_REFUSED:
    case EVENT_FAULT:
        mark(f, e->t_ns, e->task);
        break;
    default:
        break;
    }
}

static void set(struct now *now, enum lane_state base, uint16_t about)
{
    now->base = base;
    now->about = about;
}

/* What the task does after the event, and what that is about. */
static void set_next(struct now *now, const struct chunk_event *e)
{
    switch (then_of(e->kind)) {
    case WAITS:
        set(now, LANE_WAITING,
            e->object == ABOUT_NOTHING ? (uint16_t)(ABOUT_TASK | (uint64_t)e->value) : e->object);
        break;
    case TRANSFERS:
        set(now, LANE_IO, e->object);
        break;
    case SLEEPS:
        set(now, LANE_ASLEEP, ABOUT_NOTHING);
        break;
    case YIELDS:
        set(now, LANE_READY, e->object);
        break;
    case ENDS:
        set(now, e->value < 0 ? LANE_ERROR : LANE_DONE, ABOUT_NOTHING);
        break;
    case FAILS:
        set(now, LANE_ERROR, e->object);
        break;
    case KEEPS:
        break;
    case RUNS:
        now->started = true;
        set(now, LANE_RUNNING, ABOUT_NOTHING);
        break;
    }
}

/* Who begins to wait does not take the turn: it may be told so in another one's. */
static void pass_turn(struct follower *f, const struct chunk_event *e)
{
    enum then then = then_of(e->kind);
    if (then == WAITS || then == TRANSFERS || then == SLEEPS || f->turn == e->task)
        return;
    if (f->turn != UINT32_MAX && f->now[f->turn].base == LANE_RUNNING) {
        f->now[f->turn].base = LANE_READY;
        show(f, f->turn, e->t_ns);
    }
    struct now *now = &f->now[e->task];
    if (now->started && now->base == LANE_READY)
        now->base = LANE_RUNNING;
    f->turn = e->task;
}

static void take(struct follower *f, const struct chunk_event *e)
{
    struct now *now = &f->now[e->task];
    if (e->t_ns > f->lanes->last_ns)
        f->lanes->last_ns = e->t_ns;
    if (f->in_turn)
        pass_turn(f, e);
    if (now->base == LANE_DONE)
        return;
    note_objects(f, e, now);
    set_next(now, e);
    if (now->started || now->base != LANE_NONE)
        show(f, e->task, e->t_ns);
    now->last_ns = e->t_ns;
}

int lanes_follow(struct lanes *ret, const struct trace *trace, bool in_turn)
{
    uint32_t tasks = trace->task_count;
    *ret = (struct lanes){0};
    if (tasks > TRACE_TASKS_MAX || trace->object_count > TRACE_OBJECTS_MAX)
        return -E2BIG;
    struct follower f = {.lanes = ret, .trace = trace, .in_turn = in_turn, .turn = UINT32_MAX};
    ret->lane = calloc(tasks + 1, sizeof *ret->lane);
    f.now = calloc(tasks + 1, sizeof *f.now);
    if (!ret->lane || !f.now)
        f.error = -ENOMEM;
    else
        ret->count = tasks;
    for (uint32_t i = 0; f.error == 0 && i < tasks; i++)
        f.now[i].about = ABOUT_NOTHING;
    for (uint32_t i = 0; f.error == 0 && i < trace->event_count; i++)
        take(&f, &trace->events[i]);
    ret->until_ns = ret->last_ns;
    for (uint32_t i = 0; f.now && i < tasks; i++) {
        free(f.now[i].held);
        free(f.now[i].newest);
    }
    free(f.now);
    return f.error;
}

void lanes_release(struct lanes *lanes)
{
    for (uint32_t i = 0; i < lanes->count; i++)
        free(lanes->lane[i].slices);
    free(lanes->lane);
    free(lanes->marks);
    *lanes = (struct lanes){0};
}

static bool waits(enum lane_state state)
{
    return state == LANE_WAITING || state == LANE_IO || state == LANE_WAITING_HOLDING ||
           state == LANE_IO_HOLDING;
}

int lanes_finish(struct lanes *lanes, uint64_t end_ns, bool badly)
{
    struct follower f = {.lanes = lanes};
    if (end_ns > lanes->until_ns)
        lanes->until_ns = end_ns;
    for (uint32_t i = 0; badly && i < lanes->count; i++) {
        const struct lane *lane = &lanes->lane[i];
        if (lane->count > 0 && waits(lane->slices[lane->count - 1].state))
            mark(&f, lanes->until_ns, i);
    }
    return f.error;
}

const struct lane_slice *lane_slice_at(const struct lane *lane, uint64_t t_ns)
{
    uint32_t low = 0, high = lane->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (lane->slices[middle].start_ns <= t_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? NULL : &lane->slices[low - 1];
}

enum { PLAIN, MARKED, CHOSEN };

unsigned lanes_choose(const struct lanes *lanes, const struct trace *trace, unsigned most,
                      uint16_t *tasks)
{
    uint8_t is[TRACE_TASKS_MAX];
    unsigned room = most, count = 0;
    memset(is, PLAIN, sizeof is);
    for (uint32_t i = 0; i < lanes->mark_count; i++)
        is[lanes->marks[i].task] = MARKED;
    for (unsigned wanted = CHOSEN; wanted-- > PLAIN;)
        for (unsigned kind = 0; kind <= UINT8_MAX; kind++)
            for (uint32_t i = 0; i < trace->task_count && room > 0; i++)
                if (is[i] == wanted && trace->tasks[i].kind == kind) {
                    is[i] = CHOSEN;
                    room--;
                }
    for (unsigned kind = 0; kind <= UINT8_MAX; kind++)
        for (uint32_t i = 0; i < trace->task_count; i++)
            if (is[i] == CHOSEN && trace->tasks[i].kind == kind)
                tasks[count++] = (uint16_t)i;
    return count;
}

static uint8_t dominant(const double times[LANE_STATES], double whole)
{
    uint8_t best = 0;
    double known = 0;
    for (unsigned s = 1; s < LANE_STATES; s++) {
        known += times[s];
        if (times[s] > 0 && (best == 0 || times[s] > times[best]))
            best = (uint8_t)s;
    }
    return best != 0 && whole - known > times[best] ? 0 : best;
}

void lane_columns(const struct lane *lane, uint64_t until_ns, unsigned width, uint8_t *out)
{
    double scale = (double)until_ns / width;
    uint32_t i = 0; /* the first slice that does not end before the column */
    for (unsigned c = 0; c < width; c++) {
        double times[LANE_STATES] = {0}, from = c * scale, to = from + scale;
        for (uint32_t k = i; k < lane->count && (double)lane->slices[k].start_ns < to; k++) {
            double start = (double)lane->slices[k].start_ns;
            double end =
                k + 1 < lane->count ? (double)lane->slices[k + 1].start_ns : (double)until_ns;
            times[lane->slices[k].state] += (end < to ? end : to) - (start > from ? start : from);
            if (end <= to)
                i = k + 1;
        }
        out[c] = dominant(times, scale);
    }
}

/*
 * Writes events into the shared memory of a run. A lane belongs to one thread: no lock, no system
 * call, one release store per event. After fork the child takes a lane of its own.
 */
#ifndef TRACE_WRITER_H
#define TRACE_WRITER_H

#include "sandbox/base/clock.h"
#include "sandbox/base/ticks.h"
#include "sandbox/trace/kinds.h"
#include "sandbox/trace/shared.h"

#include <stdbool.h>

/* The writing end of one lane; lives in the memory of the thread that owns it. */
struct trace_lane {
    struct trace_shared *shared;
    struct trace_segment *segment;
    uint32_t used; /* records in the segment */
    uint32_t seq;
    uint32_t id;
    uint32_t line;  /* of the scenario's file that the next events come from, or 0 */
    uint64_t start; /* of the run: ticks, or nanoseconds when tick_mult is 0 */
    uint64_t tick_mult;
    const uint64_t *clock; /* of a controlled run, in ns since its start; NULL: real time */
    uint64_t last_ns;
    int32_t hot_left;   /* HOT events until the burst is over */
    uint32_t skip_left; /* HOT events still to be left out */
    uint32_t skip_next; /* length of the next gap; doubles */
    uint32_t skipped;   /* of the present gap */
    uint32_t burst;     /* the last one this lane took part in */
};

/* Prepares freshly zeroed shared memory: magic and version. */
void trace_shared_init(struct trace_shared *shared);

/* The run starts now: from here its events are timed. Before any lane is made. */
void trace_shared_start(struct trace_shared *shared);

/*
 * Takes a task slot; `parent` is the id of the task that makes it, below 0 when there is none.
 * Returns the id, or -EAGAIN when all TRACE_TASKS_MAX are taken. The name is cut to
 * TRACE_NAME_MAX - 1 bytes.
 */
int trace_task_add(struct trace_shared *shared, enum task_kind kind, int parent, const char *name);

/* Takes an object slot; returns the id or -EAGAIN. The name is cut likewise. */
int trace_object_add(struct trace_shared *shared, enum object_kind kind, const char *name);

void trace_lane_init(struct trace_lane *lane, struct trace_shared *shared, uint32_t id);

/*
 * The rare steps of trace_write(): a new segment for the lane, and gaps. Lanes record bursts at the
 * same time, whoever begins, so that what they did to each other is in them.
 */
bool trace_next_segment(struct trace_lane *lane, bool hot);
void trace_leave_out(struct trace_lane *lane, uint16_t task);
void trace_end_gap(struct trace_lane *lane, uint16_t task);

/*
 * Records an event; returns its id, or 0 when it was left out or dropped. `cause` is such an id.
 * Inline, so that what depends on the kind alone is decided by the compiler; what is left is a
 * clock reading and one cache line's stores.
 */
static inline uint32_t trace_write(struct trace_lane *lane, enum event_kind kind, uint16_t task,
                                   uint16_t object, int64_t value, uint16_t aux, uint32_t cause)
{
    bool hot = event_kind_is_hot(kind);
    if (hot && lane->hot_left-- <= 0) {
        trace_leave_out(lane, task);
        return 0;
    }
    if (!hot && lane->skipped > 0)
        trace_end_gap(lane, task);
    if (lane->used == TRACE_SEGMENT_RECORDS && !trace_next_segment(lane, hot))
        return 0;
    uint64_t now = lane->tick_mult ? ticks_to_ns(ticks_now() - lane->start, lane->tick_mult)
                   : lane->clock   ? *lane->clock
                                   : clock_ns() - lane->start;
    lane->last_ns = now > lane->last_ns ? now : lane->last_ns + 1;
    struct trace_record *record = &lane->segment->records[lane->used++];
    record->t_ns = lane->last_ns;
    record->value = value;
    record->cause = cause;
    record->seq = lane->seq & (TRACE_SEQ_LIMIT - 1);
    record->line = lane->line & TRACE_LINES_MAX;
    record->task = task;
    record->object = object;
    record->kind = (uint16_t)kind;
    record->aux = aux;
    atomic_store_explicit(&lane->segment->count, lane->used, memory_order_release);
    return trace_event_id(lane->id, lane->seq++);
}

/* The task's present state, for the wait-for graph. */
static inline void trace_task_waits(struct trace_shared *shared, uint16_t task, uint32_t waits_on)
{
    atomic_store_explicit(&shared->task[task].waits_on, waits_on, memory_order_relaxed);
    atomic_store_explicit(&shared->task[task].state,
                          waits_on == TRACE_WAITS_NOTHING ? TASK_STATE_RUNNING : TASK_STATE_WAITING,
                          memory_order_release);
}

/* Of a task that waits: what is known of its wait, TRACE_WAITS_FOR_GOOD and the like. */
static inline void trace_task_waits_how(struct trace_shared *shared, uint16_t task, uint32_t flags)
{
    _Atomic uint32_t *word = &shared->task[task].waits_on;
    uint32_t on = atomic_load_explicit(word, memory_order_relaxed);
    if (on != TRACE_WAITS_NOTHING)
        atomic_store_explicit(word, (on & ~TRACE_WAITS_FLAGS) | flags, memory_order_relaxed);
}

/* The thread of execution, by its own number, that the task is. */
static inline void trace_task_thread(struct trace_shared *shared, uint16_t task, uint32_t thread)
{
    atomic_store_explicit(&shared->task[task].thread, thread, memory_order_relaxed);
}

/* The process that the task belongs to or is, or TRACE_NO_TASK. */
static inline uint16_t trace_process_of(const struct trace_shared *shared, uint16_t task)
{
    while (task < TRACE_TASKS_MAX && shared->task[task].kind != TASK_PROCESS)
        task = shared->task[task].parent;
    return task < TRACE_TASKS_MAX ? task : TRACE_NO_TASK;
}

/* A process that is no task, waits without a deadline and does only what tasks ask it for. */
void trace_server_add(struct trace_shared *shared, uint32_t pid);

void trace_task_ended(struct trace_shared *shared, uint16_t task);

/* Marks or unmarks a task in a holders or receivers bitmap. */
static inline void trace_bitmap_set(_Atomic uint64_t *bitmap, uint16_t task)
{
    atomic_fetch_or_explicit(&bitmap[task / 64], UINT64_C(1) << task % 64, memory_order_relaxed);
}

static inline void trace_bitmap_clear(_Atomic uint64_t *bitmap, uint16_t task)
{
    atomic_fetch_and_explicit(&bitmap[task / 64], ~(UINT64_C(1) << task % 64),
                              memory_order_relaxed);
}

#endif

#include "sandbox/trace/writer.h"

#include "sandbox/base/utf8.h"

#include <errno.h>
#include <string.h>

void trace_shared_init(struct trace_shared *shared)
{
    shared->magic = TRACE_SHARED_MAGIC;
    shared->version = TRACE_SHARED_VERSION;
}

void trace_shared_start(struct trace_shared *shared)
{
    shared->tick_mult = ticks_mult();
    struct moment now = ticks_moment();
    shared->start_ticks = now.ticks;
    atomic_store_explicit(&shared->start_ns, now.ns, memory_order_release);
}

int trace_task_add(struct trace_shared *shared, enum task_kind kind, int parent, const char *name)
{
    uint32_t id = atomic_fetch_add(&shared->tasks, 1);
    if (id >= TRACE_TASKS_MAX)
        return -EAGAIN;
    struct trace_task_slot *slot = &shared->task[id];
    slot->kind = (uint8_t)kind;
    slot->parent = parent < 0 ? TRACE_NO_TASK : (uint16_t)parent;
    if (name[0])
        utf8_clean(slot->name, sizeof slot->name, name, strlen(name));
    atomic_store_explicit(&slot->waits_on, TRACE_WAITS_NOTHING, memory_order_relaxed);
    atomic_store_explicit(&slot->ready, 1, memory_order_release);
    return (int)id;
}

void trace_server_add(struct trace_shared *shared, uint32_t pid)
{
    uint32_t place = atomic_fetch_add(&shared->servers, 1);
    if (place < TRACE_SERVERS_MAX)
        atomic_store_explicit(&shared->server[place], pid, memory_order_release);
}

void trace_task_ended(struct trace_shared *shared, uint16_t task)
{
    atomic_store_explicit(&shared->task[task].state, TASK_STATE_ENDED, memory_order_release);
}

int trace_object_add(struct trace_shared *shared, enum object_kind kind, const char *name)
{
    uint32_t id = atomic_fetch_add(&shared->objects, 1);
    if (id >= TRACE_OBJECTS_MAX)
        return -EAGAIN;
    struct trace_object_slot *slot = &shared->object[id];
    slot->kind = (uint8_t)kind;
    if (name[0])
        utf8_clean(slot->name, sizeof slot->name, name, strlen(name));
    atomic_store_explicit(&slot->ready, 1, memory_order_release);
    return (int)id;
}

void trace_lane_init(struct trace_lane *lane, struct trace_shared *shared, uint32_t id)
{
    *lane = (struct trace_lane){
        .shared = shared,
        .id = id,
        .used = TRACE_SEGMENT_RECORDS,
        .start = shared->tick_mult ? shared->start_ticks : shared->start_ns,
        .tick_mult = shared->tick_mult,
        .hot_left = TRACE_HOT_LEAD,
        .skip_next = TRACE_BURST,
    };
}

bool trace_next_segment(struct trace_lane *lane, bool hot)
{
    struct trace_shared *shared = lane->shared;
    uint32_t most = hot ? TRACE_HOT_SEGMENTS : TRACE_SEGMENTS, taken = TRACE_SEGMENTS;
    if (atomic_load_explicit(&shared->segments, memory_order_relaxed) < most)
        taken = atomic_fetch_add(&shared->segments, 1);
    if (taken >= TRACE_SEGMENTS) {
        atomic_fetch_add_explicit(&shared->task[lane->id].dropped, 1, memory_order_relaxed);
        return false;
    }
    lane->segment = &shared->segment[taken];
    lane->used = 0;
    atomic_store_explicit(&lane->segment->owner, lane->id + 1, memory_order_release);
    return true;
}

static void count_skipped(struct trace_lane *lane, uint32_t skipped)
{
    lane->skipped = skipped;
    atomic_store_explicit(&lane->shared->task[lane->id].skipped, skipped, memory_order_relaxed);
}

void trace_end_gap(struct trace_lane *lane, uint16_t task)
{
    uint32_t skipped = lane->skipped;
    lane->skipped = 0;
    lane->skip_left = 0;
    lane->hot_left = TRACE_BURST;
    /* A gap that finds no room takes with it what it stood for. */
    if (!trace_write(lane, EVENT_GAP, task, TRACE_NO_OBJECT, skipped, 0, 0))
        atomic_fetch_add_explicit(&lane->shared->task[lane->id].dropped, skipped,
                                  memory_order_relaxed);
    count_skipped(lane, 0);
}

void trace_leave_out(struct trace_lane *lane, uint16_t task)
{
    _Atomic uint32_t *bursts = &lane->shared->bursts;
    lane->hot_left = 0;
    if (lane->skip_left == 0) { /* the burst is over */
        lane->burst = atomic_load_explicit(bursts, memory_order_relaxed);
        lane->skip_left = lane->skip_next;
        if (lane->skip_next < 1u << 24)
            lane->skip_next *= 2;
    }
    count_skipped(lane, lane->skipped + 1);
    if (--lane->skip_left == 0) {
        atomic_fetch_add_explicit(bursts, 1, memory_order_relaxed);
        trace_end_gap(lane, task);
    } else if (atomic_load_explicit(bursts, memory_order_relaxed) != lane->burst) {
        trace_end_gap(lane, task);
    }
}

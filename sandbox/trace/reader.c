#include "sandbox/trace/reader.h"

#include "sandbox/trace/chunk.h"
#include "sandbox/trace/kinds.h"
#include "sandbox/trace/reader_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 65536u

/* The tasks' clock and ours differ by less than one part in CLOCK_DOUBT (see ticks.h) and CLOCK_OFF
 * nanoseconds. What is beyond that is in the future, which in the end is forgiven a little more. */
#define CLOCK_DOUBT 10000u
#define CLOCK_OFF   1000u
#define FORGIVEN_NS 1000000u

_Static_assert(TRACE_TIME_MOST == CHUNK_TIME_MOST && TRACE_TASKS_MAX == CHUNK_TABLE_MAX &&
                   TRACE_OBJECTS_MAX == CHUNK_TABLE_MAX && TRACE_NAME_MAX == CHUNK_NAME_MAX,
               "what is let in here fits a chunk");

struct trace_reader *trace_reader_new(const struct trace_shared *shared)
{
    struct trace_reader *reader = calloc(1, sizeof *reader);
    if (reader)
        reader->shared = shared;
    return reader;
}

void trace_reader_free(struct trace_reader *reader)
{
    if (!reader)
        return;
    for (uint32_t i = 0; i < TRACE_TASKS_MAX; i++)
        free(reader->lane[i].index);
    free(reader->taken);
    free(reader->items);
    free(reader);
}

/* What one drain does: how far in time, and whether nothing may be left. */
struct pass {
    uint64_t until_ns; /* since the run's start */
    bool last;
    bool stopped[TRACE_TASKS_MAX]; /* lanes whose next event has to wait for the next pass */
};

enum verdict { TAKE, HOLD, REFUSE };

static enum verdict judge(const struct trace_reader *reader, const struct pass *pass,
                          const struct lane *lane, const struct trace_record *record)
{
    if (record->seq != lane->records || record->t_ns < lane->last_ns || record->kind > UINT8_MAX ||
        !event_kind_text(record->kind))
        return REFUSE;
    bool known = record->task < reader->tasks &&
                 (record->object == TRACE_NO_OBJECT || record->object < reader->objects);
    if (known && record->t_ns <= pass->until_ns)
        return TAKE;
    return pass->last ? REFUSE : HOLD;
}

static int note_taken(struct trace_reader *reader, const struct trace_record *record, uint32_t lane)
{
    if (reader->taken_count == reader->taken_capacity) {
        size_t capacity = reader->taken_capacity ? reader->taken_capacity * 2 : 1024;
        struct taken *grown = realloc(reader->taken, capacity * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        reader->taken = grown;
        reader->taken_capacity = capacity;
    }
    reader->taken[reader->taken_count++] = (struct taken){*record, (uint16_t)lane};
    return 0;
}

/* Counts a record of the lane as read; its place in the trace comes later, if it has one. */
static int lane_advance(struct lane *lane)
{
    if (lane->records == lane->capacity) {
        uint32_t capacity = lane->capacity ? lane->capacity * 2 : 256;
        uint32_t *grown = realloc(lane->index, capacity * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        lane->index = grown;
        lane->capacity = capacity;
    }
    lane->index[lane->records++] = 0;
    return 0;
}

/* Takes what is new in a segment. */
static int take_segment(struct trace_reader *reader, struct pass *pass, uint32_t s)
{
    const struct trace_segment *segment = &reader->shared->segment[s];
    uint32_t owner = atomic_load_explicit(&segment->owner, memory_order_acquire);
    uint32_t count = atomic_load_explicit(&segment->count, memory_order_acquire);
    if (owner == 0 || owner > TRACE_TASKS_MAX || pass->stopped[owner - 1])
        return 0;
    if (count > TRACE_SEGMENT_RECORDS)
        count = TRACE_SEGMENT_RECORDS;
    struct lane *lane = &reader->lane[owner - 1];
    for (; reader->consumed[s] < count; reader->consumed[s]++) {
        struct trace_record record;
        copy_once(&record, &segment->records[reader->consumed[s]], sizeof record);
        enum verdict verdict = judge(reader, pass, lane, &record);
        if (verdict == HOLD) {
            pass->stopped[owner - 1] = true;
            return 0;
        }
        int r = verdict == TAKE ? note_taken(reader, &record, owner - 1) : 0;
        if (r == 0)
            r = lane_advance(lane);
        if (r < 0)
            return r;
        if (verdict == TAKE)
            lane->last_ns = record.t_ns;
        else
            reader->malformed++;
    }
    return 0;
}

static int take_events(struct trace_reader *reader, struct pass *pass)
{
    uint32_t segments = atomic_load_explicit(&reader->shared->segments, memory_order_acquire);
    if (segments > TRACE_SEGMENTS)
        segments = TRACE_SEGMENTS;
    while (reader->first_open < segments &&
           reader->consumed[reader->first_open] == TRACE_SEGMENT_RECORDS)
        reader->first_open++;
    for (uint32_t s = reader->first_open; s < segments; s++) {
        int r = take_segment(reader, pass, s);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Copies a table's new entries; stops at one that is not ready yet, unless nothing may be left. */
static uint32_t introduce_tasks(struct trace_reader *reader, bool last, struct chunk_entry *entries)
{
    uint32_t there = atomic_load_explicit(&reader->shared->tasks, memory_order_acquire);
    uint32_t count = 0;
    for (; reader->tasks < there && reader->tasks < TRACE_TASKS_MAX; reader->tasks++) {
        const struct trace_task_slot *slot = &reader->shared->task[reader->tasks];
        bool ready = atomic_load_explicit(&slot->ready, memory_order_acquire) == 1;
        if (!ready && !last)
            break;
        struct chunk_entry *entry = &entries[count++];
        uint16_t parent;
        uint8_t kind;
        copy_once(&parent, &slot->parent, sizeof parent);
        copy_once(&kind, &slot->kind, sizeof kind);
        *entry = (struct chunk_entry){.id = (uint16_t)reader->tasks,
                                      .parent = parent < reader->tasks ? parent : TRACE_NO_TASK,
                                      .kind = kind};
        if (!task_kind_text(entry->kind))
            entry->kind = TASK_THREAD;
        copy_name(entry->name, slot->name);
    }
    return count;
}

static uint32_t introduce_objects(struct trace_reader *reader, bool last,
                                  struct chunk_entry *entries)
{
    uint32_t there = atomic_load_explicit(&reader->shared->objects, memory_order_acquire);
    uint32_t count = 0;
    for (; reader->objects < there && reader->objects < TRACE_OBJECTS_MAX; reader->objects++) {
        const struct trace_object_slot *slot = &reader->shared->object[reader->objects];
        bool ready = atomic_load_explicit(&slot->ready, memory_order_acquire) == 1;
        if (!ready && !last)
            break;
        struct chunk_entry *entry = &entries[count++];
        uint8_t kind;
        copy_once(&kind, &slot->kind, sizeof kind);
        *entry = (struct chunk_entry){
            .id = (uint16_t)reader->objects, .parent = UINT16_MAX, .kind = kind};
        if (!object_kind_text(entry->kind))
            entry->kind = OBJECT_LOCK;
        copy_name(entry->name, slot->name);
    }
    return count;
}

static int by_time(const void *a, const void *b)
{
    const struct taken *x = a, *y = b;
    if (x->record.t_ns != y->record.t_ns)
        return x->record.t_ns < y->record.t_ns ? -1 : 1;
    if (x->lane != y->lane)
        return x->lane < y->lane ? -1 : 1;
    return (x->record.seq > y->record.seq) - (x->record.seq < y->record.seq);
}

uint32_t place_of_event(const struct trace_reader *reader, uint32_t id)
{
    uint32_t lane = id >> TRACE_SEQ_BITS;
    uint32_t number = id & ((1u << TRACE_SEQ_BITS) - 1);
    if (number == 0 || lane >= TRACE_TASKS_MAX || number > reader->lane[lane].records)
        return 0;
    return reader->lane[lane].index[number - 1];
}

static int note_item(struct trace_reader *reader, const struct trace_record *record)
{
    bool ends = record->kind == EVENT_ITEM_FINISHED || record->kind == EVENT_ITEM_FAILED;
    if (!ends || reader->item_count == ITEMS_MAX)
        return 0;
    if (!reader->items)
        reader->items = calloc(ITEMS_MAX, sizeof *reader->items);
    if (!reader->items)
        return -ENOMEM;
    reader->items[reader->item_count++] = (uint32_t)record->value;
    return 0;
}

/* Gives the taken event its place in the trace. */
static int place_event(struct trace_reader *reader, const struct taken *taken,
                       struct chunk_event *ret)
{
    const struct trace_record *record = &taken->record;
    *ret = (struct chunk_event){.t_ns = record->t_ns,
                                .value = record->value,
                                .cause = place_of_event(reader, record->cause),
                                .task = record->task,
                                .object = record->object,
                                .aux = record->aux,
                                .line = record->line,
                                .kind = (uint8_t)record->kind};
    reader->lane[taken->lane].index[record->seq] = (uint32_t)++reader->events;
    if (record->kind == EVENT_GAP && record->value > 0 && record->value <= UINT32_MAX)
        reader->skipped += (uint64_t)record->value;
    return note_item(reader, record);
}

static uint64_t dropped(const struct trace_reader *reader)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < TRACE_TASKS_MAX; i++)
        sum += atomic_load_explicit(&reader->shared->task[i].dropped, memory_order_relaxed);
    return sum;
}

/* Events left out of lanes that ended within a gap: killed tasks. */
static uint64_t open_gaps(const struct trace_reader *reader)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < TRACE_TASKS_MAX; i++)
        sum += atomic_load_explicit(&reader->shared->task[i].skipped, memory_order_relaxed);
    return sum;
}

/* Events from `from` that fit one chunk. */
static uint32_t chunk_length(const struct trace_reader *reader, size_t from)
{
    uint64_t base = reader->taken_count > from ? reader->taken[from].record.t_ns : 0;
    uint32_t n = 0;
    while (from + n < reader->taken_count && n < CHUNK_EVENTS_MAX &&
           reader->taken[from + n].record.t_ns - base <= UINT32_MAX)
        n++;
    return n;
}

/* Writes all that was taken, the tables in the first chunk. */
static int write_chunks(struct trace_reader *reader, struct chunk *chunk, bool last,
                        struct buf *out)
{
    size_t from = 0;
    do {
        uint32_t n = chunk_length(reader, from);
        _cleanup_free_ struct chunk_event *events = calloc(n + 1, sizeof *events);
        if (!events)
            return -ENOMEM;
        chunk->first = reader->events;
        for (uint32_t i = 0; i < n; i++) {
            int r = place_event(reader, &reader->taken[from + i], &events[i]);
            if (r < 0)
                return r;
        }
        from += n;
        chunk->events = events;
        chunk->event_count = n;
        chunk->skipped = reader->skipped;
        chunk->last = last && from == reader->taken_count;
        int r = chunk_encode(chunk, out);
        if (r < 0)
            return r;
        chunk->task_count = chunk->object_count = 0;
    } while (from < reader->taken_count);
    return 0;
}

/* The run's start by the tasks' word, taken once and only when it is plausible. */
static bool started(struct trace_reader *reader, uint64_t now_ns)
{
    if (reader->start_ns == 0) {
        uint64_t said = atomic_load_explicit(&reader->shared->start_ns, memory_order_acquire);
        if (said > 0 && said <= now_ns)
            reader->start_ns = said;
    }
    return reader->start_ns > 0;
}

int trace_reader_drain(struct trace_reader *reader, uint64_t now_ns, bool last, struct buf *out)
{
    if (!started(reader, now_ns) && !last)
        return 0;
    uint64_t now = now_ns - reader->start_ns, doubt = now / CLOCK_DOUBT + CLOCK_OFF;
    struct pass pass = {.until_ns = now > doubt ? now - doubt : 0, .last = last};
    if (last)
        pass.until_ns = now + doubt + FORGIVEN_NS;
    if (now_ns == TRACE_ANY_TIME || pass.until_ns > TRACE_TIME_MOST)
        pass.until_ns = TRACE_TIME_MOST;
    _cleanup_free_ struct chunk_entry *entries =
        calloc(TRACE_TASKS_MAX + TRACE_OBJECTS_MAX, sizeof *entries);
    if (!entries)
        return -ENOMEM;
    struct chunk chunk = {.tasks = entries, .objects = entries + TRACE_TASKS_MAX};
    chunk.task_count = introduce_tasks(reader, last, entries);
    chunk.object_count = introduce_objects(reader, last, entries + TRACE_TASKS_MAX);
    reader->taken_count = 0;
    int r = take_events(reader, &pass);
    if (r < 0)
        return r;
    if (reader->taken_count == 0 && chunk.task_count + chunk.object_count == 0 && !last)
        return 0;
    if (reader->taken_count > 1)
        qsort(reader->taken, reader->taken_count, sizeof *reader->taken, by_time);
    chunk.dropped = dropped(reader);
    chunk.malformed = reader->malformed;
    if (last)
        reader->skipped += open_gaps(reader);
    return write_chunks(reader, &chunk, last, out);
}

/* Pairs out of order in values[0..n), by merge sort through spare. */
static uint64_t count_inversions(uint32_t *values, uint32_t *spare, uint32_t n)
{
    if (n < 2)
        return 0;
    uint32_t half = n / 2, left = 0, right = half;
    uint64_t count =
        count_inversions(values, spare, half) + count_inversions(values + half, spare, n - half);
    for (uint32_t i = 0; i < n; i++) {
        bool from_left = right == n || (left < half && values[left] <= values[right]);
        count += from_left ? 0 : half - left;
        spare[i] = values[from_left ? left++ : right++];
    }
    memcpy(values, spare, n * sizeof *values);
    return count;
}

static uint64_t inversions(const struct trace_reader *reader)
{
    uint32_t n = reader->item_count;
    _cleanup_free_ uint32_t *copy = calloc(2 * (size_t)n + 1, sizeof *copy);
    if (!copy || n == 0)
        return 0;
    memcpy(copy, reader->items, n * sizeof *copy);
    return count_inversions(copy, copy + n, n);
}

struct trace_counts trace_reader_counts(struct trace_reader *reader)
{
    return (struct trace_counts){.events = reader->events,
                                 .dropped = dropped(reader),
                                 .skipped = reader->skipped,
                                 .malformed = reader->malformed,
                                 .tasks = reader->tasks,
                                 .objects = reader->objects,
                                 .items = reader->item_count,
                                 .inversions = inversions(reader)};
}

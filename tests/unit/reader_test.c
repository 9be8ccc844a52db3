#include "tests/unit/test.h"

#include "sandbox/base/clock.h"
#include "sandbox/base/utf8.h"
#include "sandbox/trace/chunk.h"
#include "sandbox/trace/reader.h"
#include "sandbox/trace/writer.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* A run's shared memory with a main task, its lane, and a reader. */
struct rig {
    struct trace_shared *shared;
    struct trace_reader *reader;
    struct trace_lane lane;
    struct buf out;
};

static struct rig rig_new(void)
{
    struct rig rig = {.out = BUF_INIT(64u << 20)};
    rig.shared = mmap(NULL, sizeof *rig.shared, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_ptr_not_equal(rig.shared, MAP_FAILED);
    trace_shared_init(rig.shared);
    assert_int_equal(trace_task_add(rig.shared, TASK_PROCESS, -1, "main"), 0);
    assert_int_equal(trace_object_add(rig.shared, OBJECT_LOCK, "lock"), 0);
    trace_shared_start(rig.shared);
    trace_lane_init(&rig.lane, rig.shared, 0);
    rig.reader = trace_reader_new(rig.shared);
    return rig;
}

static void rig_release(struct rig *rig)
{
    trace_reader_free(rig->reader);
    buf_release(&rig->out);
    munmap(rig->shared, sizeof *rig->shared);
}

static struct trace drain_all(struct rig *rig)
{
    struct trace trace;
    struct err err;
    assert_int_equal(trace_reader_drain(rig->reader, clock_ns(), true, &rig->out), 0);
    if (trace_decode(&trace, rig->out.data, rig->out.len, &err) < 0)
        fail_msg("%s", err.text);
    return trace;
}

static uint32_t write_note(struct rig *rig, int64_t value, uint32_t cause)
{
    return trace_write(&rig->lane, EVENT_NOTE, 0, TRACE_NO_OBJECT, value, 0, cause);
}

void test_events_come_out_in_order_with_their_causes(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    uint32_t before = 0;
    for (int i = 0; i < 1000; i++)
        before = write_note(&rig, i, before);
    struct trace trace = drain_all(&rig);
    assert_int_equal(trace.event_count, 1000);
    assert_true(trace.complete);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(trace.events[i].value, i);
        assert_int_equal(trace.events[i].cause, i);
    }
    trace_release(&trace);
    rig_release(&rig);
}

void test_drains_in_pieces_are_one_trace(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    for (int i = 0; i < 700; i++) {
        write_note(&rig, i, 0);
        if (i % 97 == 0)
            trace_reader_drain(rig.reader, clock_ns(), false, &rig.out);
    }
    struct trace trace = drain_all(&rig);
    assert_int_equal(trace.event_count, 700);
    trace_release(&trace);
    rig_release(&rig);
}

void test_events_after_the_cut_wait_for_the_next_drain(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    write_note(&rig, 1, 0);
    uint64_t cut = clock_ns() + 100000; /* well beyond the doubt about the clocks */
    while (clock_ns() < cut + 100000)
        ;
    write_note(&rig, 2, 0);
    assert_int_equal(trace_reader_drain(rig.reader, cut, false, &rig.out), 0);
    assert_int_equal(trace_reader_counts(rig.reader).events, 1);
    struct trace trace = drain_all(&rig);
    assert_int_equal(trace.event_count, 2);
    trace_release(&trace);
    rig_release(&rig);
}

/* A tight loop leaves bursts and gaps that add up to what was done. */
void test_hot_events_leave_gaps_that_add_up(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    const uint64_t n = 1000000;
    for (uint64_t i = 0; i < n; i++)
        trace_write(&rig.lane, EVENT_LOCK_ACQUIRED, 0, 0, 0, 0, 0);
    write_note(&rig, 0, 0);
    struct trace trace = drain_all(&rig);
    uint64_t seen = 0, gaps = 0;
    for (uint32_t i = 0; i < trace.event_count; i++) {
        seen += trace.events[i].kind == EVENT_LOCK_ACQUIRED;
        gaps += trace.events[i].kind == EVENT_GAP ? (uint64_t)trace.events[i].value : 0;
    }
    assert_int_equal(seen + gaps, n);
    assert_int_equal(trace.skipped, gaps);
    assert_true(seen >= TRACE_HOT_LEAD && seen < n / 10);
    trace_release(&trace);
    rig_release(&rig);
}

void test_a_gap_nobody_closed_is_counted(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    for (uint32_t i = 0; i < TRACE_HOT_LEAD + 100; i++)
        trace_write(&rig.lane, EVENT_CELL_READ, 0, 0, 0, 0, 0);
    struct trace trace = drain_all(&rig);
    assert_int_equal(trace.event_count + trace.skipped, TRACE_HOT_LEAD + 100);
    trace_release(&trace);
    rig_release(&rig);
}

void test_full_memory_drops_and_counts(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    const uint64_t room = TRACE_SEGMENTS * TRACE_SEGMENT_RECORDS;
    for (uint64_t i = 0; i < room + 1000; i++)
        write_note(&rig, 0, 0);
    struct trace trace = drain_all(&rig);
    assert_int_equal(trace.event_count, room);
    assert_int_equal(trace.dropped, 1000);
    trace_release(&trace);
    rig_release(&rig);
}

void test_a_gap_that_finds_no_room_is_dropped_whole(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    for (uint32_t i = 0; i < TRACE_HOT_LEAD + 100; i++)
        trace_write(&rig.lane, EVENT_CELL_READ, 0, 0, 0, 0, 0);
    rig.shared->segments = TRACE_SEGMENTS;
    rig.lane.used = TRACE_SEGMENT_RECORDS;
    write_note(&rig, 0, 0);
    struct trace trace = drain_all(&rig);
    assert_int_equal(trace.skipped, 0);
    assert_int_equal(trace.dropped, 100 + 2); /* the gap and the note as well */
    trace_release(&trace);
    rig_release(&rig);
}

struct writer {
    struct rig *rig;
    uint16_t task;
};

static void *write_many(void *argument)
{
    struct writer *w = argument;
    struct trace_lane lane;
    trace_lane_init(&lane, w->rig->shared, w->task);
    for (int i = 0; i < 20000; i++)
        trace_write(&lane, EVENT_NOTE, w->task, TRACE_NO_OBJECT, i, 0, 0);
    return NULL;
}

void test_lanes_written_at_once_lose_nothing(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    pthread_t threads[4];
    struct writer writers[4];
    int64_t next[5] = {0};
    for (int i = 0; i < 4; i++) {
        writers[i] =
            (struct writer){&rig, (uint16_t)trace_task_add(rig.shared, TASK_THREAD, 0, "w")};
        pthread_create(&threads[i], NULL, write_many, &writers[i]);
    }
    for (int i = 0; i < 50; i++)
        assert_int_equal(trace_reader_drain(rig.reader, clock_ns(), false, &rig.out), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    struct trace trace = drain_all(&rig);
    assert_int_equal(trace.event_count, 80000);
    for (uint32_t i = 0; i < trace.event_count; i++)
        assert_int_equal(trace.events[i].value, next[trace.events[i].task]++);
    trace_release(&trace);
    rig_release(&rig);
}

/* Any bytes at all in the shared memory: the reader ends, counts, and its chunks still decode. */
void test_reader_survives_garbage(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 30; seed++) {
        struct rig rig = rig_new();
        struct trace_wait waits[64];
        struct trace_result result;
        srand(seed);
        write_note(&rig, 1, 0);
        trace_reader_drain(rig.reader, clock_ns(), false, &rig.out);
        char *bytes = (char *)rig.shared;
        size_t n = seed % 2 ? sizeof *rig.shared : 400000;
        for (size_t i = 0; i < n; i += 1 + seed % 7)
            bytes[i] = (char)rand();
        trace_reader_drain(rig.reader, clock_ns(), false, &rig.out);
        trace_reader_waits(rig.reader, waits, 64);
        trace_reader_result(rig.reader, &result);
        assert_true(result.checks <= TRACE_CHECKS_MAX && result.metrics <= TRACE_METRICS_MAX);
        struct trace trace = drain_all(&rig);
        assert_true(trace.event_count <= TRACE_SEGMENTS * TRACE_SEGMENT_RECORDS);
        trace_release(&trace);
        rig_release(&rig);
    }
}

/* Records that are nearly right: each is refused and counted, the good one after it is kept. */
void test_reader_refuses_forged_records(void **state)
{
    (void)state;
    struct trace_record forged[] = {
        {.kind = EVENT_NOTE, .seq = 5, .t_ns = 10, .object = TRACE_NO_OBJECT},
        {.kind = 250, .seq = 1, .t_ns = 10, .object = TRACE_NO_OBJECT},
        {.kind = EVENT_NOTE, .seq = 2, .t_ns = 10, .task = 9, .object = TRACE_NO_OBJECT},
        {.kind = EVENT_NOTE, .seq = 3, .t_ns = 10, .object = 77},
        {.kind = EVENT_NOTE, .seq = 4, .t_ns = UINT64_MAX, .object = TRACE_NO_OBJECT},
        {.kind = EVENT_NOTE, .seq = 5, .t_ns = 20, .object = TRACE_NO_OBJECT, .cause = UINT32_MAX},
    };
    struct rig rig = rig_new();
    memcpy(rig.shared->segment[0].records, forged, sizeof forged);
    rig.shared->segment[0].owner = 1;
    rig.shared->segment[0].count = 6;
    rig.shared->segments = 1;
    struct trace trace = drain_all(&rig);
    assert_int_equal(trace.event_count, 1);
    assert_int_equal(trace.events[0].cause, 0);
    assert_int_equal(trace.malformed, 5);
    trace_release(&trace);
    rig_release(&rig);
}

void test_waits_name_task_object_and_holder(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    struct trace_wait waits[8];
    uint16_t other = (uint16_t)trace_task_add(rig.shared, TASK_THREAD, 0, "adder");
    trace_task_waits(rig.shared, 0, TRACE_WAITS_TASK | other);
    trace_task_waits(rig.shared, other, 0);
    trace_bitmap_set(rig.shared->object[0].holders, 0);
    assert_int_equal(trace_reader_waits(rig.reader, waits, 8), 2);
    assert_string_equal(waits[0].task, "main");
    assert_string_equal(waits[0].holder, "adder");
    assert_string_equal(waits[1].task, "adder");
    assert_string_equal(waits[1].object, "lock");
    assert_string_equal(waits[1].holder, "main");
    trace_bitmap_clear(rig.shared->object[0].holders, 0);
    assert_int_equal(trace_reader_waits(rig.reader, waits, 8), 2);
    assert_string_equal(waits[1].holder, "");
    assert_int_equal(trace_reader_waits(rig.reader, waits, 1), 1);
    trace_task_waits_how(rig.shared, other, TRACE_WAITS_FOR_GOOD);
    assert_int_equal(trace_reader_waits(rig.reader, waits, 8), 2);
    assert_string_equal(waits[1].object, "lock");
    rig_release(&rig);
}

void test_servers_wait_for_nobody(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    struct trace_wait wait;
    trace_task_waits(rig.shared, 0, TRACE_WAITS_TO_SERVE);
    assert_int_equal(trace_reader_waits(rig.reader, &wait, 1), 0);
    trace_task_waits(rig.shared, 0, TRACE_WAITS_NOTHING);
    trace_task_waits_how(rig.shared, 0, TRACE_WAITS_FOR_GOOD);
    assert_int_equal(rig.shared->task[0].waits_on, TRACE_WAITS_NOTHING);
    rig_release(&rig);
}

struct flipper {
    volatile char *name;
    _Atomic bool enough;
};

/* A task that turns a two-byte character of its name into two letters and back, for ever. */
static void *flip_name(void *argument)
{
    struct flipper *flipper = argument;
    while (!atomic_load_explicit(&flipper->enough, memory_order_relaxed)) {
        flipper->name[0] = 'A';
        flipper->name[1] = 'B';
        flipper->name[1] = '\xa9';
        flipper->name[0] = '\xc3';
    }
    return NULL;
}

static bool is_clean(const char *text)
{
    size_t n = strlen(text), width = 1;
    for (; n > 0 && width > 0; text += width, n -= width)
        width = utf8_width(text, n);
    return n == 0;
}

void test_names_that_change_while_they_are_read_stay_clean(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    struct trace_wait wait;
    pthread_t thread;
    struct flipper flipper = {.name = rig.shared->task[0].name};
    trace_task_waits(rig.shared, 0, 0);
    pthread_create(&thread, NULL, flip_name, &flipper);
    bool clean = true;
    for (int i = 0; i < 300000 && clean; i++) {
        assert_int_equal(trace_reader_waits(rig.reader, &wait, 1), 1);
        clean = is_clean(wait.task);
    }
    flipper.enough = true;
    pthread_join(thread, NULL);
    assert_true(clean);
    rig_release(&rig);
}

void test_inversions_are_counted(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    const int64_t order[] = {2, 0, 1, 4, 3};
    for (int i = 0; i < 5; i++)
        trace_write(&rig.lane, EVENT_ITEM_FINISHED, 0, TRACE_NO_OBJECT, order[i], 0, 0);
    struct trace trace = drain_all(&rig);
    struct trace_counts counts = trace_reader_counts(rig.reader);
    assert_int_equal(counts.items, 5);
    assert_int_equal(counts.inversions, 3);
    trace_release(&trace);
    rig_release(&rig);
}

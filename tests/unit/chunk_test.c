#include "tests/unit/test.h"

#include "sandbox/trace/chunk.h"
#include "sandbox/trace/export.h"
#include "sandbox/trace/kinds.h"
#include "tests/tools/read_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT16_MAX

static const struct chunk_entry tasks[] = {{0, NONE, TASK_PROCESS, "main"},
                                           {1, 0, TASK_THREAD, "加法线程 1"},
                                           {2, 0, TASK_PROCESS, "worker \"2\""}};
static const struct chunk_entry objects[] = {{0, NONE, OBJECT_OUTPUT, "stdout"},
                                             {1, NONE, OBJECT_LOCK, "lock"},
                                             {2, NONE, OBJECT_PIPE, "p1"}};

static const struct chunk_event first[] = {
    {0, 0, 0, 0, NONE, 0, 0, EVENT_TASK_STARTED},
    {1500, 1, 0, 0, NONE, 0, 0, EVENT_TASK_CREATED},
    {2500, 0, 2, 1, NONE, 0, 0, EVENT_TASK_STARTED},
    {3000, 0, 0, 1, 1, 0, 0, EVENT_LOCK_ACQUIRED},
    {3100, 0, 0, 0, 1, 0, 0, EVENT_LOCK_WAIT},
    {9000, 0, 0, 1, 1, 0, 0, EVENT_LOCK_RELEASED},
};

/* Older than the end of the chunk before; wide values; lines; a gap. */
static const struct chunk_event second[] = {
    {8800, INT64_MIN, 0, 2, 2, 7, 31, EVENT_PIPE_SENT},
    {9200, 0, 6, 0, 1, 0, UINT16_MAX, EVENT_LOCK_ACQUIRED},
    {9500, 123456, 0, 1, NONE, 0, 0, EVENT_GAP},
    {9700, INT64_C(5000000000), 7, 0, 2, 0, 40, EVENT_PIPE_RECEIVED},
    {4200000000, -9, 0, 2, NONE, 0, 0, EVENT_TASK_ENDED},
};

#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof *(a)))

static void encode_golden(struct buf *out)
{
    struct chunk a = {.events = first,
                      .event_count = COUNT(first),
                      .tasks = tasks,
                      .task_count = 2,
                      .objects = objects,
                      .object_count = 2};
    struct chunk b = {.events = second,
                      .event_count = COUNT(second),
                      .tasks = tasks + 2,
                      .task_count = 1,
                      .objects = objects + 2,
                      .object_count = 1,
                      .first = COUNT(first),
                      .dropped = 3,
                      .skipped = 123456,
                      .malformed = 2,
                      .last = true};
    assert_int_equal(chunk_encode(&a, out), 0);
    assert_int_equal(chunk_encode(&b, out), 0);
}

static void write_file(const char *path, const struct buf *bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes->data, 1, bytes->len, file), bytes->len);
    fclose(file);
}

/* The files the browser's decoder is tested with too; INTERLEAVE_GOLDEN=write makes them anew. */
void test_golden_trace(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf bytes = BUF_INIT(1 << 20), json = BUF_INIT(1 << 20);
    _cleanup_buf_ struct buf golden = BUF_INIT(1 << 20), golden_json = BUF_INIT(1 << 20);
    struct trace trace;
    encode_golden(&bytes);
    assert_int_equal(trace_decode(&trace, bytes.data, bytes.len, NULL), 0);
    assert_int_equal(trace_sort(&trace), 0);
    assert_int_equal(trace_export_json(&trace, &json), 0);
    trace_release(&trace);
    if (getenv("INTERLEAVE_GOLDEN")) {
        write_file("tests/golden/trace.bin", &bytes);
        write_file("tests/golden/trace.json", &json);
    }
    assert_int_equal(read_file("tests/golden/trace.bin", &golden), 0);
    assert_int_equal(read_file("tests/golden/trace.json", &golden_json), 0);
    assert_int_equal(bytes.len, golden.len);
    assert_memory_equal(bytes.data, golden.data, golden.len);
    assert_string_equal(buf_text(&json), buf_text(&golden_json));
}

void test_decode_gives_back_what_was_encoded(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf bytes = BUF_INIT(1 << 20);
    struct trace trace;
    encode_golden(&bytes);
    assert_int_equal(trace_decode(&trace, bytes.data, bytes.len, NULL), 0);
    assert_int_equal(trace.event_count, COUNT(first) + COUNT(second));
    assert_true(trace.complete && trace.dropped == 3 && trace.malformed == 2);
    assert_string_equal(trace.tasks[1].name, "加法线程 1");
    for (uint32_t i = 0; i < trace.event_count; i++) {
        const struct chunk_event *e = &trace.events[i];
        const struct chunk_event *x = i < COUNT(first) ? &first[i] : &second[i - COUNT(first)];
        assert_true(e->t_ns == x->t_ns && e->value == x->value && e->cause == x->cause &&
                    e->task == x->task && e->object == x->object && e->aux == x->aux &&
                    e->line == x->line && e->kind == x->kind);
    }
    trace_release(&trace);
}

void test_sort_renumbers_causes(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf bytes = BUF_INIT(1 << 20);
    struct trace trace;
    encode_golden(&bytes);
    assert_int_equal(trace_decode(&trace, bytes.data, bytes.len, NULL), 0);
    assert_int_equal(trace_sort(&trace), 0);
    for (uint32_t i = 1; i < trace.event_count; i++)
        assert_true(trace.events[i].t_ns >= trace.events[i - 1].t_ns);
    for (uint32_t i = 0; i < trace.event_count; i++)
        assert_true(trace.events[i].cause <= i);
    /* The pipe.sent moved in front of the lock.released; both arrows follow. */
    assert_int_equal(trace.events[5].kind, EVENT_PIPE_SENT);
    assert_int_equal(trace.events[7].kind, EVENT_LOCK_ACQUIRED);
    assert_int_equal(trace.events[7].cause, 6 + 1);
    assert_int_equal(trace.events[9].cause, 5 + 1);
    trace_release(&trace);
}

/* Every prefix and every flipped byte is decoded or refused, never read past its end. */
void test_decode_survives_any_damage(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf bytes = BUF_INIT(1 << 20);
    struct trace trace;
    struct err err;
    encode_golden(&bytes);
    for (size_t n = 0; n < bytes.len; n++) {
        char *copy = malloc(n + 1);
        memcpy(copy, bytes.data, n);
        int r = trace_decode(&trace, copy, n, &err);
        assert_true(r == 0 || r == -EBADMSG);
        trace_release(&trace);
        free(copy);
    }
    for (size_t i = 0; i < bytes.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            bytes.data[i] = (char)(bytes.data[i] ^ 1 << bit);
            int r = trace_decode(&trace, bytes.data, bytes.len, &err);
            assert_true(r == 0 || r == -EBADMSG);
            trace_release(&trace);
            bytes.data[i] = (char)(bytes.data[i] ^ 1 << bit);
        }
    }
}

void test_csv_and_chrome_hold_every_event(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf bytes = BUF_INIT(1 << 20), csv = BUF_INIT(1 << 20);
    _cleanup_buf_ struct buf chrome = BUF_INIT(1 << 20);
    struct trace trace;
    size_t lines = 0;
    encode_golden(&bytes);
    trace_decode(&trace, bytes.data, bytes.len, NULL);
    trace_sort(&trace);
    assert_int_equal(trace_export_csv(&trace, &csv), 0);
    assert_int_equal(trace_export_chrome(&trace, &chrome), 0);
    for (size_t i = 0; i < csv.len; i++)
        lines += csv.data[i] == '\n';
    assert_int_equal(lines, trace.event_count + 1);
    assert_non_null(strstr(csv.data, "\"worker \"\"2\"\"\""));
    assert_non_null(strstr(chrome.data, "\"ph\":\"E\",\"name\":\"lock.wait\""));
    trace_release(&trace);
}

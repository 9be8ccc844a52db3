/*
 * The reader of the memory that a hostile worker writes, which goes on writing between two looks.
 * Whatever is there, what the reader hands on decodes and keeps the bounds of reader.h.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/hostile.h"

#include "sandbox/base/utf8.h"
#include "sandbox/proto/ended.h"
#include "sandbox/proto/operation.h"
#include "sandbox/trace/chunk.h"
#include "sandbox/trace/reader.h"

#include <string.h>
#include <sys/mman.h>

#define NOW_NS      UINT64_C(60000000000)
#define INTEGER_MAX ((UINT64_C(1) << 53) - 1)

enum { DRAIN = OWN_DEEDS, LOOK, DEEDS, CHUNKS_MOST = 64 << 20, WAITS_MOST = 64 };

static struct trace_shared *shared;
static struct trace_schedule schedule;
static struct trace_explored explored;
static struct trace_table table;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    check(shared != MAP_FAILED);
    return 0;
}

static void expect_clean(const char *text, size_t size)
{
    size_t n = strnlen(text, size);
    check(n < size);
    for (size_t width; n > 0; text += width, n -= width) {
        width = utf8_width(text, n);
        check(width > 0 && (unsigned char)*text >= ' ' && *text != 0x7f);
    }
}

static void expect_token(const char *token)
{
    check(strnlen(token, TRACE_TOKEN_MAX) < TRACE_TOKEN_MAX);
    check(token[strspn(token, TRACE_TOKEN_CHARACTERS)] == '\0');
}

static void look_at_waits(const struct trace_reader *reader)
{
    struct trace_wait waits[WAITS_MOST];
    size_t n = trace_reader_waits(reader, waits, WAITS_MOST);
    check(n <= WAITS_MOST);
    for (size_t i = 0; i < n; i++) {
        check(waits[i].task_id < TRACE_TASKS_MAX);
        check(waits[i].holder_id < TRACE_TASKS_MAX || waits[i].holder_id == TRACE_NO_TASK);
        expect_clean(waits[i].task, sizeof waits[i].task);
        expect_clean(waits[i].object, sizeof waits[i].object);
        expect_clean(waits[i].holder, sizeof waits[i].holder);
    }
}

static void look_at_result(const struct trace_reader *reader)
{
    struct trace_result result;
    trace_reader_result(reader, &result);
    check(result.checks <= TRACE_CHECKS_MAX && result.metrics <= TRACE_METRICS_MAX);
    check(!result.outcome_set || result.outcome_class < CLASS_COUNT);
    check(result.outcome_rule >= -1 && result.stop < TRACE_STOP_COUNT);
    expect_clean(result.outcome, sizeof result.outcome);
    for (uint32_t i = 0; i < result.checks; i++) {
        expect_clean(result.check[i].name, sizeof result.check[i].name);
        expect_clean(result.check[i].expected, sizeof result.check[i].expected);
        expect_clean(result.check[i].actual, sizeof result.check[i].actual);
    }
    for (uint32_t i = 0; i < result.metrics; i++)
        expect_clean(result.metric[i].name, sizeof result.metric[i].name);
    trace_reader_table(reader, &table);
    check(table.rows <= TRACE_ROWS_MAX);
    for (uint32_t i = 0; i < table.rows; i++)
        check(strnlen(table.row[i], TRACE_ROW_BYTES) < TRACE_ROW_BYTES);
}

static void look_at_schedule(struct trace_reader *reader)
{
    uint64_t events = trace_reader_counts(reader).events;
    trace_reader_schedule(reader, &schedule);
    check(schedule.choices <= TRACE_CHOICES_MAX && schedule.positions <= TRACE_CHOICES_MAX);
    check(schedule.races <= TRACE_RACES_MAX && schedule.interruptions <= TRACE_INTERRUPTIONS_MAX);
    if (!schedule.set)
        return;
    expect_token(schedule.token);
    check(schedule.problem.code < REPLAY_PROBLEM_COUNT && schedule.problem.step <= INTEGER_MAX);
    for (uint32_t i = 0; i < schedule.choices; i++)
        expect_token(schedule.choice[i].token);
    for (uint32_t i = 0; i < schedule.races; i++)
        check(schedule.race[i].event[0] <= events && schedule.race[i].event[1] <= events);
    for (uint32_t i = 0; i < schedule.positions; i++)
        check(schedule.position[i].operation < OPERATION_COUNT);
}

static void look_at_exploration(const struct trace_reader *reader)
{
    trace_reader_explored(reader, &explored);
    check(explored.outcomes <= TRACE_FOUND_MAX && explored.executions <= INTEGER_MAX);
    for (uint32_t i = 0; i < explored.outcomes; i++) {
        const struct trace_found *found = &explored.found[i];
        expect_clean(found->outcome, sizeof found->outcome);
        expect_token(found->token);
        check(found->count <= explored.executions && found->first <= INTEGER_MAX);
        check(found->class < CLASS_COUNT && found->ended < ENDED_COUNT && found->rule >= -1);
    }
}

static void look(struct trace_reader *reader, struct input *in)
{
    char name[TRACE_NAME_MAX];
    trace_reader_task(reader, input_word(in), name);
    expect_clean(name, sizeof name);
    trace_reader_object(reader, input_word(in), name);
    expect_clean(name, sizeof name);
    look_at_waits(reader);
    look_at_result(reader);
    look_at_schedule(reader);
    look_at_exploration(reader);
}

static void expect_decodes(struct trace_reader *reader, const struct buf *chunks)
{
    struct trace trace;
    struct err err = {0};
    struct trace_counts counts = trace_reader_counts(reader);
    if (trace_decode(&trace, chunks->data, chunks->len, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    check(trace.complete && trace.event_count == counts.events);
    check(trace.task_count == counts.tasks && trace.object_count == counts.objects);
    check(trace.event_count <= TRACE_SEGMENTS * TRACE_SEGMENT_RECORDS);
    for (uint32_t i = 0; i < trace.event_count; i++)
        check(trace.events[i].cause <= i);
    trace_release(&trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct input in = {bytes, n};
    _cleanup_buf_ struct buf chunks = BUF_INIT(CHUNKS_MOST);
    struct hostile *hostile = malloc(sizeof *hostile);
    madvise(shared, sizeof *shared, MADV_DONTNEED);
    struct trace_reader *reader = trace_reader_new(shared);
    uint64_t now = input_byte(&in) & 1 ? TRACE_ANY_TIME : NOW_NS;
    hostile_begin(hostile, shared, &in);
    shared->start_ns = 1;
    while (in.left > 0) {
        unsigned deed = input_byte(&in) % DEEDS;
        if (deed < OWN_DEEDS)
            hostile_do(hostile, deed, &in);
        else if (deed == LOOK)
            look(reader, &in);
        else
            check(trace_reader_drain(reader, now, false, &chunks) == 0);
    }
    check(trace_reader_drain(reader, now, true, &chunks) == 0);
    look(reader, &in);
    expect_decodes(reader, &chunks);
    trace_reader_free(reader);
    free(hostile);
    return 0;
}

/* A run's table, and why a controlled run ended as it did, as the API shows them. */
#include "tests/unit/test.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/utf8.h"
#include "sandbox/host/report.h"
#include "sandbox/proto/operation.h"
#include "sandbox/trace/reader.h"
#include "sandbox/trace/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The text of "table" for rows as a task may have left them. */
static void expect_table(const char *const *rows, uint32_t count, uint32_t told, const char *wanted)
{
    struct trace_shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct report *report = calloc(1, sizeof *report);
    _cleanup_buf_ struct buf text = BUF_INIT(1 << 20);
    struct jsonw json = JSONW(&text);
    trace_shared_init(shared);
    for (uint32_t i = 0; i < count; i++)
        memcpy(shared->table.row[i], rows[i], strnlen(rows[i], TRACE_ROW_BYTES));
    shared->table.rows = told;
    struct trace_reader *reader = trace_reader_new(shared);
    trace_reader_table(reader, &report->table);
    jsonw_open(&json, '{');
    report_write(report, &json);
    jsonw_close(&json, '}');
    assert_int_equal(buf_error(&text), 0);
    const char *table = strstr(buf_text(&text), "\"table\":");
    assert_non_null(table);
    assert_true(utf8_width(table, strlen(table)) > 0);
    if (wanted)
        assert_string_equal(table, wanted);
    trace_reader_free(reader);
    free(report);
    munmap(shared, sizeof *shared);
}

void test_cells_are_numbers_texts_or_nothing(void **state)
{
    (void)state;
    const char *const rows[] = {"pipe\t12.5\t-3\t", "\t1e3\t0x1\tnan\t1-2\t.5",
                                "a\"b\t\t12345678901"};
    expect_table(rows, 3, 3,
                 "\"table\":[[\"pipe\",12.5,-3,null],[null,\"1e3\",\"0x1\",\"nan\",\"1-2\",0.5],"
                 "[\"a\\\"b\",null,12345678901]]}");
}

void test_a_table_nobody_filled_is_empty(void **state)
{
    (void)state;
    expect_table(NULL, 0, 0, "\"table\":[]}");
}

void test_forged_rows_stay_in_bounds_and_clean(void **state)
{
    (void)state;
    char endless[TRACE_ROW_BYTES];
    memset(endless, '\xe4', sizeof endless); /* no NUL, no character */
    const char *const rows[] = {endless, "fine"};
    expect_table(rows, 2, UINT32_MAX, NULL);
}

/* ---- interruptions ---- */

enum { A, B, X = 0, LOCK, NOTHING = TRACE_NO_OBJECT };

/* A was interrupted by B: what A had done, what it did next, what B did, each to an object. */
struct example {
    unsigned done, next, meanwhile;
    uint16_t object[3];
    unsigned in_vain;
    const char *en, *zh;
};

static const char *name_of(uint16_t object)
{
    return object == X                      ? "x"
           : object == LOCK                 ? "lock A"
           : object == TRACE_TASK_OBJECT(A) ? "A"
           : object == TRACE_TASK_OBJECT(B) ? "worker B"
                                            : "";
}

static void add_interruption(struct report_schedule *schedule, const struct example *example)
{
    uint32_t i = schedule->said.interruptions++;
    schedule->said.preemptions++;
    schedule->said.interruption[i] =
        (struct trace_interruption){.task = A,
                                    .by = B,
                                    .done = (uint8_t)example->done,
                                    .next = (uint8_t)example->next,
                                    .meanwhile = (uint8_t)example->meanwhile,
                                    .in_vain = (uint8_t)example->in_vain};
    strcpy(schedule->interruption[i].task, "A");
    strcpy(schedule->interruption[i].by, "worker B");
    for (int which = 0; which < 3; which++) {
        schedule->said.interruption[i].object[which] = example->object[which];
        strcpy(schedule->interruption[i].object[which], name_of(example->object[which]));
    }
}

/* What is behind the table in the JSON of a report with this schedule. */
static const char *told(const struct report_schedule *schedule)
{
    static char rest[1 << 14];
    struct report *report = calloc(1, sizeof *report);
    _cleanup_buf_ struct buf text = BUF_INIT(1 << 16);
    struct jsonw json = JSONW(&text);
    report->schedule = schedule;
    jsonw_open(&json, '{');
    report_write(report, &json);
    jsonw_close(&json, '}');
    assert_int_equal(buf_error(&text), 0);
    const char *behind = strstr(buf_text(&text), "\"table\":[]");
    assert_non_null(behind);
    snprintf(rest, sizeof rest, "%s", behind + strlen("\"table\":[]"));
    free(report);
    return rest;
}

static void expect_told(const struct example *example)
{
    struct report_schedule *schedule = calloc(1, sizeof *schedule);
    char wanted[512];
    add_interruption(schedule, example);
    const char *explanation = strstr(told(schedule), ",\"explanation\"");
    assert_non_null(explanation);
    snprintf(wanted, sizeof wanted, ",\"explanation\":{\"en\":\"%s\",\"zh\":\"%s\"}}", example->en,
             example->zh);
    assert_string_equal(explanation, wanted);
    free(schedule);
}

void test_every_operation_can_be_told_of(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {SEAM_READ,
         SEAM_WRITE,
         SEAM_WRITE,
         {X, X, X},
         0,
         "After A had read x and before it wrote x, worker B wrote x.",
         "在 A 读取 x 之后、写入 x 之前，worker B 写入了 x。"},
        {SEAM_WRITE,
         SEAM_READ,
         SEAM_READ,
         {X, X, X},
         0,
         "After A had written x and before it read x, worker B read x.",
         "在 A 写入 x 之后、读取 x 之前，worker B 读取了 x。"},
        {SEAM_UPDATE,
         SEAM_UPDATE,
         SEAM_UPDATE,
         {X, X, X},
         0,
         "After A had updated x and before it updated x again, worker B updated x.",
         "在 A 更新 x 之后、再次更新 x 之前，worker B 更新了 x。"},
        {SEAM_RELEASE,
         SEAM_ACQUIRE,
         SEAM_ACQUIRE,
         {LOCK, LOCK, LOCK},
         0,
         "After A had released lock A and before it acquired lock A, worker B acquired lock A.",
         "在 A 释放 lock A 之后、获取 lock A 之前，worker B 获取了 lock A。"},
        {SEAM_ACQUIRE,
         SEAM_READ,
         SEAM_RELEASE,
         {LOCK, X, LOCK},
         0,
         "After A had acquired lock A and before it read x, worker B released lock A.",
         "在 A 获取 lock A 之后、读取 x 之前，worker B 释放了 lock A。"},
        {SEAM_SEND,
         SEAM_SEND,
         SEAM_RECEIVE,
         {X, X, X},
         0,
         "After A had put something into x and before it put something into x again, worker B took "
         "something from x.",
         "在 A 向 x 放入数据之后、再次向 x 放入数据之前，worker B 从 x 取出了数据。"},
        {SEAM_RECEIVE,
         SEAM_RECEIVE,
         SEAM_SEND,
         {X, LOCK, X},
         0,
         "After A had taken something from x and before it took something from lock A, worker B "
         "put "
         "something into x.",
         "在 A 从 x 取出数据之后、从 lock A 取出数据之前，worker B 向 x 放入了数据。"},
        {SEAM_CLOSE,
         SEAM_CLOSE,
         SEAM_CLOSE,
         {X, LOCK, LOCK},
         0,
         "After A had closed x and before it closed lock A, worker B closed lock A.",
         "在 A 关闭 x 之后、关闭 lock A 之前，worker B 关闭了 lock A。"},
        {SEAM_JOIN,
         SEAM_JOIN,
         SEAM_JOIN,
         {X, LOCK, X},
         0,
         "After A had waited until x was done and before it began to wait until lock A was done, "
         "worker B began to wait until x was done.",
         "在 A 等到 x 处理完毕之后、开始等待 lock A 处理完毕之前，worker B 开始等待 x 处理完毕。"},
        {SEAM_SIGNAL,
         SEAM_AWAIT,
         SEAM_SIGNAL,
         {X, X, X},
         0,
         "After A had signalled x and before it began to wait for x, worker B signalled x.",
         "在 A 向 x 发信号之后、开始等待 x 之前，worker B 向 x 发了信号。"},
        {SEAM_AWAIT,
         SEAM_PRINT,
         SEAM_AWAIT,
         {X, LOCK, X},
         0,
         "After A had waited for x and before it printed, worker B began to wait for x.",
         "在 A 等待 x 之后、打印之前，worker B 开始等待 x。"},
        {SEAM_PRINT,
         SEAM_PRINT,
         SEAM_PRINT,
         {X, X, X},
         0,
         "After A had printed and before it printed again, worker B printed.",
         "在 A 打印之后、再次打印之前，worker B 打印了内容。"},
        {SEAM_SLEEP,
         SEAM_START,
         SEAM_WRITE,
         {NOTHING, NOTHING, X},
         0,
         "After A had slept and before it started a task, worker B wrote x.",
         "在 A 睡眠之后、启动任务之前，worker B 写入了 x。"},
        {SEAM_SPIN,
         SEAM_CHOOSE,
         SEAM_SLEEP,
         {NOTHING, NOTHING, NOTHING},
         0,
         "After A had spun and before it chose, worker B slept.",
         "在 A 自旋之后、作出选择之前，worker B 睡眠了一段时间。"},
        {OPERATION_COUNT,
         SEAM_READ,
         SEAM_WRITE,
         {NOTHING, X, X},
         0,
         "Before A read x, worker B wrote x.",
         "在 A 读取 x 之前，worker B 写入了 x。"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
        expect_told(&examples[i]);
}

void test_tasks_and_what_has_no_name_are_told_of(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {SEAM_PRINT,
         SEAM_READ,
         SEAM_SIGNAL,
         {X, TRACE_TASK_OBJECT(B), TRACE_TASK_OBJECT(B)},
         0,
         "After A had printed and before it looked at worker B, worker B ended.",
         "在 A 打印之后、查看 worker B 之前，worker B 结束了。"},
        {SEAM_JOIN,
         SEAM_SIGNAL,
         SEAM_SIGNAL,
         {TRACE_TASK_OBJECT(B), TRACE_TASK_OBJECT(A), TRACE_TASK_OBJECT(A)},
         0,
         "After A had joined worker B and before it ended, worker B ended A.",
         "在 A 等到 worker B 结束之后、结束之前，worker B 终止了 A。"},
        {SEAM_READ,
         SEAM_UPDATE,
         SEAM_WRITE,
         {NOTHING, NOTHING, NOTHING},
         0,
         "After A had looked up a name and before it changed the names, worker B wrote something.",
         "在 A 查找名字之后、更改名字之前，worker B 写入了 某个对象。"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
        expect_told(&examples[i]);
}

void test_what_was_tried_in_vain_is_told_so(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {SEAM_ACQUIRE,
         SEAM_ACQUIRE,
         SEAM_ACQUIRE,
         {LOCK, X, LOCK},
         7,
         "After A had tried in vain to acquire lock A and before it tried in vain to acquire x, "
         "worker B tried in vain to acquire lock A.",
         "在 A 尝试获取 lock A 失败之后、尝试获取 x 失败之前，worker B 尝试获取 lock "
         "A，但没有成功。"},
        {SEAM_SEND,
         SEAM_RECEIVE,
         SEAM_SEND,
         {X, X, X},
         TRACE_MEANWHILE_IN_VAIN,
         "After A had put something into x and before it took something from x, worker B tried in "
         "vain to put something into x.",
         "在 A 向 x 放入数据之后、从 x 取出数据之前，worker B 尝试向 x 放入数据，但没有成功。"},
        {SEAM_RECEIVE,
         SEAM_RECEIVE,
         SEAM_SEND,
         {X, X, X},
         TRACE_DONE_IN_VAIN,
         "After A had tried in vain to take something from x and before it took something from x, "
         "worker B put something into x.",
         "在 A 尝试从 x 取出数据失败之后、从 x 取出数据之前，worker B 向 x 放入了数据。"},
        {SEAM_READ,
         SEAM_AWAIT,
         SEAM_AWAIT,
         {X, X, X},
         7,
         "After A had looked in vain into x and before it waited in vain for x, worker B waited in "
         "vain for x.",
         "在 A 查看 x 而一无所获之后、等待 x 超时之前，worker B 等待 x，但超时了。"},
        {SEAM_JOIN,
         SEAM_PRINT,
         SEAM_JOIN,
         {TRACE_TASK_OBJECT(B), X, TRACE_TASK_OBJECT(A)},
         5,
         "After A had waited in vain for worker B to end and before it printed, worker B waited in "
         "vain for A to end.",
         "在 A 等待 worker B 结束超时之后、打印之前，worker B 等待 A 结束，但超时了。"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
        expect_told(&examples[i]);
}

static const struct example lost = {SEAM_READ, SEAM_WRITE, SEAM_WRITE, {X, X, X}, 0, NULL, NULL};

void test_interruptions_are_members_of_the_run(void **state)
{
    (void)state;
    struct report_schedule *schedule = calloc(1, sizeof *schedule);
    struct example tried = lost;
    tried.done = OPERATION_COUNT;
    tried.in_vain = TRACE_NEXT_IN_VAIN;
    tried.next = SEAM_SLEEP;
    tried.object[1] = NOTHING;
    add_interruption(schedule, &lost);
    add_interruption(schedule, &tried);
    schedule->said.interruption[1].by = TRACE_NO_TASK;
    assert_string_equal(
        told(schedule),
        ",\"interruptions\":["
        "{\"task\":\"A\",\"task_id\":0,\"done\":{\"operation\":\"read\",\"object\":\"x\"},"
        "\"next\":{\"operation\":\"write\",\"object\":\"x\"},\"by\":\"worker B\","
        "\"meanwhile\":{\"operation\":\"write\",\"object\":\"x\"}},"
        "{\"task\":\"A\",\"task_id\":0,\"done\":null,"
        "\"next\":{\"operation\":\"sleep\",\"object\":null,\"in_vain\":true},\"by\":null,"
        "\"meanwhile\":null}],"
        "\"explanation\":{"
        "\"en\":\"After A had read x and before it wrote x, worker B wrote x.\","
        "\"zh\":\"在 A 读取 x 之后、写入 x 之前，worker B 写入了 x。\"}}");
    free(schedule);
}

void test_each_interruption_has_its_sentence_and_many_have_none(void **state)
{
    (void)state;
    struct report_schedule *schedule = calloc(1, sizeof *schedule);
    const char *sentence = "After A had read x and before it wrote x, worker B wrote x.";
    char twice[256];
    add_interruption(schedule, &lost);
    add_interruption(schedule, &lost);
    snprintf(twice, sizeof twice, "\"%s %s\"", sentence, sentence);
    assert_non_null(strstr(told(schedule), twice));
    assert_non_null(strstr(told(schedule), "写入了 x。在 A 读取 x"));
    add_interruption(schedule, &lost);
    assert_non_null(strstr(told(schedule), "explanation"));
    add_interruption(schedule, &lost);
    assert_null(strstr(told(schedule), "explanation"));
    free(schedule);
}

void test_an_interruption_that_nobody_used_needs_no_sentence(void **state)
{
    (void)state;
    struct report_schedule *schedule = calloc(1, sizeof *schedule);
    add_interruption(schedule, &lost);
    schedule->said.interruption[0].by = TRACE_NO_TASK;
    assert_null(strstr(told(schedule), "explanation"));
    free(schedule);
}

/* ---- who waits for whom ---- */

/* More than are spoken of wait for each other in a circle. */
void test_of_a_great_circle_the_rest_is_counted(void **state)
{
    (void)state;
    enum { TASKS = 12 };
    struct report *report = calloc(1, sizeof *report);
    _cleanup_buf_ struct buf text = BUF_INIT(1 << 16);
    struct jsonw json = JSONW(&text);
    report->ended = ENDED_DEADLOCK;
    report->wait_count = TASKS;
    for (unsigned i = 0; i < TASKS; i++) {
        struct trace_wait *wait = &report->waits[i];
        wait->task_id = (uint16_t)i;
        wait->holder_id = (uint16_t)((i + 1) % TASKS);
        wait->object_kind = OBJECT_LOCK;
        snprintf(wait->task, sizeof wait->task, "T%u", i);
        snprintf(wait->object, sizeof wait->object, "L%u", i);
        snprintf(wait->holder, sizeof wait->holder, "T%u", (i + 1) % TASKS);
    }
    jsonw_open(&json, '{');
    report_write(report, &json);
    jsonw_close(&json, '}');
    assert_int_equal(buf_error(&text), 0);
    assert_non_null(strstr(buf_text(&text),
                           "T7 waits for lock L7, which T8 holds: nobody can go "
                           "on. T8 waits for lock L8, which T9 holds; 3 more wait, "
                           "too."));
    assert_non_null(strstr(buf_text(&text), "另有 3 个任务也在等"));
    free(report);
}

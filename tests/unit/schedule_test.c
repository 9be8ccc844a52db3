/* What a run says of its schedule and an exploration of what it found, read as hostile input. */
#include "tests/unit/test.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/clock.h"
#include "sandbox/base/utf8.h"
#include "sandbox/host/report.h"
#include "sandbox/proto/operation.h"
#include "sandbox/trace/reader.h"
#include "sandbox/trace/writer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ACQUIRE = 0, READ = 2, WRITE = 3 }; /* of operation_text() */

struct rig {
    struct trace_shared *shared;
    struct trace_reader *reader;
    struct trace_schedule *schedule;
    struct trace_explored *explored;
};

static struct rig rig_new(void)
{
    struct rig rig = {.schedule = calloc(1, sizeof *rig.schedule),
                      .explored = calloc(1, sizeof *rig.explored)};
    rig.shared = mmap(NULL, sizeof *rig.shared, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_ptr_not_equal(rig.shared, MAP_FAILED);
    trace_shared_init(rig.shared);
    trace_task_add(rig.shared, TASK_PROCESS, -1, "main");
    trace_task_add(rig.shared, TASK_THREAD, 0, "adder");
    trace_object_add(rig.shared, OBJECT_CELL, "x");
    trace_object_add(rig.shared, OBJECT_LOCK, "lock A");
    trace_object_add(rig.shared, OBJECT_LOCK, "lock B");
    trace_shared_start(rig.shared);
    rig.reader = trace_reader_new(rig.shared);
    return rig;
}

static void rig_release(struct rig *rig)
{
    trace_reader_free(rig->reader);
    munmap(rig->shared, sizeof *rig->shared);
    free(rig->schedule);
    free(rig->explored);
}

static bool is_clean(const char *text, size_t size)
{
    size_t n = strnlen(text, size), width = 1;
    if (n == size)
        return false;
    for (; n > 0 && width > 0; text += width, n -= width)
        width = utf8_width(text, n);
    return n == 0;
}

static bool is_word(const char *token)
{
    return memchr(token, '\0', TRACE_TOKEN_MAX) &&
           token[strspn(token, TRACE_TOKEN_CHARACTERS)] == '\0';
}

/* ---- a controlled run ---- */

void test_a_run_that_says_nothing_has_no_schedule(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    strcpy(rig.shared->schedule.token, "abc");
    rig.shared->schedule.choices = 3;
    trace_reader_schedule(rig.reader, rig.schedule);
    assert_int_equal(rig.schedule->set, 0);
    assert_int_equal(rig.schedule->choices, 0);
    rig_release(&rig);
}

/* Fills in what an honest run leaves: a choice for each task, and a race on x. */
static void fill_schedule(struct rig *rig)
{
    struct trace_schedule *s = &rig->shared->schedule;
    struct trace_lane lane;
    trace_lane_init(&lane, rig->shared, 0);
    trace_write(&lane, EVENT_NOTE, 0, TRACE_NO_OBJECT, 0, 0, 0);
    uint32_t read = trace_write(&lane, EVENT_CELL_READ, 0, 0, 7, 0, 0);
    *s = (struct trace_schedule){.steps = 12, .preemptions = 2, .choices = 3, .races = 1};
    strcpy(s->token, "i1-ab_C9");
    s->choice[0] = (struct trace_choice){.task = 1, .object = 1, .operation = ACQUIRE};
    strcpy(s->choice[0].token, "i1-ab_CA");
    s->choice[1] = (struct trace_choice){.task = 0, .object = TRACE_NO_OBJECT, .operation = WRITE};
    strcpy(s->choice[1].token, "i1-ab_CB");
    s->choice[2] = (struct trace_choice){.task = 1}; /* its token is too long */
    s->race[0] = (struct trace_race){
        .object = 0, .task = {0, 1}, .operation = {READ, WRITE}, .event = {read, 0}};
    s->set = 1;
}

static void drain(struct rig *rig)
{
    _cleanup_buf_ struct buf out = BUF_INIT(1 << 20);
    assert_int_equal(trace_reader_drain(rig->reader, clock_ns(), true, &out), 0);
}

void test_what_a_run_says_of_its_schedule_is_copied(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    fill_schedule(&rig);
    drain(&rig);
    trace_reader_schedule(rig.reader, rig.schedule);
    assert_int_equal(rig.schedule->set, 1);
    assert_int_equal(rig.schedule->steps, 12);
    assert_int_equal(rig.schedule->preemptions, 2);
    assert_string_equal(rig.schedule->token, "i1-ab_C9");
    assert_int_equal(rig.schedule->choices, 3);
    assert_int_equal(rig.schedule->choice[1].object, TRACE_NO_OBJECT);
    assert_int_equal(rig.schedule->races, 1);
    assert_int_equal(rig.schedule->race[0].event[0], 2);
    assert_int_equal(rig.schedule->race[0].event[1], 0);
    rig_release(&rig);
}

void test_forged_choices_and_races_are_left_out(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    struct trace_schedule *s = &rig.shared->schedule;
    fill_schedule(&rig);
    s->choices = s->races = UINT32_MAX;
    for (unsigned i = 0; i < TRACE_CHOICES_MAX; i++)
        s->choice[i] = (struct trace_choice){.task = (uint16_t)i, .object = 500};
    s->choice[1].operation = OPERATION_COUNT;
    for (unsigned i = 0; i < TRACE_RACES_MAX; i++)
        s->race[i] = (struct trace_race){.object = (uint16_t)i, .event = {~0u, i}};
    s->race[1].task[1] = TRACE_NO_TASK;
    s->race[2].operation[0] = 255;
    memset(s->token, 'a', sizeof s->token);
    memset(&s->problem, 0xe4, sizeof s->problem);
    strcpy(s->choice[0].token, "no token\n");
    drain(&rig);
    trace_reader_schedule(rig.reader, rig.schedule);
    assert_int_equal(rig.schedule->choices, 1);
    assert_int_equal(rig.schedule->choice[0].object, TRACE_NO_OBJECT);
    assert_string_equal(rig.schedule->choice[0].token, "");
    assert_int_equal(rig.schedule->races, 1);
    assert_true(is_word(rig.schedule->token));
    assert_int_equal(rig.schedule->problem.code, REPLAY_NONE);
    rig_release(&rig);
}

void test_forged_interruptions_are_left_out(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    struct trace_schedule *s = &rig.shared->schedule;
    *s = (struct trace_schedule){.set = 1, .interruptions = UINT32_MAX};
    for (unsigned i = 0; i < TRACE_INTERRUPTIONS_MAX; i++)
        s->interruption[i] = (struct trace_interruption){.task = 1,
                                                         .by = 0,
                                                         .object = {0, 1, 2},
                                                         .done = READ,
                                                         .next = WRITE,
                                                         .meanwhile = WRITE};
    s->interruption[0].task = 2;
    s->interruption[1].done = OPERATION_COUNT + 1;
    s->interruption[2].next = OPERATION_COUNT;
    s->interruption[3].by = 500;
    s->interruption[4].meanwhile = OPERATION_COUNT;
    s->interruption[5].object[0] = 3; /* there are three */
    s->interruption[5].object[1] = TRACE_TASK_OBJECT(1);
    s->interruption[5].object[2] = TRACE_TASK_OBJECT(2);
    memset(&s->interruption[6], 0xff, sizeof s->interruption[6]);
    s->interruption[7].done = OPERATION_COUNT; /* it had done nothing */
    s->interruption[7].in_vain = 0xff;
    trace_reader_schedule(rig.reader, rig.schedule);
    const struct trace_interruption *kept = rig.schedule->interruption;
    assert_int_equal(rig.schedule->interruptions, 4);
    assert_int_equal(kept[0].by, TRACE_NO_TASK);
    assert_int_equal(kept[1].by, TRACE_NO_TASK);
    assert_int_equal(kept[2].object[0], TRACE_NO_OBJECT);
    assert_int_equal(kept[2].object[1], TRACE_TASK_OBJECT(1));
    assert_int_equal(kept[2].object[2], TRACE_NO_OBJECT);
    assert_int_equal(kept[3].done, OPERATION_COUNT);
    char name[TRACE_NAME_MAX];
    trace_reader_object(rig.reader, TRACE_TASK_OBJECT(1), name);
    assert_string_equal(name, "adder");
    trace_reader_object(rig.reader, TRACE_TASK_OBJECT(2), name);
    assert_string_equal(name, "");
    rig_release(&rig);
}

/* ---- as JSON ---- */

static void name_all(struct rig *rig, struct report_schedule *ret)
{
    drain(rig);
    trace_reader_schedule(rig->reader, &ret->said);
    for (uint32_t i = 0; i < ret->said.choices; i++) {
        trace_reader_task(rig->reader, ret->said.choice[i].task, ret->choice[i].task);
        trace_reader_object(rig->reader, ret->said.choice[i].object, ret->choice[i].object);
    }
    trace_reader_object(rig->reader, ret->said.race[0].object, ret->race[0].object);
    for (int i = 0; i < 2; i++)
        trace_reader_task(rig->reader, ret->said.race[0].task[i], ret->race[0].task[i]);
}

static void expect_report(const struct report *report, const char *wanted)
{
    _cleanup_buf_ struct buf text = BUF_INIT(1 << 20);
    struct jsonw json = JSONW(&text);
    jsonw_open(&json, '{');
    report_write(report, &json);
    jsonw_close(&json, '}');
    assert_int_equal(buf_error(&text), 0);
    const char *rest = strstr(buf_text(&text), "\"table\":[]");
    assert_non_null(rest);
    assert_string_equal(rest + strlen("\"table\":[]"), wanted);
}

void test_choices_and_races_are_members_of_the_run(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    struct report *report = calloc(1, sizeof *report);
    struct report_schedule *schedule = calloc(1, sizeof *schedule);
    fill_schedule(&rig);
    name_all(&rig, schedule);
    report->schedule = schedule;
    expect_report(report,
                  ",\"enabled\":["
                  "{\"task\":\"adder\",\"task_id\":1,\"operation\":\"acquire\","
                  "\"object\":\"lock A\",\"token\":\"i1-ab_CA\"},"
                  "{\"task\":\"main\",\"task_id\":0,\"operation\":\"write\","
                  "\"object\":null,\"token\":\"i1-ab_CB\"}],"
                  "\"races\":[{\"object\":\"x\","
                  "\"first\":{\"task\":\"main\",\"task_id\":0,\"operation\":\"read\",\"event\":1},"
                  "\"second\":{\"task\":\"adder\",\"task_id\":1,\"operation\":\"write\","
                  "\"event\":null}}]}");
    free(schedule);
    free(report);
    rig_release(&rig);
}

static void expect_schedule(const struct schedule *asked, const struct report_schedule *said,
                            const char *wanted)
{
    _cleanup_buf_ struct buf text = BUF_INIT(1 << 16);
    struct jsonw json = JSONW(&text);
    schedule_write(asked, said, &json);
    assert_string_equal(buf_text(&text), wanted);
}

void test_a_schedule_shows_what_applies_to_its_mode(void **state)
{
    (void)state;
    struct schedule asked = SCHEDULE_DEFAULT;
    struct report_schedule *said = calloc(1, sizeof *said);
    asked.seed = 42;
    expect_schedule(&asked, NULL,
                    "{\"mode\":\"free\",\"seed\":null,\"depth\":null,\"timing\":null,"
                    "\"token\":null,\"steps\":null,\"preemptions\":null,\"problem\":null}");
    asked.mode = SCHEDULE_PCT;
    expect_schedule(&asked, NULL,
                    "{\"mode\":\"pct\",\"seed\":42,\"depth\":3,\"timing\":\"virtual\","
                    "\"token\":null,\"steps\":null,\"preemptions\":null,\"problem\":null}");
    asked.mode = SCHEDULE_REPLAY;
    asked.ignores_time = true;
    strcpy(asked.token, "asked");
    expect_schedule(&asked, NULL,
                    "{\"mode\":\"replay\",\"seed\":null,\"depth\":null,\"timing\":\"ignored\","
                    "\"token\":\"asked\",\"steps\":null,\"preemptions\":null,\"problem\":null}");
    said->said = (struct trace_schedule){
        .set = 1, .steps = 3, .token = "said", .problem = {.code = REPLAY_OTHER_OPERATIONS}};
    expect_schedule(&asked, said,
                    "{\"mode\":\"replay\",\"seed\":null,\"depth\":null,\"timing\":\"ignored\","
                    "\"token\":\"said\",\"steps\":3,\"preemptions\":0,"
                    "\"problem\":\"the token was made with another version of this program: its "
                    "operations differ\",\"reason\":{\"code\":\"other-operations\"}}");
    free(said);
}

/* ---- explanations ---- */

static void expect_explanation(struct rig *rig, enum ended ended, const char *en, const char *zh)
{
    struct report *report = calloc(1, sizeof *report);
    char wanted[2048];
    report->ended = ended;
    report->wait_count = trace_reader_waits(rig->reader, report->waits, REPORT_WAITS_MAX);
    snprintf(wanted, sizeof wanted, ",\"explanation\":{\"en\":\"%s\",\"zh\":\"%s\"}}", en, zh);
    expect_report(report, en ? wanted : "}");
    free(report);
}

void test_nobody_who_waits_needs_no_explanation(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    expect_explanation(&rig, ENDED_TIMEOUT, NULL, NULL);
    rig_release(&rig);
}

void test_a_circle_is_told_first_and_then_who_waits_for_it(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    uint16_t third = (uint16_t)trace_task_add(rig.shared, TASK_THREAD, 0, "taker");
    trace_task_waits(rig.shared, 0, TRACE_WAITS_TASK | 1);
    trace_task_waits(rig.shared, 1, 2);
    trace_task_waits(rig.shared, third, 1);
    trace_bitmap_set(rig.shared->object[1].holders, 1);
    trace_bitmap_set(rig.shared->object[2].holders, third);
    expect_explanation(&rig, ENDED_DEADLOCK,
                       "adder waits for lock B, which taker holds; taker waits for lock A, which "
                       "adder holds: nobody can go on. main waits for adder to end.",
                       "adder 在等 lock B，而它被 taker 占着；taker 在等 lock A，而它被 adder "
                       "占着：谁也无法继续。main 在等 adder 结束。");
    rig_release(&rig);
}

void test_a_task_that_waits_for_itself_is_told_so(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    trace_task_waits(rig.shared, 0, 1);
    trace_bitmap_set(rig.shared->object[1].holders, 0);
    expect_explanation(&rig, ENDED_TIMEOUT,
                       "main waits for lock A, which it holds itself: nobody can go on.",
                       "main 在等 lock A，而它正被自己占着：谁也无法继续。");
    rig_release(&rig);
}

void test_a_deadlock_without_a_circle_says_who_waits_for_what(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    int pipe = trace_object_add(rig.shared, OBJECT_PIPE, "p");
    int condition = trace_object_add(rig.shared, OBJECT_CONDITION, "not empty");
    trace_task_waits(rig.shared, 0, TRACE_WAITS_ROOM | (uint32_t)pipe);
    trace_task_waits(rig.shared, 1, (uint32_t)condition);
    expect_explanation(&rig, ENDED_DEADLOCK,
                       "main waits for room in pipe p, which nobody can make any more; adder waits "
                       "for a notify on condition not empty: nobody can go on.",
                       "main 在等管道 p 腾出空间，而已经没有谁能腾出；adder 在等条件变量 not empty "
                       "的通知：谁也无法继续。");
    rig_release(&rig);
}

void test_of_many_who_wait_only_some_are_told(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    struct report *report = calloc(1, sizeof *report);
    _cleanup_buf_ struct buf text = BUF_INIT(1 << 20);
    struct jsonw json = JSONW(&text);
    for (unsigned i = 0; i < 200; i++)
        trace_task_waits(rig.shared, (uint16_t)trace_task_add(rig.shared, TASK_THREAD, 0, "waiter"),
                         1);
    trace_bitmap_set(rig.shared->object[1].holders, 0);
    trace_bitmap_set(rig.shared->object[1].holders, 1);
    report->wait_count = trace_reader_waits(rig.reader, report->waits, REPORT_WAITS_MAX);
    report_write(report, &json);
    assert_non_null(strstr(buf_text(&text), "which main and adder hold; waiter waits for lock A"));
    assert_non_null(strstr(buf_text(&text), "; 24 more wait, too."));
    free(report);
    rig_release(&rig);
}

void test_a_livelock_in_which_nobody_waits_is_explained(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    expect_explanation(&rig, ENDED_LIVELOCK,
                       "The tasks go on running, but nothing they do changes anything any more.",
                       "各任务仍在运行，但无论做什么，状态都不再改变。");
    rig_release(&rig);
}

/* ---- an exploration ---- */

void test_what_an_exploration_found_is_copied(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    struct trace_explored *e = &rig.shared->explored;
    e->found[0] = (struct trace_found){.outcome = "count=4",
                                       .class = CLASS_ACCEPTABLE,
                                       .ended = ENDED_COMPLETED,
                                       .rule = 0,
                                       .count = 30,
                                       .first = 1,
                                       .token = "A"};
    e->found[1] = (struct trace_found){
        .ended = ENDED_DEADLOCK, .rule = -1, .preemptions = 1, .count = 4, .first = 9};
    e->executions = 34;
    e->blocked = 7;
    e->steps = 280;
    e->outcomes = 2;
    e->complete = 1;
    trace_reader_explored(rig.reader, rig.explored);
    assert_int_equal(rig.explored->outcomes, 2);
    assert_int_equal(rig.explored->complete, 0); /* not before it is over */
    e->over = 1;
    trace_reader_explored(rig.reader, rig.explored);
    assert_int_equal(rig.explored->complete, 1);
    assert_int_equal(rig.explored->executions, 34);
    assert_int_equal(rig.explored->blocked, 7);
    assert_string_equal(rig.explored->found[0].outcome, "count=4");
    assert_string_equal(rig.explored->found[0].token, "A");
    assert_int_equal(rig.explored->found[1].rule, -1);
    assert_int_equal(rig.explored->found[1].preemptions, 1);
    rig_release(&rig);
}

void test_forged_findings_stay_in_bounds_and_clean(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    struct trace_explored *e = &rig.shared->explored;
    memset(e, 0xff, sizeof *e);
    for (unsigned i = 0; i < TRACE_FOUND_MAX; i += 2)
        e->found[i].ended = ENDED_COMPLETED;
    e->over = e->complete = 1;
    trace_reader_explored(rig.reader, rig.explored);
    assert_int_equal(rig.explored->outcomes, TRACE_FOUND_MAX / 2);
    assert_true(rig.explored->executions == (UINT64_C(1) << 53) - 1);
    for (unsigned i = 0; i < rig.explored->outcomes; i++) {
        const struct trace_found *found = &rig.explored->found[i];
        assert_true(is_clean(found->outcome, sizeof found->outcome));
        assert_string_equal(found->token, "");
        assert_int_equal(found->class, CLASS_NONE);
        assert_true(found->rule >= -1 && found->count <= rig.explored->executions);
    }
    rig_release(&rig);
}

struct scribbler {
    volatile char *bytes;
    size_t size;
    _Atomic bool enough;
};

static void *scribble(void *argument)
{
    struct scribbler *s = argument;
    for (unsigned n = 0; !atomic_load_explicit(&s->enough, memory_order_relaxed); n++)
        for (size_t i = n % 5; i < s->size; i += 5)
            s->bytes[i] = (char)(n * 61 + i);
    return NULL;
}

void test_findings_that_change_while_they_are_read_stay_clean(void **state)
{
    (void)state;
    struct rig rig = rig_new();
    struct trace_explored *e = &rig.shared->explored;
    struct scribbler s = {.bytes = (volatile char *)e,
                          .size = offsetof(struct trace_explored, found) + sizeof e->found[0] * 3};
    pthread_t thread;
    bool good = true;
    pthread_create(&thread, NULL, scribble, &s);
    for (int i = 0; i < 3000 && good; i++) {
        trace_reader_explored(rig.reader, rig.explored);
        good = rig.explored->outcomes <= TRACE_FOUND_MAX;
        for (unsigned f = 0; good && f < rig.explored->outcomes; f++)
            good = is_clean(rig.explored->found[f].outcome, 512) &&
                   is_word(rig.explored->found[f].token) &&
                   rig.explored->found[f].ended < ENDED_COUNT;
    }
    s.enough = true;
    pthread_join(thread, NULL);
    assert_true(good);
    rig_release(&rig);
}

/* Explorations and shrinking of small programs: what the table says of how executions end. */
#include "tests/unit/rig.h"

#include "sandbox/prim/verdict.h"
#include "sandbox/proto/ended.h"
#include "sandbox/proto/scenario.h"
#include "sandbox/proto/token.h"
#include "sandbox/sched/explore.h"
#include "sandbox/search.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define SCENARIO "race-counter" /* whose globals these programs leave alone */

static struct cell *x, *y;

/* Explores the program, or shrinks the token. */
static struct trace_explored *search(void (*program)(void), struct schedule schedule)
{
    static const struct outcome_rule outcomes[] = {
        {.name = "said", .ended = ENDED_COMPLETED, .class = CLASS_ACCEPTABLE}, {0}};
    static struct trace_explored said;
    static struct scenario scenario;
    struct trace_shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    trace_shared_init(shared);
    struct run *run = run_new(shared, -1);
    scenario = (struct scenario){.id = SCENARIO, .outcomes = outcomes, .run = program};
    job_init(&run->job, scenario.id);
    run->job.schedule = schedule;
    run->scenario = &scenario;
    run->output_object = (uint16_t)trace_object_add(shared, OBJECT_OUTPUT, "stdout");
    shared->result.outcome_rule = -1;
    memset(shared->result.rule_of_end, -1, sizeof shared->result.rule_of_end);
    assert_int_equal(search_execute(run), 0);
    memcpy(&said, &shared->explored, sizeof said);
    munmap(run, sizeof *run + RUN_ARENA_BYTES);
    munmap(shared, sizeof *shared);
    return &said;
}

static struct trace_explored *explore(void (*program)(void))
{
    return search(program, (struct schedule){.mode = SCHEDULE_EXPLORE,
                                             .ignores_time = true,
                                             .max_preemptions = -1,
                                             .max_executions = 100000,
                                             .max_seconds = 20});
}

static struct trace_explored *explore_bounded(void (*program)(void), int max_preemptions)
{
    return search(program, (struct schedule){.mode = SCHEDULE_EXPLORE,
                                             .ignores_time = true,
                                             .max_preemptions = max_preemptions,
                                             .max_executions = 100000,
                                             .max_seconds = 20});
}

static struct trace_explored *shrink(void (*program)(void), const char *token,
                                     uint64_t max_executions, unsigned max_seconds)
{
    struct schedule schedule = {.mode = SCHEDULE_SHRINK,
                                .max_preemptions = -1,
                                .max_executions = max_executions,
                                .max_seconds = max_seconds};
    snprintf(schedule.token, sizeof schedule.token, "%s", token);
    return search(program, schedule);
}

static const struct trace_found *find(const struct trace_explored *said, enum ended ended,
                                      const char *outcome)
{
    for (uint32_t i = 0; i < said->outcomes; i++)
        if (said->found[i].ended == ended && strcmp(said->found[i].outcome, outcome) == 0)
            return &said->found[i];
    return NULL;
}

/* ---- what counts as an outcome ---- */

static void write_one(void *cell)
{
    cell_write(cell, 1);
}

static void fails_if_written(void)
{
    x = cell_new("x", 0);
    thread_start("writer", write_one, x);
    if (cell_read(x)) {
        outcome("said", "one");
        task_exit(3);
    }
}

/* An exit code other than 0 is a crash, as it is in a run. */
void test_an_exit_code_is_a_crash(void **state)
{
    (void)state;
    const struct trace_explored *said = explore(fails_if_written);
    assert_true(said->complete);
    assert_int_equal(said->outcomes, 2);
    assert_non_null(find(said, ENDED_COMPLETED, ""));
    assert_non_null(find(said, ENDED_CRASHED, ended_text(ENDED_CRASHED)));
}

static void speaks_or_not(void)
{
    if (seam_choose(3) == 1)
        outcome("said", "something");
}

/* Who says nothing says nothing, whatever was said in the execution before. */
void test_executions_without_an_outcome_are_alike(void **state)
{
    (void)state;
    const struct trace_explored *said = explore(speaks_or_not);
    assert_true(said->complete);
    assert_int_equal(said->outcomes, 2);
    assert_int_equal(find(said, ENDED_COMPLETED, "")->count, 2);
    assert_int_equal(find(said, ENDED_COMPLETED, "")->rule, -1);
}

static void one_too_many(void)
{
    outcome("said", "%u", seam_choose(TRACE_FOUND_MAX + 1));
}

static void as_many_as_fit(void)
{
    outcome("said", "%u", seam_choose(TRACE_FOUND_MAX));
}

void test_an_outcome_without_room_is_not_forgotten(void **state)
{
    (void)state;
    const struct trace_explored *said = explore(as_many_as_fit);
    assert_int_equal(said->outcomes, TRACE_FOUND_MAX);
    assert_true(said->complete);
    said = explore(one_too_many);
    assert_int_equal(said->outcomes, TRACE_FOUND_MAX);
    assert_false(said->complete);
}

/* ---- what the main task leaves behind ---- */

static void start_daemon(task_fn *fn)
{
    struct task *daemon = task_new(TASK_THREAD, "daemon", fn, NULL);
    task_set_daemon(daemon, true);
    task_begin(daemon);
}

static void adds_long_and_writes(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < EXPLORE_LINGER + 100; i++)
        cell_add(y, 1);
    cell_write(x, 1);
}

static void leaves_much_behind(void)
{
    x = cell_new("x", 0);
    y = cell_new("y", 0);
    start_daemon(adds_long_and_writes);
    outcome("said", "%d", (int)cell_read(x));
}

/* What a daemon does too late to be waited for may matter if it is done earlier. */
void test_who_could_not_be_waited_for_is_left_out(void **state)
{
    (void)state;
    const struct trace_explored *said = explore(leaves_much_behind);
    assert_int_equal(said->outcomes, 1);
    assert_int_equal(said->cut, 0);
    assert_false(said->complete);
    said = explore_bounded(leaves_much_behind, 1);
    assert_true(said->complete);
    assert_non_null(find(said, ENDED_COMPLETED, "0"));
    assert_non_null(find(said, ENDED_COMPLETED, "1"));
}

static void adds_four(void *unused)
{
    (void)unused;
    for (int i = 0; i < 4; i++)
        cell_add(y, 1);
}

static void leaves_two_behind(void)
{
    y = cell_new("y", 0);
    start_daemon(adds_four);
    start_daemon(adds_four);
}

/* Every order of what comes before the main task's end, which here is nothing. */
void test_what_is_done_after_the_end_is_no_order(void **state)
{
    (void)state;
    const struct trace_explored *said = explore_bounded(leaves_two_behind, 3);
    assert_true(said->complete);
    assert_int_equal(said->executions, 1);
}

static struct event *event;

static void waits_and_fails(void *unused)
{
    (void)unused;
    event_wait(event);
    seam_fail(ENOTSUP, "too late to be seen");
}

static void ends_before_the_failure(void)
{
    event = event_new("event");
    start_daemon(waits_and_fails);
    event_set(event);
    outcome("said", "ended");
}

void test_nothing_changes_how_a_run_has_ended(void **state)
{
    (void)state;
    const struct trace_explored *said = explore(ends_before_the_failure);
    assert_int_equal(said->outcomes, 1);
    assert_non_null(find(said, ENDED_COMPLETED, "ended"));
}

/* ---- what is too long, or has too many tasks ---- */

static void add_one(void *cell)
{
    cell_add(cell, 1);
}

static void too_many_tasks(void)
{
    x = cell_new("x", 0);
    for (unsigned i = 0; i < EXPLORE_TASKS_MAX; i++)
        thread_start("t", add_one, x);
}

void test_too_many_tasks_are_cut(void **state)
{
    (void)state;
    const struct trace_explored *said = explore(too_many_tasks);
    assert_int_equal(said->outcomes, 0);
    assert_int_equal(said->cut, said->executions);
    assert_false(said->complete);
}

static void write_one_then_two(void *unused)
{
    (void)unused;
    cell_write(x, 1);
    cell_write(x, 2);
}

/* Between two writes of the other one it spins for ever; else it only takes long. */
static void spins_or_takes_long(void)
{
    x = cell_new("x", 0);
    y = cell_new("y", 0);
    thread_start("writer", write_one_then_two, NULL);
    bool spins = cell_read(x) == 1;
    while (spins)
        spin_pause();
    for (unsigned i = 0; i < EXPLORE_STEPS_MAX; i++)
        cell_write(y, 1);
}

void test_what_was_cut_is_no_livelock(void **state)
{
    (void)state;
    const struct trace_explored *said = explore(spins_or_takes_long);
    assert_true(said->cut > 0);
    assert_int_equal(said->outcomes, 1);
    const struct trace_found found = said->found[0];
    assert_int_equal(found.ended, ENDED_LIVELOCK);
    assert_true(found.preemptions > 0);
    said = shrink(spins_or_takes_long, found.token, 1000, 20);
    assert_int_equal(said->found[0].ended, ENDED_LIVELOCK);
    assert_int_equal(said->found[0].preemptions, found.preemptions);
}

/* ---- the bounds of shrinking ---- */

static void increases(void *times)
{
    for (intptr_t i = 0; i < (intptr_t)times; i++)
        cell_write(x, cell_read(x) + 1);
}

static void loses_updates(void)
{
    x = cell_new("x", 0);
    struct task *one = thread_start("one", increases, (void *)20);
    struct task *two = thread_start("two", increases, (void *)20);
    task_join(one);
    task_join(two);
    outcome("said", "%d", (int)cell_read(x));
}

/* A token with many preemptions: both take turns. */
static void token_of_turns(char *ret)
{
    static struct token token;
    struct job job;
    job_init(&job, SCENARIO);
    token = (struct token){.rule = TOKEN_ROUND_ROBIN, .stop = TOKEN_NO_STOP};
    token_identify(&token, &job);
    assert_true(token_write(&token, ret) >= 0);
}

void test_shrinking_keeps_its_bound_of_executions(void **state)
{
    (void)state;
    char token[SCHEDULE_TOKEN_MAX];
    token_of_turns(token);
    const struct trace_explored *said = shrink(loses_updates, token, 1, 20);
    assert_true(said->given > 20);
    assert_int_equal(said->executions, 1);
    assert_false(said->complete);
}

/* When the time is over after the first run already, it is looked at after every 16th. */
void test_shrinking_keeps_its_bound_of_time(void **state)
{
    (void)state;
    char token[SCHEDULE_TOKEN_MAX];
    token_of_turns(token);
    const struct trace_explored *said = shrink(loses_updates, token, 100000, 0);
    assert_in_range(said->executions, 1, 16);
}

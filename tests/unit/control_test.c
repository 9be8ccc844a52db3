/* Controlled runs: processes with a memory of their own, time, prefixes of tokens, waits. */
#include "tests/unit/oracle.h"

#include <signal.h>
#include <stdarg.h>

static struct token token;
static struct directed directed;
static int exit_code; /* of the main task */

/* Runs the program once by a rule; the token says which, and how far. */
static enum ended run_by(enum token_rule rule, uint64_t seed, bool ignores_time, uint64_t stop,
                         void (*program)(void))
{
    struct run *run = oracle_run();
    struct control *control = control_new(run, NULL, NULL, ignores_time);
    token = (struct token){
        .rule = rule, .seed = seed, .depth = 3, .ignores_time = ignores_time, .stop = stop};
    directed_init(&directed, &token, NULL);
    run->control = control;
    oracle_seen[0] = '\0';
    enum ended ended = control_execute(control, &directed.policy, oracle_main, &program);
    exit_code = control_exit_code(control);
    run->control = NULL;
    control_free(control);
    return ended;
}

static void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(oracle_seen, sizeof oracle_seen, format, args);
    va_end(args);
}

/* ---- processes ---- */

static struct cell *sum;

/* The argument is on the maker's stack, and the maker writes over it after the fork. */
static void add_argument(void *argument)
{
    int *number = argument;
    cell_add(sum, *number);
    *number = 1000; /* its own copy */
    cell_add(sum, 0);
    cell_add(sum, *number);
}

static void fork_with_arguments(void)
{
    struct task *children[3];
    int number = 0;
    sum = cell_new("sum", 0);
    for (int i = 0; i < 3; i++) {
        number = i + 1;
        children[i] = process_start("child", add_argument, &number);
    }
    number = 500;
    for (int i = 0; i < 3; i++)
        task_join(children[i]);
    say("%d %d", (int)cell_read(sum), number);
}

void test_processes_have_their_own_stack(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        assert_int_equal(run_by(TOKEN_RANDOM, seed, false, TOKEN_NO_STOP, fork_with_arguments),
                         ENDED_COMPLETED);
        assert_string_equal(oracle_seen, "3006 500");
    }
}

static int64_t *own;

static void count_up_own(void *argument)
{
    (void)argument;
    for (int i = 0; i < 3; i++) {
        ++*own;
        cell_add(sum, 0);
    }
    cell_add(sum, *own);
}

static void grandchild_maker(void *argument)
{
    *own += 10;
    struct task *child = process_start("grandchild", count_up_own, argument);
    cell_add(sum, 0);
    *own += 100;
    task_join(child);
    cell_add(sum, *own);
}

static void private_memory(void)
{
    sum = cell_new("sum", 0);
    own = seam_private(sizeof *own);
    struct task *a = process_start("a", count_up_own, NULL);
    *own += 1000;
    struct task *b = process_start("b", grandchild_maker, NULL);
    task_join(a);
    task_join(b);
    say("%d %d", (int)cell_read(sum), (int)*own);
}

void test_processes_have_their_own_memory(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        assert_int_equal(run_by(TOKEN_RANDOM, seed, false, TOKEN_NO_STOP, private_memory),
                         ENDED_COMPLETED);
        /* a: 3; grandchild: 1000 + 10 + 3; b: 1000 + 10 + 100 */
        assert_string_equal(oracle_seen, "2126 1000");
    }
}

static struct lock *own_lock;

static void take_own_lock(void *unused)
{
    (void)unused;
    lock_acquire(own_lock);
    cell_add(sum, 1);
}

/* The child has a lock of its own, which was held when it was made, and nobody gives it back. */
static void fork_with_lock_held(void)
{
    sum = cell_new("sum", 0);
    own_lock = lock_new_private("own");
    lock_acquire(own_lock);
    struct task *child = process_start("child", take_own_lock, NULL);
    lock_release(own_lock);
    cell_add(sum, 1);
    task_join(child);
}

static void take_and_give_own_lock(void *unused)
{
    (void)unused;
    lock_acquire(own_lock);
    cell_write(sum, cell_read(sum) + 1);
    lock_release(own_lock);
}

static void two_threads_with_own_lock(void *unused)
{
    struct task *one = thread_start("one", take_and_give_own_lock, NULL);
    take_and_give_own_lock(unused);
    task_join(one);
}

/* A lock that guards within a process, not between two. */
static void lock_in_each_process(void)
{
    sum = cell_new("sum", 0);
    own_lock = lock_new_private("own");
    struct task *child = process_start("child", two_threads_with_own_lock, NULL);
    take_and_give_own_lock(NULL);
    task_join(child);
    say("%d", (int)cell_read(sum));
}

void test_processes_have_their_own_locks(void **state)
{
    (void)state;
    struct oracle o;
    for (uint64_t seed = 0; seed < 50; seed++)
        assert_int_equal(run_by(TOKEN_RANDOM, seed, true, TOKEN_NO_STOP, fork_with_lock_held),
                         ENDED_DEADLOCK);
    for (enum explore_method method = EXPLORE_ALL; method <= EXPLORE_SOURCE_SETS; method++) {
        assert_true(oracle_explore(&o, fork_with_lock_held, method, -1, 1000));
        assert_string_equal(oracle_outcomes(&o), "DEADLOCK");
        assert_true(oracle_explore(&o, lock_in_each_process, method, -1, 10000));
        assert_string_equal(oracle_outcomes(&o), "1|2|3");
    }
}

static struct event *gone;

static void add_to_sum(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++)
        cell_add(sum, 1);
    event_set(gone);
}

/* Where the maker will wait on, the child's copy of the stack is full of ones. */
static void fork_deep_down(void)
{
    volatile uint32_t ones[1024];
    for (int i = 0; i < 1024; i++)
        ones[i] = 1;
    process_start("child", add_to_sum, NULL);
    assert_int_equal(ones[512], 1);
}

static void open_gate(void *gate)
{
    event_wait(gone);
    *(_Atomic uint32_t *)gate = 1;
    cell_add(sum, 1);
}

static void wait_on_stack(void)
{
    _Atomic uint32_t gate[256] = {0};
    struct task *opener = thread_start("opener", open_gate, &gate[128]);
    seam_await_change(&gate[128], 0, SEAM_NEVER);
    say("%d", (int)gate[128]);
    task_join(opener);
}

static void gate_on_stack(void)
{
    sum = cell_new("sum", 0);
    gone = event_new("gone");
    fork_deep_down();
    wait_on_stack();
}

/* A gate on a stack is opened by its own process, whatever a child has in that place. */
void test_processes_have_their_own_gates(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        assert_int_equal(run_by(TOKEN_RANDOM, seed, true, TOKEN_NO_STOP, gate_on_stack),
                         ENDED_COMPLETED);
        assert_string_equal(oracle_seen, "1");
    }
}

static void count_to_two(struct generator *self, void *unused)
{
    (void)unused;
    for (int64_t i = 1; i < 3 && yield(self, &i, NULL); i++)
        ;
}

static void use_generator(void *unused)
{
    (void)unused;
    struct generator *g = generator_new("g", count_to_two, NULL);
    generator_next(g, NULL);
    sleep_us(10);
    generator_next(g, NULL);
}

static void fork_beside_generator(void)
{
    use_generator(NULL);
    task_join(process_start("child", use_generator, NULL));
}

static void fork_after_generator(void)
{
    struct generator *g = generator_new("g", count_to_two, NULL);
    while (generator_next(g, NULL) == GENERATOR_YIELDED)
        ;
    struct task *one = process_start("one", use_generator, NULL);
    struct task *two = process_start("two", use_generator, NULL);
    task_join(one);
    task_join(two);
}

/* A child has no copy of its maker's coroutines; those of others are no matter. */
void test_nobody_forks_beside_its_coroutines(void **state)
{
    (void)state;
    assert_int_equal(run_by(TOKEN_CONTINUE, 0, true, TOKEN_NO_STOP, fork_beside_generator),
                     ENDED_CRASHED);
    assert_int_equal(run_by(TOKEN_CONTINUE, 0, true, TOKEN_NO_STOP, fork_after_generator),
                     ENDED_COMPLETED);
}

/* ---- time ---- */

static void sleep_and_mark(void *argument)
{
    intptr_t ms = (intptr_t)argument;
    sleep_us(ms * 1000);
    cell_write(sum, cell_read(sum) * 10 + ms);
}

static void sleepers(void)
{
    sum = cell_new("order", 0);
    struct task *slow = thread_start("slow", sleep_and_mark, (void *)3);
    struct task *quick = thread_start("quick", sleep_and_mark, (void *)1);
    struct task *middle = thread_start("middle", sleep_and_mark, (void *)2);
    task_join(slow);
    task_join(quick);
    task_join(middle);
    say("%d", (int)cell_read(sum));
}

void test_time_orders_sleepers(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        assert_int_equal(run_by(TOKEN_RANDOM, seed, false, TOKEN_NO_STOP, sleepers),
                         ENDED_COMPLETED);
        assert_string_equal(oracle_seen, "123");
    }
}

void test_ignored_time_orders_nothing(void **state)
{
    (void)state;
    struct oracle o;
    assert_true(oracle_explore(&o, sleepers, EXPLORE_SOURCE_SETS, -1, 100000));
    unsigned orders = 0;
    for (unsigned i = 0; i < o.count; i++)
        orders += strlen(o.outcome[i].text) == 3;
    assert_int_equal(orders, 6);
}

static struct lock *held;

static void hold_for_ever(void *argument)
{
    (void)argument;
    lock_acquire(held);
    sleep_us(5000);
    lock_release(held);
}

static void timed_acquire(void)
{
    held = lock_new("lock");
    struct task *holder = thread_start("holder", hold_for_ever, NULL);
    sleep_us(1000);
    int64_t before = now_ns();
    bool soon = lock_acquire_for(held, 1000);
    int64_t waited_us = (now_ns() - before) / 1000;
    bool later = lock_acquire_for(held, 100000);
    task_join(holder);
    say("%d %d %d", soon, later, (int)(waited_us / 1000));
}

void test_time_outs_are_on_the_runs_clock(void **state)
{
    (void)state;
    uint64_t began = clock_ns();
    assert_int_equal(run_by(TOKEN_CONTINUE, 0, false, TOKEN_NO_STOP, timed_acquire),
                     ENDED_COMPLETED);
    assert_string_equal(oracle_seen, "0 1 1");
    assert_true(clock_ns() - began < 1000000000u);
}

/* ---- repeating, and stopping on the way ---- */

static void add_twice(void *argument)
{
    (void)argument;
    for (int i = 0; i < 2; i++)
        cell_write(sum, cell_read(sum) + 1);
}

static void lost_update(void)
{
    sum = cell_new("sum", 0);
    struct task *a = thread_start("a", add_twice, NULL);
    struct task *b = thread_start("b", add_twice, NULL);
    task_join(a);
    task_join(b);
    say("%d", (int)cell_read(sum));
}

void test_the_same_token_does_the_same(void **state)
{
    (void)state;
    for (enum token_rule rule = TOKEN_CONTINUE; rule <= TOKEN_ROUND_ROBIN; rule++)
        for (uint64_t seed = 0; seed < 30; seed++) {
            run_by(rule, seed, true, TOKEN_NO_STOP, lost_update);
            uint16_t check = directed_check(&directed, true);
            char seen[sizeof oracle_seen];
            memcpy(seen, oracle_seen, sizeof seen);
            for (int i = 0; i < 5; i++) {
                run_by(rule, seed, true, TOKEN_NO_STOP, lost_update);
                assert_int_equal(directed_check(&directed, true), check);
                assert_string_equal(oracle_seen, seen);
            }
        }
}

void test_a_prefix_stops(void **state)
{
    (void)state;
    assert_int_equal(run_by(TOKEN_RANDOM, 1, true, 3, lost_update), ENDED_STOPPED);
    assert_int_equal(directed.steps, 3);
    assert_int_equal(directed.open, 2);
    assert_true(directed_agrees(&directed));
    assert_int_equal(run_by(TOKEN_RANDOM, 1, true, 1000, lost_update), ENDED_COMPLETED);
    assert_false(directed_agrees(&directed));
    assert_int_equal(directed.problem.code, REPLAY_ENDED_EARLIER);
    assert_int_equal(directed.problem.step, directed.steps);
}

void test_a_choice_that_is_not_possible_is_refused(void **state)
{
    (void)state;
    struct run *run = oracle_run();
    struct control *control = control_new(run, NULL, NULL, true);
    void (*program)(void) = lost_update;
    token = (struct token){.stop = TOKEN_NO_STOP, .count = 1, .deviation = {{2, 7}}};
    directed_init(&directed, &token, NULL);
    run->control = control;
    assert_int_equal(control_execute(control, &directed.policy, oracle_main, &program),
                     ENDED_STOPPED);
    run->control = NULL;
    control_free(control);
    assert_false(directed_agrees(&directed));
    char text[REPLAY_PROBLEM_BYTES];
    replay_problem_text(&directed.problem, text);
    assert_string_equal(text, "step 3: choice 8 of the token is not possible, there are 2");
}

/* ---- ends ---- */

static void wait_for_ever(void *argument)
{
    event_wait(argument);
}

static void stuck(void)
{
    struct event *never = event_new("never");
    struct task *waiter = thread_start("waiter", wait_for_ever, never);
    task_join(waiter);
}

void test_a_deadlock_says_who_waits(void **state)
{
    (void)state;
    struct run *run = oracle_run();
    struct control *control = control_new(run, NULL, NULL, false);
    void (*program)(void) = stuck;
    token = (struct token){.stop = TOKEN_NO_STOP};
    directed_init(&directed, &token, NULL);
    run->control = control;
    assert_int_equal(control_execute(control, &directed.policy, oracle_main, &program),
                     ENDED_DEADLOCK);
    uint32_t tasks = run->shared->tasks;
    assert_int_equal(run->shared->task[tasks - 1].state, TASK_STATE_WAITING);
    assert_int_equal(run->shared->task[tasks - 2].state, TASK_STATE_WAITING);
    assert_true(run->shared->task[tasks - 2].waits_on & TRACE_WAITS_TASK);
    run->control = NULL;
    control_free(control);
}

static void kill_and_go_on(void *task)
{
    task_kill(task);
    cell_write(sum, 1);
}

static void main_killed(void)
{
    sum = cell_new("sum", 0);
    process_start("child", kill_and_go_on, task_self());
    for (int i = 0; i < 5; i++)
        cell_read(sum);
    event_wait(event_new("never"));
}

/* The run ends with its main task, also when that is killed. */
void test_the_main_task_can_be_killed(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        assert_int_equal(run_by(TOKEN_RANDOM, seed, true, TOKEN_NO_STOP, main_killed),
                         ENDED_COMPLETED);
        assert_int_equal(exit_code, -SIGKILL);
    }
}

static void thread_kills_its_process(void *unused)
{
    (void)unused;
    task_join(thread_start("thread", kill_and_go_on, task_self()));
    cell_write(sum, 2);
}

static void killed_from_inside(void)
{
    sum = cell_new("sum", 0);
    int code = task_join(process_start("child", thread_kills_its_process, NULL));
    say("%d %d", code, (int)cell_read(sum));
}

void test_a_process_can_be_killed_by_its_thread(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        assert_int_equal(run_by(TOKEN_RANDOM, seed, true, TOKEN_NO_STOP, killed_from_inside),
                         ENDED_COMPLETED);
        assert_string_equal(oracle_seen, "-9 0");
    }
}

static void main_kills_itself_in_a_thread(void)
{
    sum = cell_new("sum", 0);
    task_join(thread_start("thread", kill_and_go_on, task_self()));
}

void test_a_thread_can_kill_the_main_task(void **state)
{
    (void)state;
    struct oracle o;
    assert_int_equal(run_by(TOKEN_CONTINUE, 0, true, TOKEN_NO_STOP, main_kills_itself_in_a_thread),
                     ENDED_COMPLETED);
    assert_int_equal(exit_code, -SIGKILL);
    assert_true(oracle_explore(&o, main_kills_itself_in_a_thread, EXPLORE_SOURCE_SETS, -1, 10));
    assert_int_equal(o.executions, 1);
}

static void spin_for_ever(void)
{
    sum = cell_new("sum", 0);
    while (cell_read(sum) == 0)
        spin_pause();
}

void test_spinning_alone_is_a_livelock(void **state)
{
    (void)state;
    assert_int_equal(run_by(TOKEN_CONTINUE, 0, true, TOKEN_NO_STOP, spin_for_ever), ENDED_LIVELOCK);
}

static void too_many(void)
{
    sum = cell_new("sum", 0);
    for (unsigned i = 0; i <= CONTROL_TASKS_MAX; i++)
        thread_start("t", add_twice, NULL);
}

void test_too_many_tasks_end_the_run(void **state)
{
    (void)state;
    assert_int_equal(run_by(TOKEN_CONTINUE, 0, true, TOKEN_NO_STOP, too_many), ENDED_TASK_LIMIT);
}

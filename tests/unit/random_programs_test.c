/*
 * Random small programs: what source sets and sleep sets find must be what every order finds,
 * deadlocks included. Each program is a draw from its number, so a failure names it.
 */
#include "tests/unit/oracle.h"

#include <inttypes.h>

#define PROGRAMS      ORACLE_DRAWS(700)
#define TASKS_MOST    3
#define STEPS_MOST    4
#define EVERY_ORDER   3000 /* programs with more of them are passed over */
#define OUTCOMES_MOST 1024

enum step {
    READ,
    WRITE,
    ADD,
    LOCKED_INCREMENT,
    TAKE_TWO_LOCKS,
    TAKE_PERMIT,
    GIVE_PERMIT,
    PUT,
    GET,
    TRY_LOCK,
    WAIT_SET,
    SET,
    MEET,
    TIMED_LOCK,
    WAIT_NOTIFIED,
    NOTIFY,
    LOOK_ALIVE,
    SLEEP,
    STEPS
};

static uint64_t drawn_from;
static unsigned tasks, steps[TASKS_MOST];
static struct {
    enum step step;
    unsigned which;
} program[TASKS_MOST][STEPS_MOST];

static struct cell *cells[2];
static struct lock *locks[2];
static struct semaphore *permits;
static struct queue *queue;
static struct event *event;
static struct barrier *barrier;
static struct condition *condition;
static struct task *threads[TASKS_MOST];
static char seen[TASKS_MOST][STEPS_MOST * 4 + 1];

static unsigned draw(unsigned n)
{
    return (unsigned)(directed_draw(&drawn_from) >> 33) % n;
}

static void draw_program(uint64_t number)
{
    drawn_from = directed_seeded(number);
    tasks = 2 + draw(TASKS_MOST - 1);
    for (unsigned t = 0; t < tasks; t++) {
        steps[t] = 1 + draw(STEPS_MOST);
        for (unsigned i = 0; i < steps[t]; i++) {
            program[t][i].step = (enum step)draw(STEPS);
            program[t][i].which = draw(2);
        }
    }
}

static void note(unsigned task, int64_t value)
{
    size_t used = strlen(seen[task]);
    snprintf(seen[task] + used, sizeof seen[task] - used, "%d,", (int)(value % 100));
}

static void take_two(unsigned first)
{
    lock_acquire(locks[first]);
    lock_acquire(locks[!first]);
    lock_release(locks[!first]);
    lock_release(locks[first]);
}

static void do_step(unsigned task, unsigned i)
{
    unsigned which = program[task][i].which;
    int64_t item = 10 * task + i;
    switch (program[task][i].step) {
    case READ:
        note(task, cell_read(cells[which]));
        break;
    case WRITE:
        cell_write(cells[which], 1 + 10 * task + i);
        break;
    case ADD:
        cell_add(cells[which], 1);
        break;
    case LOCKED_INCREMENT:
        lock_acquire(locks[which]);
        cell_write(cells[0], cell_read(cells[0]) + 1);
        lock_release(locks[which]);
        break;
    case TAKE_TWO_LOCKS:
        take_two(which);
        break;
    case TAKE_PERMIT:
        semaphore_acquire(permits);
        break;
    case GIVE_PERMIT:
        semaphore_release(permits);
        break;
    case PUT:
        queue_put(queue, &item, item);
        break;
    case GET:
        queue_get(queue, &item);
        note(task, item);
        break;
    case TRY_LOCK:
        if (lock_try(locks[which])) {
            note(task, 1);
            lock_release(locks[which]);
        } else {
            note(task, 0);
        }
        break;
    case WAIT_SET:
        event_wait(event);
        break;
    case SET:
        event_set(event);
        break;
    case MEET:
        barrier_wait_for(barrier, 100);
        note(task, barrier_broken(barrier));
        break;
    case TIMED_LOCK:
        note(task, lock_acquire_for(locks[which], 100));
        if (lock_is_mine(locks[which]))
            lock_release(locks[which]);
        break;
    case WAIT_NOTIFIED:
        condition_acquire(condition);
        condition_wait(condition);
        condition_release(condition);
        break;
    case NOTIFY:
        condition_acquire(condition);
        condition_notify(condition, 1);
        condition_release(condition);
        break;
    case LOOK_ALIVE:
        if (threads[0] && task > 0)
            note(task, task_alive(threads[0]));
        break;
    case SLEEP:
        sleep_us(10 * (int)(1 + task + which));
        break;
    case STEPS:
        break;
    }
}

static void body(void *number)
{
    unsigned task = (unsigned)(intptr_t)number;
    for (unsigned i = 0; i < steps[task]; i++)
        do_step(task, i);
}

static void run_program(void)
{
    memset(threads, 0, sizeof threads);
    memset(seen, 0, sizeof seen);
    cells[0] = cell_new("x", 0);
    cells[1] = cell_new("y", 0);
    locks[0] = lock_new("a");
    locks[1] = lock_new("b");
    permits = semaphore_new("permits", 1);
    queue = queue_new("queue", 1, sizeof(int64_t));
    event = event_new("event");
    barrier = barrier_new("barrier", 2);
    condition = condition_new("condition", NULL);
    for (unsigned t = 0; t < tasks; t++)
        threads[t] = thread_start("t", body, (void *)(intptr_t)t);
    for (unsigned t = 0; t < tasks; t++)
        task_join(threads[t]);
    int64_t x = cell_read(cells[0]);
    snprintf(oracle_seen, sizeof oracle_seen, "%s|%s|%s x%d y%d", seen[0], seen[1], seen[2], (int)x,
             (int)cell_read(cells[1]));
}

static void show_program(void)
{
    static const char *const names[STEPS] = {
        "read",     "write",       "add",           "locked increment",
        "take two", "take permit", "give permit",   "put",
        "get",      "try",         "wait",          "set",
        "meet",     "timed lock",  "wait notified", "notify",
        "alive",    "sleep"};
    for (unsigned t = 0; t < tasks; t++) {
        print_message("  task %u:", t);
        for (unsigned i = 0; i < steps[t]; i++)
            print_message(" %s %u;", names[program[t][i].step], program[t][i].which);
        print_message("\n");
    }
}

/* Programs with more outcomes than the oracle has room for are passed over. */
static void compare(uint64_t number, unsigned *compared)
{
    static struct oracle every, reduced, asleep;
    draw_program(number);
    if (!oracle_explore(&every, run_program, EXPLORE_ALL, -1, EVERY_ORDER))
        return;
    assert_true(oracle_explore(&reduced, run_program, EXPLORE_SOURCE_SETS, -1, EVERY_ORDER));
    assert_true(oracle_explore(&asleep, run_program, EXPLORE_SLEEP_SETS, -1, EVERY_ORDER));
    ++*compared;
    assert_true(reduced.executions <= every.executions);
    char all[sizeof every.outcome];
    snprintf(all, sizeof all, "%s", oracle_outcomes(&every));
    if (strcmp(all, oracle_outcomes(&asleep)) != 0 || strcmp(all, oracle_outcomes(&reduced)) != 0)
        show_program();
    if (strcmp(all, oracle_outcomes(&asleep)) != 0)
        fail_msg("program %" PRIu64 ": sleep sets find %s, not %s", number,
                 oracle_outcomes(&asleep), all);
    if (strcmp(all, oracle_outcomes(&reduced)) != 0)
        fail_msg("program %" PRIu64 ": source sets find %s, not %s", number,
                 oracle_outcomes(&reduced), all);
}

static void compare_all(bool ignores_time)
{
    unsigned compared = 0;
    oracle_ignores_time = ignores_time;
    for (uint64_t number = 1; number <= PROGRAMS; number++)
        compare(number, &compared);
    print_message("%u programs compared\n", compared);
    assert_true(compared > PROGRAMS / 2);
}

void test_reduction_loses_nothing(void **state)
{
    (void)state;
    unsigned compared = 0;
    compare_all(true);
    compare(1043, &compared); /* a timed wait that looks like a loop, and has no news */
}

/* Nor where time orders what sleeps and time-outs order. */
void test_reduction_loses_nothing_in_time(void **state)
{
    (void)state;
    compare_all(false);
}

/*
 * Random small programs of pipes, managers, executors, generators, loops and shared memory, in
 * threads and in processes: what source sets find must be what every order finds. Each program is a
 * draw from its number, so a failure names it.
 */
#include "tests/unit/oracle.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#define PROGRAMS    ORACLE_DRAWS(800)
#define TASKS_MOST  3
#define STEPS_MOST  3
#define EVERY_ORDER 600 /* programs with more of them are passed over */

enum step {
    READ,
    WRITE,
    SEND,
    RECEIVE,
    LOOK,
    LOOK_LONG,
    CLOSE_WRITER,
    CLOSE_READER,
    GET,
    SET,
    HOLD,
    PUT,
    TAKE,
    SUBMIT,
    CANCEL,
    STATE,
    RESULT,
    NEXT,
    UPDATE_VALUE,
    UNDER_GIL,
    CREATE,
    UNLINK,
    RUN_LOOP,
    KILL,
    JOIN,
    POLL,
    STEPS
};

static const char *const names[STEPS] = {
    "read",         "write",    "send",   "receive", "look",   "look long", "close writer",
    "close reader", "get",      "set",    "hold",    "put",    "take",      "submit",
    "cancel",       "state",    "result", "next",    "update", "under gil", "create",
    "unlink",       "run loop", "kill",   "join",    "poll"};

static uint64_t drawn_from;
static unsigned tasks, steps[TASKS_MOST];
static bool processes, asks_manager, asks_executor, kills;
static enum step program[TASKS_MOST][STEPS_MOST];

static struct cell *cell;
static struct conn *reader, *writer;
static struct managed *dict, *guard, *mailbox;
static struct executor *executor;
static struct future *future;
static struct generator *numbers;
static struct value *value;
static struct gil *gil;
static struct task *victim;
static char (*seen)[STEPS_MOST * 5 + 1];

static unsigned draw(unsigned n)
{
    return (unsigned)(directed_draw(&drawn_from) >> 33) % n;
}

/* Futures and ends are looked at by the process that made them, and a generator has its own. */
static bool is_for(enum step step, bool in_processes)
{
    return !in_processes || (step != NEXT && step != JOIN && (step < SUBMIT || step > RESULT));
}

static void draw_program(uint64_t number)
{
    drawn_from = directed_seeded(number);
    processes = draw(2);
    asks_manager = asks_executor = kills = false;
    tasks = 2 + draw(TASKS_MOST - 1);
    for (unsigned t = 0; t < tasks; t++) {
        steps[t] = 1 + draw(STEPS_MOST);
        for (unsigned i = 0; i < steps[t]; i++) {
            do
                program[t][i] = (enum step)draw(STEPS);
            while (!is_for(program[t][i], processes));
            asks_manager |= program[t][i] >= GET && program[t][i] <= TAKE;
            asks_executor |= program[t][i] >= SUBMIT && program[t][i] <= RESULT;
            kills |= program[t][i] == KILL || program[t][i] == JOIN;
        }
    }
}

/* Threads that do what is given, up to STEPS. */
static void take_program(unsigned n, const enum step (*given)[STEPS_MOST])
{
    processes = asks_manager = asks_executor = kills = false;
    tasks = n;
    for (unsigned t = 0; t < n; t++) {
        steps[t] = 0;
        for (unsigned i = 0; i < STEPS_MOST && given[t][i] != STEPS; i++) {
            program[t][steps[t]++] = given[t][i];
            asks_executor |= given[t][i] >= SUBMIT && given[t][i] <= RESULT;
        }
    }
}

/* A cancellation beside a timed wait for the same future. */
static void timed_wait_for_a_future(void)
{
    take_program(
        2, (const enum step[][STEPS_MOST]){{LOOK_LONG, CANCEL, READ}, {LOOK_LONG, RESULT, STEPS}});
}

/* When nobody has news it is open who looks again. */
static void two_who_poll(void)
{
    take_program(3, (const enum step[][STEPS_MOST]){
                        {POLL, CLOSE_WRITER, STEPS}, {POLL, STEPS}, {LOOK_LONG, STEPS}});
}

static void note(unsigned task, int64_t number)
{
    size_t used = strlen(seen[task]);
    snprintf(seen[task] + used, sizeof seen[task] - used, "%d,", (int)(number % 1000));
}

static int64_t add_one(struct call *call)
{
    return cell_add(cell, 1) + call->x;
}

static void count_up(struct generator *self, void *unused)
{
    (void)unused;
    for (int64_t i = 1; i < 9 && yield(self, &i, NULL); i++)
        cell_add(cell, 1);
}

static int64_t sleep_and_add(void *unused)
{
    (void)unused;
    loop_sleep(10);
    return cell_add(cell, 1);
}

static int64_t two_sleepers(void *unused)
{
    (void)unused;
    struct coro *both[] = {loop_create_task("one", sleep_and_add, NULL),
                           loop_create_task("two", sleep_and_add, NULL)};
    loop_gather(both, 2);
    return 10 * coro_result(both[0]) + coro_result(both[1]);
}

static void hold(unsigned task)
{
    int64_t number = 0;
    int r = managed_acquire(guard, 100);
    note(task, r);
    if (r < 0)
        return;
    managed_get(dict, "k", &number);
    managed_release(guard);
}

static void increase_under_gil(void)
{
    gil_take(gil);
    int64_t number = cell_read(cell);
    gil_check(gil);
    cell_write(cell, number + 1);
    gil_drop(gil);
}

static void add_twice(void *unused)
{
    (void)unused;
    cell_add(cell, 100);
    cell_add(cell, 100);
}

/* Looks, and sleeps in between, until something has been written or somebody has sent something. */
static void poll(unsigned task)
{
    int times = 0;
    while (times < 3 && cell_read(cell) == 0 && !conn_poll(reader, 10))
        times++;
    note(task, times);
}

static void do_step(unsigned task, unsigned i)
{
    int64_t number = 0;
    struct yielded yielded = {0};
    struct memory *memory;
    switch (program[task][i]) {
    case READ:
        note(task, cell_read(cell));
        break;
    case WRITE:
        cell_write(cell, 10 * task + i);
        break;
    case SEND:
        note(task, conn_send_number(writer, 1 + 10 * task + i));
        break;
    case RECEIVE:
        note(task, conn_recv_number(reader, &number));
        note(task, number);
        break;
    case LOOK:
        note(task, conn_poll(reader, 0));
        break;
    case LOOK_LONG:
        note(task, conn_poll(reader, 100));
        break;
    case CLOSE_WRITER:
        conn_close(writer);
        break;
    case CLOSE_READER:
        conn_close(reader);
        break;
    case GET:
        managed_get(dict, "k", &number);
        note(task, number);
        break;
    case SET:
        managed_set(dict, "k", 1 + 10 * task + i);
        break;
    case HOLD:
        hold(task);
        break;
    case PUT:
        note(task, managed_put(mailbox, 10 * task + i, 100));
        break;
    case TAKE:
        note(task, managed_take(mailbox, &number, 100));
        note(task, number);
        break;
    case SUBMIT:
        executor_submit(executor, add_one, 10);
        break;
    case CANCEL:
        note(task, future_cancel(future));
        break;
    case STATE:
        note(task, future_state(future));
        break;
    case RESULT:
        note(task, future_result(future, task == 0 ? FOREVER : 100, &number));
        note(task, number);
        break;
    case NEXT:
        note(task, generator_next(numbers, &yielded));
        note(task, yielded.number);
        break;
    case UPDATE_VALUE:
        value_set(value, value_get(value) + 1);
        break;
    case UNDER_GIL:
        increase_under_gil();
        break;
    case CREATE:
        note(task, memory_create("m", 8, &memory));
        break;
    case UNLINK:
        if (memory_attach("m", &memory) == 0)
            note(task, memory_unlink(memory));
        break;
    case RUN_LOOP:
        loop_run("main", two_sleepers, NULL, &number);
        note(task, number);
        break;
    case KILL:
        note(task, task_kill(victim));
        break;
    case JOIN:
        note(task, task_join(victim));
        break;
    case POLL:
        poll(task);
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

static void make_objects(void)
{
    struct manager *manager = asks_manager ? manager_new() : NULL;
    seen = shared_new(TASKS_MOST * sizeof *seen);
    cell = cell_new("x", 0);
    pipe_new("p", false, &reader, &writer);
    value = value_new("v", 'i', 0);
    gil = gil_new(50000);
    if (manager) {
        dict = manager_dict(manager, "d");
        guard = manager_lock(manager, "guard");
        mailbox = manager_queue(manager, "mailbox", 1);
        managed_set(dict, "k", 0);
    }
    executor = asks_executor ? executor_new(TASK_THREAD, 1) : NULL;
    future = executor ? executor_submit(executor, add_one, 20) : NULL;
    victim = kills ? process_start("victim", add_twice, NULL) : NULL;
    numbers = processes ? NULL : generator_new("numbers", count_up, NULL); /* nobody forks later */
}

static void run_program(void)
{
    struct task *made[TASKS_MOST];
    make_objects();
    for (unsigned t = 0; t < tasks; t++)
        made[t] =
            task_start(processes ? TASK_PROCESS : TASK_THREAD, "t", body, (void *)(intptr_t)t);
    int code = victim ? task_join(victim) : 0;
    for (unsigned t = 0; t < tasks; t++)
        task_join(made[t]);
    if (executor)
        executor_shutdown(executor, true, false);
    snprintf(oracle_seen, sizeof oracle_seen, "%s|%s|%s x%d v%d k%d", seen[0], seen[1], seen[2],
             (int)cell_read(cell), (int)value_get(value), code);
}

static void show_program(void)
{
    for (unsigned t = 0; t < tasks; t++) {
        print_message("  %s %u:", processes ? "process" : "thread", t);
        for (unsigned i = 0; i < steps[t]; i++)
            print_message(" %s;", names[program[t][i]]);
        print_message("\n");
    }
}

static void compare(uint64_t number, uint64_t most, unsigned *compared)
{
    static struct oracle every, reduced;
    static char all[sizeof every.outcome];
    if (!oracle_explore(&every, run_program, EXPLORE_ALL, -1, most))
        return;
    assert_true(oracle_explore(&reduced, run_program, EXPLORE_SOURCE_SETS, -1, most));
    ++*compared;
    snprintf(all, sizeof all, "%s", oracle_outcomes(&every));
    if (strcmp(all, oracle_outcomes(&reduced)) == 0)
        return;
    show_program();
    fail_msg("program %" PRIu64 ": source sets find %s, not %s", number, oracle_outcomes(&reduced),
             all);
}

void test_reduction_loses_nothing(void **state)
{
    (void)state;
    unsigned compared = 0;
    for (uint64_t number = 1; number <= PROGRAMS; number++) {
        draw_program(number);
        compare(number, EVERY_ORDER, &compared);
    }
    timed_wait_for_a_future();
    compare(0, 6000, &compared);
    two_who_poll();
    compare(0, 6000, &compared);
    print_message("%u programs compared\n", compared);
    assert_true(compared > PROGRAMS / 4);
}

/* Nor where time orders what sleeps and time-outs order. */
void test_reduction_loses_nothing_in_time(void **state)
{
    (void)state;
    unsigned compared = 0;
    oracle_ignores_time = false;
    for (uint64_t number = 1; number <= PROGRAMS; number++) {
        draw_program(number);
        compare(number, EVERY_ORDER, &compared);
    }
    draw_program(2505); /* who would have got what another one got, before its time was up */
    compare(2505, EVERY_ORDER, &compared);
    print_message("%u programs compared\n", compared);
    assert_true(compared > PROGRAMS / 4);
}

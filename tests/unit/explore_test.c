/*
 * The classical programs with their known outcomes and numbers of executions: all orders, and one of
 * each class of equivalent orders.
 */
#include "tests/unit/oracle.h"

#include <inttypes.h>
#include <stdarg.h>

static struct cell *x, *y, *turn, *inside, *flag[2];
static struct lock *a, *b, *forks[8];
static struct semaphore *room;
static struct condition *condition;
static int philosophers;

static void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(oracle_seen, sizeof oracle_seen, format, args);
    va_end(args);
}

/* Runs n threads of bodies to their ends; the argument is the number. */
static void run_threads(unsigned n, task_fn *const *bodies)
{
    static const intptr_t numbers[] = {0, 1, 2, 3, 4, 5, 6, 7};
    struct task *tasks[8];
    for (unsigned i = 0; i < n; i++)
        tasks[i] = thread_start("t", bodies[i], (void *)numbers[i]);
    for (unsigned i = 0; i < n; i++)
        task_join(tasks[i]);
}

#define RUN(...)                                                                                   \
    run_threads(sizeof((task_fn *[]){__VA_ARGS__}) / sizeof(task_fn *), (task_fn *[]){__VA_ARGS__})

static void inc(struct cell *cell)
{
    cell_write(cell, cell_read(cell) + 1);
}

static void inc_once(void *n)
{
    (void)n;
    inc(x);
}

static void inc_twice(void *n)
{
    inc_once(n);
    inc_once(n);
}

static void inc_thrice(void *n)
{
    inc_twice(n);
    inc_once(n);
}

static void say_x(void)
{
    say("%" PRId64, cell_read(x));
}

static void one_inc(void)
{
    x = cell_new("x", 0);
    RUN(inc_once, inc_once);
    say_x();
}

static void two_incs(void)
{
    x = cell_new("x", 0);
    RUN(inc_twice, inc_twice);
    say_x();
}

static void three_tasks(void)
{
    x = cell_new("x", 0);
    RUN(inc_once, inc_once, inc_once);
    say_x();
}

static void five_incs_body(void *n)
{
    inc_twice(n);
    inc_thrice(n);
}

static void five_incs(void)
{
    x = cell_new("x", 0);
    RUN(five_incs_body, five_incs_body);
    say_x();
}

static void three_by_three(void)
{
    x = cell_new("x", 0);
    RUN(inc_thrice, inc_thrice, inc_thrice);
    say_x();
}

static void locked_incs(void *n)
{
    (void)n;
    for (int i = 0; i < 2; i++) {
        lock_acquire(a);
        inc(x);
        lock_release(a);
    }
}

static void mutexed(void)
{
    x = cell_new("x", 0);
    a = lock_new("a");
    RUN(locked_incs, locked_incs);
    say_x();
}

static void take_both(struct lock *first, struct lock *second)
{
    lock_acquire(first);
    lock_acquire(second);
    lock_release(second);
    lock_release(first);
}

static void a_then_b(void *n)
{
    (void)n;
    take_both(a, b);
}

static void b_then_a(void *n)
{
    (void)n;
    take_both(b, a);
}

static void new_locks(void)
{
    a = lock_new("a");
    b = lock_new("b");
}

static void opposite_order(void)
{
    new_locks();
    RUN(a_then_b, b_then_a);
    say("ok");
}

static void same_order(void)
{
    new_locks();
    RUN(a_then_b, a_then_b);
    say("ok");
}

static void dine(void *n)
{
    intptr_t i = (intptr_t)n;
    take_both(forks[i], forks[(i + 1) % philosophers]);
}

static void dine_reversed(void *n)
{
    intptr_t i = (intptr_t)n;
    take_both(forks[(i + 1) % philosophers], forks[i]);
}

static void dine_in_room(void *n)
{
    semaphore_acquire(room);
    dine(n);
    semaphore_release(room);
}

static void lay_table(int n)
{
    philosophers = n;
    for (int i = 0; i < n; i++)
        forks[i] = lock_new("fork");
}

static void three_philosophers(void)
{
    lay_table(3);
    RUN(dine, dine, dine);
    say("ok");
}

static void last_reversed(void)
{
    lay_table(3);
    RUN(dine, dine, dine_reversed);
    say("ok");
}

static void room_of_two(void)
{
    lay_table(3);
    room = semaphore_new("room", 2);
    RUN(dine_in_room, dine_in_room, dine_in_room);
    say("ok");
}

static void five_philosophers(void)
{
    lay_table(5);
    RUN(dine, dine, dine, dine, dine);
    say("ok");
}

static void six_philosophers(void)
{
    lay_table(6);
    RUN(dine, dine, dine, dine, dine, dine);
    say("ok");
}

static int64_t saw[4];

static void write_x_read_y(void *n)
{
    (void)n;
    cell_write(x, 1);
    saw[0] = cell_read(y);
}

static void write_y_read_x(void *n)
{
    (void)n;
    cell_write(y, 1);
    saw[1] = cell_read(x);
}

static void new_cells(void)
{
    x = cell_new("x", 0);
    y = cell_new("y", 0);
}

static void store_buffering(void)
{
    new_cells();
    RUN(write_x_read_y, write_y_read_x);
    say("%d%d", (int)saw[0], (int)saw[1]);
}

static void send_message(void *n)
{
    (void)n;
    cell_write(x, 1); /* the data */
    cell_write(y, 1); /* the flag */
}

static void read_message(void *n)
{
    (void)n;
    saw[0] = cell_read(y);
    saw[1] = cell_read(x);
}

static void message_passing(void)
{
    new_cells();
    RUN(send_message, read_message);
    say("%d%d", (int)saw[0], (int)saw[1]);
}

static void write_x(void *n)
{
    (void)n;
    cell_write(x, 1);
}

static void write_y(void *n)
{
    (void)n;
    cell_write(y, 1);
}

static void read_x_y(void *n)
{
    (void)n;
    saw[0] = cell_read(x);
    saw[1] = cell_read(y);
}

static void read_y_x(void *n)
{
    (void)n;
    saw[2] = cell_read(y);
    saw[3] = cell_read(x);
}

static void iriw(void)
{
    new_cells();
    RUN(write_x, write_y, read_x_y, read_y_x);
    say("%d%d%d%d", (int)saw[0], (int)saw[1], (int)saw[2], (int)saw[3]);
}

/* ---- two tasks, one at a time inside ---- */

static bool broken;

/* What it is all for: nobody else is inside. */
static void be_inside(void)
{
    cell_write(inside, 1);
    if (cell_read(inside) != 1)
        broken = true;
    cell_write(inside, 0);
}

static void say_exclusion(void)
{
    say(broken ? "ASSERT" : "ok");
}

static void new_flags(void)
{
    flag[0] = cell_new("flag 0", 0);
    flag[1] = cell_new("flag 1", 0);
    turn = cell_new("turn", 0);
    inside = cell_new("inside", 0);
    x = cell_new("x", 0);
    broken = false;
}

static void overdraw(void *n)
{
    (void)n;
    if (cell_read(x) >= 70)
        cell_write(x, cell_read(x) - 70);
}

static void overdrawn(void)
{
    x = cell_new("x", 100);
    RUN(overdraw, overdraw);
    say_x();
}

static void add_y_to_x(void *n)
{
    (void)n;
    for (int i = 0; i < 2; i++) {
        int64_t left = cell_read(x);
        cell_write(x, left + cell_read(y));
    }
}

static void add_x_to_y(void *n)
{
    (void)n;
    for (int i = 0; i < 2; i++) {
        int64_t left = cell_read(y);
        cell_write(y, left + cell_read(x));
    }
}

static void fibonacci(void)
{
    x = cell_new("x", 1);
    y = cell_new("y", 1);
    RUN(add_y_to_x, add_x_to_y);
    int64_t first = cell_read(x);
    say("%d,%d", (int)first, (int)cell_read(y));
}

static void wait_once(void *n)
{
    (void)n;
    condition_acquire(condition);
    condition_wait(condition);
    condition_release(condition);
}

static void signal_once(void *n)
{
    (void)n;
    condition_acquire(condition);
    condition_notify(condition, 1);
    condition_release(condition);
}

static void wait_without_predicate(void)
{
    condition = condition_new("c", lock_new("l"));
    RUN(wait_once, signal_once);
    say("ok");
}

static void wait_for_x(void *n)
{
    (void)n;
    condition_acquire(condition);
    while (cell_read(x) == 0)
        condition_wait(condition);
    condition_release(condition);
}

static void set_and_signal(void *n)
{
    (void)n;
    cell_write(x, 1);
    condition_signal(condition, 1);
}

static void set_locked_and_signal(void *n)
{
    (void)n;
    condition_acquire(condition);
    cell_write(x, 1);
    condition_release(condition);
    condition_signal(condition, 1);
}

static void unlocked_write(void)
{
    x = cell_new("x", 0);
    condition = condition_new("c", lock_new("l"));
    RUN(wait_for_x, set_and_signal);
    say("ok");
}

static void locked_write(void)
{
    x = cell_new("x", 0);
    condition = condition_new("c", lock_new("l"));
    RUN(wait_for_x, set_locked_and_signal);
    say("ok");
}

static const struct known {
    const char *name;
    void (*program)(void);
    const char *outcomes;
    uint64_t all, classes, blocked, one, two; /* 0: not looked at */
} known[] = {
    {.name = "1 increment", .program = one_inc, .outcomes = "1|2", .all = 6, .classes = 4},
    {.name = "2 increments", .program = two_incs, .outcomes = "2|3|4", .all = 70, .classes = 34, .blocked = 0, .one = 8, .two = 26},
    {.name = "3 tasks", .program = three_tasks, .outcomes = "1|2|3", .all = 90, .classes = 36},
    {.name = "mutex", .program = mutexed, .outcomes = "4", .all = 6, .classes = 6, .blocked = 0, .one = 4, .two = 6},
    {.name = "AB BA", .program = opposite_order, .outcomes = "DEADLOCK|ok", .all = 6, .classes = 3},
    {.name = "AB AB", .program = same_order, .outcomes = "ok", .all = 2, .classes = 2},
    {.name = "3 philosophers", .program = three_philosophers, .outcomes = "DEADLOCK|ok", .all = 168, .classes = 7, .blocked = 0, .one = 57, .two = 129},
    {.name = "last reversed", .program = last_reversed, .outcomes = "ok", .all = 142, .classes = 6},
    {.name = "room of 2", .program = room_of_two, .outcomes = "ok", .all = 20280, .classes = 126, .blocked = 3, .one = 0, .two = 0},
    {.name = "5 philosophers", .program = five_philosophers, .outcomes = "DEADLOCK|ok", .all = 0, .classes = 31, .blocked = 0, .one = 4820, .two = 64705},
    {.name = "6 philosophers", .program = six_philosophers, .outcomes = "DEADLOCK|ok", .all = 0, .classes = 63, .blocked = 0, .one = 49044, .two = 0},
    {.name = "store buffering", .program = store_buffering, .outcomes = "01|10|11", .all = 6, .classes = 3},
    {.name = "message passing", .program = message_passing, .outcomes = "00|01|11", .all = 6, .classes = 3},
    {.name = "IRIW", .program = iriw, .outcomes = "0000|0001|0010|0011|0100|0101|0110|0111|1000|1001|1011|1100|1101|1110|1111", .all = 180, .classes = 15},
    {.name = "overdraw", .program = overdrawn, .outcomes = "-40|30", .all = 20, .classes = 6},
    {.name = "fib", .program = fibonacci, .outcomes = "3,4|3,5|3,6|3,7|4,3|4,4|4,6|5,3|5,5|5,7|5,8|6,3|6,4|7,3|7,5|8,5", .all = 924, .classes = 19},
    {.name = "no predicate", .program = wait_without_predicate, .outcomes = "DEADLOCK|ok", .all = 2, .classes = 2},
    {.name = "unlocked write", .program = unlocked_write, .outcomes = "DEADLOCK|ok", .all = 10, .classes = 3},
    {.name = "locked write", .program = locked_write, .outcomes = "ok", .all = 5, .classes = 2},
    {.name = "5 increments", .program = five_incs, .outcomes = "10|2|3|4|5|6|7|8|9", .all = 184756, .classes = 34904},
};

static void compare(const struct known *k, const char *how, struct oracle *o, uint64_t expected)
{
    if (o->executions != expected || strcmp(oracle_outcomes(o), k->outcomes) != 0)
        print_message("%s, %s: %" PRIu64 "+%" PRIu64 " executions, expected %" PRIu64 ": %s\n", k->name, how,
                      o->executions, o->blocked, expected, oracle_outcomes(o));
}

void test_oracles(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const struct known *k = &known[i];
        struct oracle o;
        if (k->all > 0) {
            oracle_explore(&o, k->program, EXPLORE_ALL, -1, 300000);
            compare(k, "all", &o, k->all);
        }
        oracle_explore(&o, k->program, EXPLORE_SOURCE_SETS, -1, 300000);
        compare(k, "source sets", &o, k->classes);
        if (o.blocked != k->blocked) print_message("  blocked %" PRIu64 "\n", o.blocked);
        if (k->one) {
            oracle_explore(&o, k->program, EXPLORE_ALL, 1, 300000);
            if (o.executions != k->one) print_message("%s <=1: %" PRIu64 "\n", k->name, o.executions);
        }
        if (k->two) {
            oracle_explore(&o, k->program, EXPLORE_ALL, 2, 300000);
            if (o.executions != k->two) print_message("%s <=2: %" PRIu64 "\n", k->name, o.executions);
        }
    }
}

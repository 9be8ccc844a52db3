/*
 * The classical programs with their known outcomes and numbers of executions: all orders, and one
 * of each class of equivalent orders.
 */
#include "tests/unit/oracle.h"

#include <inttypes.h>
#include <limits.h>
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

/* Ends the execution at once, as a failed assertion does. */
_Noreturn static void fail_assertion(const char *what)
{
    say("%s", what);
    control_end(seam_self.control, ENDED_COMPLETED);
}

/* ---- two tasks, one at a time inside ---- */

static void new_flags(void)
{
    flag[0] = cell_new("flag 0", 0);
    flag[1] = cell_new("flag 1", 0);
    turn = cell_new("turn", 0);
    inside = cell_new("inside", 0);
}

static void be_inside(void)
{
    if (cell_add(inside, 1) != 1)
        fail_assertion("ASSERT");
    cell_add(inside, -1);
}

static void await_turn(int me)
{
    while (cell_read(flag[!me]) && cell_read(turn) == !me)
        spin_pause();
    be_inside();
    cell_write(flag[me], 0);
}

static void peterson_body(void *n)
{
    int me = (intptr_t)n != 0;
    cell_write(flag[me], 1);
    cell_write(turn, !me);
    await_turn(me);
}

static void peterson(void)
{
    new_flags();
    RUN(peterson_body, peterson_body);
    say("ok");
}

static void turn_before_flag_body(void *n)
{
    int me = (intptr_t)n != 0;
    cell_write(turn, !me);
    cell_write(flag[me], 1);
    await_turn(me);
}

static void turn_before_flag(void)
{
    new_flags();
    RUN(turn_before_flag_body, turn_before_flag_body);
    say("ok");
}

static void flags_only_body(void *n)
{
    int me = (intptr_t)n != 0;
    cell_write(flag[me], 1);
    while (cell_read(flag[!me]))
        spin_pause();
    be_inside();
    cell_write(flag[me], 0);
}

static void flags_only(void)
{
    new_flags();
    RUN(flags_only_body, flags_only_body);
    say("ok");
}

static void test_then_set_body(void *n)
{
    (void)n;
    while (cell_read(flag[0]))
        spin_pause();
    cell_write(flag[0], 1);
    be_inside();
    cell_write(flag[0], 0);
}

static void test_then_set(void)
{
    new_flags();
    RUN(test_then_set_body, test_then_set_body);
    say("ok");
}

/* ---- a buffer of one place, guarded by a lock ---- */

static struct condition *not_empty, *not_full;
static int held, item, taken[4];
static bool looks_again, wakes_all;

static void put_item(int number)
{
    lock_acquire(a);
    while (held == 1)
        condition_wait(not_full);
    held = 1;
    item = number;
    condition_notify(not_empty, wakes_all ? UINT_MAX : 1);
    lock_release(a);
}

static int take_item(void)
{
    lock_acquire(a);
    if (held == 0)
        condition_wait(not_empty);
    while (looks_again && held == 0)
        condition_wait(not_empty);
    if (held == 0)
        fail_assertion("ASSERT empty");
    held = 0;
    condition_notify(not_full, wakes_all ? UINT_MAX : 1);
    lock_release(a);
    return item;
}

static void produce_two(void *n)
{
    (void)n;
    put_item(1);
    put_item(2);
}

static void produce_one(void *n)
{
    put_item((int)(intptr_t)n);
}

static void consume_one(void *n)
{
    taken[(intptr_t)n] = take_item();
}

static void new_buffer(bool again, bool all, bool one_condition)
{
    a = lock_new("a");
    not_empty = condition_new("not empty", a);
    not_full = one_condition ? not_empty : condition_new("not full", a);
    held = item = 0;
    looks_again = again;
    wakes_all = all;
}

static void buffer_if(void)
{
    new_buffer(false, false, false);
    RUN(produce_two, consume_one, consume_one);
    say("%d%d", taken[1], taken[2]);
}

static void buffer_while(void)
{
    new_buffer(true, false, false);
    RUN(produce_two, consume_one, consume_one);
    say("%d%d", taken[1], taken[2]);
}

static void buffer_signal(void)
{
    new_buffer(true, false, true);
    RUN(produce_one, produce_one, consume_one, consume_one);
    say("ok");
}

static void buffer_broadcast(void)
{
    new_buffer(true, true, true);
    RUN(produce_one, produce_one, consume_one, consume_one);
    say("ok");
}

/* ---- a stack without a lock, which meets ABA ---- */

static struct cell *top, *next[4];
static int popped;

static int64_t pop(void)
{
    for (;;) {
        int64_t first = cell_read(top);
        if (first == 0)
            return 0;
        if (cell_compare_set(top, first, cell_read(next[first])))
            return first;
    }
}

static void push(int64_t number)
{
    int64_t first;
    do {
        first = cell_read(top);
        cell_write(next[number], first);
    } while (!cell_compare_set(top, first, number));
}

static void pop_one(void *n)
{
    (void)n;
    popped = (int)pop();
}

static void pop_two_push_first(void *n)
{
    (void)n;
    int64_t first = pop();
    pop();
    push(first);
}

static void aba(void)
{
    char left[8] = "";
    top = cell_new("top", 1);
    for (int i = 1; i <= 3; i++)
        next[i] = cell_new("next", i % 3 + 1 == 1 ? 0 : i + 1);
    RUN(pop_one, pop_two_push_first);
    for (int64_t i = cell_read(top); i && strlen(left) < 4; i = cell_read(next[i]))
        snprintf(left + strlen(left), 4, "%d", (int)i);
    say("%s pop%d", left, popped);
}

static struct queue *forth, *back;

static void write_then_read(struct queue *to, struct queue *from)
{
    int64_t number = 0;
    for (int i = 0; i < 3; i++)
        queue_put(to, &number, i);
    for (int i = 0; i < 3; i++)
        queue_get(from, &number);
}

static void write_forth(void *n)
{
    (void)n;
    write_then_read(forth, back);
}

static void write_back(void *n)
{
    (void)n;
    write_then_read(back, forth);
}

static void full_pipes(void)
{
    forth = queue_new("forth", 2, sizeof(int64_t));
    back = queue_new("back", 2, sizeof(int64_t));
    RUN(write_forth, write_back);
    say("ok");
}

static const struct known {
    const char *name;
    void (*program)(void);
    const char *outcomes;
    uint64_t all, classes; /* executions; 0: not looked at */
    uint64_t blocked;      /* given up by source sets */
    uint64_t asleep;       /* given up by sleep sets alone */
    uint64_t one, two;     /* executions with at most so many preemptions */
} known[] = {
    {.name = "1 increment", .program = one_inc, .outcomes = "1|2", .all = 6, .classes = 4},
    {.name = "2 increments",
     .program = two_incs,
     .outcomes = "2|3|4",
     .all = 70,
     .classes = 34,
     .blocked = 0,
     .one = 8,
     .two = 26},
    {.name = "3 tasks", .program = three_tasks, .outcomes = "1|2|3", .all = 90, .classes = 36},
    {.name = "mutex",
     .program = mutexed,
     .outcomes = "4",
     .all = 6,
     .classes = 6,
     .blocked = 0,
     .one = 4,
     .two = 6},
    {.name = "AB BA",
     .program = opposite_order,
     .outcomes = "DEADLOCK|ok",
     .all = 6,
     .classes = 3,
     .asleep = 2},
    {.name = "AB AB", .program = same_order, .outcomes = "ok", .all = 2, .classes = 2},
    {.name = "3 philosophers",
     .program = three_philosophers,
     .outcomes = "DEADLOCK|ok",
     .all = 168,
     .classes = 7,
     .blocked = 0,
     .one = 57,
     .two = 129,
     .asleep = 20},
    {.name = "last reversed",
     .program = last_reversed,
     .outcomes = "ok",
     .all = 142,
     .classes = 6,
     .asleep = 10},
    {.name = "room of 2",
     .program = room_of_two,
     .outcomes = "ok",
     .all = 20280,
     .classes = 126,
     .blocked = 3,
     .one = 0,
     .two = 0,
     .asleep = 186},
    {.name = "5 philosophers",
     .program = five_philosophers,
     .outcomes = "DEADLOCK|ok",
     .all = 0,
     .classes = 31,
     .blocked = 0,
     .one = 4820,
     .two = 64705,
     .asleep = 688},
    {.name = "6 philosophers",
     .program = six_philosophers,
     .outcomes = "DEADLOCK|ok",
     .all = 0,
     .classes = 63,
     .blocked = 0,
     .one = 49044,
     .two = 0,
     .asleep = 3533},
    {.name = "store buffering",
     .program = store_buffering,
     .outcomes = "01|10|11",
     .all = 6,
     .classes = 3,
     .asleep = 1},
    {.name = "message passing",
     .program = message_passing,
     .outcomes = "00|01|11",
     .all = 6,
     .classes = 3,
     .asleep = 1},
    {.name = "IRIW",
     .program = iriw,
     .outcomes = "0000|0001|0010|0011|0100|0101|0110|0111|1000|1001|1011|1100|1101|1110|1111",
     .all = 180,
     .classes = 15,
     .asleep = 16},
    {.name = "Peterson",
     .program = peterson,
     .outcomes = "ok",
     .all = 454,
     .classes = 12,
     .asleep = 11},
    {.name = "turn before flag",
     .program = turn_before_flag,
     .outcomes = "ASSERT|ok",
     .all = 394,
     .classes = 18,
     .asleep = 18},
    {.name = "flags only",
     .program = flags_only,
     .outcomes = "LIVELOCK|ok",
     .all = 24,
     .classes = 5,
     .asleep = 5},
    {.name = "test then set",
     .program = test_then_set,
     .outcomes = "ASSERT|ok",
     .all = 88,
     .classes = 18,
     .asleep = 8},
    {.name = "buffer, if",
     .program = buffer_if,
     .outcomes = "12|21|ASSERT empty",
     .all = 32,
     .classes = 32,
     .blocked = 0,
     .one = 32,
     .two = 32},
    {.name = "buffer, while",
     .program = buffer_while,
     .outcomes = "12|21",
     .all = 32,
     .classes = 32},
    {.name = "one condition, signal",
     .program = buffer_signal,
     .outcomes = "DEADLOCK|ok",
     .all = 80,
     .classes = 80},
    {.name = "one condition, broadcast",
     .program = buffer_broadcast,
     .outcomes = "ok",
     .all = 80,
     .classes = 80},
    {.name = "ABA",
     .program = aba,
     .outcomes = "1 pop2|1 pop3|2 pop1|23 pop1|3 pop1",
     .all = 9355,
     .classes = 55,
     .asleep = 30},
    {.name = "full pipes",
     .program = full_pipes,
     .outcomes = "DEADLOCK",
     .all = 6,
     .classes = 1,
     .asleep = 2},
    {.name = "overdraw", .program = overdrawn, .outcomes = "-40|30", .all = 20, .classes = 6},
    {.name = "fib",
     .program = fibonacci,
     .outcomes = "3,4|3,5|3,6|3,7|4,3|4,4|4,6|5,3|5,5|5,7|5,8|6,3|6,4|7,3|7,5|8,5",
     .all = 924,
     .classes = 19,
     .blocked = 4,
     .asleep = 18},
    {.name = "no predicate",
     .program = wait_without_predicate,
     .outcomes = "DEADLOCK|ok",
     .all = 2,
     .classes = 2},
    {.name = "unlocked write",
     .program = unlocked_write,
     .outcomes = "DEADLOCK|ok",
     .all = 10,
     .classes = 3,
     .asleep = 2},
    {.name = "locked write",
     .program = locked_write,
     .outcomes = "ok",
     .all = 5,
     .classes = 2,
     .asleep = 1},
    {.name = "3 increments, 3 tasks",
     .program = three_by_three,
     .outcomes = "",
     .one = 96,
     .two = 1056},
    {.name = "5 increments",
     .program = five_incs,
     .outcomes = "10|2|3|4|5|6|7|8|9",
     .all = 184756,
     .classes = 34904},
};

static void expect(const struct known *k, const char *how, struct oracle *o, uint64_t executions)
{
    if (o->executions != executions)
        fail_msg("%s, %s: %" PRIu64 " executions, not %" PRIu64, k->name, how, o->executions,
                 executions);
}

static void expect_all(const struct known *k, const char *how, struct oracle *o,
                       uint64_t executions)
{
    expect(k, how, o, executions);
    if (strcmp(oracle_outcomes(o), k->outcomes) != 0)
        fail_msg("%s, %s: %s, not %s", k->name, how, oracle_outcomes(o), k->outcomes);
}

void test_every_order(void **state)
{
    (void)state;
    struct oracle o;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].all > 0) {
            assert_true(oracle_explore(&o, known[i].program, EXPLORE_ALL, -1, 300000));
            expect_all(&known[i], "every order", &o, known[i].all);
        }
}

void test_source_sets(void **state)
{
    (void)state;
    struct oracle o;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].classes == 0)
            continue;
        assert_true(oracle_explore(&o, known[i].program, EXPLORE_SOURCE_SETS, -1, 300000));
        expect_all(&known[i], "source sets", &o, known[i].classes);
        assert_int_equal(o.blocked, known[i].blocked);
    }
}

/* Sleep sets alone find the same, and give up what they cannot foresee. */
void test_sleep_sets(void **state)
{
    (void)state;
    struct oracle o;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].classes == 0)
            continue;
        assert_true(oracle_explore(&o, known[i].program, EXPLORE_SLEEP_SETS, -1, 300000));
        expect_all(&known[i], "sleep sets", &o, known[i].classes);
        assert_int_equal(o.blocked, known[i].asleep);
    }
}

void test_bounded_preemptions(void **state)
{
    (void)state;
    struct oracle o;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const uint64_t bounded[] = {0, known[i].one, known[i].two};
        for (int most = 1; most <= 2; most++)
            if (bounded[most] > 0) {
                assert_true(oracle_explore(&o, known[i].program, EXPLORE_ALL, most, 300000));
                expect(&known[i], most == 1 ? "1 preemption" : "2 preemptions", &o, bounded[most]);
            }
    }
}

/*
 * What a controlled execution costs: random ones per second, as a multiple of a bare switch of
 * stacks in the same run, and complete searches, naive against reduced.
 */
#include "tests/unit/oracle.h"

#include <inttypes.h>

#define SWITCHES   20000000u
#define EXECUTIONS 400000u

static struct cell *share;
static struct lock *a, *b, *forks[8];
static struct queue *buffer;
static int philosophers;

static void increment(void *n)
{
    for (intptr_t i = 0; i < (intptr_t)n; i++)
        cell_write(share, cell_read(share) + 1);
}

static void in_threads(unsigned n, task_fn *const *bodies, void *const *arguments)
{
    struct task *tasks[8];
    for (unsigned i = 0; i < n; i++)
        tasks[i] = thread_start("t", bodies[i], arguments[i]);
    for (unsigned i = 0; i < n; i++)
        task_join(tasks[i]);
}

static void increments(unsigned tasks, intptr_t times)
{
    task_fn *bodies[] = {increment, increment, increment};
    void *arguments[] = {(void *)times, (void *)times, (void *)times};
    share = cell_new("share", 0);
    in_threads(tasks, bodies, arguments);
    oracle_seen[0] = (char)('A' + cell_read(share));
    oracle_seen[1] = '\0';
}

static void lost_update(void)
{
    increments(2, 2);
}

static void five_increments(void)
{
    increments(2, 5);
}

static void three_by_three(void)
{
    increments(3, 3);
}

static void take_both(struct lock *first, struct lock *second)
{
    lock_acquire(first);
    lock_acquire(second);
    lock_release(second);
    lock_release(first);
}

static void one_order(void *other)
{
    take_both(other ? b : a, other ? a : b);
}

static void two_locks(void)
{
    a = lock_new("a");
    b = lock_new("b");
    in_threads(2, (task_fn *[]){one_order, one_order}, (void *[]){NULL, &a});
}

static void dine(void *n)
{
    intptr_t i = (intptr_t)n;
    take_both(forks[i], forks[(i + 1) % philosophers]);
}

static void dining(int n)
{
    task_fn *bodies[] = {dine, dine, dine, dine, dine, dine};
    void *const numbers[] = {(void *)0, (void *)1, (void *)2, (void *)3, (void *)4, (void *)5};
    philosophers = n;
    for (int i = 0; i < n; i++)
        forks[i] = lock_new("fork");
    in_threads((unsigned)n, bodies, numbers);
}

static void three_philosophers(void)
{
    dining(3);
}

static void five_philosophers(void)
{
    dining(5);
}

static void six_philosophers(void)
{
    dining(6);
}

static void produce(void *n)
{
    for (int64_t i = 0; i < (intptr_t)n; i++)
        queue_put(buffer, &i, i);
}

static void consume(void *n)
{
    int64_t item;
    for (intptr_t i = 0; i < (intptr_t)n; i++)
        queue_get(buffer, &item);
}

static void bounded_buffer(void)
{
    buffer = queue_new("buffer", 1, sizeof(int64_t));
    in_threads(3, (task_fn *[]){produce, consume, consume},
               (void *[]){(void *)4, (void *)2, (void *)2});
}

static void in_process(void *n)
{
    increment(n);
}

static void processes(void)
{
    share = cell_new("share", 0);
    struct task *first = process_start("p", in_process, (void *)2);
    struct task *second = process_start("p", in_process, (void *)2);
    task_join(first);
    task_join(second);
}

static const struct program {
    const char *name;
    void (*run)(void);
} programs[] = {
    {"lost update 2x2", lost_update},       {"two locks", two_locks},
    {"3 philosophers", three_philosophers}, {"bounded buffer", bounded_buffer},
    {"processes 2x2", processes},
};

static double seconds_since(uint64_t began)
{
    return (double)(clock_ns() - began) / 1e9;
}

/* ---- the bare switch ---- */

static void bounce(void *argument)
{
    struct fiber **fiber = argument;
    for (;;)
        fiber_suspend(*fiber);
}

static double bare_switch_ns(void)
{
    struct fiber *fiber = NULL;
    fiber = fiber_new(64 << 10, bounce, &fiber);
    uint64_t began = clock_ns();
    for (unsigned i = 0; i < SWITCHES / 2; i++)
        fiber_resume(fiber);
    double ns = seconds_since(began) * 1e9 / SWITCHES;
    fiber_free(fiber);
    return ns;
}

/* ---- random executions ---- */

static struct token token;

static double random_per_second(const struct program *program, uint64_t *ret_steps)
{
    static struct directed directed;
    struct run *run = oracle_run();
    struct control *control = control_new(run, NULL, NULL, true);
    uint64_t steps = 0;
    void (*body)(void) = program->run;
    run->control = control;
    uint64_t began = clock_ns();
    for (uint64_t i = 0; i < EXECUTIONS; i++) {
        token.seed = i;
        directed_init(&directed, &token, NULL);
        (void)control_execute(control, &directed.policy, oracle_main, &body);
        steps += control_steps(control);
    }
    double rate = EXECUTIONS / seconds_since(began);
    run->control = NULL;
    control_free(control);
    *ret_steps = steps;
    return rate;
}

static void bench_random(double switch_ns)
{
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        uint64_t steps;
        double rate = random_per_second(&programs[i], &steps);
        printf("random %-16s %9.0f executions/s %11.0f steps/s  %6.1f switches' worth each\n",
               programs[i].name, rate, rate * (double)steps / EXECUTIONS, 1e9 / rate / switch_ns);
    }
}

/* ---- searches ---- */

static void search(const char *name, void (*program)(void), enum explore_method method, int bound,
                   uint64_t most)
{
    static const char *const names[] = {"every order", "sleep sets", "source sets"};
    static struct oracle o;
    uint64_t began = clock_ns();
    bool all = oracle_explore(&o, program, method, bound, most);
    double seconds = seconds_since(began);
    printf("search %-16s %-11s", name, names[method]);
    if (bound >= 0)
        printf(" <= %d", bound);
    printf(" %9" PRIu64 "%s executions + %" PRIu64 " in %.3f s: %.0f/s\n", o.executions,
           all ? "" : "+", o.blocked, seconds, (double)(o.executions + o.blocked) / seconds);
}

int main(void)
{
    double switch_ns = bare_switch_ns();
    token = (struct token){.rule = TOKEN_RANDOM, .ignores_time = true, .stop = TOKEN_NO_STOP};
    printf("bare switch %.2f ns\n", switch_ns);
    bench_random(switch_ns);
    search("2x2", lost_update, EXPLORE_ALL, -1, 1000);
    search("2x2", lost_update, EXPLORE_SOURCE_SETS, -1, 1000);
    search("2x5", five_increments, EXPLORE_ALL, -1, 1000000);
    search("2x5", five_increments, EXPLORE_SOURCE_SETS, -1, 1000000);
    search("3x3", three_by_three, EXPLORE_SOURCE_SETS, -1, 3000000);
    search("3x3", three_by_three, EXPLORE_ALL, 1, 3000000);
    search("3x3", three_by_three, EXPLORE_ALL, 2, 3000000);
    search("5 philosophers", five_philosophers, EXPLORE_SOURCE_SETS, -1, 3000000);
    search("5 philosophers", five_philosophers, EXPLORE_SLEEP_SETS, -1, 3000000);
    search("6 philosophers", six_philosophers, EXPLORE_SOURCE_SETS, -1, 3000000);
    search("6 philosophers", six_philosophers, EXPLORE_SLEEP_SETS, -1, 3000000);
    search("6 philosophers", six_philosophers, EXPLORE_ALL, 2, 3000000);
    return 0;
}

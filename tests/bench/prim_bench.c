/*
 * What the primitives cost: the work of bare_bench.c and python/primitives.py, written with them.
 *
 *     prim_bench NAME [traced]     prints nanoseconds for one operation
 */
#include "sandbox/base/clock.h"
#include "sandbox/base/ticks.h"
#include "sandbox/prim/conc.h"
#include "sandbox/sched/seam.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* This process becomes the main task of a run. */
static void begin(struct trace_lane *lane, struct process *process, bool traced)
{
    struct trace_shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (shared == MAP_FAILED)
        exit(1);
    ticks_calibrate();
    trace_shared_init(shared);
    struct run *run = run_new(shared, STDERR_FILENO);
    run->job.trace = traced;
    trace_shared_start(shared);
    signal(SIGPIPE, SIG_IGN);
    seam_begin(run, process, lane, (uint16_t)trace_task_add(shared, TASK_PROCESS, -1, "main"), 0);
}

static void in_threads(task_fn *const *bodies, unsigned count, void *shared)
{
    struct task *threads[8];
    for (unsigned i = 0; i < count; i++)
        threads[i] = thread_start("thread", bodies[i], shared);
    for (unsigned i = 0; i < count; i++)
        task_join(threads[i]);
}

static void need(bool held)
{
    if (!held)
        exit(1);
}

/* ---- a pool ---- */

static int64_t identity(struct call *call)
{
    return call->x;
}

static uint64_t pool_map_items(unsigned n)
{
    int64_t *list = calloc(n, sizeof *list);
    for (unsigned i = 0; i < n; i++)
        list[i] = i;
    struct pool *pool = pool_new(TASK_PROCESS, 4);
    pool_map(pool, identity, list, NULL, 4, 0);
    uint64_t from = clock_ns();
    const struct call *calls = pool_map(pool, identity, list, NULL, n, 0);
    uint64_t took = clock_ns() - from;
    need(calls[n - 1].result == n - 1);
    pool_close(pool);
    pool_join(pool);
    return took;
}

/* ---- a bounded queue ---- */

#define QUEUE_SIZE 64

struct stream {
    struct queue *queue;
    unsigned n;
};

static void put_all(void *argument)
{
    const struct stream *stream = argument;
    for (int64_t i = 0; i < stream->n; i++)
        queue_put(stream->queue, &i, i);
}

static void get_all(void *argument)
{
    const struct stream *stream = argument;
    int64_t item;
    for (int64_t i = 0; i < stream->n; i++) {
        queue_get(stream->queue, &item);
        need(item == i);
    }
}

static uint64_t queue_threads(unsigned n)
{
    struct stream stream = {queue_new("queue", QUEUE_SIZE, sizeof(int64_t)), n};
    uint64_t from = clock_ns();
    in_threads((task_fn *const[]){put_all, get_all}, 2, &stream);
    return clock_ns() - from;
}

static uint64_t queue_processes(unsigned n)
{
    struct stream stream = {queue_new("queue", QUEUE_SIZE, sizeof(int64_t)), n};
    uint64_t from = clock_ns();
    struct task *producer = process_start("producer", put_all, &stream);
    get_all(&stream);
    task_join(producer);
    return clock_ns() - from;
}

/* ---- a pipe there and back ---- */

static void echo(void *argument)
{
    struct conn *conn = argument;
    int64_t number;
    while (conn_recv_number(conn, &number) == 1 && number >= 0)
        need(conn_send_number(conn, number) == 0);
}

static uint64_t pipe_round_trip(unsigned n)
{
    struct conn *ours, *theirs;
    int64_t number;
    pipe_new("pipe", true, &ours, &theirs);
    struct task *peer = process_start("echo", echo, theirs);
    uint64_t from = clock_ns();
    for (unsigned i = 0; i < n; i++)
        need(conn_send_number(ours, i) == 0 && conn_recv_number(ours, &number) == 1);
    uint64_t took = clock_ns() - from;
    conn_send_number(ours, -1);
    task_join(peer);
    return took;
}

/* ---- a lock ---- */

struct locked {
    struct lock *lock;
    unsigned n;
};

static void lock_body(void *argument)
{
    const struct locked *locked = argument;
    for (unsigned i = 0; i < locked->n; i++) {
        lock_acquire(locked->lock);
        lock_release(locked->lock);
    }
}

static uint64_t lock_alone(unsigned n)
{
    struct locked locked = {lock_new("lock"), n};
    uint64_t from = clock_ns();
    lock_body(&locked);
    return clock_ns() - from;
}

static uint64_t lock_contended(unsigned n)
{
    struct locked locked = {lock_new("lock"), n / 2};
    uint64_t from = clock_ns();
    in_threads((task_fn *const[]){lock_body, lock_body}, 2, &locked);
    return clock_ns() - from;
}

/* ---- switches ---- */

static void yield_forever(struct generator *self, void *argument)
{
    (void)argument;
    while (yield(self, NULL, NULL))
        ;
}

static uint64_t generator_sends(unsigned n)
{
    struct generator *generator = generator_new("generator", yield_forever, NULL);
    generator_next(generator, NULL);
    uint64_t from = clock_ns();
    for (int64_t i = 0; i < n; i++)
        generator_send(generator, &i, NULL);
    uint64_t took = clock_ns() - from;
    generator_close(generator);
    return took;
}

/* ---- a condition: two threads take turns ---- */

struct turns {
    struct condition *changed;
    unsigned turn, n;
};

static void play(struct turns *turns, unsigned me)
{
    for (unsigned i = 0; i < turns->n; i++) {
        condition_acquire(turns->changed);
        while (turns->turn != me)
            condition_wait(turns->changed);
        turns->turn = 1 - me;
        condition_notify(turns->changed, 1);
        condition_release(turns->changed);
    }
}

static void first_player(void *argument)
{
    play(argument, 0);
}

static void second_player(void *argument)
{
    play(argument, 1);
}

static uint64_t condition_turns(unsigned n)
{
    struct turns turns = {condition_new("turn", lock_new("turn")), 0, n};
    uint64_t from = clock_ns();
    in_threads((task_fn *const[]){first_player, second_player}, 2, &turns);
    return clock_ns() - from;
}

/* ---- a barrier of four ---- */

struct meeting {
    struct barrier *barrier;
    unsigned n;
};

static void party(void *argument)
{
    const struct meeting *meeting = argument;
    for (unsigned i = 0; i < meeting->n; i++)
        barrier_wait(meeting->barrier);
}

static uint64_t barrier_rounds(unsigned n)
{
    struct meeting meeting = {barrier_new("barrier", 4), n};
    uint64_t from = clock_ns();
    in_threads((task_fn *const[]){party, party, party, party}, 4, &meeting);
    return clock_ns() - from;
}

/* ---- an event loop: two coroutines that let each other have a turn ---- */

static int64_t let_others_go(void *argument)
{
    for (unsigned i = 0; i < *(unsigned *)argument / 2; i++)
        loop_sleep(0);
    return 0;
}

static int64_t two_of_them(void *argument)
{
    struct coro *coros[] = {loop_create_task("a", let_others_go, argument),
                            loop_create_task("b", let_others_go, argument)};
    return loop_gather(coros, 2);
}

static uint64_t loop_switches(unsigned n)
{
    uint64_t from = clock_ns();
    need(loop_run("main", two_of_them, &n, NULL) == 0);
    return clock_ns() - from;
}

int main(int argc, char **argv)
{
    const struct {
        const char *name;
        uint64_t (*work)(unsigned n);
        unsigned n;
    } works[] = {
        {"pool-map", pool_map_items, 1000},
        {"queue-threads", queue_threads, 100000},
        {"queue-processes", queue_processes, 100000},
        {"pipe-round-trip", pipe_round_trip, 50000},
        {"lock", lock_alone, 1000000},
        {"lock-contended", lock_contended, 1000000},
        {"condition", condition_turns, 50000},
        {"barrier", barrier_rounds, 10000},
        {"generator", generator_sends, 1000000},
        {"loop", loop_switches, 200000},
    };
    struct trace_lane lane;
    struct process process = {0};
    begin(&lane, &process, argc == 3 && strcmp(argv[2], "traced") == 0);
    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        if (argc >= 2 && strcmp(argv[1], works[i].name) == 0) {
            printf("%f\n", (double)works[i].work(works[i].n) / works[i].n);
            return 0;
        }
    fprintf(stderr, "usage: prim_bench NAME [traced]\n");
    return 2;
}

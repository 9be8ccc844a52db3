/*
 * The lower end of `make bench`: the work of prim_bench.c with nothing but pthreads, pipes, fork
 * and a switch of stacks.
 *
 *     bare_bench NAME     prints nanoseconds for one operation
 */
#include "sandbox/base/clock.h"
#include "sandbox/prim/sync.h"
#include "sandbox/sched/fiber.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void in_threads(void *(*const bodies[])(void *), unsigned count, void *shared)
{
    pthread_t threads[8];
    for (unsigned i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, bodies[i], shared);
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

static void *shared_memory(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        exit(1);
    return memory;
}

static void need(ssize_t got, size_t wanted)
{
    if (got != (ssize_t)wanted)
        exit(1);
}

/* ---- a pool: chunks of work through one pipe, chunks of results through another ---- */

#define POOL_ITEMS   1000
#define POOL_WORKERS 4
#define POOL_CHUNK   63 /* as Pool.map: items / (4 × workers), rounded up */

struct chunk {
    int first, count;
    int64_t result[POOL_CHUNK];
};

static void pool_worker(int tasks, int results)
{
    struct chunk chunk;
    while (read(tasks, &chunk, sizeof chunk) == sizeof chunk) {
        for (int i = 0; i < chunk.count; i++)
            chunk.result[i] = chunk.first + i;
        need(write(results, &chunk, sizeof chunk), sizeof chunk);
    }
    _exit(0);
}

static uint64_t pool_map(unsigned n)
{
    int tasks[2], results[2];
    int64_t list[POOL_ITEMS];
    if (pipe(tasks) < 0 || pipe(results) < 0)
        exit(1);
    for (int i = 0; i < POOL_WORKERS; i++)
        if (fork() == 0) {
            close(tasks[1]);
            pool_worker(tasks[0], results[1]);
        }
    uint64_t from = clock_ns();
    unsigned sent = 0;
    for (unsigned first = 0; first < n; first += POOL_CHUNK, sent++) {
        struct chunk chunk = {.first = (int)first,
                              .count = (int)(n - first < POOL_CHUNK ? n - first : POOL_CHUNK)};
        need(write(tasks[1], &chunk, sizeof chunk), sizeof chunk);
    }
    for (unsigned i = 0; i < sent; i++) {
        struct chunk chunk;
        need(read(results[0], &chunk, sizeof chunk), sizeof chunk);
        memcpy(list + chunk.first, chunk.result, (size_t)chunk.count * sizeof *list);
    }
    uint64_t took = clock_ns() - from;
    close(tasks[1]);
    while (wait(NULL) > 0)
        ;
    return took + (list[n - 1] == n - 1 ? 0 : UINT64_MAX / 2);
}

/* ---- a bounded queue ---- */

#define RING 64u

struct ring {
    pthread_mutex_t mutex;
    pthread_cond_t not_empty, not_full;
    unsigned n, first, count;
    int64_t items[RING];
};

static struct ring *ring_new(unsigned n)
{
    struct ring *ring = shared_memory(sizeof *ring);
    sync_mutex_init(&ring->mutex);
    sync_cond_init(&ring->not_empty);
    sync_cond_init(&ring->not_full);
    ring->n = n;
    return ring;
}

static void *put_all(void *argument)
{
    struct ring *ring = argument;
    for (unsigned i = 0; i < ring->n; i++) {
        pthread_mutex_lock(&ring->mutex);
        while (ring->count == RING)
            pthread_cond_wait(&ring->not_full, &ring->mutex);
        ring->items[(ring->first + ring->count++) % RING] = i;
        pthread_cond_signal(&ring->not_empty);
        pthread_mutex_unlock(&ring->mutex);
    }
    return NULL;
}

static void *get_all(void *argument)
{
    struct ring *ring = argument;
    for (unsigned i = 0; i < ring->n; i++) {
        pthread_mutex_lock(&ring->mutex);
        while (ring->count == 0)
            pthread_cond_wait(&ring->not_empty, &ring->mutex);
        need((ssize_t)ring->items[ring->first], i);
        ring->first = (ring->first + 1) % RING;
        ring->count--;
        pthread_cond_signal(&ring->not_full);
        pthread_mutex_unlock(&ring->mutex);
    }
    return NULL;
}

static uint64_t queue_threads(unsigned n)
{
    struct ring *ring = ring_new(n);
    uint64_t from = clock_ns();
    in_threads((void *(*const[])(void *)){put_all, get_all}, 2, ring);
    return clock_ns() - from;
}

static uint64_t queue_processes(unsigned n)
{
    struct ring *ring = ring_new(n);
    uint64_t from = clock_ns();
    if (fork() == 0) {
        put_all(ring);
        _exit(0);
    }
    get_all(ring);
    wait(NULL);
    return clock_ns() - from;
}

/* ---- a pipe there and back ---- */

static uint64_t pipe_round_trip(unsigned n)
{
    int there[2], back[2];
    int64_t number = 0;
    if (pipe(there) < 0 || pipe(back) < 0)
        exit(1);
    if (fork() == 0) {
        for (unsigned i = 0; i < n; i++) {
            need(read(there[0], &number, sizeof number), sizeof number);
            need(write(back[1], &number, sizeof number), sizeof number);
        }
        _exit(0);
    }
    uint64_t from = clock_ns();
    for (unsigned i = 0; i < n; i++) {
        number = i;
        need(write(there[1], &number, sizeof number), sizeof number);
        need(read(back[0], &number, sizeof number), sizeof number);
    }
    uint64_t took = clock_ns() - from;
    wait(NULL);
    return took;
}

/* ---- a lock ---- */

struct locked {
    pthread_mutex_t mutex;
    unsigned n;
};

static void *lock_body(void *argument)
{
    struct locked *locked = argument;
    for (unsigned i = 0; i < locked->n; i++) {
        pthread_mutex_lock(&locked->mutex);
        __asm__ volatile("" ::: "memory");
        pthread_mutex_unlock(&locked->mutex);
    }
    return NULL;
}

static uint64_t lock_alone(unsigned n)
{
    struct locked locked = {.n = n};
    sync_mutex_init(&locked.mutex);
    uint64_t from = clock_ns();
    lock_body(&locked);
    return clock_ns() - from;
}

static uint64_t lock_contended(unsigned n)
{
    struct locked locked = {.n = n / 2};
    sync_mutex_init(&locked.mutex);
    uint64_t from = clock_ns();
    in_threads((void *(*const[])(void *)){lock_body, lock_body}, 2, &locked);
    return clock_ns() - from;
}

/* ---- a condition: two threads take turns ---- */

struct turns {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned turn, n;
};

static void play(struct turns *turns, unsigned me)
{
    for (unsigned i = 0; i < turns->n; i++) {
        pthread_mutex_lock(&turns->mutex);
        while (turns->turn != me)
            pthread_cond_wait(&turns->changed, &turns->mutex);
        turns->turn = 1 - me;
        pthread_cond_signal(&turns->changed);
        pthread_mutex_unlock(&turns->mutex);
    }
}

static void *first_player(void *argument)
{
    play(argument, 0);
    return NULL;
}

static void *second_player(void *argument)
{
    play(argument, 1);
    return NULL;
}

static uint64_t condition(unsigned n)
{
    struct turns turns = {.n = n};
    sync_mutex_init(&turns.mutex);
    sync_cond_init(&turns.changed);
    uint64_t from = clock_ns();
    in_threads((void *(*const[])(void *)){first_player, second_player}, 2, &turns);
    return clock_ns() - from;
}

/* ---- a barrier of four ---- */

struct meeting {
    pthread_barrier_t barrier;
    unsigned n;
};

static void *party(void *argument)
{
    struct meeting *meeting = argument;
    for (unsigned i = 0; i < meeting->n; i++)
        pthread_barrier_wait(&meeting->barrier);
    return NULL;
}

static uint64_t barrier(unsigned n)
{
    struct meeting meeting = {.n = n};
    pthread_barrier_init(&meeting.barrier, NULL, 4);
    uint64_t from = clock_ns();
    in_threads((void *(*const[])(void *)){party, party, party, party}, 4, &meeting);
    return clock_ns() - from;
}

/* ---- switches of stacks ---- */

static void suspend_forever(void *argument)
{
    struct fiber **fiber = argument;
    for (;;)
        fiber_suspend(*fiber);
}

static uint64_t switches(unsigned n, unsigned fibers)
{
    struct fiber *fiber[2];
    for (unsigned i = 0; i < fibers; i++)
        fiber[i] = fiber_new(65536, suspend_forever, &fiber[i]);
    uint64_t from = clock_ns();
    for (unsigned i = 0; i < n; i++)
        fiber_resume(fiber[i % fibers]);
    return clock_ns() - from;
}

static uint64_t generator(unsigned n)
{
    return switches(n, 1);
}

static uint64_t loop(unsigned n)
{
    return switches(n, 2);
}

int main(int argc, char **argv)
{
    const struct {
        const char *name;
        uint64_t (*work)(unsigned n);
        unsigned n;
    } works[] = {
        {"pool-map", pool_map, POOL_ITEMS},
        {"queue-threads", queue_threads, 100000},
        {"queue-processes", queue_processes, 100000},
        {"pipe-round-trip", pipe_round_trip, 50000},
        {"lock", lock_alone, 1000000},
        {"lock-contended", lock_contended, 1000000},
        {"condition", condition, 50000},
        {"barrier", barrier, 10000},
        {"generator", generator, 1000000},
        {"loop", loop, 200000},
    };
    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        if (argc == 2 && strcmp(argv[1], works[i].name) == 0) {
            printf("%f\n", (double)works[i].work(works[i].n) / works[i].n);
            return 0;
        }
    fprintf(stderr, "usage: bare_bench NAME\n");
    return 2;
}

/*
 * What a trace event costs, and how much it slows a lock/unlock loop: medians of 15 rounds, each
 * round in fresh memory whose pages have been touched.
 */
#include "sandbox/base/clock.h"
#include "sandbox/prim/lock.h"
#include "sandbox/prim/sync.h"
#include "sandbox/sched/seam.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ROUNDS 15

/* A run in this process: its memory, and the calling thread as its main task. */
static void begin(struct trace_lane *lane, bool traced)
{
    struct trace_shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    static struct process process;
    if (shared == MAP_FAILED)
        exit(1);
    trace_shared_init(shared);
    struct run *run = run_new(shared, -1);
    run->job.trace = traced;
    trace_shared_start(shared);
    seam_begin(run, &process, lane, (uint16_t)trace_task_add(shared, TASK_PROCESS, -1, "main"), 0);
}

static void end(void)
{
    munmap(seam_self.run->shared, sizeof(struct trace_shared));
    munmap(seam_self.run, sizeof(struct run) + RUN_ARENA_BYTES);
}

static double events(unsigned n, enum event_kind kind)
{
    struct trace_lane lane;
    begin(&lane, true);
    uint64_t from = clock_ns();
    for (unsigned i = 0; i < n; i++)
        seam_record(kind, TRACE_NO_OBJECT, i, 0);
    uint64_t took = clock_ns() - from;
    end();
    return (double)took / n;
}

static double lock_pairs(unsigned n, bool traced)
{
    struct trace_lane lane;
    begin(&lane, traced);
    struct lock *lock = lock_new("lock");
    uint64_t from = clock_ns();
    for (unsigned i = 0; i < n; i++) {
        lock_acquire(lock);
        lock_release(lock);
    }
    uint64_t took = clock_ns() - from;
    end();
    return (double)took / n;
}

static double bare_pairs(unsigned n)
{
    pthread_mutex_t mutex;
    sync_mutex_init(&mutex);
    uint64_t from = clock_ns();
    for (unsigned i = 0; i < n; i++) {
        pthread_mutex_lock(&mutex);
        __asm__ volatile("" ::: "memory");
        pthread_mutex_unlock(&mutex);
    }
    return (double)(clock_ns() - from) / n;
}

static double clock_reading(unsigned n)
{
    uint64_t sum = 0, from = clock_ns();
    for (unsigned i = 0; i < n; i++)
        sum += clock_ns();
    uint64_t took = clock_ns() - from;
    return sum ? (double)took / n : 0;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, ascending);
    return values[ROUNDS / 2];
}

int main(void)
{
    ticks_calibrate();
    enum { CLOCK, EVENT, HOT_EVENT, BARE, UNTRACED, RECORDED, LONG, COUNT };
    double t[COUNT][ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        t[CLOCK][i] = clock_reading(400000);
        t[EVENT][i] = events(400000, EVENT_NOTE);
        t[HOT_EVENT][i] = events(1000000, EVENT_CELL_READ);
        t[BARE][i] = bare_pairs(1000000);
        t[UNTRACED][i] = lock_pairs(1000000, false);
        t[RECORDED][i] = lock_pairs(TRACE_HOT_LEAD / 2, true);
        t[LONG][i] = lock_pairs(1000000, true);
    }
    double clock = median(t[CLOCK]), event = median(t[EVENT]), bare = median(t[BARE]);
    double untraced = median(t[UNTRACED]), recorded = median(t[RECORDED]),
           endless = median(t[LONG]);
    printf("trace event                        %6.1f ns  (aim 40; reading the clock alone %.1f)\n",
           event, clock);
    printf("trace event, average of a million  %6.1f ns  (bursts and gaps)\n",
           median(t[HOT_EVENT]));
    printf("lock/unlock, bare pthread mutex    %6.1f ns\n", bare);
    printf("lock/unlock, primitive, no trace   %6.1f ns  %.2f x bare\n", untraced, untraced / bare);
    printf("lock/unlock, every event recorded  %6.1f ns  %.2f x untraced\n", recorded,
           recorded / untraced);
    printf("lock/unlock, a million, traced     %6.1f ns  %.2f x untraced\n", endless,
           endless / untraced);
    return 0;
}

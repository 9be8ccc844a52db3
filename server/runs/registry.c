#include "server/runs/registry.h"

#include "sandbox/base/clock.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024, ROOM_SECONDS_MAX = 60 };

const double wait_bounds[WAIT_BUCKETS] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2,
                                          0.5,   1,     2,     5,    10,   20,   50,  100};

struct registry {
    pthread_mutex_t lock; /* guards all */
    struct run *buckets[BUCKETS];
    struct turns *turns; /* the queue: of admitted runs that no worker took yet */
    unsigned live, live_max;
    bool closed;
    struct registry_waits waits;
    uint64_t taken_ns;  /* when a run was taken while more waited; else 0 */
    double interval_ns; /* between two such takes, the last ones counting most; 0: not known */
};

struct registry *registry_new(const struct registry_options *options)
{
    struct registry *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    pthread_mutex_init(&g->lock, NULL);
    g->turns = turns_new(options->queue, options->of_one);
    g->live_max = options->queue + options->running;
    if (g->turns)
        return g;
    registry_free(g);
    return NULL;
}

void registry_free(struct registry *g)
{
    if (!g)
        return;
    turns_free(g->turns);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

/* Ids are random, so some of their letters are hash enough. */
static struct run **bucket(struct registry *g, const char *id)
{
    unsigned h = 0;
    for (int i = 0; i < 6 && id[i]; i++)
        h = h * 61 + (unsigned char)id[i];
    return &g->buckets[h % BUCKETS];
}

int registry_admit(struct registry *g, struct run *run, const struct asker *asker)
{
    pthread_mutex_lock(&g->lock);
    int r = g->closed                ? -ESHUTDOWN
            : g->live >= g->live_max ? -EAGAIN
                                     : turns_admit(g->turns, &run->turn, asker);
    if (r == 0) {
        struct run **b = bucket(g, run->record.id);
        run->next_same = *b;
        *b = run_ref(run);
        g->live++;
    }
    pthread_mutex_unlock(&g->lock);
    return r;
}

void registry_enqueue(struct registry *g, struct run *run)
{
    pthread_mutex_lock(&g->lock);
    run->queued_ns = clock_ns();
    turns_enqueue(g->turns, &run_ref(run)->turn);
    pthread_mutex_unlock(&g->lock);
}

/* ---- how long it takes; the lock is held ---- */

static void count_wait(struct registry *g, uint64_t waited_ns)
{
    unsigned i = 0;
    while (i < WAIT_BUCKETS && (double)waited_ns > wait_bounds[i] * 1e9)
        i++;
    g->waits.count[i]++;
    g->waits.sum_ns += waited_ns;
}

static void count_interval(struct registry *g, uint64_t now)
{
    double interval = (double)(now - g->taken_ns);
    if (g->taken_ns)
        g->interval_ns += g->interval_ns > 0 ? (interval - g->interval_ns) / 8 : interval;
    g->taken_ns = turns_counts(g->turns).clients > 0 ? now : 0;
}

unsigned registry_room_in(struct registry *g, const char *client)
{
    pthread_mutex_lock(&g->lock);
    double seconds = turns_first_of(g->turns, client) * g->interval_ns / 1e9;
    pthread_mutex_unlock(&g->lock);
    return seconds < 1                  ? 1
           : seconds < ROOM_SECONDS_MAX ? (unsigned)ceil(seconds)
                                        : ROOM_SECONDS_MAX;
}

struct run *registry_take(struct registry *g)
{
    struct run *run = NULL;
    pthread_mutex_lock(&g->lock);
    struct turn *turn = turns_take(g->turns);
    if (turn) {
        uint64_t now = clock_ns();
        run = (struct run *)((char *)turn - offsetof(struct run, turn));
        count_wait(g, now - run->queued_ns);
        count_interval(g, now);
    }
    pthread_mutex_unlock(&g->lock);
    return run;
}

bool registry_withdraw(struct registry *g, struct run *run)
{
    pthread_mutex_lock(&g->lock);
    bool waited = run->turn.waits && turns_leave(g->turns, &run->turn);
    pthread_mutex_unlock(&g->lock);
    if (waited)
        run_unref(run);
    return waited;
}

struct run *registry_find(struct registry *g, const char *id)
{
    pthread_mutex_lock(&g->lock);
    struct run *run = *bucket(g, id);
    while (run && strcmp(run->record.id, id) != 0)
        run = run->next_same;
    if (run && atomic_load(&run->removed))
        run = NULL;
    if (run)
        run_ref(run);
    pthread_mutex_unlock(&g->lock);
    return run;
}

size_t registry_seated(struct registry *g, const char *workshop, struct run ***ret)
{
    size_t n = 0;
    pthread_mutex_lock(&g->lock);
    *ret = calloc(g->live + 1, sizeof **ret);
    for (unsigned i = 0; *ret && i < BUCKETS; i++)
        for (struct run *run = g->buckets[i]; run; run = run->next_same)
            if (strcmp(run->record.seat.workshop, workshop) == 0)
                (*ret)[n++] = run_ref(run);
    pthread_mutex_unlock(&g->lock);
    return n;
}

void registry_remove(struct registry *g, struct run *run)
{
    struct run *found = NULL;
    pthread_mutex_lock(&g->lock);
    for (struct run **b = bucket(g, run->record.id); *b && !found;) {
        if (*b == run) {
            found = run;
            *b = run->next_same;
            g->live--;
            turns_leave(g->turns, &run->turn);
        } else {
            b = &(*b)->next_same;
        }
    }
    pthread_mutex_unlock(&g->lock);
    run_unref(found);
}

unsigned registry_position(struct registry *g, const struct run *run)
{
    pthread_mutex_lock(&g->lock);
    unsigned position = turns_position(g->turns, &run->turn);
    pthread_mutex_unlock(&g->lock);
    return position;
}

void registry_close(struct registry *g)
{
    pthread_mutex_lock(&g->lock);
    g->closed = true;
    pthread_mutex_unlock(&g->lock);
}

struct registry_counts registry_counts(struct registry *g)
{
    pthread_mutex_lock(&g->lock);
    struct turns_counts turns = turns_counts(g->turns);
    struct registry_counts counts = {g->live, turns.admitted, turns.clients};
    pthread_mutex_unlock(&g->lock);
    return counts;
}

struct registry_waits registry_waits(struct registry *g)
{
    pthread_mutex_lock(&g->lock);
    struct registry_waits waits = g->waits;
    pthread_mutex_unlock(&g->lock);
    return waits;
}

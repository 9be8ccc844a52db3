#include "server/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 };

struct registry {
    pthread_mutex_t lock; /* guards all */
    struct run *buckets[BUCKETS];
    struct run *first, **last; /* the queue */
    unsigned queue_max, live_max;
    unsigned live, queued; /* queued counts admitted runs that no worker took yet */
    bool closed;
};

struct registry *registry_new(unsigned queue, unsigned running)
{
    struct registry *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    pthread_mutex_init(&g->lock, NULL);
    g->last = &g->first;
    g->queue_max = queue;
    g->live_max = queue + running;
    return g;
}

void registry_free(struct registry *g)
{
    if (!g)
        return;
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

int registry_admit(struct registry *g, struct run *run)
{
    pthread_mutex_lock(&g->lock);
    int r = g->closed                                             ? -ESHUTDOWN
            : g->queued >= g->queue_max || g->live >= g->live_max ? -EAGAIN
                                                                  : 0;
    if (r == 0) {
        struct run **b = bucket(g, run->record.id);
        run->next_same = *b;
        *b = run_ref(run);
        run->admitted = true;
        g->queued++;
        g->live++;
    }
    pthread_mutex_unlock(&g->lock);
    return r;
}

void registry_enqueue(struct registry *g, struct run *run)
{
    pthread_mutex_lock(&g->lock);
    run->next_queued = NULL;
    *g->last = run_ref(run);
    g->last = &run->next_queued;
    pthread_mutex_unlock(&g->lock);
}

/* Unlinks *at from the queue; its reference goes to the caller. */
static struct run *unlink_queued(struct registry *g, struct run **at)
{
    struct run *run = *at;
    *at = run->next_queued;
    if (g->last == &run->next_queued)
        g->last = at;
    run->admitted = false;
    g->queued--;
    return run;
}

struct run *registry_take(struct registry *g)
{
    pthread_mutex_lock(&g->lock);
    struct run *run = g->first ? unlink_queued(g, &g->first) : NULL;
    pthread_mutex_unlock(&g->lock);
    return run;
}

bool registry_withdraw(struct registry *g, struct run *run)
{
    struct run *found = NULL;
    pthread_mutex_lock(&g->lock);
    for (struct run **at = &g->first; *at && !found;) {
        if (*at == run)
            found = unlink_queued(g, at);
        else
            at = &(*at)->next_queued;
    }
    pthread_mutex_unlock(&g->lock);
    run_unref(found);
    return found != NULL;
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

void registry_remove(struct registry *g, struct run *run)
{
    struct run *found = NULL;
    pthread_mutex_lock(&g->lock);
    for (struct run **b = bucket(g, run->record.id); *b && !found;) {
        if (*b == run) {
            found = run;
            *b = run->next_same;
            g->live--;
            g->queued -= run->admitted;
            run->admitted = false;
        } else {
            b = &(*b)->next_same;
        }
    }
    pthread_mutex_unlock(&g->lock);
    run_unref(found);
}

unsigned registry_position(struct registry *g, const struct run *run)
{
    unsigned position = 1;
    pthread_mutex_lock(&g->lock);
    const struct run *at = g->first;
    for (; at && at != run; at = at->next_queued)
        position++;
    pthread_mutex_unlock(&g->lock);
    return at ? position : 0;
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
    struct registry_counts counts = {g->live, g->queued};
    pthread_mutex_unlock(&g->lock);
    return counts;
}

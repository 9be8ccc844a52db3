/*
 * The live runs: by id, and the bounded queue of those that wait for a worker, in which clients
 * take turns (turns.h). This is the admission control: a run is let in while the queue has room for
 * it and neither its client nor its address has too many there, and a run that was let in is never
 * dropped. Any thread.
 */
#ifndef RUNS_REGISTRY_H
#define RUNS_REGISTRY_H

#include "server/runs/run.h"

struct registry;

struct registry_options {
    unsigned queue;   /* most runs that wait */
    unsigned of_one;  /* of them of one client */
    unsigned running; /* most that are alive beside them */
};

/* NULL without memory. */
struct registry *registry_new(const struct registry_options *options);
void registry_free(struct registry *registry);

/*
 * Lets a run in and reserves its place. -EAGAIN when the queue is full, -EBUSY when the client's
 * part of it is, -EDQUOT when the address's is, -ENOMEM, -ESHUTDOWN at the end.
 */
int registry_admit(struct registry *registry, struct run *run, const struct asker *asker);

/*
 * In how many seconds there may be room for a run of the client: by how often runs were taken of
 * late and how many are taken before the client's next. 1 … 60.
 */
unsigned registry_room_in(struct registry *registry, const char *client);

/* The admitted run now waits for its worker. */
void registry_enqueue(struct registry *registry, struct run *run);

/* The run whose turn it is, no longer waiting, with a reference; NULL when none waits. */
struct run *registry_take(struct registry *registry);

/* Takes a run out of the queue. False when it does not wait (any more). */
bool registry_withdraw(struct registry *registry, struct run *run);

/* A live run with a reference, or NULL. Removed runs are not found. */
struct run *registry_find(struct registry *registry, const char *id);

/*
 * The live runs of a workshop, accepted or on the way to it; returns how many. The array is to be
 * freed, after a reference on each; without memory there are none.
 */
size_t registry_seated(struct registry *registry, const char *workshop, struct run ***ret);

/* Forgets a run: it is stored, or was never accepted. Gives its place in the queue back. */
void registry_remove(struct registry *registry, struct run *run);

/* 1 for the next to start, if no other client comes; 0 when the run does not wait. */
unsigned registry_position(struct registry *registry, const struct run *run);

/* From now on nothing is let in. */
void registry_close(struct registry *registry);

struct registry_counts {
    unsigned live, queued;
    unsigned clients; /* of whom runs wait */
};
struct registry_counts registry_counts(struct registry *registry);

/* The upper ends of the times runs waited, in seconds: 1, 2, 5 of every power of ten from 1 ms. */
enum { WAIT_BUCKETS = 16 };
extern const double wait_bounds[WAIT_BUCKETS];

/* How long the runs that were taken had waited. */
struct registry_waits {
    uint64_t count[WAIT_BUCKETS + 1]; /* up to each bound and above the one before; then the rest */
    uint64_t sum_ns;
};
struct registry_waits registry_waits(struct registry *registry);

#endif

/*
 * The live runs: by id, and the bounded queue of those that wait for a worker. This is the
 * admission control: a run is let in while the queue has room, and a run that was let in is never
 * dropped. Any thread.
 */
#ifndef SERVER_REGISTRY_H
#define SERVER_REGISTRY_H

#include "server/run.h"

struct registry;

/* `queue` runs may wait; `running` more may be alive beside them. NULL without memory. */
struct registry *registry_new(unsigned queue, unsigned running);
void registry_free(struct registry *registry);

/* Lets a run in and reserves its place. -EAGAIN when the queue is full, -ESHUTDOWN at the end. */
int registry_admit(struct registry *registry, struct run *run);

/* The admitted run now waits for its worker. */
void registry_enqueue(struct registry *registry, struct run *run);

/* The run that waited longest, no longer waiting, with a reference; NULL when none does. */
struct run *registry_take(struct registry *registry);

/* Takes a run out of the queue. False when it does not wait (any more). */
bool registry_withdraw(struct registry *registry, struct run *run);

/* A live run with a reference, or NULL. Removed runs are not found. */
struct run *registry_find(struct registry *registry, const char *id);

/* Forgets a run: it is stored, or was never accepted. Gives its place in the queue back. */
void registry_remove(struct registry *registry, struct run *run);

/* 1 for the next to start; 0 when the run does not wait. */
unsigned registry_position(struct registry *registry, const struct run *run);

/* From now on nothing is let in. */
void registry_close(struct registry *registry);

struct registry_counts {
    unsigned live, queued;
};
struct registry_counts registry_counts(struct registry *registry);

#endif

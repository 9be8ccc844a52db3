/* Process-shared pthread objects, the same for threads and forked processes. */
#ifndef PRIM_SYNC_H
#define PRIM_SYNC_H

#include <pthread.h>
#include <stdint.h>

void sync_mutex_init(pthread_mutex_t *mutex);

/* A condition whose time-outs are on CLOCK_MONOTONIC. */
void sync_cond_init(pthread_cond_t *cond);

/*
 * Locks the mutex that an object keeps its own state under. Whoever is inside is out again in no
 * time, unless it was preempted there; then the calling task waits, and says so.
 */
void sync_enter(pthread_mutex_t *mutex, uint16_t object);

#endif

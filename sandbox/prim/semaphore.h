/*
 * A semaphore: Semaphore and BoundedSemaphore of threading and multiprocessing. A number of
 * permits; acquire takes one and waits while there is none, release gives one, whoever took it.
 */
#ifndef PRIM_SEMAPHORE_H
#define PRIM_SEMAPHORE_H

#include "sandbox/prim/sync.h"

#include <stdbool.h>
#include <stdint.h>

struct semaphore;

struct semaphore *semaphore_new(const char *name, unsigned value);

/* One that refuses to have more permits than it began with. */
struct semaphore *semaphore_new_bounded(const char *name, unsigned value);

void semaphore_acquire(struct semaphore *semaphore);

/* acquire(timeout=…), 0 for blocking=False: false when there was no permit in time. */
bool semaphore_acquire_for(struct semaphore *semaphore, int64_t timeout_us);

/* Returns 0, or -EOVERFLOW: ValueError: Semaphore released too many times (bounded ones only). */
int semaphore_release(struct semaphore *semaphore);

/* Permits there are now. */
unsigned semaphore_value(struct semaphore *semaphore);

#endif

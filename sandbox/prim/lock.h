/* A lock: threading.Lock and multiprocessing.Lock. A process-shared pthread mutex. */
#ifndef PRIM_LOCK_H
#define PRIM_LOCK_H

#include <stdbool.h>

struct lock;

struct lock *lock_new(const char *name);
void lock_acquire(struct lock *lock); /* waits until it is free */
bool lock_try(struct lock *lock);     /* acquire(blocking=False) */
void lock_release(struct lock *lock); /* by the task that acquired it */

#endif

/* A lock: threading.Lock and multiprocessing.Lock. A process-shared pthread mutex. */
#ifndef PRIM_LOCK_H
#define PRIM_LOCK_H

#include <stdbool.h>

struct lock;

struct lock *lock_new(const char *name);

/*
 * A threading.Lock as it is: in the memory of this process, so that fork copies it as it stands,
 * and a child of a process whose lock is held has a held lock that nobody will release.
 */
struct lock *lock_new_private(const char *name);
void lock_acquire(struct lock *lock); /* waits until it is free */
bool lock_try(struct lock *lock);     /* acquire(blocking=False) */
void lock_release(struct lock *lock); /* by the task that acquired it */

#endif

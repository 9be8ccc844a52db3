/*
 * A condition: threading.Condition and multiprocessing.Condition. As in Python every waiter has a
 * place of its own in a queue, so notify() wakes the one who has waited longest, and nobody is
 * woken for no reason; but between the notify and the moment a waiter has the lock again others may
 * have it first, so what was waited for must be tested again.
 */
#ifndef PRIM_CONDITION_H
#define PRIM_CONDITION_H

#include "sandbox/prim/lock.h"

struct condition;

/* Over a lock, or over an RLock of its own when it is NULL. */
struct condition *condition_new(const char *name, struct lock *lock);

/* The lock: acquire() and release() of the condition are its. */
struct lock *condition_lock(struct condition *condition);
void condition_acquire(struct condition *condition);
void condition_release(struct condition *condition);

/*
 * Lets go of the lock, waits to be notified, and takes the lock again. Returns 0; -ETIMEDOUT when
 * nobody notified in time; -EPERM without the lock (RuntimeError: cannot wait on un-acquired lock).
 */
int condition_wait(struct condition *condition);
int condition_wait_for(struct condition *condition, int64_t timeout_us);

/*
 * Wakes up to n waiters. Returns how many, or -EPERM without the lock (RuntimeError: cannot notify
 * on un-acquired lock).
 */
int condition_notify(struct condition *condition, unsigned n);
/*
 * What Python refuses and POSIX allows: notify(n) by a task that may not hold the lock. Between a
 * waiter's look and its wait such a notify is lost.
 */
int condition_signal(struct condition *condition, unsigned n);
int condition_notify_all(struct condition *condition);

#endif

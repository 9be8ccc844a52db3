/*
 * Locks: threading.Lock and RLock, multiprocessing.Lock and RLock, and two kinds Python does not
 * have. Each is a word in memory and a futex, for threads and processes alike. If a holder dies,
 * the others wait for ever, and still say for whom.
 *
 *     LOCK_MUTEX      Lock: whoever comes first when it is free gets it, waiting or not. Any task
 *                     may release it.
 *     LOCK_RECURSIVE  RLock: its owner may acquire it again, and must release it as often.
 *     LOCK_TICKET     a lock that serves in the order of arrival.
 *     LOCK_SPIN       a lock whose waiters keep the processor.
 */
#ifndef PRIM_LOCK_H
#define PRIM_LOCK_H

#include "sandbox/prim/sync.h"

#include <stdbool.h>
#include <stdint.h>

struct lock;

enum lock_kind { LOCK_MUTEX, LOCK_RECURSIVE, LOCK_TICKET, LOCK_SPIN };

struct lock *lock_new(const char *name); /* a LOCK_MUTEX */
struct lock *lock_new_of(enum lock_kind kind, const char *name);

/*
 * A threading.Lock as it is: in the memory of this process, so that fork copies it as it stands,
 * and a child of a process whose lock is held has a held lock that nobody will release.
 */
struct lock *lock_new_private(const char *name);

void lock_acquire(struct lock *lock); /* waits until it is free */
bool lock_try(struct lock *lock);     /* acquire(blocking=False) */

/* acquire(timeout=…): false when it was not free in time. A ticket lock then serves out of turn. */
bool lock_acquire_for(struct lock *lock, int64_t timeout_us);

/*
 * Returns 0, or -EPERM: a Lock that is not held, an RLock that is not held by the calling task
 * (RuntimeError: release unlocked lock; cannot release un-acquired lock).
 */
int lock_release(struct lock *lock);

/* locked(); a moment later it may be otherwise. */
bool lock_locked(const struct lock *lock);

/*
 * Tasks that wait for it now; in a ticket lock, those that have drawn a ticket. Under control
 * beginning to wait is no operation of its own: an exploration does not vary when it happens.
 */
unsigned lock_waiters(const struct lock *lock);

/* Whether the calling task holds it. */
bool lock_is_mine(const struct lock *lock);

/*
 * For conditions, which announce what they do to the lock themselves: lets go of it however deep it
 * is held and returns the depth; takes it again to that depth. The caller holds it, and held it.
 */
unsigned lock_release_all(struct lock *lock);
void lock_acquire_depth(struct lock *lock, unsigned depth);

/*
 * Announces lock_acquire_depth(); the second, that it will be done once *woken is not 0, which the
 * task waits for on `waits_on`. That one is false, and nothing was announced, in a free run and for
 * a ticket lock.
 */
void lock_announce(struct lock *lock);
bool lock_announce_when(struct lock *lock, const _Atomic uint32_t *woken, uint16_t waits_on);

uint16_t lock_object(const struct lock *lock);

#endif

/* Process-shared pthread objects, the same for threads and forked processes. */
#ifndef PRIM_SYNC_H
#define PRIM_SYNC_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A time-out: wait as long as it takes. 0 is "try". */
#define FOREVER INT64_C(-1)

void sync_mutex_init(pthread_mutex_t *mutex);

/* A condition whose time-outs are on CLOCK_MONOTONIC. */
void sync_cond_init(pthread_cond_t *cond);

/*
 * Locks the mutex that an object keeps its own state under. Whoever is inside is out again in no
 * time, unless it was preempted there; then the calling task waits, and says so.
 */
void sync_enter(pthread_mutex_t *mutex, uint16_t object);

/*
 * When a time-out of the scenario is over, in nanoseconds of CLOCK_MONOTONIC: multiplied by the
 * run's time_scale; UINT64_MAX for FOREVER.
 */
uint64_t sync_deadline(int64_t timeout_us);

/*
 * Waits while *word is `value`, in any process, until that time. Returns false when the time is up.
 * sync_wake wakes all who wait for a word that was changed.
 */
bool sync_wait_while(_Atomic uint32_t *word, uint32_t value, uint64_t deadline_ns);

/*
 * The same in the middle of a wait without a deadline, which is left at that time only to see
 * whether a process that would have to change the word is still there.
 */
bool sync_wait_looking(_Atomic uint32_t *word, uint32_t value, uint64_t look_ns);
void sync_wake(_Atomic uint32_t *word);
void sync_wake_one(_Atomic uint32_t *word);

/*
 * Under control: leaves the mutex until *word is not `value` any more, or the deadline. Does
 * nothing in a free run, which waits with the condition of the mutex.
 */
void sync_step_out(pthread_mutex_t *mutex, const _Atomic uint32_t *word, uint32_t value,
                   uint64_t deadline_ns);

/* The clock of deadlines. */
uint64_t sync_now(void);

/*
 * Waits for a condition with the mutex held. Returns false when the time is up, which the caller
 * checks once more: it may have happened at the last moment. Under control that is at once: who
 * came here has announced what it needs (seam_point_when()), and gone on without it.
 */
bool sync_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t deadline_ns);

#endif

#include "sandbox/prim/sync.h"

#include "sandbox/base/clock.h"
#include "sandbox/sched/seam.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void sync_mutex_init(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

void sync_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* Under control: the task inside is at a point there, so it has to run on first. */
static void wait_for_mutex(pthread_mutex_t *mutex)
{
    const _Atomic uint32_t *word = (const _Atomic uint32_t *)&mutex->__data.__lock;
    control_point(&(struct seam_op){.operation = SEAM_ACQUIRE,
                                    .object = TRACE_NO_OBJECT,
                                    .second = TRACE_NO_OBJECT,
                                    .level = word,
                                    .deadline = SEAM_NEVER});
    pthread_mutex_lock(mutex);
}

void sync_enter(pthread_mutex_t *mutex, uint16_t object)
{
    if (pthread_mutex_trylock(mutex) == 0)
        return;
    if (seam_self.control) {
        wait_for_mutex(mutex);
        return;
    }
    seam_wait(EVENT_BUSY, object, 0);
    seam_wait_until(UINT64_MAX);
    pthread_mutex_lock(mutex);
    seam_go_on();
}

uint64_t sync_deadline(int64_t timeout_us)
{
    if (timeout_us < 0)
        return UINT64_MAX;
    return seam_clock() + (uint64_t)((double)timeout_us * 1000 * seam_self.run->time_scale);
}

static bool wait_while(_Atomic uint32_t *word, uint32_t value, uint64_t deadline_ns)
{
    const struct timespec at = {.tv_sec = (time_t)(deadline_ns / 1000000000u),
                                .tv_nsec = (long)(deadline_ns % 1000000000u)};
    if (seam_self.control && atomic_load(word) == value)
        seam_await_change(word, value, deadline_ns);
    if (seam_self.control)
        return atomic_load(word) != value;
    while (atomic_load_explicit(word, memory_order_acquire) == value)
        if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET, value,
                    deadline_ns == UINT64_MAX ? NULL : &at, NULL, FUTEX_BITSET_MATCH_ANY) < 0 &&
            errno == ETIMEDOUT)
            return atomic_load_explicit(word, memory_order_acquire) != value;
    return true;
}

bool sync_wait_while(_Atomic uint32_t *word, uint32_t value, uint64_t deadline_ns)
{
    seam_wait_until(deadline_ns);
    return wait_while(word, value, deadline_ns);
}

bool sync_wait_looking(_Atomic uint32_t *word, uint32_t value, uint64_t look_ns)
{
    seam_wait_looking();
    return wait_while(word, value, look_ns);
}

void sync_wake(_Atomic uint32_t *word)
{
    if (!seam_self.control)
        syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void sync_wake_one(_Atomic uint32_t *word)
{
    if (!seam_self.control)
        syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void sync_step_out(pthread_mutex_t *mutex, const _Atomic uint32_t *word, uint32_t value,
                   uint64_t deadline_ns)
{
    if (!seam_self.control)
        return;
    pthread_mutex_unlock(mutex);
    seam_await_change(word, value, deadline_ns);
    pthread_mutex_lock(mutex);
}

uint64_t sync_now(void)
{
    return seam_clock();
}

bool sync_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t deadline_ns)
{
    const struct timespec at = {.tv_sec = (time_t)(deadline_ns / 1000000000u),
                                .tv_nsec = (long)(deadline_ns % 1000000000u)};
    if (seam_self.control)
        return false; /* the point before it was done because its time was up */
    seam_wait_until(deadline_ns);
    if (deadline_ns == UINT64_MAX)
        return pthread_cond_wait(cond, mutex) == 0;
    return pthread_cond_timedwait(cond, mutex, &at) != ETIMEDOUT;
}

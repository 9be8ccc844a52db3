#include "sandbox/prim/sync.h"

#include "sandbox/sched/seam.h"

#include <time.h>

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

void sync_enter(pthread_mutex_t *mutex, uint16_t object)
{
    if (pthread_mutex_trylock(mutex) == 0)
        return;
    seam_wait(EVENT_BUSY, object, 0);
    pthread_mutex_lock(mutex);
    seam_go_on();
}

#include "sandbox/prim/gil.h"

#include "sandbox/base/clock.h"
#include "sandbox/prim/sync.h"
#include "sandbox/sched/seam.h"

#include <errno.h>
#include <pthread.h>

#define NOBODY (-1)

struct gil {
    pthread_mutex_t mutex;
    pthread_cond_t free;     /* the holder let go */
    pthread_cond_t switched; /* another thread took it */
    int holder;              /* guarded by mutex */
    uint32_t released;       /* event; guarded by mutex */
    int released_by;         /* guarded by mutex */
    uint64_t takes;          /* guarded by mutex */
    _Atomic int asked;
    int64_t interval_ns;
    uint16_t object;
};

struct gil *gil_new(int64_t interval_ns)
{
    struct gil *gil = run_alloc(seam_self.run, sizeof *gil);
    sync_mutex_init(&gil->mutex);
    sync_cond_init(&gil->free);
    sync_cond_init(&gil->switched);
    gil->holder = NOBODY;
    gil->interval_ns = interval_ns;
    gil->object = seam_object(OBJECT_GIL, "GIL");
    return gil;
}

/* Waits for the interval; if the same thread held the lock all the time, asks it to let go. */
static void wait_and_ask(struct gil *gil)
{
    uint64_t takes = gil->takes, until = clock_ns() + (uint64_t)gil->interval_ns;
    struct timespec deadline = {.tv_sec = (time_t)(until / 1000000000u),
                                .tv_nsec = (long)(until % 1000000000u)};
    int r = pthread_cond_timedwait(&gil->free, &gil->mutex, &deadline);
    if (r == ETIMEDOUT && gil->holder != NOBODY && gil->takes == takes)
        atomic_store_explicit(&gil->asked, 1, memory_order_relaxed);
}

void gil_take(struct gil *gil)
{
    seam_point(SEAM_ACQUIRE, gil->object);
    pthread_mutex_lock(&gil->mutex);
    if (gil->holder != NOBODY) {
        seam_wait(EVENT_LOCK_WAIT, gil->object, 0);
        while (gil->holder != NOBODY)
            wait_and_ask(gil);
        seam_go_on();
    }
    gil->holder = seam_self.task;
    gil->takes++;
    atomic_store_explicit(&gil->asked, 0, memory_order_relaxed);
    seam_set_holder(gil->object, true);
    uint32_t cause = gil->released_by == seam_self.task ? 0 : gil->released;
    seam_record(EVENT_LOCK_ACQUIRED, gil->object, 0, cause);
    pthread_cond_broadcast(&gil->switched);
    pthread_mutex_unlock(&gil->mutex);
}

static void let_go(struct gil *gil)
{
    gil->released = seam_record(EVENT_LOCK_RELEASED, gil->object, 0, 0);
    gil->released_by = seam_self.task;
    seam_set_holder(gil->object, false);
    gil->holder = NOBODY;
    pthread_cond_signal(&gil->free);
}

void gil_drop(struct gil *gil)
{
    seam_point(SEAM_RELEASE, gil->object);
    pthread_mutex_lock(&gil->mutex);
    let_go(gil);
    pthread_mutex_unlock(&gil->mutex);
}

void gil_check(struct gil *gil)
{
    if (!atomic_load_explicit(&gil->asked, memory_order_relaxed))
        return;
    seam_point(SEAM_RELEASE, gil->object);
    pthread_mutex_lock(&gil->mutex);
    uint64_t takes = gil->takes;
    let_go(gil);
    seam_wait(EVENT_LOCK_WAIT, gil->object, 0);
    while (gil->takes == takes)
        pthread_cond_wait(&gil->switched, &gil->mutex);
    seam_go_on();
    pthread_mutex_unlock(&gil->mutex);
    gil_take(gil);
}

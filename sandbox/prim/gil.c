#include "sandbox/prim/gil.h"

#include "sandbox/base/clock.h"
#include "sandbox/prim/sync.h"
#include "sandbox/sched/seam.h"

#include <errno.h>
#include <pthread.h>

#define NOBODY (-1)

/*
 * Under control a thread arrives, which is an operation, and waits, which is another one, until
 * nobody holds the lock. Where time is ignored the interval of who waits may be over at any look of
 * the holder.
 */
struct gil {
    pthread_mutex_t mutex;
    pthread_cond_t free;     /* the holder let go */
    pthread_cond_t switched; /* another thread took it */
    int holder;              /* guarded by mutex */
    uint32_t released;       /* event; guarded by mutex */
    int released_by;         /* guarded by mutex */
    uint64_t takes;          /* guarded by mutex */
    _Atomic int asked;       /* under control always, so that gil_check() looks closer */
    int64_t interval_ns;
    uint16_t object;
    _Atomic uint32_t held, taken; /* under control: 1 while somebody holds it; how often it was */
    unsigned waiting;
    bool wanted; /* it was asked for */
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
    gil->asked = seam_self.control ? 1 : 0;
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

/* Arrives, and waits until nobody has it; asks for it after each interval. */
static void wait_controlled(struct gil *gil)
{
    seam_point(SEAM_ACQUIRE, gil->object);
    if (!gil->held)
        return;
    gil->waiting++;
    do {
        uint32_t taken = gil->taken;
        uint64_t deadline =
            seam_ignores_time() ? SEAM_NEVER : seam_clock() + (uint64_t)gil->interval_ns;
        seam_point_when(SEAM_ACQUIRE, gil->object, &gil->held, 0, 0, deadline, EVENT_LOCK_WAIT);
        gil->wanted = gil->wanted || (gil->held && gil->taken == taken);
    } while (gil->held);
    gil->waiting--;
}

void gil_take(struct gil *gil)
{
    if (seam_self.control)
        wait_controlled(gil);
    pthread_mutex_lock(&gil->mutex);
    if (gil->holder != NOBODY) {
        seam_wait(EVENT_LOCK_WAIT, gil->object, 0);
        while (gil->holder != NOBODY)
            wait_and_ask(gil);
        seam_go_on();
    }
    gil->holder = seam_self.task;
    gil->takes++;
    gil->held = 1;
    gil->taken++;
    gil->wanted = false;
    atomic_store_explicit(&gil->asked, seam_self.control ? 1 : 0, memory_order_relaxed);
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
    gil->held = 0;
    pthread_cond_signal(&gil->free);
}

void gil_drop(struct gil *gil)
{
    seam_point(SEAM_RELEASE, gil->object);
    pthread_mutex_lock(&gil->mutex);
    let_go(gil);
    pthread_mutex_unlock(&gil->mutex);
}

static bool is_wanted(struct gil *gil)
{
    seam_point(SEAM_READ, gil->object);
    return seam_ignores_time() ? gil->waiting > 0 && seam_choose(2) : gil->wanted;
}

/* Gives it away, and wants it back when another one has had it. */
static void give_away(struct gil *gil)
{
    seam_point(SEAM_RELEASE, gil->object);
    uint32_t taken = gil->taken;
    let_go(gil);
    seam_wait(EVENT_LOCK_WAIT, gil->object, 0);
    sync_wait_while(&gil->taken, taken, UINT64_MAX);
    seam_go_on();
    gil_take(gil);
}

void gil_check(struct gil *gil)
{
    if (!atomic_load_explicit(&gil->asked, memory_order_relaxed))
        return;
    if (seam_self.control) {
        if (is_wanted(gil))
            give_away(gil);
        return;
    }
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

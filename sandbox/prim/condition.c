#include "sandbox/prim/condition.h"

#include "sandbox/sched/seam.h"

#include <errno.h>
#include <limits.h>

/* A place in the queue. Kept and used again: there are as many as ever waited at once. */
struct waiter {
    _Atomic uint32_t woken;
    uint32_t notified; /* the event that woke it */
    struct waiter *next;
};

struct condition {
    struct lock *lock;
    pthread_mutex_t mutex;
    struct waiter *first; /* the longest waiting; guarded by mutex, as are the places */
    struct waiter *unused;
    uint16_t object;
};

struct condition *condition_new(const char *name, struct lock *lock)
{
    struct condition *condition = run_alloc(seam_self.run, sizeof *condition);
    condition->lock = lock ? lock : lock_new_of(LOCK_RECURSIVE, name);
    sync_mutex_init(&condition->mutex);
    condition->object = seam_object(OBJECT_CONDITION, name);
    return condition;
}

struct lock *condition_lock(struct condition *condition)
{
    return condition->lock;
}

void condition_acquire(struct condition *condition)
{
    lock_acquire(condition->lock);
}

void condition_release(struct condition *condition)
{
    lock_release(condition->lock);
}

static struct waiter *line_up(struct condition *c)
{
    pthread_mutex_lock(&c->mutex);
    struct waiter *waiter = c->unused;
    if (waiter)
        c->unused = waiter->next;
    else
        waiter = run_alloc(seam_self.run, sizeof *waiter);
    *waiter = (struct waiter){0};
    struct waiter **link = &c->first;
    while (*link)
        link = &(*link)->next;
    *link = waiter;
    pthread_mutex_unlock(&c->mutex);
    return waiter;
}

/* Gives the place back; returns the event that woke it, or 0 when none did. */
static bool leave(struct condition *c, struct waiter *waiter, uint32_t *ret_notified)
{
    pthread_mutex_lock(&c->mutex);
    struct waiter **link = &c->first;
    while (*link && *link != waiter)
        link = &(*link)->next;
    if (*link) /* nobody has taken it out */
        *link = waiter->next;
    bool woken = atomic_load(&waiter->woken);
    *ret_notified = waiter->notified;
    waiter->next = c->unused;
    c->unused = waiter;
    pthread_mutex_unlock(&c->mutex);
    return woken;
}

static int refuse(struct condition *condition)
{
    seam_record(EVENT_REFUSED, condition->object, EPERM, 0);
    return -EPERM;
}

static int wait_until(struct condition *c, uint64_t deadline)
{
    uint32_t notified;
    if (!lock_is_mine(c->lock))
        return refuse(c);
    seam_point_both(SEAM_AWAIT, c->object, lock_object(c->lock));
    struct waiter *waiter = line_up(c);
    unsigned depth = lock_release_all(c->lock);
    seam_wait(EVENT_CONDITION_WAIT, c->object, 0);
    bool announced =
        deadline == UINT64_MAX && lock_announce_when(c->lock, &waiter->woken, c->object);
    if (!announced)
        sync_wait_while(&waiter->woken, 0, deadline);
    seam_go_on();
    bool woken = leave(c, waiter, &notified);
    if (!woken)
        seam_record(EVENT_TIMED_OUT, c->object, 0, 0);
    if (!announced)
        lock_announce(c->lock);
    lock_acquire_depth(c->lock, depth);
    if (woken)
        seam_record(EVENT_CONDITION_WOKEN, c->object, 0, notified);
    return woken ? 0 : -ETIMEDOUT;
}

int condition_wait(struct condition *condition)
{
    return wait_until(condition, UINT64_MAX);
}

int condition_wait_for(struct condition *condition, int64_t timeout_us)
{
    return wait_until(condition, sync_deadline(timeout_us));
}

/*
 * Under control a notify wakes any of them, as it does in POSIX and among processes: brings the one
 * that is chosen to place `i` of the queue.
 */
static void choose_waiter(struct condition *c, unsigned i)
{
    struct waiter **place = &c->first;
    unsigned left = 0;
    while (i-- > 0 && *place)
        place = &(*place)->next;
    for (const struct waiter *w = *place; w; w = w->next)
        left++;
    struct waiter **link = place;
    for (unsigned chosen = seam_choose(left); chosen > 0 && *link; chosen--)
        link = &(*link)->next;
    if (link == place || !*link)
        return;
    struct waiter *waiter = *link;
    *link = waiter->next;
    waiter->next = *place;
    *place = waiter;
}

/* Takes up to n waiters out of the queue, as a list; they are woken afterwards. */
static struct waiter *take_waiters(struct condition *c, unsigned n, int *ret_count)
{
    struct waiter **link = &c->first;
    for (*ret_count = 0; *link && (unsigned)*ret_count < n; ++*ret_count) {
        if (seam_self.control && n != UINT_MAX)
            choose_waiter(c, (unsigned)*ret_count);
        link = &(*link)->next;
    }
    struct waiter *taken = c->first;
    c->first = *link;
    *link = NULL;
    return *ret_count > 0 ? taken : NULL;
}

int condition_notify(struct condition *c, unsigned n)
{
    return lock_is_mine(c->lock) ? condition_signal(c, n) : refuse(c);
}

int condition_signal(struct condition *c, unsigned n)
{
    int count;
    seam_point(SEAM_SIGNAL, c->object);
    pthread_mutex_lock(&c->mutex);
    struct waiter *waiter = take_waiters(c, n, &count);
    uint32_t event = seam_record(EVENT_CONDITION_NOTIFIED, c->object, count, 0);
    while (waiter) {
        struct waiter *next = waiter->next; /* it may be gone once it is woken */
        waiter->next = NULL;
        waiter->notified = event;
        atomic_store_explicit(&waiter->woken, 1, memory_order_release);
        sync_wake_one(&waiter->woken);
        waiter = next;
    }
    pthread_mutex_unlock(&c->mutex);
    return count;
}

int condition_notify_all(struct condition *condition)
{
    return condition_notify(condition, UINT_MAX);
}

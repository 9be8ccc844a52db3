#include "sandbox/prim/event.h"

#include "sandbox/prim/sync.h"
#include "sandbox/sched/seam.h"

#include <pthread.h>

struct event {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool flag;             /* guarded by mutex, as is all below */
    _Atomic uint32_t sets; /* how often it was set: who waits sees a set that is cleared at once */
    uint32_t set_event;    /* the event.set that made it true */
    uint16_t object;
};

struct event *event_of(uint16_t object)
{
    struct event *event = run_alloc(seam_self.run, sizeof *event);
    sync_mutex_init(&event->mutex);
    sync_cond_init(&event->changed);
    event->object = object;
    return event;
}

struct event *event_new(const char *name)
{
    return event_of(seam_object(OBJECT_EVENT, name));
}

void event_set(struct event *event)
{
    seam_point(SEAM_SIGNAL, event->object);
    sync_enter(&event->mutex, event->object);
    event->set_event = seam_record(EVENT_EVENT_SET, event->object, 0, 0);
    event->flag = true;
    event->sets++;
    pthread_cond_broadcast(&event->changed);
    pthread_mutex_unlock(&event->mutex);
}

void event_clear(struct event *event)
{
    seam_point(SEAM_SIGNAL, event->object);
    sync_enter(&event->mutex, event->object);
    event->flag = false;
    seam_record(EVENT_EVENT_CLEARED, event->object, 0, 0);
    pthread_mutex_unlock(&event->mutex);
}

/* Waits with the mutex held until it is set once more; the set may be cleared again by then. */
static bool wait_for_set(struct event *event, uint64_t deadline)
{
    uint32_t seen = event->sets;
    bool in_time = true;
    seam_wait(EVENT_EVENT_WAIT, event->object, 0);
    sync_step_out(&event->mutex, &event->sets, seen, deadline);
    while (event->sets == seen && in_time)
        in_time = sync_cond_wait(&event->changed, &event->mutex, deadline);
    seam_go_on();
    return event->sets != seen;
}

static bool wait_until(struct event *event, uint64_t deadline)
{
    /* Who will wait for a while only looks, perhaps again and again. */
    seam_point(deadline == UINT64_MAX ? SEAM_AWAIT : SEAM_READ, event->object);
    sync_enter(&event->mutex, event->object);
    bool at_once = event->flag;
    bool passed = at_once || wait_for_set(event, deadline);
    if (passed)
        seam_record(EVENT_EVENT_PASSED, event->object, 0, at_once ? 0 : event->set_event);
    else
        seam_record(EVENT_TIMED_OUT, event->object, 0, 0);
    pthread_mutex_unlock(&event->mutex);
    return passed;
}

void event_wait(struct event *event)
{
    wait_until(event, UINT64_MAX);
}

bool event_wait_for(struct event *event, int64_t timeout_us)
{
    return wait_until(event, sync_deadline(timeout_us));
}

bool event_is_set(struct event *event)
{
    seam_point(SEAM_READ, event->object);
    sync_enter(&event->mutex, event->object);
    bool flag = event->flag;
    pthread_mutex_unlock(&event->mutex);
    return flag;
}

#include "sandbox/prim/event.h"

#include "sandbox/prim/sync.h"
#include "sandbox/sched/seam.h"

#include <pthread.h>

struct event {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool flag;          /* guarded by mutex */
    uint32_t set_event; /* the event.set that made it true; guarded by mutex */
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
    pthread_cond_broadcast(&event->changed);
    pthread_mutex_unlock(&event->mutex);
}

void event_clear(struct event *event)
{
    seam_point(SEAM_SIGNAL, event->object);
    sync_enter(&event->mutex, event->object);
    event->flag = false;
    pthread_mutex_unlock(&event->mutex);
}

void event_wait(struct event *event)
{
    seam_point(SEAM_AWAIT, event->object);
    uint32_t cause = 0;
    sync_enter(&event->mutex, event->object);
    if (!event->flag) {
        seam_wait(EVENT_EVENT_WAIT, event->object, 0);
        while (!event->flag)
            pthread_cond_wait(&event->changed, &event->mutex);
        seam_go_on();
        cause = event->set_event;
    }
    seam_record(EVENT_EVENT_PASSED, event->object, 0, cause);
    pthread_mutex_unlock(&event->mutex);
}

bool event_is_set(struct event *event)
{
    sync_enter(&event->mutex, event->object);
    bool flag = event->flag;
    pthread_mutex_unlock(&event->mutex);
    return flag;
}

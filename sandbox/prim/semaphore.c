#include "sandbox/prim/semaphore.h"

#include "sandbox/sched/seam.h"

#include <errno.h>
#include <limits.h>

struct semaphore {
    pthread_mutex_t mutex;
    pthread_cond_t released;
    _Atomic uint32_t value; /* guarded by mutex, as is all below */
    unsigned most;
    unsigned waiting;
    uint32_t release_event;
    uint16_t released_by;
    uint16_t object;
};

static struct semaphore *make(const char *name, unsigned value, unsigned most)
{
    struct semaphore *semaphore = run_alloc(seam_self.run, sizeof *semaphore);
    sync_mutex_init(&semaphore->mutex);
    sync_cond_init(&semaphore->released);
    semaphore->value = value;
    semaphore->most = most;
    semaphore->object = seam_object(OBJECT_SEMAPHORE, name);
    seam_record(EVENT_CAPACITY, semaphore->object, value, 0);
    return semaphore;
}

struct semaphore *semaphore_new(const char *name, unsigned value)
{
    return make(name, value, UINT_MAX);
}

struct semaphore *semaphore_new_bounded(const char *name, unsigned value)
{
    return make(name, value, value);
}

/* Waits with the mutex held. */
static bool wait_for_permit(struct semaphore *s, uint64_t deadline)
{
    seam_wait(EVENT_SEMAPHORE_WAIT, s->object, 0);
    s->waiting++;
    bool in_time = true;
    while (s->value == 0 && in_time)
        in_time = sync_cond_wait(&s->released, &s->mutex, deadline);
    s->waiting--;
    seam_go_on();
    return s->value > 0;
}

static bool acquire_until(struct semaphore *s, uint64_t deadline)
{
    seam_point_when(SEAM_ACQUIRE, s->object, &s->value, 1, UINT32_MAX, deadline,
                    EVENT_SEMAPHORE_WAIT);
    sync_enter(&s->mutex, s->object);
    bool had_to_wait = s->value == 0;
    bool taken = !had_to_wait || wait_for_permit(s, deadline);
    if (taken) {
        s->value--;
        seam_set_holder(s->object, true);
        uint32_t cause = had_to_wait && s->released_by != seam_self.task ? s->release_event : 0;
        seam_record_aux(EVENT_SEMAPHORE_ACQUIRED, s->object, 0, (uint16_t)s->value, cause);
    } else {
        seam_record(EVENT_TIMED_OUT, s->object, 0, 0);
    }
    pthread_mutex_unlock(&s->mutex);
    return taken;
}

void semaphore_acquire(struct semaphore *semaphore)
{
    acquire_until(semaphore, UINT64_MAX);
}

bool semaphore_acquire_for(struct semaphore *semaphore, int64_t timeout_us)
{
    return acquire_until(semaphore, sync_deadline(timeout_us));
}

int semaphore_release(struct semaphore *s)
{
    seam_point_on(SEAM_RELEASE, s->object, &s->value);
    sync_enter(&s->mutex, s->object);
    int r = s->value == s->most ? -EOVERFLOW : 0;
    if (r == 0) {
        s->value++;
        s->released_by = seam_self.task;
        s->release_event =
            seam_record_aux(EVENT_SEMAPHORE_RELEASED, s->object, 0, (uint16_t)s->value, 0);
        seam_set_holder(s->object, false);
        if (s->waiting > 0)
            pthread_cond_signal(&s->released);
    } else {
        seam_record(EVENT_REFUSED, s->object, EOVERFLOW, 0);
    }
    pthread_mutex_unlock(&s->mutex);
    return r;
}

unsigned semaphore_value(struct semaphore *s)
{
    seam_point_on(SEAM_READ, s->object, &s->value);
    sync_enter(&s->mutex, s->object);
    unsigned value = s->value;
    pthread_mutex_unlock(&s->mutex);
    return value;
}

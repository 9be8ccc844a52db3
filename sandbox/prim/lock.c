#include "sandbox/prim/lock.h"

#include "sandbox/prim/sync.h"
#include "sandbox/sched/seam.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct lock {
    pthread_mutex_t mutex;
    uint16_t object;
    uint16_t released_by;
    uint32_t released; /* event of the last release; guarded by mutex */
};

static struct lock *lock_init(struct lock *lock, const char *name)
{
    sync_mutex_init(&lock->mutex);
    lock->object = seam_object(OBJECT_LOCK, name);
    return lock;
}

struct lock *lock_new(const char *name)
{
    return lock_init(run_alloc(seam_self.run, sizeof(struct lock)), name);
}

struct lock *lock_new_private(const char *name)
{
    struct lock *lock = calloc(1, sizeof *lock);
    if (!lock)
        seam_fail(ENOMEM, "a lock");
    return lock_init(lock, name);
}

static void note_acquired(struct lock *lock)
{
    seam_set_holder(lock->object, true);
    uint32_t cause = lock->released_by == seam_self.task ? 0 : lock->released;
    seam_record(EVENT_LOCK_ACQUIRED, lock->object, 0, cause);
}

void lock_acquire(struct lock *lock)
{
    seam_point(SEAM_ACQUIRE, lock->object);
    if (pthread_mutex_trylock(&lock->mutex) != 0) {
        seam_wait(EVENT_LOCK_WAIT, lock->object, 0);
        pthread_mutex_lock(&lock->mutex);
        seam_go_on();
    }
    note_acquired(lock);
}

bool lock_try(struct lock *lock)
{
    seam_point(SEAM_ACQUIRE, lock->object);
    if (pthread_mutex_trylock(&lock->mutex) != 0)
        return false;
    note_acquired(lock);
    return true;
}

void lock_release(struct lock *lock)
{
    seam_point(SEAM_RELEASE, lock->object);
    lock->released = seam_record(EVENT_LOCK_RELEASED, lock->object, 0, 0);
    lock->released_by = seam_self.task;
    seam_set_holder(lock->object, false);
    pthread_mutex_unlock(&lock->mutex);
}

#include "sandbox/prim/barrier.h"

#include "sandbox/sched/seam.h"

#include <errno.h>

struct barrier {
    pthread_mutex_t mutex;
    _Atomic uint32_t round; /* what waiters wait on: changes when they may go, or must */
    unsigned parties;
    unsigned arrived; /* guarded by mutex, as is all below */
    bool broken;
    uint64_t torn;   /* by round % 64: it ended without everybody */
    uint32_t opened; /* event of the last arrival of the last whole round */
    uint16_t object;
};

struct barrier *barrier_new(const char *name, unsigned parties)
{
    struct barrier *barrier = run_alloc(seam_self.run, sizeof *barrier);
    sync_mutex_init(&barrier->mutex);
    barrier->parties = parties;
    barrier->object = seam_object(OBJECT_BARRIER, name);
    seam_record(EVENT_CAPACITY, barrier->object, parties, 0);
    return barrier;
}

static uint64_t round_bit(uint32_t round)
{
    return UINT64_C(1) << round % 64;
}

/* The waiters of this round go on. */
static void end_round(struct barrier *b, bool whole)
{
    uint64_t bit = round_bit(b->round);
    b->torn = whole ? b->torn & ~bit : b->torn | bit;
    b->arrived = 0;
    atomic_fetch_add_explicit(&b->round, 1, memory_order_release);
    sync_wake(&b->round);
}

static void break_it(struct barrier *b)
{
    b->broken = true;
    seam_record(EVENT_BARRIER_BROKEN, b->object, 0, 0);
    end_round(b, false);
}

/* Leaves the mutex, waits for the end of the round and is back inside. */
static bool wait_in(struct barrier *b, uint32_t round, uint64_t deadline)
{
    trace_task_waits(seam_self.run->shared, seam_self.task, b->object);
    pthread_mutex_unlock(&b->mutex);
    sync_wait_while(&b->round, round, deadline);
    seam_go_on();
    pthread_mutex_lock(&b->mutex);
    if (b->round == round) { /* the time is up */
        seam_record(EVENT_TIMED_OUT, b->object, 0, 0);
        break_it(b);
    }
    return !(b->torn & round_bit(round));
}

static int wait_until(struct barrier *b, uint64_t deadline)
{
    seam_point(SEAM_AWAIT, b->object);
    sync_enter(&b->mutex, b->object);
    uint32_t round = b->round;
    int place = b->broken ? -EPIPE : (int)b->arrived++;
    if (place >= 0) {
        uint32_t arrival =
            seam_record_aux(EVENT_BARRIER_WAIT, b->object, 0, (uint16_t)b->arrived, 0);
        if (b->arrived == b->parties) {
            b->opened = arrival;
            end_round(b, true);
        } else if (!wait_in(b, round, deadline)) {
            place = -EPIPE;
        }
    }
    if (place >= 0)
        seam_record(EVENT_BARRIER_PASSED, b->object, 0, b->opened);
    else
        seam_record(EVENT_REFUSED, b->object, EPIPE, 0);
    pthread_mutex_unlock(&b->mutex);
    return place;
}

int barrier_wait(struct barrier *barrier)
{
    return wait_until(barrier, UINT64_MAX);
}

int barrier_wait_for(struct barrier *barrier, int64_t timeout_us)
{
    return wait_until(barrier, sync_deadline(timeout_us));
}

void barrier_abort(struct barrier *b)
{
    seam_point(SEAM_SIGNAL, b->object);
    sync_enter(&b->mutex, b->object);
    if (!b->broken)
        break_it(b);
    pthread_mutex_unlock(&b->mutex);
}

void barrier_reset(struct barrier *b)
{
    seam_point(SEAM_SIGNAL, b->object);
    sync_enter(&b->mutex, b->object);
    if (b->arrived > 0)
        end_round(b, false);
    b->broken = false;
    pthread_mutex_unlock(&b->mutex);
}

bool barrier_broken(struct barrier *b)
{
    seam_point(SEAM_READ, b->object);
    sync_enter(&b->mutex, b->object);
    bool broken = b->broken;
    pthread_mutex_unlock(&b->mutex);
    return broken;
}

unsigned barrier_waiting(struct barrier *b)
{
    seam_point(SEAM_READ, b->object);
    sync_enter(&b->mutex, b->object);
    unsigned arrived = b->arrived;
    pthread_mutex_unlock(&b->mutex);
    return arrived;
}

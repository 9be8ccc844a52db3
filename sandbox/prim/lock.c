#include "sandbox/prim/lock.h"

#include "sandbox/sched/control.h"

#include <errno.h>
#include <sched.h>

#define NOBODY 0u
#define SPINS  1000 /* before the processor is offered to others once */

/* The word of a mutex (Drepper, Futexes Are Tricky, 2011). */
enum { FREE, HELD, HELD_AND_WAITED_FOR };

struct lock {
    _Atomic uint32_t word;   /* of a ticket lock: whose turn it is */
    _Atomic uint32_t next;   /* the ticket lock's next ticket */
    _Atomic uint32_t holder; /* task + 1 */
    _Atomic uint32_t waiting;
    enum lock_kind kind;
    unsigned depth;    /* guarded by the lock itself, as is all below */
    uint32_t released; /* event of the last release */
    uint16_t released_by;
    uint16_t object;
};

static struct lock *lock_init(struct lock *lock, enum lock_kind kind, const char *name)
{
    lock->kind = kind;
    lock->object = seam_object(OBJECT_LOCK, name);
    return lock;
}

struct lock *lock_new_of(enum lock_kind kind, const char *name)
{
    return lock_init(run_alloc(seam_self.run, sizeof(struct lock)), kind, name);
}

struct lock *lock_new(const char *name)
{
    return lock_new_of(LOCK_MUTEX, name);
}

struct lock *lock_new_private(const char *name)
{
    struct lock *lock = seam_private(sizeof *lock);
    if (!lock)
        seam_fail(ENOMEM, "a lock");
    return lock_init(lock, LOCK_MUTEX, name);
}

static uint32_t me(void)
{
    return seam_self.task + 1u;
}

/* ---- the word: taking it, waiting for it, giving it back ---- */

static bool mutex_take(struct lock *lock)
{
    uint32_t free = FREE;
    return atomic_compare_exchange_strong_explicit(&lock->word, &free, HELD, memory_order_acquire,
                                                   memory_order_relaxed);
}

static bool mutex_wait(struct lock *lock, uint64_t deadline)
{
    while (atomic_exchange_explicit(&lock->word, HELD_AND_WAITED_FOR, memory_order_acquire) != FREE)
        if (!sync_wait_while(&lock->word, HELD_AND_WAITED_FOR, deadline))
            return false;
    return true;
}

/* Takes the next ticket if it is served at once. */
static bool ticket_take(struct lock *lock)
{
    uint32_t turn = atomic_load_explicit(&lock->word, memory_order_acquire);
    return atomic_compare_exchange_strong(&lock->next, &turn, turn + 1);
}

/* A ticket cannot be given back: who will not wait for ever waits without one. */
static bool ticket_wait(struct lock *lock, uint64_t deadline)
{
    uint32_t turn;
    if (deadline != UINT64_MAX) {
        while (!ticket_take(lock)) {
            turn = atomic_load(&lock->word);
            if (atomic_load(&lock->next) != turn && !sync_wait_while(&lock->word, turn, deadline))
                return false;
        }
        return true;
    }
    uint32_t mine = atomic_fetch_add(&lock->next, 1);
    while ((turn = atomic_load_explicit(&lock->word, memory_order_acquire)) != mine)
        sync_wait_while(&lock->word, turn, deadline);
    return true;
}

static bool spin_wait(struct lock *lock, uint64_t deadline)
{
    while (!mutex_take(lock)) {
        for (int i = 0; i < SPINS && atomic_load_explicit(&lock->word, memory_order_relaxed); i++)
            __builtin_ia32_pause();
        if (deadline != UINT64_MAX && sync_now() >= deadline)
            return false;
        sched_yield(); /* its holder may be the one who has no processor */
    }
    return true;
}

static bool take(struct lock *lock)
{
    return lock->kind == LOCK_TICKET ? ticket_take(lock) : mutex_take(lock);
}

static bool wait(struct lock *lock, uint64_t deadline)
{
    if (lock->kind == LOCK_TICKET)
        return ticket_wait(lock, deadline);
    if (seam_self.control)
        return false; /* it was announced, and the time is up */
    return lock->kind == LOCK_SPIN ? spin_wait(lock, deadline) : mutex_wait(lock, deadline);
}

static void give_back(struct lock *lock)
{
    if (lock->kind == LOCK_TICKET) {
        atomic_fetch_add_explicit(&lock->word, 1, memory_order_release);
        if (atomic_load(&lock->next) != atomic_load(&lock->word))
            sync_wake(&lock->word);
    } else if (atomic_exchange_explicit(&lock->word, FREE, memory_order_release) ==
               HELD_AND_WAITED_FOR) {
        sync_wake_one(&lock->word);
    }
}

/* ---- the lock ---- */

static void note_acquired(struct lock *lock, unsigned depth)
{
    atomic_store_explicit(&lock->holder, me(), memory_order_relaxed);
    lock->depth = depth;
    seam_set_holder(lock->object, true);
    uint32_t cause = lock->released_by == seam_self.task ? 0 : lock->released;
    seam_record_aux(EVENT_LOCK_ACQUIRED, lock->object, 0, (uint16_t)depth, cause);
}

static void note_released(struct lock *lock)
{
    lock->depth = 0;
    lock->released = seam_record(EVENT_LOCK_RELEASED, lock->object, 0, 0);
    lock->released_by = seam_self.task;
    uint32_t holder = atomic_load_explicit(&lock->holder, memory_order_relaxed);
    atomic_store_explicit(&lock->holder, NOBODY, memory_order_relaxed);
    seam_set_holder_task(lock->object, (uint16_t)(holder - 1), false);
    give_back(lock);
}

/* Another level of what the task holds already: nobody else can see it in between. */
static bool enter_again(struct lock *lock)
{
    if (lock->kind != LOCK_RECURSIVE || !lock_is_mine(lock))
        return false;
    seam_record_aux(EVENT_LOCK_ACQUIRED, lock->object, 0, (uint16_t)++lock->depth, 0);
    return true;
}

/* A ticket lock under control: the ticket is drawn when it is one's turn to do so. */
static bool draw_ticket(struct lock *lock, uint64_t deadline)
{
    if (!seam_self.control || lock->kind != LOCK_TICKET || deadline != UINT64_MAX)
        return false;
    uint32_t mine = atomic_fetch_add(&lock->next, 1);
    seam_point_when(SEAM_ACQUIRE, lock->object, &lock->word, mine, mine, deadline, EVENT_LOCK_WAIT);
    note_acquired(lock, 1);
    return true;
}

static bool acquire_until(struct lock *lock, uint64_t deadline)
{
    if (draw_ticket(lock, deadline))
        return true;
    if (enter_again(lock))
        return true;
    if (!take(lock)) {
        seam_wait(EVENT_LOCK_WAIT, lock->object, 0);
        atomic_fetch_add_explicit(&lock->waiting, 1, memory_order_relaxed);
        bool taken = wait(lock, deadline);
        atomic_fetch_sub_explicit(&lock->waiting, 1, memory_order_relaxed);
        seam_go_on();
        if (!taken) {
            seam_record(EVENT_TIMED_OUT, lock->object, 0, 0);
            return false;
        }
    }
    note_acquired(lock, 1);
    return true;
}

/* Possible when it is free; always to whom it belongs, and to draw a ticket. */
static void announce(struct lock *lock, uint64_t deadline)
{
    if (!seam_self.control)
        return;
    if (lock->kind == LOCK_TICKET || (lock->kind == LOCK_RECURSIVE && lock_is_mine(lock)))
        seam_point_on(SEAM_ACQUIRE, lock->object, &lock->word);
    else
        seam_point_when(SEAM_ACQUIRE, lock->object, &lock->word, FREE, FREE, deadline,
                        EVENT_LOCK_WAIT);
}

void lock_acquire(struct lock *lock)
{
    announce(lock, UINT64_MAX);
    acquire_until(lock, UINT64_MAX);
}

bool lock_acquire_for(struct lock *lock, int64_t timeout_us)
{
    if (timeout_us == 0)
        return lock_try(lock);
    uint64_t deadline = sync_deadline(timeout_us);
    announce(lock, deadline);
    return acquire_until(lock, deadline);
}

bool lock_try(struct lock *lock)
{
    seam_point_on(SEAM_ACQUIRE, lock->object, &lock->word);
    if (enter_again(lock))
        return true;
    if (!take(lock))
        return false;
    note_acquired(lock, 1);
    return true;
}

int lock_release(struct lock *lock)
{
    seam_point_on(SEAM_RELEASE, lock->object, &lock->word);
    uint32_t holder = atomic_load_explicit(&lock->holder, memory_order_relaxed);
    if (holder == NOBODY || (lock->kind == LOCK_RECURSIVE && holder != me())) {
        seam_record(EVENT_REFUSED, lock->object, EPERM, 0);
        return -EPERM;
    }
    if (lock->depth > 1)
        seam_record_aux(EVENT_LOCK_RELEASED, lock->object, 0, (uint16_t)--lock->depth, 0);
    else
        note_released(lock);
    return 0;
}

bool lock_locked(const struct lock *lock)
{
    seam_point_on(SEAM_READ, lock->object, &lock->word);
    return atomic_load_explicit(&lock->holder, memory_order_relaxed) != NOBODY;
}

unsigned lock_waiters(const struct lock *lock)
{
    seam_point_on(SEAM_READ, lock->object, &lock->word);
    if (seam_self.control && lock->kind != LOCK_TICKET)
        return control_waiters(seam_self.control, lock->object);
    if (lock->kind != LOCK_TICKET)
        return atomic_load(&lock->waiting);
    uint32_t turn = atomic_load(&lock->word), drawn = atomic_load(&lock->next) - turn;
    return drawn > 0 ? drawn - 1 : 0;
}

bool lock_is_mine(const struct lock *lock)
{
    return atomic_load_explicit(&lock->holder, memory_order_relaxed) == me();
}

unsigned lock_release_all(struct lock *lock)
{
    unsigned depth = lock->depth;
    note_released(lock);
    return depth;
}

bool lock_announce_when(struct lock *lock, const _Atomic uint32_t *woken, uint16_t waits_on)
{
    if (!seam_self.control || lock->kind == LOCK_TICKET)
        return false;
    control_point(&(struct seam_op){.operation = SEAM_ACQUIRE,
                                    .object = lock->object,
                                    .second = TRACE_NO_OBJECT,
                                    .level = &lock->word,
                                    .low = FREE,
                                    .high = FREE,
                                    .gate = woken,
                                    .waits_on = waits_on,
                                    .deadline = SEAM_NEVER});
    return true;
}

void lock_announce(struct lock *lock)
{
    announce(lock, UINT64_MAX);
}

void lock_acquire_depth(struct lock *lock, unsigned depth)
{
    acquire_until(lock, UINT64_MAX);
    lock->depth = depth;
}

uint16_t lock_object(const struct lock *lock)
{
    return lock->object;
}

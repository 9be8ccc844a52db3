/* Locks, semaphores, conditions, barriers and events, among threads and among processes. */
#include "tests/unit/rig.h"

#include <errno.h>

static const enum task_kind kinds[] = {TASK_THREAD, TASK_PROCESS};
static const enum lock_kind lock_kinds[] = {LOCK_MUTEX, LOCK_RECURSIVE, LOCK_TICKET, LOCK_SPIN};

/* In the run's memory: what the tasks of a test share. */
struct shared {
    struct lock *lock;
    struct semaphore *semaphore;
    struct condition *condition;
    struct barrier *barrier;
    struct event *event, *go;
    int64_t number; /* not atomic: guarded by what is tested */
    _Atomic int inside, most, order[64], arrived;
    int rounds;
};

static struct shared *begin(struct rig *rig)
{
    rig_begin(rig);
    struct shared *shared = run_alloc(seam_self.run, sizeof *shared);
    shared->go = event_new("go");
    return shared;
}

static void end(struct rig *rig)
{
    rig_end(rig);
    rig_release(rig);
}

static void run_tasks(enum task_kind kind, unsigned n, task_fn *body, struct shared *shared)
{
    struct task *tasks[16];
    for (unsigned i = 0; i < n; i++)
        tasks[i] = task_start(kind, text("task %u", i + 1), body, shared);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(task_join(tasks[i]), 0);
}

/* Until the task waits for an object; the state is what the supervisor would see. */
static void await_waiting(uint32_t task)
{
    while (atomic_load(&seam_self.run->shared->task[task].state) != TASK_STATE_WAITING ||
           (atomic_load(&seam_self.run->shared->task[task].waits_on) & ~TRACE_WAITS_FLAGS) >=
               TRACE_WAITS_TASK)
        sleep_us(100);
}

static void count_up(void *argument)
{
    struct shared *shared = argument;
    for (int i = 0; i < shared->rounds; i++) {
        lock_acquire(shared->lock);
        shared->number++;
        assert_int_equal(lock_release(shared->lock), 0);
    }
}

void test_locks_exclude(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++)
        for (size_t l = 0; l < 4; l++) {
            struct rig rig;
            struct shared *shared = begin(&rig);
            shared->lock = lock_new_of(lock_kinds[l], "lock");
            shared->rounds = 2000;
            run_tasks(kinds[k], 4, count_up, shared);
            assert_int_equal(shared->number, 8000);
            assert_false(lock_locked(shared->lock));
            end(&rig);
        }
}

static void hold(void *argument)
{
    struct shared *shared = argument;
    lock_acquire(shared->lock);
    event_set(shared->event);
    event_wait(shared->go);
    lock_release(shared->lock);
}

void test_a_lock_times_out_and_names_its_holder(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++)
        for (size_t l = 0; l < 4; l++) {
            struct rig rig;
            struct shared *shared = begin(&rig);
            struct trace_wait waits[4];
            shared->lock = lock_new_of(lock_kinds[l], "lock");
            shared->event = event_new("held");
            struct task *holder = task_start(kinds[k], "holder", hold, shared);
            event_wait(shared->event);
            assert_false(lock_try(shared->lock));
            assert_false(lock_acquire_for(shared->lock, 2000));
            assert_true(lock_locked(shared->lock) && !lock_is_mine(shared->lock));
            shared->rounds = 1;
            struct task *waiter = task_start(kinds[k], "waiter", count_up, shared);
            struct trace_reader *reader = trace_reader_new(rig.shared);
            await_waiting(2);
            assert_int_equal(trace_reader_waits(reader, waits, 4), 2); /* the holder: for go */
            assert_string_equal(waits[1].task, "waiter");
            assert_string_equal(waits[1].holder, "holder");
            trace_reader_free(reader);
            event_set(shared->go);
            task_join(holder);
            task_join(waiter);
            assert_true(lock_acquire_for(shared->lock, 1000000));
            lock_release(shared->lock);
            rig_end(&rig);
            assert_int_equal(count(&rig, EVENT_TIMED_OUT), 1);
            rig_release(&rig);
        }
}

void test_a_recursive_lock_counts(void **state)
{
    (void)state;
    struct rig rig;
    struct shared *shared = begin(&rig);
    struct lock *lock = shared->lock = lock_new_of(LOCK_RECURSIVE, "rlock");
    assert_int_equal(lock_release(lock), -EPERM);
    lock_acquire(lock);
    assert_true(lock_try(lock));
    assert_true(lock_acquire_for(lock, 0));
    shared->rounds = 1;
    struct task *other = thread_start("other", count_up, shared);
    await_waiting(1);
    for (int depth = 3; depth > 1; depth--) {
        assert_int_equal(lock_release(lock), 0);
        assert_int_equal(shared->number, 0);
        assert_true(lock_is_mine(lock));
    }
    assert_int_equal(lock_release(lock), 0);
    task_join(other);
    assert_int_equal(shared->number, 1);
    assert_int_equal(lock_release(lock), -EPERM);
    end(&rig);
}

static void release_it(void *argument)
{
    struct shared *shared = argument;
    shared->order[0] = lock_release(shared->lock);
}

void test_who_may_release_what(void **state)
{
    (void)state;
    for (size_t l = 0; l < 4; l++) {
        struct rig rig;
        struct shared *shared = begin(&rig);
        shared->lock = lock_new_of(lock_kinds[l], "lock");
        assert_int_equal(lock_release(shared->lock), -EPERM);
        lock_acquire(shared->lock);
        run_tasks(TASK_PROCESS, 1, release_it, shared);
        bool only_owner = lock_kinds[l] == LOCK_RECURSIVE;
        assert_int_equal(shared->order[0], only_owner ? -EPERM : 0);
        assert_int_equal(lock_locked(shared->lock), only_owner);
        end(&rig);
    }
}

static void line_up(void *argument)
{
    struct shared *shared = argument;
    lock_acquire(shared->lock);
    shared->order[shared->arrived++] = seam_self.task;
    lock_release(shared->lock);
}

void test_tickets_are_served_in_order(void **state)
{
    (void)state;
    struct rig rig;
    struct shared *shared = begin(&rig);
    struct task *tasks[8];
    shared->lock = lock_new_of(LOCK_TICKET, "ticket");
    lock_acquire(shared->lock);
    for (uint32_t i = 0; i < 8; i++) {
        tasks[i] = thread_start("waiter", line_up, shared);
        await_waiting(i + 1);
    }
    lock_release(shared->lock);
    for (int i = 0; i < 8; i++)
        task_join(tasks[i]);
    for (int i = 0; i < 8; i++)
        assert_int_equal(shared->order[i], i + 1);
    end(&rig);
}

static void visit(void *argument)
{
    struct shared *shared = argument;
    for (int i = 0; i < shared->rounds; i++) {
        semaphore_acquire(shared->semaphore);
        int inside = ++shared->inside, most = shared->most;
        while (inside > most && !atomic_compare_exchange_weak(&shared->most, &most, inside))
            ;
        sleep_us(50);
        shared->inside--;
        semaphore_release(shared->semaphore);
    }
}

void test_a_semaphore_lets_so_many_in(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct rig rig;
        struct shared *shared = begin(&rig);
        shared->semaphore = semaphore_new("stalls", 3);
        shared->rounds = 50;
        run_tasks(kinds[k], 8, visit, shared);
        assert_int_equal(shared->most, 3);
        assert_int_equal(semaphore_value(shared->semaphore), 3);
        end(&rig);
    }
}

void test_a_semaphore_remembers_releases_and_times_out(void **state)
{
    (void)state;
    struct rig rig;
    begin(&rig);
    struct semaphore *semaphore = semaphore_new("signal", 0);
    assert_false(semaphore_acquire_for(semaphore, 0));
    assert_false(semaphore_acquire_for(semaphore, 1000));
    assert_int_equal(semaphore_release(semaphore), 0);
    assert_int_equal(semaphore_release(semaphore), 0);
    assert_true(semaphore_acquire_for(semaphore, 0));
    semaphore_acquire(semaphore);
    struct semaphore *bounded = semaphore_new_bounded("bounded", 1);
    assert_int_equal(semaphore_release(bounded), -EOVERFLOW);
    semaphore_acquire(bounded);
    assert_int_equal(semaphore_release(bounded), 0);
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_TIMED_OUT), 2);
    assert_int_equal(count(&rig, EVENT_REFUSED), 1);
    assert_int_equal(count(&rig, EVENT_CAPACITY), 2);
    rig_release(&rig);
}

static void wait_in_line(void *argument)
{
    struct shared *shared = argument;
    condition_acquire(shared->condition);
    assert_int_equal(condition_wait(shared->condition), 0);
    shared->order[shared->number++] = seam_self.task;
    condition_release(shared->condition);
}

void test_notify_wakes_the_longest_waiting(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct rig rig;
        struct shared *shared = begin(&rig);
        struct task *tasks[6];
        struct condition *c = shared->condition = condition_new("condition", NULL);
        for (uint32_t i = 0; i < 6; i++) {
            tasks[i] = task_start(kinds[k], "waiter", wait_in_line, shared);
            await_waiting(i + 1);
        }
        for (int i = 0; i < 3; i++) {
            condition_acquire(c);
            assert_int_equal(condition_notify(c, 1), 1);
            condition_release(c);
            task_join(tasks[i]);
            assert_int_equal(shared->order[i], i + 1);
        }
        condition_acquire(c);
        assert_int_equal(condition_notify_all(c), 3);
        assert_int_equal(condition_notify_all(c), 0);
        condition_release(c);
        for (int i = 3; i < 6; i++)
            task_join(tasks[i]);
        assert_int_equal(shared->number, 6);
        rig_end(&rig);
        assert_int_equal(count(&rig, EVENT_CONDITION_WOKEN), 6);
        rig_release(&rig);
    }
}

void test_a_condition_wants_its_lock_and_gives_it_back_as_deep(void **state)
{
    (void)state;
    struct rig rig;
    begin(&rig);
    struct condition *c = condition_new("condition", NULL);
    assert_int_equal(condition_wait(c), -EPERM);
    assert_int_equal(condition_notify(c, 1), -EPERM);
    condition_acquire(c);
    condition_acquire(c);
    assert_int_equal(condition_wait_for(c, 1000), -ETIMEDOUT);
    assert_int_equal(condition_notify_all(c), 0); /* who gave up is not in the queue */
    assert_int_equal(lock_release(condition_lock(c)), 0);
    assert_true(lock_is_mine(condition_lock(c)));
    condition_release(c);
    assert_false(lock_locked(condition_lock(c)));
    end(&rig);
}

static void play(struct shared *shared, int64_t me)
{
    for (int i = 0; i < shared->rounds; i++) {
        condition_acquire(shared->condition);
        while (shared->number != me)
            condition_wait(shared->condition);
        shared->number = 1 - me;
        condition_notify(shared->condition, 1);
        condition_release(shared->condition);
    }
}

static void first_player(void *argument)
{
    play(argument, 0);
}

static void second_player(void *argument)
{
    play(argument, 1);
}

void test_a_condition_loses_no_notify(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct rig rig;
        struct shared *shared = begin(&rig);
        shared->condition = condition_new("turn", lock_new("lock"));
        shared->rounds = 3000;
        struct task *first = task_start(kinds[k], "first", first_player, shared);
        struct task *second = task_start(kinds[k], "second", second_player, shared);
        task_join(first);
        task_join(second);
        assert_int_equal(shared->number, 0);
        end(&rig);
    }
}

static void meet(void *argument)
{
    struct shared *shared = argument;
    for (int round = 0; round < shared->rounds; round++) {
        shared->arrived++;
        int place = barrier_wait(shared->barrier);
        assert_true(place >= 0 && place < 4);
        assert_true(shared->arrived >= 4 * (round + 1)); /* nobody leaves before all have come */
    }
}

void test_a_barrier_holds_everybody_back(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct rig rig;
        struct shared *shared = begin(&rig);
        shared->barrier = barrier_new("barrier", 4);
        shared->rounds = 500;
        run_tasks(kinds[k], 4, meet, shared);
        assert_int_equal(shared->arrived, 2000);
        assert_int_equal(barrier_waiting(shared->barrier), 0);
        end(&rig);
    }
}

static void meet_once(void *argument)
{
    struct shared *shared = argument;
    shared->order[shared->arrived++] = barrier_wait(shared->barrier);
}

void test_a_barrier_breaks_for_all_and_can_be_mended(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct rig rig;
        struct shared *shared = begin(&rig);
        struct barrier *b = shared->barrier = barrier_new("barrier", 3);
        struct task *waiter = task_start(kinds[k], "waiter", meet_once, shared);
        await_waiting(1);
        assert_int_equal(barrier_wait_for(b, 1000), -EPIPE);
        task_join(waiter);
        assert_int_equal(shared->order[0], -EPIPE);
        assert_true(barrier_broken(b));
        assert_int_equal(barrier_wait(b), -EPIPE);
        barrier_reset(b);
        assert_false(barrier_broken(b));
        waiter = task_start(kinds[k], "waiter", meet_once, shared);
        await_waiting(2);
        barrier_abort(b);
        task_join(waiter);
        assert_int_equal(shared->order[1], -EPIPE);
        barrier_reset(b);
        run_tasks(kinds[k], 3, meet_once, shared);
        assert_int_equal(shared->order[2] + shared->order[3] + shared->order[4], 0 + 1 + 2);
        end(&rig);
    }
}

static void wait_for_event(void *argument)
{
    struct shared *shared = argument;
    event_wait(shared->event);
    shared->arrived++;
}

void test_a_flash_wakes_who_waits_and_nobody_else(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct rig rig;
        struct shared *shared = begin(&rig);
        shared->event = event_new("flash");
        assert_false(event_wait_for(shared->event, 1000));
        struct task *waiter = task_start(kinds[k], "waiter", wait_for_event, shared);
        await_waiting(1);
        event_set(shared->event);
        event_clear(shared->event);
        task_join(waiter);
        assert_int_equal(shared->arrived, 1);
        assert_false(event_wait_for(shared->event, 0)); /* too late */
        event_set(shared->event);
        assert_true(event_wait_for(shared->event, 0));
        end(&rig);
    }
}

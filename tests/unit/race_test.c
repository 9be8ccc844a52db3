/*
 * Data races as a controlled run tells of them: what orders accesses is no race, under any of 200
 * random schedules; without it the race is found under each of them, and both accesses are named.
 */
#include "tests/unit/oracle.h"

#include "sandbox/proto/operation.h"
#include "sandbox/sched/watch.h"

enum { SEEDS = 200 };

static struct cell *x;
static struct lock *lock;
static struct semaphore *semaphore;
static struct condition *condition;
static struct barrier *barrier;
static struct event *event;
static struct queue *queue;
static struct conn *reader, *writer;
static struct cell *ready;

/* ---- the shapes of the programs ---- */

static void both(enum task_kind kind, task_fn *a, task_fn *b)
{
    x = cell_new("x", 0);
    struct task *one = task_start(kind, "A", a, NULL);
    struct task *two = task_start(kind, "B", b, NULL);
    task_join(one);
    task_join(two);
    cell_read(x); /* ordered by the joins, whatever they did */
}

static void threads(task_fn *a, task_fn *b)
{
    both(TASK_THREAD, a, b);
}

static void increment(void)
{
    cell_write(x, cell_read(x) + 1);
}

static void increments(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++)
        increment();
}

static void unguarded_threads(void)
{
    threads(increments, increments);
}

static void unguarded_processes(void)
{
    both(TASK_PROCESS, increments, increments);
}

static void updates(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++)
        cell_add(x, 1);
}

static void updates_only(void)
{
    threads(updates, updates);
}

static void updates_beside_increments(void)
{
    threads(updates, increments);
}

static void reads(void *unused)
{
    (void)unused;
    cell_read(x);
}

static void reads_only(void)
{
    threads(reads, reads);
}

/* ---- locks ---- */

static void locked(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        lock_acquire(lock);
        increment();
        lock_release(lock);
    }
}

static void locked_twice(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2; i++) {
        lock_acquire(lock);
        increment();
        lock_acquire(lock);
        increment();
        lock_release(lock);
        increment();
        lock_release(lock);
    }
}

static void locked_when_it_can_be(void *unused)
{
    (void)unused;
    for (int tries = 0; tries < 3; tries++)
        if (lock_try(lock)) {
            increment();
            lock_release(lock);
        }
}

static void locked_in_time(void *unused)
{
    (void)unused;
    for (int tries = 0; tries < 3; tries++)
        if (lock_acquire_for(lock, 10)) {
            increment();
            sleep_us(15);
            lock_release(lock);
        }
}

static void mutex(void)
{
    lock = lock_new("lock");
    threads(locked, locked);
}

static void mutex_of_processes(void)
{
    lock = lock_new("lock");
    both(TASK_PROCESS, locked, locked);
}

static void two_threads_of_a_process(void *unused)
{
    (void)unused;
    struct task *one = thread_start("C", locked, NULL);
    struct task *two = thread_start("D", locked, NULL);
    task_join(one);
    task_join(two);
}

/* Each process has its own: that of a child guards among its threads. */
static void own_lock_of_a_process(void)
{
    lock = lock_new_private("lock");
    x = cell_new("x", 0);
    task_join(process_start("A", two_threads_of_a_process, NULL));
    increment();
}

static void own_locks_of_processes(void)
{
    lock = lock_new_private("lock");
    both(TASK_PROCESS, locked, locked);
}

static void ticket_lock(void)
{
    lock = lock_new_of(LOCK_TICKET, "lock");
    threads(locked, locked);
}

static void spin_lock(void)
{
    lock = lock_new_of(LOCK_SPIN, "lock");
    threads(locked, locked);
}

static void recursive_lock(void)
{
    lock = lock_new_of(LOCK_RECURSIVE, "lock");
    threads(locked_twice, locked_twice);
}

static void tried_lock(void)
{
    lock = lock_new("lock");
    threads(locked_when_it_can_be, locked_when_it_can_be);
}

static void timed_lock(void)
{
    lock = lock_new("lock");
    threads(locked_in_time, locked_in_time);
}

static void one_locked(void)
{
    lock = lock_new("lock");
    threads(locked, increments);
}

static void locked_by_its_own(void *unused)
{
    struct lock *own = lock_new_of(LOCK_RECURSIVE, "own");
    (void)unused;
    for (int i = 0; i < 3; i++) {
        lock_acquire(own);
        increment();
        lock_release(own);
    }
}

static void each_a_lock_of_its_own(void)
{
    threads(locked_by_its_own, locked_by_its_own);
}

/* ---- attempts ---- */

static bool got;

static void writes_and_keeps_it(void *unused)
{
    (void)unused;
    lock_acquire(lock);
    cell_write(x, 1);
    lock_release(lock);
    lock_acquire(lock);
    for (int i = 0; i < 5; i++)
        cell_read(ready);
    lock_release(lock);
}

static void tries_and_writes(void *unused)
{
    (void)unused;
    got = lock_try(lock);
    cell_write(x, 2);
    if (got)
        lock_release(lock);
}

static void waits_a_while_and_writes(void *unused)
{
    (void)unused;
    got = lock_acquire_for(lock, 1);
    cell_write(x, 2);
    if (got)
        lock_release(lock);
}

static void tried_all_the_same(void)
{
    lock = lock_new("lock");
    ready = cell_new("ready", 0);
    threads(writes_and_keeps_it, tries_and_writes);
}

static void waited_all_the_same(void)
{
    lock = lock_new("lock");
    ready = cell_new("ready", 0);
    threads(writes_and_keeps_it, waits_a_while_and_writes);
}

/* ---- semaphores ---- */

static void permitted(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        semaphore_acquire(semaphore);
        increment();
        semaphore_release(semaphore);
    }
}

static void semaphore_as_mutex(void)
{
    semaphore = semaphore_new("semaphore", 1);
    threads(permitted, permitted);
}

static void bounded_semaphore_of_processes(void)
{
    semaphore = semaphore_new_bounded("semaphore", 1);
    both(TASK_PROCESS, permitted, permitted);
}

static void writes_and_gives(void *unused)
{
    (void)unused;
    cell_write(x, 1);
    semaphore_release(semaphore);
}

static void gives_and_writes(void *unused)
{
    (void)unused;
    semaphore_release(semaphore);
    cell_write(x, 1);
}

static void takes_and_reads(void *unused)
{
    (void)unused;
    semaphore_acquire(semaphore);
    cell_read(x);
}

static void semaphore_as_signal(void)
{
    semaphore = semaphore_new("semaphore", 0);
    threads(writes_and_gives, takes_and_reads);
}

static void permit_given_too_early(void)
{
    semaphore = semaphore_new("semaphore", 0);
    threads(gives_and_writes, takes_and_reads);
}

/* ---- barriers ---- */

static void writes_and_meets(void *unused)
{
    (void)unused;
    cell_write(x, 1);
    barrier_wait(barrier);
}

static void meets_and_reads(void *unused)
{
    (void)unused;
    barrier_wait(barrier);
    cell_read(x);
}

static void reads_and_meets(void *unused)
{
    (void)unused;
    cell_read(x);
    barrier_wait(barrier);
}

static void rounds(void *number)
{
    for (intptr_t i = 0; i < 4; i++) {
        if (i % 2 == (intptr_t)number)
            increment();
        barrier_wait(barrier);
    }
}

static void barrier_between(void)
{
    barrier = barrier_new("barrier", 2);
    threads(writes_and_meets, meets_and_reads);
}

static void barrier_between_rounds(void)
{
    barrier = barrier_new("barrier", 3);
    x = cell_new("x", 0);
    struct task *one = thread_start("A", rounds, (void *)0);
    struct task *two = thread_start("B", rounds, (void *)1);
    struct task *three = process_start("C", rounds, (void *)2);
    task_join(one);
    task_join(two);
    task_join(three);
}

static void read_before_the_barrier(void)
{
    barrier = barrier_new("barrier", 2);
    threads(writes_and_meets, reads_and_meets);
}

/* ---- conditions ---- */

static void prepares_and_notifies(void *unused)
{
    (void)unused;
    cell_write(x, 1);
    condition_acquire(condition);
    cell_write(ready, 1);
    condition_notify(condition, 1);
    condition_release(condition);
}

static void notifies_and_prepares(void *unused)
{
    (void)unused;
    condition_acquire(condition);
    cell_write(ready, 1);
    condition_notify_all(condition);
    condition_release(condition);
    cell_write(x, 1);
}

static void waits_until_ready(void *unused)
{
    (void)unused;
    condition_acquire(condition);
    while (!cell_read(ready))
        condition_wait(condition);
    condition_release(condition);
    cell_read(x);
}

static void waits_until_ready_for_a_while(void *unused)
{
    (void)unused;
    condition_acquire(condition);
    for (int i = 0; i < 3 && !cell_read(ready); i++)
        condition_wait_for(condition, 10);
    if (cell_read(ready))
        cell_read(x);
    condition_release(condition);
}

static void waited_for(task_fn *a, task_fn *b)
{
    condition = condition_new("condition", NULL);
    ready = cell_new("ready", 0);
    threads(a, b);
}

static void condition_in_between(void)
{
    waited_for(prepares_and_notifies, waits_until_ready);
}

static void timed_condition(void)
{
    waited_for(prepares_and_notifies, waits_until_ready_for_a_while);
}

static void condition_notified_too_early(void)
{
    waited_for(notifies_and_prepares, waits_until_ready);
}

/* ---- events ---- */

static void writes_and_sets(void *unused)
{
    (void)unused;
    cell_write(x, 1);
    event_set(event);
}

static void sets_and_writes(void *unused)
{
    (void)unused;
    event_set(event);
    cell_write(x, 1);
}

static void waits_and_reads(void *unused)
{
    (void)unused;
    event_wait(event);
    cell_read(x);
}

static void waits_a_while_and_reads(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++)
        if (event_wait_for(event, 10)) {
            cell_read(x);
            return;
        }
}

static void reads_if_set(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        if (event_is_set(event))
            cell_read(x);
        sleep_us(10);
    }
}

static void reads_whether_set_or_not(void *unused)
{
    (void)unused;
    event_wait_for(event, 0);
    cell_read(x);
}

static void event_in_between(void)
{
    event = event_new("event");
    threads(writes_and_sets, waits_and_reads);
}

static void event_of_processes(void)
{
    event = event_new("event");
    both(TASK_PROCESS, writes_and_sets, waits_and_reads);
}

static void timed_event(void)
{
    event = event_new("event");
    threads(writes_and_sets, waits_a_while_and_reads);
}

static void event_looked_at(void)
{
    event = event_new("event");
    threads(writes_and_sets, reads_if_set);
}

static void event_set_too_early(void)
{
    event = event_new("event");
    threads(sets_and_writes, waits_and_reads);
}

static void event_of_no_use(void)
{
    event = event_new("event");
    threads(sets_and_writes, reads_whether_set_or_not);
}

/* ---- queues and pipes ---- */

static void writes_and_puts(void *unused)
{
    int item = 1;
    (void)unused;
    cell_write(x, 1);
    queue_put(queue, &item, item);
}

static void puts_and_writes(void *unused)
{
    int item = 1;
    (void)unused;
    queue_put(queue, &item, item);
    cell_write(x, 1);
}

static void gets_and_reads(void *unused)
{
    int item;
    (void)unused;
    queue_get(queue, &item);
    cell_read(x);
}

static void gets_in_time_and_reads(void *unused)
{
    int item;
    (void)unused;
    for (int i = 0; i < 3; i++)
        if (queue_get_for(queue, &item, 10)) {
            cell_read(x);
            return;
        }
}

static void queue_handover(void)
{
    queue = queue_new("queue", 1, sizeof(int));
    threads(writes_and_puts, gets_and_reads);
}

static void queue_of_processes(void)
{
    queue = queue_new("queue", 0, sizeof(int));
    both(TASK_PROCESS, writes_and_puts, gets_and_reads);
}

static void timed_queue(void)
{
    queue = queue_new("queue", 1, sizeof(int));
    threads(writes_and_puts, gets_in_time_and_reads);
}

static void put_too_early(void)
{
    queue = queue_new("queue", 1, sizeof(int));
    threads(puts_and_writes, gets_and_reads);
}

/* What is done with an item is done before the join of the queue is over. */
static void works_it_off(void *unused)
{
    int item;
    (void)unused;
    for (int i = 0; i < 2; i++) {
        queue_get(queue, &item);
        increment();
        queue_task_done(queue);
    }
}

static void queue_joined(void)
{
    int item = 0;
    x = cell_new("x", 0);
    queue = queue_new("queue", 1, sizeof(int));
    struct task *one = thread_start("A", works_it_off, NULL);
    queue_put(queue, &item, item);
    queue_put(queue, &item, item);
    queue_join(queue);
    increment();
    task_join(one);
}

/* Each its own item: the join of the queue comes after all of them, and the next one's after it. */
static void works_one_off(void *cell)
{
    int item;
    queue_get(queue, &item);
    cell_write(cell, item);
    queue_task_done(queue);
}

static void queue_joined_after_two(void)
{
    int item = 0;
    x = cell_new("x", 0);
    struct cell *other = cell_new("x", 0);
    queue = queue_new("queue", 0, sizeof(int));
    struct task *one = thread_start("A", works_one_off, x);
    struct task *two = thread_start("B", works_one_off, other);
    queue_put(queue, &item, item);
    queue_put(queue, &item, item);
    queue_join(queue);
    cell_read(x);
    cell_read(other);
    task_join(one);
    task_join(two);
}

/* Room for one: the producer uses the place again when it was given back. */
static void fills(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        semaphore_acquire(semaphore);
        cell_write(x, i);
        queue_put(queue, &i, i);
    }
}

static void drains(void *unused)
{
    int item;
    (void)unused;
    for (int i = 0; i < 3; i++) {
        queue_get(queue, &item);
        cell_read(x);
        semaphore_release(semaphore);
    }
}

static void place_used_again(void)
{
    semaphore = semaphore_new("room", 1);
    queue = queue_new("items", 0, sizeof(int));
    threads(fills, drains);
}

static void writes_and_sends(void *unused)
{
    (void)unused;
    cell_write(x, 1);
    conn_send_number(writer, 1);
}

static void receives_and_reads(void *unused)
{
    int64_t number;
    (void)unused;
    conn_recv_number(reader, &number);
    cell_read(x);
}

static void pipe_handover(void)
{
    pipe_new("pipe", false, &reader, &writer);
    both(TASK_PROCESS, writes_and_sends, receives_and_reads);
}

static void writes_and_closes(void *unused)
{
    (void)unused;
    conn_close(reader);
    cell_write(x, 1);
    conn_close(writer);
}

static void end_of_file(void)
{
    int64_t number;
    x = cell_new("x", 0);
    pipe_new("pipe", false, &reader, &writer);
    struct task *one = process_start("A", writes_and_closes, NULL);
    conn_close(writer);
    conn_recv_number(reader, &number);
    cell_read(x);
    task_join(one);
}

/* ---- starts and ends ---- */

static void joined(enum task_kind kind)
{
    x = cell_new("x", 0);
    increment();
    struct task *one = task_start(kind, "A", increments, NULL);
    task_join(one);
    increment();
    task_join(task_start(kind, "B", increments, NULL));
    increment();
}

static void joined_threads(void)
{
    joined(TASK_THREAD);
}

static void joined_processes(void)
{
    joined(TASK_PROCESS);
}

static void joined_in_time(void)
{
    x = cell_new("x", 0);
    struct task *one = thread_start("A", increments, NULL);
    for (int i = 0; i < 3; i++)
        if (task_join_for(one, 10)) {
            increment();
            return;
        }
}

static void seen_to_have_ended(void)
{
    x = cell_new("x", 0);
    struct task *one = thread_start("A", increments, NULL);
    if (!task_alive(one))
        increment();
    task_join(one);
}

static void not_joined(void)
{
    x = cell_new("x", 0);
    struct task *one = thread_start("A", increments, NULL);
    increment();
    task_join(one);
}

static void not_joined_process(void)
{
    x = cell_new("x", 0);
    struct task *one = process_start("A", increments, NULL);
    increment();
    task_join(one);
}

/* ---- flags, pools and executors ---- */

static void writes_and_flags(void *unused)
{
    (void)unused;
    cell_write(x, 1);
    cell_write(ready, 1);
}

static void reads_if_flagged(void *unused)
{
    (void)unused;
    if (cell_read(ready))
        cell_read(x);
}

static void flag_of_an_atomic(void)
{
    ready = cell_new_atomic("ready", 0);
    threads(writes_and_flags, reads_if_flagged);
}

static int64_t increment_alone(struct call *call)
{
    if (call->x == 0)
        increment();
    return 0;
}

static int64_t increment_all(struct call *call)
{
    (void)call;
    increment();
    return 0;
}

static void pool_of(pool_fn *fn)
{
    static const int64_t xs[] = {0, 1};
    x = cell_new("x", 0);
    struct pool *pool = pool_new(TASK_THREAD, 2);
    increment();
    pool_map(pool, fn, xs, NULL, 2, 1);
    increment();
    pool_close(pool);
    pool_join(pool);
}

static void pool_map_in_between(void)
{
    pool_of(increment_alone);
}

static void future_in_between(void)
{
    int64_t result;
    x = cell_new("x", 0);
    struct executor *executor = executor_new(TASK_THREAD, 1);
    increment();
    struct future *future = executor_submit(executor, increment_all, 0);
    future_result(future, -1, &result);
    increment();
    executor_shutdown(executor, true, false);
}

/* Its call may be long over, and nobody has to wait. */
static void future_done_before(task_fn *after)
{
    int64_t result;
    x = cell_new("x", 0);
    ready = cell_new("ready", 0);
    struct executor *executor = executor_new(TASK_THREAD, 2);
    struct future *future = executor_submit(executor, increment_all, 0);
    for (int i = 0; i < 5; i++)
        cell_read(ready);
    if (after)
        after(NULL);
    future_result(future, -1, &result);
    increment();
    executor_shutdown(executor, true, false);
}

static void future_long_done(void)
{
    future_done_before(NULL);
}

static void future_asked_too_late(void)
{
    future_done_before(reads);
}

static void result_of_pool_long_done(void)
{
    static const int64_t xs[] = {0, 1};
    x = cell_new("x", 0);
    ready = cell_new("ready", 0);
    struct pool *pool = pool_new(TASK_THREAD, 2);
    struct async *async = pool_map_async(pool, increment_alone, xs, NULL, 2, 1);
    for (int i = 0; i < 5; i++)
        cell_read(ready);
    async_get(async);
    increment();
    pool_close(pool);
    pool_join(pool);
}

static void future_seen_to_be_done(void)
{
    x = cell_new("x", 0);
    struct executor *executor = executor_new(TASK_THREAD, 1);
    struct future *future = executor_submit(executor, increment_all, 0);
    for (int i = 0; i < 3; i++)
        if (future_done(future)) {
            increment();
            break;
        }
    executor_shutdown(executor, true, false);
    increment();
}

/* ---- what is expected ---- */

struct example {
    const char *name;
    void (*program)(void);
    const char *races; /* that there may be, divided by bars; each schedule has one of them */
};

#define EXAMPLE(program, races)                                                                    \
    {                                                                                              \
#program, program, races                                                                   \
    }

static const struct example ordered[] = {
    EXAMPLE(updates_only, ""),
    EXAMPLE(reads_only, ""),
    EXAMPLE(mutex, ""),
    EXAMPLE(mutex_of_processes, ""),
    EXAMPLE(own_lock_of_a_process, ""),
    EXAMPLE(ticket_lock, ""),
    EXAMPLE(spin_lock, ""),
    EXAMPLE(recursive_lock, ""),
    EXAMPLE(tried_lock, ""),
    EXAMPLE(timed_lock, ""),
    EXAMPLE(semaphore_as_mutex, ""),
    EXAMPLE(bounded_semaphore_of_processes, ""),
    EXAMPLE(semaphore_as_signal, ""),
    EXAMPLE(barrier_between, ""),
    EXAMPLE(barrier_between_rounds, ""),
    EXAMPLE(condition_in_between, ""),
    EXAMPLE(timed_condition, ""),
    EXAMPLE(event_in_between, ""),
    EXAMPLE(event_of_processes, ""),
    EXAMPLE(timed_event, ""),
    EXAMPLE(event_looked_at, ""),
    EXAMPLE(queue_handover, ""),
    EXAMPLE(queue_of_processes, ""),
    EXAMPLE(timed_queue, ""),
    EXAMPLE(queue_joined, ""),
    EXAMPLE(queue_joined_after_two, ""),
    EXAMPLE(place_used_again, ""),
    EXAMPLE(pipe_handover, ""),
    EXAMPLE(end_of_file, ""),
    EXAMPLE(joined_threads, ""),
    EXAMPLE(joined_processes, ""),
    EXAMPLE(joined_in_time, ""),
    EXAMPLE(seen_to_have_ended, ""),
    EXAMPLE(flag_of_an_atomic, ""),
    EXAMPLE(pool_map_in_between, ""),
    EXAMPLE(future_in_between, ""),
    EXAMPLE(future_long_done, ""),
    EXAMPLE(result_of_pool_long_done, ""),
    EXAMPLE(future_seen_to_be_done, ""),
};

#define READ_BESIDE(a) "main read, " a " write|" a " write, main read"
#define INCREMENTS(a, b)                                                                           \
    a " read, " b " write|" b " read, " a " write|" a " write, " b " read|" b " write, " a         \
      " read|" a " write, " b " write|" b " write, " a " write"

static const struct example racy[] = {
    EXAMPLE(unguarded_threads, INCREMENTS("A", "B")),
    EXAMPLE(unguarded_processes, INCREMENTS("A", "B")),
    EXAMPLE(updates_beside_increments,
            "A update, B read|A update, B write|B read, A update|B write, A update"),
    EXAMPLE(one_locked, INCREMENTS("A", "B")),
    EXAMPLE(own_locks_of_processes, INCREMENTS("A", "B")),
    EXAMPLE(each_a_lock_of_its_own, INCREMENTS("A", "B")),
    EXAMPLE(permit_given_too_early, "A write, B read|B read, A write"),
    EXAMPLE(read_before_the_barrier, "A write, B read|B read, A write"),
    EXAMPLE(condition_notified_too_early, "A write, B read|B read, A write"),
    EXAMPLE(event_set_too_early, "A write, B read|B read, A write"),
    EXAMPLE(event_of_no_use, "A write, B read|B read, A write"),
    EXAMPLE(put_too_early, "A write, B read|B read, A write"),
    EXAMPLE(future_asked_too_late, READ_BESIDE("worker 1") "|" READ_BESIDE("worker 2")),
    EXAMPLE(not_joined, INCREMENTS("A", "main")),
    EXAMPLE(not_joined_process, INCREMENTS("A", "main")),
};

/* ---- running them ---- */

struct told {
    unsigned count;
    char race[TRACE_RACES_MAX][96]; /* "A write, B read" */
};

static void tell(const struct trace_schedule *said, struct told *ret)
{
    const struct trace_shared *shared = oracle_run()->shared;
    ret->count = said->races;
    for (uint32_t i = 0; i < said->races; i++) {
        const struct trace_race *race = &said->race[i];
        assert_string_equal(shared->object[race->object].name, "x");
        snprintf(ret->race[i], sizeof ret->race[i], "%s %s, %s %s",
                 shared->task[race->task[0]].name, operation_text(race->operation[0]),
                 shared->task[race->task[1]].name, operation_text(race->operation[1]));
    }
}

static void run_seed(const char *name, void (*program)(void), uint64_t seed, struct told *ret)
{
    struct run *run = oracle_run();
    struct token *token = calloc(1, sizeof *token);
    struct directed *directed = malloc(sizeof *directed);
    struct trace_schedule *said = calloc(1, sizeof *said);
    struct watch *watch = watch_new(run->shared);
    bool ignores_time = seed % 2;
    struct control *control = control_new(run, NULL, NULL, ignores_time);
    *token = (struct token){
        .rule = TOKEN_RANDOM, .seed = seed, .ignores_time = ignores_time, .stop = TOKEN_NO_STOP};
    run->control = control;
    if (run->output < 0) /* a search names nothing */
        run->output = open("/dev/null", O_WRONLY | O_CLOEXEC);
    directed_init(directed, token, watch);
    control_set_ends(control, seed / 2 % 2);
    enum ended ended = control_execute(control, &directed->policy, oracle_main, &program);
    if (ended != ENDED_COMPLETED)
        fail_msg("%s, seed %u: %s", name, (unsigned)seed, ended_text(ended));
    watch_tell(watch, said);
    tell(said, ret);
    run->control = NULL;
    watch_free(watch);
    control_free(control);
    free(said);
    free(directed);
    free(token);
}

void test_what_is_ordered_is_no_race(void **state)
{
    (void)state;
    struct told told;
    for (size_t i = 0; i < sizeof ordered / sizeof ordered[0]; i++)
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            run_seed(ordered[i].name, ordered[i].program, seed, &told);
            if (told.count > 0)
                fail_msg("%s, seed %u: %s", ordered[i].name, (unsigned)seed, told.race[0]);
        }
}

static bool is_listed(const char *list, const char *race)
{
    size_t n = strlen(race);
    for (const char *at = list; (at = strstr(at, race)); at++)
        if ((at == list || at[-1] == '|') && (at[n] == '|' || at[n] == '\0'))
            return true;
    return false;
}

void test_what_nothing_orders_is_a_race_in_every_schedule(void **state)
{
    (void)state;
    struct told told;
    for (size_t i = 0; i < sizeof racy / sizeof racy[0]; i++)
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            run_seed(racy[i].name, racy[i].program, seed, &told);
            if (told.count == 0)
                fail_msg("%s, seed %u: nothing is found", racy[i].name, (unsigned)seed);
            for (unsigned r = 0; r < told.count; r++)
                if (!is_listed(racy[i].races, told.race[r]))
                    fail_msg("%s, seed %u: %s", racy[i].name, (unsigned)seed, told.race[r]);
        }
}

void test_a_lock_that_was_not_got_orders_nothing(void **state)
{
    (void)state;
    struct told told;
    unsigned in_vain[2] = {0};
    for (uint64_t seed = 0; seed < 2 * SEEDS; seed++) {
        run_seed("a lock not got", seed < SEEDS ? tried_all_the_same : waited_all_the_same, seed,
                 &told);
        assert_int_equal(told.count, !got);
        if (!got)
            assert_true(is_listed("A write, B write|B write, A write", told.race[0]));
        in_vain[seed < SEEDS] += !got;
    }
    assert_in_range(in_vain[0], 10, SEEDS - 10);
    assert_in_range(in_vain[1], 10, SEEDS - 10);
}

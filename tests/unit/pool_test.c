/* Pools: the async forms, initializers, errors, and every way one can end. */
#include "tests/unit/rig.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

static const enum task_kind KINDS[] = {TASK_THREAD, TASK_PROCESS};

static int64_t square(struct call *call)
{
    return call->x * call->x;
}

static int64_t raise_at_three(struct call *call)
{
    return call->x == 3 ? call_raise(call, "ValueError: three") : call->x;
}

static int64_t sleep_a_while(struct call *call)
{
    sleep_us(call->x);
    return 1;
}

static int64_t *numbers(unsigned n)
{
    int64_t *xs = run_alloc(seam_self.run, n * sizeof *xs);
    for (unsigned i = 0; i < n; i++)
        xs[i] = i;
    return xs;
}

static void end(struct pool *pool, struct rig *rig)
{
    pool_close(pool);
    assert_int_equal(pool_join(pool), 0);
    rig_end(rig);
    rig_release(rig);
}

void test_map_async_does_not_wait(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        struct pool *pool = pool_new(KINDS[k], 2);
        int64_t slow[] = {20000, 20000, 20000};
        struct async *async = pool_map_async(pool, sleep_a_while, slow, NULL, 3, 1);
        assert_false(async_ready(async));
        assert_false(async_wait(async, 1000));
        assert_int_equal(async_get(async)[2].result, 1);
        assert_true(async_ready(async) && async_successful(async));
        struct async *none = pool_map_async(pool, square, slow, NULL, 0, 0);
        assert_true(async_ready(none));
        end(pool, &rig);
    }
}

void test_get_gives_up_in_time(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        struct pool *pool = pool_new(KINDS[k], 1);
        struct async *async = pool_apply_async(pool, sleep_a_while, 0, 30000, NULL, NULL, NULL);
        assert_null(async_get_for(async, 0));
        assert_null(async_get_for(async, 1000));
        assert_int_equal(async_get_for(async, FOREVER)->result, 1);
        assert_int_equal(async_get_for(async, 0)->result, 1);
        pool_close(pool);
        pool_join(pool);
        rig_end(&rig);
        assert_int_equal(count(&rig, EVENT_TIMED_OUT), 2);
        assert_int_equal(count(&rig, EVENT_ITEM_DELIVERED), 1);
        rig_release(&rig);
    }
}

/* divmod(n, 4 × workers), one more if there is a remainder. */
void test_chunks_are_as_large_as_in_python(void **state)
{
    (void)state;
    const struct {
        unsigned n, workers, chunks;
    } cases[] = {{17, 2, 6}, {16, 2, 8}, {1, 3, 1}, {5, 5, 5}, {100, 8, 25}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rig rig;
        rig_begin(&rig);
        struct pool *pool = pool_new(TASK_THREAD, (int)cases[i].workers);
        pool_map(pool, square, numbers(cases[i].n), NULL, cases[i].n, 0);
        pool_close(pool);
        pool_join(pool);
        rig_end(&rig);
        unsigned ends = cases[i].workers + 1; /* of the task queue and the result queue */
        assert_int_equal(count(&rig, EVENT_QUEUE_PUT), 2 * cases[i].chunks + ends);
        rig_release(&rig);
    }
}

void test_map_raises_the_first_error(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        struct pool *pool = pool_new(KINDS[k], 3);
        const struct call *calls = pool_map(pool, raise_at_three, numbers(8), NULL, 8, 0);
        assert_string_equal(calls_failed(calls, 8)->error, "ValueError: three");
        assert_null(calls_failed(calls, 3));
        struct async *async = pool_apply_async(pool, raise_at_three, 0, 3, NULL, NULL, NULL);
        async_wait(async, FOREVER);
        assert_false(async_successful(async));
        end(pool, &rig);
    }
}

/* 0 1 2 3! 4 | 5 6 7 8 9: the call behind the one that raises is never made. */
void test_an_error_ends_its_chunk(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        struct pool *pool = pool_new(KINDS[k], 2);
        const struct call *calls = pool_map(pool, raise_at_three, numbers(10), NULL, 10, 5);
        assert_int_equal(calls_failed(calls, 10)->index, 3);
        assert_string_equal(calls[4].error, "ValueError: three");
        for (int i = 5; i < 10; i++)
            assert_int_equal(calls[i].result, i);
        struct imap *imap = pool_imap(pool, raise_at_three, numbers(10), 10, 5);
        for (int i = 0; i < 10; i++)
            assert_int_equal(imap_next(imap)->error[0] != '\0', i == 3 || i == 4);
        pool_close(pool);
        pool_join(pool);
        rig_end(&rig);
        assert_int_equal(count(&rig, EVENT_ITEM_STARTED), 2 * 9);
        assert_int_equal(count(&rig, EVENT_ITEM_FAILED), 2);
        assert_int_equal(count(&rig, EVENT_ITEM_DELIVERED), 2 * 9);
        rig_release(&rig);
    }
}

struct heard {
    unsigned successes, errors;
    int64_t index;
};

static void hear_success(const struct call *call, void *context)
{
    struct heard *heard = context;
    heard->successes++;
    heard->index = call->index;
}

static void hear_error(const struct call *call, void *context)
{
    struct heard *heard = context;
    heard->errors++;
    heard->index = call->index;
}

void test_a_map_calls_back_once(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        struct heard well = {0}, ill = {0};
        rig_begin(&rig);
        struct pool *pool = pool_new(KINDS[k], 2);
        pool_map_async_with(pool, square, numbers(7), NULL, 7, 2,
                            &(struct pool_callbacks){hear_success, hear_error, &well});
        pool_map_async_with(pool, raise_at_three, numbers(7), NULL, 7, 1,
                            &(struct pool_callbacks){hear_success, hear_error, &ill});
        pool_close(pool);
        pool_join(pool);
        assert_true(well.successes == 1 && well.errors == 0 && well.index == 0);
        assert_true(ill.successes == 0 && ill.errors == 1 && ill.index == 3);
        rig_end(&rig);
        rig_release(&rig);
    }
}

/* Only an error, and only a callback for success: it stays in the result. */
void test_an_error_nobody_looks_at_is_silent(void **state)
{
    (void)state;
    struct rig rig;
    struct heard heard = {0};
    rig_begin(&rig);
    struct pool *pool = pool_new(TASK_PROCESS, 2);
    pool_apply_async(pool, raise_at_three, 0, 3, hear_success, NULL, &heard);
    pool_close(pool);
    assert_int_equal(pool_join(pool), 0);
    rig_end(&rig);
    assert_int_equal(heard.successes, 0);
    assert_int_equal(count(&rig, EVENT_ITEM_FAILED), 1);
    assert_int_equal(count(&rig, EVENT_ITEM_DELIVERED), 0);
    rig_release(&rig);
}

static _Atomic int64_t *initialized;
static int64_t worker_global;

static void initialize(void *argument)
{
    ++*initialized;
    worker_global = *(int64_t *)argument;
}

static int64_t add_global(struct call *call)
{
    return call->x + worker_global;
}

void test_the_initializer_runs_once_in_each_worker(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        int64_t *value = run_alloc(seam_self.run, sizeof *value), sum = 0;
        *value = 100;
        initialized = run_alloc(seam_self.run, sizeof *initialized);
        worker_global = 0;
        const struct pool_options options = {.initializer = initialize, .argument = value};
        struct pool *pool = pool_new_with(KINDS[k], 3, &options);
        const struct call *calls = pool_map(pool, add_global, numbers(10), NULL, 10, 1);
        for (int i = 0; i < 10; i++)
            sum += calls[i].result;
        assert_int_equal(sum, 1045);
        pool_close(pool);
        pool_join(pool);
        assert_int_equal(*initialized, 3);
        assert_int_equal(worker_global, KINDS[k] == TASK_THREAD ? 100 : 0);
        rig_end(&rig);
        rig_release(&rig);
    }
}

void test_a_pool_refuses_what_its_state_forbids(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        struct pool *pool = pool_new(KINDS[k], 2);
        assert_int_equal(pool_join(pool), -EBUSY);
        pool_close(pool);
        pool_close(pool);
        assert_null(pool_map(pool, square, numbers(2), NULL, 2, 0));
        assert_null(pool_apply_async(pool, square, 0, 1, NULL, NULL, NULL));
        assert_null(pool_imap(pool, square, numbers(2), 2, 1));
        assert_null(pool_apply(pool, square, 1));
        assert_int_equal(pool_join(pool), 0);
        rig_end(&rig);
        assert_int_equal(count(&rig, EVENT_REFUSED), 5);
        rig_release(&rig);
    }
}

struct gate {
    struct pool *pool;
    struct semaphore *arrived;
    struct event *open; /* NULL for processes: one that is killed may leave it unusable */
};

static struct gate *gate_new(enum task_kind kind)
{
    struct gate *gate = run_alloc(seam_self.run, sizeof *gate);
    gate->arrived = semaphore_new("arrived", 0);
    gate->open = kind == TASK_THREAD ? event_new("open") : NULL;
    return gate;
}

static void gate_open(struct gate *gate)
{
    if (gate->open)
        event_set(gate->open);
}

static int64_t wait_at_gate(struct call *call)
{
    struct gate *gate = (struct gate *)call->x;
    semaphore_release(gate->arrived);
    if (gate->open)
        event_wait(gate->open);
    else
        sleep_us(60000000);
    return 1;
}

/* What waits is dropped; a process is ended in the middle of its call, a thread is not. */
void test_terminate_drops_what_waits(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        struct gate *gate = gate_new(KINDS[k]);
        struct pool *pool = pool_new(KINDS[k], 2);
        int64_t gates[20];
        for (int i = 0; i < 20; i++)
            gates[i] = (int64_t)gate;
        struct async *async = pool_map_async(pool, wait_at_gate, gates, NULL, 20, 1);
        semaphore_acquire(gate->arrived);
        semaphore_acquire(gate->arrived);
        pool_terminate(pool);
        pool_terminate(pool);
        gate_open(gate);
        assert_int_equal(pool_join(pool), 0);
        assert_int_equal(pool_dropped(pool), 18);
        assert_false(async_ready(async));
        int code;
        assert_true(task_exit_code(pool_worker(pool, 0), &code));
        assert_int_equal(code, KINDS[k] == TASK_PROCESS ? -SIGTERM : 0);
        rig_end(&rig);
        rig_release(&rig);
    }
}

static void terminate_from_within(const struct call *call, void *context)
{
    struct gate *gate = context;
    if (call->index != 0)
        abort(); /* it came after terminate() */
    pool_terminate(gate->pool);
    gate_open(gate);
}

/* The idiom of a search: the first result found ends the others. */
void test_a_callback_may_terminate_its_pool(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        struct gate *gate = gate_new(KINDS[k]);
        gate->pool = pool_new(KINDS[k], 2);
        pool_apply_async(gate->pool, square, 0, 5, terminate_from_within, NULL, gate);
        for (int64_t i = 1; i < 8; i++)
            pool_apply_async(gate->pool, wait_at_gate, i, (int64_t)gate, terminate_from_within,
                             NULL, gate);
        while (pool_join(gate->pool) == -EBUSY)
            sleep_us(1000);
        rig_end(&rig);
        rig_release(&rig);
    }
}

static void count_slowly(const struct call *call, void *context)
{
    struct heard *heard = context;
    sleep_us(2000);
    heard->successes += call->error[0] == '\0';
}

void test_no_callback_begins_after_terminate(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        struct heard heard = {0};
        rig_begin(&rig);
        struct pool *pool = pool_new(KINDS[k], 2);
        for (int64_t i = 0; i < 50; i++)
            pool_apply_async(pool, square, i, i, count_slowly, NULL, &heard);
        pool_terminate(pool);
        unsigned until_then = heard.successes;
        pool_join(pool);
        sleep_us(5000);
        assert_int_equal(heard.successes, until_then);
        rig_end(&rig);
        rig_release(&rig);
    }
}

void test_terminate_after_close(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        struct pool *pool = pool_new(KINDS[k], 3);
        pool_map(pool, square, numbers(6), NULL, 6, 0);
        pool_close(pool);
        pool_terminate(pool);
        assert_int_equal(pool_join(pool), 0);
        rig_end(&rig);
        rig_release(&rig);
    }
}

static void do_nothing(void *argument)
{
    (void)argument;
}

static int64_t start_child(struct call *call)
{
    struct task *child = task_new(TASK_PROCESS, "grandchild", do_nothing, NULL);
    int r = task_begin(child);
    if (r < 0)
        return call_raise(call,
                          "AssertionError: daemonic processes are not allowed to have children");
    return task_join(child);
}

void test_workers_may_not_have_children(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct pool *pool = pool_new(TASK_PROCESS, 1);
    assert_true(task_daemon(pool_worker(pool, 0)));
    assert_string_not_equal(pool_apply(pool, start_child, 0)->error, "");
    pool_close(pool);
    pool_join(pool);
    const struct pool_options allowed = {.may_have_children = true};
    pool = pool_new_with(TASK_PROCESS, 1, &allowed);
    assert_string_equal(pool_apply(pool, start_child, 0)->error, "");
    end(pool, &rig);
}

/* A program that forgets its pool: the workers end with it. */
static void forget_a_pool(void *argument)
{
    struct task **worker = argument;
    struct pool *pool = pool_new(TASK_PROCESS, 2);
    *worker = pool_worker(pool, 1);
}

void test_a_forgotten_pool_ends_with_its_owner(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct task **worker = run_alloc(seam_self.run, sizeof *worker);
    assert_int_equal(task_join(process_start("owner", forget_a_pool, worker)), 0);
    assert_false(task_alive(*worker));
    rig_end(&rig);
    rig_release(&rig);
}

void test_get_delivers_every_call_once(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct pool *pool = pool_new(TASK_THREAD, 2);
    struct heard heard = {0};
    struct async *async = pool_map_async(pool, square, numbers(5), NULL, 5, 2);
    async_get(async);
    async_get(async);
    async_get(pool_apply_async(pool, square, 0, 2, NULL, NULL, NULL));
    async_get(pool_apply_async(pool, square, 0, 2, hear_success, NULL, &heard));
    for (int i = 0; i < 3; i++)
        assert_int_equal(pool_apply(pool, square, 7)->index, i);
    pool_close(pool);
    pool_join(pool);
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_ITEM_DELIVERED), 5 + 1 + 1 + 3);
    rig_release(&rig);
}

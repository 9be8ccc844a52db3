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

void test_map_raises_the_first_error(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        struct pool *pool = pool_new(KINDS[k], 3);
        const struct call *calls = pool_map(pool, raise_at_three, numbers(8), NULL, 8, 0);
        assert_string_equal(calls_error(calls, 8), "ValueError: three");
        assert_null(calls_error(calls, 3));
        struct async *async = pool_apply_async(pool, raise_at_three, 0, 3, NULL, NULL, NULL);
        async_wait(async, FOREVER);
        assert_false(async_successful(async));
        end(pool, &rig);
    }
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

/* What waits is dropped; a process is ended in the middle of its call, a thread is not. */
void test_terminate_drops_what_waits(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        bool process = KINDS[k] == TASK_PROCESS;
        struct pool *pool = pool_new(KINDS[k], 2);
        int64_t slow[20];
        for (int i = 0; i < 20; i++)
            slow[i] = process ? 60000000 : 20000;
        struct async *async = pool_map_async(pool, sleep_a_while, slow, NULL, 20, 1);
        sleep_us(5000);
        pool_terminate(pool);
        pool_terminate(pool);
        assert_int_equal(pool_join(pool), 0);
        assert_int_equal(pool_dropped(pool), 18);
        assert_false(async_ready(async));
        int code;
        assert_true(task_exit_code(pool_worker(pool, 0), &code));
        assert_int_equal(code, process ? -SIGTERM : 0);
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
    async_get(pool_map_async(pool, square, numbers(5), NULL, 5, 2));
    async_get(pool_apply_async(pool, square, 0, 2, NULL, NULL, NULL));
    pool_close(pool);
    pool_join(pool);
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_ITEM_DELIVERED), 6);
    rig_release(&rig);
}

/* Stretches of a run that leave nothing, however often they are repeated. */
#include "tests/unit/rig.h"

#include <errno.h>

#define TIMES 300 /* of four tasks each: more than there are slots */

struct round {
    struct lock *lock;
    struct condition *met;
    int64_t arrived;
};

static void meet(void *argument)
{
    struct round *round = argument;
    condition_acquire(round->met);
    if (++round->arrived == 4)
        condition_notify_all(round->met);
    while (round->arrived < 4)
        condition_wait(round->met);
    condition_release(round->met);
}

static void meet_in(enum task_kind kind)
{
    struct round *round = shared_new(sizeof *round);
    struct task *tasks[4];
    assert_int_equal(round->arrived, 0); /* zeroed, though it has been used before */
    round->met = condition_new("met", NULL);
    for (int i = 0; i < 4; i++)
        tasks[i] = task_start(kind, "one of four", meet, round);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(task_name(tasks[i]), "one of four");
        assert_int_equal(task_join(tasks[i]), 0);
    }
    assert_int_equal(round->arrived, 4);
}

static void leaves_nothing(void (*what)(void), int times)
{
    struct rig rig;
    rig_begin(&rig);
    struct cell *before = cell_new("before", 0);
    task_self();
    uint32_t tasks = rig.shared->tasks, objects = rig.shared->objects;
    size_t used = seam_self.run->arena_used;
    for (int i = 0; i < times; i++) {
        unrecorded_begin();
        cell_add(before, 1);
        what();
        unrecorded_end();
    }
    assert_int_equal(rig.shared->tasks, tasks);
    assert_int_equal(rig.shared->objects, objects);
    assert_int_equal(seam_self.run->arena_used, used);
    assert_int_equal(cell_read(before), times);
    task_finish();
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_CELL_ADDED), 0);
    assert_int_equal(count(&rig, EVENT_CELL_READ), 1);
    assert_int_equal(count(&rig, EVENT_TASK_CREATED), 0);
    assert_int_equal(count(&rig, EVENT_TASK_STARTED), 1);
    rig_release(&rig);
}

static void threads(void)
{
    meet_in(TASK_THREAD);
}

static void processes(void)
{
    meet_in(TASK_PROCESS);
}

static void with_manager(void)
{
    int64_t value;
    struct manager *manager = manager_new();
    struct managed *dict = manager_dict(manager, "d");
    assert_int_equal(managed_set(dict, "a", 7), 0);
    assert_int_equal(managed_get(dict, "a", &value), 0);
    assert_int_equal(value, 7);
    assert_int_equal(manager_shutdown(manager), 0);
    assert_int_equal(managed_get(dict, "a", &value), -ECONNRESET);
}

static int64_t square(struct call *call)
{
    return call->x * call->x;
}

static void with_pool(void)
{
    const int64_t numbers[] = {1, 2, 3};
    struct pool *pool = pool_new(TASK_PROCESS, 2);
    const struct call *calls = pool_map(pool, square, numbers, NULL, 3, 0);
    assert_int_equal(calls[2].result, 9);
    pool_close(pool);
    assert_int_equal(pool_join(pool), 0);
}

static void yield_once(struct generator *self, void *argument)
{
    (void)argument;
    yield(self, NULL, NULL);
}

static void with_generators(void)
{
    for (int i = 0; i < 64; i++) {
        struct generator *g = generator_new("g", yield_once, NULL);
        assert_int_equal(generator_next(g, NULL), GENERATOR_YIELDED);
        assert_int_equal(generator_next(g, NULL), GENERATOR_STOPPED);
    }
}

void test_unrecorded_threads(void **state)
{
    (void)state;
    leaves_nothing(threads, TIMES);
}

void test_unrecorded_processes(void **state)
{
    (void)state;
    leaves_nothing(processes, TIMES);
}

/* A manager costs a descriptor, which its shutdown gives back. */
void test_unrecorded_managers(void **state)
{
    (void)state;
    leaves_nothing(with_manager, TIMES);
}

void test_unrecorded_pools(void **state)
{
    (void)state;
    leaves_nothing(with_pool, TIMES);
}

/* More stacks than there is address space for in a sandbox, were they not given back. */
void test_unrecorded_generators(void **state)
{
    (void)state;
    leaves_nothing(with_generators, TIMES);
}

void test_recorded_again_afterwards(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    unrecorded_begin();
    meet_in(TASK_THREAD);
    unrecorded_end();
    meet_in(TASK_PROCESS);
    task_finish();
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_TASK_CREATED), 4);
    assert_int_equal(count(&rig, EVENT_TASK_ENDED), 5);
    rig_release(&rig);
}

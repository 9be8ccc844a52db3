/* A manager's objects, from threads and processes. */
#include "tests/unit/rig.h"

#include "sandbox/prim/manager_private.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#define CLIENTS 4
#define TIMES   60

struct shared {
    struct managed *d, *list, *lock, *queue;
    bool locked;
    struct event *held, *over;
};

static struct shared *served_new(struct manager *manager)
{
    struct shared *s = run_alloc(seam_self.run, sizeof *s);
    s->d = manager_dict(manager, "d");
    s->list = manager_list(manager, "list");
    s->lock = manager_lock(manager, "lock");
    s->queue = manager_queue(manager, "queue", 2);
    s->held = event_new("held");
    s->over = event_new("over");
    return s;
}

static void increment(void *argument)
{
    struct shared *s = argument;
    int64_t value;
    for (int i = 0; i < TIMES; i++) {
        if (s->locked)
            assert_int_equal(managed_acquire(s->lock, FOREVER), 0);
        assert_int_equal(managed_get(s->d, "count", &value), 0);
        assert_int_equal(managed_set(s->d, "count", value + 1), 0);
        if (s->locked)
            assert_int_equal(managed_release(s->lock), 0);
        assert_int_equal(managed_append(s->list, value), 0);
    }
}

static void count_with(enum task_kind kind, bool locked)
{
    struct rig rig;
    struct task *tasks[CLIENTS];
    int64_t value;
    rig_begin(&rig);
    struct manager *manager = manager_new();
    struct shared *s = served_new(manager);
    s->locked = locked;
    managed_set(s->d, "count", 0);
    for (int i = 0; i < CLIENTS; i++)
        tasks[i] = task_start(kind, "client", increment, s);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(task_join(tasks[i]), 0);
    assert_int_equal(managed_get(s->d, "count", &value), 0);
    assert_true(locked ? value == CLIENTS * TIMES : value <= CLIENTS * TIMES);
    assert_int_equal(managed_length(s->list), CLIENTS * TIMES); /* one call: none is lost */
    assert_int_equal(manager_shutdown(manager), 0);
    rig_end(&rig);
    assert_caused(&rig, EVENT_CALL_SERVED, EVENT_CALL_SENT);
    assert_caused(&rig, EVENT_CALL_ANSWERED, EVENT_CALL_SERVED);
    assert_int_equal(count(&rig, EVENT_CELL_READ), CLIENTS * TIMES + 1);
    rig_release(&rig);
}

void test_manager_lock_protects_threads(void **state)
{
    (void)state;
    count_with(TASK_THREAD, true);
}

void test_manager_lock_protects_processes(void **state)
{
    (void)state;
    count_with(TASK_PROCESS, true);
}

void test_manager_calls_are_atomic_two_are_not(void **state)
{
    (void)state;
    count_with(TASK_PROCESS, false);
}

void test_manager_dict_is_in_order_of_insertion(void **state)
{
    (void)state;
    struct rig rig;
    struct managed_item items[2];
    char key[MANAGED_KEY_MAX];
    int64_t value;
    rig_begin(&rig);
    struct manager *manager = manager_new();
    struct managed *d = manager_dict(manager, "d");
    for (int i = 2999; i >= 0; i--) {
        snprintf(key, sizeof key, "%d", i);
        assert_int_equal(managed_set(d, key, 2 * i), 0);
    }
    assert_int_equal(managed_set(d, "2999", 7), 0); /* keeps its place */
    assert_int_equal(managed_length(d), 3000);
    assert_int_equal(managed_get(d, "1500", &value), 0);
    assert_int_equal(value, 3000);
    assert_int_equal(managed_copy(d, items, 2), 3000);
    assert_string_equal(items[0].key, "2999");
    assert_int_equal(items[0].value, 7);
    assert_string_equal(items[1].key, "2998");
    assert_int_equal(manager_shutdown(manager), 0);
    rig_end(&rig);
    rig_release(&rig);
}

void test_manager_refuses_what_python_refuses(void **state)
{
    (void)state;
    struct rig rig;
    int64_t value;
    rig_begin(&rig);
    struct manager *manager = manager_new();
    struct shared *s = served_new(manager);
    struct managed *number = manager_value(manager, "number", 5);
    assert_int_equal(managed_get(s->d, "nothing", &value), -ENOENT);
    assert_int_equal(managed_get_at(s->list, 0, &value), -ERANGE);
    assert_int_equal(managed_set_at(s->list, 0, 1), -ERANGE);
    assert_int_equal(managed_release(s->lock), -EPERM);
    assert_int_equal(managed_append(s->d, 1), -EINVAL);
    assert_int_equal(managed_length(s->lock), -EINVAL);
    assert_int_equal(managed_read(number, &value), 0);
    assert_int_equal(value, 5);
    assert_int_equal(managed_write(number, 6), 0);
    assert_int_equal(managed_append(s->list, 9), 0);
    assert_int_equal(managed_set_at(s->list, 0, 8), 0);
    assert_int_equal(managed_get_at(s->list, 0, &value), 0);
    assert_int_equal(value, 8);
    assert_int_equal(manager_shutdown(manager), 0);
    assert_int_equal(managed_length(s->d), -ECONNRESET);
    assert_int_equal(manager_shutdown(manager), -ECONNRESET);
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_REFUSED), 8);
    rig_release(&rig);
}

static void hold(void *argument)
{
    struct shared *s = argument;
    managed_acquire(s->lock, FOREVER);
    event_set(s->held);
    event_wait(s->over);
}

void test_manager_lock_times_out_and_names_its_holder(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct manager *manager = manager_new();
    struct shared *s = served_new(manager);
    struct task *holder = process_start("holder", hold, s);
    event_wait(s->held);
    assert_int_equal(managed_acquire(s->lock, 0), -ETIMEDOUT);
    assert_int_equal(managed_acquire(s->lock, 1000), -ETIMEDOUT);
    unsigned held = 0;
    for (uint32_t i = 0; i < rig.shared->objects; i++)
        if (strcmp(rig.shared->object[i].name, "lock") == 0)
            held = (unsigned)rig.shared->object[i].holders[0];
    assert_int_equal(held, 1u << 2);               /* main, manager, holder */
    assert_int_equal(managed_release(s->lock), 0); /* anybody may */
    assert_int_equal(managed_acquire(s->lock, FOREVER), 0);
    event_set(s->over);
    assert_int_equal(task_join(holder), 0);
    assert_int_equal(manager_shutdown(manager), 0);
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_TIMED_OUT), 2);
    rig_release(&rig);
}

static void put_numbers(void *argument)
{
    struct shared *s = argument;
    for (int64_t i = 0; i < TIMES; i++)
        assert_int_equal(managed_put(s->queue, i, FOREVER), 0);
}

void test_manager_queue_is_first_in_first_out(void **state)
{
    (void)state;
    struct rig rig;
    int64_t got;
    rig_begin(&rig);
    struct manager *manager = manager_new();
    struct shared *s = served_new(manager);
    assert_int_equal(managed_take(s->queue, &got, 0), -ETIMEDOUT);
    struct task *producer = process_start("producer", put_numbers, s);
    for (int64_t i = 0; i < TIMES; i++) {
        assert_int_equal(managed_take(s->queue, &got, FOREVER), 0);
        assert_int_equal(got, i);
    }
    task_join(producer);
    for (int i = 0; i < 2; i++)
        assert_int_equal(managed_put(s->queue, i, 0), 0);
    assert_int_equal(managed_put(s->queue, 2, 500), -ETIMEDOUT);
    assert_int_equal(managed_length(s->queue), 2);
    assert_int_equal(manager_shutdown(manager), 0);
    rig_end(&rig);
    assert_caused(&rig, EVENT_QUEUE_GOT, EVENT_QUEUE_PUT);
    rig_release(&rig);
}

static void wait_for_item(void *argument)
{
    struct shared *s = argument;
    int64_t got;
    event_set(s->held);
    assert_int_equal(managed_take(s->queue, &got, FOREVER), -ECONNRESET);
}

/* Whoever still waits is told, as is one whose server was killed. */
void test_manager_that_ends_lets_its_clients_go(void **state)
{
    (void)state;
    for (int killed = 0; killed < 2; killed++) {
        struct rig rig;
        rig_begin(&rig);
        struct manager *manager = manager_new();
        struct shared *s = served_new(manager);
        struct task *client = thread_start("client", wait_for_item, s);
        event_wait(s->held);
        if (killed)
            assert_int_equal(kill(manager->pid, SIGKILL), 0);
        else
            assert_int_equal(manager_shutdown(manager), 0);
        task_join(client);
        rig_end(&rig);
        assert_int_equal(count(&rig, EVENT_REFUSED), 1);
        rig_release(&rig);
    }
}

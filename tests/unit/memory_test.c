/* Value, Array and shared_memory, from threads and processes. */
#include "tests/unit/rig.h"

#include <errno.h>
#include <signal.h>

#define WORKERS 3
#define TIMES   300

static struct value *counter;

static void add_locked(void *argument)
{
    (void)argument;
    for (int i = 0; i < TIMES; i++) {
        lock_acquire(value_lock(counter));
        value_set(counter, value_get(counter) + 1);
        lock_release(value_lock(counter));
    }
}

static void count_with(enum task_kind kind)
{
    struct rig rig;
    struct task *tasks[WORKERS];
    rig_begin(&rig);
    counter = value_new("v", 'd', 0.5);
    for (int i = 0; i < WORKERS; i++)
        tasks[i] = task_start(kind, "worker", add_locked, NULL);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(task_join(tasks[i]), 0);
    assert_true(value_get(counter) == WORKERS * TIMES + 0.5);
    rig_end(&rig);
    rig_release(&rig);
}

void test_value_lock_protects_threads(void **state)
{
    (void)state;
    count_with(TASK_THREAD);
}

void test_value_lock_protects_processes(void **state)
{
    (void)state;
    count_with(TASK_PROCESS);
}

static void read_once(void *argument)
{
    struct event *done = argument;
    (void)value_get(counter);
    event_set(done);
}

/* A plain access waits for whoever has taken get_lock(). */
void test_value_access_takes_the_lock(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct event *done = event_new("done");
    counter = value_new("v", 'i', 1);
    lock_acquire(value_lock(counter));
    struct task *reader = process_start("reader", read_once, done);
    assert_false(event_wait_for(done, 20000));
    lock_release(value_lock(counter));
    event_wait(done);
    task_join(reader);
    rig_end(&rig);
    rig_release(&rig);
}

void test_value_keeps_the_precision_of_its_type(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    assert_true(value_get(value_new("f", 'f', 3.14)) == (double)3.14f);
    assert_true(value_get(value_new("d", 'd', 3.14)) == 3.14);
    assert_true(value_get(value_new("i", 'i', 3.9)) == 3);
    assert_true(value_get(value_new("i", 'i', 0x80000000)) == -0x80000000LL);
    assert_true(value_get(value_new("f", 'f', 16777217)) == 16777216); /* 24 bits */
    rig_end(&rig);
    rig_release(&rig);
}

void test_array_has_bounds_and_bytes(void **state)
{
    (void)state;
    struct rig rig;
    double number;
    rig_begin(&rig);
    struct array *a = array_new("a", 'i', 4);
    assert_int_equal(array_set(a, 3, -7), 0);
    assert_int_equal(array_get(a, 3, &number), 0);
    assert_true(number == -7);
    assert_int_equal(((int32_t *)array_bytes(a))[3], -7);
    assert_int_equal(array_get(a, 4, &number), -ERANGE);
    assert_int_equal(array_set(a, 4, 0), -ERANGE);
    assert_int_equal(array_length(a), 4);
    assert_int_equal(array_item_bytes(a), 4);
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_REFUSED), 2);
    rig_release(&rig);
}

static void attach_and_write(void *argument)
{
    struct memory *shm;
    (void)argument;
    assert_int_equal(memory_attach("shm", &shm), 0);
    assert_string_equal(memory_bytes(shm), "Hello");
    memcpy(memory_bytes(shm), "World", 5);
    memory_close(shm);
}

void test_memory_name_and_bytes_die_separately(void **state)
{
    (void)state;
    struct rig rig;
    struct memory *shm, *other;
    struct memory_state left[2];
    rig_begin(&rig);
    assert_int_equal(memory_create("shm", 0, &shm), -EINVAL);
    assert_int_equal(memory_create("shm", MEMORY_BYTES_MAX + 1, &shm), -ENOSPC);
    assert_int_equal(memory_create("shm", 10, &shm), 0);
    assert_int_equal(memory_create("shm", 10, &other), -EEXIST);
    memcpy(memory_bytes(shm), "Hello", 5);
    assert_int_equal(task_join(process_start("reader", attach_and_write, NULL)), 0);
    assert_string_equal(memory_bytes(shm), "World");
    assert_int_equal(memory_unlink(shm), 0);
    assert_int_equal(memory_unlink(shm), -ENOENT);
    assert_int_equal(memory_attach("shm", &other), -ENOENT);
    assert_int_equal(memory_list(left, 2), 1); /* no name, one handle */
    assert_true(left[0].handles == 1 && !left[0].named && left[0].bytes == 10);
    assert_int_equal(memory_create("shm", 20, &other), 0); /* the name is free */
    memory_close(shm);
    memory_close(shm);
    assert_null(memory_bytes(shm));
    memory_close(other);
    assert_int_equal(memory_list(left, 2), 1); /* a name, no handle: a leak */
    assert_true(left[0].handles == 0 && left[0].named && left[0].bytes == 20);
    assert_int_equal(memory_unlink(other), 0);
    assert_int_equal(memory_list(left, 2), 0);
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_MEMORY_CREATED), 2);
    assert_int_equal(count(&rig, EVENT_MEMORY_CLOSED), 3);
    rig_release(&rig);
}

static void create_and_die(void *argument)
{
    struct memory *shm;
    (void)argument;
    memory_create("shm", 64, &shm);
    kill(getpid(), SIGKILL);
}

void test_memory_of_the_dead_has_no_handle(void **state)
{
    (void)state;
    struct rig rig;
    struct memory_state left;
    rig_begin(&rig);
    assert_int_equal(task_join(process_start("creator", create_and_die, NULL)), -SIGKILL);
    assert_int_equal(memory_list(&left, 1), 1);
    assert_true(left.handles == 0 && left.named);
    rig_end(&rig);
    rig_release(&rig);
}

/* Queues: bounded and not, with time-outs, and joined. */
#include "tests/unit/rig.h"

#include <errno.h>

static const enum task_kind kinds[] = {TASK_THREAD, TASK_PROCESS};

struct shared {
    struct queue *queue;
    int n;
    _Atomic int64_t sum;
};

static struct shared *begin(struct rig *rig, unsigned maxsize, int n)
{
    rig_begin(rig);
    struct shared *shared = run_alloc(seam_self.run, sizeof *shared);
    shared->queue = queue_new("queue", maxsize, sizeof(int64_t));
    shared->n = n;
    return shared;
}

static void produce(void *argument)
{
    struct shared *shared = argument;
    for (int64_t i = 1; i <= shared->n; i++)
        queue_put(shared->queue, &i, i);
}

static void consume(void *argument)
{
    struct shared *shared = argument;
    int64_t item, last = 0;
    for (int i = 0; i < shared->n; i++) {
        queue_get(shared->queue, &item);
        assert_true(item > last);
        last = item;
        shared->sum += item;
        assert_int_equal(queue_task_done(shared->queue), 0);
    }
}

void test_items_come_in_order_and_none_is_lost(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++)
        for (unsigned maxsize = 0; maxsize < 4; maxsize++) {
            struct rig rig;
            struct shared *shared = begin(&rig, maxsize, 500);
            struct task *producer = task_start(kinds[k], "producer", produce, shared);
            struct task *consumer = task_start(kinds[k], "consumer", consume, shared);
            task_join(producer);
            queue_join(shared->queue);
            assert_int_equal(shared->sum, 500 * 501 / 2);
            task_join(consumer);
            assert_int_equal(queue_size(shared->queue), 0);
            rig_end(&rig);
            assert_caused(&rig, EVENT_QUEUE_GOT, EVENT_QUEUE_PUT);
            assert_int_equal(count(&rig, EVENT_QUEUE_JOINED), 1);
            assert_int_equal(count(&rig, EVENT_CAPACITY), 1);
            rig_release(&rig);
        }
}

void test_full_and_empty_are_told_in_time(void **state)
{
    (void)state;
    struct rig rig;
    struct shared *shared = begin(&rig, 2, 0);
    int64_t item = 7;
    assert_false(queue_get_for(shared->queue, &item, 0));
    assert_false(queue_get_for(shared->queue, &item, 1000));
    assert_true(queue_put_for(shared->queue, &item, 1, 0));
    assert_true(queue_put_for(shared->queue, &item, 2, 1000));
    assert_false(queue_put_for(shared->queue, &item, 3, 0));
    assert_false(queue_put_for(shared->queue, &item, 3, 1000));
    assert_false(queue_join_for(shared->queue, 1000));
    assert_true(queue_get_for(shared->queue, &item, FOREVER));
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_TIMED_OUT), 5);
    rig_release(&rig);
}

void test_an_item_can_be_done_only_once(void **state)
{
    (void)state;
    struct rig rig;
    struct shared *shared = begin(&rig, 0, 1);
    assert_int_equal(queue_task_done(shared->queue), -EINVAL);
    queue_join(shared->queue); /* nothing to wait for */
    produce(shared);
    consume(shared);
    assert_int_equal(queue_task_done(shared->queue), -EINVAL);
    rig_end(&rig);
    rig_release(&rig);
}

void test_a_queue_without_maxsize_takes_many(void **state)
{
    (void)state;
    struct rig rig;
    struct shared *shared = begin(&rig, 0, QUEUE_MOST);
    int64_t item = 0;
    produce(shared);
    assert_int_equal(queue_size(shared->queue), QUEUE_MOST);
    assert_false(queue_put_for(shared->queue, &item, 0, 0));
    consume(shared);
    rig_end(&rig);
    rig_release(&rig);
}

/* Pipes: looking before receiving, ends that go one way, messages of two senders on one end. */
#include "tests/unit/rig.h"

#include <errno.h>
#include <stdlib.h>

struct ends {
    struct conn *reader, *writer;
    struct event *go;
    struct lock *lock;
};

static struct ends *ends_new(bool duplex)
{
    struct ends *ends = run_alloc(seam_self.run, sizeof *ends);
    pipe_new("p", duplex, &ends->reader, &ends->writer);
    ends->go = event_new("go");
    return ends;
}

static void send_when_told(void *argument)
{
    struct ends *ends = argument;
    event_wait(ends->go);
    sleep_us(5000);
    conn_send_number(ends->writer, 7);
}

static void poll_of(enum task_kind kind)
{
    struct rig rig;
    rig_begin(&rig);
    struct ends *ends = ends_new(false);
    int64_t got;
    struct task *task = task_start(kind, "sender", send_when_told, ends);
    assert_int_equal(conn_poll(ends->reader, 0), 0);
    assert_int_equal(conn_poll(ends->reader, 2000), 0);
    event_set(ends->go);
    assert_int_equal(conn_poll(ends->reader, FOREVER), 1);
    assert_int_equal(conn_poll(ends->reader, 0), 1); /* it is still there */
    assert_int_equal(conn_recv_number(ends->reader, &got), 1);
    assert_int_equal(got, 7);
    assert_int_equal(conn_poll(ends->reader, 0), 0);
    task_join(task);
    conn_close(ends->writer);
    assert_int_equal(conn_poll(ends->reader, FOREVER), 1); /* the end of file */
    assert_int_equal(conn_recv_number(ends->reader, &got), 0);
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_TIMED_OUT), 3);
    rig_release(&rig);
}

void test_poll_says_whether_something_came(void **state)
{
    (void)state;
    poll_of(TASK_THREAD);
    poll_of(TASK_PROCESS);
}

void test_a_one_way_end_refuses_the_other(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct ends *ends = ends_new(false);
    int64_t got;
    assert_int_equal(conn_send_number(ends->reader, 1), -EBADF);
    assert_int_equal(conn_recv_number(ends->writer, &got), -EBADF);
    assert_int_equal(conn_poll(ends->writer, 0), -EBADF);
    assert_int_equal(conn_send_number(ends->writer, 1), 0); /* and goes on working */
    assert_int_equal(conn_recv_number(ends->reader, &got), 1);
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_REFUSED), 3);
    rig_release(&rig);
}

void test_both_ends_of_a_duplex_pipe_send_and_receive(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct ends *ends = ends_new(true);
    int64_t got;
    assert_int_equal(conn_send_number(ends->reader, 1), 0);
    assert_int_equal(conn_send_number(ends->writer, 2), 0);
    assert_int_equal(conn_recv_number(ends->writer, &got), 1);
    assert_int_equal(got, 1);
    assert_int_equal(conn_poll(ends->reader, 0), 1);
    assert_int_equal(conn_recv_number(ends->reader, &got), 1);
    assert_int_equal(got, 2);
    rig_end(&rig);
    rig_release(&rig);
}

enum { LARGE = 300000, MESSAGES = 20 };

static void send_large(void *argument)
{
    struct ends *ends = argument;
    char *bytes = malloc(LARGE);
    memset(bytes, task_name(task_self())[0], LARGE);
    for (int i = 0; i < MESSAGES; i++) {
        lock_acquire(ends->lock);
        conn_send(ends->writer, bytes, LARGE);
        lock_release(ends->lock);
    }
    free(bytes);
}

void test_large_messages_stay_whole_under_a_lock(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct ends *ends = ends_new(false);
    char *bytes = malloc(LARGE);
    size_t n;
    int whole = 0;
    ends->lock = lock_new("send");
    struct task *a = process_start("a", send_large, ends);
    struct task *b = process_start("b", send_large, ends);
    conn_close(ends->writer);
    while (conn_recv(ends->reader, bytes, LARGE, &n) > 0)
        whole += n == LARGE && bytes[0] == bytes[LARGE / 2] && bytes[0] == bytes[LARGE - 1];
    assert_int_equal(whole, 2 * MESSAGES);
    task_join(a);
    task_join(b);
    free(bytes);
    rig_end(&rig);
    rig_release(&rig);
}

/* What is longer than the receiver allows is no message. */
void test_a_message_that_is_too_long_is_refused(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct ends *ends = ends_new(false);
    char bytes[64] = "", room[32];
    assert_int_equal(conn_send(ends->writer, bytes, sizeof bytes), 0);
    assert_int_equal(conn_recv(ends->reader, room, sizeof room, NULL), -EBADMSG);
    rig_end(&rig);
    rig_release(&rig);
}

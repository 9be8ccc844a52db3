/* Pipes: looking before receiving, ends that go one way or are closed, torn messages. */
#include "tests/unit/rig.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

struct ends {
    struct conn *reader, *writer;
    bool copies; /* the sender is a process, with ends of its own */
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

/* What is longer than the receiver allows is no message, and what is left of it begins none. */
void test_a_message_that_is_too_long_is_refused(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct ends *ends = ends_new(false);
    char room[32];
    const uint32_t words[16] = {20}; /* would do as a length */
    assert_int_equal(conn_send(ends->writer, words, sizeof words), 0);
    assert_int_equal(conn_recv(ends->reader, room, sizeof room, NULL), -EBADMSG);
    assert_int_equal(conn_recv(ends->reader, room, sizeof room, NULL), -EBADMSG);
    rig_end(&rig);
    rig_release(&rig);
}

static void send_until_refused(void *argument)
{
    struct ends *ends = argument;
    if (ends->copies)
        conn_close(ends->reader); /* or it would be one of those who can read */
    char *bytes = malloc(LARGE);
    memset(bytes, task_name(task_self())[0], LARGE);
    while (conn_send(ends->writer, bytes, LARGE) == 0)
        ;
    free(bytes);
}

/* Two senders without a lock: the receiver comes to the first torn message, and is not stuck. */
static void torn_of(enum task_kind kind)
{
    struct rig rig;
    rig_begin(&rig);
    struct ends *ends = ends_new(false);
    ends->copies = kind == TASK_PROCESS;
    char *bytes = malloc(LARGE);
    size_t n = LARGE;
    int r;
    signal(SIGPIPE, SIG_IGN);
    struct task *a = task_start(kind, "a", send_until_refused, ends);
    struct task *b = task_start(kind, "b", send_until_refused, ends);
    while ((r = conn_recv(ends->reader, bytes, LARGE, &n)) > 0)
        assert_int_equal(n, LARGE);
    assert_int_equal(r, -EBADMSG);
    conn_close(ends->reader);
    task_join(a);
    task_join(b);
    free(bytes);
    rig_end(&rig);
    rig_release(&rig);
}

void test_the_receiver_finds_a_torn_message(void **state)
{
    (void)state;
    torn_of(TASK_THREAD);
    torn_of(TASK_PROCESS);
}

void test_a_message_that_ends_in_the_middle_is_none(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct ends *ends = ends_new(false);
    char *bytes = malloc(LARGE);
    struct task *sender = process_start("sender", send_until_refused, ends);
    conn_close(ends->writer);
    assert_int_equal(conn_poll(ends->reader, FOREVER), 1);
    task_kill(sender); /* the pipe does not hold as much as it sends */
    task_join(sender);
    assert_int_equal(conn_recv(ends->reader, bytes, LARGE, NULL), -EBADMSG);
    free(bytes);
    rig_end(&rig);
    rig_release(&rig);
}

/* Who waits for room is told that nobody will ever make any. */
static void broken_of(enum task_kind kind)
{
    struct rig rig;
    rig_begin(&rig);
    struct ends *ends = ends_new(false);
    ends->copies = kind == TASK_PROCESS;
    signal(SIGPIPE, SIG_IGN);
    struct task *sender = task_start(kind, "sender", send_until_refused, ends);
    assert_int_equal(conn_poll(ends->reader, FOREVER), 1);
    conn_close(ends->reader);
    task_join(sender);
    assert_int_equal(conn_send_number(ends->writer, 1), -EPIPE);
    rig_end(&rig);
    rig_release(&rig);
}

void test_nobody_reads_any_more(void **state)
{
    (void)state;
    broken_of(TASK_THREAD);
    broken_of(TASK_PROCESS);
}

void test_a_closed_end_is_refused(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct ends *ends = ends_new(true);
    int64_t got;
    conn_close(ends->reader);
    conn_close(ends->reader);
    assert_int_equal(conn_send_number(ends->reader, 1), -EBADF);
    assert_int_equal(conn_recv_number(ends->reader, &got), -EBADF);
    assert_int_equal(conn_poll(ends->reader, 0), -EBADF);
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_REFUSED), 3);
    assert_int_equal(count(&rig, EVENT_PIPE_CLOSED), 2); /* once, both ways */
    rig_release(&rig);
}

static void open_too_many(void *argument)
{
    (void)argument;
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){64, 64});
    for (;;)
        ends_new(false);
}

void test_one_pipe_too_many_is_a_fault(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    char line[128] = "";
    struct task *task = process_start("greedy", open_too_many, NULL);
    assert_int_equal(task_join(task), 71);
    assert_true(read(rig.output, line, sizeof line - 1) > 0);
    assert_non_null(memmem(line, sizeof line, "pipe: Too many open files", 25));
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_FAULT), 1);
    rig_release(&rig);
}

/* The primitives under the free schedule, in this process: what they do, and what they leave. */
#include "tests/unit/rig.h"

#include "sandbox/proto/output.h"

#include <errno.h>
#include <signal.h>

struct counting {
    struct lock *lock;
    struct cell *cell;
    int64_t n;
};

static void count_locked(void *argument)
{
    struct counting *c = argument;
    for (int64_t i = 0; i < c->n; i++) {
        lock_acquire(c->lock);
        cell_write(c->cell, cell_read(c->cell) + 1);
        lock_release(c->lock);
    }
}

/* Threads and forked processes through the same lines. */
static void lock_protects(enum task_kind kind)
{
    struct rig rig;
    struct task *tasks[3];
    rig_begin(&rig);
    struct counting *c = run_alloc(seam_self.run, sizeof *c);
    *c = (struct counting){lock_new("lock"), cell_new("n", 0), 20000};
    for (int i = 0; i < 3; i++)
        tasks[i] = task_start(kind, "counter", count_locked, c);
    for (int i = 0; i < 3; i++)
        assert_int_equal(task_join(tasks[i]), 0);
    assert_int_equal(cell_read(c->cell), 60000);
    rig_end(&rig);
    for (uint32_t i = 0; i < rig.trace.event_count; i++) {
        const struct chunk_event *e = &rig.trace.events[i];
        if (e->kind != EVENT_LOCK_ACQUIRED || e->cause == 0)
            continue;
        assert_int_equal(rig.trace.events[e->cause - 1].kind, EVENT_LOCK_RELEASED);
        assert_int_not_equal(rig.trace.events[e->cause - 1].task, e->task);
    }
    assert_int_equal(count(&rig, EVENT_TASK_STARTED), 4);
    assert_int_equal(count(&rig, EVENT_TASK_ENDED), 4);
    rig_release(&rig);
}

void test_lock_protects_threads(void **state)
{
    (void)state;
    lock_protects(TASK_THREAD);
}

void test_lock_protects_processes(void **state)
{
    (void)state;
    lock_protects(TASK_PROCESS);
}

void test_lock_try_does_not_wait(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct lock *lock = lock_new("lock");
    assert_true(lock_try(lock));
    assert_false(lock_try(lock));
    lock_release(lock);
    assert_true(lock_try(lock));
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_LOCK_WAIT), 0);
    rig_release(&rig);
}

static void die(void *argument)
{
    kill(getpid(), *(int *)argument);
}

void test_join_tells_a_signal_from_an_exit(void **state)
{
    (void)state;
    struct rig rig;
    struct conn *reader, *writer;
    int signal = SIGKILL;
    rig_begin(&rig);
    pipe_new("p", false, &reader, &writer);
    assert_int_equal(task_join(process_start("victim", die, &signal)), -SIGKILL);
    for (uint32_t i = 0; i < rig.shared->objects; i++) /* the dead hold no end open */
        assert_true(rig.shared->object[i].holders[0] <= 1 &&
                    rig.shared->object[i].receivers[0] <= 1);
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_TASK_ENDED), 2);
    rig_release(&rig);
}

static void put_numbers(void *argument)
{
    struct queue *queue = argument;
    for (int64_t i = 0; i < 500; i++)
        queue_put(queue, &i, i);
}

static void queue_keeps_order(enum task_kind kind)
{
    struct rig rig;
    rig_begin(&rig);
    struct queue *queue = queue_new("queue", 3, sizeof(int64_t));
    struct task *producer = task_start(kind, "producer", put_numbers, queue);
    for (int64_t i = 0, got; i < 500; i++) {
        queue_get(queue, &got);
        assert_int_equal(got, i);
    }
    task_join(producer);
    assert_int_equal(queue_size(queue), 0);
    rig_end(&rig);
    assert_caused(&rig, EVENT_QUEUE_GOT, EVENT_QUEUE_PUT);
    assert_int_equal(count(&rig, EVENT_QUEUE_PUT), 500);
    rig_release(&rig);
}

void test_queue_between_threads(void **state)
{
    (void)state;
    queue_keeps_order(TASK_THREAD);
}

void test_queue_between_processes(void **state)
{
    (void)state;
    queue_keeps_order(TASK_PROCESS);
}

struct ends {
    struct conn *reader, *writer;
};

static void send_numbers(void *argument)
{
    struct ends *ends = argument;
    conn_close(ends->reader);
    for (int64_t i = 0; i < 100; i++)
        assert_int_equal(conn_send_number(ends->writer, i * i), 0);
    conn_close(ends->writer);
}

void test_pipe_ends_with_its_last_writer(void **state)
{
    (void)state;
    struct rig rig;
    struct ends ends;
    int64_t got;
    rig_begin(&rig);
    pipe_new("p", false, &ends.reader, &ends.writer);
    struct task *sender = process_start("sender", send_numbers, &ends);
    conn_close(ends.writer);
    for (int64_t i = 0; i < 100; i++) {
        assert_int_equal(conn_recv_number(ends.reader, &got), 1);
        assert_int_equal(got, i * i);
    }
    assert_int_equal(conn_recv_number(ends.reader, &got), 0);
    task_join(sender);
    rig_end(&rig);
    assert_caused(&rig, EVENT_PIPE_RECEIVED, EVENT_PIPE_SENT);
    assert_int_equal(count(&rig, EVENT_PIPE_EOF), 1);
    assert_int_equal(count(&rig, EVENT_PIPE_OPENED), 4);
    assert_int_equal(count(&rig, EVENT_PIPE_CLOSED), 3);
    rig_release(&rig);
}

void test_pipe_without_a_reader_is_broken(void **state)
{
    (void)state;
    struct rig rig;
    struct conn *reader, *writer;
    signal(SIGPIPE, SIG_IGN);
    rig_begin(&rig);
    pipe_new("p", false, &reader, &writer);
    conn_close(reader);
    assert_int_equal(conn_send_number(writer, 1), -EPIPE);
    rig_end(&rig);
    rig_release(&rig);
}

static void echo(void *argument)
{
    struct ends *ends = argument;
    static char big[300000];
    size_t n;
    conn_close(ends->writer);
    while (conn_recv(ends->reader, big, sizeof big, &n) > 0)
        conn_send(ends->reader, big, n);
}

/* Both directions, and a message much larger than the pipe. */
void test_duplex_pipe_echoes(void **state)
{
    (void)state;
    struct rig rig;
    struct ends ends;
    static char sent[300000], got[300000];
    size_t n;
    memset(sent, 'x', sizeof sent);
    rig_begin(&rig);
    pipe_new("p", true, &ends.reader, &ends.writer);
    struct task *peer = process_start("echo", echo, &ends);
    conn_close(ends.reader);
    assert_int_equal(conn_send(ends.writer, sent, sizeof sent), 0);
    assert_int_equal(conn_recv(ends.writer, got, sizeof got, &n), 1);
    assert_int_equal(n, sizeof sent);
    assert_memory_equal(got, sent, n);
    conn_close(ends.writer);
    task_join(peer);
    rig_end(&rig);
    rig_release(&rig);
}

/* What a hostile peer could leave in the pipe is no message, and nothing is read past the buffer.
 */
void test_a_longer_message_is_refused(void **state)
{
    (void)state;
    struct rig rig;
    struct conn *reader, *writer;
    int64_t number;
    rig_begin(&rig);
    pipe_new("p", false, &reader, &writer);
    conn_send(writer, "more than eight bytes", 21);
    assert_int_equal(conn_recv_number(reader, &number), -EBADMSG);
    rig_end(&rig);
    rig_release(&rig);
}

static int64_t square_or_raise(struct call *call)
{
    if (call->x % 10 == 9)
        return call_raise(call, "ValueError: %d", (int)call->x);
    return call->x * call->x + call->y;
}

static void pool_maps(enum task_kind kind)
{
    struct rig rig;
    int64_t xs[100], ys[100];
    rig_begin(&rig);
    for (int i = 0; i < 100; i++)
        xs[i] = i, ys[i] = 1000;
    struct pool *pool = pool_new(kind, 4);
    const struct call *calls = pool_map(pool, square_or_raise, xs, ys, 100, 1);
    for (int i = 0; i < 100; i++) {
        bool raises = i % 10 == 9;
        assert_int_equal(calls[i].result, raises ? 0 : i * i + 1000);
        assert_int_equal(calls[i].error[0] != '\0', raises);
    }
    assert_int_equal(pool_apply(pool, square_or_raise, 7)->result, 49);
    pool_close(pool);
    pool_join(pool);
    rig_end(&rig);
    assert_caused(&rig, EVENT_ITEM_STARTED, EVENT_ITEM_SUBMITTED);
    assert_int_equal(count(&rig, EVENT_ITEM_FINISHED), 91);
    assert_int_equal(count(&rig, EVENT_ITEM_FAILED), 10);
    assert_int_equal(count(&rig, EVENT_ITEM_DELIVERED), 101);
    rig_release(&rig);
}

void test_pool_map_with_processes(void **state)
{
    (void)state;
    pool_maps(TASK_PROCESS);
}

void test_pool_map_with_threads(void **state)
{
    (void)state;
    pool_maps(TASK_THREAD);
}

static int64_t slow_first(struct call *call)
{
    if (call->index == 0)
        sleep_us(20000);
    return call->x;
}

/* imap waits for the slow first item, imap_unordered gives the others meanwhile. */
void test_imap_orders_and_imap_unordered_does_not(void **state)
{
    (void)state;
    struct rig rig;
    int64_t xs[] = {10, 11, 12, 13}, sum = 0;
    const struct call *call;
    rig_begin(&rig);
    struct pool *pool = pool_new(TASK_PROCESS, 2);
    struct imap *ordered = pool_imap(pool, slow_first, xs, 4, 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(imap_next(ordered)->result, xs[i]);
    assert_null(imap_next(ordered));
    struct imap *unordered = pool_imap_unordered(pool, slow_first, xs, 4, 1);
    assert_int_not_equal((call = imap_next(unordered))->index, 0);
    for (; call; call = imap_next(unordered))
        sum += call->result;
    assert_int_equal(sum, 46);
    pool_close(pool);
    pool_join(pool);
    rig_end(&rig);
    rig_release(&rig);
}

static void note_result(const struct call *call, void *context)
{
    *(int64_t *)context += call->result;
}

static void note_error(const struct call *call, void *context)
{
    (void)call;
    *(int64_t *)context -= 1000000;
}

void test_callbacks_get_results_and_errors(void **state)
{
    (void)state;
    struct rig rig;
    int64_t sum = 0;
    rig_begin(&rig);
    struct pool *pool = pool_new(TASK_PROCESS, 3);
    struct async *last = NULL;
    for (int64_t i = 0; i < 20; i++)
        last = pool_apply_async(pool, square_or_raise, i, i, note_result, note_error, &sum);
    assert_string_equal(async_get(last)->error, "ValueError: 19");
    assert_true(async_ready(last));
    pool_close(pool);
    pool_join(pool);
    assert_int_equal(sum, 2470 - 81 - 361 - 2000000);
    rig_end(&rig);
    rig_release(&rig);
}

static void twice(struct generator *self, void *argument)
{
    struct yielded in;
    const int64_t *out = NULL;
    int64_t doubled;
    while (yield(self, out, &in)) {
        doubled = 2 * in.number;
        out = &doubled;
    }
    *(bool *)argument = true; /* saw close() */
}

void test_generator_takes_turns(void **state)
{
    (void)state;
    struct rig rig;
    struct yielded out;
    bool closed = false;
    rig_begin(&rig);
    struct generator *g = generator_new("twice", twice, &closed);
    assert_int_equal(generator_send(g, &(int64_t){1}, &out), GENERATOR_NOT_STARTED);
    assert_int_equal(generator_next(g, &out), GENERATOR_YIELDED);
    assert_false(out.some);
    for (int64_t i = 0; i < 50; i++) {
        assert_int_equal(generator_send(g, &i, &out), GENERATOR_YIELDED);
        assert_int_equal(out.number, 2 * i);
    }
    generator_close(g);
    assert_true(closed);
    assert_int_equal(generator_next(g, &out), GENERATOR_STOPPED);
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_COROUTINE_SENT), 51);
    assert_int_equal(count(&rig, EVENT_COROUTINE_RESUMED), 52); /* close() resumes it too */
    for (uint32_t i = 0; i < rig.trace.event_count; i++) {
        const struct chunk_event *e = &rig.trace.events[i];
        if (e->kind == EVENT_COROUTINE_RESUMED && e->value != INT64_MIN)
            assert_int_equal(rig.trace.events[e->cause - 1].value, e->value);
    }
    assert_int_equal(count(&rig, EVENT_COROUTINE_REFUSED), 2);
    rig_release(&rig);
}

/* An arrow leads from another task's release, never from the taker's own. */
void test_gil_taken_again_has_no_cause(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct gil *gil = gil_new(1000000);
    for (int i = 0; i < 3; i++) {
        gil_take(gil);
        gil_drop(gil);
    }
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_LOCK_ACQUIRED), 3);
    for (uint32_t i = 0; i < rig.trace.event_count; i++)
        assert_int_equal(rig.trace.events[i].cause, 0);
    rig_release(&rig);
}

void test_lists_are_cut_between_words(void **state)
{
    (void)state;
    struct rig rig;
    struct words words = {0};
    rig_begin(&rig);
    assert_string_equal(words_list(&words, 400), "[]");
    for (int i = 0; i < 3; i++)
        words_add(&words, "%d", i);
    assert_string_equal(words_list(&words, 400), "[0, 1, 2]");
    assert_string_equal(words_list(&words, 4), "[0, …]");
    for (int i = 0; i < 1000; i++)
        words_add(&words, "%d", i % 10);
    const char *list = words_list(&words, 400);
    assert_true(strlen(list) > 390 && strlen(list) < 410);
    assert_string_equal(list + strlen(list) - strlen(", …]"), ", …]");
    rig_end(&rig);
    rig_release(&rig);
}

static void set_later(void *argument)
{
    sleep_us(2000);
    event_set(argument);
}

void test_event_lets_a_waiter_pass(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct event *event = event_new("go");
    struct task *task = process_start("setter", set_later, event);
    event_wait(event);
    assert_true(event_is_set(event));
    event_clear(event);
    assert_false(event_is_set(event));
    task_join(task);
    rig_end(&rig);
    assert_caused(&rig, EVENT_EVENT_PASSED, EVENT_EVENT_SET);
    rig_release(&rig);
}

void test_print_is_one_frame(void **state)
{
    (void)state;
    struct rig rig;
    char packet[OUTPUT_FRAME_MAX];
    struct output_frame frame;
    rig_begin(&rig);
    print("%s", "share = 0");
    ssize_t n = read(rig.output, packet, sizeof packet);
    memcpy(&frame, packet, sizeof frame);
    assert_int_equal(frame.magic, OUTPUT_FRAME_MAGIC);
    assert_int_equal(frame.length, 10);
    assert_int_equal(n, (ssize_t)sizeof frame + 10);
    assert_memory_equal(packet + sizeof frame, "share = 0\n", 10);
    static char longest[2 * OUTPUT_FRAME_MAX];
    memset(longest, 'x', sizeof longest - 1);
    print("%s", longest);
    assert_int_equal(read(rig.output, packet, sizeof packet), OUTPUT_FRAME_MAX - 1);
    rig_end(&rig);
    rig_release(&rig);
}

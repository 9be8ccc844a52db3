/*
 * Programs of primitives under control: all they can come to, however they are explored, and the
 * same again for the same choices.
 */
#include "tests/unit/oracle.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>

#include "sandbox/prim/lines.h"

static void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(oracle_seen, sizeof oracle_seen, format, args);
    va_end(args);
}

static struct cell *x;

/* ---- pipes ---- */

static struct conn *reader, *writer;
static char message[70000], arrived[70000];

static void send_one(void *number)
{
    conn_send_number(writer, (intptr_t)number);
}

static void receive_two(char *ret)
{
    int64_t number;
    ret[0] = '\0';
    for (int i = 0; i < 2 && conn_recv_number(reader, &number) == 1; i++)
        snprintf(ret + strlen(ret), 8, "%d", (int)number);
}

static void two_senders_of(enum task_kind kind)
{
    char got[16];
    pipe_new("p", false, &reader, &writer);
    task_start(kind, "one", send_one, (void *)1);
    task_start(kind, "two", send_one, (void *)2);
    receive_two(got);
    say("%s", got);
}

static void two_sending_threads(void)
{
    two_senders_of(TASK_THREAD);
}

static void two_sending_processes(void)
{
    two_senders_of(TASK_PROCESS);
}

static void send_and_end(void *unused)
{
    (void)unused;
    conn_close(reader);
    conn_send_number(writer, 1);
}

/* Reads until the end of the file, which comes with the end of the last one that could write. */
static void read_to_end(bool closes)
{
    int64_t number, sum = 0;
    pipe_new("p", false, &reader, &writer);
    process_start("one", send_and_end, NULL);
    process_start("two", send_and_end, NULL);
    if (closes)
        conn_close(writer);
    while (conn_recv_number(reader, &number) == 1)
        sum += number;
    say("%d, end", (int)sum);
}

static void end_of_file(void)
{
    read_to_end(true);
}

static void open_end(void)
{
    read_to_end(false);
}

static int sent;

static void send_until_full(void *unused)
{
    (void)unused;
    sent = conn_send(writer, message, 16000);
    for (int i = 0; i < 4 && sent == 0; i++)
        sent = conn_send(writer, message, 16000);
}

/* The last message does not fit in, and the one who could make room goes away. */
static void broken_pipe(void)
{
    pipe_new("p", false, &reader, &writer);
    struct task *sender = thread_start("sender", send_until_full, NULL);
    conn_close(reader);
    task_join(sender);
    say("%s", sent == -EPIPE ? "EPIPE" : "sent");
}

static void full_pipe(void)
{
    pipe_new("p", false, &reader, &writer);
    struct task *sender = thread_start("sender", send_until_full, NULL);
    task_join(sender);
    say("sent");
}

/* Both fill their way before they read. */
static void fill_and_read(void *end)
{
    struct conn *conn = end;
    size_t n;
    for (int i = 0; i < 5; i++)
        conn_send(conn, message, 16000);
    for (int i = 0; i < 5; i++)
        conn_recv(conn, arrived, sizeof arrived, &n);
}

static void both_ways_full(void)
{
    pipe_new("p", true, &reader, &writer);
    struct task *one = thread_start("one", fill_and_read, reader);
    struct task *two = thread_start("two", fill_and_read, writer);
    task_join(one);
    task_join(two);
    say("ok");
}

static void send_long(void *letter)
{
    static char text[2][40000];
    int which = (intptr_t)letter == 'b';
    memset(text[which], (char)(intptr_t)letter, sizeof text[which]);
    conn_send(writer, text[which], sizeof text[which]);
}

/* Longer than the kernel takes in one piece: others' bytes may come in between. */
static void long_messages(void)
{
    size_t n;
    char got[8] = "";
    pipe_new("p", false, &reader, &writer);
    process_start("a", send_long, (void *)'a');
    process_start("b", send_long, (void *)'b');
    for (int i = 0; i < 2 && !strchr(got, '!'); i++) {
        int r = conn_recv(reader, arrived, sizeof arrived, &n);
        char letter = arrived[0];
        bool whole = r == 1 && n == 40000 && memcmp(arrived, arrived + 1, n - 1) == 0;
        snprintf(got + i, 2, "%c", whole ? letter : '!');
    }
    say("%s", got);
    control_end(seam_self.control, ENDED_COMPLETED);
}

static int received[2];

static void receive_one(void *which)
{
    int64_t number;
    int r = conn_recv_number(reader, &number);
    received[(intptr_t)which] = r == 1 ? (int)number : r == -EBADMSG ? -1 : 0;
}

/* Two who read one end: one may get what is the other's. */
static void two_receivers(void)
{
    pipe_new("p", false, &reader, &writer);
    struct task *one = process_start("one", receive_one, (void *)0);
    struct task *two = process_start("two", receive_one, (void *)1);
    conn_send_number(writer, 7);
    conn_send_number(writer, 8);
    task_join(one);
    task_join(two);
    say("%d %d", received[0], received[1]);
}

static void look_and_receive(void)
{
    int64_t number = 0;
    pipe_new("p", false, &reader, &writer);
    struct task *sender = process_start("one", send_one, (void *)1);
    int first = conn_poll(reader, 0);
    int second = conn_poll(reader, 1000);
    int third = conn_poll(reader, FOREVER);
    conn_recv_number(reader, &number);
    task_join(sender);
    say("%d%d%d %d", first, second, third, (int)number);
}

static void answer(void *unused)
{
    int64_t number;
    (void)unused;
    conn_close(writer);
    while (conn_recv_number(reader, &number) == 1)
        conn_send_number(reader, number + 1);
}

static void ask_and_answer(void)
{
    int64_t number = 0;
    pipe_new("p", true, &reader, &writer);
    struct task *task = process_start("answers", answer, NULL);
    conn_close(reader);
    for (int i = 0; i < 2; i++) {
        conn_send_number(writer, number);
        conn_recv_number(writer, &number);
    }
    conn_close(writer);
    task_join(task);
    say("%d", (int)number);
}

/* ---- pools ---- */

static int64_t square(struct call *call)
{
    return call->x * call->x;
}

/* In which order the calls were done: 2 begins when 0 or 1 is. */
static void order_of_pool(enum task_kind kind)
{
    static const int64_t xs[] = {1, 2, 3};
    unsigned order[3];
    struct pool *pool = pool_new(kind, 2);
    const struct call *calls = pool_map(pool, square, xs, NULL, 3, 1);
    pool_order(calls, 3, order);
    say("%u%u%u", order[0], order[1], order[2]);
    assert_int_equal(calls[0].result + calls[1].result + calls[2].result, 14);
    pool_close(pool);
    assert_int_equal(pool_join(pool), 0);
}

static void thread_pool(void)
{
    order_of_pool(TASK_THREAD);
}

static void process_pool(void)
{
    order_of_pool(TASK_PROCESS);
}

/* ---- ends from outside ---- */

static void add_twice(void *cell)
{
    cell_add(cell, 1);
    cell_add(cell, 1);
}

static void killed_at_work(void)
{
    struct cell *cell = cell_new("cell", 0);
    struct task *child = process_start("child", add_twice, cell);
    task_kill(child);
    task_join(child);
    say("%d", (int)cell_read(cell));
}

static void with_daemon(void *cell)
{
    struct task *daemon = task_new(TASK_THREAD, "daemon", add_twice, cell);
    task_set_daemon(daemon, true);
    task_begin(daemon);
}

static void daemon_cut_off(void)
{
    struct cell *cell = cell_new("cell", 0);
    task_join(process_start("child", with_daemon, cell));
    say("%d", (int)cell_read(cell));
}

static struct task *victim;
static int killed;

static void kill_victim(void *looks_first)
{
    if (looks_first)
        cell_read(x);
    killed = task_kill(victim);
}

/* The end comes in the middle, or the victim is a zombie, or nobody any more. */
static void kill_and_join(bool looks_first, bool main_looks_first)
{
    x = cell_new("x", 0);
    victim = process_start("victim", add_twice, cell_new("other", 0));
    struct task *killer = thread_start("killer", kill_victim, looks_first ? x : NULL);
    if (main_looks_first)
        cell_read(x);
    int code = task_join(victim);
    task_join(killer);
    say("%d %d", killed, code);
}

static void killed_or_joined(void)
{
    kill_and_join(true, false);
}

static void killed_or_joined_late(void)
{
    kill_and_join(false, true);
}

static void count_delivered(const struct call *call, void *context)
{
    (void)call;
    ++*(int *)context;
}

/* Two calls, and the end while they are on their way: what is queued is dropped. */
static void terminate_pool(void)
{
    int delivered = 0;
    struct pool *pool = pool_new(TASK_THREAD, 1);
    for (int i = 0; i < 2; i++)
        pool_apply_async(pool, square, i, i, count_delivered, NULL, &delivered);
    pool_terminate(pool);
    assert_int_equal(pool_join(pool), 0);
    assert_null(pool_map_async(pool, square, NULL, NULL, 0, 1));
    say("%d delivered, %u dropped", delivered, pool_dropped(pool));
}

static void terminate_in_callback(const struct call *call, void *context)
{
    (void)call;
    pool_terminate(context);
}

static void end_from_callback(void)
{
    static const int64_t one = 1;
    struct pool *pool = pool_new(TASK_PROCESS, 1);
    const struct pool_callbacks callbacks = {.success = terminate_in_callback, .context = pool};
    struct async *async = pool_map_async_with(pool, square, &one, NULL, 1, 1, &callbacks);
    bool ready = async_ready(async);
    async_wait(async, FOREVER);
    assert_int_equal(pool_join(pool), 0);
    say("%d, %d", ready, (int)async_get(async)->result);
}

static void stream_of_pool(void)
{
    static const int64_t xs[] = {1, 2};
    struct pool *pool = pool_new(TASK_THREAD, 2);
    struct imap *imap = pool_imap_unordered(pool, square, xs, 2, 1);
    int64_t first = imap_next(imap)->index, second = imap_next(imap)->index;
    assert_null(imap_next(imap));
    say("%d%d", (int)first, (int)second);
    pool_close(pool);
    pool_join(pool);
}

/* ---- executors ---- */

/* In which order they are given; those that are completed before come in any. */
static void order_of_executor(enum task_kind kind)
{
    struct future *futures[3], *next;
    struct executor *executor = executor_new(kind, 2);
    char order[8] = "";
    for (int i = 0; i < 3; i++)
        futures[i] = executor_submit(executor, square, i);
    struct as_completed *completed = as_completed(futures, 3);
    while ((next = as_completed_next(completed, FOREVER)))
        snprintf(order + strlen(order), 4, "%d", (int)future_number(next));
    executor_shutdown(executor, true, false);
    say("%s", order);
}

static void thread_executor(void)
{
    order_of_executor(TASK_THREAD);
}

static void process_executor(void)
{
    order_of_executor(TASK_PROCESS);
}

static void sum_of_executor(enum task_kind kind)
{
    static const int64_t xs[] = {1, 2, 3};
    struct executor *executor = executor_new(kind, 2);
    struct future **futures = executor_map(executor, square, xs, 3);
    int64_t sum = 0, result = 0;
    for (int i = 0; i < 3 && future_result(futures[i], FOREVER, &result) == 0; i++)
        sum += result;
    executor_shutdown(executor, true, false);
    assert_null(executor_submit(executor, square, 1));
    say("%d", (int)sum);
}

static void thread_sum(void)
{
    sum_of_executor(TASK_THREAD);
}

static void process_sum(void)
{
    sum_of_executor(TASK_PROCESS);
}

/* The first is done, is being done, or has not begun. */
static void cancelled_future(void)
{
    struct executor *executor = executor_new(TASK_THREAD, 1);
    struct future *future = executor_submit(executor, square, 3);
    enum future_state before = future_state(future);
    bool cancelled = future_cancel(future);
    int64_t result;
    int r = future_result(future, FOREVER, &result);
    assert_int_equal(r, cancelled ? -ECANCELED : 0);
    executor_shutdown(executor, true, false);
    say("%d %s", before, cancelled ? "cancelled" : "done");
}

static void note_callback(struct future *future, void *context)
{
    char *order = context;
    snprintf(order + strlen(order), 4, "%d", (int)future_number(future));
}

/* Callbacks come in the order of completion, wherever they are run. */
static void callbacks_of(enum task_kind kind)
{
    char order[8] = "";
    struct executor *executor = executor_new(kind, 2);
    for (int i = 0; i < 2; i++)
        future_add_done_callback(executor_submit(executor, square, i), note_callback, order);
    executor_shutdown(executor, true, false);
    say("%s", order);
}

static void thread_callbacks(void)
{
    callbacks_of(TASK_THREAD);
}

static void process_callbacks(void)
{
    callbacks_of(TASK_PROCESS);
}

static int64_t die(struct call *call)
{
    (void)call;
    task_exit(3);
}

/* Who is ended because another one died was done, or was not. */
static void lost_worker(void)
{
    struct executor *executor = executor_new(TASK_PROCESS, 2);
    struct future *well = executor_submit(executor, square, 3);
    struct future *badly = executor_submit(executor, die, 0);
    int64_t result;
    int first = future_result(well, FOREVER, &result),
        second = future_result(badly, FOREVER, &result);
    struct future *later = executor_submit(executor, square, 1);
    executor_shutdown(executor, true, false);
    say("%s, %s, %s", first == 0 ? "9" : "broken", second == -EIO ? "broken" : "?",
        later ? "taken" : "refused");
}

static void first_completed(void)
{
    struct executor *executor = executor_new(TASK_THREAD, 2);
    struct future *futures[] = {executor_submit(executor, square, 1),
                                executor_submit(executor, square, 2)};
    unsigned done = futures_wait(futures, 2, FIRST_COMPLETED, 1000);
    executor_shutdown(executor, true, false);
    say("%u", done);
}

/* ---- generators ---- */

static struct generator *numbers;
static enum generator_status statuses[2];

static void count_up(struct generator *self, void *unused)
{
    (void)unused;
    for (int64_t i = 1; i < 3; i++) {
        cell_add(x, 1);
        if (!yield(self, &i, NULL))
            return;
    }
}

static void next_number(void *which)
{
    statuses[(intptr_t)which] = generator_next(numbers, NULL);
}

/* Two threads resume one generator: the second may come while it runs. */
static void shared_generator(void)
{
    x = cell_new("x", 0);
    numbers = generator_new("numbers", count_up, NULL);
    struct task *one = thread_start("one", next_number, (void *)0);
    struct task *two = thread_start("two", next_number, (void *)1);
    task_join(one);
    task_join(two);
    say("%d%d", statuses[0], statuses[1]);
}

static void consume(struct generator *self, void *sum)
{
    struct yielded item;
    while (yield(self, NULL, &item))
        cell_add(sum, item.number);
}

/* Each process has its own, made before or after its thread was. */
static void send_three(void *unused)
{
    struct generator *consumer = generator_new("consumer", consume, x);
    (void)unused;
    generator_next(consumer, NULL);
    for (int64_t i = 1; i <= 2; i++)
        generator_send(consumer, &i, NULL);
    generator_close(consumer);
}

static void generators_in_processes(void)
{
    x = cell_new("x", 0);
    struct task *one = process_start("one", send_three, NULL);
    send_three(NULL);
    task_join(one);
    say("%d", (int)cell_read(x));
}

/* ---- loops ---- */

static int64_t add_slowly(void *unused)
{
    (void)unused;
    if (loop_sleep(1000) < 0)
        return 0;
    int64_t number = cell_read(x);
    if (loop_sleep(1000) < 0)
        return 0;
    cell_write(x, number + 1);
    return 0;
}

static int64_t gather_two(void *unused)
{
    (void)unused;
    struct coro *both[] = {loop_create_task("one", add_slowly, NULL),
                           loop_create_task("two", add_slowly, NULL)};
    return loop_gather(both, 2);
}

/* An update is lost across an await, within one thread. */
static void lost_across_await(void)
{
    x = cell_new("x", 0);
    loop_run("main", gather_two, NULL, NULL);
    say("%d", (int)cell_read(x));
}

static void run_adder(void *unused)
{
    (void)unused;
    loop_run("adder", add_slowly, NULL, NULL);
}

/* The same between two loops, each in its thread or process. */
static void two_loops_of(enum task_kind kind)
{
    x = cell_new("x", 0);
    struct task *one = task_start(kind, "one", run_adder, NULL);
    run_adder(NULL);
    task_join(one);
    say("%d", (int)cell_read(x));
}

static void two_loops_in_threads(void)
{
    two_loops_of(TASK_THREAD);
}

static void two_loops_in_processes(void)
{
    two_loops_of(TASK_PROCESS);
}

static int64_t wait_a_while(void *unused)
{
    (void)unused;
    struct coro *sleeper = loop_create_task("sleeper", add_slowly, NULL);
    return coro_wait_for(sleeper, 1500, NULL);
}

static void timed_out_await(void)
{
    int64_t r;
    x = cell_new("x", 0);
    loop_run("main", wait_a_while, NULL, &r);
    say("%s %d", r == 0 ? "done" : r == -ETIMEDOUT ? "late" : "?", (int)cell_read(x));
}

static struct site *site;
static char answers[8];

static int64_t ask_site(void *number)
{
    loop_call(site, (intptr_t)number, 1000 * (intptr_t)number);
    snprintf(answers + strlen(answers), 4, "%d", (int)(intptr_t)number);
    return 0;
}

static int64_t ask_thrice(void *unused)
{
    (void)unused;
    struct coro *all[3];
    for (intptr_t i = 0; i < 3; i++)
        all[i] = loop_create_task("ask", ask_site, (void *)(i + 1));
    return loop_gather(all, 3);
}

static void answers_of_site(void)
{
    answers[0] = '\0';
    site = site_new("site");
    loop_run("main", ask_thrice, NULL, NULL);
    site_close(site);
    say("%s", answers);
}

static void call_site(void *number)
{
    site_call(site, (intptr_t)number, 1000);
    snprintf(answers + strlen(answers), 4, "%d", (int)(intptr_t)number);
}

static void threads_call_site(void)
{
    answers[0] = '\0';
    site = site_new("site");
    struct task *one = thread_start("one", call_site, (void *)1);
    call_site((void *)2);
    task_join(one);
    say("%d", (int)strlen(answers));
}

static int64_t await_nothing(void *other)
{
    return coro_await(*(struct coro **)other, NULL);
}

static int64_t await_each_other(void *unused)
{
    struct coro *one, *two;
    (void)unused;
    one = loop_create_task("one", await_nothing, &two);
    two = loop_create_task("two", await_nothing, &one);
    return coro_await(one, NULL);
}

static void circle_of_coroutines(void)
{
    loop_run("main", await_each_other, NULL, NULL);
    say("ended");
}

/* A blocking call blocks the whole loop. */
static int64_t take_and_sleep(void *lock)
{
    lock_acquire(lock);
    loop_sleep(1000);
    lock_release(lock);
    return 0;
}

static int64_t take_twice(void *lock)
{
    struct coro *both[] = {loop_create_task("one", take_and_sleep, lock),
                           loop_create_task("two", take_and_sleep, lock)};
    return loop_gather(both, 2);
}

static void blocked_loop(void)
{
    loop_run("main", take_twice, lock_new("lock"), NULL);
    say("ended");
}

/* ---- managers ---- */

static struct managed *managed, *managed_guard;

static void add_managed(void *unused)
{
    int64_t number = 0;
    (void)unused;
    if (managed_guard)
        managed_acquire(managed_guard, FOREVER);
    managed_get(managed, "count", &number);
    managed_set(managed, "count", number + 1);
    if (managed_guard)
        managed_release(managed_guard);
}

static void manager_count(bool guarded)
{
    int64_t number = 0;
    struct manager *manager = manager_new();
    managed = manager_dict(manager, "d");
    managed_guard = guarded ? manager_lock(manager, "lock") : NULL;
    managed_set(managed, "count", 0);
    struct task *one = process_start("one", add_managed, NULL);
    struct task *two = process_start("two", add_managed, NULL);
    task_join(one);
    task_join(two);
    managed_get(managed, "count", &number);
    manager_shutdown(manager);
    assert_int_equal(managed_get(managed, "count", &number), -ECONNRESET);
    say("%d", (int)number);
}

static void lost_in_manager(void)
{
    manager_count(false);
}

static void guarded_in_manager(void)
{
    manager_count(true);
}

static void take_managed(void *unused)
{
    int64_t number = 0;
    (void)unused;
    int r = managed_take(managed, &number, 1000);
    say("%s", r == -ETIMEDOUT ? "late" : r == 0 ? "taken" : "?");
}

static void managed_time_out(void)
{
    struct manager *manager = manager_new();
    managed = manager_queue(manager, "q", 20);
    struct task *taker = thread_start("taker", take_managed, NULL);
    for (int i = 0; i < 12; i++)
        managed_put(managed, i, FOREVER);
    task_join(taker);
    assert_int_equal(managed_length(managed), strcmp(oracle_seen, "late") == 0 ? 12 : 11);
    manager_shutdown(manager);
}

static void take_for_ever(void *unused)
{
    int64_t number;
    (void)unused;
    say("%s", managed_take(managed, &number, FOREVER) == -ECONNRESET ? "reset" : "?");
}

static void managed_deadlock(void)
{
    managed = manager_queue(manager_new(), "q", 1);
    take_for_ever(NULL);
}

static void shut_down_manager(void)
{
    struct manager *manager = manager_new();
    managed = manager_queue(manager, "q", 1);
    struct task *taker = thread_start("taker", take_for_ever, NULL);
    manager_shutdown(manager);
    task_join(taker);
}

static void make_and_leave(void *unused)
{
    (void)unused;
    struct manager *manager = manager_new();
    managed = manager_queue(manager, "q", 1);
    conn_send(writer, &managed, sizeof managed);
}

/* The manager ends with the process that made it, in the middle of another's call. */
static void manager_of_another(void)
{
    pipe_new("p", false, &reader, &writer);
    process_start("owner", make_and_leave, NULL);
    conn_recv(reader, &managed, sizeof managed, NULL);
    take_for_ever(NULL);
}

/* ---- simulated ---- */

static struct gil *gil;

static void add_under_gil(void *unused)
{
    (void)unused;
    gil_take(gil);
    int64_t number = cell_read(x);
    gil_check(gil);
    cell_write(x, number + 1);
    gil_drop(gil);
}

/* The update is lost only if the lock changes hands in the middle of it. */
static void lost_under_gil(void)
{
    x = cell_new("x", 0);
    gil = gil_new(5000000);
    struct task *one = thread_start("one", add_under_gil, NULL);
    struct task *two = thread_start("two", add_under_gil, NULL);
    task_join(one);
    task_join(two);
    say("%d", (int)cell_read(x));
}

static size_t choose_oldest(void *state, const struct device_request *const *waiting, size_t count)
{
    (void)state;
    (void)waiting;
    (void)count;
    return 0;
}

static double serve_slowly(void *state, const struct device_request *request, double now_us)
{
    (void)state;
    return now_us + 100 * (double)request->position;
}

static struct device *disk;
static int finished[2], finish;

static void use_disk(void *which)
{
    const struct device_request request = {.position = 1 + (intptr_t)which, .bytes = 1};
    device_io(disk, &request);
    finished[(intptr_t)which] = ++finish;
}

/* One channel serves them as they come. */
static void device_in_order(void)
{
    const struct device_model model = {
        .channels = 1, .queue_depth = 2, .choose = choose_oldest, .serve = serve_slowly};
    finish = 0;
    disk = device_new("disk", &model, 1);
    struct task *one = thread_start("one", use_disk, (void *)0);
    struct task *two = thread_start("two", use_disk, (void *)1);
    task_join(one);
    task_join(two);
    device_stop(disk);
    say("%d%d", finished[0], finished[1]);
}

/* ---- processes from scratch ---- */

static void no_module(void)
{
}

static int *own;

static void say_who(void *ret)
{
    *(int *)ret = (is_main_module() ? 10 : 20) + *own;
}

/* It has its memory from the start server: what is written later it does not see. */
static void fresh_process(void)
{
    own = private_new(sizeof *own);
    *own = 1;
    struct start_server *server = start_server_new(no_module);
    *own = 2;
    int *who = shared_new(2 * sizeof *who);
    struct task *fresh = task_new_from(server, "fresh", say_who, &who[0]);
    pipe_new("p", false, &reader, &writer); /* it does not inherit the ends */
    task_begin(fresh);
    process_start("copy", say_who, &who[1]);
    conn_close(writer);
    int64_t number;
    int r = conn_recv_number(reader, &number);
    say("%d %d %s", who[0], who[1], r == 0 ? "end" : "?");
    task_join(fresh);
}

/* ---- the system's numbers ---- */

static void tell_ids(void *ret)
{
    int *ids = ret;
    ids[0] = process_id();
    ids[1] = parent_id();
    ids[2] = thread_id();
}

/* A process ends after its children, so theirs is still there. */
static void leave_child(void *ids)
{
    process_start("child", tell_ids, ids);
    task_exit(0);
}

static void numbers_of_the_system(void)
{
    int(*ids)[3] = shared_new(3 * sizeof *ids);
    task_join(thread_start("thread", tell_ids, ids[0]));
    task_join(process_start("process", tell_ids, ids[1]));
    task_join(process_start("parent", leave_child, ids[2]));
    int child = ids[2][1];
    assert_true(process_id() == ids[0][0] && process_id() == thread_id());
    assert_true(ids[1][1] == process_id() && ids[1][0] == ids[1][2]);
    assert_true(ids[0][2] != process_id() && ids[0][1] == 1);
    assert_true(system_random(0) == system_random(0) && system_random(0) != system_random(1));
    say("%d %d", ids[1][0], child);
}

/* ---- who waits for a while, where time is ignored ---- */

static struct cell *y;
static struct queue *queue;

/* No loop: it goes on although nothing has changed. */
static void look_between_sleeps(void *unused)
{
    (void)unused;
    sleep_us(1000);
    cell_read(y);
    sleep_us(1000);
    cell_write(x, 1);
}

static void write_two(void *unused)
{
    (void)unused;
    cell_write(x, 2);
}

static void sleeps_in_line(void)
{
    x = cell_new("x", 0);
    y = cell_new("y", 0);
    struct task *one = thread_start("one", look_between_sleeps, NULL);
    struct task *two = thread_start("two", write_two, NULL);
    task_join(one);
    task_join(two);
    say("%d", (int)cell_read(x));
}

/* A loop: what it looks at has to change before it may look once more. */
static void get_patiently(void *unused)
{
    int64_t number;
    int late = 0;
    (void)unused;
    while (!queue_get_for(queue, &number, 1000))
        late++;
    say("%d times late", late);
}

static void timed_loop(void)
{
    int64_t number = 1;
    queue = queue_new("q", 0, sizeof number);
    struct task *one = thread_start("one", get_patiently, NULL);
    queue_put(queue, &number, number);
    task_join(one);
}

static void get_patiently_and_look(void *unused)
{
    int64_t number;
    int late = 0, seen_one = 0;
    (void)unused;
    while (!seen_one && !queue_get_for(queue, &number, 1000)) {
        late++;
        seen_one = (int)cell_read(x);
    }
    say("%d times late, %s", late, seen_one ? "seen" : "got");
}

static void put_one(void *unused)
{
    int64_t number = 1;
    (void)unused;
    queue_put(queue, &number, number);
}

static void write_one(void *unused)
{
    (void)unused;
    cell_write(x, 1);
}

/* Late twice: only what is written in between lets it look once more. */
static void timed_loop_that_looks(void)
{
    x = cell_new("x", 0);
    queue = queue_new("q", 0, sizeof(int64_t));
    struct task *tasks[] = {thread_start("gets", get_patiently_and_look, NULL),
                            thread_start("puts", put_one, NULL),
                            thread_start("writes", write_one, NULL)};
    for (int i = 0; i < 3; i++)
        task_join(tasks[i]);
}

/* A look that is over at once is possible at once, wherever time is not ignored. */
static void look_at_once(void *unused)
{
    (void)unused;
    int ready = conn_poll(reader, 0);
    say("%d%s", ready, oracle_seen);
}

static void take_a_look(void)
{
    oracle_seen[0] = '\0';
    x = cell_new("x", 0);
    pipe_new("p", false, &reader, &writer);
    struct task *tasks[] = {thread_start("writes", write_one, NULL),
                            thread_start("sends", send_one, (void *)1),
                            thread_start("looks", look_at_once, NULL)};
    bool seen_one = cell_read(x) == 1;
    for (int i = 0; i < 3; i++)
        task_join(tasks[i]);
    say("%c%d", oracle_seen[0], seen_one);
}

static struct event *event;

static void await_patiently(void *unused)
{
    int late = 0;
    (void)unused;
    while (!event_wait_for(event, 1000))
        late++;
    say("%d times late", late);
}

static void event_loop(void)
{
    event = event_new("e");
    struct task *one = thread_start("one", await_patiently, NULL);
    event_set(event);
    task_join(one);
}

static void sleep_until_set(void *unused)
{
    (void)unused;
    while (cell_read(x) == 0)
        sleep_us(1000);
    say("set");
}

static void sleeping_loop(void)
{
    x = cell_new("x", 0);
    struct task *one = thread_start("one", sleep_until_set, NULL);
    cell_write(x, 1);
    task_join(one);
}

/* ---- explored ---- */

static const struct known {
    const char *name;
    void (*program)(void);
    const char *outcomes;
    uint64_t all, classes; /* executions: of every order, and by source sets; 0: not looked at */
} known[] = {
    {"two sending threads", two_sending_threads, "12|21", 6, 6},
    {"two sending processes", two_sending_processes, "12|21", 168, 168},
    {"end of file", end_of_file, "2, end", 3008, 3008},
    {"open end", open_end, "DEADLOCK", 688, 688},
    {"broken pipe", broken_pipe, "EPIPE", 6, 6},
    {"full pipe", full_pipe, "DEADLOCK", 1, 1},
    {"both ways full", both_ways_full, "DEADLOCK", 252, 1},
    {"long messages", long_messages, "!|ab|ba", 1124, 1124},
    {"two receivers", two_receivers, "-1 0|-1 8|0 -1|7 8|8 -1|8 7", 50, 50},
    {"look and receive", look_and_receive, "001 1|011 1|111 1", 15, 15},
    {"ask and answer", ask_and_answer, "2", 3, 3},
    {"thread pool", thread_pool, "012|021|102|120", 0, 3600},
    {"process pool", process_pool, "012|021|102|120", 0, 3600},
    {"terminated pool", terminate_pool,
     "0 delivered, 0 dropped|0 delivered, 1 dropped|0 delivered, 2 dropped|1 delivered, 0 dropped|"
     "1 delivered, 1 dropped|2 delivered, 0 dropped",
     7296, 194},
    {"killed at work", killed_at_work, "0|1|2", 4, 4},
    {"killed or joined", killed_or_joined, "-3 0|0 -9|0 0", 0, 5},
    {"killed or joined late", killed_or_joined_late, "-3 0|0 -9|0 0", 0, 5},
    {"daemon cut off", daemon_cut_off, "0|1|2", 4, 4},
    {"end from callback", end_from_callback, "0, 1|1, 1", 117, 6},
    {"unordered stream", stream_of_pool, "01|10", 4120, 192},
    {"thread executor", thread_executor, "012|021|102|120|201|210", 37888, 4740},
    {"process executor", process_executor, "012|021|102|120|201|210", 37888, 4740},
    {"thread sum", thread_sum, "14", 592, 180},
    {"process sum", process_sum, "14", 592, 180},
    {"cancelled future", cancelled_future, "0 cancelled|0 done|1 done|3 done", 7, 7},
    {"thread callbacks", thread_callbacks, "01|10", 916, 236},
    {"process callbacks", process_callbacks, "01|10", 0, 5352},
    {"lost worker", lost_worker, "9, broken, refused|broken, broken, refused", 202, 62},
    {"shared generator", shared_generator, "00|04|40", 6, 4},
    {"generators in processes", generators_in_processes, "6", 0, 6},
    {"lost across await", lost_across_await, "1|2", 6, 6},
    {"two loops in threads", two_loops_in_threads, "1|2", 70, 4},
    {"two loops in processes", two_loops_in_processes, "1|2", 70, 4},
    {"timed out await", timed_out_await, "done 1|late 0", 8, 8},
    {"answers of a site", answers_of_site, "123|132|213|231|312|321", 6, 6},
    {"threads call a site", threads_call_site, "2", 6, 2},
    {"circle of coroutines", circle_of_coroutines, "DEADLOCK", 1, 1},
    {"blocked loop", blocked_loop, "DEADLOCK", 1, 1},
    {"lost in a manager", lost_in_manager, "1|2", 6, 6},
    {"guarded in a manager", guarded_in_manager, "2", 8, 8},
    {"managed time-out", managed_time_out, "late|taken", 14, 14},
    {"managed deadlock", managed_deadlock, "DEADLOCK", 1, 1},
    {"manager shut down", shut_down_manager, "reset", 2, 2},
    {"manager of another", manager_of_another, "reset", 120, 9},
    {"lost under a GIL", lost_under_gil, "1|2", 54, 16},
    {"device in order", device_in_order, "12|21", 4, 4},
    {"numbers of the system", numbers_of_the_system, "1002 1003", 1, 1},
    {"sleeps in line", sleeps_in_line, "1|2", 5, 2},
    {"timed loop", timed_loop, "0 times late|1 times late", 2, 2},
    {"timed loop that looks", timed_loop_that_looks,
     "0 times late, got|1 times late, got|1 times late, seen|2 times late, seen", 0, 4},
    {"event loop", event_loop, "0 times late|1 times late", 4, 4},
    {"sleeping loop", sleeping_loop, "set", 4, 3},
    {"fresh process", fresh_process, "21 12 end", 2, 2},
    {"first completed", first_completed, "0|1|2", 1800, 380},
};

static void explore(const struct known *k, enum explore_method method, uint64_t executions)
{
    static struct oracle o;
    bool complete = oracle_explore(&o, k->program, method, -1, 300000);
    if (!complete || strcmp(oracle_outcomes(&o), k->outcomes) != 0 ||
        (executions > 0 && o.executions != executions))
        fail_msg("%s: %" PRIu64 " executions, not %" PRIu64 ": %s, not %s%s", k->name, o.executions,
                 executions, oracle_outcomes(&o), k->outcomes, complete ? "" : ", and more");
}

void test_every_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].all > 0)
            explore(&known[i], EXPLORE_ALL, known[i].all);
}

void test_source_sets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].classes > 0)
            explore(&known[i], EXPLORE_SOURCE_SETS, known[i].classes);
}

/* Where time is not ignored, what is possible at once was possible before, too. */
void test_looks_in_time(void **state)
{
    (void)state;
    static const struct known looks = {"looks", take_a_look, "00|01|10|11", 0, 4};
    oracle_ignores_time = false;
    explore(&looks, EXPLORE_SOURCE_SETS, looks.classes);
    oracle_ignores_time = true;
}

/* ---- repeated ---- */

struct repeated {
    enum ended ended;
    uint64_t steps;
    uint16_t check;
    struct buf trace;
    char seen[64];
};

/* In memory of its own, with a trace. */
static void run_once(struct repeated *ret, void (*program)(void), const struct token *token)
{
    struct trace_shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    static struct directed directed;
    trace_shared_init(shared);
    struct run *run = run_new(shared, -1);
    run->time_scale = 1;
    run->job.trace = true;
    run->output_object = (uint16_t)trace_object_add(shared, OBJECT_OUTPUT, "stdout");
    trace_shared_start(shared);
    run->control = control_new(run, NULL, NULL, token->ignores_time);
    directed_init(&directed, token, NULL);
    oracle_seen[0] = '\0';
    ret->ended = control_execute(run->control, &directed.policy, oracle_main, &program);
    ret->steps = control_steps(run->control);
    ret->check = directed_check(&directed, true);
    memcpy(ret->seen, oracle_seen, sizeof ret->seen);
    struct trace_reader *trace = trace_reader_new(shared);
    ret->trace = (struct buf)BUF_INIT(16u << 20);
    assert_int_equal(trace_reader_drain(trace, TRACE_ANY_TIME, true, &ret->trace), 0);
    assert_int_equal(trace_reader_counts(trace).malformed, 0);
    trace_reader_free(trace);
    control_free(run->control);
    munmap(run, sizeof *run + RUN_ARENA_BYTES);
    munmap(shared, sizeof *shared);
}

static void repeat(const struct known *k, const struct token *token)
{
    struct repeated one, two;
    run_once(&one, k->program, token);
    run_once(&two, k->program, token);
    if (one.ended != two.ended || one.steps != two.steps || one.check != two.check ||
        strcmp(one.seen, two.seen) != 0)
        fail_msg("%s, seed %" PRIu64 ": \"%s\" in %" PRIu64 " steps, then \"%s\" in %" PRIu64,
                 k->name, token->seed, one.seen, one.steps, two.seen, two.steps);
    if (one.trace.len != two.trace.len || memcmp(one.trace.data, two.trace.data, one.trace.len))
        fail_msg("%s, seed %" PRIu64 ": another trace", k->name, token->seed);
    buf_release(&one.trace);
    buf_release(&two.trace);
}

void test_the_same_again(void **state)
{
    (void)state;
    struct token token = {.rule = TOKEN_RANDOM, .stop = TOKEN_NO_STOP};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        for (token.seed = 1; token.seed <= 4; token.seed++) {
            token.ignores_time = token.seed % 2;
            repeat(&known[i], &token);
        }
}

static void get_in_vain(void)
{
    int64_t number;
    queue = queue_new("q", 0, sizeof number);
    queue_get_for(queue, &number, 1000);
}

/* Who has never been switched away from is recorded to wait like everybody. */
void test_the_first_wait_is_recorded(void **state)
{
    (void)state;
    const struct token token = {.stop = TOKEN_NO_STOP};
    struct repeated repeated;
    struct rig rig = {0};
    struct err err;
    run_once(&repeated, get_in_vain, &token);
    assert_int_equal(trace_decode(&rig.trace, repeated.trace.data, repeated.trace.len, &err), 0);
    assert_int_equal(count(&rig, EVENT_QUEUE_WAIT), 1);
    assert_int_equal(count(&rig, EVENT_TIMED_OUT), 1);
    trace_release(&rig.trace);
    buf_release(&repeated.trace);
}

/* Executors and futures, of threads and of processes. */
#include "tests/unit/rig.h"

#include <errno.h>
#include <stdlib.h>

static const enum task_kind KINDS[] = {TASK_THREAD, TASK_PROCESS};

static int64_t square(struct call *call)
{
    return call->x == 13 ? call_raise(call, "ValueError: 13") : call->x * call->x;
}

static int64_t sleep_us_then_say(struct call *call)
{
    sleep_us(call->x);
    return call->x;
}

/* Calls that are under way until the test lets them go on. */
static struct {
    struct event *started[3], *open[3];
} gate;

static void make_gates(void)
{
    for (int i = 0; i < 3; i++) {
        gate.started[i] = event_new("started");
        gate.open[i] = event_new("open");
    }
}

static int64_t pass_gate(struct call *call)
{
    event_set(gate.started[call->x]);
    event_wait(gate.open[call->x]);
    return call->x;
}

static int64_t die(struct call *call)
{
    (void)call;
    abort();
}

static void exit_early(void *argument)
{
    (void)argument;
    task_exit(3);
}

static void end(struct executor *executor, struct rig *rig)
{
    executor_shutdown(executor, true, false);
    rig_end(rig);
    rig_release(rig);
}

void test_a_future_has_the_result_or_the_error(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        struct executor *executor = executor_new(KINDS[k], 2);
        int64_t result = 0;
        struct future *seven = executor_submit(executor, square, 7);
        struct future *bad = executor_submit(executor, square, 13);
        assert_int_equal(future_result(seven, FOREVER, &result), 0);
        assert_int_equal(result, 49);
        const char *error = "";
        assert_int_equal(future_exception(seven, FOREVER, &error), 0);
        assert_null(error);
        assert_int_equal(future_result(bad, FOREVER, &result), -EIO);
        assert_int_equal(future_exception(bad, 0, &error), 0);
        assert_string_equal(error, "ValueError: 13");
        assert_int_equal(future_number(bad), 1);
        assert_int_equal(future_argument(bad), 13);
        end(executor, &rig);
    }
}

void test_a_result_can_be_waited_for_in_vain(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        make_gates();
        struct executor *executor = executor_new(KINDS[k], 1);
        int64_t result = 0;
        const char *error = NULL;
        struct future *slow = executor_submit(executor, pass_gate, 0);
        struct future *behind = executor_submit(executor, square, 2);
        event_wait(gate.started[0]);
        assert_int_equal(future_result(slow, 1000, &result), -ETIMEDOUT);
        assert_int_equal(future_exception(slow, 1000, &error), -ETIMEDOUT);
        assert_int_equal(future_state(slow), FUTURE_RUNNING);
        assert_int_equal(future_state(behind), FUTURE_PENDING);
        assert_false(future_cancel(slow));
        assert_true(future_cancel(behind));
        assert_int_equal(future_result(behind, FOREVER, &result), -ECANCELED);
        assert_int_equal(future_exception(behind, FOREVER, &error), -ECANCELED);
        event_set(gate.open[0]);
        assert_int_equal(future_result(slow, FOREVER, &result), 0);
        assert_false(future_cancel(slow));
        assert_true(future_cancel(behind)); /* it is cancelled already */
        end(executor, &rig);
    }
}

void test_as_completed_gives_them_as_they_are_done(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        make_gates();
        struct executor *executor = executor_new(KINDS[k], 3);
        struct future **futures = executor_map(executor, pass_gate, (int64_t[]){0, 1, 2}, 3);
        struct as_completed *iterator = as_completed(futures, 3);
        event_set(gate.open[1]);
        assert_int_equal(future_number(as_completed_next(iterator, FOREVER)), 1);
        event_set(gate.open[2]);
        assert_int_equal(future_number(as_completed_next(iterator, FOREVER)), 2);
        assert_null(as_completed_next(iterator, 1000));
        event_set(gate.open[0]);
        assert_int_equal(future_number(as_completed_next(iterator, FOREVER)), 0);
        assert_null(as_completed_next(iterator, FOREVER));
        /* Begun when all are done, it still gives each of them once. */
        unsigned seen = 0;
        iterator = as_completed(futures, 3);
        for (struct future *f; (f = as_completed_next(iterator, 0));)
            seen |= 1u << future_number(f);
        assert_int_equal(seen, 7);
        end(executor, &rig);
    }
}

void test_wait_for_the_first_for_an_error_and_for_all(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        make_gates();
        struct executor *executor = executor_new(KINDS[k], 2);
        struct future *futures[] = {executor_submit(executor, pass_gate, 0),
                                    executor_submit(executor, square, 3),
                                    executor_submit(executor, square, 13)};
        assert_true(futures_wait(futures, 2, FIRST_COMPLETED, FOREVER) == 1);
        assert_int_equal(futures_wait(futures, 2, ALL_COMPLETED, 1000), 1);
        assert_int_equal(futures_wait(futures, 2, FIRST_EXCEPTION, 1000), 1);
        assert_int_equal(futures_wait(futures, 3, FIRST_EXCEPTION, FOREVER), 2);
        event_set(gate.open[0]);
        assert_int_equal(futures_wait(futures, 3, ALL_COMPLETED, FOREVER), 3);
        assert_int_equal(futures_wait(futures, 0, ALL_COMPLETED, FOREVER), 0);
        end(executor, &rig);
    }
}

static void open_first(void *argument)
{
    struct future *last = argument;
    while (!future_done(last)) /* the shutdown has come to it */
        sleep_us(100);
    event_set(gate.open[0]);
}

void test_shutdown_cancels_what_is_pending(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        make_gates();
        struct executor *executor = executor_new(KINDS[k], 1);
        struct future *futures[5];
        for (int i = 0; i < 5; i++)
            futures[i] = executor_submit(executor, i == 0 ? pass_gate : square, i);
        event_wait(gate.started[0]);
        struct task *opener = thread_start("opener", open_first, futures[4]);
        executor_shutdown(executor, true, true);
        assert_int_equal(future_state(futures[0]), FUTURE_FINISHED);
        for (int i = 1; i < 5; i++)
            assert_int_equal(future_state(futures[i]), FUTURE_CANCELLED);
        assert_null(executor_submit(executor, square, 1));
        task_join(opener);
        rig_end(&rig);
        assert_int_equal(count(&rig, EVENT_REFUSED), 1);
        rig_release(&rig);
    }
}

/* ---- initializers, callbacks, many who submit ---- */

static void count_one(void *argument)
{
    cell_add(argument, 1);
}

void test_the_initializer_runs_once_in_each_worker(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        struct cell *begun = cell_new("begun", 0);
        struct executor *executor = executor_new_with(KINDS[k], 3, count_one, begun);
        const int64_t xs[] = {1, 2, 3, 4};
        executor_map(executor, square, xs, 4);
        executor_shutdown(executor, true, false);
        assert_int_equal(cell_read(begun), 3);
        end(executor, &rig);
    }
}

/* What callbacks were told, and where. */
struct log {
    _Atomic int n;
    struct event *called; /* or NULL */
    int64_t numbers[8];
    uint16_t tasks[8];
    pid_t pid;
};

static void log_call(struct future *future, void *context)
{
    struct log *log = context;
    int i = log->n;
    assert_true(future_done(future));
    log->numbers[i] = future_number(future);
    log->tasks[i] = seam_self.task;
    assert_int_equal(getpid(), log->pid);
    log->n = i + 1;
    if (log->called)
        event_set(log->called);
}

void test_callbacks_come_in_the_order_of_completion(void **state)
{
    (void)state;
    static const int64_t ORDER[] = {1, 2, 0};
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        make_gates();
        struct log log = {.pid = getpid(), .called = event_new("called")};
        struct executor *executor = executor_new(KINDS[k], 3);
        struct future **futures = executor_map(executor, pass_gate, (int64_t[]){0, 1, 2}, 3);
        for (int i = 0; i < 3; i++)
            future_add_done_callback(futures[i], log_call, &log);
        for (int i = 0; i < 3; i++) {
            event_set(gate.open[ORDER[i]]);
            event_wait(log.called);
            event_clear(log.called);
            assert_int_equal(log.n, i + 1);
            assert_int_equal(log.numbers[i], ORDER[i]);
            assert_true(log.tasks[i] != seam_self.task);
        }
        future_add_done_callback(futures[0], log_call, &log); /* done: called at once, here */
        assert_int_equal(log.n, 4);
        assert_int_equal(log.tasks[3], seam_self.task);
        end(executor, &rig);
    }
}

void test_a_cancelled_future_calls_back_where_it_is_cancelled(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        make_gates();
        struct log log = {.pid = getpid()};
        struct executor *executor = executor_new(KINDS[k], 1);
        executor_submit(executor, pass_gate, 0);
        struct future *behind = executor_submit(executor, square, 2);
        future_add_done_callback(behind, log_call, &log);
        future_add_done_callback(behind, log_call, &log);
        source_line = 17;
        assert_true(future_cancel(behind));
        assert_int_equal(source_line, 17); /* what follows in the same call is still of its line */
        assert_int_equal(log.n, 2);
        assert_int_equal(log.tasks[0], seam_self.task);
        event_set(gate.open[0]);
        end(executor, &rig);
        assert_int_equal(log.n, 2);
    }
}

static void log_slowly(struct future *future, void *context)
{
    sleep_us(5000);
    log_call(future, context);
}

void test_shutdown_waits_for_callbacks(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        make_gates();
        struct log log = {.pid = getpid()};
        struct executor *executor = executor_new(KINDS[k], 1);
        for (int i = 0; i < 8; i++)
            future_add_done_callback(executor_submit(executor, i == 0 ? pass_gate : square, i),
                                     log_slowly, &log);
        event_set(gate.open[0]);
        executor_shutdown(executor, true, false);
        assert_int_equal(log.n, 8);
        end(executor, &rig);
    }
}

static struct executor *outer;

static int64_t submit_another(struct call *call)
{
    return future_number(executor_submit(outer, square, call->x));
}

void test_a_call_in_a_thread_may_submit_another(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    outer = executor_new(TASK_THREAD, 2);
    int64_t number = 0;
    assert_int_equal(future_result(executor_submit(outer, submit_another, 5), FOREVER, &number), 0);
    assert_int_equal(number, 1);
    end(outer, &rig);
}

#define EACH 900

static void submit_many(void *argument)
{
    (void)argument;
    event_wait(gate.open[0]); /* all of them at once */
    for (int i = 0; i < EACH; i++)
        executor_submit(outer, square, 1);
}

void test_threads_may_submit_at_once(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        make_gates();
        outer = executor_new(KINDS[k], 2);
        struct task *threads[4];
        for (int i = 0; i < 4; i++)
            threads[i] = thread_start("submitter", submit_many, NULL);
        event_set(gate.open[0]);
        for (int i = 0; i < 4; i++)
            task_join(threads[i]);
        assert_int_equal(future_number(executor_submit(outer, square, 1)), 4 * EACH);
        executor_shutdown(outer, true, false);
        rig_end(&rig);
        assert_int_equal(count(&rig, EVENT_ITEM_FINISHED), 4 * EACH + 1);
        rig_release(&rig);
    }
}

/* ---- broken ---- */

static void assert_broken(struct future *future)
{
    const char *error = NULL;
    int64_t result;
    assert_int_equal(future_result(future, 2000000, &result), -EIO);
    assert_int_equal(future_exception(future, 0, &error), 0);
    assert_non_null(strstr(error, "BrokenProcessPool"));
}

void test_a_dead_worker_breaks_the_executor(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct executor *executor = executor_new(TASK_PROCESS, 2);
    int64_t result = 0;
    struct future *done = executor_submit(executor, square, 3);
    assert_int_equal(future_result(done, FOREVER, &result), 0);
    struct future *other = executor_submit(executor, sleep_us_then_say, 60000000);
    struct future *dead = executor_submit(executor, die, 0);
    assert_int_equal(future_result(dead, FOREVER, &result), -EIO);
    assert_int_equal(future_result(other, FOREVER, &result), -EIO);
    assert_broken(other);
    assert_null(executor_submit(executor, square, 1));
    executor_shutdown(executor, true, false);
    rig_end(&rig);
    rig_release(&rig);
}

void test_a_worker_that_dies_is_noticed_by_shutdown(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct executor *executor = executor_new(TASK_PROCESS, 2);
    struct future *dead = executor_submit(executor, die, 0);
    struct future *other = executor_submit(executor, sleep_us_then_say, 60000000);
    struct future *pending = executor_submit(executor, square, 2);
    executor_shutdown(executor, true, false); /* does not wait for the minute to pass */
    assert_broken(dead);
    assert_broken(other);
    assert_broken(pending);
    end(executor, &rig);
}

void test_a_worker_that_dies_after_shutdown_is_noticed(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct executor *executor = executor_new(TASK_PROCESS, 1);
    struct future *slow = executor_submit(executor, sleep_us_then_say, 10000);
    struct future *dead = executor_submit(executor, die, 0);
    executor_shutdown(executor, false, false);
    assert_broken(dead);
    assert_int_equal(future_state(slow), FUTURE_FINISHED);
    end(executor, &rig);
}

void test_a_worker_that_dies_calls_back(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct log log = {.pid = getpid(), .called = event_new("called")};
    struct executor *executor = executor_new(TASK_PROCESS, 1);
    struct future *dead = executor_submit(executor, die, 0);
    future_add_done_callback(dead, log_call, &log);
    event_wait(log.called); /* nobody but the executor itself waits for the call */
    assert_broken(dead);
    end(executor, &rig);
}

void test_an_initializer_that_does_not_return_breaks_it(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct executor *executor = executor_new_with(TASK_PROCESS, 1, exit_early, NULL);
    assert_broken(executor_submit(executor, square, 2));
    assert_null(executor_map(executor, square, &(int64_t){1}, 1));
    end(executor, &rig);
}

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

static int64_t die(struct call *call)
{
    (void)call;
    abort();
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
        assert_null(future_exception(seven));
        assert_int_equal(future_result(bad, FOREVER, &result), -EIO);
        assert_string_equal(future_exception(bad), "ValueError: 13");
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
        struct executor *executor = executor_new(KINDS[k], 1);
        int64_t result = 0;
        struct future *slow = executor_submit(executor, sleep_us_then_say, 30000);
        struct future *behind = executor_submit(executor, square, 2);
        assert_int_equal(future_result(slow, 1000, &result), -ETIMEDOUT);
        assert_int_equal(future_state(slow), FUTURE_RUNNING);
        assert_false(future_cancel(slow));
        assert_true(future_cancel(behind));
        assert_int_equal(future_result(behind, FOREVER, &result), -ECANCELED);
        assert_int_equal(future_result(slow, FOREVER, &result), 0);
        assert_false(future_cancel(slow) || future_cancel(behind));
        end(executor, &rig);
    }
}

void test_as_completed_gives_them_as_they_are_done(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        struct executor *executor = executor_new(KINDS[k], 3);
        const int64_t times[] = {60000, 1000, 30000};
        struct future **futures = executor_map(executor, sleep_us_then_say, times, 3);
        struct as_completed *iterator = as_completed(futures, 3);
        assert_int_equal(future_number(as_completed_next(iterator, FOREVER)), 1);
        assert_int_equal(future_number(as_completed_next(iterator, FOREVER)), 2);
        assert_null(as_completed_next(iterator, 1000));
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
        struct executor *executor = executor_new(KINDS[k], 3);
        struct future *futures[] = {executor_submit(executor, sleep_us_then_say, 40000),
                                    executor_submit(executor, sleep_us_then_say, 1000),
                                    executor_submit(executor, square, 13)};
        assert_int_equal(futures_wait(futures, 2, ALL_COMPLETED, 10000), 1);
        assert_int_equal(futures_wait(futures, 2, FIRST_COMPLETED, FOREVER), 1);
        assert_int_equal(futures_wait(futures, 3, FIRST_EXCEPTION, FOREVER), 2);
        assert_int_equal(futures_wait(futures, 3, ALL_COMPLETED, FOREVER), 3);
        assert_int_equal(futures_wait(futures, 0, ALL_COMPLETED, FOREVER), 0);
        end(executor, &rig);
    }
}

void test_shutdown_cancels_what_is_pending(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct rig rig;
        rig_begin(&rig);
        struct executor *executor = executor_new(KINDS[k], 1);
        struct future *futures[5];
        for (int i = 0; i < 5; i++)
            futures[i] = executor_submit(executor, sleep_us_then_say, 20000);
        sleep_us(2000);
        executor_shutdown(executor, true, true);
        assert_int_equal(future_state(futures[0]), FUTURE_FINISHED);
        for (int i = 1; i < 5; i++)
            assert_int_equal(future_state(futures[i]), FUTURE_CANCELLED);
        assert_null(executor_submit(executor, square, 1));
        rig_end(&rig);
        assert_int_equal(count(&rig, EVENT_REFUSED), 1);
        rig_release(&rig);
    }
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
    assert_non_null(strstr(future_exception(other), "BrokenProcessPool"));
    assert_null(executor_submit(executor, square, 1));
    executor_shutdown(executor, true, false);
    rig_end(&rig);
    rig_release(&rig);
}

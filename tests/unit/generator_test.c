/* Generators: what comes back, what is thrown in, and one in another. */
#include "tests/unit/rig.h"

#include <string.h>

static void count_to_three(struct generator *self, void *argument)
{
    (void)argument;
    for (int64_t i = 1; i <= 3; i++)
        if (!yield(self, &i, NULL))
            return;
    generator_return(self, 99);
}

void test_a_generator_returns_a_value(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct generator *g = generator_new("g", count_to_three, NULL);
    struct yielded out;
    for (int64_t i = 1; i <= 3; i++) {
        assert_int_equal(generator_next(g, &out), GENERATOR_YIELDED);
        assert_true(out.some && out.number == i);
    }
    assert_int_equal(generator_next(g, &out), GENERATOR_STOPPED);
    assert_true(out.some && out.number == 99);
    rig_end(&rig);
    rig_release(&rig);
}

/* Catches a ValueError once and goes on, lets anything else out. */
static void catch_value_error(struct generator *self, void *argument)
{
    int64_t *caught = argument, one = 1;
    for (;;) {
        if (yield(self, &one, NULL))
            continue;
        const char *exception = generator_exception(self);
        if (!exception || strcmp(exception, "ValueError") != 0)
            return;
        generator_catch(self);
        ++*caught;
    }
}

void test_what_is_thrown_in_may_be_caught(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    int64_t caught = 0;
    struct yielded out;
    struct generator *g = generator_new("g", catch_value_error, &caught);
    generator_next(g, NULL);
    assert_int_equal(generator_throw(g, "ValueError", &out), GENERATOR_YIELDED);
    assert_int_equal(caught, 1);
    assert_null(generator_exception(g));
    assert_int_equal(generator_throw(g, "KeyError", &out), GENERATOR_RAISED);
    assert_string_equal(generator_exception(g), "KeyError");
    assert_int_equal(generator_next(g, &out), GENERATOR_STOPPED);
    struct generator *fresh = generator_new("fresh", catch_value_error, &caught);
    assert_int_equal(generator_throw(fresh, "ValueError", &out), GENERATOR_RAISED);
    assert_int_equal(caught, 1);
    rig_end(&rig);
    rig_release(&rig);
}

/* Sends back what it gets, plus one; ends at 0 and says how many it was. */
static void echo(struct generator *self, void *argument)
{
    struct yielded sent = {0};
    int64_t out = 0, count = 0;
    (void)argument;
    while (yield(self, &out, &sent) && sent.number != 0) {
        out = sent.number + 1;
        count++;
    }
    generator_return(self, count);
}

static void delegate(struct generator *self, void *argument)
{
    int depth = *(int *)argument, below = depth - 1;
    struct generator *inner =
        depth == 1 ? generator_new("leaf", echo, NULL) : generator_new("frame", delegate, &below);
    struct yielded result;
    if (yield_from(self, inner, &result))
        generator_return(self, result.number + 100);
}

void test_yield_from_lets_everything_through(void **state)
{
    (void)state;
    for (int depth = 1; depth <= 8; depth++) {
        struct rig rig;
        rig_begin(&rig);
        struct yielded out;
        struct generator *g = generator_new("outer", delegate, &depth);
        assert_int_equal(generator_next(g, &out), GENERATOR_YIELDED);
        for (int64_t i = 1; i <= 4; i++) {
            assert_int_equal(generator_send(g, &i, &out), GENERATOR_YIELDED);
            assert_int_equal(out.number, i + 1);
        }
        const int64_t end = 0;
        assert_int_equal(generator_send(g, &end, &out), GENERATOR_STOPPED);
        assert_int_equal(out.number, 4 + 100 * depth);
        rig_end(&rig);
        assert_int_equal(count(&rig, EVENT_COROUTINE_DELEGATED), depth);
        rig_release(&rig);
    }
}

static void delegate_to_catcher(struct generator *self, void *argument)
{
    yield_from(self, generator_new("inner", catch_value_error, argument), NULL);
}

void test_exceptions_and_close_go_through_yield_from(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    int64_t caught = 0;
    struct yielded out;
    struct generator *g = generator_new("outer", delegate_to_catcher, &caught);
    generator_next(g, NULL);
    assert_int_equal(generator_throw(g, "ValueError", &out), GENERATOR_YIELDED);
    assert_int_equal(caught, 1);
    assert_int_equal(generator_throw(g, "KeyError", &out), GENERATOR_RAISED);
    assert_string_equal(generator_exception(g), "KeyError");
    struct generator *other = generator_new("other", delegate_to_catcher, &caught);
    generator_next(other, NULL);
    generator_close(other);
    assert_int_equal(generator_next(other, NULL), GENERATOR_STOPPED);
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_COROUTINE_CLOSED), 2);
    rig_release(&rig);
}

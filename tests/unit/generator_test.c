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

/* A value and its answer wake the leaf and nobody in between. */
void test_values_go_straight_to_the_innermost(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    int depth = 8;
    struct yielded out;
    struct generator *g = generator_new("outer", delegate, &depth);
    generator_next(g, &out);
    for (int64_t i = 1; i <= 100; i++)
        assert_int_equal(generator_send(g, &i, &out), GENERATOR_YIELDED);
    rig_end(&rig);
    /* Nine began; after that a turn each is taken by the leaf. */
    assert_int_equal(count(&rig, EVENT_COROUTINE_RESUMED), 9 + 100);
    assert_int_equal(count(&rig, EVENT_COROUTINE_YIELDED), 1 + 100);
    for (uint32_t i = 0; i < rig.trace.event_count; i++) {
        const struct chunk_event *e = &rig.trace.events[i];
        if (e->kind == EVENT_COROUTINE_GOT)
            assert_int_equal(rig.trace.events[e->cause - 1].kind, EVENT_COROUTINE_YIELDED);
    }
    rig_release(&rig);
}

/* Whoever delegates may catch what came out of the inner one, and delegate to another. */
static void delegate_again(struct generator *self, void *argument)
{
    struct yielded result = {0};
    if (!yield_from(self, generator_new("first", catch_value_error, argument), NULL)) {
        assert_string_equal(generator_catch(self), "KeyError");
        yield_from(self, generator_new("second", count_to_three, NULL), &result);
    }
    generator_return(self, result.number + 1);
}

void test_who_delegates_may_catch(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    int64_t caught = 0;
    struct yielded out;
    struct generator *g = generator_new("outer", delegate_again, &caught);
    generator_next(g, NULL);
    assert_int_equal(generator_throw(g, "KeyError", &out), GENERATOR_YIELDED);
    assert_int_equal(out.number, 1);
    generator_next(g, &out);
    generator_next(g, &out);
    assert_int_equal(out.number, 3);
    assert_int_equal(generator_next(g, &out), GENERATOR_STOPPED);
    assert_int_equal(out.number, 100);
    assert_int_equal(generator_next(g, &out), GENERATOR_STOPPED);
    rig_end(&rig);
    rig_release(&rig);
}

/* An inner one that somebody else has run to its end: None is what it returns. */
static void delegate_to(struct generator *self, void *argument)
{
    struct yielded result = {.some = true};
    assert_true(yield_from(self, argument, &result));
    assert_false(result.some);
    generator_return(self, 7);
}

void test_the_inner_one_may_end_by_another_hand(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct yielded out;
    struct generator *inner = generator_new("inner", count_to_three, NULL);
    struct generator *outer = generator_new("outer", delegate_to, inner);
    struct generator *late = generator_new("late", delegate_to, inner);
    generator_next(outer, &out);
    for (int i = 0; i < 3; i++)
        generator_next(inner, &out);
    assert_int_equal(out.number, 99);
    assert_int_equal(generator_next(outer, &out), GENERATOR_STOPPED);
    assert_int_equal(out.number, 7);
    assert_int_equal(generator_next(late, &out), GENERATOR_STOPPED);
    rig_end(&rig);
    rig_release(&rig);
}

/* On close: says its letter and returns, or yields once more, or raises. */
struct leaver {
    char letter;
    enum { LEAVES, STAYS, RAISES } how;
    struct generator *inner;
    char *said;
};

static void leave(struct generator *self, void *argument)
{
    const struct leaver *l = argument;
    bool went_on = l->inner ? yield_from(self, l->inner, NULL) : yield(self, NULL, NULL);
    assert_false(went_on);
    strncat(l->said, &l->letter, 1);
    if (l->how == STAYS)
        yield(self, NULL, NULL);
    if (l->how == RAISES)
        generator_raise(self, "ValueError");
}

void test_close_begins_with_the_innermost(void **state)
{
    (void)state;
    static const struct {
        int inner, outer;
        enum generator_status status;
        const char *exception;
    } cases[] = {
        {LEAVES, LEAVES, GENERATOR_STOPPED, NULL},
        {LEAVES, STAYS, GENERATOR_IGNORED_EXIT, NULL},
        {LEAVES, RAISES, GENERATOR_RAISED, "ValueError"},
        {RAISES, LEAVES, GENERATOR_RAISED, "ValueError"},
        {STAYS, LEAVES, GENERATOR_RAISED, "RuntimeError: generator ignored GeneratorExit"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig rig;
        char said[8] = "";
        rig_begin(&rig);
        struct leaver in = {'i', cases[i].inner, NULL, said};
        struct leaver out = {'o', cases[i].outer, generator_new("inner", leave, &in), said};
        struct generator *g = generator_new("outer", leave, &out);
        generator_next(g, NULL);
        assert_int_equal(generator_close(g), cases[i].status);
        assert_string_equal(said, "io");
        if (cases[i].exception)
            assert_string_equal(generator_exception(g), cases[i].exception);
        else
            assert_null(generator_exception(g));
        assert_int_equal(generator_next(g, NULL), GENERATOR_STOPPED); /* who stayed returns now */
        assert_int_equal(generator_close(g), GENERATOR_STOPPED);
        rig_end(&rig);
        rig_release(&rig);
    }
}

static void resume_itself(struct generator *self, void *argument)
{
    struct generator *outermost = *(struct generator **)argument;
    assert_int_equal(generator_next(self, NULL), GENERATOR_EXECUTING);
    assert_int_equal(generator_next(outermost, NULL), GENERATOR_EXECUTING);
    assert_int_equal(generator_throw(outermost, "ValueError", NULL), GENERATOR_EXECUTING);
    assert_int_equal(generator_close(outermost), GENERATOR_EXECUTING);
    assert_false(yield_from(self, self, NULL));
    assert_string_equal(generator_catch(self), "ValueError: generator already executing");
}

static void delegate_to_one_that_resumes_itself(struct generator *self, void *argument)
{
    assert_true(yield_from(self, generator_new("inner", resume_itself, argument), NULL));
}

void test_a_generator_that_runs_cannot_be_resumed(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct generator *g;
    g = generator_new("outer", delegate_to_one_that_resumes_itself, &g);
    assert_false(generator_started(g));
    assert_int_equal(generator_next(g, NULL), GENERATOR_STOPPED);
    assert_true(generator_started(g));
    struct generator *unborn = generator_new("unborn", resume_itself, &unborn);
    assert_int_equal(generator_close(unborn), GENERATOR_STOPPED);
    assert_int_equal(generator_next(unborn, NULL), GENERATOR_STOPPED);
    assert_false(generator_started(unborn));
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_REFUSED), 5);
    rig_release(&rig);
}

/* Stacks are given back: many at once, and every way to end. */
void test_a_thousand_generators(void **state)
{
    (void)state;
    static struct generator *many[1000];
    struct rig rig;
    rig_begin(&rig);
    for (int i = 0; i < 1000; i++) {
        many[i] = generator_new("g", count_to_three, NULL);
        if (i % 2)
            generator_next(many[i], NULL);
    }
    for (int i = 0; i < 1000; i++) {
        if (i % 3 == 0)
            generator_throw(many[i], "ValueError", NULL);
        assert_int_equal(generator_close(many[i]), GENERATOR_STOPPED);
    }
    rig_end(&rig);
    rig_release(&rig);
}

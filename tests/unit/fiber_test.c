#include "tests/unit/test.h"

#include "sandbox/sched/fiber.h"

#include <stdbool.h>
#include <stdlib.h>

struct counter {
    struct fiber *fiber;
    int steps;
    double sum;
};

static void count(void *argument)
{
    struct counter *c = argument;
    char frame[4096];
    for (;;) {
        frame[c->steps % 4096] = (char)c->steps;
        c->sum += 0.5 + (frame[c->steps % 4096] != (char)c->steps);
        c->steps++;
        fiber_suspend(c->fiber);
    }
}

void test_fibers_keep_their_stacks_apart(void **state)
{
    (void)state;
    struct counter counters[20] = {0};
    for (int i = 0; i < 20; i++)
        assert_non_null(counters[i].fiber = fiber_new(64 << 10, count, &counters[i]));
    for (int round = 0; round < 100; round++)
        for (int i = 0; i < 20; i++)
            fiber_resume(counters[i].fiber);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(counters[i].steps, 100);
        assert_true(counters[i].sum == 50);
        fiber_free(counters[i].fiber);
    }
}

static void resume_inner(void *argument)
{
    struct counter *outer = argument;
    struct counter inner = {0};
    inner.fiber = fiber_new(64 << 10, count, &inner);
    for (int i = 0; i < 10; i++)
        fiber_resume(inner.fiber);
    outer->steps = inner.steps;
    fiber_free(inner.fiber);
    fiber_suspend(outer->fiber);
}

void test_a_fiber_resumes_another(void **state)
{
    (void)state;
    struct counter outer = {0};
    outer.fiber = fiber_new(64 << 10, resume_inner, &outer);
    fiber_resume(outer.fiber);
    assert_int_equal(outer.steps, 10);
    fiber_free(outer.fiber);
}

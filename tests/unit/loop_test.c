/* The event loop: turns, timers, awaiting, time-outs, cancellation, descriptors. */
#include "tests/unit/rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

/* What the coroutines of a test note, in the order in which they do. */
static char said[256];

static void say(char c)
{
    size_t n = strlen(said);
    assert_true(n + 1 < sizeof said);
    said[n] = c;
    said[n + 1] = '\0';
}

static int run_loop(struct rig *rig, coro_fn *program, void *argument, int64_t *ret)
{
    rig_begin(rig);
    said[0] = '\0';
    int r = loop_run("program", program, argument, ret);
    rig_end(rig);
    return r;
}

static int64_t take_turns(void *argument)
{
    char name = *(char *)argument;
    for (int i = 0; i < 3; i++) {
        say(name);
        if (loop_sleep(0) < 0)
            return 0;
    }
    return name;
}

static int64_t start_three(void *argument)
{
    (void)argument;
    static char names[] = "abc";
    struct coro *coros[3];
    for (int i = 0; i < 3; i++)
        coros[i] = loop_create_task(text("%c", names[i]), take_turns, &names[i]);
    assert_int_equal(loop_gather(coros, 3), 0);
    return coro_result(coros[0]) + coro_result(coros[1]) + coro_result(coros[2]);
}

void test_they_take_turns_in_order(void **state)
{
    (void)state;
    struct rig rig;
    int64_t result = 0;
    assert_int_equal(run_loop(&rig, start_three, NULL, &result), 0);
    assert_string_equal(said, "abcabcabc");
    assert_int_equal(result, 'a' + 'b' + 'c');
    assert_int_equal(count(&rig, EVENT_COROUTINE_YIELDED), 9);
    rig_release(&rig);
}

struct sleeper {
    int64_t us;
    char name;
};

static int64_t sleep_then_say(void *argument)
{
    struct sleeper *s = argument;
    if (loop_sleep(s->us) < 0) {
        say('!');
        return 0;
    }
    say(s->name);
    return s->us;
}

static int64_t start_sleepers(void *argument)
{
    static struct sleeper sleepers[] = {{30000, 'c'}, {2000, 'a'}, {15000, 'b'}, {45000, 'd'}};
    struct coro *coros[4];
    (void)argument;
    for (int i = 0; i < 4; i++)
        coros[i] = loop_create_task("sleeper", sleep_then_say, &sleepers[i]);
    return loop_gather(coros, 4);
}

void test_timers_fire_in_the_order_of_their_times(void **state)
{
    (void)state;
    struct rig rig;
    assert_int_equal(run_loop(&rig, start_sleepers, NULL, NULL), 0);
    assert_string_equal(said, "abcd");
    assert_true(loop_counts().polled >= 4);
    rig_release(&rig);
}

/* A thousand timers of drawn lengths: the heap. */
static int64_t many_sleepers(void *argument)
{
    static struct sleeper sleepers[900];
    static struct coro *coros[900];
    (void)argument;
    for (int i = 0; i < 900; i++) {
        sleepers[i].us = 1 + (i * 7919) % 20000;
        coros[i] = loop_create_task("sleeper", take_turns, &sleepers[i].name);
        if (i % 3 == 0)
            coro_cancel(coros[i]);
    }
    for (int i = 0; i < 900; i++)
        assert_int_equal(coro_await(coros[i], NULL), i % 3 == 0 ? -ECANCELED : 0);
    return 0;
}

static int64_t raise_error(void *argument)
{
    (void)argument;
    loop_sleep(0);
    return coro_raise("ValueError: %d", 7);
}

static int64_t await_an_error(void *argument)
{
    (void)argument;
    struct coro *bad = loop_create_task("bad", raise_error, NULL);
    assert_int_equal(coro_await(bad, NULL), -EIO);
    assert_string_equal(coro_error(bad), "ValueError: 7");
    assert_int_equal(coro_await(bad, NULL), -EIO); /* as often as one likes */
    return coro_raise("%s", coro_error(bad));
}

void test_errors_come_out_where_they_are_awaited(void **state)
{
    (void)state;
    struct rig rig;
    assert_int_equal(run_loop(&rig, await_an_error, NULL, NULL), -EIO);
    assert_string_equal(loop_error(), "ValueError: 7");
    rig_release(&rig);
}

static int64_t time_out(void *argument)
{
    static struct sleeper slow = {60000000, 's'}, quick = {1000, 'q'};
    int64_t result = 0;
    (void)argument;
    struct coro *a = loop_create_task("slow", sleep_then_say, &slow);
    assert_int_equal(coro_wait_for(a, 5000, &result), -ETIMEDOUT);
    assert_true(coro_cancelled(a));
    struct coro *b = loop_create_task("quick", sleep_then_say, &quick);
    assert_int_equal(coro_wait_for(b, 10000000, &result), 0);
    assert_int_equal(result, 1000);
    return 0;
}

void test_wait_for_cancels_what_takes_too_long(void **state)
{
    (void)state;
    struct rig rig;
    assert_int_equal(run_loop(&rig, time_out, NULL, NULL), 0);
    assert_string_equal(said, "!q");
    assert_int_equal(count(&rig, EVENT_TIMED_OUT), 1);
    assert_int_equal(count(&rig, EVENT_COROUTINE_CANCELLED), 1);
    rig_release(&rig);
}

/* Swallows the first cancellation. */
static int64_t stubborn(void *argument)
{
    (void)argument;
    if (loop_sleep(60000000) == -ECANCELED) {
        loop_uncancel();
        say('n');
    }
    loop_sleep(1000);
    return 5;
}

static int64_t cancel_a_stubborn_one(void *argument)
{
    int64_t result = 0;
    (void)argument;
    struct coro *coro = loop_create_task("stubborn", stubborn, NULL);
    loop_sleep(0);
    assert_true(coro_cancel(coro));
    assert_int_equal(coro_await(coro, &result), 0);
    assert_int_equal(result, 5);
    assert_false(coro_cancelled(coro) || coro_cancel(coro));
    return 0;
}

void test_a_cancellation_can_be_swallowed(void **state)
{
    (void)state;
    struct rig rig;
    assert_int_equal(run_loop(&rig, cancel_a_stubborn_one, NULL, NULL), 0);
    assert_string_equal(said, "n");
    rig_release(&rig);
}

/* One that has not begun never does. */
static int64_t cancel_before_it_begins(void *argument)
{
    static struct sleeper s = {1000, 'x'};
    (void)argument;
    struct coro *coro = loop_create_task("unborn", sleep_then_say, &s);
    coro_cancel(coro);
    assert_int_equal(coro_await(coro, NULL), -ECANCELED);
    return 0;
}

static int64_t leave_others_behind(void *argument)
{
    static struct sleeper s = {60000000, 'x'};
    (void)argument;
    loop_create_task("left behind", sleep_then_say, &s);
    loop_sleep(0);
    return 0;
}

void test_the_end_of_the_program_cancels_the_rest(void **state)
{
    (void)state;
    struct rig rig;
    run_loop(&rig, cancel_before_it_begins, NULL, NULL);
    assert_string_equal(said, "");
    rig_release(&rig);
    run_loop(&rig, leave_others_behind, NULL, NULL);
    assert_string_equal(said, "!");
    rig_release(&rig);
    run_loop(&rig, many_sleepers, NULL, NULL);
    rig_release(&rig);
}

static int64_t ask_sites(void *argument)
{
    struct site *site = site_new("site");
    int64_t latencies[] = {20000, 2000, 10000}, answer = -1;
    (void)argument;
    for (int i = 0; i < 3; i++)
        site_ask(site, i, latencies[i]);
    for (int i = 0; i < 3; i++) {
        while (!site_answer(site, &answer))
            loop_readable(site_fd(site), LOOP_LEVEL);
        say((char)('0' + answer));
    }
    assert_false(site_answer(site, &answer));
    return 0;
}

void test_a_descriptor_wakes_who_waits_for_it(void **state)
{
    (void)state;
    struct rig rig;
    assert_int_equal(run_loop(&rig, ask_sites, NULL, NULL), 0);
    assert_string_equal(said, "120");
    assert_int_equal(count(&rig, EVENT_IO_DONE), 6);
    rig_release(&rig);
}

struct asker {
    struct site *site;
    int64_t request, latency_us;
};

static int64_t ask_one(void *argument)
{
    const struct asker *a = argument;
    if (loop_call(a->site, a->request, a->latency_us) == 0)
        say((char)('0' + a->request));
    return a->request;
}

static int64_t ask_one_site_side_by_side(void *argument)
{
    static const int64_t latencies[] = {25000, 1000, 12000, 1};
    struct asker askers[5];
    struct coro *coros[5];
    struct site *site = site_new("site");
    (void)argument;
    for (int i = 0; i < 4; i++) {
        askers[i] = (struct asker){site, i, latencies[i]};
        coros[i] = loop_create_task(text("asker %d", i), ask_one, &askers[i]);
    }
    askers[4] = (struct asker){site, 4, 60000000};
    coros[4] = loop_create_task("impatient", ask_one, &askers[4]);
    assert_int_equal(coro_wait_for(coros[4], 40000, NULL), -ETIMEDOUT);
    return loop_gather(coros, 4);
}

void test_coroutines_share_a_connection(void **state)
{
    (void)state;
    struct rig rig;
    assert_int_equal(run_loop(&rig, ask_one_site_side_by_side, NULL, NULL), 0);
    assert_string_equal(said, "3120");
    rig_release(&rig);
}

static int64_t read_edges(void *argument)
{
    int fd = *(int *)argument;
    uint64_t number;
    for (int i = 0; i < 2; i++) {
        loop_readable(fd, LOOP_EDGE);
        say('e');
        if (i == 0)
            assert_int_equal(read(fd, &number, sizeof number), sizeof number);
    }
    return 0;
}

static int64_t write_edges(void *argument)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    const uint64_t one = 1;
    (void)argument;
    struct coro *reader = loop_create_task("reader", read_edges, &fd);
    loop_sleep(1000);
    assert_int_equal(write(fd, &one, sizeof one), sizeof one);
    loop_sleep(1000);
    assert_int_equal(write(fd, &one, sizeof one), sizeof one);
    assert_int_equal(coro_await(reader, NULL), 0);
    close(fd);
    return 0;
}

void test_an_edge_is_reported_once(void **state)
{
    (void)state;
    struct rig rig;
    assert_int_equal(run_loop(&rig, write_edges, NULL, NULL), 0);
    assert_string_equal(said, "ee");
    rig_release(&rig);
}

static void call_site(void *argument)
{
    site_call(argument, 1, 5000);
}

void test_threads_wait_for_a_site_side_by_side(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct site *site = site_new("site");
    struct task *threads[8];
    uint64_t began = clock_ns();
    for (int i = 0; i < 8; i++)
        threads[i] = thread_start("caller", call_site, site);
    for (int i = 0; i < 8; i++)
        task_join(threads[i]);
    assert_true(clock_ns() - began >= 5000000);
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_IO_DONE), 16);
    rig_release(&rig);
}

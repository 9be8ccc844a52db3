/* The event loop: turns, timers, awaiting, time-outs, cancellation, descriptors. */
#include "tests/unit/rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

/* What the coroutines of a test note, in the order in which they do. */
static char said[256];

static void say(char c)
{
    size_t n = strlen(said);
    assert_true(n + 1 < sizeof said);
    said[n] = c;
    said[n + 1] = '\0';
}

/* The site a test asks: its thread must not outlive the run whose memory it is in. */
static struct site *site;

static int run_loop(struct rig *rig, coro_fn *program, void *argument, int64_t *ret)
{
    rig_begin(rig);
    said[0] = '\0';
    int r = loop_run("program", program, argument, ret);
    if (site)
        site_close(site);
    site = NULL;
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

/*
 * Sleepers of mixed lengths, a third of them cancelled: the heap. When one began to sleep is only
 * known to lie between two readings of the clock, its own and that of the one that began next.
 */
#define MANY 900

struct timed {
    unsigned i;
    int64_t us;
    int result;
};

static uint64_t began_ns[MANY + 1];
static unsigned woken[MANY], woken_count;

static int64_t sleep_timed(void *argument)
{
    struct timed *t = argument;
    began_ns[t->i] = clock_ns();
    t->result = loop_sleep(t->us);
    if (t->result == 0) {
        assert_true(clock_ns() >= began_ns[t->i] + (uint64_t)t->us * 1000);
        woken[woken_count++] = t->i;
    }
    return 0;
}

static int64_t many_sleepers(void *argument)
{
    static struct timed timed[MANY];
    static struct coro *coros[MANY];
    (void)argument;
    woken_count = 0;
    for (unsigned i = 0; i < MANY; i++) {
        timed[i] = (struct timed){i, 100000 + (i * 7919) % 100000, 1};
        coros[i] = loop_create_task("sleeper", sleep_timed, &timed[i]);
    }
    loop_sleep(0);
    began_ns[MANY] = clock_ns();
    for (unsigned i = 0; i < MANY; i += 3)
        coro_cancel(coros[(i * 541) % MANY]); /* 541 does not divide 900 */
    for (unsigned i = 0; i < MANY; i++) {
        int r = coro_await(coros[i], NULL);
        assert_int_equal(r, timed[i].result);
    }
    for (unsigned i = 0; i + 1 < woken_count; i++) {
        const struct timed *before = &timed[woken[i]], *after = &timed[woken[i + 1]];
        assert_true(began_ns[before->i] + (uint64_t)before->us * 1000 <=
                    began_ns[after->i + 1] + (uint64_t)after->us * 1000);
    }
    return woken_count;
}

void test_many_timers(void **state)
{
    (void)state;
    struct rig rig;
    int64_t slept = 0;
    assert_int_equal(run_loop(&rig, many_sleepers, NULL, &slept), 0);
    assert_int_equal(slept, MANY - MANY / 3);
    rig_release(&rig);
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
}

static int64_t ask_sites(void *argument)
{
    site = site_new("site");
    int64_t latencies[] = {180000, 1, 90000}, answer = -1; /* apart, for a loaded machine */
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
    int64_t request, latency_us;
};

static int64_t ask_one(void *argument)
{
    const struct asker *a = argument;
    if (loop_call(site, a->request, a->latency_us) == 0)
        say((char)('0' + a->request));
    return a->request;
}

static int64_t ask_one_site_side_by_side(void *argument)
{
    static const int64_t latencies[] = {90000, 30000, 60000, 1}; /* apart, for a loaded machine */
    struct asker askers[5];
    struct coro *coros[5];
    site = site_new("site");
    (void)argument;
    for (int i = 0; i < 4; i++) {
        askers[i] = (struct asker){i, latencies[i]};
        coros[i] = loop_create_task(text("asker %d", i), ask_one, &askers[i]);
    }
    askers[4] = (struct asker){4, 60000000};
    coros[4] = loop_create_task("impatient", ask_one, &askers[4]);
    assert_int_equal(coro_wait_for(coros[4], 120000, NULL), -ETIMEDOUT);
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
    (void)argument;
    site_call(site, 1, 5000);
}

void test_threads_wait_for_a_site_side_by_side(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    site = site_new("site");
    struct task *threads[8];
    uint64_t began = clock_ns();
    for (int i = 0; i < 8; i++)
        threads[i] = thread_start("caller", call_site, NULL);
    for (int i = 0; i < 8; i++)
        task_join(threads[i]);
    assert_true(clock_ns() - began >= 5000000);
    site_close(site);
    site = NULL;
    rig_end(&rig);
    assert_int_equal(count(&rig, EVENT_IO_DONE), 16);
    rig_release(&rig);
}

/* ---- the order in which those who wait for one go on ---- */

struct watcher {
    struct coro *watched;
    char name;
};

static int64_t await_watched(void *argument)
{
    const struct watcher *w = argument;
    coro_await(w->watched, NULL);
    say(w->name);
    return 0;
}

static int64_t watch_one(void *argument)
{
    static struct sleeper s = {1000, '-'};
    struct watcher watchers[3];
    struct coro *coros[3];
    (void)argument;
    struct coro *watched = loop_create_task("watched", sleep_then_say, &s);
    for (int i = 0; i < 3; i++) {
        watchers[i] = (struct watcher){watched, (char)('a' + i)};
        coros[i] = loop_create_task("watcher", await_watched, &watchers[i]);
    }
    return loop_gather(coros, 3);
}

void test_who_waited_first_goes_on_first(void **state)
{
    (void)state;
    struct rig rig;
    assert_int_equal(run_loop(&rig, watch_one, NULL, NULL), 0);
    assert_string_equal(said, "-abc");
    rig_release(&rig);
}

/* ---- cancelling what awaits others ---- */

/* On cancellation: cleans up, which takes a while, and raises it again or returns 5. */
struct child {
    bool swallows;
};

static int64_t be_cancelled(void *argument)
{
    const struct child *child = argument;
    if (loop_sleep(60000000) == 0)
        return 1;
    loop_uncancel();
    assert_int_equal(loop_sleep(1000), 0);
    say('c');
    return child->swallows ? 5 : coro_raise_cancelled();
}

struct parent {
    struct coro *children[3];
    unsigned n;
    enum { AWAITS, WAITS_FOR, GATHERS } how;
    int result;
    int64_t value;
};

static int64_t wait_for_children(void *argument)
{
    struct parent *p = argument;
    p->result = p->how == AWAITS      ? coro_await(p->children[0], &p->value)
                : p->how == WAITS_FOR ? coro_wait_for(p->children[0], 60000000, &p->value)
                                      : loop_gather(p->children, p->n);
    return p->value;
}

struct cancelling {
    struct parent parent;
    struct child child;
    int awaited;
    bool cancelled, children_done, children_cancelled;
};

static int64_t cancel_the_parent(void *argument)
{
    struct cancelling *c = argument;
    struct parent *p = &c->parent;
    for (unsigned i = 0; i < p->n; i++)
        p->children[i] = loop_create_task("child", be_cancelled, &c->child);
    struct coro *parent = loop_create_task("parent", wait_for_children, p);
    loop_sleep(1000);
    assert_true(coro_cancel(parent));
    c->awaited = coro_await(parent, NULL);
    c->cancelled = coro_cancelled(parent);
    c->children_done = c->children_cancelled = true;
    for (unsigned i = 0; i < p->n; i++) {
        c->children_done = c->children_done && coro_done(p->children[i]);
        c->children_cancelled = c->children_cancelled && coro_cancelled(p->children[i]);
    }
    return 0;
}

void test_a_cancellation_goes_to_the_innermost(void **state)
{
    (void)state;
    static const struct {
        int how;
        unsigned n;
        bool swallows;
        int awaited; /* what cancelling the parent comes to, as in asyncio of 3.11 */
    } cases[] = {
        {AWAITS, 1, false, -ECANCELED},    {AWAITS, 1, true, 0},
        {WAITS_FOR, 1, false, -ECANCELED}, {WAITS_FOR, 1, true, -ECANCELED},
        {GATHERS, 3, false, -ECANCELED},   {GATHERS, 3, true, -ECANCELED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig rig;
        struct cancelling c = {.parent = {.n = cases[i].n, .how = cases[i].how},
                               .child = {cases[i].swallows}};
        assert_int_equal(run_loop(&rig, cancel_the_parent, &c, NULL), 0);
        assert_int_equal(c.awaited, cases[i].awaited);
        assert_int_equal(c.cancelled, cases[i].awaited == -ECANCELED);
        assert_int_equal(c.parent.result, cases[i].awaited);
        assert_true(c.children_done);
        assert_int_equal(c.children_cancelled, !cases[i].swallows);
        assert_int_equal(strlen(said), cases[i].n);
        rig_release(&rig);
    }
}

static int64_t await_the_next(void *argument)
{
    struct coro **next = argument;
    return coro_await(*next, NULL);
}

/* a awaits b, b awaits a; nobody else can let them go on. */
static int64_t cancel_a_circle(void *argument)
{
    struct coro *a, *b;
    (void)argument;
    a = loop_create_task("a", await_the_next, &b);
    b = loop_create_task("b", await_the_next, &a);
    loop_sleep(0);
    coro_cancel(a);
    assert_int_equal(coro_await(a, NULL), -ECANCELED);
    coro_await(b, NULL);
    assert_true(coro_done(a) && coro_done(b));
    struct coro *self = loop_coroutine("itself", await_the_next, &self);
    assert_int_equal(coro_await(self, NULL), 0);
    assert_int_equal(coro_result(self), -EDEADLK);
    return 0;
}

void test_a_circle_can_be_cancelled(void **state)
{
    (void)state;
    struct rig rig;
    assert_int_equal(run_loop(&rig, cancel_a_circle, NULL, NULL), 0);
    assert_int_equal(count(&rig, EVENT_REFUSED), 1);
    rig_release(&rig);
}

/* Cleans up for longer than whoever waits for it would have waited. */
static int64_t clean_up_slowly(void *argument)
{
    (void)argument;
    if (loop_sleep(60000000) == 0)
        return 1;
    loop_uncancel();
    loop_sleep(60000);
    say('c');
    return coro_raise_cancelled();
}

static int64_t wait_a_little(void *argument)
{
    return coro_wait_for(argument, 30000, NULL);
}

static int64_t cancel_before_the_time_is_up(void *argument)
{
    (void)argument;
    struct coro *slow = loop_create_task("slow", clean_up_slowly, NULL);
    struct coro *waits = loop_create_task("waits", wait_a_little, slow);
    loop_sleep(0);
    coro_cancel(waits);
    assert_int_equal(coro_await(waits, NULL), -ECANCELED);
    return coro_result(waits);
}

void test_a_cancelled_wait_for_does_not_time_out(void **state)
{
    (void)state;
    struct rig rig;
    int64_t result = 0;
    assert_int_equal(run_loop(&rig, cancel_before_the_time_is_up, NULL, &result), 0);
    assert_int_equal(result, -ECANCELED);
    assert_string_equal(said, "c");
    assert_int_equal(count(&rig, EVENT_TIMED_OUT), 0);
    rig_release(&rig);
}

/* ---- gather and wait_for where something goes wrong ---- */

static int64_t gather_with_an_error(void *argument)
{
    static struct sleeper s = {5000, 's'};
    (void)argument;
    struct coro *coros[] = {loop_create_task("slow", sleep_then_say, &s),
                            loop_create_task("bad", raise_error, NULL)};
    assert_int_equal(loop_gather(coros, 2), -EIO); /* at once; the other one goes on */
    assert_false(coro_done(coros[0]));
    assert_string_equal(coro_error(coros[1]), "ValueError: 7");
    assert_int_equal(loop_gather(coros, 2), -EIO);
    assert_int_equal(coro_await(coros[0], NULL), 0);
    assert_int_equal(loop_gather(coros, 1), 0);
    assert_int_equal(loop_gather(NULL, 0), 0);
    return 0;
}

void test_gather_raises_the_first_error_at_once(void **state)
{
    (void)state;
    struct rig rig;
    assert_int_equal(run_loop(&rig, gather_with_an_error, NULL, NULL), 0);
    assert_string_equal(said, "s");
    assert_int_equal(loop_counts().never_retrieved, 0);
    rig_release(&rig);
}

static int64_t wait_for_a_swallower(void *argument)
{
    static struct child swallows = {true};
    static struct sleeper s = {60000000, 's'};
    int64_t value = 0;
    (void)argument;
    struct coro *swallower = loop_coroutine("swallower", be_cancelled, &swallows);
    assert_int_equal(coro_wait_for(swallower, 1000, &value), 0);
    assert_int_equal(value, 5);
    struct coro *at_once = loop_coroutine("at once", sleep_then_say, &s);
    assert_int_equal(coro_wait_for(at_once, 0, &value), -ETIMEDOUT); /* it never began */
    assert_int_equal(coro_wait_for(swallower, 0, &value), 0);
    return 0;
}

void test_wait_for_returns_what_a_swallower_returns(void **state)
{
    (void)state;
    struct rig rig;
    assert_int_equal(run_loop(&rig, wait_for_a_swallower, NULL, NULL), 0);
    assert_string_equal(said, "c");
    rig_release(&rig);
}

/* ---- what Python warns of ---- */

static int64_t forget(void *argument)
{
    static struct sleeper s = {0, 's'};
    (void)argument;
    loop_coroutine("never awaited", sleep_then_say, &s);
    loop_create_task("never retrieved", raise_error, NULL);
    struct coro *awaited = loop_coroutine("awaited", raise_error, NULL);
    assert_int_equal(coro_await(awaited, NULL), -EIO);
    assert_int_equal(loop_run("nested", forget, NULL, NULL), -EBUSY);
    return 0;
}

void test_what_nobody_awaited_is_counted(void **state)
{
    (void)state;
    struct rig rig;
    assert_int_equal(run_loop(&rig, forget, NULL, NULL), 0);
    assert_string_equal(said, "");
    assert_int_equal(loop_counts().never_awaited, 1);
    assert_int_equal(loop_counts().never_retrieved, 1);
    rig_release(&rig);
}

/* ---- descriptors ---- */

static void post(int fd)
{
    const uint64_t one = 1;
    assert_int_equal(write(fd, &one, sizeof one), sizeof one);
}

static int64_t read_one(void *argument)
{
    assert_int_equal(loop_readable(*(int *)argument, LOOP_LEVEL), 0);
    return 0;
}

static int64_t read_one_edge(void *argument)
{
    assert_int_equal(loop_readable(*(int *)argument, LOOP_EDGE), 0);
    return 0;
}

static int64_t reuse_a_number(void *argument)
{
    int first = -1;
    (void)argument;
    for (int i = 0; i < 4; i++) {
        int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        first = i == 0 ? fd : first;
        assert_int_equal(fd, first);
        struct coro *reader = loop_create_task("reader", i % 2 ? read_one_edge : read_one, &fd);
        loop_sleep(0);
        post(fd);
        assert_int_equal(coro_await(reader, NULL), 0);
        loop_forget(fd);
        close(fd);
    }
    return 0;
}

/* Edges are for whoever waits now, whoever it was before, and wake nobody who waits elsewhere. */
static int64_t two_descriptors(void *argument)
{
    int fds[] = {eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    (void)argument;
    struct coro *first = loop_create_task("first", read_one_edge, &fds[0]);
    loop_sleep(0);
    post(fds[0]);
    coro_await(first, NULL);
    struct coro *other = loop_create_task("other", read_one_edge, &fds[1]);
    struct coro *second = loop_create_task("second", read_one_edge, &fds[0]);
    loop_sleep(0);
    assert_int_equal(loop_readable(fds[0], LOOP_EDGE), -EBUSY);
    post(fds[0]);
    coro_await(second, NULL);
    loop_sleep(1000);
    assert_false(coro_done(other));
    post(fds[1]);
    coro_await(other, NULL);
    assert_int_equal(loop_readable(-1, LOOP_LEVEL), -EBADF);
    assert_int_equal(loop_writable(63, LOOP_LEVEL), -EBADF);
    close(fds[0]);
    close(fds[1]);
    return 0;
}

void test_descriptors_of_one_number_after_another(void **state)
{
    (void)state;
    struct rig rig;
    assert_int_equal(run_loop(&rig, reuse_a_number, NULL, NULL), 0);
    rig_release(&rig);
    assert_int_equal(run_loop(&rig, two_descriptors, NULL, NULL), 0);
    assert_int_equal(count(&rig, EVENT_REFUSED), 3);
    rig_release(&rig);
}

/* A stream through a socket that holds little of it: both directions wait at both ends. */
#define STREAM_BYTES (1u << 20)

struct end {
    int fd;
    enum loop_trigger trigger;
    size_t sent, received;
};

static int64_t send_stream(void *argument)
{
    static const char block[4096];
    struct end *end = argument;
    while (end->sent < STREAM_BYTES) {
        ssize_t n = send(end->fd, block, sizeof block, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0)
            end->sent += (size_t)n;
        else if (loop_writable(end->fd, end->trigger) < 0)
            return -1;
    }
    return 0;
}

static int64_t receive_stream(void *argument)
{
    char block[4096];
    struct end *end = argument;
    while (end->received < STREAM_BYTES) {
        ssize_t n = recv(end->fd, block, sizeof block, MSG_DONTWAIT);
        if (n > 0)
            end->received += (size_t)n;
        else if (loop_readable(end->fd, end->trigger) < 0)
            return -1;
    }
    return 0;
}

static int64_t stream_both_ways(void *argument)
{
    int fds[2];
    struct coro *coros[4];
    struct end ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    for (int i = 0; i < 2; i++) {
        ends[i] = (struct end){.fd = fds[i], .trigger = *(enum loop_trigger *)argument};
        coros[2 * i] = loop_create_task("sender", send_stream, &ends[i]);
        coros[2 * i + 1] = loop_create_task("receiver", receive_stream, &ends[i]);
    }
    assert_int_equal(loop_gather(coros, 4), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ends[i].received, STREAM_BYTES);
        close(fds[i]);
    }
    return 0;
}

void test_both_directions_of_a_descriptor(void **state)
{
    (void)state;
    for (enum loop_trigger trigger = LOOP_LEVEL; trigger <= LOOP_EDGE; trigger++) {
        struct rig rig;
        assert_int_equal(run_loop(&rig, stream_both_ways, &trigger, NULL), 0);
        rig_release(&rig);
    }
}

/*
 * How it works. The loop runs on the thread's own stack; each coroutine has a fiber. A coroutine
 * that can run is in the ready queue; one that waits is in the timer heap, or the table of
 * descriptors names it and epoll watches its descriptor, or it is in the list of who waits for
 * another. The loop resumes what is ready, in order; when nothing is, it waits in epoll until the
 * next timer.
 *
 * Under control nothing but time wakes a loop: the answers of sites are timers, too. Where time is
 * ignored, whoever sleeps may be the next to wake, as often as the loop looks.
 *
 * A cancellation goes to the innermost: of a coroutine that awaits others it is they who are
 * cancelled, and it hears of it when they have ended.
 */
#include "sandbox/prim/loop.h"

#include "sandbox/base/clock.h"
#include "sandbox/prim/site.h"
#include "sandbox/prim/sync.h"
#include "sandbox/sched/control.h"
#include "sandbox/sched/seam.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#define STACK_BYTES (64u << 10)
#define TASKS_MOST  1024
#define EVENTS_MOST 64
#define FDS_MOST    64
#define NO_TIMER    (-1)

/* Waits for others to end, one or all of them; on the stack of who does. */
struct gathering {
    struct coro *self;
    struct coro *const *coros;
    unsigned n, left;
    struct coro *failed;     /* the first that did not end well */
    struct coro *last;       /* that ended */
    bool passed_on, passing; /* it was cancelled, so they were: now it waits for all of them */
    bool keeps_result;       /* if the one it awaits swallows that, so does it */
};

/* A gathering in the list of one it waits for. */
struct waiter {
    struct gathering *gathering;
    struct waiter *next;
};

struct coro {
    struct loop *loop;
    struct fiber *fiber;
    coro_fn *fn;
    void *argument;
    uint16_t task;
    uint32_t created;
    uint32_t cause; /* the event that made it ready */
    bool scheduled, ready, done, was_cancelled, cancel;
    bool observed; /* somebody would see its error */
    int64_t result;
    char error[128];
    uint64_t due_ns;
    unsigned line;      /* where it waits */
    int timer;          /* its place in the heap */
    struct site *asked; /* whose answer it waits for, to which request */
    int64_t request;
    struct gathering *awaits;              /* whose end it waits for */
    struct waiter *waiters, **last_waiter; /* who waits for its end, in order */
    struct coro *next_ready;
};

/* Who waits for a descriptor, and what epoll was asked to watch it for. */
struct watched {
    struct coro *reader, *writer;
    uint32_t edges; /* for which it is registered once and for all */
};

/* Lives until its thread runs another one: its counts and its error are asked for. */
struct loop {
    int epoll; /* -1 under control */
    uint16_t object;
    bool running;
    _Atomic uint32_t awake; /* under control: 0, for ever */
    struct coro *current;
    struct coro *first_ready, *last_ready;
    struct coro *heap[TASKS_MOST];
    struct coro *all[TASKS_MOST];
    int heap_count, all_count, left;
    int reading; /* coroutines that wait for a descriptor */
    struct watched watched[FDS_MOST];
    struct site *connected[FDS_MOST]; /* sites whose answers are read */
    int connections;
    struct loop_counts counts;
    char error[128];
};

static struct loop *current_loop(void)
{
    struct loop *loop = seam_self.loop;
    return loop && loop->running ? loop : NULL;
}

/* ---- who can run, and who sleeps until when ---- */

static void make_ready(struct coro *coro, uint32_t cause)
{
    struct loop *loop = coro->loop;
    if (coro->ready || coro->done)
        return;
    coro->ready = true;
    coro->cause = cause;
    coro->next_ready = NULL;
    if (loop->last_ready)
        loop->last_ready->next_ready = coro;
    else
        loop->first_ready = coro;
    loop->last_ready = coro;
}

static struct coro *take_ready(struct loop *loop)
{
    struct coro *coro = loop->first_ready;
    loop->first_ready = coro->next_ready;
    if (!loop->first_ready)
        loop->last_ready = NULL;
    coro->ready = false;
    return coro;
}

static void put_timer(struct loop *loop, int at, struct coro *coro)
{
    loop->heap[at] = coro;
    coro->timer = at;
}

static void sift_up(struct loop *loop, int at, struct coro *coro)
{
    for (int up; at > 0 && loop->heap[up = (at - 1) / 2]->due_ns > coro->due_ns; at = up)
        put_timer(loop, at, loop->heap[up]);
    put_timer(loop, at, coro);
}

static void sift_down(struct loop *loop, int at, struct coro *coro)
{
    for (int child; (child = 2 * at + 1) < loop->heap_count; at = child) {
        if (child + 1 < loop->heap_count &&
            loop->heap[child + 1]->due_ns < loop->heap[child]->due_ns)
            child++;
        if (loop->heap[child]->due_ns >= coro->due_ns)
            break;
        put_timer(loop, at, loop->heap[child]);
    }
    put_timer(loop, at, coro);
}

static void set_timer(struct coro *coro, uint64_t due_ns)
{
    coro->due_ns = due_ns;
    sift_up(coro->loop, coro->loop->heap_count++, coro);
}

static void remove_timer(struct coro *coro)
{
    struct loop *loop = coro->loop;
    int at = coro->timer;
    if (at == NO_TIMER)
        return;
    coro->timer = NO_TIMER;
    struct coro *last = loop->heap[--loop->heap_count];
    if (last == coro)
        return;
    if (at > 0 && loop->heap[(at - 1) / 2]->due_ns > last->due_ns)
        sift_up(loop, at, last);
    else
        sift_down(loop, at, last);
}

/* ---- turns ---- */

/* Gives the thread back to the loop. Returns -ECANCELED if the coroutine was cancelled meanwhile.
 */
static int suspend(struct coro *self)
{
    self->line = source_line;
    seam_suspend(self->fiber);
    remove_timer(self);
    seam_go_on();
    seam_record(EVENT_COROUTINE_RESUMED, self->loop->object, 0, self->cause);
    return self->cancel ? -ECANCELED : 0;
}

/* CancelledError is raised at the next wait if it was requested while the coroutine ran. */
static bool already_cancelled(const struct coro *self)
{
    return self->cancel;
}

static struct coro *self_of_loop(void)
{
    struct loop *loop = current_loop();
    assert(loop && loop->current); /* only in a coroutine of a running loop */
    return loop->current;
}

static bool ended_well(const struct coro *coro)
{
    return !coro->error[0] && !coro->was_cancelled;
}

/* One of those it waits for has ended; it goes on if that is enough. */
static void one_ended(struct gathering *g, struct coro *coro, uint32_t ended)
{
    struct coro *self = g->self;
    g->left--;
    g->last = coro;
    if (!g->failed && !ended_well(coro))
        g->failed = coro;
    if (g->left == 0 || (g->failed && !g->passed_on)) {
        make_ready(self, ended);
        return;
    }
    for (unsigned i = 0; i < g->n; i++)
        if (!g->coros[i]->done) {
            trace_task_waits(seam_self.run->shared, self->task,
                             TRACE_WAITS_TASK | g->coros[i]->task);
            return;
        }
}

static void end(struct coro *self, int64_t result)
{
    self->result = result;
    self->was_cancelled = self->cancel;
    self->done = true;
    self->loop->left--;
    uint32_t ended = seam_end(self->error[0] ? 1 : 0);
    for (struct waiter *waiter = self->waiters, *next; waiter; waiter = next) {
        next = waiter->next;
        one_ended(waiter->gathering, self, ended);
    }
    self->waiters = NULL;
}

static void fiber_body(void *argument)
{
    struct coro *self = argument;
    seam_go_on();
    seam_record(EVENT_TASK_STARTED, TRACE_NO_OBJECT, 0, self->created);
    end(self, self->cancel ? 0 : self->fn(self->argument));
    seam_suspend(self->fiber);
}

static void resume(struct loop *loop, struct coro *coro)
{
    uint16_t thread = seam_self.task;
    loop->counts.resumed++;
    loop->current = coro;
    seam_self.task = coro->task;
    seam_resume(coro->fiber);
    seam_self.task = thread;
    loop->current = NULL;
    if (!coro->done)
        return;
    seam_fiber_free(coro->fiber);
    coro->fiber = NULL;
}

struct coro *loop_coroutine(const char *name, coro_fn *fn, void *argument)
{
    struct loop *loop = current_loop();
    assert(loop);
    if (loop->all_count == TASKS_MOST)
        seam_fail(ENOSPC, "an event loop's tasks");
    struct coro *coro = seam_private(sizeof *coro);
    if (!coro)
        seam_fail(ENOMEM, "coroutine");
    coro->loop = loop;
    coro->fn = fn;
    coro->argument = argument;
    coro->timer = NO_TIMER;
    coro->last_waiter = &coro->waiters;
    coro->task = seam_task(TASK_COROUTINE, name);
    coro->created = seam_record(EVENT_TASK_CREATED, TRACE_NO_OBJECT, coro->task, 0);
    loop->all[loop->all_count++] = coro;
    return coro;
}

static void schedule(struct coro *coro)
{
    if (coro->scheduled)
        return;
    if (!(coro->fiber = seam_fiber(STACK_BYTES, fiber_body, coro)))
        seam_fail(ENOMEM, "coroutine");
    coro->scheduled = true;
    coro->loop->left++;
    make_ready(coro, coro->created);
}

struct coro *loop_create_task(const char *name, coro_fn *fn, void *argument)
{
    struct coro *coro = loop_coroutine(name, fn, argument);
    schedule(coro);
    return coro;
}

/* ---- the loop ---- */

static void wake(struct coro *coro)
{
    remove_timer(coro);
    make_ready(coro, 0);
}

static void wake_due(struct loop *loop)
{
    uint64_t now = seam_clock();
    while (loop->heap_count > 0 && loop->heap[0]->due_ns <= now)
        wake(loop->heap[0]);
}

/* Where time is ignored: any of those who sleep, one after the other, or none. */
static void wake_some(struct loop *loop)
{
    while (loop->heap_count > 0) {
        unsigned sleepers = (unsigned)loop->heap_count, chosen = seam_choose(sleepers + 1);
        if (chosen == sleepers)
            return;
        control_pass_time(loop->heap[chosen]->due_ns);
        wake(loop->heap[chosen]);
    }
}

/* Until the time of the first who sleeps, or of any; for ever when nobody does. */
static void sleep_controlled(struct loop *loop)
{
    bool sleeps = loop->heap_count > 0, any = sleeps && seam_ignores_time();
    struct coro *next =
        sleeps ? loop->heap[any ? seam_choose((unsigned)loop->heap_count) : 0] : NULL;
    uint64_t now = seam_clock(), due = next ? next->due_ns : SEAM_NEVER;
    unsigned line = source_line;
    loop->counts.polled++;
    source_line = next ? next->line : line; /* it waits in that one's place */
    control_point(&(struct seam_op){.operation = SEAM_AWAIT,
                                    .object = loop->object,
                                    .second = TRACE_NO_OBJECT,
                                    .level = &loop->awake,
                                    .low = 1,
                                    .high = 1,
                                    .deadline = due,
                                    .waits = EVENT_LOOP_POLL,
                                    .waits_on = loop->object,
                                    .value = next && due > now ? (int64_t)(due - now)
                                             : next            ? 0
                                                               : -1});
    source_line = line;
    seam_record(EVENT_LOOP_WOKEN, loop->object, 0, 0);
    if (any)
        wake(next);
    else
        wake_due(loop);
}

static void poll_controlled(struct loop *loop, bool wait)
{
    if (wait)
        sleep_controlled(loop);
    else if (seam_ignores_time())
        wake_some(loop);
    else
        wake_due(loop);
}

/*
 * Has epoll watch a descriptor for whoever waits for it now. EPOLLONESHOT makes level-triggering
 * last until it has reported something; an edge is registered once and for all.
 */
static int watch(struct loop *loop, int fd)
{
    const struct watched *w = &loop->watched[fd];
    uint32_t wanted = (w->reader ? EPOLLIN : 0u) | (w->writer ? EPOLLOUT : 0u);
    struct epoll_event event = {.events = w->edges ? w->edges | EPOLLET : wanted | EPOLLONESHOT,
                                .data.fd = fd};
    if (epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event) == 0 ||
        (errno == ENOENT && epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0))
        return 0;
    return -errno;
}

static void wake_waiting(struct loop *loop, const struct epoll_event *event, uint32_t cause)
{
    struct watched *w = &loop->watched[event->data.fd];
    bool both = event->events & (EPOLLERR | EPOLLHUP);
    struct coro **waiting[] = {both || event->events & EPOLLIN ? &w->reader : NULL,
                               both || event->events & EPOLLOUT ? &w->writer : NULL};
    for (int i = 0; i < 2; i++)
        if (waiting[i] && *waiting[i]) {
            make_ready(*waiting[i], cause);
            *waiting[i] = NULL;
        }
    if (!w->edges && (w->reader || w->writer))
        watch(loop, event->data.fd); /* the other direction is still waited for */
}

/* Waits for descriptors and timers: not at all while somebody is ready. */
static void poll_events(struct loop *loop, bool wait)
{
    if (seam_self.control) {
        poll_controlled(loop, wait);
        return;
    }
    if (!wait && loop->reading == 0) {
        if (loop->heap_count > 0)
            wake_due(loop);
        return;
    }
    struct epoll_event events[EVENTS_MOST];
    struct timespec timeout = {0}, *until = &timeout;
    uint64_t now = clock_ns();
    if (wait && loop->heap_count == 0)
        until = NULL;
    if (wait && loop->heap_count > 0 && loop->heap[0]->due_ns > now) {
        uint64_t left = loop->heap[0]->due_ns - now;
        timeout.tv_sec = (time_t)(left / 1000000000u);
        timeout.tv_nsec = (long)(left % 1000000000u);
    }
    if (wait) {
        int64_t most = until ? timeout.tv_sec * 1000000000 + timeout.tv_nsec : -1;
        seam_wait(EVENT_LOOP_POLL, loop->object, most);
        seam_wait_until(until ? 0 : UINT64_MAX);
        loop->counts.polled++;
    }
    int n = epoll_pwait2(loop->epoll, events, EVENTS_MOST, until, NULL);
    uint32_t woken = 0;
    if (wait) {
        seam_go_on();
        woken = seam_record(EVENT_LOOP_WOKEN, loop->object, n > 0 ? n : 0, 0);
    }
    for (int i = 0; i < n; i++)
        wake_waiting(loop, &events[i], woken);
    wake_due(loop);
}

static void run_until_idle(struct loop *loop, const struct coro *until)
{
    while (until ? !until->done : loop->left > 0) {
        /* One round: who becomes ready meanwhile has a turn in the next. */
        struct coro *last = loop->last_ready;
        while (last) {
            struct coro *coro = take_ready(loop);
            resume(loop, coro);
            if (coro == last)
                break;
        }
        if (until ? !until->done : loop->left > 0)
            poll_events(loop, !loop->first_ready);
    }
}

/* What Python warns of when the loop is closed. */
static void count_unnoticed(struct loop *loop)
{
    for (int i = 0; i < loop->all_count; i++) {
        const struct coro *coro = loop->all[i];
        loop->counts.never_awaited += !coro->scheduled;
        loop->counts.never_retrieved += coro->error[0] && !coro->observed;
    }
}

static struct loop *loop_new(void)
{
    struct loop *loop = seam_private(sizeof *loop);
    if (!loop)
        seam_fail(ENOMEM, "event loop");
    loop->epoll = seam_self.control ? -1 : epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0 && !seam_self.control)
        seam_fail(errno, "event loop");
    loop->object = seam_object(OBJECT_LOOP, "event loop");
    loop->running = true;
    return loop;
}

static void stop(struct loop *loop)
{
    count_unnoticed(loop);
    if (loop->epoll >= 0)
        close(loop->epoll);
    for (int i = 0; i < loop->all_count; i++)
        seam_private_free(loop->all[i]);
    loop->running = false;
}

int loop_run(const char *name, coro_fn *fn, void *argument, int64_t *ret)
{
    struct loop *loop = current_loop();
    if (loop) {
        seam_record(EVENT_REFUSED, loop->object, EBUSY, 0);
        return -EBUSY;
    }
    if (seam_self.loop)
        seam_private_free(seam_self.loop);
    seam_self.loop = loop = loop_new();
    struct coro *program = loop_create_task(name, fn, argument);
    program->observed = true;
    run_until_idle(loop, program);
    for (int i = 0; i < loop->all_count; i++)
        coro_cancel(loop->all[i]);
    run_until_idle(loop, NULL);
    snprintf(loop->error, sizeof loop->error, "%s", program->error);
    int r = program->error[0] ? -EIO : 0;
    if (ret)
        *ret = program->result;
    stop(loop);
    return r;
}

struct loop_counts loop_counts(void)
{
    return seam_self.loop ? seam_self.loop->counts : (struct loop_counts){0};
}

const char *loop_error(void)
{
    return seam_self.loop && seam_self.loop->error[0] ? seam_self.loop->error : NULL;
}

/* ---- waiting ---- */

int loop_sleep(int64_t us)
{
    struct coro *self = self_of_loop();
    if (already_cancelled(self))
        return -ECANCELED;
    if (us <= 0) {
        uint32_t yielded = seam_record(EVENT_COROUTINE_YIELDED, self->loop->object, 0, 0);
        make_ready(self, yielded);
        return suspend(self);
    }
    uint64_t due = sync_deadline(us);
    seam_record(EVENT_SLEEP_BEGAN, TRACE_NO_OBJECT, (int64_t)(due - seam_clock()), 0);
    trace_task_waits(seam_self.run->shared, self->task, self->loop->object);
    set_timer(self, due);
    int r = suspend(self);
    seam_record(EVENT_SLEEP_ENDED, TRACE_NO_OBJECT, 0, 0);
    return r;
}

/* ---- waiting for others ---- */

static void join_waiters(struct coro *coro, struct waiter *waiter)
{
    *coro->last_waiter = waiter;
    coro->last_waiter = &waiter->next;
}

static void leave_waiters(struct coro *coro, const struct waiter *waiter)
{
    struct waiter **link = &coro->waiters;
    while (*link && *link != waiter)
        link = &(*link)->next;
    if (!*link)
        return;
    *link = waiter->next;
    if (!waiter->next)
        coro->last_waiter = link;
}

/* Waits until g says that it is enough, or the deadline. Returns 0, -ECANCELED or -ETIMEDOUT. */
static int wait_for_end(struct gathering *g, struct waiter *waiters, uint64_t deadline)
{
    struct coro *self = g->self, *first = NULL;
    for (unsigned i = 0; i < g->n; i++) {
        struct coro *coro = g->coros[i];
        if (coro->done)
            continue;
        first = first ? first : coro;
        waiters[i].gathering = g;
        join_waiters(coro, &waiters[i]);
    }
    assert(first); /* who has all their results does not wait */
    seam_wait_task(EVENT_JOIN_WAIT, first->task);
    self->awaits = g;
    if (deadline != UINT64_MAX)
        set_timer(self, deadline);
    int r = suspend(self);
    self->awaits = NULL;
    for (unsigned i = 0; i < g->n; i++)
        if (waiters[i].gathering && !g->coros[i]->done)
            leave_waiters(g->coros[i], &waiters[i]);
    if (r == 0 && g->left > 0 && !g->failed)
        return -ETIMEDOUT;
    return r;
}

/* Counts those that have not ended; they have to be scheduled to do so. */
static int begin_gathering(struct gathering *g)
{
    for (unsigned i = 0; i < g->n; i++) {
        struct coro *coro = g->coros[i];
        if (coro == g->self) {
            seam_record(EVENT_REFUSED, TRACE_NO_OBJECT, EDEADLK, 0);
            return -EDEADLK;
        }
        schedule(coro);
        coro->observed = true;
        g->left += !coro->done;
        if (coro->done && !g->failed && !ended_well(coro))
            g->failed = coro;
    }
    return 0;
}

static int how_it_ended(const struct coro *coro)
{
    return coro->error[0] ? -EIO : coro->was_cancelled ? -ECANCELED : 0;
}

/* Its own cancellation, which went to those it awaited, is back. */
static int cancelled_with_them(const struct gathering *g)
{
    if (g->keeps_result && !g->coros[0]->was_cancelled)
        return how_it_ended(g->coros[0]);
    g->self->cancel = true;
    return -ECANCELED;
}

static int gather_until(struct gathering *g, struct waiter *waiters, uint64_t deadline)
{
    if (already_cancelled(g->self))
        return -ECANCELED;
    int r = begin_gathering(g);
    if (r < 0)
        return r;
    if (g->left > 0 && !g->failed) {
        r = wait_for_end(g, waiters, deadline);
        if (r < 0)
            return r;
        seam_record(EVENT_JOIN_DONE, TRACE_NO_OBJECT, (g->failed ? g->failed : g->last)->task,
                    g->self->cause);
    }
    if (g->passed_on)
        return cancelled_with_them(g);
    return g->failed ? how_it_ended(g->failed) : 0;
}

static int await_until(struct coro *coro, uint64_t deadline, bool keeps_result)
{
    struct waiter waiter = {0};
    struct gathering g = {
        .self = self_of_loop(), .coros = &coro, .n = 1, .keeps_result = keeps_result};
    return gather_until(&g, &waiter, deadline);
}

int coro_await(struct coro *coro, int64_t *ret)
{
    int r = await_until(coro, UINT64_MAX, true);
    if (r == 0 && ret)
        *ret = coro->result;
    return r;
}

/* The time is up: it is cancelled, and has ended when this returns. */
static int cancel_and_wait(struct coro *coro)
{
    seam_record(EVENT_TIMED_OUT, TRACE_NO_OBJECT, coro->task, 0);
    coro_cancel(coro);
    int r = await_until(coro, UINT64_MAX, false);
    return r == -ECANCELED && !self_of_loop()->cancel ? -ETIMEDOUT : r;
}

int coro_wait_for(struct coro *coro, int64_t timeout_us, int64_t *ret)
{
    int r = -ETIMEDOUT;
    if (already_cancelled(self_of_loop()))
        return -ECANCELED;
    schedule(coro);
    if (timeout_us != 0 || coro->done)
        r = await_until(coro, sync_deadline(timeout_us), false);
    if (r == -ETIMEDOUT)
        r = cancel_and_wait(coro);
    if (r == 0 && ret)
        *ret = coro->result;
    return r;
}

int loop_gather(struct coro **coros, unsigned n)
{
    struct gathering g = {.self = self_of_loop(), .coros = coros, .n = n};
    struct waiter *waiters = seam_private((n ? n : 1) * sizeof *waiters);
    if (!waiters)
        seam_fail(ENOMEM, "gather");
    int r = gather_until(&g, waiters, UINT64_MAX);
    seam_private_free(waiters);
    return r;
}

/* ---- waiting for descriptors ---- */

static int refuse_fd(const struct loop *loop, int code)
{
    seam_record(EVENT_REFUSED, loop->object, code, 0);
    return -code;
}

/* `waiting` is the place in the table for who waits in that direction. */
static int wait_for_fd(int fd, enum loop_trigger trigger, uint32_t direction, struct coro **waiting)
{
    struct coro *self = self_of_loop();
    struct loop *loop = self->loop;
    struct watched *w = &loop->watched[fd];
    seam_free_only("a loop that watches descriptors");
    if (already_cancelled(self))
        return -ECANCELED;
    if (*waiting)
        return refuse_fd(loop, EBUSY);
    *waiting = self;
    bool watching = trigger == LOOP_EDGE && w->edges & direction;
    w->edges = trigger == LOOP_EDGE ? w->edges | direction : 0;
    int r = watching ? 0 : watch(loop, fd);
    if (r < 0) {
        *waiting = NULL;
        return refuse_fd(loop, -r);
    }
    loop->reading++;
    seam_wait(EVENT_IO_WAIT, loop->object, fd);
    r = suspend(self);
    loop->reading--;
    if (*waiting == self)
        *waiting = NULL;
    return r;
}

int loop_readable(int fd, enum loop_trigger trigger)
{
    struct loop *loop = self_of_loop()->loop;
    if (fd < 0 || fd >= FDS_MOST)
        return refuse_fd(loop, EBADF);
    return wait_for_fd(fd, trigger, EPOLLIN, &loop->watched[fd].reader);
}

int loop_writable(int fd, enum loop_trigger trigger)
{
    struct loop *loop = self_of_loop()->loop;
    if (fd < 0 || fd >= FDS_MOST)
        return refuse_fd(loop, EBADF);
    return wait_for_fd(fd, trigger, EPOLLOUT, &loop->watched[fd].writer);
}

void loop_forget(int fd)
{
    struct loop *loop = self_of_loop()->loop;
    if (fd < 0 || fd >= FDS_MOST)
        return;
    loop->watched[fd].edges = 0;
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* The coroutine "connection" of a site: reads its answers and wakes who waits for them. */
static int64_t read_answers(void *argument)
{
    struct site *site = argument;
    struct loop *loop = current_loop();
    int64_t request;
    while (loop_readable(site_fd(site), LOOP_LEVEL) == 0)
        while (site_answer(site, &request))
            for (int i = 0; i < loop->all_count; i++) {
                struct coro *coro = loop->all[i];
                if (coro->asked != site || coro->request != request)
                    continue;
                coro->asked = NULL;
                make_ready(coro, seam_record(EVENT_NOTE, site_object(site), request, 0));
            }
    return 0;
}

static void connect_to(struct loop *loop, struct site *site)
{
    for (int i = 0; i < loop->connections; i++)
        if (loop->connected[i] == site)
            return;
    assert(loop->connections < FDS_MOST);
    loop->connected[loop->connections++] = site;
    loop_create_task("connection", read_answers, site);
}

int loop_call(struct site *site, int64_t request, int64_t latency_us)
{
    struct coro *self = self_of_loop();
    if (already_cancelled(self))
        return -ECANCELED;
    if (!seam_self.control)
        connect_to(self->loop, site);
    uint32_t asked = site_ask(site, request, latency_us);
    if (seam_self.control)
        set_timer(self, sync_deadline(latency_us));
    self->asked = site;
    self->request = request;
    seam_wait(EVENT_IO_WAIT, site_object(site), request);
    int r = suspend(self);
    self->asked = NULL; /* an answer that comes later is nobody's */
    if (r == 0)
        seam_record(EVENT_IO_DONE, site_object(site), request, self->cause ? self->cause : asked);
    return r;
}

/* ---- ends ---- */

/* Of one that awaits others, they are cancelled. False: it does not, or none of them can be. */
static bool pass_on(struct coro *coro)
{
    struct gathering *g = coro->awaits;
    if (!g || coro->ready || g->passing) /* the last: they await each other in a circle */
        return false;
    g->passing = g->passed_on = true;
    remove_timer(coro);
    for (unsigned i = 0; i < g->n; i++)
        coro_cancel(g->coros[i]);
    g->passing = false;
    return true;
}

bool coro_cancel(struct coro *coro)
{
    if (coro->done || !coro->scheduled)
        return false;
    if (coro->cancel)
        return true;
    uint32_t cancelled = seam_record(EVENT_COROUTINE_CANCELLED, coro->loop->object, coro->task, 0);
    if (pass_on(coro))
        return true;
    coro->cancel = true;
    if (coro != coro->loop->current)
        make_ready(coro, cancelled);
    return true;
}

bool coro_done(const struct coro *coro)
{
    return coro->done;
}

bool coro_cancelled(const struct coro *coro)
{
    return coro->done && coro->was_cancelled;
}

int64_t coro_result(const struct coro *coro)
{
    return coro->result;
}

const char *coro_error(struct coro *coro)
{
    coro->observed = true;
    return coro->error[0] ? coro->error : NULL;
}

void loop_uncancel(void)
{
    self_of_loop()->cancel = false;
}

int64_t coro_raise_cancelled(void)
{
    self_of_loop()->cancel = true;
    return 0;
}

int64_t coro_raise(const char *format, ...)
{
    struct coro *self = self_of_loop();
    va_list args;
    va_start(args, format);
    vsnprintf(self->error, sizeof self->error, format, args);
    va_end(args);
    return 0;
}

#include "sandbox/host/supervisor.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/clock.h"
#include "sandbox/base/fd.h"
#include "sandbox/host/memory.h"
#include "sandbox/host/processes.h"
#include "sandbox/host/standstill.h"
#include "sandbox/proto/output.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_NS          20000000u
#define EXPLORED_NS      200000000u  /* between two looks at an exploration */
#define LEAVING_NS       2000000000u /* for the processes of a program that is over */
#define PACKETS_A_STEP   256u /* so that a flood does not keep a thread from its other runs */
#define CHUNKS_BYTES_MAX (64u << 20)

/* Pieces a run may leave per byte it may write: prints of nothing are a flood, too. */
#define PIECES_A_BYTE(bytes) ((bytes) / 4 + 4096)

enum state { RUNNING, ENDING, DONE };

/* An exploration looks at the time itself, between executions. */
#define LEAVING_SECONDS 3u

struct supervisor {
    enum state state;
    enum ended forced; /* why it was killed, or ENDED_NONE */
    struct worker worker;
    enum schedule_mode mode;
    struct limits limits;
    struct supervisor_hooks hooks;
    void *context;
    int search; /* pidfd of a search's process, once it had to rest; -1 before */
    const struct trace_shared *shared; /* hostile */
    struct trace_reader *reader;
    struct buf chunks;
    uint64_t sent_ns;
    uint64_t deadline_ns;
    bool leaving;      /* the program was over at its deadline, its processes were not gone */
    uint64_t ended_ns; /* main task ended, or the kill */
    uint64_t pieces;
    struct trace_explored *explored; /* of an exploration; NULL until it is looked at */
    uint64_t explored_ns;            /* when it was last */
    struct report_schedule *schedule;
    bool free; /* the kernel decides who runs; else the run knows of a deadlock itself */
    struct standstill standstill;
    struct usage_look usage_look;
    struct report report;
};

/* ---- starting ---- */

static int watch(struct supervisor *s, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(s->worker.epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static uint64_t wall_limit(const struct job *job, const struct limits *limits)
{
    if (schedule_is_search(job->schedule.mode))
        return (job->schedule.max_seconds + LEAVING_SECONDS) * UINT64_C(1000000000);
    const char *text = job_get(job, "limit_ms");
    uint64_t asked = text ? strtoull(text, NULL, 10) : 0;
    if (asked == 0 || asked > limits->wall_ns / 1000000u)
        return limits->wall_ns;
    return asked * 1000000u;
}

/* The tick or the deadline, whichever is first. */
static void arm_timer(struct supervisor *s, uint64_t now)
{
    uint64_t next = now + TICK_NS < s->deadline_ns ? now + TICK_NS : s->deadline_ns;
    const struct itimerspec at = {.it_value = {.tv_sec = (time_t)(next / 1000000000u),
                                               .tv_nsec = (long)(next % 1000000000u)}};
    timerfd_settime(s->worker.timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static int send_job(struct supervisor *s, const struct job *job, struct err *err)
{
    _cleanup_buf_ struct buf text = BUF_INIT(2 * JOB_BYTES_MAX);
    int r = job_write(job, &text, err);
    if (r < 0)
        return r;
    s->sent_ns = clock_ns();
    s->deadline_ns = s->sent_ns + wall_limit(job, &s->limits);
    if ((r = write_all(s->worker.request, text.data, text.len)) < 0)
        return err_errno(err, -r, "sending the job to its worker");
    close_fd(&s->worker.request);
    return 0;
}

/* After the job was sent: this is done while the worker wakes up. */
static int prepare(struct supervisor *s, struct err *err)
{
    void *shared = mmap(NULL, sizeof *s->shared, PROT_READ, MAP_SHARED, s->worker.memory, 0);
    if (shared == MAP_FAILED)
        return err_errno(err, errno, "mapping the trace");
    s->shared = shared;
    s->reader = trace_reader_new(s->shared);
    if (!s->reader)
        return err_errno(err, ENOMEM, "watching a run");
    int r = fd_nonblocking(s->worker.output, 1);
    if (r < 0 || (r = watch(s, s->worker.pidfd)) < 0 || (r = watch(s, s->worker.output)) < 0 ||
        (r = watch(s, s->worker.timer)) < 0)
        return err_errno(err, -r, "watching a run");
    arm_timer(s, s->sent_ns);
    return 0;
}

int supervisor_new(struct supervisor **ret, struct worker *worker, const struct job *job,
                   const struct limits *limits, const struct supervisor_hooks *hooks, void *context,
                   struct err *err)
{
    struct supervisor *s = calloc(1, sizeof *s);
    if (!s) {
        worker_release(worker);
        return err_errno(err, ENOMEM, "watching a run");
    }
    s->worker = *worker;
    *worker = WORKER_NONE;
    s->mode = job->schedule.mode;
    s->limits = *limits;
    s->hooks = *hooks;
    s->context = context;
    s->search = -1;
    s->chunks = BUF_INIT(CHUNKS_BYTES_MAX);
    s->free = job->schedule.mode == SCHEDULE_FREE;
    int r = send_job(s, job, err);
    if (r == 0)
        r = prepare(s, err);
    if (r == 0)
        *ret = s;
    else
        supervisor_free(s);
    return r;
}

void supervisor_free(struct supervisor *s)
{
    if (!s)
        return;
    worker_release(&s->worker);
    trace_reader_free(s->reader);
    if (s->shared)
        munmap((void *)s->shared, sizeof *s->shared);
    buf_release(&s->chunks);
    free(s->explored);
    free(s->schedule);
    close_fd(&s->search);
    free(s);
}

int supervisor_fd(const struct supervisor *s)
{
    return s->worker.epoll;
}

const struct report *supervisor_report(const struct supervisor *s)
{
    return &s->report;
}

/* ---- while it runs ---- */

/* The scenario's start, if what the shared memory says can be true; else 0. */
static uint64_t started_ns(const struct supervisor *s)
{
    uint64_t start = atomic_load_explicit(&s->shared->start_ns, memory_order_relaxed);
    return start >= s->sent_ns && start <= clock_ns() ? start : 0;
}

static void take_waits(struct supervisor *s)
{
    s->report.wait_count = trace_reader_waits(s->reader, s->report.waits, REPORT_WAITS_MAX);
}

/* Output is let go first: a flooding run would otherwise be drained until it is dead. */
static void stop(struct supervisor *s, enum ended why)
{
    if (s->state != RUNNING)
        return;
    s->state = ENDING;
    s->forced = why;
    s->ended_ns = clock_ns();
    epoll_ctl(s->worker.epoll, EPOLL_CTL_DEL, s->worker.output, NULL);
    epoll_ctl(s->worker.epoll, EPOLL_CTL_DEL, s->worker.timer, NULL);
    take_waits(s);
    worker_end(&s->worker);
}

void supervisor_rest(struct supervisor *s, bool rests)
{
    if (!schedule_is_search(s->mode) || s->state != RUNNING)
        return;
    if (s->search < 0)
        s->search = pidfd_of_child(s->worker.pid);
    if (s->search >= 0)
        syscall(SYS_pidfd_send_signal, s->search, rests ? SIGSTOP : SIGCONT, NULL, 0);
}

void supervisor_cancel(struct supervisor *s)
{
    stop(s, ENDED_CANCELLED);
}

/* Hands a piece on; what goes beyond the limit is cut off. Returns false when that was the end. */
static bool give_piece(struct supervisor *s, struct output_piece piece)
{
    uint64_t room = s->limits.output_bytes - s->report.output_bytes;
    bool fits = piece.length <= room && s->pieces < PIECES_A_BYTE(s->limits.output_bytes);
    if (piece.length > room)
        piece.length = room;
    s->pieces++;
    s->report.output_bytes += piece.length;
    if (s->hooks.output && piece.length > 0)
        s->hooks.output(s->context, &piece);
    return fits;
}

/* Takes one frame off the front, or everything when that is none. Returns its bytes. */
static size_t take_frame(struct supervisor *s, const char *bytes, size_t n,
                         struct output_piece *ret)
{
    struct output_frame frame;
    uint64_t start = started_ns(s);
    uint64_t now = start ? clock_ns() - start : 0, most = s->free ? now : TRACE_TIME_MOST;
    *ret = (struct output_piece){TRACE_NO_TASK, now, bytes, n};
    if (n < sizeof frame)
        return n;
    memcpy(&frame, bytes, sizeof frame);
    if (frame.magic != OUTPUT_FRAME_MAGIC || frame.length > n - sizeof frame)
        return n;
    ret->task = frame.task < TRACE_TASKS_MAX ? frame.task : TRACE_NO_TASK;
    ret->t_ns = frame.t_ns < most ? frame.t_ns : most;
    ret->text = bytes + sizeof frame;
    ret->length = frame.length;
    return sizeof frame + frame.length;
}

/* A task can take its pipe out of packet mode, so one read may bring several frames. */
static bool take_packet(struct supervisor *s, const char *bytes, size_t n)
{
    while (n > 0) {
        struct output_piece piece;
        size_t used = take_frame(s, bytes, n, &piece);
        if (!give_piece(s, piece))
            return false;
        bytes += used;
        n -= used;
    }
    return true;
}

/* Returns false when the output limit is passed. */
static bool read_output(struct supervisor *s, unsigned packets)
{
    char packet[OUTPUT_FRAME_MAX];
    while (packets-- > 0) {
        ssize_t n = read(s->worker.output, packet, sizeof packet);
        if (n == 0)
            epoll_ctl(s->worker.epoll, EPOLL_CTL_DEL, s->worker.output, NULL);
        if (n <= 0)
            return true;
        if (!take_packet(s, packet, (size_t)n))
            return false;
    }
    return true;
}

static void drain_trace(struct supervisor *s, bool last)
{
    buf_clear(&s->chunks);
    (void)trace_reader_drain(s->reader, s->free ? clock_ns() : TRACE_ANY_TIME, last, &s->chunks);
    if (s->hooks.chunks && s->chunks.len > 0)
        s->hooks.chunks(s->context, s->chunks.data, s->chunks.len);
}

static void look_at_exploration(struct supervisor *s)
{
    if (!schedule_is_search(s->mode) || !s->hooks.explored)
        return;
    if (!s->explored)
        s->explored = calloc(1, sizeof *s->explored);
    if (!s->explored)
        return;
    trace_reader_explored(s->reader, s->explored);
    s->explored_ns = clock_ns();
    s->hooks.explored(s->context, s->explored);
}

/* A task that met a limit asks for the end of its run. */
static enum ended asked_end(const struct supervisor *s)
{
    switch (atomic_load_explicit(&s->shared->result.stop, memory_order_relaxed)) {
    case TRACE_STOP_TASK_LIMIT:
        return ENDED_TASK_LIMIT;
    case TRACE_STOP_MEMORY_LIMIT:
        return ENDED_MEMORY_LIMIT;
    case TRACE_STOP_DEADLOCK:
        return ENDED_DEADLOCK;
    case TRACE_STOP_LIVELOCK:
        return ENDED_LIVELOCK;
    case TRACE_STOP_PREFIX:
        return ENDED_STOPPED;
    case TRACE_STOP_REPLAY_FAILED:
        return ENDED_REPLAY_FAILED;
    default:
        return ENDED_NONE;
    }
}

/*
 * A program that came to its end in time is not late because the kernel, on a busy machine, takes
 * its time to take the processes down. It says so itself, so it gets a short while and no more.
 */
static bool is_leaving(struct supervisor *s, uint64_t now)
{
    uint32_t state = atomic_load_explicit(&s->shared->task[0].state, memory_order_acquire);
    if (s->leaving || state != TASK_STATE_ENDED)
        return false;
    s->leaving = true;
    s->deadline_ns = now + LEAVING_NS;
    return true;
}

static bool stands_still(struct supervisor *s, bool last)
{
    return s->free && standstill_tick(&s->standstill, s->shared, s->worker.pid, last);
}

/* Why the run has to end because of what its processes use, if it does. */
static enum ended overuse(struct supervisor *s)
{
    const struct usage usage =
        usage_of_descendants(s->worker.pid, !tier_counts_tasks(s->worker.tier), &s->usage_look);
    if (usage.tasks > s->limits.tasks) /* who has too many of them has too much of all */
        return ENDED_TASK_LIMIT;
    return usage.bytes > s->limits.run_bytes ? ENDED_MEMORY_LIMIT : ENDED_NONE;
}

static void tick(struct supervisor *s)
{
    enum ended over;
    uint64_t expirations, now = clock_ns();
    enum ended asked = asked_end(s);
    (void)!read(s->worker.timer, &expirations, sizeof expirations);
    if (s->free)
        drain_trace(s, false);
    if (now >= s->explored_ns + EXPLORED_NS)
        look_at_exploration(s);
    if (asked != ENDED_NONE)
        stop(s, asked);
    else if (stands_still(s, now >= s->deadline_ns))
        stop(s, ENDED_DEADLOCK);
    else if (now >= s->deadline_ns && !is_leaving(s, now))
        stop(s, ENDED_TIMEOUT);
    else if ((over = overuse(s)) != ENDED_NONE)
        stop(s, over);
    else
        arm_timer(s, now);
}

/* ---- the end ---- */

static enum ended judge(const struct supervisor *s, const int *wait_status)
{
    enum ended asked = asked_end(s);
    if (s->forced != ENDED_NONE)
        return s->forced;
    if (asked != ENDED_NONE)
        return asked;
    if (!wait_status)
        return ENDED_INTERNAL_ERROR;
    if (WIFSIGNALED(*wait_status))
        return WTERMSIG(*wait_status) == SIGXCPU ? ENDED_TIMEOUT : ENDED_CRASHED;
    if (WEXITSTATUS(*wait_status) == JOB_REFUSED)
        return ENDED_INTERNAL_ERROR;
    return WEXITSTATUS(*wait_status) == 0 ? ENDED_COMPLETED : ENDED_CRASHED;
}

static void fill_exit(struct report *report, const int *wait_status)
{
    report->exit_code = -1;
    report->exited = wait_status != NULL;
    if (wait_status && WIFEXITED(*wait_status))
        report->exit_code = WEXITSTATUS(*wait_status);
    if (wait_status && WIFSIGNALED(*wait_status))
        report->exit_signal = WTERMSIG(*wait_status);
}

static void fill_outcome(struct report *report)
{
    const struct trace_result *result = &report->result;
    unsigned class = result->class_of_end[report->ended];
    int rule = result->rule_of_end[report->ended];
    const char *text = ended_text(report->ended);
    if (report->ended == ENDED_COMPLETED) {
        class = atomic_load_explicit(&result->outcome_set, memory_order_relaxed)
                    ? result->outcome_class
                    : CLASS_NONE;
        rule = result->outcome_rule;
        text = result->outcome;
    }
    if (class == CLASS_NONE || class >= CLASS_COUNT)
        return;
    report->has_outcome = true;
    report->outcome_class = class;
    report->outcome_rule = rule;
    memccpy(report->outcome, text, '\0', sizeof report->outcome - 1);
}

static void fill_times(struct supervisor *s)
{
    uint64_t now = clock_ns(), start = started_ns(s);
    s->report.reaped_ns = now - s->sent_ns;
    if (start == 0)
        return;
    s->report.start_ns = start - s->sent_ns;
    s->report.wall_ns =
        s->ended_ns > start && s->ended_ns <= now ? s->ended_ns - start : now - start;
}

static void name_choices(struct supervisor *s)
{
    struct report_schedule *schedule = s->schedule;
    for (uint32_t i = 0; i < schedule->said.choices; i++) {
        trace_reader_task(s->reader, schedule->said.choice[i].task, schedule->choice[i].task);
        trace_reader_object(s->reader, schedule->said.choice[i].object, schedule->choice[i].object);
    }
    for (uint32_t i = 0; i < schedule->said.positions; i++) {
        const struct trace_position *said = &schedule->said.position[i];
        trace_reader_task(s->reader, said->task, schedule->position[i].task);
        trace_reader_object(s->reader, said->object, schedule->position[i].object);
    }
    for (uint32_t i = 0; i < schedule->said.races; i++) {
        const struct trace_race *race = &schedule->said.race[i];
        trace_reader_object(s->reader, race->object, schedule->race[i].object);
        for (int which = 0; which < 2; which++)
            trace_reader_task(s->reader, race->task[which], schedule->race[i].task[which]);
    }
    for (uint32_t i = 0; i < schedule->said.interruptions; i++) {
        const struct trace_interruption *said = &schedule->said.interruption[i];
        trace_reader_task(s->reader, said->task, schedule->interruption[i].task);
        trace_reader_task(s->reader, said->by, schedule->interruption[i].by);
        for (int which = 0; which < 3; which++)
            trace_reader_object(s->reader, said->object[which],
                                schedule->interruption[i].object[which]);
    }
}

/* What a run without one says of its schedule is nothing. */
static void take_schedule(struct supervisor *s)
{
    if (s->mode == SCHEDULE_FREE || schedule_is_search(s->mode))
        return;
    s->schedule = calloc(1, sizeof *s->schedule);
    if (!s->schedule)
        return;
    trace_reader_schedule(s->reader, &s->schedule->said);
    if (!s->schedule->said.set)
        return;
    name_choices(s);
    s->report.schedule = s->schedule;
}

/* Every process of the run is gone: what is in pipes and memory now is all there will be. */
static void finish(struct supervisor *s)
{
    struct worker_status status;
    bool known = read_full(s->worker.status, &status, sizeof status) == sizeof status &&
                 s->forced == ENDED_NONE;
    if (known)
        s->ended_ns = status.ended_ns;
    fill_times(s);
    bool fits = s->forced == ENDED_OUTPUT_LIMIT || read_output(s, UINT32_MAX);
    if (!fits && s->forced == ENDED_NONE)
        s->forced = ENDED_OUTPUT_LIMIT;
    drain_trace(s, true);
    s->report.counts = trace_reader_counts(s->reader);
    trace_reader_result(s->reader, &s->report.result);
    trace_reader_table(s->reader, &s->report.table);
    take_schedule(s);
    look_at_exploration(s);
    s->report.ended = judge(s, known ? &status.wait_status : NULL);
    if (s->state == RUNNING && s->report.ended != ENDED_COMPLETED)
        take_waits(s);
    fill_exit(&s->report, known ? &status.wait_status : NULL);
    fill_outcome(&s->report);
    s->state = DONE;
}

bool supervisor_step(struct supervisor *s)
{
    struct epoll_event events[3];
    bool gone = false;
    int n = s->state == DONE ? 0 : epoll_wait(s->worker.epoll, events, 3, 0);
    for (int i = 0; i < n; i++)
        gone = gone || events[i].data.fd == s->worker.pidfd;
    /* A run that has ended was within its limits, however late it is looked at. */
    for (int i = 0; i < n && !gone; i++) {
        int fd = events[i].data.fd;
        if (s->state == RUNNING && fd == s->worker.timer)
            tick(s);
        else if (s->state == RUNNING && fd == s->worker.output && !read_output(s, PACKETS_A_STEP))
            stop(s, ENDED_OUTPUT_LIMIT);
    }
    if (gone)
        finish(s);
    return s->state == DONE;
}

/*
 * How it works.
 *
 *     spawner ──clone(NEWPID, VM)──> init (pid 1) ──fork──> worker = main task ──fork──> tasks
 *
 * Init runs none of the scenario's code: as pid 1 that code could ignore signals, and a program
 * that kills "everything" must not take the one that reports. In a reduced tier init is no pid 1,
 * but the subreaper of its run; the run is over once it has ended and reaped everybody. There it is
 * told to by SIGTERM, also when the spawner dies: SIGKILL would leave the others alive. The worker
 * maps the trace, lets go of every descriptor but 0, 1, 2 and its two pipes, seals itself and
 * waits. What can be done before the job comes is done before.
 *
 * A main task that returns says so on the done pipe before it exits, so init's end and its own can
 * go on at the same time. Main tasks that end in any other way init learns of from the kernel. A
 * hostile task can write to the pipe, too: its run then ends, completed or crashed as it said,
 * which it could have had by other means.
 */
#include "sandbox/worker.h"

#include "sandbox/base/clock.h"
#include "sandbox/base/fd.h"
#include "sandbox/execute.h"
#include "sandbox/probe.h"
#include "sandbox/sched/fiber.h"
#include "sandbox/trace/writer.h"
#include "sandbox/table.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Descriptors of the worker, beside 0, 1 and 2. */
#define REQUEST_FD 3
#define DONE_FD    4 /* write end */
/* Of init. */
#define STATUS_FD    3
#define INIT_DONE_FD 4 /* read end */
#define SIGNALS_FD   5

/* Of the trace's tables, what a run is sure to write is faulted in before it starts. */
#define WARM_TASKS   64u
#define WARM_OBJECTS 16u

#define PAGE_BYTES       ((uintptr_t)4096)
#define MAIN_STACK_BYTES (1u << 20)
#define STACK_WARM_BYTES (32u << 10)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static _Noreturn void fail(const char *what, const struct err *err)
{
    dprintf(STDERR_FILENO, "the worker could not start: %s: %s\n", what,
            err ? err->text : strerror(errno));
    _exit(JOB_REFUSED);
}

static void warm(void *from, void *to)
{
    char *first = (char *)from - (uintptr_t)from % PAGE_BYTES;
    madvise(first, (size_t)((char *)to - first), MADV_POPULATE_WRITE);
}

static struct trace_shared *map_trace(int memory)
{
    struct trace_shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    if (shared == MAP_FAILED)
        fail("mapping the trace", NULL);
    trace_shared_init(shared);
    warm(shared, &shared->task[WARM_TASKS]);
    warm(shared->object, &shared->object[WARM_OBJECTS]);
    warm(shared->segment, &shared->segment[1]);
    return shared;
}

#define FIRST_FD 3
#define KEPT_MAX 3

/* Puts descriptors at 3, 4, … and closes all above. */
static int keep(const int *fds, int count)
{
    int copies[KEPT_MAX];
    for (int i = 0; i < count; i++)
        copies[i] = fcntl(fds[i], F_DUPFD, FIRST_FD + count);
    for (int i = 0; i < count; i++)
        if (dup2(copies[i], FIRST_FD + i) < 0)
            return -errno;
    return close_range((unsigned)(FIRST_FD + count), ~0u, 0) < 0 ? -errno : 0;
}

static void keep_descriptors(const struct worker_ends *ends, int done)
{
    if (dup2(ends->nothing, STDIN_FILENO) < 0 || dup2(ends->output, STDOUT_FILENO) < 0 ||
        dup2(ends->output, STDERR_FILENO) < 0 || keep((int[]){ends->request, done}, 2) < 0)
        fail("arranging descriptors", NULL);
}

/* Checks some job, as the real one will be checked: its code, stack and data are there then. */
static void warm_up(void)
{
    struct job job;
    char bytes[JOB_BYTES_MAX], stack[STACK_WARM_BYTES];
    explicit_bzero(stack, sizeof stack);
    _cleanup_buf_ struct buf text = BUF_INIT(sizeof bytes);
    job_init(&job, scenario_at(0)->scenario->id);
    if (execute_resolve(&job, NULL) == 0 && job_write(&job, &text, NULL) == 0) {
        memcpy(bytes, text.data, text.len);
        (void)job_read(&job, bytes, text.len, NULL);
    }
}

static _Noreturn void run_job(struct run *run)
{
    char bytes[JOB_BYTES_MAX];
    struct job job;
    ssize_t n;
    do
        n = read(REQUEST_FD, bytes, sizeof bytes);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        _exit(0);
    close(REQUEST_FD);
    if (job_read(&job, bytes, (size_t)n, NULL) < 0)
        _exit(JOB_REFUSED);
    int result = probe_is(job.scenario) ? probe_run(job.scenario) : execute_job(run, &job);
    unsigned char code = (unsigned char)result;
    (void)!write(DONE_FD, &code, 1);
    _exit(code);
}

/* What the main task begins with. */
struct beginning {
    struct jail *jail;
    const struct worker_ends *ends;
    int done;
    unsigned number;
};

static void main_task(void *argument)
{
    const struct beginning *beginning = argument;
    struct err err = {0};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    struct trace_shared *shared = map_trace(beginning->ends->memory);
    keep_descriptors(beginning->ends, beginning->done);
    struct run *run = execute_prepare(shared, STDOUT_FILENO);
    if (!run)
        fail("mapping the run's memory", NULL);
    warm_up();
    if (jail_seal(beginning->jail, beginning->number, &err) < 0)
        fail("the sandbox", &err);
    run_job(run);
}

/* Init's stack, which fork has copied, is a small one: the main task gets its own, with a guard. */
static _Noreturn void run_on_own_stack(struct beginning *beginning)
{
    struct fiber *fiber = fiber_new(MAIN_STACK_BYTES, main_task, beginning);
    if (!fiber)
        fail("its stack", NULL);
    fiber_resume(fiber);
    _exit(JOB_REFUSED); /* main_task() does not come back */
}

/* ---- init ---- */

/* Reaps what has died. Returns true once the main task has. */
static bool reap(pid_t main_pid, int *ret_status)
{
    pid_t pid;
    int status;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == main_pid) {
            *ret_status = status;
            return true;
        }
    return false;
}

static bool is_told_to_end(void)
{
    struct signalfd_siginfo signal;
    return read(SIGNALS_FD, &signal, sizeof signal) == sizeof signal && signal.ssi_signo == SIGTERM;
}

/* Returns true when the main task has ended, false when it shall. */
static bool await_end(pid_t main_pid, int *ret_status)
{
    struct pollfd wanted[] = {{.fd = INIT_DONE_FD, .events = POLLIN},
                              {.fd = SIGNALS_FD, .events = POLLIN}};
    unsigned char code;
    while (!reap(main_pid, ret_status)) {
        if (poll(wanted, 2, -1) <= 0)
            continue;
        if (wanted[0].revents && read(INIT_DONE_FD, &code, 1) == 1) {
            *ret_status = W_EXITCODE(code, 0);
            return true;
        }
        if (wanted[0].revents)
            wanted[0].fd = -1; /* every task has closed it */
        if (wanted[1].revents && is_told_to_end())
            return false;
    }
    return true;
}

/* The spawner has blocked them, so none comes too early. What ends an init by force is none. */
static int listen_to_signals(const struct jail *jail)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    if (tier_end_signal(jail->tier) == SIGTERM)
        sigaddset(&wanted, SIGTERM);
    signal(SIGCHLD, SIG_DFL);
    return signalfd(-1, &wanted, SFD_CLOEXEC);
}

/* Forks the main task. Returns its pid, or -1. */
static pid_t begin(struct jail *jail, const struct worker_ends *ends, unsigned number)
{
    int done[2], signals = listen_to_signals(jail);
    pid_t main_pid = signals < 0 || pipe2(done, O_CLOEXEC) < 0 ? -1 : _Fork();
    if (main_pid == 0)
        run_on_own_stack(&(struct beginning){jail, ends, done[1], number});
    return main_pid < 0 || keep((int[]){ends->status, done[0], signals}, 3) < 0 ? -1 : main_pid;
}

_Noreturn void worker_init(struct jail *jail, const struct worker_ends *ends, unsigned number)
{
    struct err err = {0};
    if (jail_keep(jail, number, &err) < 0) {
        dprintf(ends->output, "the run could not start: %s\n", err.text);
        _exit(JOB_REFUSED);
    }
    pid_t main_pid = begin(jail, ends, number);
    if (main_pid < 0)
        _exit(JOB_REFUSED);
    struct worker_status end = {0};
    if (await_end(main_pid, &end.wait_status)) {
        end.ended_ns = clock_ns();
        (void)write_all(STATUS_FD, &end, sizeof end);
    }
    jail_end_run(jail);
    _exit(0);
}

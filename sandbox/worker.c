/*
 * How it works.
 *
 *     spawner ──clone(NEWPID)──> init (pid 1) ──fork──> worker = main task ──fork──> tasks
 *
 * Init has only the status pipe and runs none of the scenario's code: as pid 1 that code could
 * ignore signals, and a program that kills "everything" must not take the one that reports. The
 * worker maps the trace, lets go of every descriptor but 0, 1, 2 and its request pipe, seals itself
 * and waits. What can be done before the job comes is done before.
 */
#include "sandbox/worker.h"

#include "sandbox/base/clock.h"
#include "sandbox/base/fd.h"
#include "sandbox/execute.h"
#include "sandbox/trace/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define REQUEST_FD 3 /* in the worker */

/* Pages a run is sure to write, faulted in before it starts: the tables and the first segments. */
#define WARM_BYTES (offsetof(struct trace_shared, segment) + 4 * sizeof(struct trace_segment))

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static _Noreturn void fail(const char *what, const struct err *err)
{
    dprintf(STDERR_FILENO, "the worker could not start: %s: %s\n", what,
            err ? err->text : strerror(errno));
    _exit(EXECUTE_BAD_JOB);
}

static struct trace_shared *map_trace(int memory)
{
    struct trace_shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    if (shared == MAP_FAILED)
        fail("mapping the trace", NULL);
    trace_shared_init(shared);
    madvise(shared, WARM_BYTES, MADV_POPULATE_WRITE);
    return shared;
}

static void keep_descriptors(const struct worker_ends *ends)
{
    int request = fcntl(ends->request, F_DUPFD, REQUEST_FD + 1);
    if (dup2(ends->nothing, STDIN_FILENO) < 0 || dup2(ends->output, STDOUT_FILENO) < 0 ||
        dup2(ends->output, STDERR_FILENO) < 0 || dup2(request, REQUEST_FD) < 0 ||
        close_range(REQUEST_FD + 1, ~0u, 0) < 0)
        fail("arranging descriptors", NULL);
}

static _Noreturn void run_job(struct trace_shared *shared)
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
        _exit(EXECUTE_BAD_JOB);
    _exit(execute_job(&job, shared, STDOUT_FILENO));
}

static _Noreturn void main_task(struct jail *jail, const struct worker_ends *ends, unsigned number)
{
    struct err err = {0};
    struct trace_shared *shared = map_trace(ends->memory);
    keep_descriptors(ends);
    if (jail_seal(jail, number, &err) < 0)
        fail("the sandbox", &err);
    run_job(shared);
}

/* Only the status pipe stays, as descriptor 3. */
static void keep_status(int status)
{
    if (status != 3)
        dup3(status, 3, O_CLOEXEC);
    close_range(4, ~0u, 0);
}

_Noreturn void worker_init(struct jail *jail, const struct worker_ends *ends, unsigned number)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGCHLD, SIG_DFL);
    pid_t main_pid = fork();
    if (main_pid < 0)
        _exit(EXECUTE_BAD_JOB);
    if (main_pid == 0)
        main_task(jail, ends, number);
    keep_status(ends->status);
    struct worker_status end = {0};
    pid_t pid;
    do
        pid = waitpid(-1, &end.wait_status, 0);
    while (pid != main_pid && (pid > 0 || errno == EINTR));
    end.ended_ns = clock_ns();
    (void)write_all(3, &end, sizeof end);
    _exit(0);
}

/*
 * Runs hostile programs through the real launcher, spawner and supervisor, and looks for what they
 * left behind: every process that is in the run's process id namespace once the run is done.
 */
#ifndef SANDBOX_HARNESS_H
#define SANDBOX_HARNESS_H

#include "sandbox/base/clock.h"
#include "sandbox/base/fd.h"
#include "sandbox/jail.h"
#include "sandbox/host/supervisor.h"
#include "tests/unit/test.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_KEPT 8192

/* A finished run, as a test sees it. */
struct finished {
    struct report report;
    char output[OUTPUT_KEPT]; /* the first bytes of it, a NUL becomes '?' */
    size_t output_length;
    unsigned left_over; /* processes of the run that were still there */
    unsigned looks;     /* at its exploration */
    uint64_t executions;
};

static inline struct limits short_limits(unsigned wall_ms)
{
    struct limits limits = LIMITS_DEFAULT;
    limits.wall_ns = wall_ms * UINT64_C(1000000);
    if (JAIL_SANITIZED) /* every process has some megabytes of its own then */
        limits.run_bytes *= 3;
    return limits;
}

static inline const char *hostile_runner(char path[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 40);
    assert_true(n > 0);
    path[n] = '\0';
    strcpy(strrchr(path, '/'), "/interleave-runner-hostile");
    return path;
}

static inline struct launcher *start_launcher(unsigned pool, const char *without)
{
    char path[PATH_MAX];
    struct err err = {0};
    struct launcher *launcher = NULL;
    const struct launcher_options options = {
        .runner = hostile_runner(path), .pool = pool, .limits = LIMITS_DEFAULT, .without = without};
    signal(SIGPIPE, SIG_IGN);
    if (launcher_new(&launcher, &options, &err) < 0)
        fail_msg("%s", err.text);
    return launcher;
}

static inline struct worker wait_worker(struct launcher *launcher)
{
    struct err err = {0};
    struct worker worker = WORKER_NONE;
    if (launcher_wait(launcher, &worker, &err) < 0)
        fail_msg("%s", err.text);
    return worker;
}

/* "pid:[4026532001]" of a process; "" when there is none. */
static inline void pid_namespace(pid_t pid, char out[64])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/pid", pid);
    ssize_t n = readlink(path, out, 63);
    out[n > 0 ? n : 0] = '\0';
}

/* A zombie is no process any more: its parent has not looked yet. */
static inline bool is_zombie(pid_t pid)
{
    char path[64], state = 'Z';
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return true;
    (void)!fscanf(file, "%*d (%*[^)]) %c", &state);
    fclose(file);
    return state == 'Z' || state == 'X';
}

static inline unsigned count_in_namespace(const char *namespace)
{
    unsigned count = 0;
    DIR *processes = opendir("/proc");
    assert_non_null(processes);
    for (struct dirent *entry; (entry = readdir(processes));) {
        char other[64];
        pid_t pid = atoi(entry->d_name);
        if (pid <= 0)
            continue;
        pid_namespace(pid, other);
        count += strcmp(other, namespace) == 0 && !is_zombie(pid);
    }
    closedir(processes);
    return count;
}

static inline void keep_output(void *context, const struct output_piece *piece)
{
    struct finished *finished = context;
    for (size_t i = 0; i < piece->length && finished->output_length < OUTPUT_KEPT - 1; i++)
        finished->output[finished->output_length++] = piece->text[i] ? piece->text[i] : '?';
}

static inline void keep_explored(void *context, const struct trace_explored *explored)
{
    struct finished *finished = context;
    finished->looks++;
    finished->executions = explored->executions;
}

static inline struct supervisor *start_run_under(struct worker *worker, const char *scenario,
                                                 enum schedule_mode mode,
                                                 const struct limits *limits,
                                                 struct finished *finished)
{
    const struct supervisor_hooks hooks = {.output = keep_output, .explored = keep_explored};
    struct supervisor *supervisor = NULL;
    struct err err = {0};
    struct job job;
    *finished = (struct finished){0};
    job_init(&job, scenario);
    job.schedule.mode = mode;
    if (supervisor_new(&supervisor, worker, &job, limits, &hooks, finished, &err) < 0)
        fail_msg("%s: %s", scenario, err.text);
    return supervisor;
}

static inline struct supervisor *start_run(struct worker *worker, const char *scenario,
                                           const struct limits *limits, struct finished *finished)
{
    return start_run_under(worker, scenario, SCHEDULE_FREE, limits, finished);
}

/* Steps once there is something to do, for at most 30 s. Returns whether the run is done. */
static inline bool step_run(struct supervisor *supervisor)
{
    struct pollfd wanted = {.fd = supervisor_fd(supervisor), .events = POLLIN};
    if (poll(&wanted, 1, 30000) <= 0)
        fail_msg("a run did nothing for 30 s");
    return supervisor_step(supervisor);
}

static inline void run_hostile(struct launcher *launcher, const char *scenario,
                               const struct limits *limits, struct finished *ret)
{
    char namespace[64];
    struct worker worker = wait_worker(launcher);
    pid_namespace(worker.pid, namespace);
    assert_true(namespace[0] != '\0');
    struct supervisor *supervisor = start_run(&worker, scenario, limits, ret);
    while (!step_run(supervisor))
        ;
    ret->left_over = count_in_namespace(namespace);
    ret->report = *supervisor_report(supervisor);
    supervisor_free(supervisor);
}

#endif

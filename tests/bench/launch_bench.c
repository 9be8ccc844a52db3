/*
 * How fast a fully isolated run starts and ends, beside an ordinary program and bubblewrap.
 *
 *     launch_bench [RUNNER [SCENARIO [name=value …]]]
 *
 * "start" is request to first instruction, "reaped" request to everything gone; medians. The kinds
 * take turns, each after the same pause: a request finds the machine idle, as a server's does.
 */
#include "sandbox/base/clock.h"
#include "sandbox/base/cleanup.h"
#include "sandbox/base/fd.h"
#include "sandbox/host/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS   250
#define POOL     4
#define PAUSE_MS 10

extern char **environ;

struct sample {
    uint64_t start;
    uint64_t reaped;
};

struct figures {
    uint64_t start[ROUNDS];
    uint64_t reaped[ROUNDS];
    unsigned count;
};

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static double median_us(uint64_t *values, unsigned count)
{
    qsort(values, count, sizeof *values, compare);
    return (double)values[count / 2] / 1e3;
}

static _Noreturn void die(const char *what, int code)
{
    fprintf(stderr, "launch_bench: %s: %s\n", what, strerror(code));
    exit(1);
}

/* ---- a run from the pool ---- */

static uint64_t start_of(int memory)
{
    struct trace_shared *shared = mmap(NULL, sizeof *shared, PROT_READ, MAP_SHARED, memory, 0);
    if (shared == MAP_FAILED)
        die("mapping the trace", errno);
    uint64_t start = shared->start_ns;
    munmap(shared, sizeof *shared);
    return start;
}

/* The pool is full again before the next request: this is the latency of one, not a throughput. */
static void settle(struct launcher *launcher)
{
    struct pollfd wanted = {.fd = launcher_fd(launcher), .events = POLLIN};
    while (poll(&wanted, 1, PAUSE_MS) > 0)
        if (launcher_receive(launcher, NULL) < 0)
            die("the spawner", EPIPE);
}

static struct sample run_pooled(struct launcher *launcher, const struct job *job)
{
    const struct supervisor_hooks hooks = {0};
    struct supervisor *supervisor;
    struct worker worker;
    struct err err = {0};
    settle(launcher);
    uint64_t asked = clock_ns();
    if (launcher_take(launcher, &worker) < 0)
        die("no worker", EAGAIN);
    _cleanup_close_ int memory = dup(worker.memory);
    if (supervisor_new(&supervisor, &worker, job, &LIMITS_DEFAULT, &hooks, NULL, &err) < 0)
        die(err.text, err.code);
    struct pollfd wanted = {.fd = supervisor_fd(supervisor), .events = POLLIN};
    while (!supervisor_step(supervisor))
        (void)poll(&wanted, 1, -1);
    const struct report *report = supervisor_report(supervisor);
    if (report->ended != ENDED_COMPLETED)
        die("the run did not complete", ECANCELED);
    uint64_t start = start_of(memory);
    struct sample sample = {start - asked, start - report->start_ns + report->reaped_ns - asked};
    supervisor_free(supervisor);
    return sample;
}

static struct launcher *start_launcher(const char *runner)
{
    struct launcher *launcher;
    struct err err = {0};
    const struct launcher_options options = {
        .runner = runner, .pool = POOL, .limits = LIMITS_DEFAULT};
    if (launcher_new(&launcher, &options, &err) < 0)
        die(err.text, err.code);
    return launcher;
}

/* ---- ordinary programs ---- */

static uint64_t spawn_and_wait(char *const argv[], int out)
{
    posix_spawn_file_actions_t files;
    pid_t pid;
    int status;
    posix_spawn_file_actions_init(&files);
    if (out >= 0)
        posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    uint64_t asked = clock_ns();
    int r = posix_spawn(&pid, argv[0], &files, NULL, argv, environ);
    if (r != 0 || waitpid(pid, &status, 0) != pid)
        die(argv[0], r ? r : errno);
    uint64_t reaped = clock_ns() - asked;
    posix_spawn_file_actions_destroy(&files);
    if (status != 0)
        die(argv[0], ECANCELED);
    return reaped;
}

static uint64_t spawn_start(const char *program)
{
    char *argv[] = {(char *)program, NULL};
    int ends[2];
    uint64_t began;
    if (pipe2(ends, O_CLOEXEC) < 0)
        die("pipe", errno);
    uint64_t asked = clock_ns();
    spawn_and_wait(argv, ends[1]);
    if (read_full(ends[0], &began, sizeof began) != sizeof began)
        die(program, EIO);
    close(ends[0]);
    close(ends[1]);
    return began - asked;
}

static void pause_idle(void)
{
    (void)poll(NULL, 0, PAUSE_MS);
}

static void add(struct figures *figures, uint64_t start, uint64_t reaped)
{
    figures->start[figures->count] = start;
    figures->reaped[figures->count++] = reaped;
}

static void measure_spawn(struct figures *figures, const char *first_instruction)
{
    char *argv[] = {"/bin/true", NULL};
    pause_idle();
    uint64_t start = spawn_start(first_instruction);
    pause_idle();
    add(figures, start, spawn_and_wait(argv, -1));
}

static void measure_bwrap(struct figures *figures)
{
    char *argv[] = {"/usr/bin/bwrap", "--unshare-all", "--ro-bind", "/", "/", "/bin/true", NULL};
    if (access(argv[0], X_OK) < 0)
        return;
    pause_idle();
    add(figures, 0, spawn_and_wait(argv, -1));
}

int main(int argc, char **argv)
{
    static struct figures pool, spawn, bwrap;
    char self[4096] = {0}, program[4200], runner[4200];
    struct job job;
    struct err err = {0};
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        die("finding the running program", errno);
    const char *directory = dirname(self);
    snprintf(program, sizeof program, "%s/first_instruction", directory);
    snprintf(runner, sizeof runner, "%s/../interleave-runner", directory);
    job_init(&job, argc > 2 ? argv[2] : "generator-send");
    if (argc <= 2) /* no work: what is left is the launch */
        job_set(&job, "rounds", "0", NULL);
    for (int i = 3; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (equals)
            *equals = '\0';
        if (!equals || job_set(&job, argv[i], equals + 1, &err) < 0)
            die("parameters are name=value", EINVAL);
    }
    signal(SIGPIPE, SIG_IGN);
    struct launcher *launcher = start_launcher(argc > 1 ? argv[1] : runner);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct sample sample = run_pooled(launcher, &job);
        add(&pool, sample.start, sample.reaped);
        measure_spawn(&spawn, program);
        if (i % 4 == 0)
            measure_bwrap(&bwrap);
    }
    launcher_free(launcher);
    double start = median_us(pool.start, pool.count), reaped = median_us(pool.reaped, pool.count);
    double spawn_first = median_us(spawn.start, spawn.count);
    double spawn_reaped = median_us(spawn.reaped, spawn.count);
    printf("isolated run, start          %8.1f us\n", start);
    printf("isolated run, reaped         %8.1f us\n", reaped);
    printf("posix_spawn, start           %8.1f us   run/spawn %.2f (aim 0.50)\n", spawn_first,
           start / spawn_first);
    printf("posix_spawn /bin/true, reaped%8.1f us   run/spawn %.2f (aim 0.50)\n", spawn_reaped,
           reaped / spawn_reaped);
    if (bwrap.count > 0) {
        double wrapped = median_us(bwrap.reaped, bwrap.count);
        printf("bwrap --unshare-all, reaped  %8.1f us   run/bwrap %.3f (aim 0.100)\n", wrapped,
               reaped / wrapped);
    }
    return 0;
}

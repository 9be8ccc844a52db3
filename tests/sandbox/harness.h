/*
 * Runs hostile programs through the real launcher, spawner and supervisor, and looks for what they
 * left behind: every process that still has the run's memory once the run is done.
 *
 * The tier is that of INTERLEAVE_TIER ("full", "reduced-root", "reduced-user"), full without it.
 * The layers of INTERLEAVE_WITHOUT are left out of every sandbox: what then still holds is no test.
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
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUTPUT_KEPT 8192

/* For what comes to an end on any machine, however busy it is. */
#define PATIENT_MS 120000u

/* A finished run, as a test sees it. */
struct finished {
    struct report report;
    char output[OUTPUT_KEPT]; /* the first bytes of it, a NUL becomes '?' */
    size_t output_length;
    unsigned left_over; /* processes of the run that were still there */
    bool let_go;        /* nobody of the runner's has its memory open */
    bool in_place;      /* no cgroup was made for it, and no mount is to be seen outside */
    size_t trace_bytes; /* chunks of its trace */
    unsigned looks;     /* at its exploration */
    uint64_t executions;
};

static inline struct limits short_limits(unsigned wall_ms)
{
    struct limits limits = LIMITS_DEFAULT;
    limits.wall_ns = wall_ms * UINT64_C(1000000);
    if (JAIL_SANITIZED) /* every process has some megabytes of its own then */
        limits.run_bytes *= 6;
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

static inline enum tier tested_tier(void)
{
    const char *name = getenv("INTERLEAVE_TIER");
    enum tier tier = name ? tier_parse(name) : TIER_FULL;
    assert_true(tier < TIER_COUNT);
    return tier;
}

static inline struct launcher *start_runner(const char *runner, unsigned pool, const char *without)
{
    struct err err = {0};
    struct launcher *launcher = NULL;
    const struct launcher_options options = {.runner = runner,
                                             .pool = pool,
                                             .tier = tested_tier(),
                                             .limits = LIMITS_DEFAULT,
                                             .without = without};
    signal(SIGPIPE, SIG_IGN);
    if (launcher_new(&launcher, &options, &err) < 0)
        fail_msg("%s", err.text);
    return launcher;
}

static inline struct launcher *start_exactly(unsigned pool, const char *without)
{
    char path[PATH_MAX];
    return start_runner(hostile_runner(path), pool, without);
}

static inline struct launcher *start_launcher(unsigned pool, const char *without)
{
    const char *everywhere = getenv("INTERLEAVE_WITHOUT");
    char both[256];
    if (!everywhere || !*everywhere)
        return start_exactly(pool, without);
    snprintf(both, sizeof both, "%s%s%s", everywhere, without ? "," : "", without ? without : "");
    return start_exactly(pool, both);
}

static inline struct worker wait_worker(struct launcher *launcher)
{
    struct err err = {0};
    struct worker worker = WORKER_NONE;
    if (launcher_wait(launcher, &worker, &err) < 0)
        fail_msg("%s", err.text);
    return worker;
}

/* What tells a run's processes from all others: its memory, by its inode. */
static inline ino_t mark_of(const struct worker *worker)
{
    struct stat memory;
    assert_int_equal(fstat(worker->memory, &memory), 0);
    return memory.st_ino;
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

static inline bool is_runner(pid_t pid)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/%d/exe", pid);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return strstr(path, "/interleave-runner-hostile") != NULL;
}

static inline bool maps_memory(pid_t pid, ino_t mark)
{
    char path[64], line[512];
    bool maps = false;
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    FILE *file = fopen(path, "re");
    while (file && !maps && fgets(line, sizeof line, file)) {
        unsigned long inode;
        maps = strstr(line, "/memfd:trace") && sscanf(line, "%*s %*s %*s %*s %lu", &inode) == 1 &&
               inode == mark;
    }
    if (file)
        fclose(file);
    return maps;
}

static inline bool holds_memory(pid_t pid, ino_t mark)
{
    char path[64], file[400];
    bool holds = false;
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *fds = opendir(path);
    for (struct dirent *entry; fds && !holds && (entry = readdir(fds));) {
        struct stat memory;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        holds = stat(file, &memory) == 0 && memory.st_ino == mark && S_ISREG(memory.st_mode);
    }
    if (fds)
        closedir(fds);
    return holds;
}

static inline unsigned count_runners(ino_t mark, bool (*has)(pid_t pid, ino_t mark))
{
    unsigned count = 0;
    DIR *processes = opendir("/proc");
    assert_non_null(processes);
    for (struct dirent *entry; (entry = readdir(processes));) {
        pid_t pid = atoi(entry->d_name);
        count += pid > 0 && is_runner(pid) && !is_zombie(pid) && has(pid, mark);
    }
    closedir(processes);
    return count;
}

static inline unsigned count_of_run(ino_t mark)
{
    return count_runners(mark, maps_memory);
}

static inline bool is_killed(pid_t pid, ino_t mark)
{
    return maps_memory(pid, mark) && kill(pid, SIGKILL) == 0;
}

/* What a sandbox with something left out may leave. */
static inline void kill_of_run(ino_t mark)
{
    while (count_runners(mark, is_killed) > 0)
        ;
}

/* The spawner closes its own once it has handed them over. */
static inline bool is_let_go(ino_t mark)
{
    const uint64_t give_up = clock_ns() + PATIENT_MS * UINT64_C(1000000);
    while (count_runners(mark, holds_memory) > 0)
        if (clock_ns() > give_up)
            return false;
    return true;
}

/* Whether two files of /proc say the same. */
static inline bool say_same(const char *a, const char *b)
{
    char texts[2][4096] = {"", ""};
    const char *const paths[] = {a, b};
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(paths[i], "re");
        assert_non_null(file);
        texts[i][fread(texts[i], 1, sizeof texts[i] - 1, file)] = '\0';
        fclose(file);
    }
    return texts[0][0] && strcmp(texts[0], texts[1]) == 0;
}

static inline bool shares_cgroups(pid_t init)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/cgroup", init);
    return say_same("/proc/self/cgroup", path);
}

/* The root of a sandbox, where it must not be. */
static inline bool shows_its_mount(void)
{
    char line[1024];
    bool shows = false;
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    assert_non_null(mounts);
    while (!shows && fgets(line, sizeof line, mounts))
        shows = strstr(line, "size=4k,nr_inodes=2") != NULL;
    fclose(mounts);
    return shows;
}

static inline void keep_chunks(void *context, const void *bytes, size_t n)
{
    struct finished *finished = context;
    (void)bytes;
    finished->trace_bytes += n;
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
    const struct supervisor_hooks hooks = {
        .output = keep_output, .chunks = keep_chunks, .explored = keep_explored};
    struct supervisor *supervisor = NULL;
    struct err err = {0};
    struct job job;
    *finished = (struct finished){0};
    job_init(&job, scenario);
    job.schedule.mode = mode;
    job.schedule.max_seconds = 1;
    if (supervisor_new(&supervisor, worker, &job, limits, &hooks, finished, &err) < 0)
        fail_msg("%s: %s", scenario, err.text);
    return supervisor;
}

static inline struct supervisor *start_run(struct worker *worker, const char *scenario,
                                           const struct limits *limits, struct finished *finished)
{
    return start_run_under(worker, scenario, SCHEDULE_FREE, limits, finished);
}

/* Steps once there is something to do. Returns whether the run is done. */
static inline bool step_run(struct supervisor *supervisor)
{
    struct pollfd wanted = {.fd = supervisor_fd(supervisor), .events = POLLIN};
    if (poll(&wanted, 1, PATIENT_MS) <= 0)
        fail_msg("a run did nothing for %u ms", PATIENT_MS);
    return supervisor_step(supervisor);
}

static inline void run_hostile(struct launcher *launcher, const char *scenario,
                               const struct limits *limits, struct finished *ret)
{
    struct worker worker = wait_worker(launcher);
    const ino_t mark = mark_of(&worker);
    const bool in_place = shares_cgroups(worker.pid);
    struct supervisor *supervisor = start_run(&worker, scenario, limits, ret);
    while (!step_run(supervisor))
        ;
    ret->left_over = count_of_run(mark);
    if (ret->left_over > 0)
        kill_of_run(mark);
    ret->let_go = is_let_go(mark);
    ret->in_place = in_place && !shows_its_mount();
    ret->report = *supervisor_report(supervisor);
    supervisor_free(supervisor);
}

/*
 * As run_hostile(), with a limit that is to be met: where the machine was too busy for the run to
 * say that before it, it gets four times as long.
 */
static inline void run_to_limit(struct launcher *launcher, const char *scenario, unsigned wall_ms,
                                const char *said, struct finished *ret)
{
    for (;; wall_ms *= 4) {
        const struct limits limits = short_limits(wall_ms);
        run_hostile(launcher, scenario, &limits, ret);
        if (strstr(ret->output, said) || wall_ms >= PATIENT_MS)
            return;
    }
}

#endif

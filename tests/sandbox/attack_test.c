/* Every hostile program ends as it should, leaves nobody behind, and the next run is served. */
#include "tests/sandbox/harness.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/jsonw.h"
#include "sandbox/host/memory.h"
#include "sandbox/host/processes.h"
#include "sandbox/jail.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct attack {
    const char *scenario;
    enum ended ended;
    const char *said; /* a part of the output, or NULL */
    int code, exit_signal;
    unsigned wall_ms; /* 0: PATIENT_MS */
};

/* Those that write over it, and one that never began. */
static bool has_no_trace(const char *scenario)
{
    return strstr(scenario, "garbage") || strcmp(scenario, "no-such-thing") == 0;
}

static void expect_nothing_left(const char *scenario, const struct finished *run)
{
    if (run->left_over)
        fail_msg("%s left %u processes", scenario, run->left_over);
    if (!run->let_go)
        fail_msg("%s left its memory", scenario);
    if (!run->in_place)
        fail_msg("%s had a cgroup or a mount outside", scenario);
}

static void expect(struct launcher *launcher, const struct attack *attack)
{
    struct finished run, next;
    const char *said = attack->said ? attack->said : "";
    run_to_limit(launcher, attack->scenario, attack->wall_ms ? attack->wall_ms : PATIENT_MS, said,
                 &run);
    if (run.report.ended != attack->ended)
        fail_msg("%s ended %s: %s", attack->scenario, ended_text(run.report.ended), run.output);
    if (!strstr(run.output, said))
        fail_msg("%s should say \"%s\", said \"%s\"", attack->scenario, said, run.output);
    if (run.report.exited) {
        assert_int_equal(run.report.exit_signal, attack->exit_signal);
        assert_int_equal(run.report.exit_code, attack->exit_signal ? -1 : attack->code);
    }
    if (!has_no_trace(attack->scenario) && (!run.trace_bytes || !run.report.counts.events))
        fail_msg("the trace of %s was lost", attack->scenario);
    expect_nothing_left(attack->scenario, &run);
    const struct limits patient = short_limits(PATIENT_MS);
    run_hostile(launcher, "nothing", &patient, &next);
    assert_int_equal(next.report.ended, ENDED_COMPLETED);
}

static void expect_all(const struct attack *attacks, size_t count)
{
    struct launcher *launcher = start_launcher(2, NULL);
    for (size_t i = 0; i < count; i++)
        expect(launcher, &attacks[i]);
    launcher_free(launcher);
}

#define EXPECT_ALL(...)                                                                            \
    do {                                                                                           \
        static const struct attack attacks[] = {__VA_ARGS__};                                      \
        (void)state;                                                                               \
        expect_all(attacks, sizeof attacks / sizeof *attacks);                                     \
    } while (0)

void test_ways_to_end(void **state)
{
    EXPECT_ALL({"nothing", ENDED_COMPLETED, NULL, 0, 0, 0},
               {"segfault", ENDED_CRASHED, "before", 0, SIGSEGV, 0},
               {"exit-3", ENDED_CRASHED, "before", 3, 0, 0},
               {"abort", ENDED_CRASHED, NULL, 0, SIGABRT, 0},
               {"thread-exit", ENDED_COMPLETED, "joined", 0, 0, 0},
               {"close-everything", ENDED_COMPLETED, "before", 0, 0, 0},
               {"fatal-call", ENDED_CRASHED, "before", 0, SIGSYS, 0});
}

static void expect_too_many_counted(void **state)
{
    EXPECT_ALL({"fork-bomb", ENDED_TIMEOUT, "before", 0, 0, 1000},
               {"count-forks", ENDED_COMPLETED, "forks 79\n", 0, 0, 0},
               {"count-threads", ENDED_COMPLETED, "threads 79\n", 0, 0, 0},
               {"zombies", ENDED_COMPLETED, "zombies 79\n", 0, 0, 0},
               {"too-many-processes", ENDED_TASK_LIMIT, "before", 1, 0, 0},
               {"too-many-threads", ENDED_TASK_LIMIT, "before", 1, 0, 0});
}

/* With a sanitizer they have too much memory before they are too many. */
static void expect_too_many_alive(void **state)
{
    EXPECT_ALL({"fork-bomb", ENDED_TASK_LIMIT, NULL, 0, 0, 0},
               {"count-forks", ENDED_TASK_LIMIT, NULL, 0, 0, 0},
               {"too-many-processes", ENDED_TASK_LIMIT, "before", 1, 0, 0});
}

/* Where the kernel counts all runs together the supervisor counts each. */
static void expect_too_many_looked_at(void **state)
{
    if (!JAIL_SANITIZED)
        expect_too_many_alive(state);
    EXPECT_ALL({"zombies", ENDED_TASK_LIMIT, NULL, 0, 0, 0},
               {"too-many-threads", ENDED_TASK_LIMIT, "before", 1, 0, 0});
}

void test_too_many_tasks(void **state)
{
    if (tier_counts_tasks(tested_tier()))
        expect_too_many_counted(state);
    else
        expect_too_many_looked_at(state);
}

void test_orphans_are_reaped(void **state)
{
    EXPECT_ALL({"orphans", ENDED_COMPLETED, "orphans 1000\n", 0, 0, 0});
}

void test_attacks_on_other_processes(void **state)
{
    EXPECT_ALL({"kill-all", ENDED_COMPLETED, "kill(-1) 0\n", 0, 0, 0},
               {"kill-init", ENDED_COMPLETED, "kill(1) 1\nkill(ppid) 1\nothers 0\n", 0, 0, 0},
               {"daemonise", ENDED_COMPLETED, "daemonised", 0, 0, 0});
}

/* Also where no Landlock keeps signals, as before Linux 6.12; elsewhere this is all that does. */
void test_signals_to_the_own_group_stay_in_the_run(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(2, tested_tier() == TIER_FULL ? "landlock" : NULL);
    const struct limits patient = short_limits(PATIENT_MS), limits = short_limits(1000);
    struct finished other, run;
    struct worker worker = wait_worker(launcher);
    struct supervisor *supervisor = start_run(&worker, "sleep-long", &patient, &other);
    while (other.output_length == 0)
        assert_false(step_run(supervisor));
    run_hostile(launcher, "kill-group", &limits, &run);
    assert_int_equal(run.report.ended, ENDED_CRASHED);
    assert_int_equal(run.report.exit_signal, SIGKILL);
    run_hostile(launcher, "stop-group", &limits, &run);
    assert_int_equal(run.report.ended, ENDED_TIMEOUT);
    for (int i = 0; i < 3; i++) { /* more than were waiting already */
        run_hostile(launcher, "nothing", &patient, &run);
        assert_int_equal(run.report.ended, ENDED_COMPLETED);
    }
    supervisor_cancel(supervisor);
    while (!step_run(supervisor))
        ;
    assert_int_equal(supervisor_report(supervisor)->ended, ENDED_CANCELLED);
    supervisor_free(supervisor);
    launcher_free(launcher);
}

void test_runs_that_do_not_end(void **state)
{
    EXPECT_ALL({"spin", ENDED_TIMEOUT, "before", 0, 0, 1000},
               {"spin-in-threads", ENDED_TIMEOUT, "before", 0, 0, 1000},
               {"spin-in-forks", ENDED_TIMEOUT, "before", 0, 0, 1000},
               {"stop-self", ENDED_TIMEOUT, "before", 0, 0, 1000},
               {"sleep-long", ENDED_TIMEOUT, "before", 0, 0, 1000},
               {"pretend-to-end", ENDED_TIMEOUT, "before", 0, 0, 1500});
}

void test_a_program_that_is_over_in_time_has_not_timed_out(void **state)
{
    EXPECT_ALL({"late-exit", ENDED_COMPLETED, "before", 0, 0, 1500});
}

void test_too_much_of_everything(void **state)
{
    EXPECT_ALL({"count-descriptors", ENDED_COMPLETED, "highest 63\n", 0, 0, 0},
               {"count-timers", ENDED_COMPLETED, "highest 63\n", 0, 0, 0},
               {"shared-bomb", ENDED_COMPLETED, "shared 0\n", 0, 0, 0},
               {"fill-disk", ENDED_COMPLETED, "files 0\n", 0, 0, 0},
               {"grow-pipe", ENDED_CRASHED, NULL, 0, SIGSYS, 0},
               {"flood", ENDED_OUTPUT_LIMIT, "xxxx", 0, 0, 0},
               {"flood-of-nothing", ENDED_OUTPUT_LIMIT, NULL, 0, 0, 0},
               {"use-up-arena", ENDED_MEMORY_LIMIT, "before", 1, 0, 0});
}

/* Where the user is the server's, too, its own are counted as well. */
void test_pending_signals_are_limited(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(1, NULL);
    const struct limits limits = short_limits(PATIENT_MS);
    struct finished run;
    unsigned signals = 0;
    run_hostile(launcher, "count-signals", &limits, &run);
    assert_int_equal(run.report.ended, ENDED_COMPLETED);
    assert_int_equal(sscanf(run.output, "signals %u", &signals), 1);
    assert_true(signals <= 256 && (signals == 256 || !tier_counts_tasks(tested_tier())));
    launcher_free(launcher);
}

void test_garbage_in_shared_memory(void **state)
{
    EXPECT_ALL({"garbage", ENDED_TIMEOUT, NULL, 0, 0, 500},
               {"plausible-garbage", ENDED_COMPLETED, NULL, 0, 0, 0},
               {"punch-trace", ENDED_CRASHED, "before", 0, SIGSYS, 0});
}

void test_memory_is_limited(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(1, NULL);
    struct finished run;
    const struct limits limits = short_limits(PATIENT_MS);
    run_hostile(launcher, "malloc-bomb", &limits, &run);
    unsigned mebibytes = 0;
    if (run.report.ended != ENDED_MEMORY_LIMIT) {
        assert_int_equal(run.report.ended, ENDED_COMPLETED);
        assert_int_equal(sscanf(run.output, "mebibytes %u", &mebibytes), 1);
    }
    if (!JAIL_SANITIZED)
        assert_true(mebibytes < limits.memory_bytes >> 20);
    launcher_free(launcher);
}

void test_memory_of_all_processes_is_limited(void **state)
{
    EXPECT_ALL({"fork-hoard", ENDED_MEMORY_LIMIT, "before\n", 0, 0, 0},
               {"hidden-hoard", ENDED_MEMORY_LIMIT, "before\n", 0, 0, 0},
               {"socket-buffers", ENDED_MEMORY_LIMIT, "before\n", 0, 0, 0});
}

/* Two tasks each are too few to have more than a run may when that is for a sanitizer, too. */
void test_sockets_of_hidden_processes_are_limited(void **state)
{
    if (JAIL_SANITIZED)
        skip();
    EXPECT_ALL({"hidden-sockets", ENDED_MEMORY_LIMIT, "before\n", 0, 0, 0});
}

/* They may not take much of the time of who looks at all runs. */
void test_many_descriptors_are_looked_at_rarely(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(1, NULL);
    const struct limits limits = short_limits(PATIENT_MS);
    struct finished run;
    struct worker worker = wait_worker(launcher);
    const pid_t init = worker.pid;
    struct supervisor *supervisor = start_run(&worker, "many-files", &limits, &run);
    while (run.output_length < 79 * strlen("before\n"))
        assert_false(step_run(supervisor));
    struct usage_look look = {0};
    const uint64_t before = clock_ns();
    usage_of_descendants(init, false, &look);
    assert_int_equal(look.socket_bytes, 0);
    assert_true(look.next_ns > before + 10000000); /* ten times a millisecond for 4,800 of them */
    look = (struct usage_look){.next_ns = UINT64_MAX, .socket_bytes = UINT64_C(1) << 40};
    assert_true(usage_of_descendants(init, false, &look).bytes > UINT64_C(1) << 40);
    assert_true(look.next_ns == UINT64_MAX);
    supervisor_free(supervisor);
    launcher_free(launcher);
}

/* Whether this process may look at those of other users; never more than it was given. */
static void may_trace(bool may)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    assert_int_equal(syscall(SYS_capget, &header, data), 0);
    data[0].effective &= ~(1u << CAP_SYS_PTRACE);
    data[0].effective |= may ? data[0].permitted & 1u << CAP_SYS_PTRACE : 0;
    assert_int_equal(syscall(SYS_capset, &header, data), 0);
}

/* As in a container, whose root is not shown what others have open. */
void test_memory_of_sockets_that_are_not_shown_is_limited(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(1, NULL);
    const struct limits limits = short_limits(PATIENT_MS);
    struct finished run;
    struct worker worker = wait_worker(launcher);
    struct supervisor *supervisor = start_run(&worker, "socket-buffers", &limits, &run);
    may_trace(false);
    while (!step_run(supervisor))
        ;
    may_trace(true);
    assert_int_equal(supervisor_report(supervisor)->ended, ENDED_MEMORY_LIMIT);
    supervisor_free(supervisor);
    launcher_free(launcher);
}

/* The kernel gives a user only so much of it. */
void test_pipe_buffers_are_limited_by_the_kernel(void **state)
{
    EXPECT_ALL({"pipe-buffers", ENDED_TIMEOUT, "before\n", 0, 0, 2000});
}

void test_flood_is_cut_at_the_limit(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(1, NULL);
    struct limits limits = short_limits(PATIENT_MS);
    struct finished run;
    limits.output_bytes = 10000;
    run_hostile(launcher, "flood", &limits, &run);
    assert_int_equal(run.report.ended, ENDED_OUTPUT_LIMIT);
    assert_int_equal(run.report.output_bytes, 10000);
    launcher_free(launcher);
}

void test_raw_output_is_kept_as_text(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(1, NULL);
    const struct limits limits = short_limits(PATIENT_MS);
    struct finished run;
    run_hostile(launcher, "raw-output", &limits, &run);
    assert_int_equal(run.report.ended, ENDED_COMPLETED);
    assert_memory_equal(run.output, "plain text\n", 11);
    assert_non_null(strstr(run.output, "\xff\xfe?\x1b[2J"));
    assert_non_null(strstr(run.output, "the end\n"));
    launcher_free(launcher);
}

/* Whatever the shared memory holds, the report is JSON. */
void test_report_of_garbage_is_bounded(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(1, NULL);
    const struct limits limits = short_limits(400);
    _cleanup_buf_ struct buf text = BUF_INIT(1 << 20);
    struct jsonw json = JSONW(&text);
    struct finished run;
    run_hostile(launcher, "garbage", &limits, &run);
    jsonw_open(&json, '{');
    report_write(&run.report, &json);
    jsonw_close(&json, '}');
    assert_int_equal(buf_error(&text), 0);
    for (size_t i = 0; i < text.len; i++)
        assert_true((unsigned char)text.data[i] >= 0x20);
    assert_true(run.report.counts.tasks <= TRACE_TASKS_MAX);
    assert_true(run.report.wait_count <= REPORT_WAITS_MAX);
    launcher_free(launcher);
}

/*
 * Runs it under that schedule and looks at its report while the supervisor is there: it is JSON and
 * has these members, as far as they are given (ends with NULL).
 */
static void expect_bounded_report(const char *scenario, enum schedule_mode mode,
                                  const char *const *members, struct finished *run)
{
    struct launcher *launcher = start_launcher(1, NULL);
    const struct limits limits = short_limits(members ? PATIENT_MS : 700);
    _cleanup_buf_ struct buf text = BUF_INIT(1 << 20);
    struct jsonw json = JSONW(&text);
    struct worker worker = wait_worker(launcher);
    struct supervisor *supervisor = start_run_under(&worker, scenario, mode, &limits, run);
    while (!step_run(supervisor))
        ;
    jsonw_open(&json, '{');
    report_write(supervisor_report(supervisor), &json);
    jsonw_close(&json, '}');
    assert_int_equal(buf_error(&text), 0);
    for (size_t i = 0; i < text.len; i++)
        assert_true((unsigned char)text.data[i] >= 0x20);
    for (; members && *members; members++)
        if (!strstr(buf_text(&text), *members))
            fail_msg("%s: no %s in %s", scenario, *members, buf_text(&text));
    supervisor_free(supervisor);
    launcher_free(launcher);
}

void test_garbage_for_a_schedule_is_bounded(void **state)
{
    static const char *const forged[] = {"\"enabled\":[{",          "\"races\":[{",
                                         "\"interruptions\":[{",    "\"positions\":[{",
                                         "\"explanation\":{\"en\"", NULL};
    (void)state;
    struct finished run;
    expect_bounded_report("garbage", SCHEDULE_RANDOM, NULL, &run);
    expect_bounded_report("plausible-garbage", SCHEDULE_RANDOM, NULL, &run);
    expect_bounded_report("forged-schedule", SCHEDULE_RANDOM, forged, &run);
}

void test_garbage_for_an_exploration_is_looked_at_all_along(void **state)
{
    (void)state;
    struct finished run;
    expect_bounded_report("garbage", SCHEDULE_EXPLORE, NULL, &run);
    assert_true(run.looks >= 2);
    assert_true(run.executions < UINT64_C(1) << 53);
}

/* A supervisor that is late must not take a run that has ended for one that went on. */
void test_run_that_ended_in_time_is_no_timeout(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(1, NULL);
    const struct limits limits = short_limits(200);
    struct finished run;
    struct worker worker = wait_worker(launcher);
    _cleanup_close_ int pidfd = fcntl(worker.pidfd, F_DUPFD_CLOEXEC, 0);
    uint64_t late = clock_ns() + 2 * limits.wall_ns;
    struct supervisor *supervisor = start_run(&worker, "nothing", &limits, &run);
    assert_int_equal(poll(&(struct pollfd){.fd = pidfd, .events = POLLIN}, 1, PATIENT_MS), 1);
    while (clock_ns() < late)
        ;
    assert_true(supervisor_step(supervisor));
    assert_int_equal(supervisor_report(supervisor)->ended, ENDED_COMPLETED);
    supervisor_free(supervisor);
    launcher_free(launcher);
}

void test_cancelled_run_keeps_its_output(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(1, NULL);
    const struct limits limits = short_limits(PATIENT_MS);
    struct worker worker = wait_worker(launcher);
    struct finished run;
    struct supervisor *supervisor = start_run(&worker, "sleep-long", &limits, &run);
    while (run.output_length == 0)
        assert_false(step_run(supervisor));
    supervisor_cancel(supervisor);
    while (!step_run(supervisor))
        ;
    assert_int_equal(supervisor_report(supervisor)->ended, ENDED_CANCELLED);
    assert_false(supervisor_report(supervisor)->exited);
    assert_string_equal(run.output, "before\n");
    supervisor_free(supervisor);
    launcher_free(launcher);
}

/* What a run's main task has open: "pipe:[12]", … */
static unsigned links_of(pid_t init, char ret[][64], unsigned most)
{
    struct processes processes;
    char path[64];
    unsigned count = 0;
    processes_of(init, &processes);
    assert_int_equal(processes.count, 2);
    for (int fd = 0; fd < 64 && count < most; fd++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)processes.pids[1], fd);
        ssize_t n = readlink(path, ret[count], 63);
        ret[count][n > 0 ? n : 0] = '\0';
        count += n > 0;
    }
    return count;
}

void test_runs_have_no_descriptor_in_common(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(2, NULL);
    const struct limits limits = short_limits(PATIENT_MS);
    struct supervisor *supervisors[2];
    struct finished run;
    char links[2][8][64];
    unsigned counts[2];
    for (int i = 0; i < 2; i++) {
        struct worker worker = wait_worker(launcher);
        pid_t init = worker.pid;
        supervisors[i] = start_run(&worker, "sleep-long", &limits, &run);
        while (run.output_length == 0)
            assert_false(step_run(supervisors[i]));
        counts[i] = links_of(init, links[i], 8);
        assert_in_range(counts[i], 3, 7);
    }
    for (unsigned a = 0; a < counts[0]; a++)
        for (unsigned b = 0; b < counts[1]; b++)
            if (strcmp(links[0][a], links[1][b]) == 0)
                fail_msg("both have %s", links[0][a]);
    supervisor_free(supervisors[0]);
    supervisor_free(supervisors[1]);
    launcher_free(launcher);
}

void test_unknown_scenario_is_refused_by_the_worker(void **state)
{
    EXPECT_ALL({"no-such-thing", ENDED_INTERNAL_ERROR, NULL, JOB_REFUSED, 0, 0});
}

/* Each forbidden call, and how it is answered. */
void test_forbidden_calls(void **state)
{
    static const char expected[] = "open errno 13\n"
                                   "openat errno 13\n"
                                   "exec errno 13\n"
                                   "socket errno 13\n"
                                   "unix-socket errno 13\n"
                                   "socketpair-inet signal 31\n"
                                   "sendmsg errno 13\n"
                                   "ptrace errno 13\n"
                                   "memfd errno 13\n"
                                   "fifo errno 13\n"
                                   "priority errno 13\n"
                                   "mmap-exec errno 13\n"
                                   "mmap-shared errno 13\n"
                                   "mprotect-exec errno 13\n"
                                   "tty errno 25\n"
                                   "clone3 errno 38\n"
                                   "raise-limit signal 31\n"
                                   "limit-of-another signal 31\n"
                                   "unshare signal 31\n"
                                   "clone-namespace signal 31\n"
                                   "setuid signal 31\n"
                                   "mount signal 31\n"
                                   "io_uring signal 31\n"
                                   "keyctl signal 31\n"
                                   "process-memory signal 31\n"
                                   "mlockall signal 31\n"
                                   "madvise-remove signal 31\n"
                                   "ftruncate signal 31\n"
                                   "prctl signal 31\n"
                                   "alarm signal 31\n"
                                   "interval-timer signal 31\n"
                                   "timer signal 31\n"
                                   "parent-death done\n"
                                   "own-affinity done\n"
                                   "affinity-of-another signal 31\n"
                                   "x32 signal 31\n"
                                   "int80 signal 31\n";
    (void)state;
    struct launcher *launcher = start_launcher(1, NULL);
    const struct limits limits = short_limits(PATIENT_MS);
    struct finished run;
    run_hostile(launcher, "refused", &limits, &run);
    assert_string_equal(run.output, expected);
    launcher_free(launcher);
}

static bool is_gone(int pidfd)
{
    struct pollfd wanted = {.fd = pidfd, .events = POLLIN};
    return poll(&wanted, 1, PATIENT_MS) == 1;
}

static pid_t parent_of(pid_t pid)
{
    char path[64], line[256];
    pid_t parent = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "PPid: %d", &parent) == 1)
            break;
    fclose(file);
    return parent;
}

void test_killed_spawner_ends_its_runs_and_is_restarted(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(1, NULL);
    const struct limits limits = short_limits(PATIENT_MS);
    struct worker worker = wait_worker(launcher);
    struct finished run;
    struct err err = {0};
    pid_t spawner = parent_of(worker.pid);
    struct supervisor *supervisor = start_run(&worker, "sleep-long", &limits, &run);
    while (run.output_length == 0)
        assert_false(step_run(supervisor));
    kill(spawner, SIGKILL);
    while (!step_run(supervisor))
        ;
    assert_int_equal(supervisor_report(supervisor)->ended, ENDED_INTERNAL_ERROR);
    assert_string_equal(run.output, "before\n");
    supervisor_free(supervisor);
    int r;
    while ((r = launcher_wait(launcher, &worker, &err)) == 0)
        worker_release(&worker); /* sealed before its spawner was killed */
    assert_int_equal(r, -EPIPE);
    assert_int_equal(launcher_restart(launcher, &err), 0);
    run_hostile(launcher, "nothing", &limits, &run);
    assert_int_equal(run.report.ended, ENDED_COMPLETED);
    launcher_free(launcher);
}

/* A runner that leaves seccomp out from its second start on. */
static void write_weaker_runner(char directory[static 32])
{
    char path[64], runner[PATH_MAX];
    strcpy(directory, "/tmp/interleave-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/runner", directory);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fprintf(file,
            "#!/bin/sh\nmkdir $0-started 2>/dev/null || set -- \"$@\" --without seccomp\n"
            "exec %s \"$@\"\n",
            hostile_runner(runner));
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0755), 0);
}

void test_a_new_spawner_that_isolates_otherwise_is_refused(void **state)
{
    (void)state;
    char directory[32], runner[64], mark[80];
    struct err err = {0};
    write_weaker_runner(directory);
    snprintf(runner, sizeof runner, "%s/runner", directory);
    snprintf(mark, sizeof mark, "%s-started", runner);
    struct launcher *launcher = start_runner(runner, 1, NULL);
    const struct isolation before = *launcher_isolation(launcher);
    assert_int_equal(launcher_restart(launcher, &err), -EPROTO);
    assert_non_null(strstr(err.text, "isolated in another way"));
    assert_memory_equal(launcher_isolation(launcher), &before, sizeof before);
    launcher_free(launcher);
    assert_int_equal(rmdir(mark) | unlink(runner) | rmdir(directory), 0);
}

/* What a test is told of a run that another process started. */
struct told {
    pid_t init;
    ino_t mark;
};

/* In a child, which is then killed: its runs must not outlive it. */
static _Noreturn void run_until_killed(int tell)
{
    struct launcher *launcher = start_launcher(1, NULL);
    const struct limits limits = short_limits(PATIENT_MS);
    struct worker worker = wait_worker(launcher);
    const struct told told = {worker.pid, mark_of(&worker)};
    struct finished run;
    struct supervisor *supervisor = start_run(&worker, "daemonise-and-wait", &limits, &run);
    while (run.output_length == 0)
        supervisor_step(supervisor);
    (void)!write(tell, &told, sizeof told);
    for (;;)
        pause();
}

void test_killed_launcher_ends_its_runs(void **state)
{
    (void)state;
    int tell[2];
    struct told told;
    assert_int_equal(pipe(tell), 0);
    pid_t child = fork();
    if (child == 0)
        run_until_killed(tell[1]);
    close(tell[1]);
    assert_int_equal(read_full(tell[0], &told, sizeof told), sizeof told);
    int pidfd = (int)syscall(SYS_pidfd_open, told.init, 0);
    assert_true(count_of_run(told.mark) >= 2);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(is_gone(pidfd));
    assert_int_equal(count_of_run(told.mark), 0);
    close(pidfd);
    close(tell[0]);
}

/* Every hostile program ends as it should, leaves nobody behind, and the next run is served. */
#include "tests/sandbox/harness.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/jsonw.h"
#include "sandbox/jail.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct attack {
    const char *scenario;
    enum ended ended;
    const char *said; /* a part of the output, or NULL */
    int code, exit_signal;
    unsigned wall_ms; /* 0: 20 s */
};

static void expect(struct launcher *launcher, const struct attack *attack)
{
    struct finished run, next;
    const struct limits limits = short_limits(attack->wall_ms ? attack->wall_ms : 20000);
    run_hostile(launcher, attack->scenario, &limits, &run);
    if (run.report.ended != attack->ended)
        fail_msg("%s ended %s: %s", attack->scenario, ended_text(run.report.ended), run.output);
    if (attack->said && !strstr(run.output, attack->said))
        fail_msg("%s should say \"%s\", said \"%s\"", attack->scenario, attack->said, run.output);
    if (run.report.exited) {
        assert_int_equal(run.report.exit_signal, attack->exit_signal);
        assert_int_equal(run.report.exit_code, attack->exit_signal ? -1 : attack->code);
    }
    if (run.left_over)
        fail_msg("%s left %u processes", attack->scenario, run.left_over);
    run_hostile(launcher, "nothing", &limits, &next);
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

void test_too_many_tasks(void **state)
{
    EXPECT_ALL({"fork-bomb", ENDED_TIMEOUT, NULL, 0, 0, 1000},
               {"count-forks", ENDED_COMPLETED, "forks 79\n", 0, 0, 0},
               {"count-threads", ENDED_COMPLETED, "threads 79\n", 0, 0, 0},
               {"zombies", ENDED_COMPLETED, "zombies 79\n", 0, 0, 0},
               {"orphans", ENDED_COMPLETED, "orphans 1000\n", 0, 0, 0},
               {"too-many-processes", ENDED_TASK_LIMIT, "before", 1, 0, 0},
               {"too-many-threads", ENDED_TASK_LIMIT, "before", 1, 0, 0});
}

void test_attacks_on_other_processes(void **state)
{
    EXPECT_ALL({"kill-all", ENDED_COMPLETED, "kill(-1) 0\n", 0, 0, 0},
               {"kill-init", ENDED_COMPLETED, "kill(1) 1\nkill(ppid) 1\nothers 0\n", 0, 0, 0},
               {"daemonise", ENDED_COMPLETED, "daemonised", 0, 0, 0});
}

void test_runs_that_do_not_end(void **state)
{
    EXPECT_ALL({"spin", ENDED_TIMEOUT, "before", 0, 0, 1000},
               {"spin-in-forks", ENDED_TIMEOUT, "before", 0, 0, 1000},
               {"stop-self", ENDED_TIMEOUT, "before", 0, 0, 1000},
               {"sleep-long", ENDED_TIMEOUT, "before", 0, 0, 1000},
               {"pretend-to-end", ENDED_TIMEOUT, "before", 0, 0, 300});
}

void test_a_program_that_is_over_in_time_has_not_timed_out(void **state)
{
    EXPECT_ALL({"late-exit", ENDED_COMPLETED, "before", 0, 0, 200});
}

void test_too_much_of_everything(void **state)
{
    EXPECT_ALL({"count-descriptors", ENDED_COMPLETED, "highest 63\n", 0, 0, 0},
               {"count-signals", ENDED_COMPLETED, "signals 256\n", 0, 0, 0},
               {"grow-pipe", ENDED_CRASHED, NULL, 0, SIGSYS, 0},
               {"flood", ENDED_OUTPUT_LIMIT, "xxxx", 0, 0, 0},
               {"flood-of-nothing", ENDED_OUTPUT_LIMIT, NULL, 0, 0, 0},
               {"use-up-arena", ENDED_MEMORY_LIMIT, "before", 1, 0, 0});
}

void test_garbage_in_shared_memory(void **state)
{
    EXPECT_ALL({"garbage", ENDED_TIMEOUT, NULL, 0, 0, 500},
               {"plausible-garbage", ENDED_COMPLETED, NULL, 0, 0, 0});
}

void test_memory_is_limited(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(1, NULL);
    struct finished run;
    const struct limits limits = short_limits(20000);
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
    EXPECT_ALL({"fork-hoard", ENDED_MEMORY_LIMIT, "before\n", 0, 0, 10000});
}

void test_flood_is_cut_at_the_limit(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(1, NULL);
    struct limits limits = short_limits(20000);
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
    const struct limits limits = short_limits(20000);
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
    const struct limits limits = short_limits(700);
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
    assert_int_equal(poll(&(struct pollfd){.fd = pidfd, .events = POLLIN}, 1, 30000), 1);
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
    const struct limits limits = short_limits(20000);
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
    const struct limits limits = short_limits(20000);
    struct finished run;
    run_hostile(launcher, "refused", &limits, &run);
    assert_string_equal(run.output, expected);
    launcher_free(launcher);
}

static bool is_gone(int pidfd)
{
    struct pollfd wanted = {.fd = pidfd, .events = POLLIN};
    return poll(&wanted, 1, 10000) == 1;
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
    const struct limits limits = short_limits(20000);
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

/* In a child, which is then killed: its runs must not outlive it. */
static _Noreturn void run_until_killed(int tell)
{
    struct launcher *launcher = start_launcher(1, NULL);
    const struct limits limits = short_limits(60000);
    struct worker worker = wait_worker(launcher);
    pid_t init = worker.pid;
    struct finished run;
    struct supervisor *supervisor = start_run(&worker, "daemonise-and-wait", &limits, &run);
    while (run.output_length == 0)
        supervisor_step(supervisor);
    (void)!write(tell, &init, sizeof init);
    for (;;)
        pause();
}

void test_killed_launcher_ends_its_runs(void **state)
{
    (void)state;
    int tell[2];
    pid_t init;
    char namespace[64];
    assert_int_equal(pipe(tell), 0);
    pid_t child = fork();
    if (child == 0)
        run_until_killed(tell[1]);
    close(tell[1]);
    assert_int_equal(read_full(tell[0], &init, sizeof init), sizeof init);
    int pidfd = (int)syscall(SYS_pidfd_open, init, 0);
    pid_namespace(init, namespace);
    assert_true(count_in_namespace(namespace) >= 3);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(is_gone(pidfd));
    assert_int_equal(count_in_namespace(namespace), 0);
    close(pidfd);
    close(tell[0]);
}

/*
 * For every layer of the jail, in the tier that is tested, a fact that holds while the layer is
 * there and does not without it: a rule that were lost would be noticed. Most are seen from outside
 * (host/facts.h), on a worker that runs a scenario; the others are what a hostile program is told
 * or leaves.
 */
#include "tests/sandbox/harness.h"

#include "tests/sandbox/hostile/hostile.h"

#include "sandbox/host/facts.h"
#include "sandbox/host/processes.h"

#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

/* A run that has begun and stays. */
struct stage {
    struct launcher *launcher;
    struct supervisor *supervisor;
    struct finished run;
    struct subject subject;
};

static void stage_init(struct stage *stage, const char *without)
{
    const struct limits limits = short_limits(PATIENT_MS);
    struct processes processes;
    stage->launcher = start_launcher(1, without);
    struct worker worker = wait_worker(stage->launcher);
    stage->subject = (struct subject){.init = worker.pid, .limits = LIMITS_DEFAULT};
    stage->supervisor = start_run(&worker, "sleep-long", &limits, &stage->run);
    while (stage->run.output_length == 0)
        assert_false(step_run(stage->supervisor));
    processes_of(stage->subject.init, &processes);
    assert_int_equal(processes.count, 2);
    stage->subject.main = processes.pids[1];
}

static void stage_release(struct stage *stage)
{
    supervisor_free(stage->supervisor);
    launcher_free(stage->launcher);
}

/* ---- facts: whether it holds without those layers ---- */

static bool is_seen(const char *layer, const char *without)
{
    struct stage stage;
    stage_init(&stage, without);
    enum fact fact = fact_of(layer, &stage.subject);
    stage_release(&stage);
    if (fact == FACT_UNSEEN)
        fail_msg("%s has no fact", layer);
    return fact == FACT_TRUE;
}

/* Whether it has gone or been sent SIGKILL; what is on its way out does not sleep. */
static bool is_ending(pid_t pid)
{
    char path[64], text[8192];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    while (proc_text(path, text, sizeof text)) {
        const char *state = strstr(text, "\nState:\t"), *pending = strstr(text, "\nSigPnd:\t");
        assert_true(state && pending);
        if (state[8] == 'Z' || state[8] == 'X' ||
            strtoull(pending + 9, NULL, 16) >> (SIGKILL - 1) & 1)
            return true;
        if (state[8] == 'S')
            return false;
    }
    return true;
}

/* Its init is killed, where no namespace takes it along: that tells it before it is gone itself. */
static bool dies_with_its_init(const char *layer, const char *without)
{
    (void)layer;
    struct stage stage;
    stage_init(&stage, without);
    int pidfd = (int)syscall(SYS_pidfd_open, stage.subject.init, 0);
    struct pollfd wanted = {.fd = pidfd, .events = POLLIN};
    assert_true(pidfd >= 0);
    kill(stage.subject.init, SIGKILL);
    assert_int_equal(poll(&wanted, 1, PATIENT_MS), 1);
    bool ends = is_ending(stage.subject.main);
    if (!ends)
        kill(stage.subject.main, SIGKILL);
    close(pidfd);
    stage_release(&stage);
    return ends;
}

/* Whether the program ends in time, says that and leaves nobody. */
static bool runs_to(const char *scenario, const char *said, const char *without)
{
    const struct limits limits = short_limits(PATIENT_MS);
    struct finished run;
    struct launcher *launcher = start_launcher(1, without);
    run_hostile(launcher, scenario, &limits, &run);
    launcher_free(launcher);
    return run.report.ended == ENDED_COMPLETED && strcmp(run.output, said) == 0 &&
           run.left_over == 0;
}

static bool keeps_files_shut(const char *layer, const char *without)
{
    (void)layer;
    return runs_to("open-root", "open errno 13\n", without);
}

static bool leaves_nobody(const char *layer, const char *without)
{
    (void)layer;
    return runs_to("daemonise", "daemonised\n", without);
}

static bool adopts_orphans(const char *layer, const char *without)
{
    (void)layer;
    return runs_to("adopted", "adopted y\n", without);
}

static const struct {
    const char *layer;
    bool (*holds)(const char *layer, const char *without);
    const char *beside; /* layers that are never there in this test: they need it or hide it */
} layers[] = {
    {"user-namespace", is_seen, "run-user-namespace"},
    {"run-user-namespace", is_seen, NULL},
    {"mount-namespace", is_seen, "empty-root"},
    {"empty-root", is_seen, NULL},
    {"network-namespace", is_seen, NULL},
    {"ipc-namespace", is_seen, NULL},
    {"uts-namespace", is_seen, NULL},
    {"cgroup-namespace", is_seen, NULL},
    {"capability-bounds", is_seen, NULL},
    {"pid-namespace", is_seen, NULL},
    {"own-session", is_seen, NULL},
    {"run-domain", leaves_nobody, "run-user"},
    {"subreaper", adopts_orphans, NULL},
    {"resource-limits", is_seen, NULL},
    {"idle-priority", is_seen, NULL},
    {"run-user", is_seen, NULL},
    {"no-capabilities", is_seen, "run-user"},
    {"parent-death", dies_with_its_init, "pid-namespace"},
    {"no-new-privileges", is_seen, "run-domain,landlock,seccomp"},
    {"landlock", keeps_files_shut, "seccomp"},
    {"seccomp", is_seen, NULL},
};
#define LAYERS (sizeof layers / sizeof *layers)

static void join(char *out, size_t size, const char *a, const char *b)
{
    snprintf(out, size, "%s%s%s", a ? a : "", a && b ? "," : "", b ? b : "");
}

static struct isolation isolation_without(const char *without)
{
    struct launcher *launcher = start_exactly(1, without);
    struct isolation isolation = *launcher_isolation(launcher);
    launcher_free(launcher);
    return isolation;
}

static bool lists(const struct isolation *isolation, const char *layer)
{
    for (unsigned i = 0; i < isolation->layer_count; i++)
        if (strcmp(isolation->layers[i], layer) == 0)
            return true;
    return false;
}

/*
 * Without privilege nothing can be set up without a user namespace, which is proof enough; and what
 * this test is under itself, as in a container, no run can be without.
 */
static bool cannot_be_left_out(const char *layer)
{
    if (strcmp(layer, "no-new-privileges") == 0)
        return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
    return geteuid() != 0 && strcmp(layer, "user-namespace") == 0;
}

static void expect_layer(size_t i)
{
    const char *layer = layers[i].layer;
    char without[128];
    join(without, sizeof without, layers[i].beside, NULL);
    if (!layers[i].holds(layer, without[0] ? without : NULL))
        fail_msg("%s is not there, or does nothing", layer);
    if (cannot_be_left_out(layer))
        return;
    join(without, sizeof without, layers[i].beside, layer);
    if (layers[i].holds(layer, without))
        fail_msg("the test of %s cannot fail", layer);
    const struct isolation isolation = isolation_without(without);
    assert_false(lists(&isolation, layer));
}

/* When one is left out everywhere it is that one that has to be missed. */
static bool is_asked_for(const char *layer)
{
    const char *everywhere = getenv("INTERLEAVE_WITHOUT");
    return !everywhere || !*everywhere || strcmp(everywhere, layer) == 0;
}

void test_each_layer_is_what_makes_its_fact_true(void **state)
{
    (void)state;
    const struct isolation isolation = isolation_without(NULL);
    for (size_t i = 0; i < LAYERS; i++)
        if (lists(&isolation, layers[i].layer) && is_asked_for(layers[i].layer))
            expect_layer(i);
}

void test_every_layer_has_a_test(void **state)
{
    (void)state;
    const struct isolation isolation = isolation_without(NULL);
    assert_string_equal(isolation.tier, tier_text(tested_tier()));
    assert_true(isolation.layer_count > 0);
    for (unsigned i = 0; i < isolation.layer_count; i++) {
        bool tested = false;
        for (size_t k = 0; k < LAYERS; k++)
            tested = tested || strcmp(isolation.layers[i], layers[k].layer) == 0;
        if (!tested)
            fail_msg("%s has no test", isolation.layers[i]);
    }
}

static int listen_by_name(const char *text)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(name.sun_path + 1, text, strlen(text));
    const socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(text));
    assert_int_equal(bind(fd, (const struct sockaddr *)&name, n), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

/* The last layer but one, where the last is gone: each of its rules, as far as the kernel knows it.
 */
void test_landlock_keeps_sockets_to_oneself(void **state)
{
    (void)state;
    const struct isolation isolation = isolation_without(NULL);
    const long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
    if (version < 4 || !lists(&isolation, "landlock"))
        skip();
    char said[64];
    int fd = listen_by_name(LANDLOCKED_NAME);
    snprintf(said, sizeof said, "bind %d\nconnect %d\nabstract %d\n", EACCES, EACCES,
             version < 6 ? 0 : EPERM);
    assert_true(runs_to("landlocked", said, "seccomp,network-namespace"));
    close(fd);
}

/* When memory is out the kernel is to end runs, and not the server. */
void test_runs_go_before_the_server_when_memory_is_out(void **state)
{
    (void)state;
    struct stage stage;
    char path[64], text[16];
    stage_init(&stage, NULL);
    snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)stage.subject.main);
    assert_true(proc_text(path, text, sizeof text));
    assert_true(atoi(text) >= 500);
    stage_release(&stage);
}

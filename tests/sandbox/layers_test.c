/*
 * For every layer of the jail a fact that holds while the layer is there and does not without it:
 * a rule that were lost would be noticed. Facts are seen from outside, in /proc, on a worker that
 * runs a scenario, or are what a hostile program is told.
 */
#include "tests/sandbox/harness.h"

#include "sandbox/jail.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* A run that has started: its init and its main task. */
struct subject {
    pid_t init, main;
};

static long status_number(pid_t pid, const char *field, int base)
{
    char path[64], line[256];
    long value = -1;
    size_t n = strlen(field);
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    while (fgets(line, sizeof line, file))
        if (strncmp(line, field, n) == 0 && line[n] == ':')
            value = strtol(line + n + 1, NULL, base);
    fclose(file);
    return value;
}

static pid_t child_of(pid_t parent)
{
    pid_t child = 0;
    DIR *processes = opendir("/proc");
    assert_non_null(processes);
    for (struct dirent *entry; (entry = readdir(processes));) {
        pid_t pid = atoi(entry->d_name);
        if (pid > 0 && status_number(pid, "PPid", 10) == parent)
            child = pid;
    }
    closedir(processes);
    return child;
}

static bool differ(pid_t a, pid_t b, const char *namespace)
{
    char path[64], ours[64], theirs[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", a, namespace);
    ssize_t n = readlink(path, ours, sizeof ours);
    snprintf(path, sizeof path, "/proc/%d/ns/%s", b, namespace);
    ssize_t m = readlink(path, theirs, sizeof theirs);
    assert_true(n > 0 && m > 0);
    return n != m || memcmp(ours, theirs, (size_t)n) != 0;
}

static bool has_own(const struct subject *subject, const char *namespace)
{
    return differ(getpid(), subject->main, namespace);
}

static bool has_user_namespace(const struct subject *subject)
{
    return has_own(subject, "user");
}

/* Beyond the spawner's: processes are counted in it, for each run by itself. */
static bool has_run_user_namespace(const struct subject *subject)
{
    pid_t spawner = (pid_t)status_number(subject->init, "PPid", 10);
    return differ(spawner, subject->main, "user");
}

static bool has_mount_namespace(const struct subject *subject)
{
    return has_own(subject, "mnt");
}

static bool has_network_namespace(const struct subject *subject)
{
    return has_own(subject, "net");
}

static bool has_ipc_namespace(const struct subject *subject)
{
    return has_own(subject, "ipc");
}

static bool has_uts_namespace(const struct subject *subject)
{
    return has_own(subject, "uts");
}

static bool has_cgroup_namespace(const struct subject *subject)
{
    return has_own(subject, "cgroup");
}

static bool has_pid_namespace(const struct subject *subject)
{
    return has_own(subject, "pid");
}

static bool has_empty_root(const struct subject *subject)
{
    char path[64];
    unsigned entries = 0;
    snprintf(path, sizeof path, "/proc/%d/root/", subject->main);
    DIR *root = opendir(path);
    assert_non_null(root);
    for (struct dirent *entry; (entry = readdir(root));)
        entries += entry->d_name[0] != '.';
    closedir(root);
    return entries == 0;
}

static bool has_no_capability_to_gain(const struct subject *subject)
{
    return status_number(subject->main, "CapBnd", 16) == 0;
}

static bool has_no_capability(const struct subject *subject)
{
    return status_number(subject->main, "CapPrm", 16) == 0 &&
           status_number(subject->main, "CapEff", 16) == 0;
}

static bool has_no_new_privileges(const struct subject *subject)
{
    return status_number(subject->main, "NoNewPrivs", 10) == 1;
}

static bool has_filter(const struct subject *subject)
{
    return status_number(subject->main, "Seccomp", 10) == 2;
}

static bool has_own_user(const struct subject *subject)
{
    return status_number(subject->main, "Uid", 10) != status_number(subject->init, "Uid", 10);
}

static bool is_idle(const struct subject *subject)
{
    return sched_getscheduler(subject->main) == SCHED_IDLE;
}

static bool has_limits(const struct subject *subject)
{
    const struct limits limits = LIMITS_DEFAULT;
    const struct {
        int resource;
        rlim_t most;
    } expected[] = {{RLIMIT_CORE, 0},
                    {RLIMIT_FSIZE, 0},
                    {RLIMIT_MEMLOCK, 0},
                    {RLIMIT_MSGQUEUE, 0},
                    {RLIMIT_NOFILE, 64},
                    {RLIMIT_SIGPENDING, 256},
                    {RLIMIT_CPU, limits.cpu_seconds},
                    {RLIMIT_NPROC, limits.tasks + 1},
                    {RLIMIT_STACK, 8 << 20},
                    {RLIMIT_AS, JAIL_SANITIZED ? RLIM_INFINITY : limits.memory_bytes}};
    bool all = true;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct rlimit now;
        assert_int_equal(
            prlimit(subject->main, (__rlimit_resource_t)expected[i].resource, NULL, &now), 0);
        all = all && now.rlim_cur <= expected[i].most;
    }
    return all;
}

/* Asked once its init is killed, where no namespace takes it along. */
static bool dies_with_its_init(const struct subject *subject)
{
    int pidfd = (int)syscall(SYS_pidfd_open, subject->main, 0);
    struct pollfd wanted = {.fd = pidfd, .events = POLLIN};
    assert_true(pidfd >= 0);
    kill(subject->init, SIGKILL);
    bool gone = poll(&wanted, 1, 1000) == 1;
    if (!gone)
        kill(subject->main, SIGKILL);
    close(pidfd);
    return gone;
}

static const struct {
    const char *layer;
    bool (*fact)(const struct subject *subject);
    const char *beside; /* layers that are never there in this test: they need it or hide it */
} layers[] = {
    {"user-namespace", has_user_namespace, "run-user-namespace"},
    {"run-user-namespace", has_run_user_namespace, NULL},
    {"mount-namespace", has_mount_namespace, "empty-root"},
    {"empty-root", has_empty_root, NULL},
    {"network-namespace", has_network_namespace, NULL},
    {"ipc-namespace", has_ipc_namespace, NULL},
    {"uts-namespace", has_uts_namespace, NULL},
    {"cgroup-namespace", has_cgroup_namespace, NULL},
    {"capability-bounds", has_no_capability_to_gain, NULL},
    {"pid-namespace", has_pid_namespace, NULL},
    {"resource-limits", has_limits, NULL},
    {"idle-priority", is_idle, NULL},
    {"run-user", has_own_user, NULL},
    {"no-capabilities", has_no_capability, "run-user"},
    {"parent-death", dies_with_its_init, "pid-namespace"},
    {"no-new-privileges", has_no_new_privileges, "landlock,seccomp"},
    {"seccomp", has_filter, NULL},
};

static void join(char *out, size_t size, const char *a, const char *b)
{
    snprintf(out, size, "%s%s%s", a ? a : "", a && b ? "," : "", b ? b : "");
}

/* Runs something that lasts without those layers and asks for the fact. */
static bool ask(const char *without, bool (*fact)(const struct subject *subject))
{
    struct launcher *launcher = start_launcher(1, without[0] ? without : NULL);
    const struct limits limits = short_limits(20000);
    struct worker worker = wait_worker(launcher);
    struct subject subject = {.init = worker.pid};
    struct finished run;
    struct supervisor *supervisor = start_run(&worker, "sleep-long", &limits, &run);
    while (run.output_length == 0)
        assert_false(step_run(supervisor));
    subject.main = child_of(subject.init);
    assert_true(subject.main > 0);
    bool answer = fact(&subject);
    supervisor_free(supervisor);
    launcher_free(launcher);
    return answer;
}

static bool lists(const struct launcher *launcher, const char *layer)
{
    const struct isolation *isolation = launcher_isolation(launcher);
    for (unsigned i = 0; i < isolation->layer_count; i++)
        if (strcmp(isolation->layers[i], layer) == 0)
            return true;
    return false;
}

static bool is_listed(const char *without, const char *layer)
{
    struct launcher *launcher = start_launcher(1, without);
    bool listed = lists(launcher, layer);
    launcher_free(launcher);
    return listed;
}

void test_each_layer_is_what_makes_its_fact_true(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        char without[128];
        if (!is_listed(NULL, layers[i].layer)) {
            print_message("%s is not on this machine\n", layers[i].layer);
            continue;
        }
        join(without, sizeof without, layers[i].beside, NULL);
        if (!ask(without, layers[i].fact))
            fail_msg("%s is there, but does nothing", layers[i].layer);
        /* Without privilege nothing can be set up without it, which is proof enough. */
        if (geteuid() != 0 && strcmp(layers[i].layer, "user-namespace") == 0)
            continue;
        join(without, sizeof without, layers[i].beside, layers[i].layer);
        if (ask(without, layers[i].fact))
            fail_msg("the test of %s cannot fail", layers[i].layer);
        assert_false(is_listed(without, layers[i].layer));
    }
}

/* Landlock is not seen from outside: the root opens for a program only where it is missing, too. */
void test_landlock_keeps_files_shut(void **state)
{
    (void)state;
    const struct limits limits = short_limits(20000);
    struct finished run;
    struct launcher *launcher = start_launcher(1, "seccomp");
    if (lists(launcher, "landlock")) {
        run_hostile(launcher, "open-root", &limits, &run);
        assert_string_equal(run.output, "open errno 13\n");
    }
    launcher_free(launcher);
    launcher = start_launcher(1, "seccomp,landlock");
    run_hostile(launcher, "open-root", &limits, &run);
    assert_string_equal(run.output, "open errno 0\n");
    launcher_free(launcher);
}

void test_every_layer_has_a_test(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(1, NULL);
    const struct isolation *isolation = launcher_isolation(launcher);
    assert_string_equal(isolation->tier, "full");
    for (unsigned i = 0; i < isolation->layer_count; i++) {
        bool tested = strcmp(isolation->layers[i], "landlock") == 0;
        for (size_t k = 0; k < sizeof layers / sizeof *layers; k++)
            tested = tested || strcmp(isolation->layers[i], layers[k].layer) == 0;
        if (!tested)
            fail_msg("%s has no test", isolation->layers[i]);
    }
    launcher_free(launcher);
}

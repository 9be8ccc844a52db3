#include "sandbox/jail.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/fd.h"
#include "sandbox/landlock.h"
#include "sandbox/reduced.h"
#include "sandbox/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREAD_STACK_BYTES  (JAIL_SANITIZED ? 1u << 20 : 256u << 10)
#define STACK_BYTES         (8u << 20)
#define DESCRIPTORS_MAX     64u
#define SIGNALS_PENDING_MAX 256u
#define OOM_SCORE           "500" /* when memory runs out, a run goes before anything else */
#define FIRST_UID           1u    /* of workers; the spawner and the inits are 0 */

/* Of a user whose processes are counted together, whichever run they are of: beside one a core. */
#define RUNS_OF_USER 2u

/* In which tiers a step is taken. */
#define FULL      BIT(TIER_FULL)
#define ROOT      BIT(TIER_REDUCED_ROOT)
#define USER      BIT(TIER_REDUCED_USER)
#define BIT(tier) (1u << (tier))

struct step {
    const char *layer; /* NULL: preparation, not a rule */
    unsigned tiers;
    int (*apply)(struct jail *jail, unsigned number,
                 struct err *err);              /* NULL: the namespace is all */
    bool (*available)(const struct jail *jail); /* NULL: always */
    unsigned long
        namespaces; /* entered before: the spawner unshares, a worker is cloned into them */
};

static bool has_uid_range(const struct jail *jail)
{
    return jail->uids > 0;
}

static bool has_one_uid(const struct jail *jail)
{
    return jail->uids == 0;
}

/* In full the spawner is root of its namespace. */
static bool may_drop_bounds(const struct jail *jail)
{
    return jail->tier == TIER_FULL ? has_uid_range(jail) : reduced_may_drop_bounds();
}

/* An ordinary user has none, but in a namespace of its own. */
static bool has_capabilities(const struct jail *jail)
{
    return jail->tier == TIER_FULL || reduced_has_capabilities();
}

/* ---- start-up steps ---- */

/* glibc takes a thread's stack and arenas from what it saw at start; both count as address space.
 */
static int prepare_threads(struct jail *jail, unsigned number, struct err *err)
{
    (void)jail, (void)number;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
    int r = pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
    if (r != 0)
        return err_errno(err, r, "default thread stack");
    mallopt(M_ARENA_MAX, 1); /* further arenas reserve 64 MiB of address space each */
    return 0;
}

static int raise_oom_score(struct jail *jail, unsigned number, struct err *err)
{
    (void)jail, (void)number, (void)err;
    _cleanup_close_ int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0)
        (void)write_all(fd, OOM_SCORE, strlen(OOM_SCORE));
    return 0;
}

static int build_filter(struct jail *jail, unsigned number, struct err *err)
{
    (void)number;
    jail->landlock_abi = landlock_abi();
    return filter_build(&jail->filter, err);
}

static int enter_user_namespace(struct jail *jail, unsigned number, struct err *err)
{
    (void)number;
    bool range = false;
    int r = userns_enter(&range, err);
    jail->first_uid = FIRST_UID;
    jail->uids = range ? USERNS_IDS - 2 * FIRST_UID : 0;
    return r;
}

static int make_mounts_private(struct jail *jail, unsigned number, struct err *err)
{
    (void)jail, (void)number;
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return err_errno(err, errno, "making mounts private");
    return 0;
}

/* Both stack on "/" for a moment, so no directory has to exist for the old root. */
static int swap_root(struct err *err)
{
    if (mount("none", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "size=4k,nr_inodes=2,mode=555") < 0)
        return err_errno(err, errno, "mounting an empty tmpfs");
    if (chdir("/tmp") < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
        return err_errno(err, errno, "pivot_root");
    if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return err_errno(err, errno, "detaching the old root");
    return 0;
}

static int empty_root(struct jail *jail, unsigned number, struct err *err)
{
    (void)jail, (void)number;
    const unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
    int r = swap_root(err);
    if (r == 0 && mount("none", "/", NULL, flags, NULL) < 0)
        r = err_errno(err, errno, "making the empty root read-only");
    return r;
}

static int check_root(struct jail *jail, unsigned number, struct err *err)
{
    (void)jail, (void)number;
    return reduced_check_root(err);
}

static int check_user(struct jail *jail, unsigned number, struct err *err)
{
    (void)number;
    if (jail->landlock_abi < LANDLOCK_SIGNALS)
        return err_set(err, ENOSYS, "needs Landlock version %d, this is %d", LANDLOCK_SIGNALS,
                       jail->landlock_abi);
    jail->user_runs = (unsigned)sysconf(_SC_NPROCESSORS_ONLN) + RUNS_OF_USER;
    return reduced_count_tasks(&jail->user_tasks, err);
}

static int find_users(struct jail *jail, unsigned number, struct err *err)
{
    (void)number;
    return reduced_spare_ids(&jail->first_uid, &jail->uids, err);
}

static int change_root(struct jail *jail, unsigned number, struct err *err)
{
    (void)jail, (void)number;
    return reduced_empty_root(err);
}

static int drop_capability_bounds(struct jail *jail, unsigned number, struct err *err)
{
    (void)jail, (void)number;
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
            return err_errno(err, errno, "capability %d", capability);
    return 0;
}

/* ---- steps of a run's init ---- */

/* Its own, so that what the run's tasks are allowed to do is not allowed to reach it. */
static uid_t uid_of(const struct jail *jail, unsigned number)
{
    const unsigned runs = jail->uids / 2 / JAIL_RUNS * JAIL_RUNS;
    return jail->first_uid + number % runs * 2;
}

static int set_no_new_privileges(struct jail *jail, unsigned number, struct err *err)
{
    (void)jail, (void)number;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_errno(err, errno, "PR_SET_NO_NEW_PRIVS");
    return 0;
}

static bool has_signal_scope(const struct jail *jail)
{
    return jail->landlock_abi >= LANDLOCK_SIGNALS;
}

/* The init and its run are one domain of Landlock; the run's own, later, is inside it. */
static int enter_run_domain(struct jail *jail, unsigned number, struct err *err)
{
    int r = set_no_new_privileges(jail, number, err);
    if (r == 0 && (r = landlock_restrict_signals()) < 0)
        err_errno(err, -r, "landlock, signals");
    return r;
}

/* Who has lost its parent becomes the init's child, as in a namespace. */
/* Signals to one's own group do not ask who is in sight: it must be the run's alone. */
static int leave_session(struct jail *jail, unsigned number, struct err *err)
{
    (void)jail, (void)number;
    return setsid() < 0 ? err_errno(err, errno, "setsid") : 0;
}

static int adopt_orphans(struct jail *jail, unsigned number, struct err *err)
{
    (void)jail, (void)number;
    return prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ? err_errno(err, errno, "PR_SET_CHILD_SUBREAPER")
                                                : 0;
}

/*
 * As effective id the run's, so that it may signal the run; as real and saved id another, so that
 * the run may not signal it. Not through the C library, which would tell the spawner's threads.
 */
static int become_keeper(struct jail *jail, unsigned number, struct err *err)
{
    const uid_t run = uid_of(jail, number), own = run + 1;
    if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, own, run, own) < 0 ||
        syscall(SYS_setresuid, own, run, own) < 0)
        return err_errno(err, errno, "becoming user %u", own);
    return 0;
}

/* After the change of user, which clears it. */
static int end_with_spawner(struct jail *jail, unsigned number, struct err *err)
{
    (void)number;
    if (prctl(PR_SET_PDEATHSIG, tier_end_signal(jail->tier)) < 0)
        return err_errno(err, errno, "PDEATHSIG");
    if (jail->tier != TIER_FULL && getppid() != jail->spawner)
        return err_set(err, ESRCH, "the spawner is gone");
    return 0;
}

/* All it can reach it will kill, so this must not be the spawner. That it was there to be reached
 * is seen by end_with_spawner(). */
static int see_reach(struct jail *jail, unsigned number, struct err *err)
{
    (void)number;
    jail->is_contained = kill(jail->spawner, 0) < 0;
    if (!jail->is_contained && !jail->without)
        return err_set(err, EPERM, "signals of a run's first process reach others");
    return 0;
}

/* ---- per-worker steps ---- */

static int limit(int resource, rlim_t soft, rlim_t hard)
{
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)resource, &now) < 0)
        return -errno;
    struct rlimit then = {.rlim_cur = soft < now.rlim_max ? soft : now.rlim_max,
                          .rlim_max = hard < now.rlim_max ? hard : now.rlim_max};
    return setrlimit((__rlimit_resource_t)resource, &then) < 0 ? -errno : 0;
}

/*
 * Without a range of ids the worker's init has the worker's id and is counted with it. In the
 * reduced tier of a user it is all runs that are counted: the supervisor looks at each, and this
 * only keeps one that is quicker from using up all there is.
 */
static rlim_t most_tasks(const struct jail *jail)
{
    if (!tier_counts_tasks(jail->tier))
        return jail->user_tasks + (rlim_t)jail->limits.tasks * jail->user_runs;
    return jail->limits.tasks + (has_uid_range(jail) ? 0 : 1);
}

static int limit_resources(struct jail *jail, unsigned number, struct err *err)
{
    (void)number;
    const rlim_t cpu = jail->limits.cpu_seconds;
    const rlim_t tasks = most_tasks(jail);
    const rlim_t memory = JAIL_SANITIZED ? RLIM_INFINITY : jail->limits.memory_bytes;
    const struct {
        int resource;
        rlim_t soft, hard;
    } limits[] = {
        {RLIMIT_CORE, 1, 1}, /* 0 is ignored where a program is to have dumps; 1 is not (core(5)) */
        {RLIMIT_FSIZE, 0, 0},
        {RLIMIT_MEMLOCK, 0, 0},
        {RLIMIT_MSGQUEUE, 0, 0},
        {RLIMIT_NOFILE, DESCRIPTORS_MAX, DESCRIPTORS_MAX},
        {RLIMIT_SIGPENDING, SIGNALS_PENDING_MAX, SIGNALS_PENDING_MAX},
        {RLIMIT_STACK, STACK_BYTES, STACK_BYTES},
        {RLIMIT_CPU, cpu, cpu + 1},
        {RLIMIT_NPROC, tasks, tasks},
        {RLIMIT_AS, memory, memory},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        int r = limit(limits[i].resource, limits[i].soft, limits[i].hard);
        if (r < 0)
            return err_errno(err, -r, "limit %d", limits[i].resource);
    }
    return 0;
}

/* A spinning run must not slow the start of the next one, nor the supervisor. */
static int lower_priority(struct jail *jail, unsigned number, struct err *err)
{
    (void)jail, (void)number;
    if (sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0}) < 0)
        return err_errno(err, errno, "SCHED_IDLE");
    return 0;
}

/* Processes are counted per id: with its own, no run can use up another's. */
static int become_worker(struct jail *jail, unsigned number, struct err *err)
{
    const uid_t id = uid_of(jail, number);
    if (jail->tier == TIER_FULL && setgroups(0, NULL) < 0)
        return err_errno(err, errno, "leaving all groups");
    if (setresgid(id, id, id) < 0 || setresuid(id, id, id) < 0)
        return err_errno(err, errno, "becoming user %u", id);
    return 0;
}

static int drop_capabilities(struct jail *jail, unsigned number, struct err *err)
{
    (void)jail, (void)number;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    if (syscall(SYS_capset, &header, none) < 0)
        return err_errno(err, errno, "capset");
    return 0;
}

/* After the change of user, which clears it. */
static int die_with_parent(struct jail *jail, unsigned number, struct err *err)
{
    (void)jail, (void)number;
    return prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? err_errno(err, errno, "PDEATHSIG") : 0;
}

static bool has_landlock(const struct jail *jail)
{
    return jail->landlock_abi > 0;
}

static int restrict_landlock(struct jail *jail, unsigned number, struct err *err)
{
    (void)number;
    int r = landlock_restrict(jail->landlock_abi);
    return r < 0 ? err_errno(err, -r, "landlock, version %d", jail->landlock_abi) : 0;
}

static int load_filter(struct jail *jail, unsigned number, struct err *err)
{
    (void)number;
    int r = filter_load(&jail->filter);
    return r < 0 ? err_errno(err, -r, "seccomp") : 0;
}

/* ---- the tables ---- */

/* clang-format off */
static const struct step start_steps[] = {
    {NULL, FULL | ROOT | USER, prepare_threads, NULL, 0},
    {NULL, FULL | ROOT | USER, raise_oom_score, NULL, 0},
    {NULL, FULL | ROOT | USER, build_filter, NULL, 0},
    {NULL, ROOT, check_root, NULL, 0},
    {NULL, USER, check_user, NULL, 0},
    {NULL, ROOT, find_users, NULL, 0},
    {"user-namespace", FULL, enter_user_namespace, NULL, 0},
    {NULL, FULL | ROOT | USER, die_with_parent, NULL, 0},
    {"mount-namespace", FULL, make_mounts_private, NULL, CLONE_NEWNS},
    {"empty-root", FULL, empty_root, NULL, 0},
    {"empty-root", ROOT, change_root, NULL, 0},
    {"network-namespace", FULL, NULL, NULL, CLONE_NEWNET},
    {"ipc-namespace", FULL, NULL, NULL, CLONE_NEWIPC},
    {"uts-namespace", FULL, NULL, NULL, CLONE_NEWUTS},
    {"cgroup-namespace", FULL, NULL, NULL, CLONE_NEWCGROUP},
    {"capability-bounds", FULL | ROOT | USER, drop_capability_bounds, may_drop_bounds, 0},
};

static const struct step init_steps[] = {
    {"run-domain", ROOT | USER, enter_run_domain, has_signal_scope, 0},
    {"own-session", FULL | ROOT | USER, leave_session, NULL, 0},
    {"subreaper", ROOT | USER, adopt_orphans, NULL, 0},
    {"run-user", ROOT, become_keeper, NULL, 0},
    {NULL, ROOT | USER, see_reach, NULL, 0},
    {NULL, FULL | ROOT | USER, end_with_spawner, NULL, 0},
};

static const struct step worker_steps[] = {
    {"pid-namespace", FULL, NULL, NULL, CLONE_NEWPID},
    {"run-user-namespace", FULL, NULL, has_one_uid, CLONE_NEWUSER},
    /* A new user namespace has given them all back. */
    {"capability-bounds", FULL, drop_capability_bounds, has_one_uid, 0},
    {"resource-limits", FULL | ROOT | USER, limit_resources, NULL, 0},
    {"idle-priority", FULL | ROOT | USER, lower_priority, NULL, 0},
    {"run-user", FULL | ROOT, become_worker, has_uid_range, 0},
    {"no-capabilities", FULL | ROOT | USER, drop_capabilities, has_capabilities, 0},
    {"parent-death", FULL | ROOT | USER, die_with_parent, NULL, 0},
    {"no-new-privileges", FULL | ROOT | USER, set_no_new_privileges, NULL, 0},
    {"landlock", FULL | ROOT | USER, restrict_landlock, has_landlock, 0},
    {"seccomp", FULL | ROOT | USER, load_filter, NULL, 0},
};
/* clang-format on */

#define STEPS(table) (table), sizeof(table) / sizeof *(table)

static bool is_left_out(const struct jail *jail, const char *layer)
{
    size_t n = layer ? strlen(layer) : 0;
    for (const char *p = n > 0 ? jail->without : NULL; p; p = strchr(p, ',')) {
        p += *p == ',';
        if (strncmp(p, layer, n) == 0 && (p[n] == ',' || p[n] == '\0'))
            return true;
    }
    return false;
}

static bool is_on(const struct jail *jail, const struct step *step)
{
    return step->tiers & TIER_BIT(jail->tier) && (!step->available || step->available(jail)) &&
           !is_left_out(jail, step->layer);
}

static int take(struct jail *jail, const struct step *step, unsigned number, struct err *err)
{
    int r = step->apply && is_on(jail, step) ? step->apply(jail, number, err) : 0;
    return r < 0 && step->layer ? err_wrap(err, "%s", step->layer) : r;
}

static int take_all(struct jail *jail, const struct step *steps, size_t count, unsigned number,
                    struct err *err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < count; i++)
        r = take(jail, &steps[i], number, err);
    return r;
}

void jail_init(struct jail *jail, enum tier tier, const struct limits *limits, const char *without)
{
    *jail = (struct jail){.tier = tier, .limits = *limits, .without = without};
}

int jail_enter(struct jail *jail, struct err *err)
{
    jail->spawner = getpid();
    for (size_t i = 0; i < sizeof start_steps / sizeof *start_steps; i++) {
        const struct step *step = &start_steps[i];
        if (step->namespaces && is_on(jail, step) && unshare((int)step->namespaces) < 0)
            return err_errno(err, errno, "%s: unshare", step->layer);
        int r = take(jail, step, 0, err);
        if (r < 0)
            return r;
    }
    return 0;
}

unsigned long jail_clone_flags(const struct jail *jail)
{
    unsigned long flags = 0;
    for (size_t i = 0; i < sizeof worker_steps / sizeof *worker_steps; i++)
        if (is_on(jail, &worker_steps[i]))
            flags |= worker_steps[i].namespaces;
    return flags;
}

int jail_keep(struct jail *jail, unsigned number, struct err *err)
{
    return take_all(jail, STEPS(init_steps), number, err);
}

int jail_seal(struct jail *jail, unsigned number, struct err *err)
{
    return take_all(jail, STEPS(worker_steps), number, err);
}

/* A signal to all reaches every process at once: none can fork itself out of its way. */
void jail_end_run(const struct jail *jail)
{
    if (jail->tier == TIER_FULL || !jail->is_contained)
        return;
    kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        ;
}

/* A layer that is put up in two places is one. */
static bool is_listed(const struct isolation *isolation, const char *layer)
{
    for (unsigned i = 0; i < isolation->layer_count; i++)
        if (strcmp(isolation->layers[i], layer) == 0)
            return true;
    return false;
}

static void list(const struct jail *jail, const struct step *steps, size_t count,
                 struct isolation *ret)
{
    for (size_t i = 0; i < count; i++)
        if (steps[i].layer && is_on(jail, &steps[i]) && !is_listed(ret, steps[i].layer))
            snprintf(ret->layers[ret->layer_count++], sizeof ret->layers[0], "%s", steps[i].layer);
}

void jail_describe(const struct jail *jail, struct isolation *ret)
{
    *ret = (struct isolation){.tier = "reduced"};
    if (!jail->without)
        snprintf(ret->tier, sizeof ret->tier, "%s", tier_text(jail->tier));
    list(jail, STEPS(start_steps), ret);
    list(jail, STEPS(init_steps), ret);
    list(jail, STEPS(worker_steps), ret);
}

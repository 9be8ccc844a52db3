#include "sandbox/reduced.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/host/processes.h"
#include "sandbox/userns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAP_TEXT 4096u

/* What no process of a map this small is likely to be; two for each of JAIL_RUNS, and some more. */
#define SPARE_LOWEST 20000u
#define SPARE_FEWEST 1024u

static uint64_t effective_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    if (syscall(SYS_capget, &header, data) < 0)
        return 0;
    return (uint64_t)data[1].effective << 32 | data[0].effective;
}

int reduced_check_root(struct err *err)
{
    static const struct {
        unsigned capability;
        const char *name;
    } needed[] = {{CAP_SETUID, "CAP_SETUID"},
                  {CAP_SETGID, "CAP_SETGID"},
                  {CAP_KILL, "CAP_KILL"},
                  {CAP_SYS_CHROOT, "CAP_SYS_CHROOT"}};
    uint64_t have = effective_capabilities();
    if (geteuid() != 0)
        return err_set(err, EPERM, "needs root");
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!(have >> needed[i].capability & 1))
            return err_set(err, EPERM, "needs %s", needed[i].name);
    return 0;
}

bool reduced_has_capabilities(void)
{
    return effective_capabilities() != 0;
}

bool reduced_may_drop_bounds(void)
{
    return effective_capabilities() >> CAP_SETPCAP & 1;
}

/* ---- the empty root ---- */

/* Enters a directory that only it has ever seen, and removes it. */
static int enter_removed_directory(const char *in)
{
    char path[64];
    snprintf(path, sizeof path, "%s/interleave-XXXXXX", in);
    if (!mkdtemp(path))
        return -errno;
    int r = chdir(path) < 0 || chmod(path, 0555) < 0 ? -errno : 0;
    return rmdir(path) < 0 && r == 0 ? -errno : r;
}

int reduced_empty_root(struct err *err)
{
    static const char *const places[] = {"/dev/shm", "/tmp", "/var/tmp", "/run"};
    int r = -ENOENT;
    for (size_t i = 0; r < 0 && i < sizeof places / sizeof *places; i++)
        r = enter_removed_directory(places[i]);
    if (r < 0)
        return err_errno(err, -r, "an empty directory in /dev/shm, /tmp, /var/tmp or /run");
    if (chroot(".") < 0 || chdir("/") < 0)
        return err_errno(err, errno, "chroot");
    return 0;
}

/* ---- users ---- */

/* Whether the map has all of them. */
static bool has_ids(const char *map, uint64_t first, uint64_t count)
{
    uint64_t inside, outside, length;
    int used;
    for (; sscanf(map, "%lu %lu %lu%n", &inside, &outside, &length, &used) == 3; map += used)
        if (inside <= first && first + count <= inside + length)
            return true;
    return false;
}

/* As far from those that others took as there is room: kernels count processes by id alone. */
int reduced_spare_ids(uid_t *ret_first, unsigned *ret_count, struct err *err)
{
    char uids[MAP_TEXT], gids[MAP_TEXT];
    unsigned random = 0;
    if (!proc_text("/proc/self/uid_map", uids, sizeof uids) ||
        !proc_text("/proc/self/gid_map", gids, sizeof gids))
        return err_errno(err, errno, "reading the id map");
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random = (unsigned)getpid();
    *ret_first = HOST_IDS + random % HOST_IDS_RANGES * USERNS_IDS;
    *ret_count = USERNS_IDS;
    if (has_ids(uids, *ret_first, *ret_count) && has_ids(gids, *ret_first, *ret_count))
        return 0;
    *ret_first = SPARE_LOWEST + random % SPARE_FEWEST;
    for (unsigned count = USERNS_IDS / 2; count >= SPARE_FEWEST; count /= 2) {
        *ret_count = count;
        if (has_ids(uids, *ret_first, count) && has_ids(gids, *ret_first, count))
            return 0;
    }
    return err_set(err, EINVAL, "needs %u user ids from %u on", SPARE_FEWEST, *ret_first);
}

/* ---- counting ---- */

/* The threads of a process, if it is the user's. */
static uint64_t tasks_of(const char *pid, uid_t user)
{
    char path[64], text[4096];
    const char *uid, *threads;
    snprintf(path, sizeof path, "/proc/%.20s/status", pid);
    if (!proc_text(path, text, sizeof text) || !(uid = strstr(text, "\nUid:\t")) ||
        strtoul(uid + 6, NULL, 10) != user || !(threads = strstr(text, "\nThreads:\t")))
        return 0;
    return strtoul(threads + 10, NULL, 10);
}

/* A child that may have none can fork all the same. */
static bool has_no_limit(void)
{
    int status = 1;
    pid_t pid = fork();
    if (pid == 0) {
        setrlimit(RLIMIT_NPROC, &(struct rlimit){0});
        _exit(fork() >= 0);
    }
    return pid < 0 || waitpid(pid, &status, 0) != pid || status != 0;
}

int reduced_count_tasks(uint64_t *ret, struct err *err)
{
    if (has_no_limit())
        return err_set(err, EPERM,
                       "needs a user whose processes can be limited, which root is not");
    DIR *processes = opendir("/proc");
    if (!processes)
        return err_errno(err, errno, "counting processes in /proc");
    *ret = 0;
    for (struct dirent *entry; (entry = readdir(processes));)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            *ret += tasks_of(entry->d_name, getuid());
    closedir(processes);
    return 0;
}

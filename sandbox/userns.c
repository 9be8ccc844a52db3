/*
 * How it works. A map may only be written from the parent namespace (or, for one id, from inside),
 * so a helper is forked before the caller unshares. The caller unshares and closes its end of a
 * pipe; the helper, woken by that, writes the maps of its parent and tells by its exit code which.
 */
#include "sandbox/userns.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAPPED_RANGE, MAPPED_ONE, MAPPED_NOTHING };

static int write_file(pid_t pid, const char *name, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd < 0 ? -errno : write_all(fd, text, strlen(text));
}

static int map_ids(pid_t pid, uid_t uid, gid_t gid, unsigned count)
{
    char uids[64], gids[64];
    snprintf(uids, sizeof uids, "0 %u %u\n", uid, count);
    snprintf(gids, sizeof gids, "0 %u %u\n", gid, count);
    int r = write_file(pid, "uid_map", uids);
    return r < 0 ? r : write_file(pid, "gid_map", gids);
}

static int helper(int ready, pid_t parent)
{
    char byte;
    /* Spread by pid: kernels before 5.14 count processes per host id, whatever the namespace. */
    unsigned base = HOST_IDS + (unsigned)parent % HOST_IDS_RANGES * USERNS_IDS;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || read_full(ready, &byte, 1) != 0)
        return MAPPED_NOTHING;
    if (geteuid() == 0 && map_ids(parent, base, base, USERNS_IDS) == 0)
        return MAPPED_RANGE;
    write_file(parent, "setgroups", "deny");
    return map_ids(parent, geteuid(), getegid(), 1) == 0 ? MAPPED_ONE : MAPPED_NOTHING;
}

/* In a fresh map of a range the caller's own id is not there: become its root. */
static int become_root(struct err *err)
{
    if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
        return err_errno(err, errno, "becoming root of the user namespace");
    return 0;
}

int userns_enter(bool *ret_range, struct err *err)
{
    int go[2], status;
    pid_t self = getpid();
    if (pipe2(go, O_CLOEXEC) < 0)
        return err_errno(err, errno, "pipe to the id map helper");
    pid_t pid = fork();
    if (pid == 0) {
        close(go[1]);
        _exit(helper(go[0], self));
    }
    int r = pid < 0 || unshare(CLONE_NEWUSER) < 0 ? -errno : 0;
    close(go[0]);
    close(go[1]);
    if (pid < 0)
        return err_errno(err, -r, "forking the id map helper");
    if (waitpid(pid, &status, 0) < 0)
        status = MAPPED_NOTHING;
    if (r < 0)
        return err_errno(err, -r, "unshare(CLONE_NEWUSER)");
    if (!WIFEXITED(status) || WEXITSTATUS(status) == MAPPED_NOTHING)
        return err_set(err, EPERM, "the id map of the user namespace was refused");
    *ret_range = WEXITSTATUS(status) == MAPPED_RANGE;
    return *ret_range ? become_root(err) : 0;
}

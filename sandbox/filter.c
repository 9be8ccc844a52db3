#include "sandbox/filter.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __NR_futex_waitv
#define __NR_futex_waitv 449
#endif

/* Namespaces (all CLONE_NEW*), and what would take a child out of its init's sight. */
#define CLONE_REFUSED (0x7E020000u | CLONE_PTRACE | CLONE_PARENT | CLONE_UNTRACED)

/* Together or not at all: then the supervisor sees every descriptor by that of its process. */
#define CLONE_SHARING ((uint64_t)CLONE_THREAD | CLONE_FILES)

/* One condition on one argument: (argument & mask) == value. */
struct condition {
    unsigned argument;
    uint64_t mask;
    uint64_t value;
};

/* A call that is allowed, or answered with an errno, while both conditions hold. */
struct rule {
    int call;
    int refusal; /* errno, or 0: allowed */
    struct condition when[2];
};

/* A table reads best as one: */
/* clang-format off */
#define ANY            {0, 0, 0}
#define IS(a, v)       {a, UINT32_MAX, v} /* an int: the kernel looks at the lower half only */
#define IS_NULL(a)     {a, UINT64_MAX, 0}
#define NONE_OF(a, m)  {a, m, 0}
#define ALL_OF(a, m)   {a, m, m}
#define ALL_BUT(a, v, m) {a, (v) | (m), v} /* all of v, nothing of m */

#define ALLOW(name)             {SCMP_SYS(name), 0, {ANY, ANY}}
#define ALLOW_IF(name, ...)     {SCMP_SYS(name), 0, {__VA_ARGS__}}
#define REFUSE(name, e)         {SCMP_SYS(name), e, {ANY, ANY}}
#define REFUSE_IF(name, e, ...) {SCMP_SYS(name), e, {__VA_ARGS__}}

static const struct rule rules[] = {
    /* Bytes in and out of descriptors the task has: an address would name a socket of others. */
    ALLOW(read), ALLOW(write), ALLOW(readv), ALLOW(writev), ALLOW(close), ALLOW(lseek),
    ALLOW(pipe), ALLOW(pipe2), ALLOW(dup), ALLOW(dup2), ALLOW(dup3),
    ALLOW_IF(sendto, IS_NULL(4), ANY), ALLOW(recvfrom), ALLOW(shutdown),
    ALLOW_IF(socketpair, IS(0, AF_UNIX), ANY), REFUSE(socket, EACCES),
    ALLOW_IF(fcntl, IS(1, F_DUPFD), ANY), ALLOW_IF(fcntl, IS(1, F_DUPFD_CLOEXEC), ANY),
    ALLOW_IF(fcntl, IS(1, F_GETFD), ANY), ALLOW_IF(fcntl, IS(1, F_SETFD), ANY),
    ALLOW_IF(fcntl, IS(1, F_GETFL), ANY), ALLOW_IF(fcntl, IS(1, F_SETFL), ANY),
    REFUSE(ioctl, ENOTTY),

    /* Waiting. restart_syscall: a nanosleep across STOP and CONT goes on through it. */
    ALLOW(poll), ALLOW(ppoll), ALLOW(select), ALLOW(pselect6), ALLOW(epoll_create1),
    ALLOW(epoll_ctl), ALLOW(epoll_wait), ALLOW(epoll_pwait), ALLOW(epoll_pwait2), ALLOW(eventfd2),
    ALLOW(timerfd_create), ALLOW(timerfd_settime), ALLOW(timerfd_gettime), ALLOW(signalfd4),
    ALLOW(futex), {__NR_futex_waitv, 0, {ANY, ANY}}, ALLOW(nanosleep), ALLOW(clock_nanosleep),
    ALLOW(sched_yield), ALLOW(pause), ALLOW(restart_syscall),

    /* Memory, never executable: no code but ours. Never shared: host/memory.c could not tell it from
     * what all tasks share anyway. MADV_REMOVE would punch holes in the trace. */
    ALLOW(brk), ALLOW(munmap), ALLOW(mremap),
    ALLOW_IF(mmap, NONE_OF(2, PROT_EXEC), NONE_OF(3, MAP_SHARED)),
    REFUSE_IF(mmap, EACCES, ALL_OF(2, PROT_EXEC), ANY),
    REFUSE_IF(mmap, EACCES, ALL_OF(3, MAP_SHARED), ANY),
    ALLOW_IF(mprotect, NONE_OF(2, PROT_EXEC), ANY),
    REFUSE_IF(mprotect, EACCES, ALL_OF(2, PROT_EXEC), ANY),
    ALLOW_IF(madvise, IS(2, MADV_NORMAL), ANY), ALLOW_IF(madvise, IS(2, MADV_DONTNEED), ANY),
    ALLOW_IF(madvise, IS(2, MADV_FREE), ANY), ALLOW_IF(madvise, IS(2, MADV_WILLNEED), ANY),
    ALLOW_IF(madvise, IS(2, MADV_HUGEPAGE), ANY), ALLOW_IF(madvise, IS(2, MADV_NOHUGEPAGE), ANY),
    ALLOW_IF(madvise, IS(2, MADV_DONTDUMP), ANY),
    ALLOW(membarrier),

    /* Processes and threads. clone3 hides its flags behind a pointer: glibc falls back to clone. */
    ALLOW_IF(clone, NONE_OF(0, CLONE_REFUSED | CLONE_SHARING), ANY),
    ALLOW_IF(clone, ALL_BUT(0, CLONE_SHARING, CLONE_REFUSED), ANY),
    REFUSE(clone3, ENOSYS), ALLOW(fork), ALLOW(vfork), ALLOW(wait4), ALLOW(waitid),
    ALLOW(exit), ALLOW(exit_group), ALLOW(getpid),
    ALLOW(gettid), ALLOW(getppid), ALLOW(getpgrp), ALLOW(getuid), ALLOW(geteuid), ALLOW(getgid),
    ALLOW(getegid), ALLOW(setsid), ALLOW(setpgid), ALLOW(set_robust_list), ALLOW(rseq),
    ALLOW(getcpu), ALLOW(getrusage), ALLOW(sched_getaffinity),
    ALLOW(pidfd_open), ALLOW_IF(sched_setaffinity, IS(0, 0), ANY),
    ALLOW_IF(prctl, IS(0, PR_SET_NAME), ANY), ALLOW_IF(prctl, IS(0, PR_SET_VMA), ANY),
    ALLOW_IF(prctl, IS(0, PR_SET_PDEATHSIG), ANY),
    ALLOW_IF(prlimit64, IS(0, 0), IS_NULL(2)),

    /* Signals, clocks, randomness. No timer sends a signal: host/standstill.c rests on that. */
    ALLOW(kill), ALLOW(tgkill), ALLOW(rt_sigaction), ALLOW(rt_sigprocmask), ALLOW(rt_sigreturn),
    ALLOW(rt_sigsuspend), ALLOW(rt_sigtimedwait), ALLOW(rt_sigpending), ALLOW(rt_sigqueueinfo),
    ALLOW(sigaltstack), ALLOW(gettimeofday), ALLOW(clock_gettime), ALLOW(getrandom),

    /* What a curious program tries: an errno it can print instead of its death. newfstatat: whether
     * it is of a descriptor or of a path is said in memory, where no filter looks. */
    REFUSE(open, EACCES), REFUSE(openat, EACCES), REFUSE(openat2, EACCES), REFUSE(creat, EACCES),
    REFUSE(stat, EACCES), REFUSE(lstat, EACCES), REFUSE(fstat, EACCES),
    REFUSE(newfstatat, EACCES), REFUSE(statx, EACCES), REFUSE(statfs, EACCES),
    REFUSE(fstatfs, EACCES), REFUSE(access, EACCES), REFUSE(faccessat, EACCES),
    REFUSE(readlink, EACCES), REFUSE(execve, EACCES), REFUSE(execveat, EACCES),
    REFUSE(memfd_create, EACCES), REFUSE(ptrace, EACCES),
    REFUSE(sched_setscheduler, EACCES), REFUSE(sched_setparam, EACCES),
    REFUSE(sched_setattr, EACCES), REFUSE(setpriority, EACCES),
    REFUSE(sendmsg, EACCES), REFUSE(recvmsg, EACCES), REFUSE(shmget, EACCES),
    REFUSE(semget, EACCES), REFUSE(msgget, EACCES), REFUSE(mq_open, EACCES),
};
/* clang-format on */

static int add_rule(scmp_filter_ctx context, const struct rule *rule)
{
    struct scmp_arg_cmp compare[2];
    unsigned count = 0;
    for (unsigned i = 0; i < 2; i++)
        if (rule->when[i].mask)
            compare[count++] = (struct scmp_arg_cmp){
                .arg = rule->when[i].argument,
                .op = SCMP_CMP_MASKED_EQ,
                .datum_a = rule->when[i].mask,
                .datum_b = rule->when[i].value,
            };
    uint32_t action = rule->refusal ? SCMP_ACT_ERRNO((uint16_t)rule->refusal) : SCMP_ACT_ALLOW;
    return seccomp_rule_add_array(context, action, rule->call, count, compare);
}

static int describe(scmp_filter_ctx context, struct err *err)
{
    int r = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (r == 0)
        r = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (r < 0)
        return err_errno(err, -r, "setting up the seccomp filter");
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if ((r = add_rule(context, &rules[i])) < 0)
            return err_errno(err, -r, "seccomp rule for call %d", rules[i].call);
    return 0;
}

static int export(scmp_filter_ctx context, struct filter *ret, struct err *err)
{
    struct stat file;
    _cleanup_close_ int fd = memfd_create("filter", MFD_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "memfd for the seccomp filter");
    int r = seccomp_export_bpf(context, fd);
    if (r < 0)
        return err_errno(err, -r, "exporting the seccomp filter");
    if (fstat(fd, &file) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return err_errno(err, errno, "reading the seccomp filter back");
    size_t bytes = (size_t)file.st_size;
    _cleanup_free_ struct sock_filter *code = malloc(bytes);
    if (!code)
        return err_errno(err, ENOMEM, "the seccomp filter");
    if (read_full(fd, code, bytes) != (ssize_t)bytes)
        return err_set(err, EIO, "the exported seccomp filter is shorter than it said");
    ret->program.len = (unsigned short)(bytes / sizeof *code);
    ret->program.filter = steal_ptr(&code);
    return 0;
}

int filter_build(struct filter *ret, struct err *err)
{
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!context)
        return err_errno(err, ENOMEM, "the seccomp filter");
    int r = describe(context, err);
    if (r == 0)
        r = export(context, ret, err);
    seccomp_release(context);
    return r;
}

int filter_load(const struct filter *filter)
{
    long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter->program);
    return r < 0 ? -errno : 0;
}

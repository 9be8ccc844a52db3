/*
 * Every system call there is, each in a child of its own, without arguments: prints "NUMBER errno
 * 13" of those that were refused and "NUMBER let through" of others; those that end their caller
 * with SIGSYS, as most do, are left out. What a task needs is not tried: some of it would not
 * return.
 */
#define HOSTILE_FIRST 7000
#include "tests/sandbox/hostile/hostile.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS 512

/* clang-format off */
static const int needed[] = {
    /* files */
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_close, SYS_lseek, SYS_pipe2, SYS_dup, SYS_dup3,
    SYS_sendto, SYS_recvfrom, SYS_shutdown, SYS_fcntl,
    /* waiting */
    SYS_ppoll, SYS_pselect6, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_epoll_pwait2,
    SYS_eventfd2, SYS_timerfd_create, SYS_timerfd_settime, SYS_timerfd_gettime, SYS_signalfd4,
    SYS_futex, 449 /* futex_waitv */, SYS_nanosleep, SYS_clock_nanosleep, SYS_sched_yield,
    SYS_restart_syscall,
    /* memory */
    SYS_brk, SYS_munmap, SYS_mremap, SYS_mmap, SYS_mprotect, SYS_madvise, SYS_membarrier,
    /* processes */
    SYS_clone, SYS_wait4, SYS_waitid, SYS_exit, SYS_exit_group, SYS_getpid, SYS_gettid,
    SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_setsid, SYS_setpgid,
    SYS_set_robust_list, SYS_rseq, SYS_getcpu, SYS_getrusage, SYS_sched_getaffinity,
    SYS_pidfd_open, SYS_sched_setaffinity, SYS_prlimit64,
    /* signals, clocks, randomness */
    SYS_kill, SYS_tgkill, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,
    SYS_rt_sigsuspend, SYS_rt_sigtimedwait, SYS_rt_sigpending, SYS_rt_sigqueueinfo,
    SYS_sigaltstack, SYS_gettimeofday, SYS_clock_gettime, SYS_getrandom,
#if defined(__x86_64__)
    SYS_pipe, SYS_dup2, SYS_poll, SYS_select, SYS_epoll_wait, SYS_pause, SYS_fork, SYS_vfork,
    SYS_getpgrp,
    /* uretprobe and uprobe: no filter sees them, nobody but the kernel's probes can use them */
    335, 336,
#endif
};
/* clang-format on */

static bool is_needed(int call)
{
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (needed[i] == call)
            return true;
    return false;
}

/* How the kernel answered a child: 0, an errno, or the signal that ended it as a negative number.
 */
static int answer_to(long call, const long argument[6])
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        long r = syscall(call, argument[0], argument[1], argument[2], argument[3], argument[4],
                         argument[5]);
        _exit(r < 0 ? errno : 0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        abort();
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void show(const char *name, int answer)
{
    if (answer < 0)
        say("%s signal %d", name, -answer);
    else if (answer > 0)
        say("%s errno %d", name, answer);
    else
        say("%s let through", name);
}

static void every_call(void)
{
    for (int call = 0; call < CALLS; call++) {
        char number[16];
        int answer = is_needed(call) ? -SIGSYS : answer_to(call, (long[6]){0});
        snprintf(number, sizeof number, "%d", call);
        if (answer != -SIGSYS)
            show(number, answer);
    }
    say("that is all");
}
HOSTILE(every_call, "every-call", every_call);

/* Calls that are allowed, with what is not. */
static void forbidden_arguments(void)
{
    const struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};
    const struct sockaddr_un other = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    const struct {
        const char *name;
        long call, argument[6];
    } tries[] = {
        {"clone-ptrace", SYS_clone, {CLONE_PTRACE | SIGCHLD}},
        {"clone-parent", SYS_clone, {CLONE_PARENT | SIGCHLD}},
        {"clone-untraced", SYS_clone, {CLONE_UNTRACED | SIGCHLD}},
        {"clone-thread-alone", SYS_clone, {CLONE_VM | CLONE_SIGHAND | CLONE_THREAD}},
        {"clone-files-alone", SYS_clone, {CLONE_FILES | SIGCHLD}},
        {"clone-newns", SYS_clone, {CLONE_NEWNS | SIGCHLD}},
        {"clone-newcgroup", SYS_clone, {CLONE_NEWCGROUP | SIGCHLD}},
        {"clone-newuts", SYS_clone, {CLONE_NEWUTS | SIGCHLD}},
        {"clone-newipc", SYS_clone, {CLONE_NEWIPC | SIGCHLD}},
        {"clone-newuser", SYS_clone, {CLONE_NEWUSER | SIGCHLD}},
        {"clone-newpid", SYS_clone, {CLONE_NEWPID | SIGCHLD}},
        {"clone-newnet", SYS_clone, {(long)(unsigned)CLONE_NEWNET | SIGCHLD}},
        {"fcntl-setown", SYS_fcntl, {1, 8 /* F_SETOWN */, 1}},
        {"fcntl-setlk", SYS_fcntl, {1, 6 /* F_SETLK */, 0}},
        {"fcntl-lease", SYS_fcntl, {1, 1024 /* F_SETLEASE */, 0}},
        {"fcntl-pipe-size", SYS_fcntl, {1, 1031 /* F_SETPIPE_SZ */, 1 << 20}},
        {"fcntl-seals", SYS_fcntl, {1, 1033 /* F_ADD_SEALS */, 1}},
        {"madvise-remove", SYS_madvise, {0, 0, 9 /* MADV_REMOVE */}},
        {"madvise-merge", SYS_madvise, {0, 0, 12 /* MADV_MERGEABLE */}},
        {"madvise-poison", SYS_madvise, {0, 0, 100 /* MADV_HWPOISON */}},
        {"prctl-dumpable", SYS_prctl, {PR_SET_DUMPABLE, 1}},
        {"prctl-seccomp", SYS_prctl, {PR_SET_SECCOMP, 1}},
        {"prctl-mm", SYS_prctl, {PR_SET_MM, PR_SET_MM_BRK}},
        {"prctl-subreaper", SYS_prctl, {PR_SET_CHILD_SUBREAPER, 1}},
        {"prlimit-raise", SYS_prlimit64, {0, RLIMIT_NPROC, (long)&more}},
        {"prlimit-of-another", SYS_prlimit64, {1, RLIMIT_NPROC, 0}},
        {"affinity-of-another", SYS_sched_setaffinity, {1, 0, 0}},
        {"socketpair-packet", SYS_socketpair, {17 /* AF_PACKET */, 1, 0}},
        {"sendto-address", SYS_sendto, {1, 0, 0, 0, (long)&other, sizeof other}},
        {"mmap-exec", SYS_mmap, {0, 4096, 4 /* PROT_EXEC */, 0x22}},
        {"mmap-shared", SYS_mmap, {0, 4096, 3, 0x21}},
        {"mprotect-exec", SYS_mprotect, {0, 0, 4}},
        {"mprotect-exec-write", SYS_mprotect, {0, 0, 7}},
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
        show(tries[i].name, answer_to(tries[i].call, tries[i].argument));
}
HOSTILE(forbidden_arguments, "forbidden-arguments", forbidden_arguments);

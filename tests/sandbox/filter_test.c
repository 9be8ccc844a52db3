/* The seccomp filter as a run sees it: each refusal is there, and nothing is let through beside
 * what tasks need (tests/sandbox/hostile/calls.c). */
#include "tests/sandbox/harness.h"

#include <stdlib.h>
#include <sys/syscall.h>

static void run_program(const char *scenario, struct finished *run)
{
    const struct limits limits = short_limits(PATIENT_MS);
    struct launcher *launcher = start_launcher(1, NULL);
    run_hostile(launcher, scenario, &limits, run);
    launcher_free(launcher);
}

#define REFUSED(call)                                                                              \
    {                                                                                              \
        SYS_##call, EACCES, #call                                                                  \
    }

static const struct {
    int call, refusal;
    const char *name;
} refused[] = {
#if defined(__x86_64__)
    REFUSED(open),
    REFUSED(stat),
    REFUSED(lstat),
    REFUSED(fstat),
    REFUSED(access),
    REFUSED(creat),
    REFUSED(readlink),
#endif
    REFUSED(openat),
    REFUSED(openat2),
    REFUSED(newfstatat),
    REFUSED(statx),
    REFUSED(statfs),
    REFUSED(fstatfs),
    REFUSED(faccessat),
    REFUSED(execve),
    REFUSED(execveat),
    REFUSED(memfd_create),
    REFUSED(ptrace),
    REFUSED(sched_setscheduler),
    REFUSED(sched_setparam),
    REFUSED(sched_setattr),
    REFUSED(setpriority),
    REFUSED(socket),
    REFUSED(sendmsg),
    REFUSED(recvmsg),
    REFUSED(shmget),
    REFUSED(semget),
    REFUSED(msgget),
    REFUSED(mq_open),
    {SYS_ioctl, ENOTTY, "ioctl"},
    {SYS_clone3, ENOSYS, "clone3"},
};
#define REFUSALS (sizeof refused / sizeof *refused)

/* The next line "CALL errno E", or false. */
static bool next_answer(const char **text, int *ret_call, int *ret_errno)
{
    int used = 0;
    if (sscanf(*text, "%d errno %d\n%n", ret_call, ret_errno, &used) != 2 || used == 0)
        return false;
    *text += used;
    return true;
}

void test_every_call_is_refused_needed_or_fatal(void **state)
{
    (void)state;
    struct finished run;
    bool seen[REFUSALS] = {false};
    int call, answer;
    run_program("every-call", &run);
    const char *text = run.output;
    while (next_answer(&text, &call, &answer)) {
        size_t i = 0;
        while (i < REFUSALS && refused[i].call != call)
            i++;
        if (i == REFUSALS)
            fail_msg("call %d should be fatal, was answered with %s", call, strerror(answer));
        if (answer != refused[i].refusal)
            fail_msg("%s should be refused, was: %s", refused[i].name, strerror(answer));
        seen[i] = true;
    }
    assert_string_equal(text, "that is all\n");
    for (size_t i = 0; i < REFUSALS; i++)
        if (!seen[i])
            fail_msg("%s should be refused, but is fatal", refused[i].name);
}

void test_arguments_are_looked_at(void **state)
{
    static const char expected[] = "clone-ptrace signal 31\n"
                                   "clone-parent signal 31\n"
                                   "clone-untraced signal 31\n"
                                   "clone-thread-alone signal 31\n"
                                   "clone-files-alone signal 31\n"
                                   "clone-newns signal 31\n"
                                   "clone-newcgroup signal 31\n"
                                   "clone-newuts signal 31\n"
                                   "clone-newipc signal 31\n"
                                   "clone-newuser signal 31\n"
                                   "clone-newpid signal 31\n"
                                   "clone-newnet signal 31\n"
                                   "fcntl-setown signal 31\n"
                                   "fcntl-setlk signal 31\n"
                                   "fcntl-lease signal 31\n"
                                   "fcntl-pipe-size signal 31\n"
                                   "fcntl-seals signal 31\n"
                                   "madvise-remove signal 31\n"
                                   "madvise-merge signal 31\n"
                                   "madvise-poison signal 31\n"
                                   "prctl-dumpable signal 31\n"
                                   "prctl-seccomp signal 31\n"
                                   "prctl-mm signal 31\n"
                                   "prctl-subreaper signal 31\n"
                                   "prlimit-raise signal 31\n"
                                   "prlimit-of-another signal 31\n"
                                   "affinity-of-another signal 31\n"
                                   "socketpair-packet signal 31\n"
                                   "sendto-address signal 31\n"
                                   "mmap-exec errno 13\n"
                                   "mmap-shared errno 13\n"
                                   "mprotect-exec errno 13\n"
                                   "mprotect-exec-write errno 13\n";
    (void)state;
    struct finished run;
    run_program("forbidden-arguments", &run);
    assert_string_equal(run.output, expected);
}

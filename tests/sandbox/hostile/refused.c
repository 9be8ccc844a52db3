/*
 * One forbidden system call after the other, each in a child of its own: prints how it was
 * answered, "NAME errno 13", "NAME signal 31", or "NAME done" when it was let through.
 */
#define HOSTILE_FIRST 4000
#include "tests/sandbox/hostile/hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long try_open(void)
{
    return open("/proc/self/mem", O_RDWR);
}

static long try_openat(void)
{
    return openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
}

static long try_exec(void)
{
    return execve("/bin/true", (char *[]){"true", NULL}, (char *[]){NULL});
}

static long try_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static long try_unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long try_netlink_pair(void)
{
    int pair[2];
    return socketpair(AF_INET, SOCK_STREAM, 0, pair);
}

static long try_sendmsg(void)
{
    struct msghdr message = {0};
    return sendmsg(1, &message, 0);
}

static long try_ptrace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static long try_memfd(void)
{
    return memfd_create("x", 0);
}

static long try_fifo(void)
{
    return sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){1});
}

static long try_priority(void)
{
    return setpriority(PRIO_PROCESS, 0, -20);
}

static long try_executable_memory(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0) == MAP_FAILED
               ? -1
               : 0;
}

static long try_shared_memory(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
               ? -1
               : 0;
}

static long try_make_executable(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static long try_tty(void)
{
    char c = 'x';
    return ioctl(1, TIOCSTI, &c);
}

static long try_clone3(void)
{
    struct clone_args arguments = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
    return syscall(SYS_clone3, &arguments, sizeof arguments);
}

static long try_raise_limit(void)
{
    struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};
    return prlimit(0, RLIMIT_NPROC, &more, NULL);
}

static long try_limit_of_another(void)
{
    struct rlimit now;
    return prlimit(1, RLIMIT_NPROC, NULL, &now);
}

static long try_unshare(void)
{
    return unshare(CLONE_NEWUSER);
}

static long try_clone_namespace(void)
{
    return syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0);
}

static long try_setuid(void)
{
    return setuid(0);
}

static long try_mount(void)
{
    return syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL);
}

static long try_io_uring(void)
{
    return syscall(SYS_io_uring_setup, 1, NULL);
}

static long try_keyctl(void)
{
    return syscall(SYS_keyctl, 0, 0);
}

static long try_process_memory(void)
{
    return syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0);
}

static long try_mlock(void)
{
    return syscall(SYS_mlockall, MCL_FUTURE); /* a sanitizer swallows the function */
}

static long try_punch_hole(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return madvise(page, 4096, MADV_REMOVE);
}

static long try_truncate(void)
{
    return ftruncate(1, 0);
}

static long try_prctl_dumpable(void)
{
    return syscall(SYS_prctl, 4, 1, 0, 0, 0);
}

/* The two the tasks do need: to die with their parent, and to stay on one processor. */
static long try_parent_death(void)
{
    return syscall(SYS_prctl, 1, SIGTERM, 0, 0, 0);
}

static long try_alarm(void)
{
    return (long)alarm(1);
}

static long try_interval_timer(void)
{
    const struct itimerval soon = {.it_value.tv_usec = 1};
    return setitimer(ITIMER_REAL, &soon, NULL);
}

static long try_timer(void)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    return timer_create(CLOCK_MONOTONIC, &event, &timer);
}

static long try_affinity(pid_t pid)
{
    cpu_set_t processors;
    if (sched_getaffinity(0, sizeof processors, &processors) < 0)
        return -1;
    return sched_setaffinity(pid, sizeof processors, &processors);
}

static long try_own_affinity(void)
{
    return try_affinity(0);
}

static long try_affinity_of_another(void)
{
    return try_affinity(1);
}

static long try_x32(void)
{
    return syscall(0x40000000 | SYS_getpid);
}

static long try_32_bit(void)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
    return result;
}

static const struct {
    const char *name;
    long (*attempt)(void);
} attempts[] = {
    {"open", try_open},
    {"openat", try_openat},
    {"exec", try_exec},
    {"socket", try_socket},
    {"unix-socket", try_unix_socket},
    {"socketpair-inet", try_netlink_pair},
    {"sendmsg", try_sendmsg},
    {"ptrace", try_ptrace},
    {"memfd", try_memfd},
    {"fifo", try_fifo},
    {"priority", try_priority},
    {"mmap-exec", try_executable_memory},
    {"mmap-shared", try_shared_memory},
    {"mprotect-exec", try_make_executable},
    {"tty", try_tty},
    {"clone3", try_clone3},
    {"raise-limit", try_raise_limit},
    {"limit-of-another", try_limit_of_another},
    {"unshare", try_unshare},
    {"clone-namespace", try_clone_namespace},
    {"setuid", try_setuid},
    {"mount", try_mount},
    {"io_uring", try_io_uring},
    {"keyctl", try_keyctl},
    {"process-memory", try_process_memory},
    {"mlockall", try_mlock},
    {"madvise-remove", try_punch_hole},
    {"ftruncate", try_truncate},
    {"prctl", try_prctl_dumpable},
    {"alarm", try_alarm},
    {"interval-timer", try_interval_timer},
    {"timer", try_timer},
    {"parent-death", try_parent_death},
    {"own-affinity", try_own_affinity},
    {"affinity-of-another", try_affinity_of_another},
    {"x32", try_x32},
    {"int80", try_32_bit},
};

static void refused(void)
{
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0) {
            long r = attempts[i].attempt();
            _exit(r < 0 ? errno : 0);
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid)
            abort();
        if (WIFSIGNALED(status))
            say("%s signal %d", attempts[i].name, WTERMSIG(status));
        else if (WEXITSTATUS(status))
            say("%s errno %d", attempts[i].name, WEXITSTATUS(status));
        else
            say("%s done", attempts[i].name);
    }
}
HOSTILE(refused, "refused", refused);

/* The main task itself makes the call that is fatal. */
static void fatal_call(void)
{
    say("before");
    unshare(CLONE_NEWUSER);
}
HOSTILE(fatal_call, "fatal-call", fatal_call);

/* What Landlock and the empty root leave of the file system when nothing else is in the way. */
static void open_root(void)
{
    int fd = open("/", O_RDONLY | O_DIRECTORY);
    say("open errno %d", fd < 0 ? errno : 0);
}
HOSTILE(open_root, "open-root", open_root);

/* What is refused without the filter, too: TCP, and who is known by an abstract name. */
static void landlocked(void)
{
    int tcp = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0);
    const struct sockaddr_in here = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(name.sun_path + 1, LANDLOCKED_NAME, strlen(LANDLOCKED_NAME));
    const socklen_t n =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(LANDLOCKED_NAME));
    say("bind %d", bind(tcp, (const struct sockaddr *)&here, sizeof here) < 0 ? errno : 0);
    say("connect %d", connect(tcp, (const struct sockaddr *)&here, sizeof here) < 0 ? errno : 0);
    say("abstract %d", connect(local, (const struct sockaddr *)&name, n) < 0 ? errno : 0);
}
HOSTILE(landlocked, "landlocked", landlocked);

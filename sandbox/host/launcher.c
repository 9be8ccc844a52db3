#include "sandbox/host/launcher.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/clock.h"
#include "sandbox/base/fd.h"
#include "sandbox/host/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define POOL_MAX       16u
#define SPAWNER_SOCKET 3 /* in the spawner */
#define HELLO_TIMEOUT  10000
#define WORKER_TIMEOUT 10000
#define CATALOGUE_MAX  (64 << 20)

/* The spawner's work would compete with the run that was just started, so it waits a little. */
#define REFILL_DELAY_NS 2000000
#define LACK_DELAY_NS   100000000 /* when there were no descriptors for a worker */

struct launcher {
    struct launcher_options options;
    char runner[PATH_MAX];
    char without[128];
    pid_t pid; /* of the spawner, 0 when there is none */
    int socket;
    int timer; /* time to refill */
    int epoll; /* socket and timer */
    struct isolation isolation;
    char *catalogue;
    size_t catalogue_bytes;
    struct worker ready[POOL_MAX];
    unsigned ready_count;
    unsigned asked; /* workers asked for and not here yet */
};

void worker_end(const struct worker *worker)
{
    const int signal = tier_end_signal(worker->tier);
    if (worker->pidfd >= 0)
        syscall(SYS_pidfd_send_signal, worker->pidfd, signal, NULL, 0);
}

void worker_release(struct worker *worker)
{
    worker_end(worker);
    close_fd(&worker->pidfd);
    close_fd(&worker->memory);
    close_fd(&worker->request);
    close_fd(&worker->output);
    close_fd(&worker->status);
    close_fd(&worker->epoll);
    close_fd(&worker->timer);
    worker->pid = 0;
}

static int find_runner(char *out, const char *given, struct err *err)
{
    ssize_t n = given ? 0 : readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (n < 0)
        return err_errno(err, errno, "finding the running program");
    out[n] = '\0';
    const char *slash = strrchr(out, '/');
    size_t directory = slash ? (size_t)(slash + 1 - out) : 0;
    const char *name = given ? given : "interleave-runner";
    if (directory + strlen(name) >= PATH_MAX)
        return err_set(err, ENAMETOOLONG, "the runner's path is too long");
    strcpy(out + directory, name);
    return 0;
}

/* ---- the spawner process ---- */

/* A session of its own: a terminal's interrupt is for the server, which ends its runs itself. */
static int spawn(const char *runner, char *const argv[], int socket, pid_t *ret)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, socket, SPAWNER_SOCKET);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    int r = posix_spawn(ret, runner, &files, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return -r;
}

static int start_spawner(struct launcher *launcher, struct err *err)
{
    const struct limits *limits = &launcher->options.limits;
    char tasks[24], memory[24], cpu[24];
    int ends[2];
    snprintf(tasks, sizeof tasks, "%u", limits->tasks);
    snprintf(memory, sizeof memory, "%llu", (unsigned long long)limits->memory_bytes);
    snprintf(cpu, sizeof cpu, "%llu", (unsigned long long)limits->cpu_seconds);
    char *argv[] = {"interleave-runner",
                    "spawn",
                    "--socket",
                    "3",
                    "--tasks",
                    tasks,
                    "--memory",
                    memory,
                    "--cpu",
                    cpu,
                    "--tier",
                    (char *)tier_name(launcher->options.tier),
                    launcher->without[0] ? "--without" : NULL,
                    launcher->without,
                    NULL};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return err_errno(err, errno, "socket to the spawner");
    int r = spawn(launcher->runner, argv, ends[1], &launcher->pid);
    close(ends[1]);
    launcher->socket = ends[0];
    return r < 0 ? err_errno(err, -r, "starting %s", launcher->runner) : 0;
}

static int read_catalogue(struct launcher *launcher, int fd, struct err *err)
{
    struct stat file;
    if (fstat(fd, &file) < 0 || file.st_size <= 0 || file.st_size > CATALOGUE_MAX)
        return err_set(err, EPROTO, "the catalogue has no sensible size");
    size_t n = (size_t)file.st_size;
    _cleanup_free_ char *text = malloc(n + 1);
    if (!text)
        return err_errno(err, ENOMEM, "the catalogue");
    if (pread(fd, text, n, 0) != (ssize_t)n)
        return err_set(err, EIO, "the catalogue is shorter than it said");
    text[n] = '\0';
    launcher->catalogue = steal_ptr(&text);
    launcher->catalogue_bytes = n;
    return 0;
}

static int await_readable(int fd, int timeout_ms)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    int n;
    do
        n = poll(&wanted, 1, timeout_ms);
    while (n < 0 && errno == EINTR);
    return n > 0 ? 0 : n < 0 ? -errno : -ETIMEDOUT;
}

/* What came by a socket is not taken at its word, though it is this program's own. */
static bool err_is_whole(const struct err *err)
{
    return err->code >= 0 && memchr(err->text, '\0', sizeof err->text);
}

static bool isolation_is_whole(const struct isolation *isolation)
{
    const unsigned most = sizeof isolation->layers / sizeof isolation->layers[0];
    bool whole =
        isolation->layer_count <= most && memchr(isolation->tier, '\0', sizeof isolation->tier);
    for (unsigned i = 0; whole && i < isolation->layer_count; i++)
        whole = memchr(isolation->layers[i], '\0', sizeof isolation->layers[i]);
    return whole;
}

/* What was said of isolation was said for as long as the launcher lives, and others read it. */
static bool isolates_as_before(const struct launcher *launcher, const struct isolation *now)
{
    return memcmp(now, &launcher->isolation, sizeof *now) == 0;
}

static int receive_hello(struct launcher *launcher, struct err *err)
{
    struct spawner_hello hello;
    _cleanup_close_ int catalogue = -1;
    int r = await_readable(launcher->socket, HELLO_TIMEOUT);
    ssize_t n = r < 0 ? r : fd_receive(launcher->socket, &hello, sizeof hello, &catalogue, 1);
    if (n < 0)
        return err_errno(err, (int)-n, "waiting for the spawner");
    if (n != sizeof hello)
        return err_set(err, EPROTO, "the spawner ended before it was ready (%s)", launcher->runner);
    if (!err_is_whole(&hello.err) || !isolation_is_whole(&hello.isolation))
        return err_set(err, EPROTO, "the spawner's first message is malformed");
    if (hello.err.code)
        return err_set(err, hello.err.code, "%s", hello.err.text);
    if (launcher->catalogue)
        return isolates_as_before(launcher, &hello.isolation)
                   ? 0
                   : err_set(err, EPROTO, "runs would be isolated in another way than before");
    launcher->isolation = hello.isolation;
    return read_catalogue(launcher, catalogue, err);
}

static void stop_spawner(struct launcher *launcher)
{
    while (launcher->ready_count > 0)
        worker_release(&launcher->ready[--launcher->ready_count]);
    launcher->asked = 0;
    close_fd(&launcher->socket);
    if (launcher->pid > 0) {
        kill(launcher->pid, SIGKILL);
        while (waitpid(launcher->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    launcher->pid = 0;
}

/* ---- the pool ---- */

static int watch(struct launcher *launcher, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(launcher->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* Asks for what the pool lacks. A spawner that is gone is noticed when it is read from. */
static void refill(struct launcher *launcher)
{
    while (launcher->ready_count + launcher->asked < launcher->options.pool &&
           send(launcher->socket, "w", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1)
        launcher->asked++;
}

static void refill_in(struct launcher *launcher, long ns)
{
    const struct itimerspec then = {.it_value.tv_nsec = ns};
    timerfd_settime(launcher->timer, 0, &then, NULL);
}

static void refill_later(struct launcher *launcher)
{
    refill_in(launcher, REFILL_DELAY_NS);
}

static int begin(struct launcher *launcher, struct err *err)
{
    int r = start_spawner(launcher, err);
    if (r == 0)
        r = receive_hello(launcher, err);
    if (r == 0 && ((r = fd_nonblocking(launcher->socket, 1)) < 0 ||
                   (r = watch(launcher, launcher->socket)) < 0))
        err_errno(err, -r, "watching the spawner");
    if (r == 0)
        refill(launcher);
    else
        stop_spawner(launcher);
    return r;
}

int launcher_new(struct launcher **ret, const struct launcher_options *options, struct err *err)
{
    struct launcher *launcher = calloc(1, sizeof *launcher);
    if (!launcher)
        return err_errno(err, ENOMEM, "the launcher");
    launcher->options = *options;
    if (launcher->options.pool < 1 || launcher->options.pool > POOL_MAX)
        launcher->options.pool = launcher->options.pool < 1 ? 1 : POOL_MAX;
    snprintf(launcher->without, sizeof launcher->without, "%s",
             options->without ? options->without : "");
    launcher->socket = -1;
    launcher->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    launcher->epoll = epoll_create1(EPOLL_CLOEXEC);
    int r = launcher->timer < 0 || launcher->epoll < 0 || watch(launcher, launcher->timer) < 0
                ? err_errno(err, errno, "the launcher's descriptors")
                : find_runner(launcher->runner, options->runner, err);
    if (r == 0)
        r = begin(launcher, err);
    if (r == 0)
        *ret = launcher;
    else
        launcher_free(launcher);
    return r;
}

void launcher_free(struct launcher *launcher)
{
    if (!launcher)
        return;
    stop_spawner(launcher);
    close_fd(&launcher->timer);
    close_fd(&launcher->epoll);
    free(launcher->catalogue);
    free(launcher);
}

int launcher_restart(struct launcher *launcher, struct err *err)
{
    stop_spawner(launcher);
    return begin(launcher, err);
}

const struct isolation *launcher_isolation(const struct launcher *launcher)
{
    return &launcher->isolation;
}

const char *launcher_catalogue(const struct launcher *launcher, size_t *ret_bytes)
{
    if (ret_bytes)
        *ret_bytes = launcher->catalogue_bytes;
    return launcher->catalogue;
}

int launcher_fd(const struct launcher *launcher)
{
    return launcher->epoll;
}

static int take_in(struct launcher *launcher, const struct spawner_worker *message, const int *fds,
                   struct err *err)
{
    struct worker worker = {.pidfd = fds[WIRE_PIDFD],
                            .memory = fds[WIRE_MEMORY],
                            .request = fds[WIRE_REQUEST],
                            .output = fds[WIRE_OUTPUT],
                            .status = fds[WIRE_STATUS],
                            .epoll = epoll_create1(EPOLL_CLOEXEC),
                            .timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
                            .pid = message->pid,
                            .tier = launcher->options.tier};
    launcher->asked -= launcher->asked > 0;
    const bool lacks = worker.epoll < 0 || worker.timer < 0;
    if (err_is_whole(&message->err) && message->err.code == 0 && fds[WORKER_FDS - 1] >= 0 &&
        launcher->ready_count < POOL_MAX && !lacks) {
        launcher->ready[launcher->ready_count++] = worker;
        return 0;
    }
    worker_release(&worker);
    if (lacks)
        return err_errno(err, EMFILE, "watching a worker");
    if (err_is_whole(&message->err) && message->err.code)
        return err_set(err, message->err.code, "%s", message->err.text);
    return err_set(err, EPROTO, "a worker nobody asked for");
}

int launcher_receive(struct launcher *launcher, struct err *err)
{
    uint64_t expirations;
    int r;
    if (read(launcher->timer, &expirations, sizeof expirations) > 0)
        refill(launcher);
    for (;;) {
        struct spawner_worker message;
        int fds[WORKER_FDS];
        ssize_t n = fd_receive(launcher->socket, &message, sizeof message, fds, WORKER_FDS);
        if (n == -EAGAIN)
            return 0;
        if (n == -EMSGSIZE) {
            launcher->asked -= launcher->asked > 0;
            refill_in(launcher, LACK_DELAY_NS);
            continue;
        }
        if (n != sizeof message) {
            for (unsigned i = 0; i < WORKER_FDS; i++)
                close_fd(&fds[i]);
            return err_set(err, EPIPE, "the spawner is gone");
        }
        /* The next receive or take tries again. */
        if ((r = take_in(launcher, &message, fds, err)) < 0)
            refill_in(launcher, r == -EMFILE ? LACK_DELAY_NS : REFILL_DELAY_NS);
    }
}

int launcher_take(struct launcher *launcher, struct worker *ret)
{
    if (launcher->ready_count == 0) {
        refill(launcher);
        return -EAGAIN;
    }
    /* The oldest: it has surely finished sealing itself. */
    *ret = launcher->ready[0];
    launcher->ready_count--;
    memmove(launcher->ready, launcher->ready + 1, launcher->ready_count * sizeof *ret);
    if (launcher->ready_count > 0)
        refill_later(launcher);
    else
        refill(launcher);
    return 0;
}

int launcher_wait(struct launcher *launcher, struct worker *ret, struct err *err)
{
    const uint64_t give_up = clock_ns() + WORKER_TIMEOUT * UINT64_C(1000000);
    struct err last = {0};
    for (;;) {
        if (launcher_receive(launcher, &last) < 0)
            return err_set(err, last.code, "%s", last.text);
        if (launcher_take(launcher, ret) == 0)
            return 0;
        int r = await_readable(launcher->epoll, WORKER_TIMEOUT);
        if (r < 0 || clock_ns() > give_up)
            return err_set(err, ETIMEDOUT, "no worker became ready: %s", last.text);
    }
}

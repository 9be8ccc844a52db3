#include "sandbox/spawner.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/ticks.h"
#include "sandbox/catalogue.h"
#include "sandbox/host/wire.h"
#include "sandbox/jail.h"
#include "sandbox/trace/shared.h"
#include "sandbox/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CATALOGUE_BYTES_MAX (16u << 20)
#define OUTPUT_PIPE_BYTES   (1 << 20)

struct spawner {
    int socket;
    int nothing; /* a read end without a writer */
    unsigned number;
    struct jail jail;
};

/* Both sides of one worker; the memory is the same descriptor on both. */
struct channel {
    struct worker_ends inside;
    int outside[WORKER_FDS];
};

static void channel_release(struct channel *channel)
{
    close_fd(&channel->inside.request);
    close_fd(&channel->inside.output);
    close_fd(&channel->inside.status);
    for (size_t i = 0; i < WORKER_FDS; i++)
        close_fd(&channel->outside[i]);
}

static int make_memory(struct err *err)
{
    _cleanup_close_ int fd = memfd_create("trace", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ftruncate(fd, sizeof(struct trace_shared)) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return err_errno(err, errno, "memory for the trace");
    return steal_fd(&fd);
}

static int make_pipe(int *read_end, int *write_end, int flags, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | flags) < 0)
        return err_errno(err, errno, "pipe to the worker");
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

static int channel_open(struct channel *channel, int nothing, struct err *err)
{
    struct worker_ends *inside = &channel->inside;
    int *outside = channel->outside;
    *inside = (struct worker_ends){-1, -1, -1, -1, nothing};
    for (size_t i = 0; i < WORKER_FDS; i++)
        outside[i] = -1;
    int r = make_memory(err);
    if (r < 0)
        return r;
    inside->memory = outside[WIRE_MEMORY] = r;
    if ((r = make_pipe(&inside->request, &outside[WIRE_REQUEST], 0, err)) < 0 ||
        (r = make_pipe(&outside[WIRE_OUTPUT], &inside->output, O_DIRECT, err)) < 0 ||
        (r = make_pipe(&outside[WIRE_STATUS], &inside->status, 0, err)) < 0)
        return r;
    /* A user over its share of pipe memory keeps the small one. */
    fcntl(inside->output, F_SETPIPE_SZ, OUTPUT_PIPE_BYTES);
    return 0;
}

/* The raw call: clone3 is refused in containers, and the wrapper wants a new stack. */
static pid_t clone_init(unsigned long namespaces, int *ret_pidfd)
{
    return (pid_t)syscall(SYS_clone, namespaces | CLONE_PIDFD | SIGCHLD, NULL, ret_pidfd, NULL, 0);
}

static int make_worker(struct spawner *spawner, struct channel *channel, struct spawner_worker *ret)
{
    int r = channel_open(channel, spawner->nothing, &ret->err);
    if (r < 0)
        return r;
    unsigned number = spawner->number++;
    pid_t pid = clone_init(jail_clone_flags(&spawner->jail), &channel->outside[WIRE_PIDFD]);
    if (pid == 0)
        worker_init(&spawner->jail, &channel->inside, number);
    if (pid < 0)
        return err_errno(&ret->err, errno, "clone of a worker");
    ret->pid = pid;
    return 0;
}

static int answer(struct spawner *spawner)
{
    struct channel channel;
    struct spawner_worker message = {0};
    int r = make_worker(spawner, &channel, &message);
    r = fd_send(spawner->socket, &message, sizeof message, channel.outside, r < 0 ? 0 : WORKER_FDS);
    channel_release(&channel);
    return r;
}

static int make_nothing(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    close(ends[1]);
    return ends[0];
}

static int make_catalogue(struct err *err)
{
    _cleanup_buf_ struct buf text = BUF_INIT(CATALOGUE_BYTES_MAX);
    int r = catalogue_write(&text);
    if (r < 0)
        return err_errno(err, -r, "writing the catalogue");
    _cleanup_close_ int fd = memfd_create("catalogue", MFD_CLOEXEC);
    if (fd < 0 || (r = write_all(fd, text.data, text.len)) < 0)
        return err_errno(err, fd < 0 ? errno : -r, "memory for the catalogue");
    return steal_fd(&fd);
}

/* Nothing of the launcher's may be inherited but the socket, at 3. */
static int keep_socket(int *socket)
{
    if (*socket != 3 && dup3(*socket, 3, O_CLOEXEC) < 0)
        return -errno;
    *socket = 3;
    fcntl(3, F_SETFD, FD_CLOEXEC);
    return close_range(4, ~0u, 0) < 0 ? -errno : 0;
}

/* Returns 0 when the jail stands and the launcher knows. */
static int begin(struct spawner *spawner)
{
    struct spawner_hello hello = {0};
    _cleanup_close_ int catalogue = make_catalogue(&hello.err);
    int r = catalogue < 0 ? catalogue : jail_enter(&spawner->jail, &hello.err);
    if (r == 0)
        jail_describe(&spawner->jail, &hello.isolation);
    else if (!hello.err.code)
        err_errno(&hello.err, -r, "the sandbox");
    int sent = fd_send(spawner->socket, &hello, sizeof hello, &catalogue, r == 0);
    return r < 0 ? r : sent;
}

int spawner_serve(int socket, const struct limits *limits, const char *without)
{
    struct spawner spawner = {.socket = socket};
    char request;
    ticks_calibrate(); /* while /sys can still be seen */
    jail_init(&spawner.jail, limits, without);
    if (keep_socket(&spawner.socket) < 0 || (spawner.nothing = make_nothing()) < 0 ||
        begin(&spawner) < 0)
        return 1;
    malloc_trim(0); /* what the start has left would be copied for every worker */
    /* The kernel reaps inits by itself: no wake-up for the spawner when a run ends. */
    signal(SIGCHLD, SIG_IGN);
    while (fd_receive(spawner.socket, &request, sizeof request, NULL, 0) > 0)
        if (answer(&spawner) < 0)
            return 1;
    return 0;
}

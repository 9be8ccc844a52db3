/*
 * How it works. An init (see worker.c) shares the spawner's memory and has only a stack of its own,
 * so making one copies nothing and its end gives nothing back; what is copied is the worker that it
 * forks. The kernel clears an init's `alive` when it is gone, and its stack is free again. Both may
 * set the one errno they share: each looks at it right after its own call has failed, and of an
 * init's calls few do: its last waits, and the question whether it could signal the spawner.
 */
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

#define INIT_STACK_BYTES (32u << 10)

struct init {
    char stack[INIT_STACK_BYTES] __attribute__((aligned(16)));
    pid_t alive; /* not 0 until the kernel says it is gone */
    struct jail *jail;
    struct worker_ends ends;
    unsigned number;
};

struct spawner {
    int socket;
    unsigned number;
    struct jail jail;
    struct init *inits; /* JAIL_RUNS of them */
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
    close_fd(&channel->inside.nothing);
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

/* A read end without a writer. Of each run's own: what one sets on it others would see. */
static int make_nothing(int *ret, struct err *err)
{
    _cleanup_close_ int write_end = -1;
    return make_pipe(ret, &write_end, 0, err);
}

static int channel_open(struct channel *channel, struct err *err)
{
    struct worker_ends *inside = &channel->inside;
    int *outside = channel->outside;
    *inside = (struct worker_ends){-1, -1, -1, -1, -1};
    for (size_t i = 0; i < WORKER_FDS; i++)
        outside[i] = -1;
    int r = make_memory(err);
    if (r < 0)
        return r;
    inside->memory = outside[WIRE_MEMORY] = r;
    if ((r = make_nothing(&inside->nothing, err)) < 0 ||
        (r = make_pipe(&inside->request, &outside[WIRE_REQUEST], 0, err)) < 0 ||
        (r = make_pipe(&outside[WIRE_OUTPUT], &inside->output, O_DIRECT, err)) < 0 ||
        (r = make_pipe(&outside[WIRE_STATUS], &inside->status, 0, err)) < 0)
        return r;
    /* A user over its share of pipe memory keeps the small one. */
    fcntl(inside->output, F_SETPIPE_SZ, OUTPUT_PIPE_BYTES);
    return 0;
}

/*
 * A number that no living init has, and that comes again as late as can be: what is left of a run
 * in a namespace may be there a moment longer than its init. With a sanitizer places are not
 * counted.
 */
static unsigned next_number(struct spawner *spawner, const struct init *init)
{
    const unsigned place = (unsigned)(init - spawner->inits);
    return JAIL_SANITIZED ? spawner->number++ : spawner->number++ * JAIL_RUNS + place;
}

static int init_main(void *argument)
{
    struct init *init = argument;
    worker_init(init->jail, &init->ends, init->number);
}

static struct init *free_init(struct spawner *spawner)
{
    for (unsigned i = 0; i < JAIL_RUNS; i++)
        if (__atomic_load_n(&spawner->inits[i].alive, __ATOMIC_ACQUIRE) == 0)
            return &spawner->inits[i];
    return NULL;
}

/* Not through clone3, which containers refuse. Returns the pid or -errno. */
static pid_t clone_init(struct init *init, unsigned long namespaces, int *ret_pidfd)
{
    const int flags = (int)namespaces | CLONE_PIDFD | SIGCHLD;
#if JAIL_SANITIZED
    /* It wants each process to have its memory for itself. */
    pid_t pid = (pid_t)syscall(SYS_clone, flags, NULL, ret_pidfd, NULL, 0);
    if (pid == 0)
        init_main(init);
    return pid < 0 ? -errno : pid;
#else
    init->alive = 1;
    pid_t pid = clone(init_main, init->stack + sizeof init->stack,
                      flags | CLONE_VM | CLONE_CHILD_CLEARTID, init, ret_pidfd, NULL, &init->alive);
    if (pid < 0)
        init->alive = 0;
    return pid < 0 ? -errno : pid;
#endif
}

static int make_worker(struct spawner *spawner, struct channel *channel, struct spawner_worker *ret)
{
    int r = channel_open(channel, &ret->err);
    if (r < 0)
        return r;
    struct init *init = free_init(spawner);
    if (!init)
        return err_set(&ret->err, EAGAIN, "%u runs are there already", JAIL_RUNS);
    init->jail = &spawner->jail;
    init->ends = channel->inside;
    init->number = next_number(spawner, init);
    ret->pid = clone_init(init, jail_clone_flags(&spawner->jail), &channel->outside[WIRE_PIDFD]);
    return ret->pid < 0 ? err_errno(&ret->err, -ret->pid, "clone of a worker") : 0;
}

static int make_inits(struct spawner *spawner)
{
    void *inits = mmap(NULL, JAIL_RUNS * sizeof(struct init), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (inits == MAP_FAILED)
        return -errno;
    spawner->inits = inits;
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

/* For the inits, which must not miss one. */
static void block_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
}

int spawner_serve(int socket, enum tier tier, const struct limits *limits, const char *without)
{
    struct spawner spawner = {.socket = socket};
    char request;
    ticks_calibrate(); /* while /sys can still be seen */
    jail_init(&spawner.jail, tier, limits, without);
    if (keep_socket(&spawner.socket) < 0 || make_inits(&spawner) < 0 || begin(&spawner) < 0)
        return 1;
    malloc_trim(0); /* what the start has left would be copied for every worker */
    /* The kernel reaps inits by itself: no wake-up for the spawner when a run ends. */
    signal(SIGCHLD, SIG_IGN);
    block_signals();
    while (fd_receive(spawner.socket, &request, sizeof request, NULL, 0) > 0)
        if (answer(&spawner) < 0)
            return 1;
    return 0;
}

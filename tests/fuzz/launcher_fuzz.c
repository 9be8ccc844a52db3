/*
 * What the launcher hears from its spawner, which no task of a run can write to; it is not to take
 * the server along all the same. The messages arrive by a real socket.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/hostile.h"

#include "sandbox/base/jsonw.h"
#include "sandbox/host/launcher.c"
#include "sandbox/host/report.h"

#include <sys/mman.h>

enum { HELLO, WORKER, RAW, MESSAGES };

/* Some of `n` bytes as the input has them, the rest as they are. */
static size_t alter(struct input *in, void *message, size_t n)
{
    for (unsigned changes = input_byte(in) % 8; changes > 0; changes--) {
        size_t at = input_word(in) % n, count = input_byte(in);
        input_bytes(in, (char *)message + at, count < n - at ? count : n - at);
    }
    return n - (input_byte(in) == 1);
}

static int make_file(struct input *in)
{
    char text[256];
    size_t n = input_bytes(in, text, input_byte(in));
    int fd = memfd_create("catalogue", MFD_CLOEXEC);
    check(fd >= 0 && write(fd, text, n) == (ssize_t)n);
    return fd;
}

static void hear_hello(struct launcher *launcher, int spawner, struct input *in)
{
    struct spawner_hello hello = {.isolation = {.tier = "full", .layer_count = 2}};
    struct err err = {0};
    size_t n = alter(in, &hello, sizeof hello);
    _cleanup_close_ int file = make_file(in);
    _cleanup_buf_ struct buf text = BUF_INIT(1 << 16);
    struct jsonw w = JSONW(&text);
    check(fd_send(spawner, &hello, n, &file, input_byte(in) != 1) == 0);
    if (receive_hello(launcher, &err) < 0) {
        check(err.code != 0 && memchr(err.text, '\0', sizeof err.text));
        return;
    }
    isolation_write(&launcher->isolation, &w);
    check(buf_error(&text) == 0);
}

static void hear_worker(int spawner, struct input *in)
{
    struct spawner_worker message = {.pid = 0};
    size_t n = alter(in, &message, sizeof message);
    int fds[FD_MESSAGE_MAX];
    unsigned count = input_byte(in) % (FD_MESSAGE_MAX + 1);
    for (unsigned i = 0; i < count; i++)
        fds[i] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    check(fd_send(spawner, &message, n, fds, count) == 0);
    for (unsigned i = 0; i < count; i++)
        close(fds[i]);
}

static void hear_raw(int spawner, struct input *in)
{
    char bytes[256];
    size_t n = input_bytes(in, bytes, input_byte(in));
    if (n > 0)
        check(fd_send(spawner, bytes, n, NULL, 0) == 0);
}

/* Whatever has come, it is taken in or refused, and who asks gets workers or none. */
static void take_in_all(struct launcher *launcher)
{
    struct worker worker;
    struct err err = {0};
    int r = launcher_receive(launcher, &err);
    check(r == 0 || (r == -EPIPE && err.text[0]));
    check(launcher->ready_count <= POOL_MAX);
    while (launcher_take(launcher, &worker) == 0)
        worker_release(&worker);
}

static void start(struct launcher *launcher, int *ret_spawner)
{
    int ends[2];
    *launcher = (struct launcher){.options = {.pool = 2}, .socket = -1};
    check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    launcher->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    launcher->epoll = epoll_create1(EPOLL_CLOEXEC);
    launcher->socket = ends[0];
    check(launcher->timer >= 0 && launcher->epoll >= 0 && fd_nonblocking(ends[0], 1) == 0);
    *ret_spawner = ends[1];
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct input in = {bytes, n};
    struct launcher launcher;
    int spawner;
    unsigned before = open_fds();
    start(&launcher, &spawner);
    while (in.left > 0)
        switch (input_byte(&in) % MESSAGES) {
        case HELLO:
            hear_hello(&launcher, spawner, &in);
            break;
        case WORKER:
            hear_worker(spawner, &in);
            take_in_all(&launcher);
            break;
        default:
            hear_raw(spawner, &in);
            take_in_all(&launcher);
        }
    stop_spawner(&launcher);
    close_fd(&launcher.timer);
    close_fd(&launcher.epoll);
    close(spawner);
    free(launcher.catalogue);
    check(open_fds() == before);
    return 0;
}

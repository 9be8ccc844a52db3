#include "sandbox/prim/pipe.h"

#include "sandbox/base/clock.h"
#include "sandbox/prim/sync.h"
#include "sandbox/sched/seam.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { READ_END = 1, WRITE_END = 2 };

/* CPython's Connection: a longer body has a write call of its own, behind its header's. */
#define ONE_WRITE_MAX 16384u

/* One end, in the memory of one process. A stream is one direction: an object of the run. */
struct conn {
    int fd; /* -1 once it is closed; the handle stays, as in Python */
    bool reads, writes;
    uint16_t from; /* the stream it receives from */
    uint16_t to;   /* the stream it sends into */
    struct conn *next;
};

/*
 * In front of every message. The check tells a header from another message's bytes, which would
 * else be taken for a length, and waited for.
 */
struct envelope {
    uint32_t length;
    uint32_t sent; /* event that sent it */
    uint32_t check;
};

_Static_assert(sizeof(struct envelope) == CONN_ENVELOPE,
               "pipe.h says how much goes with a message");

static uint32_t check_of(const struct envelope *envelope)
{
    return envelope->length * 0x9e3779b1u ^ envelope->sent ^ 0x50495045u;
}

static struct trace_object_slot *slot_of(uint16_t object)
{
    return &seam_self.run->shared->object[object];
}

/* The calling task's process now has a copy of this end. */
static void note_open(const struct conn *conn)
{
    if (conn->reads) {
        trace_bitmap_set(slot_of(conn->from)->receivers, seam_self.task);
        seam_record(EVENT_PIPE_OPENED, conn->from, READ_END, 0);
    }
    if (conn->writes) {
        trace_bitmap_set(slot_of(conn->to)->holders, seam_self.task);
        seam_record(EVENT_PIPE_OPENED, conn->to, WRITE_END, 0);
    }
}

static void note_closed(const struct conn *conn)
{
    if (conn->reads) {
        trace_bitmap_clear(slot_of(conn->from)->receivers, seam_self.task);
        seam_record(EVENT_PIPE_CLOSED, conn->from, READ_END, 0);
    }
    if (conn->writes) {
        trace_bitmap_clear(slot_of(conn->to)->holders, seam_self.task);
        seam_record(EVENT_PIPE_CLOSED, conn->to, WRITE_END, 0);
    }
}

void pipe_ends_inherited(void)
{
    for (struct conn *c = seam_self.process->conns; c; c = c->next)
        note_open(c);
}

void pipe_ends_dropped(void)
{
    for (struct conn *c = seam_self.process->conns; c; c = c->next)
        note_closed(c);
}

void pipe_ends_of_killed(uint16_t task)
{
    struct trace_shared *shared = seam_self.run->shared;
    for (uint32_t i = 0; i < shared->objects && i < TRACE_OBJECTS_MAX; i++) {
        if (shared->object[i].kind != OBJECT_PIPE)
            continue;
        trace_bitmap_clear(shared->object[i].receivers, task);
        trace_bitmap_clear(shared->object[i].holders, task);
    }
}

static struct conn *conn_new(int fd, bool reads, uint16_t from, bool writes, uint16_t to)
{
    struct conn *conn = calloc(1, sizeof *conn);
    if (!conn)
        seam_fail(ENOMEM, "pipe");
    *conn = (struct conn){.fd = fd,
                          .reads = reads,
                          .writes = writes,
                          .from = from,
                          .to = to,
                          .next = seam_self.process->conns};
    seam_self.process->conns = conn;
    note_open(conn);
    return conn;
}

void pipe_new(const char *name, bool duplex, struct conn **reader, struct conn **writer)
{
    int fds[2];
    int r = duplex ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds)
                   : pipe2(fds, O_CLOEXEC | O_NONBLOCK);
    if (r < 0)
        seam_fail(errno, "pipe");
    char back[TRACE_NAME_MAX];
    snprintf(back, sizeof back, "%.32s back", name);
    uint16_t forth = seam_object(OBJECT_PIPE, name);
    uint16_t other = duplex ? seam_object(OBJECT_PIPE, back) : TRACE_NO_OBJECT;
    *reader = conn_new(fds[0], true, forth, duplex, other);
    *writer = conn_new(fds[1], duplex, other, true, forth);
}

static void wait_for(const struct conn *conn, short what)
{
    struct pollfd ready = {.fd = conn->fd, .events = what};
    if (what == POLLIN)
        seam_wait(EVENT_PIPE_WAIT, conn->from, 0);
    else
        seam_wait_room(EVENT_PIPE_FULL, conn->to);
    seam_wait_until(UINT64_MAX);
    while (poll(&ready, 1, -1) < 0 && errno == EINTR)
        ;
    seam_go_on();
}

/* Writes what is left of the parts, waiting for room as often as it takes. */
static int write_parts(const struct conn *conn, struct iovec *parts, int count)
{
    while (count > 0) {
        ssize_t n = writev(conn->fd, parts, count);
        if (n < 0 && errno == EAGAIN)
            wait_for(conn, POLLOUT);
        else if (n < 0 && errno != EINTR)
            return -errno;
        for (; n > 0 && count > 0 && (size_t)n >= parts->iov_len; parts++, count--)
            n -= (ssize_t)parts->iov_len;
        if (n > 0) {
            parts->iov_base = (char *)parts->iov_base + n;
            parts->iov_len -= (size_t)n;
        }
    }
    return 0;
}

/* The number shown for a message: its first, or its length. */
static int64_t label(const void *bytes, size_t n)
{
    int64_t number = (int64_t)n;
    if (n == sizeof number)
        memcpy(&number, bytes, sizeof number);
    return number;
}

/* The end does not go that way, or is closed. */
static int refuse(uint16_t stream)
{
    seam_record(EVENT_REFUSED, stream, EBADF, 0);
    return -EBADF;
}

int conn_send(struct conn *conn, const void *bytes, size_t n)
{
    if (!conn->writes || conn->fd < 0)
        return refuse(conn->writes ? conn->to : conn->from);
    seam_point(SEAM_SEND, conn->to);
    struct envelope envelope = {.length = (uint32_t)n};
    struct iovec parts[] = {{&envelope, sizeof envelope}, {(void *)bytes, n}};
    envelope.sent = seam_record(EVENT_PIPE_SENT, conn->to, label(bytes, n), 0);
    envelope.check = check_of(&envelope);
    if (n <= ONE_WRITE_MAX)
        return write_parts(conn, parts, 2);
    int r = write_parts(conn, parts, 1);
    return r < 0 ? r : write_parts(conn, parts + 1, 1);
}

/* Reads exactly n bytes. Returns 1, 0 at end of file before the first, -EBADMSG in the middle. */
static int read_bytes(const struct conn *conn, void *bytes, size_t n)
{
    size_t got = 0;
    while (got < n) {
        ssize_t r = read(conn->fd, (char *)bytes + got, n - got);
        if (r < 0 && errno == EAGAIN)
            wait_for(conn, POLLIN);
        else if (r < 0 && errno != EINTR && errno != ECONNRESET)
            return -errno;
        else if (r == 0 || (r < 0 && errno == ECONNRESET))
            return got == 0 ? 0 : -EBADMSG;
        else if (r > 0)
            got += (size_t)r;
    }
    return 1;
}

int conn_poll(struct conn *conn, int64_t timeout_us)
{
    if (!conn->reads || conn->fd < 0)
        return refuse(conn->reads ? conn->from : conn->to);
    seam_point(SEAM_RECEIVE, conn->from);
    uint64_t deadline = sync_deadline(timeout_us);
    struct pollfd ready = {.fd = conn->fd, .events = POLLIN};
    if (poll(&ready, 1, 0) > 0)
        return 1;
    seam_wait(EVENT_PIPE_WAIT, conn->from, 0);
    seam_wait_until(deadline);
    int n = 0;
    for (uint64_t now; n <= 0 && (now = clock_ns()) < deadline;) {
        uint64_t left = deadline - now;
        const struct timespec timeout = {.tv_sec = (time_t)(left / 1000000000u),
                                         .tv_nsec = (long)(left % 1000000000u)};
        n = ppoll(&ready, 1, deadline == UINT64_MAX ? NULL : &timeout, NULL);
    }
    seam_go_on();
    if (n <= 0)
        seam_record(EVENT_TIMED_OUT, conn->from, 0, 0);
    return n > 0;
}

int conn_recv(struct conn *conn, void *bytes, size_t n, size_t *ret)
{
    if (!conn->reads || conn->fd < 0)
        return refuse(conn->reads ? conn->from : conn->to);
    seam_point(SEAM_RECEIVE, conn->from);
    struct envelope envelope;
    int r = read_bytes(conn, &envelope, sizeof envelope);
    if (r == 0)
        seam_record(EVENT_PIPE_EOF, conn->from, 0, 0);
    if (r <= 0)
        return r;
    if (envelope.check != check_of(&envelope) || envelope.length > n)
        return -EBADMSG;
    if (envelope.length > 0 && read_bytes(conn, bytes, envelope.length) <= 0)
        return -EBADMSG;
    seam_record(EVENT_PIPE_RECEIVED, conn->from, label(bytes, envelope.length), envelope.sent);
    if (ret)
        *ret = envelope.length;
    return 1;
}

int conn_send_number(struct conn *conn, int64_t number)
{
    return conn_send(conn, &number, sizeof number);
}

int conn_recv_number(struct conn *conn, int64_t *ret)
{
    size_t n;
    int r = conn_recv(conn, ret, sizeof *ret, &n);
    return r == 1 && n != sizeof *ret ? -EBADMSG : r;
}

void conn_close(struct conn *conn)
{
    if (conn->fd < 0)
        return;
    seam_point(SEAM_CLOSE, conn->writes ? conn->to : conn->from);
    struct conn **link = &seam_self.process->conns;
    while (*link != conn)
        link = &(*link)->next;
    *link = conn->next;
    note_closed(conn);
    close(conn->fd);
    conn->fd = -1;
}

#include "sandbox/prim/pipe.h"

#include "sandbox/base/clock.h"
#include "sandbox/prim/stream.h"
#include "sandbox/prim/sync.h"
#include "sandbox/prim/task_private.h"
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
    int fd;
    bool reads, writes;
    bool closed;             /* the handle stays, as in Python */
    uint16_t from;           /* the stream it receives from */
    uint16_t to;             /* the stream it sends into */
    struct stream *in, *out; /* the same under control, where there is no descriptor; else NULL */
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
    if (conn->in)
        stream_open(conn->in, STREAM_READER);
    if (conn->out)
        stream_open(conn->out, STREAM_WRITER);
    if (conn->reads) {
        trace_bitmap_set(slot_of(conn->from)->receivers, seam_self.task);
        seam_record(EVENT_PIPE_OPENED, conn->from, READ_END, 0);
    }
    if (conn->writes) {
        trace_bitmap_set(slot_of(conn->to)->holders, seam_self.task);
        seam_record(EVENT_PIPE_OPENED, conn->to, WRITE_END, 0);
    }
}

static void announce_close(const struct conn *conn)
{
    seam_point_both(SEAM_CLOSE, conn->writes ? conn->to : conn->from,
                    conn->writes && conn->reads ? conn->from : TRACE_NO_OBJECT);
}

static void note_closed(const struct conn *conn)
{
    if (conn->in)
        stream_close(conn->in, STREAM_READER);
    if (conn->out)
        stream_close(conn->out, STREAM_WRITER);
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
    if (seam_self.process->conns && seam_self.control)
        streams_close_of(task_of_process()->id);
    for (struct conn *c = seam_self.process->conns; c; c = c->next)
        note_closed(c);
}

void pipe_ends_of_killed(uint16_t task)
{
    struct trace_shared *shared = seam_self.run->shared;
    if (seam_self.control)
        streams_close_of(task);
    for (uint32_t i = 0; i < shared->objects && i < TRACE_OBJECTS_MAX; i++) {
        if (shared->object[i].kind != OBJECT_PIPE)
            continue;
        trace_bitmap_clear(shared->object[i].receivers, task);
        trace_bitmap_clear(shared->object[i].holders, task);
    }
}

static struct conn *conn_new(struct conn as)
{
    struct conn *conn = seam_private(sizeof *conn);
    if (!conn)
        seam_fail(ENOMEM, "pipe");
    *conn = as;
    conn->next = seam_self.process->conns;
    seam_self.process->conns = conn;
    note_open(conn);
    return conn;
}

static void open_descriptors(bool duplex, int *fds)
{
    int r = duplex ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds)
                   : pipe2(fds, O_CLOEXEC | O_NONBLOCK);
    if (r < 0)
        seam_fail(errno, "pipe");
}

void pipe_new(const char *name, bool duplex, struct conn **reader, struct conn **writer)
{
    int fds[2] = {-1, -1};
    bool controlled = seam_self.control;
    if (!controlled)
        open_descriptors(duplex, fds);
    char back[TRACE_NAME_MAX];
    snprintf(back, sizeof back, "%.32s back", name);
    uint16_t forth = seam_object(OBJECT_PIPE, name);
    uint16_t other = duplex ? seam_object(OBJECT_PIPE, back) : TRACE_NO_OBJECT;
    struct stream *there = controlled ? stream_new(forth) : NULL;
    struct stream *here = controlled && duplex ? stream_new(other) : NULL;
    *reader = conn_new((struct conn){.fd = fds[0],
                                     .reads = true,
                                     .from = forth,
                                     .in = there,
                                     .writes = duplex,
                                     .to = other,
                                     .out = here});
    *writer = conn_new((struct conn){.fd = fds[1],
                                     .reads = duplex,
                                     .from = other,
                                     .in = here,
                                     .writes = true,
                                     .to = forth,
                                     .out = there});
}

/* Before a read or write call, under control. Some of the bytes can be written then. */
static void announce_read(const struct conn *conn)
{
    if (conn->in)
        stream_announce_read(conn->in);
}

static void announce_write(const struct conn *conn, size_t n)
{
    if (conn->out)
        stream_announce_write(conn->out, n);
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

static size_t bytes_in(const struct iovec *parts, int count)
{
    size_t n = 0;
    for (int i = 0; i < count; i++)
        n += parts[i].iov_len;
    return n;
}

/* Waits until some of the parts can be written. */
static void wait_for_room(const struct conn *conn, const struct iovec *parts, int count)
{
    if (conn->out)
        announce_write(conn, bytes_in(parts, count));
    else
        wait_for(conn, POLLOUT);
}

static ssize_t write_once(const struct conn *conn, const struct iovec *parts, int count)
{
    if (!conn->out)
        return writev(conn->fd, parts, count);
    errno = EBADF;
    return conn->closed ? -1 : stream_write(conn->out, parts, count);
}

static ssize_t read_once(const struct conn *conn, void *bytes, size_t n)
{
    if (!conn->in)
        return read(conn->fd, bytes, n);
    errno = EBADF;
    return conn->closed ? -1 : stream_read(conn->in, bytes, n);
}

/* Writes what is left of the parts, waiting for room as often as it takes. */
static int write_parts(const struct conn *conn, struct iovec *parts, int count)
{
    while (count > 0) {
        ssize_t n = write_once(conn, parts, count);
        if (n < 0 && errno == EAGAIN)
            wait_for_room(conn, parts, count);
        else if (n < 0 && errno != EINTR)
            return -errno;
        for (; n > 0 && count > 0 && (size_t)n >= parts->iov_len; parts++, count--)
            n -= (ssize_t)parts->iov_len;
        if (n > 0 && count > 0) {
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

/* Another thread of the process may close it at any time, so under control this is a look. */
static bool is_closed(const struct conn *conn, uint16_t stream)
{
    if (conn->closed)
        seam_point(SEAM_READ, stream);
    return conn->closed;
}

/* The end does not go that way, or is closed. */
static int refuse(uint16_t stream)
{
    seam_record(EVENT_REFUSED, stream, EBADF, 0);
    return -EBADF;
}

int conn_send(struct conn *conn, const void *bytes, size_t n)
{
    if (!conn->writes || is_closed(conn, conn->to))
        return refuse(conn->writes ? conn->to : conn->from);
    announce_write(conn, n <= ONE_WRITE_MAX ? n + CONN_ENVELOPE : CONN_ENVELOPE);
    struct envelope envelope = {.length = (uint32_t)n};
    struct iovec parts[] = {{&envelope, sizeof envelope}, {(void *)bytes, n}};
    envelope.sent = seam_record(EVENT_PIPE_SENT, conn->to, label(bytes, n), 0);
    envelope.check = check_of(&envelope);
    if (n <= ONE_WRITE_MAX)
        return write_parts(conn, parts, 2);
    int r = write_parts(conn, parts, 1);
    if (r < 0)
        return r;
    announce_write(conn, n);
    return write_parts(conn, parts + 1, 1);
}

static void wait_for_bytes(const struct conn *conn)
{
    if (conn->in)
        announce_read(conn);
    else
        wait_for(conn, POLLIN);
}

/* Reads exactly n bytes. Returns 1, 0 at end of file before the first, -EBADMSG in the middle. */
static int read_bytes(const struct conn *conn, void *bytes, size_t n)
{
    size_t got = 0;
    announce_read(conn);
    while (got < n) {
        ssize_t r = read_once(conn, (char *)bytes + got, n - got);
        if (r < 0 && errno == EAGAIN)
            wait_for_bytes(conn);
        else if (r < 0 && errno != EINTR && errno != ECONNRESET)
            return -errno;
        else if (r == 0 || (r < 0 && errno == ECONNRESET))
            return got == 0 ? 0 : -EBADMSG;
        else if (r > 0)
            got += (size_t)r;
    }
    return 1;
}

static bool poll_descriptor(const struct conn *conn, uint64_t deadline)
{
    struct pollfd ready = {.fd = conn->fd, .events = POLLIN};
    if (poll(&ready, 1, 0) > 0)
        return true;
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
    return n > 0;
}

int conn_poll(struct conn *conn, int64_t timeout_us)
{
    if (!conn->reads || is_closed(conn, conn->from))
        return refuse(conn->reads ? conn->from : conn->to);
    uint64_t deadline = sync_deadline(timeout_us);
    bool ready = conn->in ? stream_poll(conn->in, deadline) : poll_descriptor(conn, deadline);
    if (conn->closed) /* by another thread, meanwhile */
        return refuse(conn->from);
    if (!ready)
        seam_record(EVENT_TIMED_OUT, conn->from, 0, 0);
    return ready;
}

int conn_recv(struct conn *conn, void *bytes, size_t n, size_t *ret)
{
    if (!conn->reads || is_closed(conn, conn->from))
        return refuse(conn->reads ? conn->from : conn->to);
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
    if (conn->closed)
        return;
    announce_close(conn);
    if (conn->closed) /* by another thread, meanwhile */
        return;
    struct conn **link = &seam_self.process->conns;
    while (*link != conn)
        link = &(*link)->next;
    *link = conn->next;
    note_closed(conn);
    if (conn->fd >= 0)
        close(conn->fd);
    conn->fd = -1;
    conn->closed = true;
}

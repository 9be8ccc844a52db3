#include "server/http/http.h"

#include "sandbox/base/clock.h"
#include "server/base/log.h"
#include "server/http/http_internal.h"
#include "server/http/problem.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define SECOND UINT64_C(1000000000)

/* How long open exchanges may take to finish when the server ends. */
#define GRACE_NS (3 * SECOND)

void conn_deadline(struct conn *conn, unsigned seconds)
{
    conn->deadline_ns = seconds ? conn->thread->now_ns + seconds * SECOND : 0;
}

void conn_refuse(struct conn *conn, unsigned status, const char *headers, const char *detail)
{
    const char *title = status_phrase(status);
    char body[256], answer[640];
    int n = snprintf(body, sizeof body,
                     "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,\"detail\":\"%s\"}",
                     title, status, detail);
    n = snprintf(
        answer, sizeof answer,
        "HTTP/1.1 %u %s\r\nConnection: close\r\n%sContent-Type: application/problem+json\r\n"
        "Content-Length: %d\r\n\r\n%s",
        status, title, headers, n, body);
    send(conn->fd, answer, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(conn->fd, SHUT_RDWR);
    conn->refused = true;
    atomic_fetch_add(&conn->thread->counts[status / 100], 1);
}

/* Counts the connection, or refuses it when there are too many, of its address or of all. */
static void conn_admit(struct conn *conn, const struct sockaddr *peer)
{
    struct http *http = conn->thread->http;
    conn->who = http->options.app.whose(http->options.app.context, peer);
    int r = shares_take(http->connections, conn->who, 1);
    conn->counted = r == 0;
    if (r == 0)
        return;
    atomic_fetch_add(&http->connections_refused, 1);
    if (r == -EDQUOT)
        conn_refuse(conn, 429, "Retry-After: 2\r\n", "your address has too many connections");
    else
        conn_refuse(conn, 503, "Retry-After: 2\r\n", "there are too many connections");
}

static void conn_open(struct http_thread *t, struct MHD_Connection *connection, void **context)
{
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    struct conn *conn = calloc(1, sizeof *conn);
    *context = conn;
    if (!conn) {
        shutdown(fd, SHUT_RDWR);
        return;
    }
    conn->fd = fd;
    conn->thread = t;
    conn->next = t->conns;
    if (t->conns)
        t->conns->prev = conn;
    t->conns = conn;
    conn_deadline(conn, HEAD_SECONDS);
    conn_admit(
        conn, MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
}

static void conn_closed(struct http_thread *t, struct conn *conn)
{
    if (!conn)
        return;
    if (conn->request)
        request_end(conn->request);
    *(conn->prev ? &conn->prev->next : &t->conns) = conn->next;
    if (conn->next)
        conn->next->prev = conn->prev;
    if (conn->counted)
        shares_give(t->http->connections, conn->who, 1);
    free(conn);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        conn_open(cls, connection, context);
    else
        conn_closed(cls, *context);
}

static void on_library_message(void *cls, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
static void on_library_message(void *cls, const char *format, va_list args)
{
    (void)cls;
    char text[256];
    vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\n")] = '\0';
    log_line(LOG_DEBUG, "http: %s", text);
}

/*
 * Whether the client has shut its side down and nothing it asked for is left. When that came
 * together with its last request the library (0.9.75) reads the request, and not the end behind it.
 * It may have read another request too: who was just answered is left alone.
 */
static bool has_left(const struct conn *conn, uint64_t now)
{
    char next;
    return !conn->request && now + (IDLE_SECONDS - 1) * SECOND >= conn->deadline_ns &&
           recv(conn->fd, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void reap(struct http_thread *t, uint64_t now)
{
    for (struct conn *c = t->conns; c; c = c->next)
        if ((c->deadline_ns && now >= c->deadline_ns) || has_left(c, now))
            shutdown(c->fd, SHUT_RDWR);
    t->next_reap_ns = now + SECOND;
}

/* Wakes the requests whose deadline has come (all of them when the server ends). */
static void wake_due(struct http_thread *t, uint64_t now, bool all)
{
    t->next_timer_ns = UINT64_MAX;
    for (struct request *r = t->waiting; r; r = r->next) {
        if (all || now >= r->deadline_ns)
            request_wake(r);
        else if (r->deadline_ns < t->next_timer_ns)
            t->next_timer_ns = r->deadline_ns;
    }
}

static int poll_milliseconds(struct http_thread *t, int phase)
{
    MHD_UNSIGNED_LONG_LONG library = 1000;
    if (MHD_get_timeout(t->daemon, &library) != MHD_YES || library > 1000)
        library = 1000;
    uint64_t now = clock_ns();
    uint64_t until = t->next_timer_ns < t->next_reap_ns ? t->next_timer_ns : t->next_reap_ns;
    uint64_t own = until > now ? (until - now) / 1000000 + 1 : 0;
    if (phase == HTTP_CLOSING && own > 20)
        own = 20;
    return (int)(own < library ? own : library);
}

static void turn(struct http_thread *t, int phase)
{
    struct pollfd fds[] = {{.fd = t->epoll, .events = POLLIN}, {.fd = t->wake, .events = POLLIN}};
    poll(fds, 2, poll_milliseconds(t, phase));
    if (fds[1].revents) {
        uint64_t ignored;
        if (read(t->wake, &ignored, sizeof ignored) < 0)
            return;
    }
    /* Never MHD_run_wait() with a time-out: that is the loop that stalls at 128 connections. */
    t->now_ns = clock_ns();
    log_hold();
    MHD_run_wait(t->daemon, 0);
    log_release();
    uint64_t now = clock_ns();
    if (now >= t->next_timer_ns)
        wake_due(t, now, false);
    if (now >= t->next_reap_ns)
        reap(t, now);
}

/* The library must be told in the thread that runs it; it hands the socket back. */
static void stop_accepting(struct http_thread *t)
{
    if (t->listen >= 0) {
        MHD_quiesce_daemon(t->daemon);
        close_fd(&t->listen);
    }
}

static void close_connections(struct http_thread *t, bool all)
{
    for (struct conn *c = t->conns; c; c = c->next)
        if (all || !c->request)
            shutdown(c->fd, SHUT_RDWR);
}

/* MHD_stop_daemon() aborts with suspended connections, so they are brought to their end first. */
static void finish(struct http_thread *t)
{
    stop_accepting(t);
    uint64_t start = clock_ns();
    while (t->conns && clock_ns() < start + 2 * GRACE_NS) {
        wake_due(t, 0, true);
        close_connections(t, clock_ns() >= start + GRACE_NS);
        turn(t, HTTP_CLOSING);
    }
    if (!t->waiting)
        MHD_stop_daemon(t->daemon);
}

static void *serve(void *cls)
{
    struct http_thread *t = cls;
    for (;;) {
        int phase = atomic_load(&t->http->phase);
        if (phase == HTTP_CLOSING)
            break;
        if (phase == HTTP_QUIESCED)
            stop_accepting(t);
        turn(t, phase);
    }
    finish(t);
    return NULL;
}

static int start_daemon(struct http_thread *t)
{
    const struct http_options *o = &t->http->options;
    t->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
                                 NULL, NULL, request_access, t,                                 /**/
                                 MHD_OPTION_EXTERNAL_LOGGER, on_library_message, NULL,          /**/
                                 MHD_OPTION_LISTEN_SOCKET, t->listen,                           /**/
                                 MHD_OPTION_CONNECTION_LIMIT, o->connections + REFUSED_AT_ONCE, /**/
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)8192,              /**/
                                 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)REPLY_SECONDS,        /**/
                                 MHD_OPTION_STRICT_FOR_CLIENT, 1,                               /**/
                                 MHD_OPTION_NOTIFY_CONNECTION, on_connection, t,                /**/
                                 MHD_OPTION_URI_LOG_CALLBACK, request_uri, t,                   /**/
                                 MHD_OPTION_NOTIFY_COMPLETED, request_completed, t,             /**/
                                 MHD_OPTION_END);
    if (!t->daemon)
        return -EIO;
    t->epoll = MHD_get_daemon_info(t->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    return 0;
}

static int start_thread(struct http_thread *t, struct err *err)
{
    t->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (t->wake < 0)
        return err_errno(err, errno, "cannot make an eventfd");
    if (start_daemon(t) < 0)
        return err_set(err, EIO, "libmicrohttpd does not start");
    int r = pthread_create(&t->thread, NULL, serve, t);
    if (r != 0)
        return err_errno(err, r, "cannot start a thread");
    t->started = true;
    return 0;
}

static int open_sockets(struct http *http, struct err *err)
{
    unsigned n = http->options.threads;
    _cleanup_free_ int *fds = calloc(n, sizeof *fds);
    if (!fds)
        return err_errno(err, ENOMEM, "http");
    int r = listen_open(http->options.listen, fds, n, http->address, err);
    for (unsigned i = 0; r == 0 && i < n; i++)
        http->threads[i].listen = fds[i];
    return r;
}

/* All but the sockets, daemons and threads. NULL without memory. */
static struct http *http_alloc(const struct http_options *options)
{
    const size_t bytes = sizeof(struct http) + options->threads * sizeof(struct http_thread);
    const unsigned all = options->connections;
    struct http *http = aligned_alloc(_Alignof(struct http), bytes);
    if (!http)
        return NULL;
    memset(http, 0, bytes);
    http->options = *options;
    for (unsigned i = 0; i < options->threads; i++)
        http->threads[i] = (struct http_thread){
            .http = http, .index = i, .listen = -1, .wake = -1, .next_timer_ns = UINT64_MAX};
    http->connections = shares_new(all, http_share(all), all);
    http->requests = shares_new(all, http_share(all), all);
    http->answers = shares_new(options->answer_bytes, http_share(options->answer_bytes), all);
    if (http->connections && http->requests && http->answers)
        return http;
    http_free(http);
    return NULL;
}

int http_new(struct http **ret, const struct http_options *options, struct err *err)
{
    assert(options->threads > 0);
    struct http *http = http_alloc(options);
    if (!http)
        return err_errno(err, ENOMEM, "http");
    int r = open_sockets(http, err);
    for (unsigned i = 0; r == 0 && i < options->threads; i++)
        r = start_thread(&http->threads[i], err);
    if (r < 0) {
        http_free(http);
        return r;
    }
    *ret = http;
    return 0;
}

static void set_phase(struct http *http, int phase)
{
    atomic_store(&http->phase, phase);
    for (unsigned i = 0; i < http->options.threads; i++)
        if (http->threads[i].wake >= 0)
            eventfd_write(http->threads[i].wake, 1);
}

void http_quiesce(struct http *http)
{
    set_phase(http, HTTP_QUIESCED);
}

void http_free(struct http *http)
{
    if (!http)
        return;
    set_phase(http, HTTP_CLOSING);
    for (unsigned i = 0; i < http->options.threads; i++) {
        struct http_thread *t = &http->threads[i];
        if (t->started)
            pthread_join(t->thread, NULL);
        else if (t->daemon) {
            MHD_stop_daemon(t->daemon);
            t->listen = -1; /* closed by the library */
        }
        close_fd(&t->wake);
        close_fd(&t->listen);
    }
    shares_free(http->connections);
    shares_free(http->requests);
    shares_free(http->answers);
    free(http);
}

const char *http_address(const struct http *http)
{
    return http->address;
}

unsigned http_connections(struct http *http)
{
    return (unsigned)shares_held(http->connections);
}

uint64_t http_answer_bytes(struct http *http)
{
    return shares_held(http->answers);
}

struct http_counts http_counts(const struct http *http)
{
    struct http_counts counts = {.connections_refused = atomic_load(&http->connections_refused),
                                 .answers_refused = atomic_load(&http->answers_refused)};
    for (unsigned i = 0; i < http->options.threads; i++)
        for (unsigned class = 0; class < 6; class ++)
            counts.by_class[class] += atomic_load(&http->threads[i].counts[class]);
    return counts;
}

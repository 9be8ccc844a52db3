#include "server/http/http.c"

#include "sandbox/base/fd.h"
#include "server/api/app.h"
#include "server/base/json.h"
#include "server/routes.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/server.h"

#include <netinet/in.h>

enum {
    LONG_MS = 10000, /* an answer that is made elsewhere begins within */
    SHORT_MS = 5,    /* when nothing comes for so long a stream is one that stays open */
    PIECE = 65536,
};

static struct http *http;

/* Serves what server_app() is, to whichever fuzzer this is linked with. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    struct app *app = server_app();
    const struct http_options options = {.listen = "127.0.0.1:0",
                                         .threads = 1,
                                         .connections = 16,
                                         .body_bytes = app->config->body_bytes,
                                         .answer_bytes = app->config->answer_bytes,
                                         .app = {.context = app,
                                                 .handle = routes_handle,
                                                 .refuse = routes_refuse,
                                                 .done = routes_done,
                                                 .whose = routes_whose}};
    http = http_alloc(&options);
    check(http);
    http->threads[0].wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    check(open_sockets(http, NULL) == 0 && start_daemon(&http->threads[0]) == 0);
    return 0;
}

/* One turn of the loop, after at most so many milliseconds without anything to do. */
static void turn_within(struct http_thread *t, int phase, int ms)
{
    struct pollfd fds[] = {{.fd = t->epoll, .events = POLLIN}, {.fd = t->wake, .events = POLLIN}};
    poll(fds, 2, ms);
    eventfd_write(t->wake, 1);
    turn(t, phase);
}

static int connect_client(struct http_thread *t)
{
    static const struct sockaddr_in from = {
        .sin_family = AF_INET, .sin_port = 4000, .sin_addr = {.s_addr = 0x0100000a}};
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    check(MHD_add_connection(t->daemon, ends[0], (const struct sockaddr *)&from, sizeof from) ==
          MHD_YES);
    return ends[1];
}

struct talker {
    int fd;
    const char *bytes;
    size_t n, cut, sent;
};

/* Sends what fits of what is due, and at the end says that it was all. Returns whether any did. */
static bool send_some(struct talker *c)
{
    size_t due = (c->sent < c->cut ? c->cut : c->n) - c->sent;
    ssize_t sent = due > 0 ? send(c->fd, c->bytes + c->sent, due, MSG_NOSIGNAL) : 0;
    if (sent < 0)
        sent = errno == EAGAIN ? 0 : (ssize_t)due; /* nobody listens any more */
    c->sent += (size_t)sent;
    if (c->sent == c->n)
        shutdown(c->fd, SHUT_WR);
    return sent > 0;
}

/* Returns false at the end. */
static bool receive_some(const struct talker *c, struct buf *answer, bool *ret_any)
{
    static char piece[PIECE];
    ssize_t n = recv(c->fd, piece, sizeof piece, 0);
    *ret_any = n > 0;
    if (n > 0)
        buf_add(answer, piece, (size_t)n);
    return n > 0 || (n < 0 && errno == EAGAIN);
}

static void converse(struct http_thread *t, struct talker *c, struct buf *answer)
{
    bool open = true, sent, received, busy = true;
    for (int quiet = 0; open && quiet < (answer->len > 0 ? SHORT_MS : LONG_MS);) {
        int ms = busy ? 0 : SHORT_MS;
        sent = send_some(c);
        turn_within(t, HTTP_SERVING, sent ? 0 : ms);
        open = receive_some(c, answer, &received);
        busy = sent || received;
        quiet = busy ? 0 : quiet + ms;
    }
}

/* What still waits is ended as it is when the server ends. */
static void end_all(struct http_thread *t)
{
    atomic_store(&http->phase, HTTP_CLOSING);
    while (t->conns) {
        wake_due(t, 0, true);
        close_connections(t, true);
        turn_within(t, HTTP_CLOSING, 0);
    }
    atomic_store(&http->phase, HTTP_SERVING);
}

void server_exchange(const void *bytes, size_t n, size_t cut, struct buf *answer)
{
    struct http_thread *t = &http->threads[0];
    struct talker client = {connect_client(t), bytes, n, cut < n ? cut : 0, 0};
    converse(t, &client, answer);
    close(client.fd);
    end_all(t);
}

/* ---- answers ---- */

/* A header of the answer's head, or NULL. */
static const char *header_of(const char *head, const char *end, const char *name)
{
    const char *found = memmem(head, (size_t)(end - head), name, strlen(name));
    return found ? found + strlen(name) : NULL;
}

static void check_lines(const char *head, const char *end)
{
    while (head < end) {
        const char *line = memmem(head, (size_t)(end - head) + 2, "\r\n", 2);
        check(line);
        for (const char *p = head; p < line; p++)
            check((unsigned char)*p >= ' ' || *p == '\t');
        head = line + 2;
    }
}

static void check_body(const char *head, const char *body, size_t n)
{
    const char *length = header_of(head, body, "\r\nContent-Length: ");
    const char *type = header_of(head, body, "\r\nContent-Type: ");
    const char *coding = header_of(head, body, "\r\nContent-Encoding: ");
    struct doc *doc;
    struct err err = {0};
    size_t whole = length ? strtoull(length, NULL, 10) : 0;
    if (whole == 0 || n < whole || !type || coding || !memmem(type, strcspn(type, "\r"), "json", 4))
        return;
    if (doc_parse(&doc, body, whole, &err) < 0) {
        fprintf(stderr, "%s\n%.*s\n", err.text, (int)(body + whole - head), head);
        abort();
    }
    doc_free(doc);
}

unsigned server_check_answer(const struct buf *answer, bool has_body)
{
    const char *head = buf_text(answer), *last = head + answer->len;
    if (answer->len == 0)
        return 0;
    for (;;) {
        check(strncmp(head, "HTTP/1.", 7) == 0 && last - head > 12);
        const char *end = memmem(head, (size_t)(last - head), "\r\n\r\n", 4);
        unsigned status = (unsigned)strtoul(head + 9, NULL, 10);
        check(end);
        check_lines(head, end);
        check(status >= 100 && status < 600 && status != 500);
        if (status >= 200) {
            if (has_body)
                check_body(head, end + 4, (size_t)(last - end - 4));
            return status;
        }
        head = end + 4;
        if (head == last)
            return status;
    }
}

#include "sandbox/base/clock.h"
#include "server/http/http_internal.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

static void request_free(struct request *r)
{
    pthread_mutex_destroy(&r->wake_lock);
    buf_release(&r->body);
    for (unsigned i = 0; i < r->header_count; i++)
        free(r->headers[i].value);
    free(r->path);
    free(r);
}

struct request *request_ref(struct request *r)
{
    atomic_fetch_add(&r->refs, 1);
    return r;
}

void request_unref(struct request *r)
{
    if (r && atomic_fetch_sub(&r->refs, 1) == 1)
        request_free(r);
}

/* ---- waiting ---- */

void request_wake(struct request *r)
{
    pthread_mutex_lock(&r->wake_lock);
    r->woken = true;
    if (r->suspended) {
        r->suspended = false;
        MHD_resume_connection(r->connection);
        /* The library's own wake-up pipe is not there with an external epoll. */
        eventfd_write(r->thread->wake, 1);
    }
    pthread_mutex_unlock(&r->wake_lock);
}

void request_awake(struct request *r)
{
    pthread_mutex_lock(&r->wake_lock);
    r->woken = false;
    pthread_mutex_unlock(&r->wake_lock);
    if (!r->listed)
        return;
    *(r->prev ? &r->prev->next : &r->thread->waiting) = r->next;
    if (r->next)
        r->next->prev = r->prev;
    r->prev = r->next = NULL;
    r->listed = false;
}

bool request_asleep(struct request *r)
{
    pthread_mutex_lock(&r->wake_lock);
    bool sleeps = !r->woken;
    if (sleeps) {
        MHD_suspend_connection(r->connection);
        r->suspended = true;
    }
    pthread_mutex_unlock(&r->wake_lock);
    if (!sleeps)
        return false;
    struct http_thread *t = r->thread;
    r->next = t->waiting;
    if (t->waiting)
        t->waiting->prev = r;
    t->waiting = r;
    r->listed = true;
    if (r->deadline_ns < t->next_timer_ns)
        t->next_timer_ns = r->deadline_ns;
    return true;
}

void request_wait(struct request *r, uint64_t deadline_ns, request_step step)
{
    r->deadline_ns = deadline_ns;
    r->step = step;
}

bool request_closing(const struct request *r)
{
    return atomic_load(&r->thread->http->phase) == HTTP_CLOSING;
}

static void refuse(struct request *r, unsigned status, const char *detail)
{
    request_reply_header(r, "Connection", "close");
    r->thread->http->options.app.refuse(r, status, detail);
}

/* Calls the handler's steps until it replied or waits. */
static enum MHD_Result proceed(struct request *r)
{
    do {
        request_awake(r);
        request_step step = r->step;
        r->step = NULL;
        step(r);
        if (!r->answered && request_closing(r))
            refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE, "the server is stopping");
        if (r->answered)
            return r->result;
        assert(r->step);
    } while (!request_asleep(r));
    return MHD_YES;
}

/* ---- taking a request in ---- */

static const struct {
    const char *name;
    enum method method;
} methods[] = {{"GET", METHOD_GET},     {"HEAD", METHOD_GET},      {"POST", METHOD_POST},
               {"PUT", METHOD_PUT},     {"DELETE", METHOD_DELETE}, {"OPTIONS", METHOD_OPTIONS},
               {"PATCH", METHOD_OTHER}, {"TRACE", METHOD_OTHER}};

static bool parse_method(const char *text, struct request *r)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(text, methods[i].name) == 0) {
            r->method = methods[i].method;
            r->method_text = methods[i].name;
            return true;
        }
    return false;
}

static const char *check_uri(const char *uri)
{
    if (uri[0] != '/')
        return "the request target must be a path";
    for (const char *p = uri; *p; p++) {
        if ((unsigned char)*p <= 0x20 || *p == 0x7f)
            return "the path has a control character";
        if (p[0] == '%' && p[1] == '0' && p[2] == '0')
            return "the path has an encoded NUL";
    }
    return NULL;
}

static unsigned count_arguments(const char *uri)
{
    unsigned n = 0;
    for (const char *p = strchr(uri, '?'); p; p = strchr(p + 1, '&'))
        n++;
    return n;
}

/*
 * Arguments that do not fit into the connection's memory make the library drop the request without
 * an answer, and it parses them right after this call. So the answer is written here, and nothing
 * of the request is looked at any more: it may be there already, as a whole.
 */
static void refuse_arguments(struct request *r)
{
    conn_refuse(r->conn, MHD_HTTP_URI_TOO_LONG, "", "too many query arguments");
    r->exchange.status = MHD_HTTP_URI_TOO_LONG;
}

void *request_uri(void *thread, const char *uri, struct MHD_Connection *connection)
{
    struct http_thread *t = thread;
    struct conn *conn =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    struct request *r = conn && !conn->refused ? calloc(1, sizeof *r) : NULL;
    if (!r)
        return NULL;
    atomic_init(&r->refs, 1);
    pthread_mutex_init(&r->wake_lock, NULL);
    r->thread = t;
    r->connection = connection;
    r->conn = conn;
    r->body = BUF_INIT(t->http->options.body_bytes);
    r->step = t->http->options.app.handle;
    r->method_text = "-";
    r->began_ns = clock_ns();
    r->malformed = check_uri(uri);
    r->path = strndup(uri, strcspn(uri, "?"));
    conn->request = r;
    conn_deadline(conn, HEAD_SECONDS);
    if (count_arguments(uri) > QUERY_ARGUMENTS_MAX)
        refuse_arguments(r);
    return r;
}

static const char too_large[] = "the body is too large";

struct head {
    unsigned lengths, encodings, hosts;
    const char *length;
    bool chunked;
    const char *next;  /* where the library has the next line */
    const char *wrong; /* what is, of some line; NULL: nothing */
};

/* Whether it is what RFC 9110 calls a token. */
static bool is_token(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)text[i]) && (!text[i] || !strchr("!#$%&'*+-.^_`|~", text[i])))
            return false;
    return n > 0;
}

static bool has_control(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f)
            return true;
    return false;
}

/*
 * Whether name and value are a line that begins there. The library (0.9.75) cuts the bytes that
 * came into texts where they lie: a NUL instead of the colon, two instead of CR LF. But it ends a
 * value at a NUL, takes a LF alone for the end of a line, and of a header over several lines it
 * puts the rest behind the name, somewhere else. Others may read all that otherwise, so it is
 * refused, and where the texts lie is all it can be seen by.
 */
static bool is_line(const char *line, const char *name, size_t name_bytes, const char *value,
                    size_t value_bytes)
{
    const char *colon = name + name_bytes;
    return name == line && value && value > colon &&
           strspn(colon + 1, " \t") == (size_t)(value - colon - 1) && !value[value_bytes] &&
           !value[value_bytes + 1];
}

static enum MHD_Result look_at_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                      size_t name_bytes, const char *value, size_t value_bytes)
{
    struct head *head = cls;
    (void)kind;
    if (!is_line(head->next, name, name_bytes, value, value_bytes)) {
        head->wrong = "a header is no line of its own that ends in CR LF";
        return MHD_NO;
    }
    head->next = value + value_bytes + 2;
    if (!is_token(name, name_bytes))
        head->wrong = "a header's name has a character that it must not have";
    else if (has_control(value, value_bytes))
        head->wrong = "a header has a control character";
    if (strcasecmp(name, "content-length") == 0) {
        head->lengths++;
        head->length = value;
    } else if (strcasecmp(name, "transfer-encoding") == 0) {
        head->encodings++;
        head->chunked = strcasecmp(value, "chunked") == 0;
    } else if (strcasecmp(name, "host") == 0) {
        head->hosts++;
    }
    return MHD_YES;
}

/* Looks at all of the head, which begins with a line that ends in `version`. */
static void look_at_head(const struct request *r, const char *version, struct head *ret)
{
    *ret = (struct head){.next = version + strlen(version) + 2};
    MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND, look_at_header, ret);
    if (!ret->wrong && (ret->next[0] || ret->next[1]))
        ret->wrong = "the last header is no line of its own that ends in CR LF";
}

/* Digits only, and not more than fits; SIZE_MAX when it is no length. */
static size_t parse_length(const char *text)
{
    size_t n = strspn(text, "0123456789");
    return n == 0 || n > 18 || text[n] ? SIZE_MAX : (size_t)strtoull(text, NULL, 10);
}

/* What is wrong with the head: 0, or a status and why. */
static unsigned check_head(const struct request *r, const struct head *head, const char *version,
                           const char **ret_why)
{
    *ret_why = r->malformed ? r->malformed : head->wrong;
    if (!*ret_why && head->lengths && head->encodings)
        *ret_why = "both Content-Length and Transfer-Encoding are given";
    if (!*ret_why && (head->lengths > 1 || head->encodings > 1 || head->hosts > 1))
        *ret_why = "Content-Length, Transfer-Encoding or Host is given twice";
    if (!*ret_why && head->hosts == 0 && strcmp(version, "HTTP/1.1") == 0)
        *ret_why = "Host is missing";
    if (!*ret_why && head->encodings && strcmp(version, "HTTP/1.1") != 0)
        *ret_why = "Transfer-Encoding is of HTTP/1.1";
    if (!*ret_why && head->encodings && !head->chunked)
        *ret_why = "the only Transfer-Encoding understood is chunked";
    if (!*ret_why && head->lengths && parse_length(head->length) == SIZE_MAX)
        *ret_why = "Content-Length is not a number";
    if (*ret_why)
        return MHD_HTTP_BAD_REQUEST;
    if (head->lengths && parse_length(head->length) > r->body.ceiling) {
        *ret_why = too_large;
        return MHD_HTTP_CONTENT_TOO_LARGE;
    }
    return 0;
}

static enum MHD_Result begin(struct request *r, const char *method, const char *version)
{
    struct head head;
    const char *why;
    r->begun = true;
    conn_deadline(r->conn, BODY_SECONDS);
    look_at_head(r, version, &head);
    bool known = parse_method(method, r);
    unsigned status = check_head(r, &head, version, &why);
    if (status == 0 && !known) {
        status = MHD_HTTP_NOT_IMPLEMENTED;
        why = "the method is not known";
    }
    if (status == 0)
        return r->path ? MHD_YES : MHD_NO;
    refuse(r, status, why);
    return r->result;
}

/*
 * Only a chunked body gets beyond the limit here; a declared one was refused. It can be answered
 * once it is read, so a little more is read; who sends much more is cut off.
 */
static int take_body(struct request *r, const char *bytes, size_t n)
{
    r->received += n;
    if (r->received > r->body.ceiling) {
        r->too_large = true;
        return r->received > OVERLONG * r->body.ceiling ? -EMSGSIZE : 0;
    }
    return buf_add(&r->body, bytes, n);
}

enum MHD_Result request_access(void *thread, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_bytes, void **context)
{
    (void)thread;
    (void)connection;
    (void)url;
    struct request *r = *context;
    if (!r || r->conn->refused)
        return MHD_NO;
    if (!r->begun)
        return begin(r, method, version);
    if (*upload_bytes > 0) {
        int taken = take_body(r, upload, *upload_bytes);
        *upload_bytes = 0;
        return taken < 0 ? MHD_NO : MHD_YES;
    }
    conn_deadline(r->conn, 0);
    if (r->too_large && !r->answered) {
        refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, too_large);
        return r->result;
    }
    return proceed(r);
}

int request_admit(struct request *r, uint64_t who)
{
    r->who = who;
    if (!who || r->conn->who)
        return 0;
    int q = shares_take(r->thread->http->requests, who, 1);
    r->counted = q == 0;
    return q;
}

void request_end(struct request *r)
{
    request_awake(r);
    if (r->counted)
        shares_give(r->thread->http->requests, r->who, 1);
    r->conn->request = NULL;
    conn_deadline(r->conn, IDLE_SECONDS);
    r->exchange.duration_ns = clock_ns() - r->began_ns;
    if (strcmp(r->method_text, "HEAD") == 0)
        r->exchange.bytes = 0;
    if (r->path)
        r->thread->http->options.app.done(r, &r->exchange);
    if (r->free_state)
        r->free_state(r->state);
    if (r->free_note)
        r->free_note(r->note);
    request_unref(r);
}

void request_completed(void *thread, struct MHD_Connection *connection, void **context,
                       enum MHD_RequestTerminationCode why)
{
    (void)thread;
    (void)connection;
    (void)why;
    if (*context)
        request_end(*context);
    *context = NULL;
}

/* ---- what was asked ---- */

void *request_app(const struct request *r)
{
    return r->thread->http->options.app.context;
}

struct http *request_http(const struct request *r)
{
    return r->thread->http;
}

unsigned request_thread(const struct request *r)
{
    return r->thread->index;
}

enum method request_method(const struct request *r)
{
    return r->method;
}

const char *request_method_text(const struct request *r)
{
    return r->method_text;
}

const struct sockaddr *request_peer(const struct request *r)
{
    return MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
}

const char *request_path(const struct request *r)
{
    return r->path;
}

static const char *lookup(const struct request *r, enum MHD_ValueKind kind, const char *name)
{
    return MHD_lookup_connection_value(r->connection, kind, name);
}

const char *request_query(const struct request *r, const char *name)
{
    return lookup(r, MHD_GET_ARGUMENT_KIND, name);
}

const char *request_header(const struct request *r, const char *name)
{
    return lookup(r, MHD_HEADER_KIND, name);
}

struct each_header {
    const char *name;
    void (*each)(void *, const char *);
    void *context;
};

static enum MHD_Result one_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    const struct each_header *e = cls;
    (void)kind;
    if (value && strcasecmp(name, e->name) == 0)
        e->each(e->context, value);
    return MHD_YES;
}

void request_each_header(const struct request *r, const char *name,
                         void (*each)(void *, const char *), void *context)
{
    struct each_header e = {name, each, context};
    MHD_get_connection_values(r->connection, MHD_HEADER_KIND, one_header, &e);
}

const char *request_cookie(const struct request *r, const char *name)
{
    return lookup(r, MHD_COOKIE_KIND, name);
}

bool request_accepts(const struct request *r, const char *coding)
{
    const char *header = request_header(r, "Accept-Encoding");
    size_t n = strlen(coding);
    for (const char *p = header; p && *p; p = strchr(p, ','), p = p ? p + 1 : NULL) {
        p += strspn(p, " \t");
        if (strncasecmp(p, coding, n) != 0 || !strchr(" \t,;", p[n]))
            continue;
        const char *q = p + n + strspn(p + n, " \t;");
        return strncasecmp(q, "q=", 2) != 0 || strtod(q + 2, NULL) > 0;
    }
    return false;
}

const char *request_body(const struct request *r, size_t *ret_bytes)
{
    *ret_bytes = r->body.len;
    return buf_text(&r->body);
}

void request_set_state(struct request *r, void *state, void (*free_state)(void *))
{
    r->state = state;
    r->free_state = free_state;
}

void *request_state(const struct request *r)
{
    return r->state;
}

void request_set_note(struct request *r, void *note, void (*free_note)(void *))
{
    r->note = note;
    r->free_note = free_note;
}

void *request_note(const struct request *r)
{
    return r->note;
}

/* Replies: from a buffer, shared, or streamed. */
#include "server/http/http_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void request_reply_header(struct request *r, const char *name, const char *value)
{
    assert(r->header_count < REPLY_HEADERS_MAX);
    char *copy = strdup(value);
    if (!copy) {
        r->header_lost = true;
        return;
    }
    r->headers[r->header_count].name = name;
    r->headers[r->header_count++].value = copy;
}

/* Gives the reply to the library, which keeps a reference on it. */
static void give(struct request *r, unsigned status, struct MHD_Response *response,
                 unsigned deadline_seconds)
{
    assert(!r->answered);
    r->answered = true;
    r->result = MHD_NO;
    if (!response || r->header_lost)
        return;
    r->result = MHD_queue_response(r->connection, status, response);
    r->exchange.status = status;
    conn_deadline(r->conn, deadline_seconds);
    if (status < 600)
        atomic_fetch_add(&r->thread->counts[status / 100], 1);
}

static void add_header(struct request *r, struct MHD_Response *response, const char *name,
                       const char *value)
{
    if (MHD_add_response_header(response, name, value) != MHD_YES)
        r->header_lost = true;
}

static void add_own_headers(struct request *r, struct MHD_Response *response)
{
    for (unsigned i = 0; i < r->header_count; i++)
        add_header(r, response, r->headers[i].name, r->headers[i].value);
}

static bool has_own_header(const struct request *r, const char *name)
{
    for (unsigned i = 0; i < r->header_count; i++)
        if (strcasecmp(r->headers[i].name, name) == 0)
            return true;
    return false;
}

static void give_own(struct request *r, unsigned status, const char *type,
                     struct MHD_Response *response, unsigned deadline_seconds)
{
    if (response) {
        if (type)
            add_header(r, response, "Content-Type", type);
        add_header(r, response, "X-Content-Type-Options", "nosniff");
        if (!has_own_header(r, "Cache-Control"))
            add_header(r, response, "Cache-Control", "no-store");
        add_own_headers(r, response);
    }
    give(r, status, response, deadline_seconds);
    if (response)
        MHD_destroy_response(response);
}

/* The bytes of a large answer, which count until it is over. */
struct large {
    struct shares *shares;
    uint64_t who, bytes;
    char *data;
};

static void large_free(void *cls)
{
    struct large *large = cls;
    shares_give(large->shares, large->who, large->bytes);
    free(large->data);
    free(large);
}

/* Of a body that was counted; NULL without memory, and then it counts no more. */
static struct MHD_Response *large_response(const struct request *r, const struct buf *body)
{
    struct shares *shares = r->thread->http->answers;
    struct large *large = malloc(sizeof *large);
    struct MHD_Response *response = NULL;
    if (large) {
        *large =
            (struct large){.shares = shares, .who = r->who, .bytes = body->len, .data = body->data};
        response = MHD_create_response_from_buffer_with_free_callback_cls(body->len, body->data,
                                                                          large_free, large);
    }
    if (!response) {
        shares_give(shares, r->who, body->len);
        free(large);
    }
    return response;
}

static struct MHD_Response *small_response(const struct buf *body)
{
    return body->data
               ? MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_FREE)
               : MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
}

/* What is said of an answer and not of another one in its place. */
static bool is_of_answer(const char *header)
{
    static const char *const names[] = {"Content-Encoding", "Content-Disposition", "ETag",
                                        "Cache-Control"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(header, names[i]) == 0)
            return true;
    return false;
}

static void drop_headers_of_answer(struct request *r)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < r->header_count; i++) {
        if (is_of_answer(r->headers[i].name))
            free(r->headers[i].value);
        else
            r->headers[kept++] = r->headers[i];
    }
    r->header_count = kept;
}

/* Another answer in the place of a large one. */
static void refuse_large(struct request *r)
{
    atomic_fetch_add(&r->thread->http->answers_refused, 1);
    drop_headers_of_answer(r);
    request_reply_header(r, "Retry-After", "2");
    r->thread->http->options.app.refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE,
                                        "too many large answers are not read yet");
}

void request_reply(struct request *r, unsigned status, const char *type, struct buf *body)
{
    struct MHD_Response *response = NULL;
    const bool large = !buf_error(body) && body->len >= LARGE_ANSWER;
    if (large && shares_take(r->thread->http->answers, r->who, body->len) < 0) {
        buf_release(body);
        refuse_large(r);
        return;
    }
    r->exchange.bytes = body->len;
    if (!buf_error(body))
        response = large ? large_response(r, body) : small_response(body);
    if (response)
        *body = BUF_INIT(body->ceiling);
    give_own(r, status, type, response, REPLY_SECONDS);
}

void request_reply_text(struct request *r, unsigned status, const char *type, const char *text)
{
    r->exchange.bytes = strlen(text);
    give_own(r, status, type,
             MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY),
             REPLY_SECONDS);
}

void request_reply_empty(struct request *r, unsigned status)
{
    give_own(r, status, NULL, MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT),
             REPLY_SECONDS);
}

struct response *response_new(const void *bytes, size_t n, const char *const *headers)
{
    struct response *response = calloc(1, sizeof *response);
    if (!response)
        return NULL;
    *response = (struct response){
        .shared = MHD_create_response_from_buffer(n, (void *)bytes, MHD_RESPMEM_PERSISTENT),
        .bytes = bytes,
        .n = n};
    for (; response->shared && *headers; headers += 2)
        MHD_add_response_header(response->shared, headers[0], headers[1]);
    if (response->shared)
        return response;
    free(response);
    return NULL;
}

void response_free(struct response *response)
{
    if (response)
        MHD_destroy_response(response->shared);
    free(response);
}

struct merge {
    struct request *request;
    struct MHD_Response *into;
};

static enum MHD_Result merge_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    const struct merge *merge = cls;
    (void)kind;
    if (strcasecmp(name, "Vary") == 0 || !has_own_header(merge->request, name))
        add_header(merge->request, merge->into, name, value);
    return MHD_YES;
}

/* The shared reply's bytes and headers with those of the request's own; NULL without memory. */
static struct MHD_Response *personal(struct request *r, const struct response *response)
{
    struct merge merge = {r, MHD_create_response_from_buffer(response->n, (void *)response->bytes,
                                                             MHD_RESPMEM_PERSISTENT)};
    if (!merge.into)
        return NULL;
    MHD_get_response_headers(response->shared, merge_header, &merge);
    add_own_headers(r, merge.into);
    return merge.into;
}

void request_reply_shared(struct request *r, unsigned status, struct response *response)
{
    struct MHD_Response *own = r->header_count > 0 ? personal(r, response) : NULL;
    r->exchange.bytes = response->n;
    give(r, status, own ? own : response->shared, REPLY_SECONDS);
    if (own)
        MHD_destroy_response(own);
}

static ssize_t pull(void *cls, uint64_t position, char *out, size_t n)
{
    struct request *r = cls;
    (void)position;
    do {
        request_awake(r);
        r->deadline_ns = UINT64_MAX;
        ssize_t got = r->stream.read(r->stream.context, out, n, &r->deadline_ns);
        if (got > 0) {
            r->exchange.bytes += (uint64_t)got;
            return got;
        }
        if (got < 0 || request_closing(r))
            return MHD_CONTENT_READER_END_OF_STREAM;
    } while (!request_asleep(r));
    return 0;
}

static void stream_closed(void *cls)
{
    struct request *r = cls;
    if (r->stream.close)
        r->stream.close(r->stream.context);
    request_unref(r);
}

void request_reply_stream(struct request *r, unsigned status, const char *type,
                          const struct stream *stream)
{
    r->stream = *stream;
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, 8192, pull, request_ref(r), stream_closed);
    if (!response)
        stream_closed(r);
    give_own(r, status, type, response, 0);
}

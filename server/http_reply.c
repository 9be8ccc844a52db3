/* Replies: from a buffer, shared, or streamed. */
#include "server/http_internal.h"

#include <assert.h>
#include <string.h>

void request_reply_header(struct request *r, const char *name, const char *value)
{
    assert(r->header_count < REPLY_HEADERS_MAX);
    char *copy = strdup(value);
    if (!copy)
        return;
    r->headers[r->header_count].name = name;
    r->headers[r->header_count++].value = copy;
}

/* Gives the reply and the caller's reference on it to the library. */
static void give(struct request *r, unsigned status, struct MHD_Response *response,
                 unsigned deadline_seconds)
{
    assert(!r->answered);
    r->answered = true;
    r->result = MHD_NO;
    if (!response)
        return;
    r->result = MHD_queue_response(r->connection, status, response);
    MHD_destroy_response(response);
    conn_deadline(r->conn, deadline_seconds);
    if (status < 600)
        atomic_fetch_add(&r->thread->counts[status / 100], 1);
}

static void give_own(struct request *r, unsigned status, const char *type,
                     struct MHD_Response *response, unsigned deadline_seconds)
{
    if (response) {
        if (type)
            MHD_add_response_header(response, "Content-Type", type);
        MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
        MHD_add_response_header(response, "Cache-Control", "no-store");
        for (unsigned i = 0; i < r->header_count; i++)
            MHD_add_response_header(response, r->headers[i].name, r->headers[i].value);
    }
    give(r, status, response, deadline_seconds);
}

void request_reply(struct request *r, unsigned status, const char *type, struct buf *body)
{
    struct MHD_Response *response = NULL;
    if (!buf_error(body))
        response = body->data ? MHD_create_response_from_buffer(body->len, body->data,
                                                                MHD_RESPMEM_MUST_FREE)
                              : MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
    if (response)
        *body = BUF_INIT(body->ceiling);
    give_own(r, status, type, response, REPLY_SECONDS);
}

void request_reply_text(struct request *r, unsigned status, const char *type, const char *text)
{
    give_own(r, status, type,
             MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY),
             REPLY_SECONDS);
}

void request_reply_empty(struct request *r, unsigned status)
{
    give_own(r, status, NULL, MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT),
             REPLY_SECONDS);
}

/* A struct response is the library's own object under our name. */
struct response *response_new(const void *bytes, size_t n, const char *const *headers)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(n, (void *)bytes, MHD_RESPMEM_PERSISTENT);
    for (; response && *headers; headers += 2)
        MHD_add_response_header(response, headers[0], headers[1]);
    return (struct response *)response;
}

void response_free(struct response *response)
{
    if (response)
        MHD_destroy_response((struct MHD_Response *)response);
}

void request_reply_shared(struct request *r, unsigned status, struct response *response)
{
    assert(!r->answered);
    r->answered = true;
    r->result = MHD_queue_response(r->connection, status, (struct MHD_Response *)response);
    conn_deadline(r->conn, REPLY_SECONDS);
    atomic_fetch_add(&r->thread->counts[status / 100], 1);
}

static ssize_t pull(void *cls, uint64_t position, char *out, size_t n)
{
    struct request *r = cls;
    (void)position;
    do {
        request_awake(r);
        r->deadline_ns = UINT64_MAX;
        ssize_t got = r->stream.read(r->stream.context, out, n, &r->deadline_ns);
        if (got > 0)
            return got;
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

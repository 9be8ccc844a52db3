/*
 * HTTP over libmicrohttpd; nothing else in the program knows that library.
 *
 * How it works. One thread a core, each with its own daemon on its own SO_REUSEPORT socket, driven
 * through an external epoll (the library's own epoll loop stalls when exactly 128 connections are
 * ready). A request is given to the application once its body is there. A handler never blocks: it
 * replies, or asks to be called again with request_wait(); until then the connection is suspended
 * and costs nothing. A stream is a reply whose bytes are pulled from a source that may have none
 * yet; the connection sleeps until request_wake() or the source's deadline.
 *
 * What is refused before the application sees it: both Content-Length and Transfer-Encoding, either
 * of them or Host twice, Transfer-Encoding before HTTP/1.1, names of headers that are none, headers
 * over several lines or that do not end in CR LF, control bytes, an encoded NUL, a body beyond the
 * limit, too many query arguments, unknown methods. Connections that dawdle are ended: 10 s for a
 * head, 30 s for a body, 60 s idle, 120 s for taking an answer that is not a stream. An address has
 * a share of all connections; beyond it one is refused as soon as it is there. Large answers are
 * held until they are read, of all bytes in them an address has a share, too; beyond it the answer
 * is 503.
 *
 * Threads: everything about a request belongs to the thread that serves it, except request_ref,
 * request_unref and request_wake, which any thread may call.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "sandbox/base/buf.h"
#include "sandbox/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct http;
struct request;
struct response; /* shared by many replies */

enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_DELETE, METHOD_OPTIONS, METHOD_OTHER };

typedef void (*request_step)(struct request *request);

/* What became of a request. */
struct exchange {
    unsigned status;      /* 0: we gave none, since it was no HTTP or who asked had gone */
    uint64_t bytes;       /* of the answer's body, of a stream those that were pulled */
    uint64_t duration_ns; /* from its first line to the end of the answer */
};

struct http_app {
    void *context;
    request_step handle; /* called once the request is complete */
    /* Replies to a request that is refused for how it is written. */
    void (*refuse)(struct request *request, unsigned status, const char *detail);
    /* Told at the end of every request, also of one that was refused; its texts are still there. */
    void (*done)(struct request *request, const struct exchange *exchange);
    /* Whose share a connection from there takes, as a hash; 0: nobody's. */
    uint64_t (*whose)(void *context, const struct sockaddr *peer);
};

/* What one address may have of all there is. */
static inline uint64_t http_share(uint64_t all)
{
    return all / 4;
}

struct http_options {
    const char *listen; /* ADDRESS:PORT */
    unsigned threads;
    unsigned connections;
    size_t body_bytes;
    uint64_t answer_bytes; /* in all large answers that are being sent */
    struct http_app app;
};

/* Binds and starts serving. Returns 0 or -errno with the reason. */
int http_new(struct http **ret, const struct http_options *options, struct err *err);

/* The address in use, with the real port. */
const char *http_address(const struct http *http);
unsigned http_connections(struct http *http);

/* Stops accepting; connections that are open go on being served. */
void http_quiesce(struct http *http);

/* Ends everything: requests that wait are woken once more and then refused with 503, streams end.
 */
void http_free(struct http *http);

struct http_counts {
    uint64_t by_class[6];         /* replies by class of status: [2] is 2xx */
    uint64_t connections_refused; /* with one of these */
    uint64_t answers_refused;     /* large ones, with one of these */
};
struct http_counts http_counts(const struct http *http);
uint64_t http_answer_bytes(struct http *http); /* in large answers that are being sent */

/*
 * Says who asks, as a hash; 0: nobody in particular. Over a connection that takes nobody's share,
 * as a proxy's, a request takes its asker's as long as it is open. Returns -EDQUOT when there is
 * nothing left of that.
 */
int request_admit(struct request *request, uint64_t who);

/* What was asked. Texts live as long as the request. */
void *request_app(const struct request *request);
struct http *request_http(const struct request *request);           /* that serves it */
unsigned request_thread(const struct request *request);             /* 0 … threads-1 */
enum method request_method(const struct request *request);          /* HEAD is GET */
const char *request_method_text(const struct request *request);     /* as sent; "-" if unknown */
const struct sockaddr *request_peer(const struct request *request); /* the other end */
const char *request_path(const struct request *request); /* as sent, not decoded, no query */
const char *request_query(const struct request *request, const char *name);  /* decoded, or NULL */
const char *request_header(const struct request *request, const char *name); /* the first */
/* Calls each with every value of a header, in the order they came. */
void request_each_header(const struct request *request, const char *name,
                         void (*each)(void *context, const char *value), void *context);
const char *request_cookie(const struct request *request, const char *name);
bool request_accepts(const struct request *request, const char *coding); /* Accept-Encoding */
const char *request_body(const struct request *request, size_t *ret_bytes);

/* A handler's own state, freed with the request. */
void request_set_state(struct request *request, void *state, void (*free_state)(void *));
void *request_state(const struct request *request);

/* What the application knows of a request beside its handler's state, freed with the request. */
void request_set_note(struct request *request, void *note, void (*free_note)(void *));
void *request_note(const struct request *request); /* NULL: none */

/*
 * Calls step later in the same thread: after request_wake(), or at deadline_ns (CLOCK_MONOTONIC),
 * or once more when the server ends. It may be called too early and then waits again.
 */
void request_wait(struct request *request, uint64_t deadline_ns, request_step step);
void request_wake(struct request *request);
struct request *request_ref(struct request *request);
void request_unref(struct request *request);

/* A header of the reply, before it is given; instead of one of that name in a shared reply, except
 * Vary, which adds up. The value is copied. Without a Cache-Control a reply that is not shared is
 * not to be kept. */
void request_reply_header(struct request *request, const char *name, const char *value);

/* Replies with the buffer's bytes and takes them over; with 503 when they are many, and too many
 * are being sent already. */
void request_reply(struct request *request, unsigned status, const char *type, struct buf *body);
void request_reply_text(struct request *request, unsigned status, const char *type,
                        const char *text);
void request_reply_empty(struct request *request, unsigned status);

/* A reply made once and given often; `bytes` must outlive it. Headers are pairs, NULL at the end.
 */
struct response *response_new(const void *bytes, size_t n, const char *const *headers);
void response_free(struct response *response);
void request_reply_shared(struct request *request, unsigned status, struct response *response);

struct stream {
    void *context;
    /* Bytes put into out, 0 for none yet (ask again at *ret_deadline_ns), -1 at the end. */
    ssize_t (*read)(void *context, char *out, size_t n, uint64_t *ret_deadline_ns);
    void (*close)(void *context);
};
void request_reply_stream(struct request *request, unsigned status, const char *type,
                          const struct stream *stream);

#endif

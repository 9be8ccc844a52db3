/* What http.c (daemons, threads, connections) and http_request.c and http_reply.c (one exchange)
 * share. */
#ifndef HTTP_HTTP_INTERNAL_H
#define HTTP_HTTP_INTERNAL_H

#include "server/base/shares.h"
#include "server/http/http.h"
#include "server/http/listen.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum http_phase { HTTP_SERVING, HTTP_QUIESCED, HTTP_CLOSING };

/* Seconds a connection may stay in each state; 0 is for ever. */
enum { HEAD_SECONDS = 10, BODY_SECONDS = 30, IDLE_SECONDS = 60, REPLY_SECONDS = 120 };

/* How much of a body that is too large is read for the sake of an answer: so many times the limit.
 */
enum { OVERLONG = 16 };

/* Bytes from which on an answer is large. */
enum { LARGE_ANSWER = 65536 };

/* Connections beyond those there may be that one thread is telling so. */
enum { REFUSED_AT_ONCE = 64 };

enum { QUERY_ARGUMENTS_MAX = 32, REPLY_HEADERS_MAX = 16 };

/* An open connection, of one thread. */
struct conn {
    struct http_thread *thread;
    struct conn *prev, *next;
    int fd;
    struct request *request; /* that is being served, or NULL */
    uint64_t deadline_ns;    /* it is ended then; 0: never */
    uint64_t who;            /* whose share it takes; 0: nobody's */
    bool counted;            /* it is one of http->connections */
    bool refused;            /* it has its last answer, and nothing is served any more */
};

/* One thread with its daemon. All lists belong to that thread; threads share no cache line. */
struct http_thread {
    _Alignas(64) _Atomic uint64_t counts[6]; /* replies by class of status */
    struct http *http;
    unsigned index;
    int listen;
    int wake; /* eventfd: the phase changed, or a connection is to be resumed */
    int epoll;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    bool started;
    struct conn *conns;
    struct request *waiting; /* suspended requests */
    uint64_t now_ns;         /* when this turn of the loop began */
    uint64_t next_timer_ns;  /* no later than the earliest deadline in waiting */
    uint64_t next_reap_ns;
};

struct http {
    struct http_options options;
    char address[LISTEN_TEXT_MAX];
    _Atomic int phase;
    _Atomic uint64_t connections_refused, answers_refused;
    struct shares *connections;
    struct shares *requests;      /* over connections that take nobody's share */
    struct shares *answers;       /* bytes of those that are large */
    struct http_thread threads[]; /* options.threads of them */
};

struct request {
    _Atomic unsigned refs;
    struct http_thread *thread;
    struct MHD_Connection *connection;
    struct conn *conn;
    char *path;            /* the URI as sent, cut at the query */
    const char *malformed; /* why the URI is refused, or NULL */
    enum method method;
    const char *method_text;
    uint64_t began_ns;
    struct exchange exchange; /* so far */
    uint64_t who;             /* asks; 0: nobody in particular */
    bool counted;             /* it is one of http->requests */
    bool begun;               /* the head was looked at */
    bool too_large;           /* the body is; the rest of it is not kept */
    bool answered;            /* a reply was given; result is libmicrohttpd's word on it */
    enum MHD_Result result;
    struct buf body;
    size_t received; /* of the body */
    request_step step;
    struct stream stream;
    void *state;
    void (*free_state)(void *);
    void *note;
    void (*free_note)(void *);
    struct {
        const char *name;
        char *value;
    } headers[REPLY_HEADERS_MAX];
    unsigned header_count;
    bool header_lost; /* for want of memory; a reply without it would mislead */

    /* While it waits: in thread->waiting, woken at the deadline. */
    struct request *prev, *next;
    bool listed;
    uint64_t deadline_ns;

    pthread_mutex_t wake_lock; /* guards the two below */
    bool woken;
    bool suspended;
};

struct response {
    struct MHD_Response *shared;
    const void *bytes;
    size_t n;
};

void conn_deadline(struct conn *conn, unsigned seconds);

/* Answers past the library and ends the connection. `headers` are lines. */
void conn_refuse(struct conn *conn, unsigned status, const char *headers, const char *detail);

/*
 * Sleeping. request_awake() comes before the state is looked at, so that a wake that comes
 * meanwhile counts; request_asleep() then suspends the connection, or returns false when it was
 * woken since.
 */
void request_awake(struct request *request);
bool request_asleep(struct request *request);
bool request_closing(const struct request *request); /* the server ends */

/* Callbacks of libmicrohttpd, for one exchange. */
void *request_uri(void *thread, const char *uri, struct MHD_Connection *connection);
enum MHD_Result request_access(void *thread, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_bytes, void **context);
/*
 * Once for each request. Of one whose cookies leave no room for an answer the library (0.9.75)
 * tells nothing: then the end is that of its connection.
 */
void request_end(struct request *request);
void request_completed(void *thread, struct MHD_Connection *connection, void **context,
                       enum MHD_RequestTerminationCode why);

#endif

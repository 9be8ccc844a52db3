/*
 * Server-sent events of an experiment: `progress`, each the whole of it as it stands, a few times a
 * second and only when it has changed, and `done`. The id of an event is the number of executions
 * in it: a client that comes back with Last-Event-ID hears nothing before there is more.
 */
#include "server/api.h"

#include "sandbox/base/clock.h"
#include "server/experiment_json.h"
#include "server/problem.h"
#include "server/sse.h"

#include <stdlib.h>
#include <string.h>

#define PAUSE_NS UINT64_C(200000000) /* between two events */

enum { EVENT_MAX = 8 << 20 };

struct events {
    struct app *app;
    struct found_experiment found; /* live */
    struct subscriber subscriber;
    struct buf pending; /* written out from `sent` on */
    size_t sent;
    uint64_t version; /* delivered; 0 before the first */
    unsigned position;
    uint64_t told_ns; /* when the last event was made */
    bool finished;
    uint64_t heartbeat_ns;
};

struct news {
    bool done;
    uint64_t version, executions;
    unsigned position;
};

static void put(struct app *app, const struct found_experiment *found, const char *name,
                uint64_t id, struct buf *out)
{
    _cleanup_buf_ struct buf data = BUF_INIT(EVENT_MAX);
    struct jsonw w = JSONW(&data);
    experiment_json(app, found, &w);
    if (!buf_error(&data))
        sse_put(out, name, id, &data);
}

static struct news look(const struct events *s)
{
    struct experiment *e = s->found.live;
    struct news news = {.position = lab_position(s->app->lab, e)};
    pthread_mutex_lock(&e->lock);
    news.done = e->status == EXPERIMENT_DONE;
    news.version = e->version + 1;
    news.executions = e->outcomes.done;
    pthread_mutex_unlock(&e->lock);
    return news;
}

/* Returns when to look again though nobody woke us. */
static uint64_t produce(struct events *s)
{
    struct news news = look(s);
    uint64_t now = clock_ns();
    bool changed = news.version != s->version || news.position != s->position;
    if (news.done) {
        put(s->app, &s->found, "done", news.executions, &s->pending);
        s->finished = true;
    } else if (changed && now >= s->told_ns + PAUSE_NS) {
        put(s->app, &s->found, "progress", news.executions, &s->pending);
        s->version = news.version;
        s->position = news.position;
        s->told_ns = now;
    } else if (now >= s->heartbeat_ns) {
        buf_adds(&s->pending, SSE_HEARTBEAT);
    } else if (changed) {
        return s->told_ns + PAUSE_NS;
    }
    if (s->pending.len > 0)
        s->heartbeat_ns = now + SSE_HEARTBEAT_NS;
    uint64_t queued = now + SSE_QUEUED_NS;
    return s->position > 0 && queued < s->heartbeat_ns ? queued : s->heartbeat_ns;
}

static ssize_t read_events(void *context, char *out, size_t n, uint64_t *ret_deadline_ns)
{
    struct events *s = context;
    *ret_deadline_ns = s->heartbeat_ns;
    if (s->sent == s->pending.len) {
        if (s->finished || buf_error(&s->pending))
            return -1;
        buf_clear(&s->pending);
        s->sent = 0;
        *ret_deadline_ns = produce(s);
    }
    size_t ready = s->pending.len - s->sent;
    if (ready > n)
        ready = n;
    if (ready > 0)
        memcpy(out, s->pending.data + s->sent, ready);
    s->sent += ready;
    return (ssize_t)ready;
}

static void close_events(void *context)
{
    struct events *s = context;
    experiment_unsubscribe(s->found.live, &s->subscriber);
    found_experiment_release(&s->found);
    buf_release(&s->pending);
    free(s);
}

/* What the client has seen already is not news. */
static void resume(struct events *s, const char *last)
{
    struct news news = look(s);
    if (last && strtoull(last, NULL, 10) == news.executions && news.executions > 0) {
        s->version = news.version;
        s->position = news.position;
    }
}

static void stream_live(struct app *app, struct request *request,
                        const struct found_experiment *found)
{
    struct events *s = calloc(1, sizeof *s);
    if (!s) {
        problem_reply(request, 500, "out of memory");
        return;
    }
    *s = (struct events){.app = app,
                         .found = {.live = experiment_ref(found->live), .mine = found->mine},
                         .subscriber = {.request = request},
                         .pending = BUF_INIT(2 * EVENT_MAX),
                         .heartbeat_ns = clock_ns() + SSE_HEARTBEAT_NS};
    resume(s, request_header(request, "Last-Event-ID"));
    experiment_subscribe(found->live, &s->subscriber);
    request_reply_stream(
        request, 200, SSE_TYPE,
        &(struct stream){.context = s, .read = read_events, .close = close_events});
}

/* The number of executions of a finished one, as it is told. */
static uint64_t executions_of(const struct store_experiment *row)
{
    struct doc *found;
    int64_t done = 0;
    if (doc_parse(&found, row->found, strlen(row->found), NULL) < 0)
        return 0;
    doc_integer(doc_member(doc_member(found, "progress"), "done"), &done);
    doc_free(found);
    return (uint64_t)done;
}

void api_experiment_events(struct app *app, struct request *request, const char *id)
{
    struct found_experiment found;
    _cleanup_buf_ struct buf out = BUF_INIT(EVENT_MAX);
    if (found_experiment_or_reply(app, request, id, &found) < 0)
        return;
    if (found.live) {
        stream_live(app, request, &found);
    } else {
        put(app, &found, "done", executions_of(&found.row), &out);
        request_reply(request, 200, SSE_TYPE, &out);
    }
    found_experiment_release(&found);
}

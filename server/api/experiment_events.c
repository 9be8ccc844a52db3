/*
 * Server-sent events of an experiment: `progress`, each the whole of it as it stands, a few times a
 * second and only when it has changed, and `done`. The id of an event is the number of executions
 * in it: a client that comes back with Last-Event-ID hears nothing before there is more.
 */
#include "server/api/api.h"

#include "sandbox/base/clock.h"
#include "server/api/experiment_json.h"
#include "server/http/problem.h"
#include "server/http/sse.h"

#include <stdlib.h>
#include <string.h>

#define PAUSE_NS UINT64_C(200000000) /* between two events */

enum { EVENT_MAX = 8 << 20 };

struct events {
    struct app *app;
    struct found_experiment found; /* live */
    struct subscriber subscriber;
    struct sse sse;
    uint64_t version; /* delivered; 0 before the first */
    unsigned position;
    uint64_t told_ns; /* when the last event was made */
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
    bool early = now < s->told_ns + PAUSE_NS;
    if (news.done) {
        put(s->app, &s->found, "done", news.executions, &s->sse.pending);
        s->sse.over = true;
    } else if (changed && !early) {
        put(s->app, &s->found, "progress", news.executions, &s->sse.pending);
        s->version = news.version;
        s->position = news.position;
        s->told_ns = now;
    }
    sse_settle(&s->sse, now);
    return changed && early  ? s->told_ns + PAUSE_NS
           : s->position > 0 ? now + SSE_QUEUED_NS
                             : s->sse.heartbeat_ns;
}

static ssize_t read_events(void *context, char *out, size_t n, uint64_t *ret_deadline_ns)
{
    struct events *s = context;
    *ret_deadline_ns = sse_wants(&s->sse) ? produce(s) : s->sse.heartbeat_ns;
    return sse_take(&s->sse, out, n);
}

static void close_events(void *context)
{
    struct events *s = context;
    experiment_unsubscribe(s->found.live, &s->subscriber);
    found_experiment_release(&s->found);
    sse_end(&s->sse);
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
                         .sse = sse_begin(2 * EVENT_MAX)};
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
        if (buf_error(&out))
            problem_reply(request, 500, "the experiment cannot be read");
        else
            request_reply(request, 200, SSE_TYPE, &out);
    }
    found_experiment_release(&found);
}

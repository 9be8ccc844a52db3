/*
 * Server-sent events of a run: `status`, `output`, `trace`, `done`. The id of an event is the
 * number of output bytes delivered with it, so a client that comes back with Last-Event-ID goes on
 * there. A finished run's stream is written at once and ends.
 */
#include "server/api/api.h"

#include "sandbox/base/clock.h"
#include "server/api/output_json.h"
#include "server/api/run_json.h"
#include "server/http/problem.h"
#include "server/http/sse.h"

#include <stdlib.h>

enum { OUTPUT_PER_EVENT = 65536, EVENT_MAX = 8 << 20 };

/* ---- events ---- */

static void put_output(struct buf *out, const struct buf *text, const struct buf *segments,
                       size_t from, size_t to)
{
    _cleanup_buf_ struct buf data = BUF_INIT(EVENT_MAX);
    struct jsonw w = JSONW(&data);
    jsonw_open(&w, '{');
    jsonw_put_integer(&w, "offset", (int64_t)from);
    segments_write(&w, text, segments, from, to);
    jsonw_close(&w, '}');
    sse_put(out, "output", to, &data);
}

static void put_live(struct buf *out, const char *name, size_t id, struct app *app, struct run *run,
                     bool mine, size_t most)
{
    _cleanup_buf_ struct buf data = BUF_INIT(EVENT_MAX);
    struct jsonw w = JSONW(&data);
    run_json_live(app, run, mine, most, &w);
    sse_put(out, name, id, &data);
}

/* ---- a live run ---- */

struct events {
    struct app *app;
    struct run *run;
    bool mine;
    struct subscriber subscriber;
    struct sse sse;
    size_t cursor;      /* output bytes delivered */
    size_t trace_bytes; /* announced */
    int status;         /* announced, with the position; -1 before the first */
    unsigned position;
};

struct news {
    enum run_status status;
    unsigned position;
    size_t trace_bytes;
    uint64_t trace_events;
};

static void put_trace(struct events *e, const struct news *news)
{
    _cleanup_buf_ struct buf data = BUF_INIT(256);
    struct jsonw w = JSONW(&data);
    jsonw_open(&w, '{');
    jsonw_put_integer(&w, "bytes", (int64_t)news->trace_bytes);
    jsonw_put_integer(&w, "events", (int64_t)news->trace_events);
    jsonw_close(&w, '}');
    sse_put(&e->sse.pending, "trace", e->cursor, &data);
    e->trace_bytes = news->trace_bytes;
}

/* Puts one stretch of new output; true when there is more. */
static bool put_new_output(struct events *e)
{
    struct run *run = e->run;
    pthread_mutex_lock(&run->lock);
    size_t from = e->cursor < run->output.len ? e->cursor : run->output.len;
    size_t to =
        run->output.len - from > OUTPUT_PER_EVENT ? from + OUTPUT_PER_EVENT : run->output.len;
    if (from < to)
        put_output(&e->sse.pending, &run->output, &run->segments, from, to);
    bool more = to < run->output.len;
    pthread_mutex_unlock(&run->lock);
    e->cursor = to;
    return more;
}

static struct news look(struct events *e)
{
    struct run *run = e->run;
    unsigned position = registry_position(e->app->registry, run);
    pthread_mutex_lock(&run->lock);
    struct news news = {.status = run->status == RUN_ENDED ? RUN_RUNNING : run->status,
                        .position = position,
                        .trace_bytes = run->trace.len,
                        .trace_events = run->trace_events};
    pthread_mutex_unlock(&run->lock);
    return news;
}

/*
 * The state is looked at before the output, so that `done` comes after all of it. Returns when to
 * look again though nobody woke us.
 */
static uint64_t produce(struct events *e)
{
    struct news news = look(e);
    if ((int)news.status != e->status || news.position != e->position) {
        put_live(&e->sse.pending, "status", e->cursor, e->app, e->run, e->mine, NO_OUTPUT);
        e->status = (int)news.status;
        e->position = news.position;
    }
    bool more = put_new_output(e);
    if (news.trace_bytes > e->trace_bytes)
        put_trace(e, &news);
    if (news.status == RUN_DONE && !more) {
        put_live(&e->sse.pending, "done", e->cursor, e->app, e->run, e->mine, OUTPUT_SHOWN);
        e->sse.over = true;
    }
    uint64_t now = clock_ns();
    sse_settle(&e->sse, now);
    return news.status == RUN_QUEUED ? now + SSE_QUEUED_NS : e->sse.heartbeat_ns;
}

static ssize_t read_events(void *context, char *out, size_t n, uint64_t *ret_deadline_ns)
{
    struct events *e = context;
    *ret_deadline_ns = sse_wants(&e->sse) ? produce(e) : e->sse.heartbeat_ns;
    return sse_take(&e->sse, out, n);
}

static void close_events(void *context)
{
    struct events *e = context;
    run_unsubscribe(e->run, &e->subscriber);
    run_unref(e->run);
    sse_end(&e->sse);
    free(e);
}

static void stream_live(struct app *app, struct request *request, const struct found_run *found,
                        size_t from)
{
    struct events *e = calloc(1, sizeof *e);
    if (!e) {
        problem_reply(request, 500, "out of memory");
        return;
    }
    *e = (struct events){.app = app,
                         .run = run_ref(found->live),
                         .mine = found->mine,
                         .subscriber = {.request = request},
                         .sse = sse_begin(4 * EVENT_MAX),
                         .cursor = from,
                         .status = -1};
    run_subscribe(e->run, &e->subscriber);
    request_reply_stream(
        request, 200, SSE_TYPE,
        &(struct stream){.context = e, .read = read_events, .close = close_events});
}

/* ---- a finished run ---- */

static int put_row(struct app *app, struct request *request, const struct found_run *found,
                   const char *name, size_t id, size_t most, struct buf *out)
{
    _cleanup_buf_ struct buf data = BUF_INIT(EVENT_MAX);
    struct jsonw w = JSONW(&data);
    int r = run_json_row(app, app_reader(app, request), &found->row, found->mine, most, &w);
    sse_put(out, name, id, &data);
    return r < 0 ? r : buf_error(&data);
}

static void reply_finished(struct app *app, struct request *request, const struct found_run *found,
                           size_t from)
{
    _cleanup_buf_ struct buf out = BUF_INIT(512u << 20), text = BUF_INIT(256u << 20),
                             segments = BUF_INIT(16u << 20);
    int r = store_output(app_reader(app, request), &found->row, SIZE_MAX >> 1, &text, &segments);
    if (from > text.len)
        from = text.len;
    if (r == 0)
        r = put_row(app, request, found, "status", from, NO_OUTPUT, &out);
    for (size_t to; r == 0 && from < text.len; from = to) {
        to = text.len - from > OUTPUT_PER_EVENT ? from + OUTPUT_PER_EVENT : text.len;
        put_output(&out, &text, &segments, from, to);
    }
    if (r == 0)
        r = put_row(app, request, found, "done", text.len, OUTPUT_SHOWN, &out);
    if (r < 0 || buf_error(&out))
        problem_reply(request, 500, "the run cannot be read");
    else
        request_reply(request, 200, SSE_TYPE, &out);
}

void api_run_events(struct app *app, struct request *request, const char *id)
{
    const char *last = request_header(request, "Last-Event-ID");
    size_t from = last ? strtoul(last, NULL, 10) : 0;
    struct found_run found;
    if (found_run_or_reply(app, request, id, &found) < 0)
        return;
    if (found.live)
        stream_live(app, request, &found, from);
    else
        reply_finished(app, request, &found, from);
    found_run_release(&found);
}

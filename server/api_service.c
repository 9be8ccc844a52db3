#include "server/api.h"
#include "server/list.h"
#include "server/problem.h"
#include "server/run_wait.h"

#include <inttypes.h>
#include <string.h>

struct response *api_limits_new(const struct config *config, struct buf *body)
{
    static const char *const headers[] = {
        "Content-Type", JSON_TYPE, "X-Content-Type-Options", "nosniff", "Cache-Control",
        "no-store",     NULL};
    const struct {
        const char *name;
        uint64_t value;
    } limits[] = {
        {"wall_ns", config->limits.wall_ns},
        {"output_bytes", config->limits.output_bytes},
        {"tasks", config->limits.tasks},
        {"memory_bytes", config->limits.memory_bytes},
        {"run_bytes", config->limits.run_bytes},
        {"cpu_seconds", config->limits.cpu_seconds},
        {"trace_events", (uint64_t)TRACE_SEGMENTS * TRACE_SEGMENT_RECORDS},
        {"output_shown_bytes", OUTPUT_SHOWN},
        {"workers", config->workers},
        {"queue", config->queue},
        {"experiments", config->experiments},
        {"experiments_of_one", EXPERIMENTS_OF_ONE},
        {"experiment_workers", config->benches},
        {"repeat_count", REPEAT_MAX},
        {"explore_preemptions", SCHEDULE_PREEMPTIONS_MAX},
        {"explore_schedules", SCHEDULE_EXECUTIONS_MAX},
        {"explore_seconds", SCHEDULE_SECONDS_MAX},
        {"outcomes", OUTCOMES_MAX},
        {"schedule_depth", SCHEDULE_DEPTH_MAX},
        {"schedule_token_bytes", SCHEDULE_TOKEN_MAX - 1},
        {"connections", config->connections},
        {"body_bytes", config->body_bytes},
        {"wait_seconds", WAIT_SECONDS_MAX},
        {"list", LIST_MAX},
    };
    struct jsonw w = JSONW(body);
    jsonw_open(&w, '{');
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        jsonw_put_integer(&w, limits[i].name, (int64_t)limits[i].value);
    jsonw_close(&w, '}');
    return buf_error(body) ? NULL : response_new(buf_text(body), body->len, headers);
}

void api_limits(struct app *app, struct request *request, const char *id)
{
    (void)id;
    request_reply_shared(request, 200, app->limits);
}

void api_healthz(struct app *app, struct request *request, const char *id)
{
    (void)app;
    (void)id;
    request_reply_text(request, 200, JSON_TYPE, "{\"status\":\"ok\"}");
}

void api_readyz(struct app *app, struct request *request, const char *id)
{
    (void)id;
    _cleanup_buf_ struct buf body = BUF_INIT(65536);
    struct jsonw w = JSONW(&body);
    jsonw_open(&w, '{');
    jsonw_put_string(&w, "status", "ready");
    jsonw_name(&w, "isolation");
    jsonw_raw(&w, app->isolation, strlen(app->isolation));
    jsonw_close(&w, '}');
    if (collector_ready(app->collector))
        request_reply_text(request, 200, JSON_TYPE, buf_text(&body));
    else
        problem_reply_later(request, 503, 2, "no run can be started now");
}

static void metric(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(struct buf *out, const char *name, const char *help, uint64_t value)
{
    metric(out, name, "gauge", help);
    buf_printf(out, "%s %" PRIu64 "\n", name, value);
}

static void put_http(struct buf *out, struct http *http)
{
    struct http_counts counts = http_counts(http);
    metric(out, "interleave_http_replies_total", "counter", "Replies by class of status.");
    for (int class = 2; class < 6; class ++)
        buf_printf(out, "interleave_http_replies_total{status=\"%dxx\"} %" PRIu64 "\n", class,
                   counts.by_class[class]);
    gauge(out, "interleave_http_connections", "Open connections.", http_connections(http));
}

static void put_runs(struct buf *out, struct collector *collector)
{
    struct collector_counts counts = collector_counts(collector);
    metric(out, "interleave_runs_started_total", "counter",
           "Runs given to a worker, also an experiment's.");
    buf_printf(out, "interleave_runs_started_total %" PRIu64 "\n", counts.started);
    metric(out, "interleave_runs_ended_total", "counter",
           "Runs by how they ended, also an experiment's.");
    for (unsigned i = ENDED_NONE + 1; i < ENDED_COUNT; i++)
        buf_printf(out, "interleave_runs_ended_total{ended=\"%s\"} %" PRIu64 "\n", ended_text(i),
                   counts.ended[i]);
    gauge(out, "interleave_runs_running", "Runs in a worker.", counts.running);
}

void api_metrics(struct app *app, struct request *request, const char *id)
{
    (void)id;
    _cleanup_buf_ struct buf out = BUF_INIT(65536);
    struct registry_counts live = registry_counts(app->registry);
    struct lab_counts lab = lab_counts(app->lab);
    put_http(&out, request_http(request));
    put_runs(&out, app->collector);
    gauge(&out, "interleave_runs_queued", "Runs that wait for a worker.", live.queued);
    gauge(&out, "interleave_runs_live", "Runs that are not stored yet.", live.live);
    gauge(&out, "interleave_experiments_queued", "Experiments that have not begun.", lab.queued);
    gauge(&out, "interleave_experiments_running", "Experiments that go on.", lab.running);
    gauge(&out, "interleave_store_waiting", "Writes that wait for the store.",
          store_waiting(app->store));
    request_reply(request, 200, "text/plain; version=0.0.4; charset=utf-8", &out);
}

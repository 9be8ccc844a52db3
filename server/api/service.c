#include "server/api/api.h"
#include "server/api/list.h"
#include "server/api/run_wait.h"
#include "server/http/problem.h"
#include "server/workshops/workshop.h"

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
        {"queue_of_one", config->queue_of_one},
        {"queue_of_address", share_of_address((unsigned)config->queue)},
        {"experiments", config->experiments},
        {"experiments_of_one", EXPERIMENTS_OF_ONE},
        {"experiments_of_address", share_of_address((unsigned)config->experiments)},
        {"experiment_workers", config->benches},
        {"repeat_count", REPEAT_MAX},
        {"explore_preemptions", SCHEDULE_PREEMPTIONS_MAX},
        {"explore_schedules", SCHEDULE_EXECUTIONS_MAX},
        {"explore_seconds", SCHEDULE_SECONDS_MAX},
        {"outcomes", OUTCOMES_MAX},
        {"schedule_depth", SCHEDULE_DEPTH_MAX},
        {"schedule_token_bytes", SCHEDULE_TOKEN_MAX - 1},
        {"retention_seconds", config->retention_ns / 1000000000},
        {"workshop_retention_seconds", config->workshops_ns / 1000000000},
        {"disk_bytes", config->disk_bytes},
        {"kept_bytes", config_kept_bytes(config)},
        {"workshop_steps", WORKSHOP_STEPS_MAX},
        {"workshop_participants", WORKSHOP_PARTICIPANTS_MAX},
        {"workshop_runs", WORKSHOP_RUNS_MAX},
        {"workshop_name_characters", WORKSHOP_NAME_MAX},
        {"connections", config->connections},
        {"connections_of_address", http_share(config->connections)},
        {"body_bytes", config->body_bytes},
        {"answer_bytes", config->answer_bytes},
        {"answer_bytes_of_address", http_share(config->answer_bytes)},
        {"wait_seconds", WAIT_SECONDS_MAX},
        {"list", LIST_MAX},
        {"client_posts", config->rates[RATE_CLIENT].requests},
        {"client_posts_seconds", config->rates[RATE_CLIENT].seconds},
        {"address_posts", config->rates[RATE_ADDRESS].requests},
        {"address_posts_seconds", config->rates[RATE_ADDRESS].seconds},
        {"address_reads", config->rates[RATE_READS].requests},
        {"address_reads_seconds", config->rates[RATE_READS].seconds},
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

void api_openapi(struct app *app, struct request *request, const char *id)
{
    (void)id;
    openapi_reply(app->openapi, request);
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
    if (*app->weaker)
        jsonw_put_string(&w, "not_full_because", app->weaker);
    jsonw_close(&w, '}');
    if (!collector_ready(app->collector))
        problem_reply_later(request, 503, 2, "no run can be started now");
    else if (buf_error(&body))
        problem_reply(request, 500, "out of memory");
    else
        request_reply(request, 200, JSON_TYPE, &body);
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
    metric(out, "interleave_http_connections_refused_total", "counter",
           "Connections beyond those there may be, of an address or of all.");
    buf_printf(out, "interleave_http_connections_refused_total %" PRIu64 "\n",
               counts.connections_refused);
    metric(out, "interleave_http_answers_refused_total", "counter",
           "Large answers beyond those that may be held until they are read.");
    buf_printf(out, "interleave_http_answers_refused_total %" PRIu64 "\n", counts.answers_refused);
    gauge(out, "interleave_http_answer_bytes", "Bytes in large answers that are being sent.",
          http_answer_bytes(http));
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

static void put_waits(struct buf *out, struct registry *registry)
{
    static const char name[] = "interleave_run_queue_wait_seconds";
    struct registry_waits waits = registry_waits(registry);
    uint64_t total = 0;
    metric(out, name, "histogram", "How long runs waited for a worker.");
    for (unsigned i = 0; i < WAIT_BUCKETS; i++) {
        total += waits.count[i];
        buf_printf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, wait_bounds[i], total);
    }
    total += waits.count[WAIT_BUCKETS];
    buf_printf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.9f\n%s_count %" PRIu64 "\n", name,
               total, name, (double)waits.sum_ns / 1e9, name, total);
}

static void put_refused(struct buf *out, const struct refused *refused)
{
    static const char *const reasons[] = {
#define X(name, text) text,
        REFUSED_REASONS(X)
#undef X
    };
    metric(out, "interleave_refused_total", "counter", "Requests refused, by why.");
    for (unsigned i = 0; i < REFUSED_COUNT; i++)
        buf_printf(out, "interleave_refused_total{reason=\"%s\"} %" PRIu64 "\n", reasons[i],
                   atomic_load(&refused->counts[i]));
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
    gauge(&out, "interleave_clients_waiting", "Clients of whom runs wait.", live.clients);
    put_waits(&out, app->registry);
    put_refused(&out, &app->refused);
    gauge(&out, "interleave_runs_live", "Runs that are not stored yet.", live.live);
    gauge(&out, "interleave_experiments_queued", "Experiments that have not begun.", lab.queued);
    gauge(&out, "interleave_experiments_running", "Experiments that go on.", lab.running);
    metric(&out, "interleave_expired_total", "counter",
           "Runs, experiments and workshops that nobody kept.");
    buf_printf(&out, "interleave_expired_total %" PRIu64 "\n", retention_count(app->retention));
    metric(&out, "interleave_isolation_info", "gauge", "How strongly runs are isolated.");
    buf_printf(&out, "interleave_isolation_info{tier=\"%s\"} 1\n", app->tier);
    gauge(&out, "interleave_store_waiting", "Writes that wait for the store.",
          store_waiting(app->store));
    request_reply(request, 200, "text/plain; version=0.0.4; charset=utf-8", &out);
}

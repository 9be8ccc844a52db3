#include "server/api/run_json.h"

#include "server/clients/session.h"
#include "server/http/problem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RUN_JSON_MAX (8u << 20)

int found_run(struct app *app, struct request *request, const char *id, struct found_run *ret)
{
    *ret = (struct found_run){.live = registry_find(app->registry, id)};
    int r = ret->live ? 0 : store_find(app_reader(app, request), id, &ret->row);
    if (r < 0)
        return r;
    if (!ret->live && !ret->row.done) {
        /* Neither live nor done: it is being deleted. */
        store_run_release(&ret->row);
        return -ENOENT;
    }
    ret->mine =
        session_owns(session_of(request), ret->live ? ret->live->record.session : ret->row.session);
    return 0;
}

void found_run_release(struct found_run *found)
{
    run_unref(found->live);
    store_run_release(&found->row);
    found->live = NULL;
}

int found_run_or_reply(struct app *app, struct request *request, const char *id,
                       struct found_run *ret)
{
    int r = found_run(app, request, id, ret);
    if (r == -ENOENT)
        problem_reply(request, 404, "there is no run of that id");
    else if (r < 0)
        problem_reply(request, 500, "the run cannot be read");
    return r;
}

static void write_links(struct jsonw *w, const char *id)
{
    static const char *const parts[] = {"events", "trace", "output"};
    char text[96];
    jsonw_name(w, "links");
    jsonw_open(w, '{');
    snprintf(text, sizeof text, API_PREFIX "/runs/%s", id);
    jsonw_put_string(w, "self", text);
    snprintf(text, sizeof text, "/r/%s", id);
    jsonw_put_string(w, "page", text);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        snprintf(text, sizeof text, API_PREFIX "/runs/%s/%s", id, parts[i]);
        jsonw_put_string(w, parts[i], text);
    }
    jsonw_close(w, '}');
}

/* Members that a run has only at its end. */
static void write_unfinished(struct app *app, struct jsonw *w, uint64_t events, uint64_t output)
{
    static const char before[] = "\"ended\":null,\"exit\":{\"code\":null,\"signal\":null},"
                                 "\"outcome\":null,\"checks\":[]";
    jsonw_raw(w, before, sizeof before - 1);
    jsonw_name(w, "metrics");
    jsonw_open(w, '{');
    jsonw_put_integer(w, "events", (int64_t)events);
    jsonw_put_integer(w, "output_bytes", (int64_t)output);
    jsonw_close(w, '}');
    static const char last[] = "\"waits_for\":[],\"table\":[]";
    jsonw_raw(w, last, sizeof last - 1);
    jsonw_name(w, "isolation");
    jsonw_raw(w, app->isolation, strlen(app->isolation));
}

struct view {
    const struct store_run *record;
    const char *status;
    bool mine;
    unsigned position; /* 0: does not wait */
    uint64_t events;
    const char *output; /* NULL: left out */
    size_t output_bytes;
    bool truncated;
};

static void write_seat(const struct store_seat *seat, struct jsonw *w)
{
    jsonw_name(w, "workshop");
    jsonw_open(w, '{');
    jsonw_put_string(w, "id", seat->workshop);
    jsonw_put_integer(w, "step", seat->step);
    jsonw_put_string(w, "name", seat->name);
    jsonw_close(w, '}');
}

static void write_view(struct app *app, const struct view *v, struct jsonw *w)
{
    const struct store_run *r = v->record;
    bool done = strcmp(v->status, "done") == 0;
    jsonw_open(w, '{');
    jsonw_put_string(w, "id", r->id);
    jsonw_put_string(w, "scenario", r->scenario);
    jsonw_put_bool(w, "mine", v->mine);
    jsonw_put_bool(w, "kept", r->kept);
    jsonw_name(w, "params");
    jsonw_raw(w, r->params, strlen(r->params));
    jsonw_name(w, "schedule");
    const char *schedule = r->schedule_then ? r->schedule_then : r->schedule;
    jsonw_raw(w, schedule, strlen(schedule));
    jsonw_put_string(w, "status", v->status);
    if (v->position)
        jsonw_put_integer(w, "queue_position", v->position);
    if (done && strlen(r->result) > 2)
        jsonw_raw(w, r->result + 1, strlen(r->result) - 2);
    else
        write_unfinished(app, w, v->events, r->output_bytes);
    if (v->output) {
        jsonw_name(w, "output");
        jsonw_string_n(w, v->output, v->output_bytes);
        jsonw_put_bool(w, "output_truncated", v->truncated);
    }
    if (r->seat.workshop[0])
        write_seat(&r->seat, w);
    jsonw_put_time(w, "created_at", r->created_ms);
    jsonw_put_time(w, "started_at", r->started_ms);
    jsonw_put_time(w, "finished_at", r->finished_ms);
    write_links(w, r->id);
    jsonw_close(w, '}');
}

/* Cuts before a character that does not fit as a whole. */
static size_t cut(const char *text, size_t n, size_t most)
{
    if (n <= most)
        return n;
    while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
        most--;
    return most;
}

void run_json_live(struct app *app, struct run *run, bool mine, size_t most, struct jsonw *w)
{
    static const char *const words[] = {[RUN_QUEUED] = "queued",
                                        [RUN_RUNNING] = "running",
                                        [RUN_ENDED] = "running",
                                        [RUN_DONE] = "done"};
    unsigned position = registry_position(app->registry, run);
    pthread_mutex_lock(&run->lock);
    struct view v = {.record = &run->record,
                     .status = words[run->status],
                     .mine = mine,
                     .position = run->status == RUN_QUEUED ? position : 0,
                     .events = run->trace_events};
    if (most != NO_OUTPUT) {
        v.output = buf_text(&run->output);
        v.output_bytes = cut(v.output, run->output.len, most);
        v.truncated = v.output_bytes < run->output.len;
    }
    write_view(app, &v, w);
    pthread_mutex_unlock(&run->lock);
}

int run_json_row(struct app *app, struct store_reader *reader, const struct store_run *row,
                 bool mine, size_t most, struct jsonw *w)
{
    struct view v = {.record = row, .status = "done", .mine = mine};
    if (most == NO_OUTPUT) {
        write_view(app, &v, w);
        return 0;
    }
    _cleanup_buf_ struct buf text = BUF_INIT(most + 8);
    int r = store_output(reader, row, most + 1, &text, NULL);
    v.output = buf_text(&text);
    v.output_bytes = cut(v.output, text.len, most);
    v.truncated = v.output_bytes < row->output_bytes;
    write_view(app, &v, w);
    return r;
}

void run_json_reply(struct app *app, struct request *request, unsigned status,
                    const struct found_run *found)
{
    _cleanup_buf_ struct buf out = BUF_INIT(RUN_JSON_MAX);
    struct jsonw w = JSONW(&out);
    int r = 0;
    if (found->live)
        run_json_live(app, found->live, found->mine, OUTPUT_SHOWN, &w);
    else
        r = run_json_row(app, app_reader(app, request), &found->row, found->mine, OUTPUT_SHOWN, &w);
    if (r < 0 || buf_error(&out))
        problem_reply(request, 500, "the run cannot be read");
    else
        request_reply(request, status, JSON_TYPE, &out);
}

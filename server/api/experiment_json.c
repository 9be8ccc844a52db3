#include "server/api/experiment_json.h"

#include "sandbox/base/clock.h"
#include "server/clients/session.h"
#include "server/http/problem.h"
#include "server/setups/setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPERIMENT_JSON_MAX (8u << 20)

/* ---- by its id ---- */

int found_experiment(struct app *app, struct request *request, const char *id,
                     struct found_experiment *ret)
{
    *ret = (struct found_experiment){.live = lab_find(app->lab, id)};
    int r = ret->live ? 0 : store_find_experiment(app_reader(app, request), id, &ret->row);
    if (r < 0)
        return r;
    /* It left the lab just now, and its row was read before that. */
    if (!ret->live && !ret->row.done) {
        store_experiment_release(&ret->row);
        r = store_find_experiment(app_reader(app, request), id, &ret->row);
    }
    if (r == 0)
        ret->mine = session_owns(session_of(request),
                                 ret->live ? ret->live->record.session : ret->row.session);
    return r;
}

void found_experiment_release(struct found_experiment *found)
{
    experiment_unref(found->live);
    store_experiment_release(&found->row);
    found->live = NULL;
}

int found_experiment_or_reply(struct app *app, struct request *request, const char *id,
                              struct found_experiment *ret)
{
    int r = found_experiment(app, request, id, ret);
    if (r == -ENOENT)
        problem_reply(request, 404, "there is no experiment of that id");
    else if (r < 0)
        problem_reply(request, 500, "the experiment cannot be read");
    return r;
}

/* ---- as JSON ---- */

struct view {
    const struct store_experiment *record;
    const char *status, *ended, *found;
    unsigned position; /* 0: does not wait */
    bool mine;
};

static void write_links(struct jsonw *w, const char *id)
{
    char text[96];
    jsonw_name(w, "links");
    jsonw_open(w, '{');
    snprintf(text, sizeof text, API_PREFIX "/experiments/%s", id);
    jsonw_put_string(w, "self", text);
    snprintf(text, sizeof text, "/x/%s", id);
    jsonw_put_string(w, "page", text);
    snprintf(text, sizeof text, API_PREFIX "/experiments/%s/events", id);
    jsonw_put_string(w, "events", text);
    jsonw_close(w, '}');
}

static void write_view(const struct view *v, struct jsonw *w)
{
    const struct store_experiment *r = v->record;
    jsonw_open(w, '{');
    jsonw_put_string(w, "id", r->id);
    jsonw_put_string(w, "scenario", r->scenario);
    jsonw_put_bool(w, "mine", v->mine);
    jsonw_put_bool(w, "kept", r->kept);
    jsonw_name(w, "params");
    jsonw_raw(w, r->params, strlen(r->params));
    jsonw_put_members(w, r->asked);
    jsonw_put_string(w, "beside", r->beside[0] ? r->beside : NULL);
    jsonw_put_string(w, "status", v->status);
    jsonw_name(w, "queue_position");
    if (v->position)
        jsonw_integer(w, v->position);
    else
        jsonw_null(w);
    jsonw_put_string(w, "ended", v->ended);
    jsonw_put_members(w, v->found);
    jsonw_put_time(w, "created_at", r->created_ms);
    jsonw_put_time(w, "started_at", r->started_ms);
    jsonw_put_time(w, "finished_at", r->finished_ms);
    write_links(w, r->id);
    jsonw_close(w, '}');
}

static void write_live(struct app *app, struct experiment *e, bool mine, struct jsonw *w)
{
    static const char *const words[] = {[EXPERIMENT_QUEUED] = "queued",
                                        [EXPERIMENT_RUNNING] = "running",
                                        [EXPERIMENT_ENDED] = "running",
                                        [EXPERIMENT_DONE] = "done"};
    unsigned position = lab_position(app->lab, e);
    pthread_mutex_lock(&e->lock);
    _cleanup_free_ char *found = experiment_found(e);
    struct view v = {.record = &e->record,
                     .status = words[e->status],
                     .ended = e->status == EXPERIMENT_DONE ? experiment_end_text(e->end) : NULL,
                     .found = found,
                     .position = e->status == EXPERIMENT_QUEUED ? position : 0,
                     .mine = mine};
    struct store_experiment shown = e->record;
    if (e->status != EXPERIMENT_DONE)
        shown.finished_ms = 0;
    v.record = &shown;
    if (found)
        write_view(&v, w);
    else
        w->out->error = -ENOMEM;
    pthread_mutex_unlock(&e->lock);
}

static void write_row(const struct store_experiment *row, bool mine, struct jsonw *w)
{
    const struct view v = {.record = row,
                           .status = row->done ? "done" : "running",
                           .ended = row->ended,
                           .found = row->found,
                           .mine = mine};
    write_view(&v, w);
}

void experiment_json(struct app *app, const struct found_experiment *found, struct jsonw *w)
{
    if (found->live)
        write_live(app, found->live, found->mine, w);
    else
        write_row(&found->row, found->mine, w);
}

void experiment_reply(struct app *app, struct request *request, unsigned status,
                      const struct found_experiment *found)
{
    _cleanup_buf_ struct buf out = BUF_INIT(EXPERIMENT_JSON_MAX);
    struct jsonw w = JSONW(&out);
    experiment_json(app, found, &w);
    if (buf_error(&out))
        problem_reply(request, 500, "the experiment cannot be read");
    else
        request_reply(request, status, JSON_TYPE, &out);
}

/* ---- once it is accepted, and done ---- */

struct experiment_wait {
    struct app *app;
    struct found_experiment found;
    struct subscriber subscriber;
    uint64_t deadline_ns;
    bool created;
};

static void unwatch(struct experiment_wait *wait)
{
    experiment_unsubscribe(wait->found.live, &wait->subscriber);
    found_experiment_release(&wait->found);
}

/* Takes over what was found; it is live. */
static void watch(struct experiment_wait *wait, const struct found_experiment *found)
{
    wait->found = *found;
    experiment_subscribe(found->live, &wait->subscriber);
}

static void free_wait(void *state)
{
    unwatch(state);
    free(state);
}

static void reply_created(struct experiment_wait *wait, struct request *request)
{
    char location[96];
    snprintf(location, sizeof location, API_PREFIX "/experiments/%s", wait->found.live->record.id);
    request_reply_header(request, "Location", location);
    experiment_reply(wait->app, request, 201, &wait->found);
}

/* The session used this Idempotency-Key before. True when that one is live and now waited for. */
static bool turn_to_existing(struct experiment_wait *wait, struct request *request)
{
    const struct store_job *job = &wait->found.live->accept;
    struct found_experiment found;
    if (!job->same) {
        setup_reply_other_body(request);
        return false;
    }
    if (found_experiment_or_reply(wait->app, request, job->existing, &found) < 0)
        return false;
    if (found.live) {
        unwatch(wait);
        watch(wait, &found);
        wait->created = false;
        return true;
    }
    experiment_reply(wait->app, request, 200, &found);
    found_experiment_release(&found);
    return false;
}

static void step(struct request *request)
{
    struct experiment_wait *wait = request_state(request);
    struct experiment *e = wait->found.live;
    pthread_mutex_lock(&e->lock);
    enum acceptance acceptance = e->acceptance;
    bool done = e->status == EXPERIMENT_DONE;
    pthread_mutex_unlock(&e->lock);
    if (acceptance == ACCEPT_PENDING)
        request_wait(request, UINT64_MAX, step);
    else if (acceptance == ACCEPT_FAILED)
        problem_reply_later(request, 503, 2, "the experiment cannot be stored now");
    else if (acceptance == ACCEPT_DUPLICATE) {
        if (turn_to_existing(wait, request))
            step(request);
    } else if (!done && clock_ns() < wait->deadline_ns)
        request_wait(request, wait->deadline_ns, step);
    else if (wait->created)
        reply_created(wait, request);
    else
        experiment_reply(wait->app, request, 200, &wait->found);
}

void experiment_wait_reply(struct app *app, struct request *request,
                           const struct found_experiment *found, uint64_t deadline_ns, bool created)
{
    struct experiment_wait *wait = calloc(1, sizeof *wait);
    if (!wait) {
        problem_reply(request, 500, "out of memory");
        return;
    }
    *wait = (struct experiment_wait){.app = app,
                                     .subscriber = {.request = request, .end_only = true},
                                     .deadline_ns = deadline_ns,
                                     .created = created};
    request_set_state(request, wait, free_wait);
    watch(wait,
          &(struct found_experiment){.live = experiment_ref(found->live), .mine = found->mine});
    step(request);
}

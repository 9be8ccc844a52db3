/*
 * Workshops: made by anybody, changed and deleted by who has the instructor's key. The answer comes
 * once the store has it.
 */
#include "sandbox/base/clock.h"
#include "server/api/api.h"
#include "server/api/keep.h"
#include "server/api/workshop_json.h"
#include "server/base/random_id.h"
#include "server/clients/session.h"
#include "server/runs/run.h"
#include "server/setups/setup.h"
#include "server/workshops/board.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORKSHOP_JSON_MAX = 1 << 20 };

/* A write that is under way; shared by the request and the store's job. */
struct change {
    _Atomic unsigned refs;
    struct app *app;
    struct request *request;
    struct store_workshop workshop;
    char *key, *asked; /* Idempotency-Key, and what it is for; or NULL */
    struct store_job job;
    _Atomic bool written;
};

static void change_unref(void *state)
{
    struct change *c = state;
    if (atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    request_unref(c->request);
    store_workshop_release(&c->workshop);
    free(c->key);
    free(c->asked);
    free(c);
}

/* A run that goes on while its workshop is deleted is ended, and nobody finds it any more. */
static void end_runs(struct app *app, const char *workshop)
{
    struct run **runs;
    size_t n = registry_seated(app->registry, workshop, &runs);
    for (size_t i = 0; i < n; i++) {
        atomic_store(&runs[i]->removed, true);
        collector_cancel(app->collector, runs[i]);
        run_unref(runs[i]);
    }
    free(runs);
}

static void written(struct store_job *job)
{
    struct change *c = job->context;
    if (job->result == 0 && job->kind != STORE_ADD_WORKSHOP)
        boards_forget(c->app->boards, c->workshop.id);
    if (job->result == 0 && job->kind == STORE_DELETE_WORKSHOP)
        end_runs(c->app, c->workshop.id);
    atomic_store(&c->written, true);
    request_wake(c->request);
    change_unref(c);
}

static void reply_workshop(struct request *request, const struct store_workshop *workshop,
                           unsigned status, bool may_change, bool with_key)
{
    _cleanup_buf_ struct buf out = BUF_INIT(WORKSHOP_JSON_MAX);
    struct jsonw w = JSONW(&out);
    workshop_write(workshop, may_change, with_key, &w);
    if (buf_error(&out))
        problem_reply(request, 500, "out of memory");
    else
        request_reply(request, status, JSON_TYPE, &out);
}

static void reply_made(struct request *request, const struct store_workshop *workshop,
                       unsigned status)
{
    char location[64];
    snprintf(location, sizeof location, API_PREFIX "/workshops/%s", workshop->id);
    request_reply_header(request, "Location", location);
    reply_workshop(request, workshop, status, true, true);
}

/* The session used this Idempotency-Key before: who asked for the workshop then is told its key. */
static void reply_existing(struct change *c, struct request *request)
{
    struct store_workshop workshop;
    if (!c->job.same) {
        setup_reply_other_body(request);
        return;
    }
    if (workshop_find_or_reply(c->app, request, c->job.existing, &workshop) < 0)
        return;
    reply_made(request, &workshop, 200);
    store_workshop_release(&workshop);
}

static void await_written(struct request *request)
{
    struct change *c = request_state(request);
    if (!atomic_load(&c->written))
        request_wait(request, UINT64_MAX, await_written);
    else if (c->job.result == -EEXIST)
        reply_existing(c, request);
    else if (c->job.result == -EBUSY)
        problem_reply(request, 409,
                      "steps up to the last one that has runs cannot be changed; add steps behind "
                      "it, or make another workshop");
    else if (c->job.result == -ESTALE)
        problem_reply(request, 409, "somebody changed it meanwhile; read it again");
    else if (c->job.result == -EDQUOT)
        keep_reply_full(c->app, request);
    else if (c->job.result < 0)
        problem_reply_later(request, 503, 2, "it cannot be stored now");
    else if (c->job.kind == STORE_DELETE_WORKSHOP)
        request_reply_empty(request, 204);
    else if (c->job.kind == STORE_ADD_WORKSHOP)
        reply_made(request, &c->workshop, 201);
    else
        reply_workshop(request, &c->workshop, 200, true, false);
}

/* All that was asked for, as one text. */
static char *asked_text(const struct store_workshop *w)
{
    _cleanup_buf_ struct buf out = BUF_INIT(WORKSHOP_JSON_MAX);
    buf_printf(&out, "%s\n%d\n%s", w->title, w->closed, w->steps);
    return buf_steal(&out);
}

static bool set_key(struct change *c, const char *key)
{
    if (!key)
        return true;
    c->key = strdup(key);
    c->asked = asked_text(&c->workshop);
    return c->key && c->asked;
}

/*
 * Writes the workshop, which it takes over, and replies. `key`: Idempotency-Key, or NULL. `kept`:
 * how many of the first steps stay as they are.
 */
static void write_and_reply(struct app *app, struct request *request, enum store_job_kind kind,
                            struct store_workshop *workshop, const char *key, size_t kept)
{
    struct change *c = calloc(1, sizeof *c);
    if (!c) {
        problem_reply(request, 500, "out of memory");
        return;
    }
    *c = (struct change){
        .refs = 2, .app = app, .request = request_ref(request), .workshop = *workshop};
    *workshop = (struct store_workshop){0};
    c->job = (struct store_job){.kind = kind,
                                .workshop = &c->workshop,
                                .id = c->workshop.id,
                                .number = (int64_t)kept,
                                .done = written,
                                .context = c};
    request_set_state(request, c, change_unref);
    bool ready = set_key(c, key);
    c->job.key = c->key;
    c->job.asked = c->asked;
    if (!ready || store_submit(app->store, &c->job) < 0) {
        c->job.result = -EAGAIN;
        written(&c->job);
    }
    await_written(request);
}

/* ---- POST and PUT ---- */

/* Reads the body into the workshop, and the Idempotency-Key; false when the request has its answer.
 */
static bool read_body(struct app *app, struct request *request, struct store_workshop *workshop,
                      const char **ret_key)
{
    static const char *const known[] = {"title", "steps", "closed", NULL};
    struct setup setup = {0};
    struct doc *body = setup_body(&setup, request);
    if (!body)
        return false;
    setup_check_members(&setup, body, known);
    workshop_read(workshop, app->catalog, body, &setup.errors);
    if (ret_key)
        *ret_key = setup_key(&setup, request);
    doc_free(body);
    if (setup.errors.count == 0)
        return true;
    problem_reply_fields(request, &setup.errors);
    return false;
}

void api_workshop_new(struct app *app, struct request *request, const char *id)
{
    (void)id;
    struct store_workshop workshop = {.created_ms = now_ms()};
    const char *key;
    if (read_body(app, request, &workshop, &key)) {
        if (workshop_id(workshop.id) < 0 || random_id(workshop.key) < 0 ||
            session_start(request, workshop.session) < 0)
            problem_reply(request, 500, "the workshop cannot be made");
        else
            write_and_reply(app, request, STORE_ADD_WORKSHOP, &workshop, key, 0);
    }
    store_workshop_release(&workshop);
}

/* Replies when it must not be changed. */
static bool may_change(struct app *app, struct request *request,
                       const struct store_workshop *workshop)
{
    if (workshop_may_change(app, request, workshop))
        return true;
    bool asked = request_header(request, "Authorization") != NULL;
    if (!asked)
        request_reply_header(request, "WWW-Authenticate", "Bearer");
    problem_reply(request, asked ? 403 : 401,
                  asked ? "that is not the key of this workshop"
                        : "only who has the instructor's key may change a workshop");
    return false;
}

static void write_change(struct app *app, struct request *request,
                         const struct store_workshop *before, struct store_workshop *after)
{
    int kept = workshop_same_setups(before->steps, after->steps);
    if (kept < 0)
        problem_reply(request, 500, "out of memory");
    else
        write_and_reply(app, request, STORE_SAVE_WORKSHOP, after, NULL, (size_t)kept);
}

/* What has runs stays as it is: they would be of another setup than the step that shows them. */
void api_workshop_put(struct app *app, struct request *request, const char *id)
{
    struct store_workshop before, after;
    if (workshop_find_or_reply(app, request, id, &before) < 0)
        return;
    if (may_change(app, request, &before) &&
        workshop_find_or_reply(app, request, id, &after) == 0) {
        after.changes = before.changes;
        if (read_body(app, request, &after, NULL))
            write_change(app, request, &before, &after);
        store_workshop_release(&after);
    }
    store_workshop_release(&before);
}

/* ---- GET and DELETE ---- */

void api_workshop_get(struct app *app, struct request *request, const char *id)
{
    struct store_workshop workshop;
    if (workshop_find_or_reply(app, request, id, &workshop) < 0)
        return;
    reply_workshop(request, &workshop, 200, workshop_may_change(app, request, &workshop), false);
    store_workshop_release(&workshop);
}

void api_workshop_delete(struct app *app, struct request *request, const char *id)
{
    struct store_workshop workshop;
    if (workshop_find_or_reply(app, request, id, &workshop) < 0)
        return;
    if (may_change(app, request, &workshop))
        write_and_reply(app, request, STORE_DELETE_WORKSHOP, &workshop, NULL, 0);
    store_workshop_release(&workshop);
}

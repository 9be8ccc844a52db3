#include "server/api/api.h"
#include "server/api/experiment_json.h"
#include "server/api/run_wait.h"
#include "server/clients/session.h"
#include "server/http/problem.h"
#include "server/setups/setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_DEFAULT = 100, RETRY_SECONDS = 2 };

struct new_experiment {
    struct app *app;
    struct request *request;
    struct setup setup;
    enum experiment_kind kind;
    int64_t count;
    char beside[RUN_ID_SIZE]; /* "" when it is beside none */
};

#define TAKES(kind) (1u << EXPERIMENT_##kind)

/* The members that not every kind takes; in another one they are null. */
static const struct {
    const char *name;
    unsigned kinds;
} members[] = {
    {"count", TAKES(REPEAT)},
    {"max_preemptions", TAKES(EXPLORE)},
    {"max_schedules", TAKES(EXPLORE) | TAKES(SHRINK)},
    {"max_seconds", TAKES(EXPLORE) | TAKES(SHRINK)},
    {"timing", TAKES(EXPLORE)},
    {"token", TAKES(SHRINK)},
};

static void check_members(struct new_experiment *n, const struct doc *body)
{
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const struct doc *member = doc_member(body, members[i].name);
        if (member && !doc_is_null(member) && !(members[i].kinds & 1u << n->kind))
            field_error(&n->setup.errors, "unknown", "is not taken by this kind of experiment",
                        "/%s", members[i].name);
    }
}

/* What every search has: its bounds, and a scenario that can be searched. */
static void read_search(struct new_experiment *n, const struct doc *body, enum schedule_mode mode)
{
    struct setup *setup = &n->setup;
    struct schedule *s = &setup->job.schedule;
    int64_t seconds = s->max_seconds, schedules = (int64_t)s->max_executions;
    setup_read_integer(setup, body, "", "max_schedules", 1, SCHEDULE_EXECUTIONS_MAX, &schedules);
    setup_read_integer(setup, body, "", "max_seconds", 1, SCHEDULE_SECONDS_MAX, &seconds);
    s->mode = mode;
    s->max_executions = (uint64_t)schedules;
    s->max_seconds = (unsigned)seconds;
    setup->job.trace = false;
    if (!setup->scenario->explorable)
        field_error(&setup->errors, "not-a-choice", "this scenario cannot be explored", "/kind");
}

static void read_exploration(struct new_experiment *n, const struct doc *body)
{
    struct schedule *s = &n->setup.job.schedule;
    int64_t preemptions = SCHEDULE_UNBOUNDED;
    s->ignores_time = true;
    setup_read_integer(&n->setup, body, "", "max_preemptions", 0, SCHEDULE_PREEMPTIONS_MAX,
                       &preemptions);
    setup_read_timing(&n->setup, body, "", &s->ignores_time);
    s->max_preemptions = (int)preemptions;
    read_search(n, body, SCHEDULE_EXPLORE);
}

static void read_by_kind(struct new_experiment *n, const struct doc *body)
{
    switch (n->kind) {
    case EXPERIMENT_REPEAT:
        setup_read_integer(&n->setup, body, "", "count", 1, REPEAT_MAX, &n->count);
        break;
    case EXPERIMENT_EXPLORE:
        read_exploration(n, body);
        break;
    case EXPERIMENT_SHRINK:
        read_search(n, body, SCHEDULE_SHRINK);
        setup_read_token(&n->setup, body, "");
        break;
    case EXPERIMENT_KIND_COUNT:
        break;
    }
}

static void read_kind(struct new_experiment *n, const struct doc *body)
{
    const char *text = doc_string(doc_member(body, "kind"));
    n->kind = EXPERIMENT_REPEAT;
    while (text && n->kind < EXPERIMENT_KIND_COUNT &&
           strcmp(text, experiment_kind_text(n->kind)) != 0)
        n->kind++;
    if (!text || n->kind == EXPERIMENT_KIND_COUNT) {
        field_error(&n->setup.errors, "not-a-choice", "must be one of: repeat, explore, shrink",
                    "/kind");
        return;
    }
    n->count = COUNT_DEFAULT;
    check_members(n, body);
    read_by_kind(n, body);
}

/* It must be of the same scenario with the same parameters. */
static void check_fits(struct new_experiment *n, const struct found_experiment *found)
{
    const struct store_experiment *other = found->live ? &found->live->record : &found->row;
    _cleanup_free_ char *params = scenario_params_json(n->setup.scenario, &n->setup.job);
    if (!params)
        field_failed(&n->setup.errors);
    else if (strcmp(other->scenario, n->setup.scenario->id) != 0 ||
             strcmp(other->params, params) != 0)
        field_error(&n->setup.errors, "different",
                    "must be of the same scenario with the same parameters", "/beside");
}

static void read_beside(struct new_experiment *n, const struct doc *member)
{
    const char *id = doc_string(member);
    struct found_experiment found;
    if (!member || doc_is_null(member))
        return;
    int r = id && strlen(id) < sizeof n->beside ? found_experiment(n->app, n->request, id, &found)
                                                : -ENOENT;
    if (r == -ENOENT)
        field_error(&n->setup.errors, "unknown", "there is no experiment of that id", "/beside");
    else if (r < 0)
        field_failed(&n->setup.errors);
    if (r < 0)
        return;
    if (n->setup.errors.count == 0)
        check_fits(n, &found);
    snprintf(n->beside, sizeof n->beside, "%s", id);
    found_experiment_release(&found);
}

/* Reads the body into n; false when the request has its answer. */
static bool read_body(struct new_experiment *n)
{
    static const char *const known[] = {
        "scenario",      "params",      "kind",   "beside", "count", "max_preemptions",
        "max_schedules", "max_seconds", "timing", "token",  NULL};
    struct doc *body = setup_body(&n->setup, n->request);
    if (!body)
        return false;
    setup_check_members(&n->setup, body, known);
    setup_read(&n->setup, n->app->catalog, body, NULL);
    if (n->setup.scenario) {
        read_kind(n, body);
        read_beside(n, doc_member(body, "beside"));
    }
    setup_check_size(&n->setup);
    doc_free(body);
    return true;
}

static void reply_refused(struct app *app, struct request *request, int r)
{
    char detail[128];
    if (r == -ESHUTDOWN) {
        problem_reply_later(request, 503, RETRY_SECONDS, "the server is stopping");
    } else if (r == -EBUSY) {
        refused_count(&app->refused, REFUSED_CLIENT_EXPERIMENTS);
        snprintf(detail, sizeof detail,
                 "%d of your experiments go on or wait already, the most a client may have",
                 EXPERIMENTS_OF_ONE);
        problem_reply_later(request, 429, RETRY_SECONDS, detail);
    } else if (r == -EDQUOT) {
        refused_count(&app->refused, REFUSED_ADDRESS_EXPERIMENTS);
        snprintf(detail, sizeof detail,
                 "%u experiments of your address go on or wait already, the most it may have",
                 share_of_address((unsigned)app->config->experiments));
        problem_reply_later(request, 429, RETRY_SECONDS, detail);
    } else {
        refused_count(&app->refused, REFUSED_EXPERIMENTS);
        problem_reply_later(request, 503, RETRY_SECONDS, "too many experiments wait already");
    }
}

/* Whether the session made it before: that takes no place. */
static bool is_repeated(struct new_experiment *n, struct experiment *e)
{
    e->accept = (struct store_job){.key = e->key, .asked = e->asked};
    if (store_find_made(app_reader(n->app, n->request), &e->accept, "experiment",
                        e->record.session) != -EEXIST)
        return false;
    e->acceptance = ACCEPT_DUPLICATE; /* nobody else has it */
    return true;
}

static void submit(struct new_experiment *n, const char *key, uint64_t deadline)
{
    char session[SESSION_SIZE];
    const struct experiment_plan plan = {.kind = n->kind,
                                         .count = (unsigned)n->count,
                                         .beside = n->beside[0] ? n->beside : NULL,
                                         .job = &n->setup.job,
                                         .scenario = n->setup.scenario,
                                         .key = key};
    struct found_experiment made = {.mine = true};
    if (session_start(n->request, session) == 0)
        made.live = experiment_new(&plan, session);
    if (!made.live) {
        problem_reply(n->request, 500, "the experiment cannot be made");
        return;
    }
    const struct client *client = client_of(n->request);
    const struct asker asker = {client->key, client_address(client)};
    int r = is_repeated(n, made.live) ? 0 : lab_submit(n->app->lab, made.live, &asker);
    if (r == 0)
        experiment_wait_reply(n->app, n->request, &made, deadline, true);
    else
        reply_refused(n->app, n->request, r);
    found_experiment_release(&made);
}

void api_experiment_new(struct app *app, struct request *request, const char *id)
{
    (void)id;
    struct new_experiment n = {.app = app, .request = request};
    if (!read_body(&n))
        return;
    uint64_t deadline = wait_deadline(request, &n.setup.errors);
    const char *key = setup_key(&n.setup, request);
    if (n.setup.errors.count > 0)
        problem_reply_fields(request, &n.setup.errors);
    else
        submit(&n, key, deadline);
}

#include "server/api.h"
#include "server/problem.h"
#include "server/run_wait.h"
#include "server/session.h"
#include "server/values.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 128, RETRY_SECONDS = 2 };

struct new_run {
    struct app *app;
    const struct scenario_info *scenario;
    struct job job;
    struct field_errors errors;
};

/* A name as a part of a JSON pointer, cut when it is long: "~" is ~0, "/" is ~1. */
struct part {
    char text[64];
};

static struct part part_of(const char *name)
{
    struct part part = {""};
    size_t used = 0;
    for (; *name && used < sizeof part.text - 2; name++) {
        bool special = *name == '~' || *name == '/';
        part.text[used++] = special ? '~' : *name;
        if (special)
            part.text[used++] = *name == '~' ? '0' : '1';
    }
    return part;
}

static int check_member(void *context, const char *name, const struct doc *value)
{
    static const char *const known[] = {"scenario", "params", "schedule"};
    struct new_run *n = context;
    (void)value;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i], name) == 0)
            return 0;
    field_error(&n->errors, "unknown", "is not known here", "/%s", part_of(name).text);
    return 0;
}

/* Seed and token are members of every run's schedule; null is what they are when none is taken. */
static int check_schedule_member(void *context, const char *name, const struct doc *value)
{
    struct new_run *n = context;
    bool none = strcmp(name, "seed") == 0 || strcmp(name, "token") == 0;
    if (none && !doc_is_null(value))
        field_error(&n->errors, "unknown", "is not taken by this schedule", "/schedule/%s", name);
    else if (!none && strcmp(name, "mode") != 0)
        field_error(&n->errors, "unknown", "is not known here", "/schedule/%s", part_of(name).text);
    return 0;
}

static void read_scenario(struct new_run *n, const struct doc *body)
{
    const char *id = doc_string(doc_member(body, "scenario"));
    if (!id) {
        field_error(&n->errors, "not-a-scenario", "must be the id of a scenario", "/scenario");
        return;
    }
    n->scenario = catalog_find(n->app->catalog, id);
    if (!n->scenario)
        field_error(&n->errors, "unknown", "there is no scenario of that name", "/scenario");
    else
        job_init(&n->job, n->scenario->id);
}

static void set_param(struct new_run *n, const struct param *param, const char *text)
{
    struct param_value value;
    char canonical[PARAM_TEXT_MAX];
    struct err err = {0};
    if (param_parse(param, text, &value, &err) == 0) {
        param_format(param, &value, canonical);
        if (job_set(&n->job, param->name, canonical, &err) == 0)
            return;
    }
    field_error(&n->errors, value_code(param, &err), err.text, "/params/%s", param->name);
}

static int read_param(void *context, const char *name, const struct doc *value)
{
    struct new_run *n = context;
    const struct param *param = param_find(n->scenario->params, name);
    char text[PARAM_TEXT_MAX];
    struct err err = {0};
    if (!param)
        field_error(&n->errors, "unknown", "the scenario has no such parameter", "/params/%s",
                    part_of(name).text);
    else if (value_text(param, value, text, &err) < 0)
        field_error(&n->errors, value_code(param, &err), err.text, "/params/%s", name);
    else
        set_param(n, param, text);
    return 0;
}

static void read_params(struct new_run *n, const struct doc *params)
{
    for (const struct param *p = n->scenario->params; p->name; p++)
        if (!params || !doc_member(params, p->name))
            set_param(n, p, p->fallback);
    if (params && !doc_is_object(params))
        field_error(&n->errors, "not-an-object", "must be an object", "/params");
    else if (params)
        doc_each(params, read_param, n);
}

/* "may be free, random" */
static void list_schedules(const struct scenario_info *scenario, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "must be one of:");
    for (const char *const *s = scenario->schedules; *s && used < size; s++)
        used += (size_t)snprintf(out + used, size - used, "%s %s",
                                 s == scenario->schedules ? "" : ",", *s);
}

static void read_schedule(struct new_run *n, const struct doc *schedule)
{
    if (!schedule)
        return;
    if (!doc_is_object(schedule)) {
        field_error(&n->errors, "not-an-object", "must be an object", "/schedule");
        return;
    }
    doc_each(schedule, check_schedule_member, n);
    const struct doc *member = doc_member(schedule, "mode");
    const char *mode = doc_string(member);
    char detail[200];
    if ((!member || mode) && (!mode || scenario_has_schedule(n->scenario, mode))) {
        n->job.schedule.mode = mode ? (enum schedule_mode)schedule_mode_of(mode) : SCHEDULE_FREE;
        return;
    }
    list_schedules(n->scenario, detail, sizeof detail);
    field_error(&n->errors, "not-a-choice", detail, "/schedule/mode");
}

/* Reads the body into n; false when the request has its answer. */
static bool read_body(struct new_run *n, struct request *request)
{
    size_t bytes;
    const char *text = request_body(request, &bytes);
    struct doc *body;
    struct err err = {0};
    char detail[sizeof err.text + 32];
    int r = doc_parse(&body, text, bytes, &err);
    if (r == -ERANGE) {
        field_error(&n->errors, "out-of-range", err.text, "%s", "");
        problem_reply_fields(request, &n->errors);
        return false;
    }
    if (r < 0) {
        snprintf(detail, sizeof detail, "the body is not JSON: %s", err.text);
        problem_reply(request, 400, detail);
        return false;
    }
    if (doc_is_object(body)) {
        doc_each(body, check_member, n);
        read_scenario(n, body);
    } else {
        field_error(&n->errors, "not-an-object", "must be an object", "%s", "");
    }
    if (n->scenario) {
        read_params(n, doc_member(body, "params"));
        read_schedule(n, doc_member(body, "schedule"));
    }
    doc_free(body);
    return true;
}

static bool is_json(const struct request *request)
{
    static const char json[] = "application/json";
    const char *type = request_header(request, "Content-Type");
    return type && strncasecmp(type, json, sizeof json - 1) == 0 &&
           strchr("; \t", type[sizeof json - 1]);
}

/* NULL when there is none; a wrong one is an error. */
static const char *read_key(struct new_run *n, const struct request *request)
{
    const char *key = request_header(request, "Idempotency-Key");
    if (key && (*key == '\0' || strlen(key) > KEY_MAX)) {
        field_error(&n->errors, "out-of-range", "must be 1 to 128 characters", "/Idempotency-Key");
        return NULL;
    }
    return key;
}

static void submit(struct new_run *n, struct request *request, const char *key, uint64_t deadline)
{
    char session[SESSION_SIZE];
    struct found_run made = {.mine = true};
    if (session_start(request, session) == 0)
        made.live = run_new(n->scenario, &n->job, session, key, &n->app->config->limits);
    if (!made.live) {
        problem_reply(request, 500, "the run cannot be made");
        return;
    }
    int r = collector_submit(n->app->collector, made.live, deadline > 0);
    if (r == 0)
        run_wait_reply(n->app, request, &made, deadline, true);
    else
        problem_reply_later(request, 503, RETRY_SECONDS,
                            r == -ESHUTDOWN ? "the server is stopping"
                                            : "too many runs wait already");
    found_run_release(&made);
}

void api_run_new(struct app *app, struct request *request, const char *id)
{
    (void)id;
    struct new_run n = {.app = app};
    if (!is_json(request)) {
        problem_reply(request, 415, "the body must be application/json");
        return;
    }
    if (!read_body(&n, request))
        return;
    uint64_t deadline = wait_deadline(request, &n.errors);
    const char *key = read_key(&n, request);
    if (n.errors.count > 0)
        problem_reply_fields(request, &n.errors);
    else
        submit(&n, request, key, deadline);
}

#include "server/setup.h"

#include "server/values.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "~" is ~0, "/" is ~1. */
struct pointer_part pointer_part(const char *name)
{
    struct pointer_part part = {""};
    size_t used = 0;
    for (; *name && used < sizeof part.text - 2; name++) {
        bool special = *name == '~' || *name == '/';
        part.text[used++] = special ? '~' : *name;
        if (special)
            part.text[used++] = *name == '~' ? '0' : '1';
    }
    return part;
}

/* ---- the body ---- */

static bool is_json(const struct request *request)
{
    static const char json[] = "application/json";
    const char *type = request_header(request, "Content-Type");
    return type && strncasecmp(type, json, sizeof json - 1) == 0 &&
           strchr("; \t", type[sizeof json - 1]);
}

struct doc *setup_body(struct setup *setup, struct request *request)
{
    size_t bytes;
    const char *text = request_body(request, &bytes);
    struct doc *body;
    struct err err = {0};
    char detail[sizeof err.text + 32];
    if (!is_json(request)) {
        problem_reply(request, 415, "the body must be application/json");
        return NULL;
    }
    int r = doc_parse(&body, text, bytes, &err);
    if (r == 0)
        return body;
    if (r == -ERANGE) {
        field_error(&setup->errors, "out-of-range", err.text, "%s", "");
        problem_reply_fields(request, &setup->errors);
        return NULL;
    }
    snprintf(detail, sizeof detail, "the body is not JSON: %s", err.text);
    problem_reply(request, 400, detail);
    return NULL;
}

struct members {
    struct setup *setup;
    const char *const *known;
};

static int check_member(void *context, const char *name, const struct doc *value)
{
    const struct members *members = context;
    (void)value;
    for (const char *const *known = members->known; *known; known++)
        if (strcmp(*known, name) == 0)
            return 0;
    field_error(&members->setup->errors, "unknown", "is not known here", "/%s",
                pointer_part(name).text);
    return 0;
}

void setup_check_members(struct setup *setup, const struct doc *body, const char *const *known)
{
    struct members members = {setup, known};
    if (doc_is_object(body))
        doc_each(body, check_member, &members);
    else
        field_error(&setup->errors, "not-an-object", "must be an object", "%s", "");
}

void setup_read_integer(struct setup *setup, const struct doc *object, const char *parent,
                        const char *name, int64_t low, int64_t high, int64_t *ret)
{
    const struct doc *member = doc_member(object, name);
    char detail[128];
    int64_t value;
    if (!member || doc_is_null(member))
        return;
    if (!doc_integer(member, &value)) {
        field_error(&setup->errors, "not-an-integer", "must be an integer", "%s/%s", parent, name);
        return;
    }
    if (value >= low && value <= high) {
        *ret = value;
        return;
    }
    snprintf(detail, sizeof detail, "must be %" PRId64 " to %" PRId64 ", was %" PRId64, low, high,
             value);
    field_error_range(&setup->errors, (double)low, (double)high, detail, "%s/%s", parent, name);
}

/* ---- scenario and parameters ---- */

static void read_scenario(struct setup *setup, const struct catalog *catalog,
                          const struct doc *body)
{
    const char *id = doc_string(doc_member(body, "scenario"));
    if (!id) {
        field_error(&setup->errors, "not-a-scenario", "must be the id of a scenario", "/scenario");
        return;
    }
    setup->scenario = catalog_find(catalog, id);
    if (!setup->scenario)
        field_error(&setup->errors, "unknown", "there is no scenario of that name", "/scenario");
    else
        job_init(&setup->job, setup->scenario->id);
}

static void set_param(struct setup *setup, const struct param *param, const char *text)
{
    struct param_value value;
    char canonical[PARAM_TEXT_MAX];
    struct err err = {0};
    if (param_parse(param, text, &value, &err) == 0) {
        param_format(param, &value, canonical);
        if (job_set(&setup->job, param->name, canonical, &err) == 0)
            return;
    }
    if (err.code == ERANGE)
        field_error_range(&setup->errors, param->minimum, param->maximum, err.text, "/params/%s",
                          param->name);
    else
        field_error(&setup->errors, value_code(param, &err), err.text, "/params/%s", param->name);
}

static int read_param(void *context, const char *name, const struct doc *value)
{
    struct setup *setup = context;
    const struct param *param = param_find(setup->scenario->params, name);
    char text[PARAM_TEXT_MAX];
    struct err err = {0};
    if (!param)
        field_error(&setup->errors, "unknown", "the scenario has no such parameter", "/params/%s",
                    pointer_part(name).text);
    else if (value_text(param, value, text, &err) < 0)
        field_error(&setup->errors, value_code(param, &err), err.text, "/params/%s", name);
    else
        set_param(setup, param, text);
    return 0;
}

static void read_params(struct setup *setup, const struct doc *params)
{
    for (const struct param *p = setup->scenario->params; p->name; p++)
        if (!params || !doc_member(params, p->name))
            set_param(setup, p, p->fallback);
    if (params && !doc_is_object(params))
        field_error(&setup->errors, "not-an-object", "must be an object", "/params");
    else if (params)
        doc_each(params, read_param, setup);
}

void setup_read(struct setup *setup, const struct catalog *catalog, const struct doc *body)
{
    if (!doc_is_object(body))
        return;
    read_scenario(setup, catalog, body);
    if (setup->scenario)
        read_params(setup, doc_member(body, "params"));
}

void setup_check_size(struct setup *setup)
{
    _cleanup_buf_ struct buf text = BUF_INIT(2 * JOB_BYTES_MAX);
    if (setup->errors.count == 0 && job_write(&setup->job, &text, NULL) < 0)
        field_error(&setup->errors, "too-long",
                    "is too long: parameters and token together must fit into 4096 bytes",
                    setup->job.schedule.mode == SCHEDULE_SHRINK ? "/token"
                    : setup->job.schedule.token[0]              ? "/schedule/token"
                                                                : "/params");
}

#include "server/setups/setup.h"

#include "server/setups/values.h"

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
        part.text[used++] = (char)(special ? '~' : *name);
        if (special)
            part.text[used++] = *name == '~' ? '0' : '1';
    }
    return part;
}

/* ---- the body ---- */

struct doc *setup_body(struct setup *setup, struct request *request)
{
    size_t bytes;
    const char *text = request_body(request, &bytes);
    struct doc *body;
    struct err err = {0};
    char detail[sizeof err.text + 32];
    int r = doc_parse(&body, text, bytes, &err);
    if (r == 0)
        return body;
    if (r == -ERANGE) {
        field_error(&setup->errors, "out-of-range", err.text, "%s", "");
        problem_reply_fields(request, &setup->errors);
        return NULL;
    }
    if (r == -ENOMEM) {
        problem_reply(request, 500, "out of memory");
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
                          const struct doc *body, const struct doc *base)
{
    const struct doc *asked = doc_member(body, "scenario"), *based = doc_member(base, "scenario");
    const char *id = doc_string(asked ? asked : based);
    if (!id) {
        field_error(&setup->errors, "not-a-scenario", "must be the id of a scenario", "/scenario");
        return;
    }
    if (asked && based && strcmp(id, doc_string(based)) != 0) {
        field_error(&setup->errors, "not-the-step", "must be the scenario of the step",
                    "/scenario");
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

static void read_params(struct setup *setup, const struct doc *params, const struct doc *base)
{
    for (const struct param *p = setup->scenario->params; p->name; p++) {
        const struct doc *based = doc_member(base, p->name);
        if (doc_member(params, p->name))
            continue;
        if (based)
            read_param(setup, p->name, based);
        else
            set_param(setup, p, p->fallback);
    }
    if (params && !doc_is_object(params))
        field_error(&setup->errors, "not-an-object", "must be an object", "/params");
    else if (params)
        doc_each(params, read_param, setup);
}

void setup_read(struct setup *setup, const struct catalog *catalog, const struct doc *body,
                const struct doc *base)
{
    if (!doc_is_object(body))
        return;
    read_scenario(setup, catalog, body, base);
    if (setup->scenario)
        read_params(setup, doc_member(body, "params"), doc_member(base, "params"));
}

void setup_check_size(struct setup *setup)
{
    _cleanup_buf_ struct buf text = BUF_INIT(2 * JOB_BYTES_MAX);
    int r = setup->errors.count == 0 ? job_write(&setup->job, &text, NULL) : 0;
    if (r == -ENOMEM)
        field_failed(&setup->errors);
    else if (r < 0)
        field_error(&setup->errors, "too-long",
                    "is too long: parameters and token together must fit into 4096 bytes",
                    setup->job.schedule.mode == SCHEDULE_SHRINK ? "/token"
                    : setup->job.schedule.token[0]              ? "/schedule/token"
                                                                : "/params");
}

/* ---- keys ---- */

enum { KEY_MAX = 128 };

const char *setup_key(struct setup *setup, const struct request *request)
{
    const char *key = request_header(request, "Idempotency-Key");
    if (key && (*key == '\0' || strlen(key) > KEY_MAX)) {
        field_error(&setup->errors, "out-of-range", "must be 1 to 128 characters",
                    "/Idempotency-Key");
        return NULL;
    }
    return key;
}

void setup_reply_other_body(struct request *request)
{
    struct field_errors errors = {0};
    field_error(&errors, "used-before", "was used before with another body", "/Idempotency-Key");
    problem_reply_fields(request, &errors);
}

#include "server/setups/catalog.h"

#include "server/setups/values.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

struct catalog {
    struct doc *root; /* owns the texts the scenarios point to */
    size_t count;
    struct scenario_info *scenarios;
};

enum { JSON_MAX = 1 << 20, PARAMS_JSON_MAX = 1 << 16 };

static const char *const detail_leaves_out[] = {"source", NULL};
static const char *const brief_leaves_out[] = {"source", "python",  "outcomes",
                                               "checks", "columns", NULL};

struct copy {
    struct jsonw *w;
    const char *const *leave_out;
};

static int copy_member(void *context, const char *name, const struct doc *value)
{
    struct copy *copy = context;
    _cleanup_buf_ struct buf text = BUF_INIT(JSON_MAX);
    for (const char *const *n = copy->leave_out; *n; n++)
        if (strcmp(*n, name) == 0)
            return 0;
    int r = doc_write(value, &text);
    jsonw_name(copy->w, name);
    jsonw_raw(copy->w, buf_text(&text), text.len);
    return r;
}

static int write_brief(const struct doc *object, struct buf *out)
{
    struct jsonw w = JSONW(out);
    jsonw_open(&w, '{');
    int r = doc_each(object, copy_member, &(struct copy){&w, brief_leaves_out});
    jsonw_close(&w, '}');
    return r < 0 ? r : buf_error(out);
}

/* A member with that value, or an empty object when there is none. */
static int write_object(const char *name, const struct doc *value, struct jsonw *w)
{
    _cleanup_buf_ struct buf text = BUF_INIT(JSON_MAX);
    int r = value ? doc_write(value, &text) : 0;
    jsonw_name(w, name);
    if (value)
        jsonw_raw(w, buf_text(&text), text.len);
    else
        jsonw_raw(w, "{}", 2);
    return r;
}

/* What a peer measured for the rows of the scenario's table, or null. */
static int write_reference(const struct doc *reference, const char *id, struct jsonw *w)
{
    const struct doc *rows = doc_member(doc_member(reference, "scenarios"), id);
    jsonw_name(w, "reference");
    if (!rows) {
        jsonw_null(w);
        return 0;
    }
    jsonw_open(w, '{');
    jsonw_put_string(w, "name", doc_string(doc_member(reference, "name")));
    int r = write_object("params", doc_member(doc_member(reference, "params"), id), w);
    if (r == 0)
        r = write_object("rows", rows, w);
    jsonw_close(w, '}');
    return r;
}

static int write_detail(const struct doc *object, const struct doc *reference, struct buf *out)
{
    struct jsonw w = JSONW(out);
    jsonw_open(&w, '{');
    int r = doc_each(object, copy_member, &(struct copy){&w, detail_leaves_out});
    if (r == 0)
        r = write_reference(reference, doc_string(doc_member(object, "id")), &w);
    jsonw_close(&w, '}');
    return r < 0 ? r : buf_error(out);
}

static void add_lower(struct buf *out, const char *text)
{
    for (; text && *text; text++)
        buf_add(out, (char[]){(char)tolower((unsigned char)*text)}, 1);
    buf_add(out, "\n", 1);
}

static int add_text(void *context, const char *name, const struct doc *value)
{
    (void)name;
    add_lower(context, doc_string(value));
    return 0;
}

static int make_search(const struct doc *object, struct buf *out)
{
    static const char *const members[] = {"title", "summary", "lesson"};
    add_lower(out, doc_string(doc_member(object, "id")));
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        doc_each(doc_member(object, members[i]), add_text, out);
    add_lower(out, doc_string(doc_member(object, "python")));
    return buf_error(out);
}

static int parse_type(const char *text, enum param_type *ret)
{
    for (enum param_type t = PARAM_INTEGER; t <= PARAM_INTEGER_LIST; t++)
        if (text && strcmp(param_type_text(t), text) == 0) {
            *ret = t;
            return 0;
        }
    return -EINVAL;
}

static int make_choices(const struct doc *list, const struct choice **ret, struct err *err)
{
    size_t n = doc_count(list);
    struct choice *choices = calloc(n + 1, sizeof *choices);
    if (!choices)
        return err_errno(err, ENOMEM, "choices");
    *ret = choices;
    for (size_t i = 0; i < n; i++)
        if (!(choices[i].value = doc_string(doc_member(doc_at(list, i), "value"))))
            return err_set(err, EINVAL, "a choice has no value");
    return 0;
}

static int make_param(const struct doc *object, struct param *param, struct err *err)
{
    char text[PARAM_TEXT_MAX];
    param->name = doc_string(doc_member(object, "name"));
    if (!param->name || parse_type(doc_string(doc_member(object, "type")), &param->type) < 0)
        return err_set(err, EINVAL, "a parameter has no name or no known type");
    param->minimum = -INFINITY;
    param->maximum = INFINITY;
    doc_number(doc_member(object, "minimum"), &param->minimum);
    doc_number(doc_member(object, "maximum"), &param->maximum);
    int r = make_choices(doc_member(object, "choices"), &param->choices, err);
    if (r == 0)
        r = value_text(param, doc_member(object, "default"), text, err);
    struct param_value value;
    if (r == 0)
        r = param_parse(param, text, &value, err);
    if (r < 0)
        return err_wrap(err, "parameter %s: default", param->name);
    param->fallback = strdup(text);
    return param->fallback ? 0 : err_errno(err, ENOMEM, "parameter");
}

static int make_params(const struct doc *list, struct param **ret, struct err *err)
{
    size_t n = doc_count(list);
    if (n > PARAMS_MAX)
        return err_set(err, EINVAL, "more than %u parameters", PARAMS_MAX);
    struct param *params = calloc(n + 1, sizeof *params);
    if (!params)
        return err_errno(err, ENOMEM, "parameters");
    *ret = params;
    for (size_t i = 0; i < n; i++) {
        int r = make_param(doc_at(list, i), &params[i], err);
        if (r < 0) {
            params[i + 1].name = NULL;
            return r;
        }
    }
    return 0;
}

static int make_scenario(const struct doc *object, const struct doc *reference,
                         struct scenario_info *s, struct err *err)
{
    s->search = s->brief = s->detail = BUF_INIT(JSON_MAX);
    s->id = doc_string(doc_member(object, "id"));
    s->family = doc_string(doc_member(object, "family"));
    s->source = doc_string(doc_member(object, "source"));
    const struct doc *schedules = doc_member(object, "schedules");
    if (!s->id || !s->family || !s->source || doc_count(schedules) > SCHEDULES_MAX)
        return err_set(err, EINVAL, "id, family, source or schedules are missing");
    for (size_t i = 0; i < doc_count(schedules); i++)
        s->schedules[i] = doc_string(doc_at(schedules, i));
    doc_bool(doc_member(object, "explorable"), &s->explorable);
    int r = make_params(doc_member(object, "params"), &s->params, err);
    if (r < 0)
        return r;
    if ((r = make_search(object, &s->search)) < 0 || (r = write_brief(object, &s->brief)) < 0 ||
        (r = write_detail(object, reference, &s->detail)) < 0)
        return err_errno(err, -r, "description");
    return 0;
}

int catalog_new(struct catalog **ret, const char *json, size_t n, const struct doc *reference,
                struct err *err)
{
    struct catalog *catalog = calloc(1, sizeof *catalog);
    if (!catalog)
        return err_errno(err, ENOMEM, "catalogue");
    int r = doc_parse(&catalog->root, json, n, err);
    size_t count = r == 0 ? doc_count(catalog->root) : 0;
    if (r == 0 && count == 0)
        r = err_set(err, EINVAL, "there are no scenarios");
    if (r == 0 && !(catalog->scenarios = calloc(count, sizeof *catalog->scenarios)))
        r = err_errno(err, ENOMEM, "catalogue");
    while (r == 0 && catalog->count < count) {
        struct scenario_info *s = &catalog->scenarios[catalog->count];
        r = make_scenario(doc_at(catalog->root, catalog->count++), reference, s, err);
        if (r < 0)
            err_wrap(err, "scenario %s", s->id ? s->id : "?");
    }
    if (r < 0) {
        catalog_free(catalog);
        return err_wrap(err, "the runner's catalogue");
    }
    *ret = catalog;
    return 0;
}

static void free_scenario(struct scenario_info *s)
{
    for (struct param *p = s->params; p && p->name; p++) {
        free((void *)p->choices);
        free((void *)p->fallback);
    }
    free(s->params);
    buf_release(&s->search);
    buf_release(&s->brief);
    buf_release(&s->detail);
}

void catalog_free(struct catalog *catalog)
{
    if (!catalog)
        return;
    for (size_t i = 0; i < catalog->count; i++)
        free_scenario(&catalog->scenarios[i]);
    free(catalog->scenarios);
    doc_free(catalog->root);
    free(catalog);
}

size_t catalog_count(const struct catalog *catalog)
{
    return catalog->count;
}

const struct scenario_info *catalog_at(const struct catalog *catalog, size_t i)
{
    return &catalog->scenarios[i];
}

const struct scenario_info *catalog_find(const struct catalog *catalog, const char *id)
{
    for (size_t i = 0; i < catalog->count; i++)
        if (strcmp(catalog->scenarios[i].id, id) == 0)
            return &catalog->scenarios[i];
    return NULL;
}

bool scenario_matches(const struct scenario_info *scenario, const char *text)
{
    _cleanup_buf_ struct buf wanted = BUF_INIT(4096);
    for (; *text; text++)
        buf_add(&wanted, (char[]){(char)tolower((unsigned char)*text)}, 1);
    return strstr(buf_text(&scenario->search), buf_text(&wanted)) != NULL;
}

bool scenario_has_schedule(const struct scenario_info *scenario, const char *mode)
{
    for (const char *const *s = scenario->schedules; *s; s++)
        if (strcmp(*s, mode) == 0)
            return true;
    return false;
}

char *scenario_params_json(const struct scenario_info *scenario, const struct job *job)
{
    _cleanup_buf_ struct buf out = BUF_INIT(PARAMS_JSON_MAX);
    struct jsonw w = JSONW(&out);
    jsonw_open(&w, '{');
    for (const struct param *p = scenario->params; p->name; p++) {
        struct param_value value;
        const char *text = job_get(job, p->name);
        if (!text || param_parse(p, text, &value, NULL) < 0)
            return NULL;
        jsonw_name(&w, p->name);
        param_write(p, &value, &w);
    }
    jsonw_close(&w, '}');
    return buf_steal(&out);
}

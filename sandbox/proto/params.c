#include "sandbox/proto/params.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_whole(const struct param *param)
{
    return param->type == PARAM_INTEGER || param->type == PARAM_INTEGER_LIST;
}

static int out_of_bounds(const struct param *param, const char *text, struct err *err)
{
    if (is_whole(param))
        return err_set(err, ERANGE, "must be %.0f to %.0f, was %.64s", param->minimum,
                       param->maximum, text);
    return err_set(err, ERANGE, "must be %g to %g, was %.64s", param->minimum, param->maximum,
                   text);
}

static int parse_integer(const struct param *param, const char *text, int64_t *ret, struct err *err)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || strchr(" \t\n\v\f\r+", text[0]))
        return err_set(err, EINVAL, "must be an integer, was \"%.64s\"", text);
    if (errno == ERANGE || (double)value < param->minimum || (double)value > param->maximum)
        return out_of_bounds(param, text, err);
    *ret = value;
    return 0;
}

static int parse_number(const struct param *param, const char *text, double *ret, struct err *err)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(value) || !strchr("-.0123456789", text[0]))
        return err_set(err, EINVAL, "must be a number, was \"%.64s\"", text);
    if (value < param->minimum || value > param->maximum)
        return out_of_bounds(param, text, err);
    *ret = value;
    return 0;
}

static int parse_choice(const struct param *param, const char *text, unsigned *ret, struct err *err)
{
    char all[256] = "";
    size_t used = 0;
    for (unsigned i = 0; param->choices[i].value; i++) {
        if (strcmp(param->choices[i].value, text) == 0) {
            *ret = i;
            return 0;
        }
        int n =
            snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", param->choices[i].value);
        used += n > 0 && used + (size_t)n < sizeof all ? (size_t)n : 0;
    }
    return err_set(err, EINVAL, "must be one of %s, was \"%.64s\"", all, text);
}

static int parse_list(const struct param *param, const char *text, struct param_value *ret,
                      struct err *err)
{
    char copy[PARAM_TEXT_MAX];
    if (strlen(text) >= sizeof copy)
        return err_set(err, EINVAL, "must be at most %u bytes long", PARAM_TEXT_MAX - 1);
    strcpy(copy, text);
    ret->list.count = 0;
    char *rest = copy;
    while (rest) {
        char *item = strsep(&rest, ",");
        if (ret->list.count == PARAM_LIST_MAX)
            return err_set(err, E2BIG, "must have at most %u items", PARAM_LIST_MAX);
        int r = parse_integer(param, item, &ret->list.items[ret->list.count], err);
        if (r < 0)
            return r;
        ret->list.count++;
    }
    return 0;
}

int param_parse(const struct param *param, const char *text, struct param_value *ret,
                struct err *err)
{
    struct param_value value = {.type = param->type};
    int r = 0;
    switch (param->type) {
    case PARAM_INTEGER:
        r = parse_integer(param, text, &value.integer, err);
        break;
    case PARAM_NUMBER:
        r = parse_number(param, text, &value.number, err);
        break;
    case PARAM_BOOLEAN:
        value.boolean = strcmp(text, "true") == 0;
        if (!value.boolean && strcmp(text, "false") != 0)
            r = err_set(err, EINVAL, "must be true or false, was \"%.64s\"", text);
        break;
    case PARAM_CHOICE:
        r = parse_choice(param, text, &value.choice, err);
        break;
    case PARAM_INTEGER_LIST:
        r = parse_list(param, text, &value, err);
        break;
    }
    if (r == 0)
        *ret = value;
    return r;
}

static void format_list(const struct param_value *value, char *out)
{
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < value->list.count && used < PARAM_TEXT_MAX - 24; i++)
        used += (size_t)snprintf(out + used, PARAM_TEXT_MAX - used, "%s%" PRId64, i ? "," : "",
                                 value->list.items[i]);
}

void param_format(const struct param *param, const struct param_value *value, char *out)
{
    switch (param->type) {
    case PARAM_INTEGER:
        snprintf(out, PARAM_TEXT_MAX, "%" PRId64, value->integer);
        break;
    case PARAM_NUMBER:
        for (int digits = 6; digits <= 17; digits++) {
            snprintf(out, PARAM_TEXT_MAX, "%.*g", digits, value->number);
            if (strtod(out, NULL) == value->number)
                break;
        }
        break;
    case PARAM_BOOLEAN:
        strcpy(out, value->boolean ? "true" : "false");
        break;
    case PARAM_CHOICE:
        snprintf(out, PARAM_TEXT_MAX, "%s", param->choices[value->choice].value);
        break;
    case PARAM_INTEGER_LIST:
        format_list(value, out);
        break;
    }
}

void param_write(const struct param *param, const struct param_value *value, struct jsonw *json)
{
    switch (value->type) {
    case PARAM_INTEGER:
        jsonw_integer(json, value->integer);
        return;
    case PARAM_NUMBER:
        jsonw_number(json, value->number);
        return;
    case PARAM_BOOLEAN:
        jsonw_bool(json, value->boolean);
        return;
    case PARAM_CHOICE:
        jsonw_string(json, param->choices[value->choice].value);
        return;
    case PARAM_INTEGER_LIST:
        jsonw_open(json, '[');
        for (unsigned i = 0; i < value->list.count; i++)
            jsonw_integer(json, value->list.items[i]);
        jsonw_close(json, ']');
        return;
    }
}

const struct param *param_find(const struct param *params, const char *name)
{
    for (; params->name; params++)
        if (strcmp(params->name, name) == 0)
            return params;
    return NULL;
}

const char *param_type_text(enum param_type type)
{
    static const char *const texts[] = {[PARAM_INTEGER] = "integer",
                                        [PARAM_NUMBER] = "number",
                                        [PARAM_BOOLEAN] = "boolean",
                                        [PARAM_CHOICE] = "choice",
                                        [PARAM_INTEGER_LIST] = "integer-list"};
    return texts[type];
}

#include "server/setups/values.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int list_text(const struct doc *array, char *out, struct err *err)
{
    size_t used = 0;
    if (!doc_is_array(array))
        return err_set(err, EINVAL, "must be a list of integers");
    if (doc_count(array) > PARAM_LIST_MAX)
        return err_set(err, E2BIG, "must have at most %u items", PARAM_LIST_MAX);
    out[0] = '\0';
    for (size_t i = 0; i < doc_count(array); i++) {
        int64_t item;
        if (!doc_integer(doc_at(array, i), &item))
            return err_set(err, EINVAL, "must be a list of integers");
        used +=
            (size_t)snprintf(out + used, PARAM_TEXT_MAX - used, "%s%" PRId64, i ? "," : "", item);
        if (used >= PARAM_TEXT_MAX)
            return err_set(err, EINVAL, "is too long");
    }
    return 0;
}

static int number_text(const struct doc *value, char *out, struct err *err)
{
    double number;
    int64_t integer;
    if (doc_integer(value, &integer))
        snprintf(out, PARAM_TEXT_MAX, "%" PRId64, integer);
    else if (doc_number(value, &number))
        snprintf(out, PARAM_TEXT_MAX, "%.17g", number);
    else
        return err_set(err, EINVAL, "must be a number");
    return 0;
}

static int choice_text(const struct doc *value, char *out, struct err *err)
{
    const char *text = doc_string(value);
    if (!text)
        return err_set(err, EINVAL, "must be a string");
    if (strlen(text) >= PARAM_TEXT_MAX)
        return err_set(err, EINVAL, "is too long");
    strcpy(out, text);
    return 0;
}

int value_text(const struct param *param, const struct doc *value, char *out, struct err *err)
{
    int64_t integer;
    bool yes;
    switch (param->type) {
    case PARAM_INTEGER:
        if (!doc_integer(value, &integer))
            return err_set(err, EINVAL, "must be an integer");
        snprintf(out, PARAM_TEXT_MAX, "%" PRId64, integer);
        return 0;
    case PARAM_NUMBER:
        return number_text(value, out, err);
    case PARAM_BOOLEAN:
        if (!doc_bool(value, &yes))
            return err_set(err, EINVAL, "must be true or false");
        strcpy(out, yes ? "true" : "false");
        return 0;
    case PARAM_CHOICE:
        return choice_text(value, out, err);
    case PARAM_INTEGER_LIST:
        return list_text(value, out, err);
    }
    return err_set(err, EINVAL, "has an unknown type");
}

const char *value_code(const struct param *param, const struct err *err)
{
    static const char *const not_a[] = {[PARAM_INTEGER] = "not-an-integer",
                                        [PARAM_NUMBER] = "not-a-number",
                                        [PARAM_BOOLEAN] = "not-a-boolean",
                                        [PARAM_CHOICE] = "not-a-choice",
                                        [PARAM_INTEGER_LIST] = "not-a-list-of-integers"};
    return err->code == E2BIG ? "too-many" : not_a[param->type];
}

/*
 * Parameters: how a scenario declares them and how a value is checked, wherever it comes from (the
 * command line, JSON, the job a worker receives). One checker, so the bounds are the same
 * everywhere.
 */
#ifndef PROTO_PARAMS_H
#define PROTO_PARAMS_H

#include "sandbox/base/err.h"
#include "sandbox/base/jsonw.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARAMS_MAX     24u
#define PARAM_NAME_MAX 32u
#define PARAM_LIST_MAX 64u
#define PARAM_TEXT_MAX 512u /* a value as text, with its NUL */

/* A text in both languages of the project. */
struct text {
    const char *en;
    const char *zh;
};

enum param_type { PARAM_INTEGER, PARAM_NUMBER, PARAM_BOOLEAN, PARAM_CHOICE, PARAM_INTEGER_LIST };

struct choice {
    const char *value; /* kebab-case */
    struct text title;
};

/* One parameter. A list of them ends with an entry whose name is NULL. */
struct param {
    const char *name; /* snake_case */
    struct text title;
    struct text help;
    enum param_type type;
    double minimum, maximum;      /* integer, number, and each element of an integer-list */
    const char *fallback;         /* the default, as text */
    const struct choice *choices; /* choice: ends with an entry whose value is NULL */
};

/* A checked value. */
struct param_value {
    enum param_type type;
    union {
        int64_t integer;
        double number;
        bool boolean;
        unsigned choice; /* index into choices */
        struct {
            int64_t items[PARAM_LIST_MAX];
            unsigned count;
        } list;
    };
};

/*
 * Checks a value given as text ("4", "0.5", "true", "no-lock", "400,100,200"). Returns 0, or
 * -EINVAL, -ERANGE (out of its bounds) or -E2BIG (too many items) with the API's detail in err:
 * "must be 1 to 64, was 900".
 */
int param_parse(const struct param *param, const char *text, struct param_value *ret,
                struct err *err);

/* The canonical text of a value; out holds PARAM_TEXT_MAX bytes. */
void param_format(const struct param *param, const struct param_value *value, char *out);

/* Writes a value as JSON of the parameter's type; a choice as its text. */
void param_write(const struct param *param, const struct param_value *value, struct jsonw *json);

/* The parameter of that name in a list, or NULL. */
const struct param *param_find(const struct param *params, const char *name);

/* The API's word for a type. */
const char *param_type_text(enum param_type type);

#endif

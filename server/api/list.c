#include "server/api/list.h"

#include "server/clients/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_DEFAULT = 20 };

/* Digits as a number of low … high; anything else is an error. */
static int64_t read_number(const struct request *request, const char *name, int64_t low,
                           int64_t high, int64_t fallback, struct field_errors *errors)
{
    const char *text = request_query(request, name);
    char *end, detail[128];
    if (!text)
        return fallback;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno == 0 && *text >= '0' && *text <= '9' && !*end && value >= low && value <= high)
        return value;
    snprintf(detail, sizeof detail, "must be %" PRId64 " to %" PRId64 ", was %.40s", low, high,
             text);
    field_error_range(errors, (double)low, (double)high, detail, "?%s", name);
    return fallback;
}

void list_read(const struct request *request, struct store_filter *filter,
               struct field_errors *errors)
{
    const char *mine = request_query(request, "mine");
    filter->scenario = request_query(request, "scenario");
    if (mine && strcmp(mine, "true") != 0 && strcmp(mine, "false") != 0)
        field_error(errors, "not-a-boolean", "must be true or false", "?mine");
    else if (mine && strcmp(mine, "true") == 0)
        filter->session = session_of(request) ? session_of(request) : "";
    filter->limit = (unsigned)read_number(request, "limit", 1, LIST_MAX, LIST_DEFAULT, errors);
    filter->before = read_number(request, "cursor", 1, INT64_MAX, INT64_MAX, errors);
}

void list_write_cursor(struct jsonw *w, bool more, int64_t last)
{
    char cursor[24];
    snprintf(cursor, sizeof cursor, "%" PRId64, last);
    jsonw_put_string(w, "next_cursor", more ? cursor : NULL);
}

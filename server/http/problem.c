#include "server/http/problem.h"

#include "sandbox/base/jsonw.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    unsigned status;
    const char *phrase;
} phrases[] = {
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {507, "Insufficient Storage"},
};

const char *status_phrase(unsigned status)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Error";
}

/* The entry that was added, or NULL when there is no room for it. */
static struct field_error *add_error(struct field_errors *errors, const char *code,
                                     const char *detail, const char *pointer_format, va_list args)
{
    if (errors->count == FIELD_ERRORS_MAX)
        return NULL;
    struct field_error *error = &errors->list[errors->count++];
    vsnprintf(error->pointer, sizeof error->pointer, pointer_format, args);
    error->code = code;
    error->bounded = false;
    snprintf(error->detail, sizeof error->detail, "%s", detail);
    return error;
}

void field_error(struct field_errors *errors, const char *code, const char *detail,
                 const char *pointer_format, ...)
{
    va_list args;
    va_start(args, pointer_format);
    add_error(errors, code, detail, pointer_format, args);
    va_end(args);
}

void field_error_range(struct field_errors *errors, double minimum, double maximum,
                       const char *detail, const char *pointer_format, ...)
{
    va_list args;
    va_start(args, pointer_format);
    struct field_error *error = add_error(errors, "out-of-range", detail, pointer_format, args);
    va_end(args);
    if (!error)
        return;
    error->bounded = true;
    error->minimum = minimum;
    error->maximum = maximum;
}

void field_failed(struct field_errors *errors)
{
    errors->failed = true;
    field_error(errors, "unknown", "cannot be checked now", "%s", "");
}

static void write_field(struct jsonw *w, const struct field_error *error)
{
    jsonw_open(w, '{');
    jsonw_put_string(w, "pointer", error->pointer);
    jsonw_put_string(w, "code", error->code);
    jsonw_put_string(w, "detail", error->detail);
    if (error->bounded) {
        jsonw_name(w, "minimum");
        jsonw_number(w, error->minimum);
        jsonw_name(w, "maximum");
        jsonw_number(w, error->maximum);
    }
    jsonw_close(w, '}');
}

static void write_fields(struct jsonw *w, const struct field_errors *errors)
{
    jsonw_name(w, "errors");
    jsonw_open(w, '[');
    for (unsigned i = 0; i < errors->count; i++)
        write_field(w, &errors->list[i]);
    jsonw_close(w, ']');
}

static void reply(struct request *request, unsigned status, const char *detail,
                  const struct field_errors *errors)
{
    _cleanup_buf_ struct buf out = BUF_INIT(32768);
    struct jsonw w = JSONW(&out);
    jsonw_open(&w, '{');
    jsonw_put_string(&w, "type", "about:blank");
    jsonw_put_string(&w, "title", status_phrase(status));
    jsonw_put_integer(&w, "status", status);
    jsonw_put_string(&w, "detail", detail);
    if (errors)
        write_fields(&w, errors);
    jsonw_close(&w, '}');
    request_reply(request, status, "application/problem+json", &out);
}

void problem_reply(struct request *request, unsigned status, const char *detail)
{
    reply(request, status, detail, NULL);
}

void problem_reply_fields(struct request *request, const struct field_errors *errors)
{
    if (errors->failed)
        problem_reply_later(request, 503, 2, "the request cannot be checked now");
    else
        reply(request, 422, errors->count == 1 ? "a field is wrong" : "some fields are wrong",
              errors);
}

void problem_reply_later(struct request *request, unsigned status, unsigned seconds,
                         const char *detail)
{
    char text[16];
    snprintf(text, sizeof text, "%u", seconds);
    request_reply_header(request, "Retry-After", text);
    reply(request, status, detail, NULL);
}

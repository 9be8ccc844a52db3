/* Error answers: application/problem+json (RFC 9457). */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

#include "sandbox/base/err.h"
#include "server/http/http.h"

enum { FIELD_ERRORS_MAX = 32 };

/* What is wrong with the fields of a request, collected and reported together. */
struct field_errors {
    unsigned count;
    bool failed; /* some could not be checked */
    struct field_error {
        char pointer[80]; /* JSON pointer, or "?name" for a query argument */
        const char *code; /* what is wrong, as one of a few words for programs */
        char detail[256];
        bool bounded; /* it is to be minimum to maximum */
        double minimum, maximum;
    } list[FIELD_ERRORS_MAX];
};

/* `code` lives for ever; the detail is copied. */
void field_error(struct field_errors *errors, const char *code, const char *detail,
                 const char *pointer_format, ...) __attribute__((format(printf, 4, 5)));

/* The same for a number that is not minimum to maximum: out-of-range, with both beside it. */
void field_error_range(struct field_errors *errors, double minimum, double maximum,
                       const char *detail, const char *pointer_format, ...)
    __attribute__((format(printf, 5, 6)));

/* The fields cannot be checked now: for want of memory, or of the database. */
void field_failed(struct field_errors *errors);

/* The standard phrase of a status, "Error" for one we do not use. */
const char *status_phrase(unsigned status);

void problem_reply(struct request *request, unsigned status, const char *detail);

/* 422 with every field that is wrong; 503 when they could not be checked. */
void problem_reply_fields(struct request *request, const struct field_errors *errors);

/* 503 or 429 with Retry-After. */
void problem_reply_later(struct request *request, unsigned status, unsigned seconds,
                         const char *detail);

#endif

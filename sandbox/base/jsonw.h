/*
 * A JSON writer: commas, escapes and nesting are its business, so no caller prints JSON by hand.
 * It writes into a struct buf and never parses; text that is not UTF-8 is written with U+FFFD in
 * place of the bad bytes, so the result is always valid JSON. Integers beyond 2^53 are written as
 * strings. Failures are the buffer's (buf_error).
 */
#ifndef BASE_JSONW_H
#define BASE_JSONW_H

#include "sandbox/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct jsonw {
    struct buf *out;
    bool comma; /* the next value or name needs a comma in front */
};

#define JSONW(buffer) ((struct jsonw){.out = (buffer)})

/* Opening and closing: '{' '}' '[' ']'. */
void jsonw_open(struct jsonw *w, char bracket);
void jsonw_close(struct jsonw *w, char bracket);

/* A member's name; a value or an opening follows. */
void jsonw_name(struct jsonw *w, const char *name);

void jsonw_string(struct jsonw *w, const char *text); /* NULL is null */
void jsonw_string_n(struct jsonw *w, const char *text, size_t n);
void jsonw_integer(struct jsonw *w, int64_t value);
void jsonw_number(struct jsonw *w,
                  double value); /* shortest text that reads back; not finite is null */
void jsonw_bool(struct jsonw *w, bool value);
void jsonw_null(struct jsonw *w);

/* Name and value in one call. */
void jsonw_put_string(struct jsonw *w, const char *name, const char *text);
void jsonw_put_integer(struct jsonw *w, const char *name, int64_t value);
void jsonw_put_bool(struct jsonw *w, const char *name, bool value);

#endif

/*
 * JSON that came from outside, read once and walked; nothing else in the program knows Jansson.
 * JSON that goes out is written with sandbox/base/jsonw.h.
 *
 * A document is refused when it is not UTF-8, names a member twice, holds U+0000 or nests deeper
 * than 16. Values belong to the document. Any thread, one at a time for a document.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "sandbox/base/buf.h"
#include "sandbox/base/err.h"
#include "sandbox/base/jsonw.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct doc; /* a value; the root owns all of them */

/* Parses n bytes. Returns 0, -ENOMEM, or -EINVAL or -ERANGE (a number is too large) with the
 * reason. */
int doc_parse(struct doc **ret, const char *text, size_t n, struct err *err);
void doc_free(struct doc *root);

bool doc_is_object(const struct doc *value);
bool doc_is_array(const struct doc *value);
bool doc_is_null(const struct doc *value);

/* The text, or NULL when it is no string. */
const char *doc_string(const struct doc *value);
bool doc_integer(const struct doc *value, int64_t *ret);
bool doc_number(const struct doc *value, double *ret); /* integers too */
bool doc_bool(const struct doc *value, bool *ret);

/* A member of an object, or NULL when there is none (or value is no object). */
const struct doc *doc_member(const struct doc *value, const char *name);
size_t doc_count(const struct doc *array);
const struct doc *doc_at(const struct doc *array, size_t i);

/* Calls each(context, name, value) for every member in the order of the text; ends on non-zero. */
int doc_each(const struct doc *object,
             int (*each)(void *context, const char *name, const struct doc *), void *context);

/* Writes a value that is JSON already. */
void jsonw_raw(struct jsonw *w, const char *json, size_t n);

/* Milliseconds since 1970 as RFC 3339 in UTC; 0 is null. */
void jsonw_put_time(struct jsonw *w, const char *name, int64_t ms);

/* Splices the members of an object that is JSON already into the one that is open. */
void jsonw_put_members(struct jsonw *w, const char *object);

/* Appends the value as JSON. Returns 0 or out's error. */
int doc_write(const struct doc *value, struct buf *out);

#endif

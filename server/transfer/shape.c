#include "server/transfer/shape.h"

#include "sandbox/proto/params.h"
#include "sandbox/proto/schedule.h"
#include "sandbox/trace/reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PLACE_MAX = 160 };

struct match {
    char place[PLACE_MAX]; /* JSON pointer of the value at hand */
    struct err *err;
};

/* Behind the X that starts at shape. */
static const char *behind(const char *shape)
{
    unsigned depth = 0;
    shape += *shape == '?';
    do {
        depth += strchr("([{", *shape) != NULL;
        depth -= strchr(")]}", *shape) != NULL;
        shape++;
    } while (depth > 0);
    return shape;
}

static int refuse(const struct match *m, const char *what)
{
    return err_set(m->err, EINVAL, "%s %s", m->place[0] ? m->place : "it", what);
}

static int check(struct match *m, const char *shape, const struct doc *value);

/* A part of the value, with its name or number behind the place. */
static int check_part(struct match *m, const char *shape, const struct doc *part, const char *name)
{
    size_t n = strlen(m->place);
    snprintf(m->place + n, sizeof m->place - n, "/%.40s", name);
    int r = check(m, shape, part);
    m->place[n] = '\0';
    return r;
}

static int check_list(struct match *m, const char *shape, const struct doc *list)
{
    if (!doc_is_array(list))
        return refuse(m, "is no list");
    int r = 0;
    for (size_t i = 0; r == 0 && i < doc_count(list); i++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", i);
        r = check_part(m, shape + 1, doc_at(list, i), number);
    }
    return r;
}

/* ---- objects ---- */

struct map {
    struct match *match;
    const char *shape;
};

static int check_entry(void *context, const char *name, const struct doc *value)
{
    const struct map *map = context;
    if (!name[0] || strlen(name) >= PARAM_NAME_MAX * 2 ||
        name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")])
        return refuse(map->match, "has a member whose name is none");
    return check_part(map->match, map->shape, value, name);
}

static int count_one(void *context, const char *name, const struct doc *value)
{
    (void)name;
    (void)value;
    ++*(size_t *)context;
    return 0;
}

static int check_members(struct match *m, const char *shape, const struct doc *object)
{
    size_t known = 0, all = 0;
    for (const char *at = shape + 1; *at != '}'; at += *at == ',') {
        char name[40];
        size_t n = strcspn(at, "~:");
        snprintf(name, sizeof name, "%.*s", (int)n, at);
        bool optional = at[n] == '~';
        const char *of = at + n + 1 + optional;
        const struct doc *member = doc_member(object, name);
        if (!member && !optional)
            return err_set(m->err, EINVAL, "%s/%s is missing", m->place, name);
        int r = member ? check_part(m, of, member, name) : 0;
        if (r < 0)
            return r;
        known += member != NULL;
        at = behind(of);
    }
    doc_each(object, count_one, &all);
    return all == known ? 0 : refuse(m, "has a member that is not known");
}

static int check_object(struct match *m, const char *shape, const struct doc *object)
{
    if (!doc_is_object(object))
        return refuse(m, "is no object");
    if (shape[1] == '*')
        return doc_each(object, check_entry, &(struct map){m, shape + 3});
    return check_members(m, shape, object);
}

/* ---- single values ---- */

static bool is_integer(const struct doc *value)
{
    int64_t integer;
    const char *text = doc_string(value);
    if (!text)
        return doc_integer(value, &integer);
    text += *text == '-';
    size_t n = strlen(text);
    return n > 15 && n < 20 && strspn(text, "0123456789") == n;
}

static bool is_word(const char *text, size_t size, const char *letters)
{
    return text && text[0] && strlen(text) < size && !text[strspn(text, letters)];
}

#define WORD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-"

static bool is_parameter(const struct doc *value)
{
    double number;
    bool truth;
    int64_t integer;
    if (!doc_is_array(value))
        return doc_number(value, &number) || doc_bool(value, &truth) ||
               is_word(doc_string(value), PARAM_TEXT_MAX, WORD);
    for (size_t i = 0; i < doc_count(value); i++)
        if (!doc_integer(doc_at(value, i), &integer))
            return false;
    return doc_count(value) <= PARAM_LIST_MAX;
}

static bool is_one_of(const char *shape, const char *text)
{
    for (const char *at = shape + 1; text; at++) {
        size_t n = strcspn(at, "|)");
        if (strlen(text) == n && memcmp(at, text, n) == 0)
            return true;
        at += n;
        if (*at == ')')
            break;
    }
    return false;
}

static int check(struct match *m, const char *shape, const struct doc *value)
{
    double number;
    bool truth;
    if (*shape == '?') {
        if (doc_is_null(value))
            return 0;
        shape++;
    }
    switch (*shape) {
    case '[':
        return check_list(m, shape, value);
    case '{':
        return check_object(m, shape, value);
    case '(':
        return is_one_of(shape, doc_string(value)) ? 0 : refuse(m, "is not a known word");
    case 's':
        return doc_string(value) ? 0 : refuse(m, "is no text");
    case 'i':
        return is_integer(value) ? 0 : refuse(m, "is no integer");
    case 'b':
        return doc_bool(value, &truth) ? 0 : refuse(m, "is neither true nor false");
    case 'v':
        return doc_is_null(value) || doc_string(value) || doc_number(value, &number)
                   ? 0
                   : refuse(m, "is no cell");
    case 'p':
        return is_parameter(value) ? 0 : refuse(m, "is no parameter");
    case 't':
        return is_word(doc_string(value), SCHEDULE_TOKEN_MAX, TRACE_TOKEN_CHARACTERS)
                   ? 0
                   : refuse(m, "is no token");
    }
    return refuse(m, "is of no known shape");
}

int shape_check(const char *shape, const struct doc *value, struct err *err)
{
    struct match m = {.err = err};
    return check(&m, shape, value);
}

#include "server/base/json.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEPTH_MAX = 16 };

/* A struct doc is Jansson's own value under our name. */
static const json_t *value_of(const struct doc *value)
{
    return (const json_t *)value;
}

static const struct doc *doc_of(const json_t *value)
{
    return (const struct doc *)value;
}

/* ---- memory ---- */

/*
 * Jansson 2.14 goes on with half a token, and writes beyond its end, when its buffer cannot grow.
 * So a document has an arena, and who gets nothing from it does not return to Jansson but to
 * doc_parse(). Before each piece stands whose it is, which leads from the root to the arena.
 */
struct block {
    struct block *next;
    size_t used, room;
    max_align_t bytes[];
};

struct arena {
    struct block *blocks;
    bool exhausted;
    jmp_buf give_up;
};

union piece {
    struct arena *arena;
    max_align_t aligned;
};

enum { BLOCK_BYTES = 4096 - sizeof(struct block) };

/* What is being parsed in this thread: Jansson's functions for memory are told nothing. */
static _Thread_local struct arena *parsed;

static void arena_free(struct arena *arena)
{
    for (struct block *block = arena->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(arena);
}

static bool add_block(struct arena *arena, size_t n)
{
    size_t room = n > BLOCK_BYTES ? n : BLOCK_BYTES;
    struct block *block = malloc(sizeof *block + room);
    if (!block)
        return false;
    *block = (struct block){.next = arena->blocks, .room = room};
    arena->blocks = block;
    return true;
}

static void *take(size_t n)
{
    if (!parsed)
        return malloc(n);
    n = (n + 2 * sizeof(union piece) - 1) / sizeof(union piece) * sizeof(union piece);
    struct block *block = parsed->blocks;
    if ((!block || block->room - block->used < n) && !add_block(parsed, n)) {
        parsed->exhausted = true;
        longjmp(parsed->give_up, 1);
    }
    block = parsed->blocks;
    union piece *piece = (union piece *)((char *)block->bytes + block->used);
    block->used += n;
    piece->arena = parsed;
    return piece + 1;
}

static void give(void *piece)
{
    if (!parsed)
        free(piece);
}

static void set_memory(void)
{
    json_set_alloc_funcs(take, give);
}

/* ---- parsing ---- */

/* Jansson's own bound is 2048 levels, a stack and 5 MB of objects for 64 kB of braces. */
static bool too_deep(const char *text, size_t n)
{
    unsigned depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '[') && ++depth > DEPTH_MAX)
            return true;
        else if (!quoted && (c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return false;
}

/* These are Jansson's, in no arena. */
static bool is_constant(const json_t *value)
{
    return json_is_boolean(value) || json_is_null(value);
}

/* NULL with the reason, or when the arena is exhausted. */
static json_t *load(struct arena *arena, const char *text, size_t n, json_error_t *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_memory);
    parsed = arena;
    if (setjmp(arena->give_up) == 0) {
        json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, error);
        parsed = NULL;
        return root;
    }
    parsed = NULL;
    return NULL;
}

static int explain(const struct arena *arena, const json_error_t *error, struct err *err)
{
    if (arena->exhausted)
        return err_errno(err, ENOMEM, "reading JSON");
    return err_set(err, json_error_code(error) == json_error_numeric_overflow ? ERANGE : EINVAL,
                   "line %d, column %d: %s", error->line, error->column, error->text);
}

int doc_parse(struct doc **ret, const char *text, size_t n, struct err *err)
{
    json_error_t error;
    if (too_deep(text, n))
        return err_set(err, EINVAL, "nested deeper than %d", DEPTH_MAX);
    struct arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        return err_errno(err, ENOMEM, "reading JSON");
    json_t *root = load(arena, text, n, &error);
    int r = root ? 0 : explain(arena, &error, err);
    if (is_constant(root) || !root)
        arena_free(arena);
    if (r == 0)
        *ret = (struct doc *)root;
    return r;
}

void doc_free(struct doc *root)
{
    if (root && !is_constant((json_t *)root))
        arena_free(((union piece *)root)[-1].arena);
}

bool doc_is_object(const struct doc *value)
{
    return json_is_object(value_of(value));
}

bool doc_is_array(const struct doc *value)
{
    return json_is_array(value_of(value));
}

bool doc_is_null(const struct doc *value)
{
    return json_is_null(value_of(value));
}

const char *doc_string(const struct doc *value)
{
    return json_string_value(value_of(value));
}

bool doc_integer(const struct doc *value, int64_t *ret)
{
    if (!json_is_integer(value_of(value)))
        return false;
    *ret = json_integer_value(value_of(value));
    return true;
}

bool doc_number(const struct doc *value, double *ret)
{
    if (!json_is_number(value_of(value)))
        return false;
    *ret = json_number_value(value_of(value));
    return true;
}

bool doc_bool(const struct doc *value, bool *ret)
{
    if (!json_is_boolean(value_of(value)))
        return false;
    *ret = json_is_true(value_of(value));
    return true;
}

const struct doc *doc_member(const struct doc *value, const char *name)
{
    return doc_of(json_object_get(value_of(value), name));
}

size_t doc_count(const struct doc *array)
{
    return json_array_size(value_of(array));
}

const struct doc *doc_at(const struct doc *array, size_t i)
{
    return doc_of(json_array_get(value_of(array), i));
}

int doc_each(const struct doc *object,
             int (*each)(void *context, const char *name, const struct doc *), void *context)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        int r = each(context, name, doc_of(value));
        if (r != 0)
            return r;
    }
    return 0;
}

static int append(const char *bytes, size_t n, void *out)
{
    return buf_add(out, bytes, n);
}

int doc_write(const struct doc *value, struct buf *out)
{
    int r = json_dump_callback(value_of(value), append, out, JSON_COMPACT | JSON_ENCODE_ANY);
    return r < 0 ? (out->error ? out->error : -ENOMEM) : 0;
}

void jsonw_raw(struct jsonw *w, const char *json, size_t n)
{
    if (w->comma)
        buf_add(w->out, ",", 1);
    buf_add(w->out, json, n);
    w->comma = true;
}

void jsonw_put_time(struct jsonw *w, const char *name, int64_t ms)
{
    char text[40], whole[24];
    struct tm utc;
    time_t seconds = ms / 1000;
    jsonw_name(w, name);
    if (ms == 0) {
        jsonw_null(w);
        return;
    }
    gmtime_r(&seconds, &utc);
    strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, sizeof text, "%s.%03dZ", whole, (int)(ms % 1000));
    jsonw_string(w, text);
}

void jsonw_put_members(struct jsonw *w, const char *object)
{
    size_t n = strlen(object);
    if (n > 2)
        jsonw_raw(w, object + 1, n - 2);
}

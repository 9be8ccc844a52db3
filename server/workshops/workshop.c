#include "server/workshops/workshop.h"

#include "sandbox/base/utf8.h"
#include "server/setups/setup.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <wctype.h>

#define STEPS_JSON_MAX (1u << 20)

/* Crockford's base 32: no I, L, O, U. */
static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
enum { GROUPS = 3, GROUP = 3 };

/* ---- ids and keys ---- */

int workshop_id(char out[static WORKSHOP_ID_SIZE])
{
    unsigned char bytes[GROUPS * GROUP];
    size_t used = 0;
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return -EAGAIN;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i > 0 && i % GROUP == 0)
            out[used++] = '-';
        out[used++] = letters[bytes[i] % (sizeof letters - 1)];
    }
    out[used] = '\0';
    return 0;
}

bool workshop_normalise(const char *typed, char out[static WORKSHOP_ID_SIZE])
{
    size_t used = 0, count = 0;
    for (; *typed; typed++) {
        if (*typed == '-' || *typed == ' ')
            continue;
        char c = (char)tolower((unsigned char)*typed);
        c = c == 'o' ? '0' : c == 'i' || c == 'l' ? '1' : c;
        if (count == GROUPS * GROUP || !strchr(letters, c))
            return false;
        if (count > 0 && count % GROUP == 0)
            out[used++] = '-';
        out[used++] = c;
        count++;
    }
    out[used] = '\0';
    return count == GROUPS * GROUP;
}

/* ---- texts ---- */

/* Characters of UTF-8; JSON lets nothing else in. */
static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

/* Control characters, those of U+0080 to U+009F among them. */
static bool has_controls(const char *text, bool lines)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if ((*p < ' ' && !(lines && *p == '\n')) || *p == 0x7f ||
            (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0))
            return true;
    return false;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " ")] == '\0';
}

/* ---- names ---- */

/* The next character of well-formed UTF-8, which JSON is. */
static wint_t next_character(const char **text)
{
    const unsigned char *p = (const unsigned char *)*text;
    unsigned more = *p < 0xc0 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
    wint_t c = more ? *p & (0x3fu >> more) : *p;
    for (unsigned i = 1; i <= more && p[i]; i++)
        c = c << 6 | (p[i] & 0x3f);
    *text += more + 1;
    return c;
}

static char *put_character(char *out, wint_t c)
{
    static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
    unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    *out++ = (char)(first[more] | c >> 6 * more);
    while (more-- > 0)
        *out++ = (char)(0x80 | (c >> 6 * more & 0x3f));
    return out;
}

static bool is_blank_character(wint_t c)
{
    return c == ' ' || c == 0xa0 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f ||
           c == 0x3000;
}

/* What nobody sees, or what turns the text around it; but for the joiners, which letters need. */
static bool is_hidden_character(wint_t c)
{
    static const struct {
        wint_t from, to;
    } ranges[] = {{0, 0x1f},        {0x7f, 0x9f},      {0xad, 0xad},     {0x200b, 0x200b},
                  {0x200e, 0x200f}, {0x2028, 0x202e},  {0x2060, 0x206f}, {0xfeff, 0xfeff},
                  {0xfff9, 0xfffb}, {0xe0000, 0xe0fff}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (c >= ranges[i].from && c <= ranges[i].to)
            return true;
    return false;
}

const char *workshop_read_name(const char *text, char out[static WORKSHOP_NAME_SIZE])
{
    char *at = out, *end = out; /* behind the last that is no blank */
    size_t n = 0, length = 0;
    bool hidden = false;
    while (text && *text) {
        wint_t c = next_character(&text);
        bool blank = is_blank_character(c);
        if (blank && n == 0)
            continue;
        hidden = hidden || is_hidden_character(c);
        if (++n <= WORKSHOP_NAME_MAX)
            at = put_character(at, blank ? ' ' : c);
        if (!blank) {
            end = at;
            length = n;
        }
    }
    *end = '\0';
    return length == 0                  ? "must be a name of 1 to 40 characters"
           : length > WORKSHOP_NAME_MAX ? "must be at most 40 characters"
           : hidden                     ? "must have no control characters"
                                        : NULL;
}

/* What the C library knows of capital and small letters; taken once, and never given back. */
static locale_t cases;

static void take_cases(void)
{
    cases = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

void workshop_fold_name(const char *name, char out[static WORKSHOP_NAME_SIZE])
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, take_cases);
    for (size_t n = 0; *name && n < WORKSHOP_NAME_MAX; n++) {
        wint_t c = next_character(&name);
        out = put_character(out, cases ? towlower_l(towupper_l(c, cases), cases) : c);
    }
    *out = '\0';
}

/* FNV-1a. */
static uint64_t mix(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash;
}

uint64_t workshop_seed(const struct store_seat *seat)
{
    char step[16], name[WORKSHOP_NAME_SIZE];
    snprintf(step, sizeof step, "/%u/", seat->step);
    workshop_fold_name(seat->name, name);
    uint64_t hash = mix(UINT64_C(14695981039346656037), seat->workshop);
    hash = mix(mix(hash, step), name);
    return (hash ^ hash >> 32) & INT32_MAX;
}

/* ---- steps ---- */

/* What is wrong in a step, with the step's place before it. */
static void pass_on(const struct field_errors *of_step, size_t i, struct field_errors *errors)
{
    errors->failed = errors->failed || of_step->failed;
    for (unsigned k = 0; k < of_step->count; k++) {
        const struct field_error *error = &of_step->list[k];
        if (error->bounded)
            field_error_range(errors, error->minimum, error->maximum, error->detail,
                              "/steps/%zu%.60s", i, error->pointer);
        else
            field_error(errors, error->code, error->detail, "/steps/%zu%.60s", i, error->pointer);
    }
}

static void check_note(const struct doc *note, struct field_errors *errors)
{
    const char *text = doc_string(note);
    if (!note || doc_is_null(note))
        return;
    if (!text)
        field_error(errors, "not-a-text", "must be a text", "/note");
    else if (characters(text) > WORKSHOP_NOTE_MAX)
        field_error(errors, "too-long", "must be at most 2000 characters", "/note");
    else if (has_controls(text, true))
        field_error(errors, "not-a-text", "must have no control characters", "/note");
}

/* A setup is checked as a run's is, and then kept as it was written: what it leaves open stays so.
 */
static void check_step(const struct catalog *catalog, const struct doc *step, size_t i,
                       struct field_errors *errors)
{
    static const char *const known[] = {"scenario", "params", "schedule", "note", NULL};
    struct setup setup = {0};
    setup_check_members(&setup, step, known);
    setup_read(&setup, catalog, step, NULL);
    if (setup.scenario)
        setup_read_schedule(&setup, doc_member(step, "schedule"));
    check_note(doc_member(step, "note"), &setup.errors);
    setup_check_size(&setup);
    pass_on(&setup.errors, i, errors);
}

static void put_member(const struct doc *step, const char *name, struct jsonw *w)
{
    _cleanup_buf_ struct buf text = BUF_INIT(STEPS_JSON_MAX);
    const struct doc *member = doc_member(step, name);
    if (!member || doc_is_null(member))
        return;
    int r = doc_write(member, &text);
    if (r < 0 && !buf_error(w->out))
        w->out->error = r;
    jsonw_name(w, name);
    jsonw_raw(w, buf_text(&text), text.len);
}

/* 0, -EMSGSIZE or -ENOMEM. */
static int steps_json(const struct doc *steps, char **ret)
{
    static const char *const members[] = {"scenario", "params", "schedule", "note"};
    _cleanup_buf_ struct buf out = BUF_INIT(STEPS_JSON_MAX);
    struct jsonw w = JSONW(&out);
    jsonw_open(&w, '[');
    for (size_t i = 0; i < doc_count(steps); i++) {
        jsonw_open(&w, '{');
        for (size_t k = 0; k < sizeof members / sizeof members[0]; k++)
            put_member(doc_at(steps, i), members[k], &w);
        jsonw_close(&w, '}');
    }
    jsonw_close(&w, ']');
    int r = buf_error(&out);
    if (r == 0)
        *ret = buf_steal(&out);
    return r;
}

static void read_steps(struct store_workshop *workshop, const struct catalog *catalog,
                       const struct doc *steps, struct field_errors *errors)
{
    if (!doc_is_array(steps) || doc_count(steps) == 0 || doc_count(steps) > WORKSHOP_STEPS_MAX) {
        field_error(errors, "out-of-range", "must be a list of 1 to 40 steps", "/steps");
        return;
    }
    for (size_t i = 0; i < doc_count(steps); i++)
        check_step(catalog, doc_at(steps, i), i, errors);
    free(workshop->steps);
    workshop->steps = NULL;
    int r = steps_json(steps, &workshop->steps);
    if (r == -ENOMEM)
        field_failed(errors);
    else if (r < 0)
        field_error(errors, "too-long", "is too long", "/steps");
}

/* ---- the whole ---- */

static void read_title(struct store_workshop *workshop, const struct doc *title,
                       struct field_errors *errors)
{
    const char *text = doc_string(title);
    if (!text || is_blank(text) || characters(text) > WORKSHOP_TITLE_MAX)
        field_error(errors, "out-of-range", "must be a text of 1 to 120 characters", "/title");
    else if (has_controls(text, false))
        field_error(errors, "not-a-text", "must have no control characters", "/title");
    else {
        free(workshop->title);
        workshop->title = strdup(text);
        if (!workshop->title)
            field_failed(errors);
    }
}

void workshop_read(struct store_workshop *workshop, const struct catalog *catalog,
                   const struct doc *body, struct field_errors *errors)
{
    const struct doc *title = doc_member(body, "title"), *steps = doc_member(body, "steps"),
                     *closed = doc_member(body, "closed");
    if (!doc_is_object(body))
        return;
    if (title || !workshop->title)
        read_title(workshop, title, errors);
    if (steps || !workshop->steps)
        read_steps(workshop, catalog, steps, errors);
    if (closed && !doc_bool(closed, &workshop->closed))
        field_error(errors, "not-a-boolean", "must be true or false", "/closed");
}

size_t workshop_step_count(const char *steps)
{
    struct doc *doc;
    if (doc_parse(&doc, steps, strlen(steps), NULL) < 0)
        return 0;
    size_t n = doc_count(doc);
    doc_free(doc);
    return n;
}

/* 1 or 0, or -ENOMEM. */
static int same_member(const struct doc *a, const struct doc *b, const char *name)
{
    _cleanup_buf_ struct buf x = BUF_INIT(STEPS_JSON_MAX), y = BUF_INIT(STEPS_JSON_MAX);
    const struct doc *in_a = doc_member(a, name), *in_b = doc_member(b, name);
    if (!in_a || !in_b)
        return in_a == in_b;
    if (doc_write(in_a, &x) < 0 || doc_write(in_b, &y) < 0)
        return -ENOMEM;
    return strcmp(buf_text(&x), buf_text(&y)) == 0;
}

static int same_setup(const struct doc *a, const struct doc *b)
{
    static const char *const members[] = {"scenario", "params", "schedule"};
    int same = 1;
    for (size_t i = 0; same == 1 && i < sizeof members / sizeof members[0]; i++)
        same = same_member(a, b, members[i]);
    return same;
}

int workshop_same_setups(const char *steps, const char *others)
{
    struct doc *a = NULL, *b = NULL;
    size_t n = 0;
    int same = doc_parse(&a, steps, strlen(steps), NULL) < 0 ||
                       doc_parse(&b, others, strlen(others), NULL) < 0
                   ? -ENOMEM
                   : 1;
    while (same == 1 && n < doc_count(a) && n < doc_count(b)) {
        same = same_setup(doc_at(a, n), doc_at(b, n));
        n += same == 1;
    }
    doc_free(a);
    doc_free(b);
    return same < 0 ? same : (int)n;
}

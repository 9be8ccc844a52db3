#include "server/setups/setup.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/proto/token.h"
#include "sandbox/trace/reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The largest integer that every reader of JSON has exactly. */

#define MODE(mode) (1u << SCHEDULE_##mode)
#define CONTROLLED (MODE(RANDOM) | MODE(PCT) | MODE(ROUND_ROBIN) | MODE(REPLAY))

/* The members of a run's schedule. What no mode takes is what a run tells of itself. */
static const struct member {
    const char *name;
    unsigned modes; /* that take it */
} members[] = {
    {"mode", ~0u},           {"seed", MODE(RANDOM) | MODE(PCT)},
    {"depth", MODE(PCT)},    {"timing", CONTROLLED},
    {"token", MODE(REPLAY)}, {"steps", 0},
    {"preemptions", 0},      {"problem", 0},
    {"reason", 0},
};

static const struct member *find_member(const char *name)
{
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (strcmp(members[i].name, name) == 0)
            return &members[i];
    return NULL;
}

/* Null is what a member is in a mode that does not take it. */
static int check_member(void *context, const char *name, const struct doc *value)
{
    struct setup *setup = context;
    const struct member *member = find_member(name);
    if (!member)
        field_error(&setup->errors, "unknown", "is not known here", "/schedule/%s",
                    pointer_part(name).text);
    else if (!(member->modes & 1u << setup->job.schedule.mode) && !doc_is_null(value))
        field_error(&setup->errors, "unknown", "is not taken by this schedule", "/schedule/%s",
                    name);
    return 0;
}

/* "must be one of: free, random" */
static void list_schedules(const struct scenario_info *scenario, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "must be one of:");
    for (const char *const *s = scenario->schedules; *s && used < size; s++)
        used += (size_t)snprintf(out + used, size - used, "%s %s",
                                 s == scenario->schedules ? "" : ",", *s);
}

static bool read_mode(struct setup *setup, const struct doc *schedule)
{
    const struct doc *member = doc_member(schedule, "mode");
    const char *text = member ? doc_string(member) : "free";
    int mode = text && scenario_has_schedule(setup->scenario, text) ? schedule_mode_of(text) : -1;
    char detail[200];
    if (mode >= 0) {
        setup->job.schedule.mode = (enum schedule_mode)mode;
        return true;
    }
    list_schedules(setup->scenario, detail, sizeof detail);
    field_error(&setup->errors, "not-a-choice", detail, "/schedule/mode");
    return false;
}

void setup_read_timing(struct setup *setup, const struct doc *object, const char *parent,
                       bool *ret_ignores_time)
{
    const struct doc *member = doc_member(object, "timing");
    const char *text = doc_string(member);
    if (!member || doc_is_null(member))
        return;
    if (text && (strcmp(text, "virtual") == 0 || strcmp(text, "ignored") == 0))
        *ret_ignores_time = text[0] == 'i';
    else
        field_error(&setup->errors, "not-a-choice", "must be one of: virtual, ignored", "%s/timing",
                    parent);
}

/* Whether it fits the rest of the setup. The token says itself whether time counts. */
static int take_token(struct setup *setup, const char *text, struct err *err)
{
    struct schedule *s = &setup->job.schedule;
    _cleanup_free_ struct token *token = malloc(sizeof *token);
    int r = token ? token_check(text, &setup->job, err) : err_errno(err, ENOMEM, "token");
    if (r == 0)
        r = token_read(token, text, err);
    if (r != 0)
        return r;
    s->ignores_time = token->ignores_time;
    strcpy(s->token, text);
    return 0;
}

/* The field error's code for what take_token() refused. */
static const char *token_code(const struct err *err)
{
    switch (err->code) {
    case EPROTO:
        return "token-of-another-version";
    case EXDEV:
        return "token-of-another-scenario";
    case ESTALE:
        return "token-of-other-parameters";
    case ERANGE:
        return "not-a-number-of-steps";
    default:
        return "not-a-token";
    }
}

void setup_read_token(struct setup *setup, const struct doc *object, const char *parent)
{
    const struct doc *member = doc_member(object, "token");
    const char *token = doc_string(member);
    size_t length = token ? strlen(token) : 0;
    struct err err = {0};
    const char *code = "not-a-token", *detail = NULL;
    if (!member || doc_is_null(member))
        code = "missing", detail = "must be the token of a schedule";
    else if (!token || length == 0 || token[strspn(token, TRACE_TOKEN_CHARACTERS)])
        detail = "must be the token of a schedule";
    else if (length >= SCHEDULE_TOKEN_MAX)
        code = "too-long", detail = "must be at most 2000 characters";
    else if (setup->errors.count == 0 && take_token(setup, token, &err) == -ENOMEM)
        field_failed(&setup->errors);
    else if (err.code)
        code = token_code(&err), detail = err.text;
    if (detail)
        field_error(&setup->errors, code, detail, "%s/token", parent);
}

/* Returns whether there is one. */
static bool read_seed(struct setup *setup, const struct doc *schedule)
{
    int64_t seed = 0;
    const struct doc *member = doc_member(schedule, "seed");
    setup_read_integer(setup, schedule, "/schedule", "seed", 0, (int64_t)SCHEDULE_SEED_MAX, &seed);
    setup->job.schedule.seed = (uint64_t)seed;
    return member && !doc_is_null(member);
}

bool setup_read_schedule(struct setup *setup, const struct doc *schedule)
{
    struct schedule *s = &setup->job.schedule;
    int64_t depth = s->depth;
    if (!schedule)
        return false;
    if (!doc_is_object(schedule)) {
        field_error(&setup->errors, "not-an-object", "must be an object", "/schedule");
        return false;
    }
    if (!read_mode(setup, schedule))
        return false;
    doc_each(schedule, check_member, setup);
    if (s->mode == SCHEDULE_PCT)
        setup_read_integer(setup, schedule, "/schedule", "depth", 1, SCHEDULE_DEPTH_MAX, &depth);
    s->depth = (unsigned)depth;
    if (s->mode != SCHEDULE_FREE)
        setup_read_timing(setup, schedule, "/schedule", &s->ignores_time);
    if (s->mode == SCHEDULE_REPLAY)
        setup_read_token(setup, schedule, "/schedule");
    bool draws = s->mode == SCHEDULE_RANDOM || s->mode == SCHEDULE_PCT;
    return draws && !read_seed(setup, schedule);
}

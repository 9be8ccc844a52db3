#include "sandbox/proto/job.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void job_init(struct job *job, const char *scenario)
{
    *job = (struct job){.schedule = SCHEDULE_DEFAULT, .trace = true};
    snprintf(job->scenario, sizeof job->scenario, "%s", scenario);
}

static struct job_param *find(struct job *job, const char *name, size_t n)
{
    for (unsigned i = 0; i < job->param_count; i++)
        if (strlen(job->params[i].name) == n && memcmp(job->params[i].name, name, n) == 0)
            return &job->params[i];
    return NULL;
}

const char *job_get(const struct job *job, const char *name)
{
    const struct job_param *param = find((struct job *)job, name, strlen(name));
    return param ? param->value : NULL;
}

static bool is_word(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') ||
              text[i] == '_' || text[i] == '-'))
            return false;
    return n > 0;
}

static bool is_line(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return true;
}

static int set_param(struct job *job, const char *name, size_t name_n, const char *value,
                     size_t value_n, struct err *err)
{
    struct job_param *param = find(job, name, name_n);
    if (name_n >= PARAM_NAME_MAX || !is_word(name, name_n))
        return err_set(err, EINVAL, "a parameter's name must be 1 to %u letters, digits or _",
                       PARAM_NAME_MAX - 1);
    if (value_n >= PARAM_TEXT_MAX || !is_line(value, value_n))
        return err_set(err, EINVAL, "params/%.*s: must be one line of at most %u bytes",
                       (int)name_n, name, PARAM_TEXT_MAX - 1);
    if (!param && job->param_count == PARAMS_MAX)
        return err_set(err, EINVAL, "more than %u parameters", PARAMS_MAX);
    if (!param)
        param = &job->params[job->param_count++];
    *param = (struct job_param){0};
    memcpy(param->name, name, name_n);
    memcpy(param->value, value, value_n);
    return 0;
}

int job_set(struct job *job, const char *name, const char *value, struct err *err)
{
    return set_param(job, name, strlen(name), value, strlen(value), err);
}

/* What the mode does not use is left out. */
static void write_schedule(const struct schedule *s, struct buf *out)
{
    buf_printf(out, "schedule.mode=%s\nschedule.seed=%" PRIu64 "\nschedule.depth=%u\n",
               schedule_mode_text(s->mode), s->seed, s->depth);
    buf_printf(out, "schedule.ignores_time=%d\n", s->ignores_time);
    if (s->token[0])
        buf_printf(out, "schedule.token=%s\n", s->token);
    if (!schedule_is_search(s->mode))
        return;
    if (s->max_preemptions >= 0)
        buf_printf(out, "schedule.max_preemptions=%d\n", s->max_preemptions);
    buf_printf(out, "schedule.max_executions=%" PRIu64 "\nschedule.max_seconds=%u\n",
               s->max_executions, s->max_seconds);
}

int job_write(const struct job *job, struct buf *out, struct err *err)
{
    size_t before = out->len;
    buf_printf(out, "scenario=%s\ntrace=%d\n", job->scenario, job->trace);
    write_schedule(&job->schedule, out);
    for (unsigned i = 0; i < job->param_count; i++)
        buf_printf(out, "param.%s=%s\n", job->params[i].name, job->params[i].value);
    if (buf_error(out))
        return err_errno(err, -buf_error(out), "writing the job");
    if (out->len - before > JOB_BYTES_MAX)
        return err_set(err, EINVAL, "the parameters are longer than %u bytes", JOB_BYTES_MAX);
    return 0;
}

static int take_word(char *out, size_t size, const char *value, size_t n)
{
    if (n >= size || !is_word(value, n))
        return -EINVAL;
    memcpy(out, value, n);
    out[n] = '\0';
    return 0;
}

static int take_number(uint64_t *ret, const char *value, size_t n)
{
    uint64_t number = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned)value[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, digit, &number))
            return -EINVAL;
    }
    *ret = number;
    return n > 0 ? 0 : -EINVAL;
}

static bool is_token_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '~';
}

static int take_token(char *out, const char *value, size_t n)
{
    if (n >= SCHEDULE_TOKEN_MAX)
        return -EINVAL;
    for (size_t i = 0; i < n; i++)
        if (!is_token_character(value[i]))
            return -EINVAL;
    memcpy(out, value, n);
    out[n] = '\0';
    return 0;
}

static int take_mode(enum schedule_mode *ret, const char *value, size_t n)
{
    char word[16];
    int mode = take_word(word, sizeof word, value, n) < 0 ? -1 : schedule_mode_of(word);
    if (mode < 0)
        return -EINVAL;
    *ret = (enum schedule_mode)mode;
    return 0;
}

static int take_bounded(uint64_t *ret, uint64_t most, const char *value, size_t n)
{
    int r = take_number(ret, value, n);
    return r == 0 && *ret > most ? -EINVAL : r;
}

static bool is_called(const char *name, size_t n, const char *what)
{
    return strlen(what) == n && memcmp(name, what, n) == 0;
}

static int take_schedule(struct schedule *s, const char *name, size_t name_n, const char *value,
                         size_t n)
{
    uint64_t number;
    int r = -EINVAL;
    if (is_called(name, name_n, "mode"))
        return take_mode(&s->mode, value, n);
    if (is_called(name, name_n, "token"))
        return take_token(s->token, value, n);
    if (is_called(name, name_n, "seed"))
        return take_number(&s->seed, value, n);
    if (is_called(name, name_n, "max_executions"))
        return take_bounded(&s->max_executions, SCHEDULE_EXECUTIONS_MAX, value, n);
    if (is_called(name, name_n, "depth") &&
        (r = take_bounded(&number, SCHEDULE_DEPTH_MAX, value, n)) == 0)
        s->depth = (unsigned)number;
    else if (is_called(name, name_n, "ignores_time") &&
             (r = take_bounded(&number, 1, value, n)) == 0)
        s->ignores_time = number != 0;
    else if (is_called(name, name_n, "max_preemptions") &&
             (r = take_bounded(&number, SCHEDULE_PREEMPTIONS_MAX, value, n)) == 0)
        s->max_preemptions = (int)number;
    else if (is_called(name, name_n, "max_seconds") &&
             (r = take_bounded(&number, SCHEDULE_SECONDS_MAX, value, n)) == 0)
        s->max_seconds = (unsigned)number;
    return r;
}

/* What follows `prefix` in the name, or NULL. */
static const char *after(const char *prefix, const char *name, size_t *n)
{
    size_t length = strlen(prefix);
    if (*n <= length || memcmp(name, prefix, length) != 0)
        return NULL;
    *n -= length;
    return name + length;
}

static int take_member(struct job *job, const char *name, size_t name_n, const char *value,
                       size_t value_n, struct err *err)
{
    uint64_t number = 0;
    size_t rest_n = name_n;
    int r = -EINVAL;
    const char *rest = after("param.", name, &rest_n);
    if (rest)
        return set_param(job, rest, rest_n, value, value_n, err);
    if ((rest = after("schedule.", name, &rest_n)))
        r = take_schedule(&job->schedule, rest, rest_n, value, value_n);
    else if (is_called(name, name_n, "scenario"))
        r = take_word(job->scenario, sizeof job->scenario, value, value_n);
    else if (is_called(name, name_n, "trace")) {
        r = take_bounded(&number, 1, value, value_n);
        job->trace = number != 0;
    }
    return r < 0 ? err_set(err, EINVAL, "a line of the job is not understood") : 0;
}

int job_read(struct job *ret, const char *bytes, size_t n, struct err *err)
{
    struct job job;
    job_init(&job, "");
    if (n > JOB_BYTES_MAX)
        return err_set(err, EINVAL, "the job is longer than %u bytes", JOB_BYTES_MAX);
    while (n > 0) {
        const char *end = memchr(bytes, '\n', n);
        const char *equals = end ? memchr(bytes, '=', (size_t)(end - bytes)) : NULL;
        if (!equals)
            return err_set(err, EINVAL, "a line of the job is not name=value");
        int r = take_member(&job, bytes, (size_t)(equals - bytes), equals + 1,
                            (size_t)(end - equals - 1), err);
        if (r < 0)
            return r;
        n -= (size_t)(end + 1 - bytes);
        bytes = end + 1;
    }
    if (!job.scenario[0])
        return err_set(err, EINVAL, "the job names no scenario");
    *ret = job;
    return 0;
}

#include "sandbox/proto/job.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void job_init(struct job *job, const char *scenario)
{
    *job = (struct job){.mode = "free", .trace = true};
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

int job_write(const struct job *job, struct buf *out, struct err *err)
{
    size_t before = out->len;
    buf_printf(out, "scenario=%s\nmode=%s\nseed=%" PRIu64 "\ntrace=%d\n", job->scenario, job->mode,
               job->seed, job->trace);
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

static int take_member(struct job *job, const char *name, size_t name_n, const char *value,
                       size_t value_n, struct err *err)
{
    static const char prefix[] = "param.";
    const size_t prefix_n = sizeof prefix - 1;
    uint64_t number = 0;
    int r = -EINVAL;
    if (name_n > prefix_n && memcmp(name, prefix, prefix_n) == 0)
        return set_param(job, name + prefix_n, name_n - prefix_n, value, value_n, err);
    if (name_n == 8 && memcmp(name, "scenario", 8) == 0)
        r = take_word(job->scenario, sizeof job->scenario, value, value_n);
    else if (name_n == 4 && memcmp(name, "mode", 4) == 0)
        r = take_word(job->mode, sizeof job->mode, value, value_n);
    else if (name_n == 4 && memcmp(name, "seed", 4) == 0)
        r = take_number(&job->seed, value, value_n);
    else if (name_n == 5 && memcmp(name, "trace", 5) == 0) {
        r = take_number(&number, value, value_n);
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

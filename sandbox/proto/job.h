/*
 * What a worker is asked to run. On the wire it is text of at most JOB_BYTES_MAX bytes, one
 * `name=value` a line, sent with one write:
 *
 *     scenario=race-counter
 *     schedule.mode=random
 *     schedule.seed=42
 *     param.threads=2
 *     param.variant=no-lock
 *     trace=1
 *
 * The worker checks it against the scenario's own descriptor as if it had never been checked.
 */
#ifndef PROTO_JOB_H
#define PROTO_JOB_H

#include "sandbox/base/buf.h"
#include "sandbox/base/err.h"
#include "sandbox/proto/params.h"
#include "sandbox/proto/schedule.h"

#include <stdbool.h>
#include <stdint.h>

/* The exit code of a worker that was given a job that does not fit its scenario. */
#define JOB_REFUSED 120

#define JOB_BYTES_MAX   4096u /* PIPE_BUF: the write is one piece */
#define SCENARIO_ID_MAX 64u

struct job_param {
    char name[PARAM_NAME_MAX];
    char value[PARAM_TEXT_MAX];
};

struct job {
    char scenario[SCENARIO_ID_MAX];
    struct schedule schedule;
    bool trace; /* false: events are not recorded (benchmarks) */
    unsigned param_count;
    struct job_param params[PARAMS_MAX];
};

/* An empty free, traced job. */
void job_init(struct job *job, const char *scenario);

/* Adds or replaces a parameter. Returns 0 or -EINVAL (name or value too long, or too many). */
int job_set(struct job *job, const char *name, const char *value, struct err *err);
const char *job_get(const struct job *job, const char *name); /* NULL when it is not there */

/* To and from the wire. Both return 0 or -EINVAL; reading accepts any bytes. */
int job_write(const struct job *job, struct buf *out, struct err *err);
int job_read(struct job *ret, const char *bytes, size_t n, struct err *err);

#endif

/* What a run left: filled by the supervisor, written as the API's members of a run. */
#ifndef HOST_REPORT_H
#define HOST_REPORT_H

#include "sandbox/base/jsonw.h"
#include "sandbox/proto/ended.h"
#include "sandbox/proto/schedule.h"
#include "sandbox/trace/reader.h"

struct isolation;

#define REPORT_WAITS_MAX 64u

/* What a controlled run said of its schedule, with the names of what it speaks of. */
struct report_schedule {
    struct trace_schedule said;
    struct {
        char task[TRACE_NAME_MAX];
        char object[TRACE_NAME_MAX]; /* "" when it is about none */
    } choice[TRACE_CHOICES_MAX], position[TRACE_CHOICES_MAX];
    struct {
        char task[2][TRACE_NAME_MAX];
        char object[TRACE_NAME_MAX];
    } race[TRACE_RACES_MAX];
    struct {
        char task[TRACE_NAME_MAX], by[TRACE_NAME_MAX]; /* by: "" when there is nobody */
        char object[3][TRACE_NAME_MAX];                /* of done, next and meanwhile */
    } interruption[TRACE_INTERRUPTIONS_MAX];
};

struct report {
    enum ended ended;
    bool exited;     /* the main task ended by itself, so code or signal are known */
    int exit_code;   /* -1 when it was killed */
    int exit_signal; /* 0 when it exited */
    bool has_outcome;
    char outcome[512];
    enum outcome_class outcome_class;
    int outcome_rule;           /* index of the declared outcome, -1 when it is none of them */
    struct trace_result result; /* checks and metrics, cleaned */
    struct trace_table table;   /* cleaned */
    struct trace_counts counts;
    uint64_t wall_ns;   /* from the scenario's start to the end of its main task, or to the kill */
    uint64_t start_ns;  /* from the job being sent to the scenario's start */
    uint64_t reaped_ns; /* from the job being sent to every process gone */
    uint64_t output_bytes;
    struct trace_wait waits[REPORT_WAITS_MAX];
    size_t wait_count;
    /* NULL: the run was free, or said nothing. Lives as long as the run's supervisor. */
    const struct report_schedule *schedule;
};

/*
 * Writes the members "ended", "exit", "outcome", "checks", "metrics", "waits_for", "table" and,
 * when there is something to say, "enabled", "races", "interruptions", "positions" and
 * "explanation" into an object the caller has opened.
 */
void report_write(const struct report *report, struct jsonw *json);

/*
 * Writes the object that is a run's "schedule": what was asked for, and what the run said of it at
 * its end (NULL: not yet, or nothing). What does not apply is null.
 */
void schedule_write(const struct schedule *asked, const struct report_schedule *said,
                    struct jsonw *json);

/* Writes the object that is a run's "isolation": its tier and layers. */
void isolation_write(const struct isolation *isolation, struct jsonw *json);

#endif

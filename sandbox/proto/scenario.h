/*
 * The descriptor of a scenario: what forms, validation, documentation, classes of outcomes and
 * tests are all made from. The programs themselves are in scenarios/.
 */
#ifndef PROTO_SCENARIO_H
#define PROTO_SCENARIO_H

#include "sandbox/proto/ended.h"
#include "sandbox/proto/params.h"
#include "sandbox/proto/schedule.h"

#include <stddef.h>

struct job;

/* X(NAME, "text in the API") in the order of the gallery. */
#define FAMILIES(X)                                                                                \
    X(PROCESSES, "processes")                                                                      \
    X(POOLS, "pools")                                                                              \
    X(PIPES, "pipes")                                                                              \
    X(MEMORY, "memory")                                                                            \
    X(LOCKS, "locks")                                                                              \
    X(THREADS, "threads")                                                                          \
    X(COROUTINES, "coroutines")                                                                    \
    X(PERFORMANCE, "performance")

/*
 * The chart of the run page that fits the scenario. Drawn from the trace: ORDER of items at each
 * stage, VALUE of cells, TURNS of who hands control or a message to whom, LEVEL of a queue,
 * semaphore, buffer or barrier over time, TREE of tasks by who made whom, SHARES of each task's
 * time. Drawn from the run's table: MATRIX, a cell a number, equal ones alike; CURVE, the first
 * column is x and every other a line; BARS, a bar for the first number of each row.
 */
#define CHARTS(X)                                                                                  \
    X(NONE, "none")                                                                                \
    X(ORDER, "order")                                                                              \
    X(VALUE, "value")                                                                              \
    X(TURNS, "turns")                                                                              \
    X(LEVEL, "level")                                                                              \
    X(TREE, "tree")                                                                                \
    X(SHARES, "shares")                                                                            \
    X(MATRIX, "matrix")                                                                            \
    X(CURVE, "curve")                                                                              \
    X(BARS, "bars")

enum family {
#define X(name, text) FAMILY_##name,
    FAMILIES(X)
#undef X
};

enum chart {
#define X(name, text) CHART_##name,
    CHARTS(X)
#undef X
};

/*
 * A declared outcome. The run function says which one it saw by name, outcome("lost", "count=%d",
 * …), or, with `ended` set, the run ended that way instead of completing. The first entry that fits
 * counts; an outcome that no entry fits is forbidden. `when` is NULL or a condition on parameters:
 * "name=value" or "name!=value", several joined by '&'.
 */
struct outcome_rule {
    const char *name;
    const char *pattern; /* what the outcome text looks like, with * for what varies */
    enum ended ended;
    const char *when;
    enum outcome_class class;
    struct text meaning;
};

/* A check the run function makes, by name. */
struct check_title {
    const char *name; /* kebab-case */
    struct text title;
};

/*
 * A column of the run's table, which the run function fills with row(). The first column names the
 * row. `unit` is NULL, "ns", "bytes", "bytes/s", "1/s", "%" or "×".
 */
struct column {
    const char *name; /* snake_case */
    struct text title;
    const char *unit;
    bool repeats; /* the last column only: a row has as many of it as it likes */
};

struct scenario {
    const char *id;
    enum family family;
    unsigned number; /* its place in the catalogue */
    struct text title;
    struct text summary; /* what runs, two or three sentences */
    struct text lesson;  /* one sentence */
    const char *python;  /* the Python program it mirrors */
    const int *concepts; /* numbers of the concept table, ends with 0 */
    enum chart chart;
    const struct param *params;          /* the scenario's own; the common ones are added */
    const struct outcome_rule *outcomes; /* ends with an entry whose class is CLASS_NONE */
    const struct check_title *checks;    /* ends with an entry whose name is NULL */
    const struct column *columns;        /* likewise; NULL: the run has no table */
    struct text free_only; /* why the kernel alone can schedule it; {NULL, NULL}: anybody can */
    void (*run)(void);
};

/* Parameters every scenario has: seed, time_scale, limit_ms (unless it brings its own). */
extern const struct param common_params[];

/* The scenario's parameter of that name, its own before a common one; NULL when there is none. */
const struct param *scenario_param(const struct scenario *scenario, const char *name);

/* All parameters, its own first. `ret` holds PARAMS_MAX; returns how many there are. */
size_t scenario_params(const struct scenario *scenario, const struct param **ret);

/*
 * The declared outcome that fits, by index, or -1: of that name for a completed run, or (name NULL)
 * for a run that ended so. `job` holds all parameters, checked.
 */
int scenario_outcome(const struct scenario *scenario, const struct job *job, const char *name,
                     enum ended ended);

/* Whether its tasks can be scheduled that way. */
bool scenario_has_mode(const struct scenario *scenario, enum schedule_mode mode);

const char *family_text(enum family family);
const char *chart_text(enum chart chart);

#endif

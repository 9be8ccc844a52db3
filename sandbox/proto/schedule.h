/*
 * Who decides which task runs next. The words and the bounds of the API, once; what a strategy does
 * is in sched/.
 */
#ifndef PROTO_SCHEDULE_H
#define PROTO_SCHEDULE_H

#include "sandbox/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * X(NAME, "text in the API")
 *   free         the kernel decides, real time
 *   random       at every operation any of the enabled tasks, by `seed`
 *   pct          priorities by `seed`, changed at depth - 1 places (Burckhardt et al. 2010)
 *   round-robin  the tasks in turn, an operation each
 *   replay       what `token` says
 *   explore      every schedule within the bounds, one after the other; an experiment, not a run
 *   shrink       `token` with as few preemptions as lead to the same outcome; an experiment, too
 */
#define SCHEDULE_MODES(X)                                                                          \
    X(FREE, "free")                                                                                \
    X(RANDOM, "random")                                                                            \
    X(PCT, "pct")                                                                                  \
    X(ROUND_ROBIN, "round-robin")                                                                  \
    X(REPLAY, "replay")                                                                            \
    X(EXPLORE, "explore")                                                                          \
    X(SHRINK, "shrink")

enum schedule_mode {
#define X(name, text) SCHEDULE_##name,
    SCHEDULE_MODES(X)
#undef X
        SCHEDULE_MODE_COUNT
};

#define SCHEDULE_TOKEN_MAX       2001u /* with its NUL */
#define SCHEDULE_DEPTH_MAX       16u
#define SCHEDULE_SEED_MAX        ((UINT64_C(1) << 53) - 1) /* every reader of JSON has it exactly */
#define SCHEDULE_PREEMPTIONS_MAX 16
#define SCHEDULE_UNBOUNDED       (-1) /* of max_preemptions */
#define SCHEDULE_EXECUTIONS_MAX  100000000u
#define SCHEDULE_SECONDS_MAX     300u /* a worker's processor time is a little more */

struct schedule {
    enum schedule_mode mode;
    uint64_t seed;     /* random, pct: 0 to SCHEDULE_SEED_MAX */
    unsigned depth;    /* pct: 1 to SCHEDULE_DEPTH_MAX */
    bool ignores_time; /* sleeps and time-outs take as long as they like, or no time at all */
    char token[SCHEDULE_TOKEN_MAX]; /* replay, shrink */
    int max_preemptions;            /* explore: 0 to SCHEDULE_PREEMPTIONS_MAX, or unbounded */
    uint64_t max_executions;        /* explore: 1 to SCHEDULE_EXECUTIONS_MAX */
    unsigned max_seconds;           /* explore: 1 to SCHEDULE_SECONDS_MAX */
};

/* A free schedule, and what the other members are when nobody says. */
#define SCHEDULE_DEFAULT                                                                           \
    ((struct schedule){.mode = SCHEDULE_FREE,                                                      \
                       .depth = 3,                                                                 \
                       .max_preemptions = SCHEDULE_UNBOUNDED,                                      \
                       .max_executions = 1000000,                                                  \
                       .max_seconds = 20})

/* Many executions instead of a run. */
static inline bool schedule_is_search(enum schedule_mode mode)
{
    return mode == SCHEDULE_EXPLORE || mode == SCHEDULE_SHRINK;
}

const char *schedule_mode_text(enum schedule_mode mode);

/* The mode of that name, or -1. */
int schedule_mode_of(const char *text);

/*
 * Reads what a link and a command line say: free, random:SEED, pct:SEED:DEPTH, round-robin,
 * replay:TOKEN, shrink:TOKEN, explore or explore:PREEMPTIONS; the depth and the seed may be left
 * out. Changes the members that the text names and leaves the others. Returns 0 or -EINVAL.
 */
int schedule_parse(struct schedule *schedule, const char *text, struct err *err);

#endif

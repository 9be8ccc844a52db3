/*
 * What an experiment has come to: how its executions ended, each way once, and how far it is.
 * Bounded: ways that find no place any more are counted together. One thread at a time.
 */
#ifndef RUNS_OUTCOMES_H
#define RUNS_OUTCOMES_H

#include "sandbox/base/jsonw.h"
#include "sandbox/host/report.h"
#include "server/store/store.h"

enum { OUTCOMES_MAX = TRACE_FOUND_MAX };

struct outcome {
    char *text;
    enum outcome_class class;
    int rule; /* index of the declared outcome, or -1 */
    enum ended ended;
    uint64_t count;
    uint64_t first;        /* number of the first execution that ended so, from 1 */
    uint32_t preemptions;  /* of the witness; found by exploring only */
    char *token;           /* of the witness; NULL when there is none */
    char run[RUN_ID_SIZE]; /* a stored run that ended so; "" when there is none */
};

struct outcomes {
    bool explored;  /* otherwise runs were counted */
    bool shrunk;    /* explored for one outcome: its count is no share of them */
    uint64_t total; /* of the executions; 0: nobody knows */
    uint64_t done;
    uint64_t blocked, cut, steps; /* of an exploration */
    uint32_t given;               /* of shrinking: preemptions of what was given */
    bool over, complete;          /* of an exploration */
    uint64_t wall_ns;
    size_t count;
    struct outcome list[OUTCOMES_MAX];
};

void outcomes_release(struct outcomes *outcomes);

/*
 * Counts a run. Returns the index of the outcome when this run is the first that ended so, else -1;
 * -ENOMEM when it could not be counted.
 */
int outcomes_count_run(struct outcomes *outcomes, const struct report *report);

/* Takes over how an exploration stands; what it found before is forgotten. 0 or -ENOMEM. */
int outcomes_take(struct outcomes *outcomes, const struct trace_explored *explored);

/* Writes an object: "progress", "complete", "schedules", …, "outcomes", most frequent first. */
void outcomes_write(const struct outcomes *outcomes, struct jsonw *w);

#endif

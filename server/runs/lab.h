/*
 * The live experiments: who takes the next turn, what comes of each step, and when one is over.
 *
 * How it works. An experiment is done in steps: a repetition in as many as it has runs, a search
 * in one. The collector asks for a step whenever it has a slot for one and no single run waits
 * (lab_next), and brings back how it ended (lab_step_done). Clients take turns: the next step is
 * for who has the fewest at work and, among those, has used the least time; so an exploration of a
 * minute is followed by a minute of somebody else's runs. Of a client's own the oldest goes first.
 *
 * The first run that ends in a way not seen before is stored as a run, so that it has a page; the
 * others are counted. How an experiment stands is stored every few seconds, and at its end, after
 * all its runs; then it leaves the lab.
 *
 * lab_has_step, lab_next, lab_step_done, lab_explored, lab_turn and lab_end_all are the
 * collector's. The rest may be called by any thread.
 */
#ifndef RUNS_LAB_H
#define RUNS_LAB_H

#include "server/runs/experiment.h"
#include "server/runs/run.h"

struct lab;

struct lab_options {
    struct store *store;
    const struct isolation *isolation;
    const struct limits *limits; /* of a run */
    const char *lost;            /* likewise: its result when it cannot be kept */
    unsigned most;               /* experiments alive at once */
};

/* A client may have so many alive. */
enum { EXPERIMENTS_OF_ONE = 8 };

struct lab *lab_new(const struct lab_options *options); /* NULL without memory */
void lab_free(struct lab *lab);

/* `wake` (an eventfd) is written to whenever there may be something to do for the collector. */
void lab_set_wake(struct lab *lab, int wake);

/*
 * Lets an experiment in and has its acceptance stored; its subscribers hear of that. Returns 0,
 * -EAGAIN when there are too many, -EBUSY when the client has too many, -EDQUOT when its address
 * has its share of all, -ESHUTDOWN at the end.
 */
int lab_submit(struct lab *lab, struct experiment *experiment, const struct asker *asker);

/* A live experiment with a reference, or NULL. */
struct experiment *lab_find(struct lab *lab, const char *id);

/* Asks for its end; what it found is kept. */
void lab_cancel(struct lab *lab, struct experiment *experiment);

/* 1 for the one that waits longest; 0 when it does not wait. */
unsigned lab_position(struct lab *lab, const struct experiment *experiment);

/* The experiment of that id is gone: nobody is beside it any more. */
void lab_forget(struct lab *lab, const char *id);

struct lab_counts {
    unsigned queued, running;
};
struct lab_counts lab_counts(struct lab *lab);

/* A step to do. References are the collector's and go back with lab_step_done(). */
struct lab_step {
    struct experiment *experiment;
    struct run *run;   /* nobody sees it, unless it is kept */
    uint64_t begun_ns; /* CLOCK_MONOTONIC */
};

/* Whether there is a step to do. */
bool lab_has_step(struct lab *lab);

/* The next step; false when there is none. */
bool lab_next(struct lab *lab, struct lab_step *ret);
void lab_explored(struct experiment *experiment, const struct trace_explored *explored);
void lab_step_done(struct lab *lab, const struct lab_step *step, const struct report *report,
                   uint64_t used_ns);

/* Announces and stores what is due; returns when the next is (CLOCK_MONOTONIC). */
uint64_t lab_turn(struct lab *lab, uint64_t now_ns);

/* Lets nothing in any more and cancels all that have nothing at work. */
void lab_end_all(struct lab *lab);

#endif

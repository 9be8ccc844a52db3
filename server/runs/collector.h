/*
 * Runs the runs. One thread owns the launcher and every supervisor: it gives queued runs to sealed
 * workers, takes in what they print and trace, and hands what they leave to the store. Experiments
 * have slots of their own; a step of one begins only while no run waits, and never with the worker
 * that is in hand for the next run. Where there are not cores for all of them, explorations stand
 * still and no step begins in the first 50 ms of a run; but after half a second of that they go on
 * for 20 ms, however many runs there are.
 *
 * The acceptance of a run is stored while its worker already runs; the answer to the client waits
 * for both. Done means stored.
 */
#ifndef RUNS_COLLECTOR_H
#define RUNS_COLLECTOR_H

#include "sandbox/host/launcher.h"
#include "server/runs/lab.h"
#include "server/runs/registry.h"
#include "server/store/store.h"
#include "server/workshops/board.h"

struct collector;

struct collector_options {
    struct launcher *launcher; /* the collector's alone from now on; freed by its owner */
    struct registry *registry;
    struct store *store;
    struct lab *lab;
    struct boards *boards; /* that are told of runs with a seat */
    unsigned workers;      /* runs at once */
    unsigned benches;      /* steps of experiments at once, beside them */
    unsigned cores;
    struct limits limits;
};

/* Returns 0 or -errno with the reason. */
int collector_new(struct collector **ret, const struct collector_options *options, struct err *err);

/* Lets nothing in any more, ends all runs as cancelled and returns when they are stored. */
void collector_stop(struct collector *collector);

/* Once nobody submits any more: ends as cancelled what came in while collector_stop() was at work.
 */
void collector_drain(struct collector *collector);
void collector_free(struct collector *collector); /* after stop and after the store is freed */

/*
 * Any thread: stores a run's acceptance and has it run. Its subscribers are woken when it is
 * accepted or not. `asker` is whose turn the run takes (registry.h). `patient`: nobody needs to
 * know before the run is done. Returns 0, -EAGAIN when too much waits already, -EBUSY when too many
 * of the client's runs do, -EDQUOT when too many of the address's, -ESHUTDOWN at the end.
 */
int collector_submit(struct collector *collector, struct run *run, const struct asker *asker,
                     bool patient);

/* Any thread: asks for the end of a run, wherever it is. */
void collector_cancel(struct collector *collector, struct run *run);

/* Whether there is a spawner to run with. */
bool collector_ready(const struct collector *collector);

struct collector_counts {
    uint64_t ended[ENDED_COUNT]; /* runs and steps that ended so, since the start */
    uint64_t started;
    unsigned running;
};
struct collector_counts collector_counts(struct collector *collector);

#endif

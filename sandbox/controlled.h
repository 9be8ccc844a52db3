/*
 * Runs a job's scenario under a controlled schedule: once, as its schedule says, or as often as it
 * takes to see every schedule within its bounds. For execute.c, in the worker.
 */
#ifndef SANDBOX_CONTROLLED_H
#define SANDBOX_CONTROLLED_H

struct run;

/* The run's job must be resolved. Returns the exit code for the process. */
int controlled_execute(struct run *run);

#endif

/*
 * Runs a job's scenario once under a controlled schedule, as its token or its rule says (search.h
 * runs it many times). For execute.c, in the worker.
 */
#ifndef SANDBOX_CONTROLLED_H
#define SANDBOX_CONTROLLED_H

#include <stdbool.h>

struct control;
struct run;

#define CONTROLLED_FAULT 71 /* exit code: no memory, or a primitive that could not go on */

/* The run's job must be resolved. Returns the exit code for the process. */
int controlled_execute(struct run *run);

/* For both: the scenario as the main task of an execution, and who schedules it. */
void controlled_main(void *run);
struct control *controlled_new(struct run *run, bool ignores_time);

#endif

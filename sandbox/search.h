/*
 * Runs a job's scenario under many schedules, in one process: every one within the bounds, or those
 * that lead to where a token leads with fewer preemptions. What it finds is in the run's memory
 * while it goes on (struct trace_explored).
 */
#ifndef SANDBOX_SEARCH_H
#define SANDBOX_SEARCH_H

struct run;

/* The run's job must be resolved. Returns the exit code for the process. */
int search_execute(struct run *run);

#endif

/*
 * Runs a job's scenario in this process: the one call between the jail and the programs inside it.
 *
 * The calling process becomes the main task. All processes and threads the scenario started and did
 * not wait for are left to the caller's init.
 */
#ifndef SANDBOX_EXECUTE_H
#define SANDBOX_EXECUTE_H

#include "sandbox/proto/job.h"
#include "sandbox/trace/shared.h"

struct run;

/*
 * Maps the run's memory and does whatever else needs no job yet, so it is off the way once one
 * comes. `output` is the packet-mode pipe of proto/output.h. NULL without memory.
 */
struct run *execute_prepare(struct trace_shared *shared, int output);

/*
 * Returns the exit code for the process: 0 when the scenario's function returned, JOB_REFUSED when
 * the job does not fit its scenario.
 */
int execute_job(struct run *run, const struct job *job);

/*
 * Fills in defaults and checks every parameter of a job against its scenario. Returns 0 or -EINVAL;
 * the text in err names the field: "params/threads: must be 2 to 8, was 900".
 */
int execute_resolve(struct job *job, struct err *err);

#endif

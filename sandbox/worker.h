/*
 * The inside of a run: its init and its main task. Called in the child the
 * spawner has just cloned; neither function of this module ever returns to the spawner's code.
 */
#ifndef SANDBOX_WORKER_H
#define SANDBOX_WORKER_H

#include "sandbox/jail.h"

/* The run's ends of what the spawner made, all at 3 or above. */
struct worker_ends {
    int memory;  /* memfd of struct trace_shared */
    int request; /* read end: the job comes here */
    int output;  /* write end, packet mode */
    int status;  /* write end: init's struct worker_status */
    int nothing; /* a read end without a writer, for standard input */
};

/*
 * Becomes the init of the run: forks the main task, reaps whatever dies, and leaves once the main
 * task has ended, whereupon the kernel kills everything that is left in the namespace; where there
 * is none it does so itself, before it leaves. SIGCHLD and SIGTERM are blocked by the caller.
 */
_Noreturn void worker_init(struct jail *jail, const struct worker_ends *ends, unsigned number);

#endif

/*
 * Watches one run from outside: gives the worker its job, takes in output and events, enforces the
 * limits, and says in the end what happened. Every limit ends in SIGKILL of the run's init; what
 * was seen before is kept.
 *
 *        new ──job sent──> running ──limit / cancel──> ending ──┐
 *                             └──main task ended, pidfd─────────┴──> done
 *
 * A supervisor has one pollable descriptor and never blocks, so one thread watches many. Hooks are
 * called from supervisor_step() only.
 */
#ifndef HOST_SUPERVISOR_H
#define HOST_SUPERVISOR_H

#include "sandbox/host/launcher.h"
#include "sandbox/host/report.h"
#include "sandbox/proto/job.h"
#include "sandbox/proto/limits.h"

struct supervisor;

/* A piece of output, in the order the kernel saw it. The text is as written, maybe not UTF-8. */
struct output_piece {
    uint16_t task; /* or TRACE_NO_TASK */
    uint64_t t_ns;
    const char *text;
    size_t length;
};

struct supervisor_hooks {
    void (*output)(void *context, const struct output_piece *piece);
    void (*chunks)(void *context, const void *bytes, size_t n); /* whole trace chunks */
    /* An exploration has gone on, a few times a second, and how it stands when it is over. */
    void (*explored)(void *context, const struct trace_explored *explored);
};

/*
 * Starts the run: takes over the worker (also on failure) and sends the job. Of `limits` wall time
 * and output count here; the job's own limit_ms can only shorten the first, and not that of an
 * exploration. Events are taken in every 20 ms while it runs. The program must ignore SIGPIPE.
 */
int supervisor_new(struct supervisor **ret, struct worker *worker, const struct job *job,
                   const struct limits *limits, const struct supervisor_hooks *hooks, void *context,
                   struct err *err);
/* Kills the run if it is not done. */
void supervisor_free(struct supervisor *supervisor);

/* Readable when supervisor_step() has something to do. Owned by the supervisor. */
int supervisor_fd(const struct supervisor *supervisor);

/* Does what there is to do. Returns true once the run is done and every process of it is gone. */
bool supervisor_step(struct supervisor *supervisor);

/*
 * Has a search, which is a single process, stand still or go on again. Its time runs on; what keeps
 * the processor busy for others is gone. Of any other run nothing is changed.
 */
void supervisor_rest(struct supervisor *supervisor, bool rests);

/* Ends the run as cancelled. */
void supervisor_cancel(struct supervisor *supervisor);

/* What happened; complete once step returned true. Its schedule is the supervisor's. */
const struct report *supervisor_report(const struct supervisor *supervisor);

#endif

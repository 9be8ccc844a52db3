/*
 * The way to a sealed worker, from outside the sandbox. The launcher starts `interleave-runner
 * spawn` as a child, learns the catalogue and the isolation tier from it, and keeps a few sealed
 * workers waiting, so that starting a run is one write to a pipe. Used by the server and by the
 * runner's own command line. One thread at a time.
 *
 * If the spawner dies, launcher_receive() returns -EPIPE; workers already received live no longer
 * than the spawner did. launcher_restart() begins anew.
 */
#ifndef HOST_LAUNCHER_H
#define HOST_LAUNCHER_H

#include "sandbox/base/err.h"
#include "sandbox/proto/tier.h"
#include "sandbox/proto/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct launcher;

struct launcher_options {
    const char *runner;   /* path of interleave-runner; NULL: beside the running program */
    unsigned pool;        /* sealed workers kept waiting, 1 to 16 */
    enum tier tier;       /* this one and no other; see isolation.h to have it chosen */
    struct limits limits; /* tasks, memory and processor time are set in the worker */
    const char *without;  /* layers to leave out ("seccomp,landlock"), for tests; NULL: none */
};

/* A sealed worker that waits for its job. All descriptors are owned by whoever holds the struct. */
struct worker {
    int pidfd;   /* of the worker's init; readable when every process of the run is gone */
    int memory;  /* memfd of struct trace_shared, size sealed */
    int request; /* write end: the job goes here */
    int output;  /* read end, packet mode, non-blocking */
    int status;  /* read end: a struct worker_status when the main task ended by itself */
    int epoll;   /* the next two are for who watches it: with a worker in hand a run lacks no */
    int timer;   /* descriptor (CLOCK_MONOTONIC, non-blocking, not set) */
    pid_t pid;   /* of the init, as the launcher's side sees it */
    enum tier tier;
};
#define WORKER_NONE ((struct worker){-1, -1, -1, -1, -1, -1, -1, 0, TIER_FULL})

struct worker_status {
    int wait_status;   /* of the main process, as waitpid gives it */
    uint64_t ended_ns; /* CLOCK_MONOTONIC when that was known */
};

/* Ends every process of the worker, if there is one; they may be there for a moment longer. */
void worker_end(const struct worker *worker);

/* worker_end(), and closes everything. */
void worker_release(struct worker *worker);

struct isolation {
    char tier[16];       /* "full" or "reduced" */
    char layers[24][32]; /* "user-namespace", "seccomp", … in the order they are applied */
    unsigned layer_count;
};

/* Starts the spawner and waits for its catalogue. Returns 0 or -errno with the reason. */
int launcher_new(struct launcher **ret, const struct launcher_options *options, struct err *err);

/* Ends the spawner and with it every worker, and waits for it. */
void launcher_free(struct launcher *launcher);

/* Refused with -EPROTO when the new spawner isolates in another way than the first. */
int launcher_restart(struct launcher *launcher, struct err *err);

/* As the first spawner said it; this and the catalogue never change, so any thread may read them.
 */
const struct isolation *launcher_isolation(const struct launcher *launcher);

/* The scenarios as a JSON array (each as GET /scenarios/{id} gives it plus "source"). */
const char *launcher_catalogue(const struct launcher *launcher, size_t *ret_bytes);

/* Readable when launcher_receive() has something to do. */
int launcher_fd(const struct launcher *launcher);

/* Takes in workers that became ready; never blocks. Returns 0 or -EPIPE when the spawner is gone.
 */
int launcher_receive(struct launcher *launcher, struct err *err);

/* Hands over a waiting worker and asks for its successor. -EAGAIN when none is ready yet. */
int launcher_take(struct launcher *launcher, struct worker *ret);

/* As launcher_take, but waits for one. */
int launcher_wait(struct launcher *launcher, struct worker *ret, struct err *err);

#endif

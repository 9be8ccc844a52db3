/*
 * The jail: three ordered tables of named steps, each with the tiers it belongs to. jail_enter() is
 * taken once by the spawner, while it is single-threaded, and gives everything that is expensive
 * and the same for every run: namespaces, an empty root, no capabilities to gain. jail_keep() is
 * taken by the init of every run. jail_seal() is taken by every worker and ends with the seccomp
 * filter; after it the process can only compute, talk through the descriptors it has, and fork its
 * own kind.
 *
 * A step that is a rule has a layer name, which is what the API reports. `without` names layers
 * that are left out ("landlock,seccomp"), so a test can show that the rule is what stops an attack;
 * the isolation then does not list them.
 */
#ifndef SANDBOX_JAIL_H
#define SANDBOX_JAIL_H

#include "sandbox/base/err.h"
#include "sandbox/filter.h"
#include "sandbox/host/launcher.h"
#include "sandbox/proto/tier.h"
#include "sandbox/proto/limits.h"

#include <stdbool.h>
#include <sys/types.h>

/* A sanitizer reserves terabytes of address space. */
#ifdef __SANITIZE_ADDRESS__
#define JAIL_SANITIZED 1
#else
#define JAIL_SANITIZED 0
#endif

/* Runs at once, waiting workers included. Numbers that differ modulo this are different users. */
#define JAIL_RUNS 256u

struct jail {
    enum tier tier;
    struct limits limits;
    const char *without; /* or NULL */
    pid_t spawner;       /* who has entered it */
    uid_t first_uid; /* of runs, which take two ids each of `uids`: their init and their tasks */
    unsigned uids;   /* 0: every run has the spawner's */
    uint64_t user_tasks; /* reduced, user: threads that the user had before */
    unsigned user_runs;  /* likewise: how many runs' worth there may be beside them */
    bool is_contained;   /* reduced: an init reaches nobody but its run with a signal */
    int landlock_abi;    /* 0: not on this machine */
    struct filter filter;
};

/* `without` must outlive the jail. Nothing is applied yet. */
void jail_init(struct jail *jail, enum tier tier, const struct limits *limits, const char *without);

/* Takes the start-up steps. Returns 0, or -errno with the step that failed and why. */
int jail_enter(struct jail *jail, struct err *err);

/* The namespaces every worker's init is cloned into: CLONE_NEW* flags. */
unsigned long jail_clone_flags(const struct jail *jail);

/*
 * Takes the steps of a run's init, in it, before it forks the worker: from now on it does not
 * outlive the spawner, and is told apart from its run. Returns 0, or -errno with the step that
 * failed. Allocates nothing.
 */
int jail_keep(struct jail *jail, unsigned number, struct err *err);

/*
 * What a run's init does last. Where it shares a process id namespace with others it ends all that
 * is left of its run and returns when nobody is; else the kernel will.
 */
void jail_end_run(const struct jail *jail);

/*
 * Takes the per-worker steps in the worker; `number` tells workers apart. There is no way back.
 * Returns 0, or -errno with the step that failed.
 */
int jail_seal(struct jail *jail, unsigned number, struct err *err);

/* The tier and the layers in the order they are applied. */
void jail_describe(const struct jail *jail, struct isolation *ret);

#endif

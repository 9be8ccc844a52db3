/*
 * The system calls a task may make. The filter is a table, built once through libseccomp as a
 * binary tree (a linear one costs three times as much to load), exported to BPF, and loaded by
 * every worker as its last step before it waits for a job.
 *
 * What is not in the table ends the process with SIGSYS, and so does a foreign architecture.
 */
#ifndef SANDBOX_FILTER_H
#define SANDBOX_FILTER_H

#include "sandbox/base/err.h"

#include <linux/filter.h>

/* Has program.filter for as long as the process lives. */
struct filter {
    struct sock_fprog program;
};

int filter_build(struct filter *ret, struct err *err);

/* Loads it into the calling thread, which needs no_new_privs. Returns 0 or -errno. */
int filter_load(const struct filter *filter);

#endif

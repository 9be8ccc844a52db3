/* The steps of the reduced tiers that need a file of their own: what stands in for namespaces. */
#ifndef SANDBOX_REDUCED_H
#define SANDBOX_REDUCED_H

#include "sandbox/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether root has here what its tier needs of it. Returns 0 or -errno with what is missing. */
int reduced_check_root(struct err *err);

/* Whether the caller has any to lose. */
bool reduced_has_capabilities(void);

/* Whether the caller may give up for good what it could gain. */
bool reduced_may_drop_bounds(void);

/*
 * Makes a directory that is empty, and removed, the root: nothing can be made in it. Needs /tmp or
 * another one of its kind to be writable for a moment. Returns 0 or -errno.
 */
int reduced_empty_root(struct err *err);

/* User ids of this namespace that nobody uses: *ret_count of them, from *ret_first on. */
int reduced_spare_ids(uid_t *ret_first, unsigned *ret_count, struct err *err);

/*
 * How many threads the calling user has, as far as /proc shows them. Fails where the kernel sets
 * this user no limit to them, as it does root.
 */
int reduced_count_tasks(uint64_t *ret, struct err *err);

#endif

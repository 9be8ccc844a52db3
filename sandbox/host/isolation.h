/*
 * Which tier of the sandbox a machine can have, found out by trying: a tier is taken if its jail
 * can be entered, the facts of its layers are true of a run, and a run in it comes to its end and
 * leaves nobody behind.
 */
#ifndef HOST_ISOLATION_H
#define HOST_ISOLATION_H

#include "sandbox/host/launcher.h"

/*
 * As launcher_new(), in the strongest of the wanted tiers (a set, see proto/tier.h) that passes
 * its self-test; options->tier is not looked at. *ret_weaker says why it is no stronger one, code 0
 * when it is full. Returns 0, or -errno with what failed in each. Takes about 10 ms for each tier
 * it tries.
 */
int isolation_choose(struct launcher **ret, const struct launcher_options *options, unsigned wanted,
                     struct err *ret_weaker, struct err *err);

#endif

/* A user namespace for the calling process, with its id map written by a helper process. */
#ifndef SANDBOX_USERNS_H
#define SANDBOX_USERNS_H

#include "sandbox/base/err.h"

#include <stdbool.h>

#define USERNS_IDS 65536u

/* Above what systemd hands to containers, below 2^31: so many ranges of USERNS_IDS ids from here
 * on, which nobody else uses. */
#define HOST_IDS        0x70010000u
#define HOST_IDS_RANGES 2047u

/*
 * Moves the single-threaded caller into a new user namespace as its root. As root outside, ids
 * 0..65535 are mapped to a high range nobody uses (*ret_range true); otherwise, or where that is
 * refused, only id 0 is, to the caller. Returns 0 or -errno.
 */
int userns_enter(bool *ret_range, struct err *err);

#endif

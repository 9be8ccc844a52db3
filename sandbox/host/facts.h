/*
 * What the layers of the sandbox make true of a run, seen from outside, in /proc. A layer that says
 * it is there and is not would be found out here.
 */
#ifndef HOST_FACTS_H
#define HOST_FACTS_H

#include "sandbox/proto/limits.h"

#include <sys/types.h>

/* A run that has begun. */
struct subject {
    pid_t init, main; /* its first process, and the main task, which that has forked */
    struct limits limits;
};

enum fact {
    FACT_FALSE,
    FACT_TRUE,
    FACT_UNSEEN, /* the kernel does not show it to the caller, or nothing is to be seen outside */
};

/* The fact of that layer. */
enum fact fact_of(const char *layer, const struct subject *subject);

#endif

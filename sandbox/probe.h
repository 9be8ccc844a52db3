/* The inside of a self-test (see proto/probe.h). */
#ifndef SANDBOX_PROBE_H
#define SANDBOX_PROBE_H

#include <stdbool.h>

bool probe_is(const char *scenario);

/* Runs it in a sealed worker and prints PROBE_PASSED, or what is not as it has to be. */
int probe_run(const char *scenario);

#endif

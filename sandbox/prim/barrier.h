/*
 * A barrier: threading.Barrier and multiprocessing.Barrier. Tasks wait until as many as there are
 * parties have come, then all go on; it can be used again at once.
 */
#ifndef PRIM_BARRIER_H
#define PRIM_BARRIER_H

#include "sandbox/prim/sync.h"

#include <stdbool.h>
#include <stdint.h>

struct barrier;

struct barrier *barrier_new(const char *name, unsigned parties);

/*
 * Returns the order of arrival, from 0 for the first (Python numbers them as it likes), or -EPIPE:
 * BrokenBarrierError. A time that is up breaks the barrier for everybody, until it is reset.
 */
int barrier_wait(struct barrier *barrier);
int barrier_wait_for(struct barrier *barrier, int64_t timeout_us);

/* abort(): breaks it. reset(): whole again; those who wait in it get BrokenBarrierError. */
void barrier_abort(struct barrier *barrier);
void barrier_reset(struct barrier *barrier);

bool barrier_broken(struct barrier *barrier);
unsigned barrier_waiting(struct barrier *barrier); /* n_waiting */

#endif

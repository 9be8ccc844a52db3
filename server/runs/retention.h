/*
 * Lets go of what nobody keeps: runs and experiments after a time, workshops in which nothing
 * happens any more with all their runs, and the oldest runs that nobody keeps when the database has
 * grown too large; and of the rows of workshops that were deleted. One thread, which has the
 * store's writer do it in small portions. A clock that jumps ahead while it is at work makes
 * nothing older.
 */
#ifndef RUNS_RETENTION_H
#define RUNS_RETENTION_H

#include "sandbox/base/err.h"
#include "server/store/store.h"
#include "server/workshops/board.h"

struct retention;

/* Nanoseconds; 0: for ever. `disk_bytes`: of the database in use; 0: any. */
struct retention_options {
    struct store *store;
    struct boards *boards; /* are told of workshops that go */
    uint64_t runs_ns, workshops_ns, disk_bytes;
};

/* Returns 0 or -errno with the reason. */
int retention_new(struct retention **ret, const struct retention_options *options, struct err *err);
void retention_free(struct retention *retention); /* before the store */

/* How many runs, experiments and workshops it let go since the start. */
uint64_t retention_count(const struct retention *retention);

#endif

/*
 * What somebody's file says of runs and workshops, checked as if they wished us ill: everything the
 * API and the pages take for granted of a row holds afterwards.
 */
#ifndef TRANSFER_TRANSFER_CHECK_H
#define TRANSFER_TRANSFER_CHECK_H

#include "sandbox/proto/limits.h"
#include "server/setups/catalog.h"
#include "server/transfer/transfer.h"

/* A run ready for the store; release with transfer_run_release(). */
struct transfer_run {
    struct store_run row; /* of nobody, kept; its seat is as the file says */
    struct buf output, segments, trace;
    uint64_t trace_bytes;
};
void transfer_run_release(struct transfer_run *run);

/* What a run of a server with these limits may leave. */
struct transfer_bounds transfer_bounds(const struct limits *limits);

/*
 * Takes the run out of a record. The seat is of the right form; whether there is such a workshop
 * and step is the caller's to see. Returns 0, -EINVAL with what is wrong where, or -ENOMEM.
 */
int transfer_check_run(struct transfer_run *ret, struct transfer_record *record,
                       const struct catalog *catalog, struct err *err);

/*
 * Reads a workshop out of a record: without key, of nobody. Every step is checked as one that is
 * made here. Returns 0 or -EINVAL.
 */
int transfer_check_workshop(struct store_workshop *ret, const struct transfer_record *record,
                            const struct catalog *catalog, struct err *err);

/* Whether it is the id of a run: 22 letters and digits. */
bool transfer_is_run_id(const char *text);

#endif

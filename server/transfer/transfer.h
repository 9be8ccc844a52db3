/*
 * Runs in a file, to take along: what `interleave export` writes and `interleave import` reads.
 *
 * The file is a row of records. Each is a line of JSON; behind a run's line are, as they are, the
 * bytes whose numbers it says, and a line feed:
 *
 *     {"interleave_export":1}
 *     {"workshop":{"id","title","steps","closed","created_ms"}}       before the first of its runs
 *     {"run":{…},"output":N,"segments":N,"trace":N,"trace_bytes":N}   oldest first
 *     {"end":{"runs":N}}
 *
 * A run's params, schedule and result are texts that hold the JSON of the store, so that the API's
 * answers are the same to the byte. Neither sessions nor instructors' keys are in it.
 *
 * Why no SQLite file: this one can be written to a pipe and read from one, it is the same for every
 * version of the schema, and somebody else's file goes through a reader of two hundred lines, a
 * bounded record at a time, instead of through all that SQLite can do with a page.
 */
#ifndef TRANSFER_TRANSFER_H
#define TRANSFER_TRANSFER_H

#include "server/base/json.h"
#include "server/store/store.h"

#include <stdio.h>

enum { TRANSFER_VERSION = 1, TRANSFER_LINE_MAX = 2 << 20 };

/* ---- writing; what fails is the stream's (ferror) or -errno ---- */

int transfer_put_head(FILE *out);
int transfer_put_workshop(FILE *out, const struct store_workshop *workshop);
int transfer_put_run(FILE *out, const struct store_run *run, const struct store_data *data);
int transfer_put_end(FILE *out, uint64_t runs);

/* ---- reading ---- */

/* The most bytes of a run's output, segments and packed trace. */
struct transfer_bounds {
    size_t output, segments, trace;
};

enum transfer_kind { TRANSFER_WORKSHOP, TRANSFER_RUN, TRANSFER_END };

struct transfer_record {
    enum transfer_kind kind;
    struct doc *line;
    const struct doc *body; /* the object of the record */
    struct buf output, segments, trace;
    uint64_t trace_bytes; /* as it says, not checked */
    struct err too_large; /* code 0, or which of them was passed over because it is */
};
void transfer_record_release(struct transfer_record *record);

struct transfer_reader {
    FILE *in;
    struct transfer_bounds bounds;
    uint64_t offset, runs; /* bytes and runs read */
    struct buf line;
};
void transfer_reader_init(struct transfer_reader *reader, FILE *in,
                          const struct transfer_bounds *bounds);
void transfer_reader_release(struct transfer_reader *reader);

/* Reads the head. Returns 0 or -errno; -EBADMSG when it is no such file, or of another version. */
int transfer_read_head(struct transfer_reader *reader, struct err *err);

/*
 * Reads the next record. Returns 0 or -errno; -EBADMSG when the file is damaged, ends early or not
 * where it says, or lacks runs: nothing more can be read of it.
 */
int transfer_read(struct transfer_reader *reader, struct transfer_record *ret, struct err *err);

#endif

/*
 * Reads the shared memory of a run from outside and turns it into chunks.
 *
 * The mapping is hostile. Every field is copied once and then checked; a record that does not fit
 * (unknown kind or task, a sequence number out of order, a time that runs backwards or lies in the
 * future) is counted as malformed and left out, and nothing the tasks write can make the reader
 * loop, grow or crash. One thread at a time.
 */
#ifndef TRACE_READER_H
#define TRACE_READER_H

#include "sandbox/base/buf.h"
#include "sandbox/trace/shared.h"

#include <stdbool.h>
#include <stddef.h>

struct trace_reader;

/* The mapping stays the caller's and must be of sizeof(struct trace_shared). NULL without memory.
 */
struct trace_reader *trace_reader_new(const struct trace_shared *shared);
void trace_reader_free(struct trace_reader *reader);

/*
 * Appends what was published since the last call to out, as zero or more whole chunks. Only events
 * up to `now_ns` (CLOCK_MONOTONIC, taken before the call) go out, so that no effect comes before
 * its cause. With `last` everything left goes out, ending in a chunk with the last-flag: call it
 * once, when no task is alive any more. Returns 0 or out's error.
 */
#define TRACE_ANY_TIME  UINT64_MAX                /* for now_ns: of a run with a clock of its own */
#define TRACE_TIME_MOST ((UINT64_C(1) << 53) - 1) /* what a clock can say: CHUNK_TIME_MOST */
int trace_reader_drain(struct trace_reader *reader, uint64_t now_ns, bool last, struct buf *out);

struct trace_counts {
    uint64_t events;
    uint64_t dropped;
    uint64_t skipped;
    uint32_t malformed;
    uint32_t tasks;
    uint32_t objects;
    uint64_t items;      /* items finished */
    uint64_t inversions; /* pairs of items that finished in the opposite order of their indexes */
};
struct trace_counts trace_reader_counts(struct trace_reader *reader);

/* A copy of what the scenario observed, every text clean UTF-8 and terminated, counts bounded. */
void trace_reader_result(const struct trace_reader *reader, struct trace_result *ret);

/* A copy of its table, cleaned and bounded likewise. */
void trace_reader_table(const struct trace_reader *reader, struct trace_table *ret);

/*
 * A copy of what a controlled run says of its schedule, once no task is alive; ret->set is 0 when
 * it said nothing that holds. Texts are clean, tokens are words of TRACE_TOKEN_CHARACTERS or "".
 * Tasks and objects are in their tables, operations have a text; what is not so is left out. Events
 * are places in the drained trace, from 1, or 0. Beyond its counts *ret stays as it was.
 */
#define TRACE_TOKEN_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-~"
void trace_reader_schedule(const struct trace_reader *reader, struct trace_schedule *ret);

/*
 * A copy of the state of an exploration, at any time. While it goes on an entry may be half old and
 * half new, but its texts are always clean and its numbers fit JSON; entries that never make sense
 * are left out. Beyond its outcomes *ret stays as it was.
 */
void trace_reader_explored(const struct trace_reader *reader, struct trace_explored *ret);

/* The name of a task or an object, clean; out holds TRACE_NAME_MAX bytes. "" when there is none. */
void trace_reader_task(const struct trace_reader *reader, uint32_t task, char *out);
void trace_reader_object(const struct trace_reader *reader, uint32_t object, char *out);

/* Someone waits for someone, now. */
struct trace_wait {
    char task[TRACE_NAME_MAX];
    char object[TRACE_NAME_MAX]; /* the task's name when a task is waited for */
    char holder[TRACE_NAME_MAX]; /* "" when nobody holds it */
    uint16_t task_id;
    uint16_t holder_id;  /* or TRACE_NO_TASK */
    uint8_t object_kind; /* enum object_kind; 0 when a task is waited for */
    bool for_room;       /* waits for room in the object */
};

/* Fills at most `most` waits (one for each holder) and returns their number. */
size_t trace_reader_waits(const struct trace_reader *reader, struct trace_wait *waits, size_t most);

#endif

/*
 * The columnar chunk: the one format of the live stream, the store and the browser.
 *
 * A trace is a sequence of chunks, each decodable once those before it are known. All integers are
 * little endian; every section starts on a multiple of 8 bytes from the chunk's start and is padded
 * with zeros. A chunk is
 *
 *   header, 64 bytes:
 *     u32 magic "ILC1"    u32 bytes of the whole chunk
 *     u32 events          u32 flags (1: values are 64 bit, 2: last chunk of the trace,
 *                                    4: there is a column of lines)
 *     u32 new tasks       u32 new objects
 *     u64 base_ns         time of the first event
 *     u64 first           number of events in all chunks before
 *     u64 dropped         events dropped so far, bursts' gaps not counted in
 *     u64 skipped         events left out in gaps so far
 *     u32 malformed       records refused by the reader so far
 *     u32 0
 *   tables: new tasks, then new objects, 48 bytes an entry:
 *     u16 id, u8 kind, u8 0, u16 parent (of tasks: a lower id; 0xffff none),
 *     u16 name bytes (39 at most), name[40] (UTF-8 without control characters)
 *   columns, `events` entries each:
 *     u32 time since base_ns (not falling within a chunk)    i32 or i64 value
 *     u32 cause: index of the causing event in the whole trace plus one, or 0
 *     u16 task    u16 object (0xffff none)    u16 aux    u8 kind
 *     u16 line of the scenario's file that the event comes from, or 0 (flag 4)
 *
 * Within a chunk events are ordered by time. Across chunks an event may be older than the last one
 * of the chunk before (its task was preempted between looking at the clock and publishing), but
 * never older than an event of its own task, and a cause always has the lower index. A trace has at
 * most 1024 tasks and 1024 objects, and its times are integers that every reader of JSON has
 * exactly. What is beyond any of this is refused here and by web/src/trace/decode.ts alike.
 */
#ifndef TRACE_CHUNK_H
#define TRACE_CHUNK_H

#include "sandbox/base/buf.h"
#include "sandbox/base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define CHUNK_MAGIC      0x31434c49u /* "ILC1" */
#define CHUNK_HEADER     64u
#define CHUNK_ENTRY      48u
#define CHUNK_EVENTS_MAX 65536u
#define CHUNK_FLAG_WIDE  1u
#define CHUNK_FLAG_LAST  2u
#define CHUNK_FLAG_LINES 4u
#define CHUNK_NAME_MAX   40u
#define CHUNK_TABLE_MAX  1024u                     /* tasks, and objects, of a trace */
#define CHUNK_TIME_MOST  ((UINT64_C(1) << 53) - 1) /* 104 days */

/* One event as the chunk says it. */
struct chunk_event {
    uint64_t t_ns;
    int64_t value;
    uint32_t cause; /* index in the trace plus one, or 0 */
    uint16_t task;
    uint16_t object;
    uint16_t aux;
    uint16_t line; /* of the scenario's file, or 0 */
    uint8_t kind;
};

/* A task or object as the chunk introduces it. */
struct chunk_entry {
    uint16_t id;
    uint16_t parent;
    uint8_t kind;
    char name[CHUNK_NAME_MAX]; /* terminated, UTF-8 without control characters */
};

struct chunk {
    const struct chunk_event *events;
    uint32_t event_count; /* at most CHUNK_EVENTS_MAX, within 4.29 s of the first */
    const struct chunk_entry *tasks;
    uint32_t task_count;
    const struct chunk_entry *objects;
    uint32_t object_count;
    uint64_t first;
    uint64_t dropped;
    uint64_t skipped;
    uint32_t malformed;
    bool last;
};

/* Appends the chunk's bytes to out. Returns 0 or out's error. */
int chunk_encode(const struct chunk *chunk, struct buf *out);

/* The events in n bytes of whole chunks, by their headers; ends at one that is none. */
uint64_t chunk_count_events(const void *bytes, size_t n);

/*
 * A decoded trace. `events` are as the chunks gave them; trace_sort() brings them in order of time.
 */
struct trace {
    struct chunk_event *events;
    uint32_t event_count;
    struct chunk_entry *tasks;
    uint32_t task_count;
    struct chunk_entry *objects;
    uint32_t object_count;
    uint64_t dropped;
    uint64_t skipped;
    uint32_t malformed;
    bool complete; /* the last chunk was there */
};

/*
 * Decodes n bytes of whole chunks. Returns 0, -ENOMEM or -EBADMSG (err says where and what); the
 * trace must be released either way. Sizes, ids, kinds, times and causes are all checked.
 */
int trace_decode(struct trace *ret, const void *bytes, size_t n, struct err *err);
void trace_release(struct trace *trace);

/* Orders events by time (ties: as they came) and renumbers the causes. Returns 0 or -ENOMEM. */
int trace_sort(struct trace *trace);

#endif

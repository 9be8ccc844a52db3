/* What the two files of the reader share: reader.c (events) and reader_state.c (results, waits). */
#ifndef TRACE_READER_PRIVATE_H
#define TRACE_READER_PRIVATE_H

#include "sandbox/trace/shared.h"

#include <stddef.h>
#include <string.h>

/* Copies what a task may be changing now; the barrier keeps the compiler from reading it twice. */
static inline void copy_once(void *to, const void *from, size_t n)
{
    memcpy(to, from, n);
    __asm__ volatile("" : : "r"(to) : "memory");
}

/* A name of the tables as clean text. `out` holds TRACE_NAME_MAX bytes, as the name does. */
void copy_name(char *out, const char *name);

/* What the reader knows of a lane. */
struct lane {
    uint32_t records; /* read so far, refused ones included: the next one's number */
    uint32_t capacity;
    uint32_t *index; /* place of each record in the trace, plus one; 0: none */
    uint64_t last_ns;
};

/* A record copied from shared memory, on its way into a chunk. */
struct taken {
    struct trace_record record;
    uint16_t lane;
};

struct trace_reader {
    const struct trace_shared *shared;
    uint64_t start_ns;
    uint32_t tasks, objects; /* introduced so far */
    uint32_t first_open;     /* segments before it are read to the end */
    uint16_t consumed[TRACE_SEGMENTS];
    struct lane lane[TRACE_TASKS_MAX];
    struct taken *taken;
    size_t taken_count, taken_capacity;
    uint64_t events, skipped;
    uint32_t malformed;
    uint32_t *items; /* indexes in the order they finished */
    uint32_t item_count;
};

#endif

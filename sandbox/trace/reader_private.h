/*
 * What the files of the reader share: reader.c (events), reader_state.c (results, waits) and
 * reader_schedule.c (schedules, explorations).
 */
#ifndef TRACE_READER_PRIVATE_H
#define TRACE_READER_PRIVATE_H

#include "sandbox/trace/shared.h"

#include <stddef.h>
#include <string.h>

struct trace_reader;

/* Copies what a task may be changing now; the barrier keeps the compiler from reading it twice. */
static inline void copy_once(void *to, const void *from, size_t n)
{
    memcpy(to, from, n);
    __asm__ volatile("" : : "r"(to) : "memory");
}

/* A name of the tables as clean text. `out` holds TRACE_NAME_MAX bytes, as the name does. */
void copy_name(char *out, const char *name);

/* Cleans a text of at most CLEAN_MAX bytes where it stands; it must be the caller's own copy. */
#define CLEAN_MAX 512u
void clean_text(char *text, size_t size);

/* A table's length as told, no longer than the table. */
uint32_t bounded_count(const _Atomic uint32_t *count, uint32_t most);

/* Which one in the trace the event of that id is, from 1; 0 when it is not in it. */
uint32_t place_of_event(const struct trace_reader *reader, uint32_t id);

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

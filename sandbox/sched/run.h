/*
 * A run from inside: what every task of it can reach. Lives in memory that all its processes share,
 * so a lock or a cell made before fork is the same object afterwards, at the same address.
 */
#ifndef SCHED_RUN_H
#define SCHED_RUN_H

#include "sandbox/proto/job.h"
#include "sandbox/trace/shared.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define RUN_ARENA_BYTES (32u << 20)

struct control;
struct memory_names;
struct stream;
struct scenario;
struct trace_lane;

/* A stretch of the run that leaves nothing (seam_unrecorded_begin()), and how it was before. */
struct unrecorded {
    _Atomic bool on;
    _Atomic uint32_t tasks, objects; /* made since; their slots are the last ones, and not listed */
    size_t arena_used;
    struct memory_names *memory_names;
    struct trace_lane *lane; /* of the main task */
};

struct run {
    struct trace_shared *shared;
    const struct scenario *scenario;
    struct job job;          /* all parameters resolved */
    struct control *control; /* NULL: a free run */
    int output;              /* packet-mode pipe */
    double time_scale;       /* multiplies sleeps and work */
    uint64_t seed;           /* of everything random in the scenario */
    uint16_t output_object;
    _Atomic uint32_t writing; /* 1: a task writes a part of a line; guards parts */
    uint64_t parts;           /* written so far */
    _Atomic(struct memory_names *) memory_names; /* of prim/memory.c; NULL until there is one */
    struct stream *streams; /* of prim/pipe.c, under control; NULL until there is one */
    struct unrecorded unrecorded;
    _Atomic size_t arena_used;
    _Alignas(64) char arena[];
};

/* Maps a run's memory. Returns NULL without memory. Lives until the processes are gone. */
struct run *run_new(struct trace_shared *shared, int output);

/*
 * Zeroed memory from the run's arena, aligned to 64 bytes, shared by all its processes, never
 * given back. Ends the run as memory-limit when the arena is used up.
 */
void *run_alloc(struct run *run, size_t bytes);

/* Ends the whole run at once, from whichever task, and says why. */
_Noreturn void run_stop(struct run *run, enum trace_stop why);

#endif

/* The limits of a run: enforced by the sandbox and the supervisor, told by GET /limits. */
#ifndef PROTO_LIMITS_H
#define PROTO_LIMITS_H

#include <stdint.h>

struct limits {
    uint64_t wall_ns;      /* the run is killed after this: timeout */
    uint64_t output_bytes; /* the run is killed once it wrote more: output-limit */
    uint32_t tasks;        /* processes and threads at once: task-limit */
    uint64_t memory_bytes; /* address space of one process: an allocation beyond it fails */
    uint64_t run_bytes;    /* resident memory of all processes together: memory-limit */
    uint64_t cpu_seconds;  /* processor time of one process; more than any exploration takes */
};

#define LIMITS_DEFAULT                                                                             \
    ((struct limits){                                                                              \
        .wall_ns = 20000000000u,                                                                   \
        .output_bytes = 1u << 20,                                                                  \
        .tasks = 80,                                                                               \
        .memory_bytes = 256u << 20,                                                                \
        .run_bytes = 256u << 20,                                                                   \
        .cpu_seconds = 320,                                                                        \
    })

#endif

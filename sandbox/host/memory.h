/*
 * How much memory a run uses, seen from outside. RLIMIT_AS bounds each process; only this bounds
 * all of them together where there are no cgroups to be had.
 */
#ifndef HOST_MEMORY_H
#define HOST_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What all processes of a run share at most: its trace, its arena and the program. They cannot
 * make more of it (see filter.c). */
#define MEMORY_COMMON_BYTES (64u << 20)

struct usage {
    uint64_t bytes; /* resident, that each process has for itself, and what sockets may hold */
    unsigned tasks; /* processes and threads, without the root; 0 unless they were to be counted */
};

/* What is remembered of a run from one look to the next; all 0 at first. */
struct usage_look {
    uint64_t next_ns;      /* CLOCK_MONOTONIC: not before then are sockets looked at again */
    uint64_t socket_bytes; /* what they might hold when they were */
};

/*
 * Of the process and all its descendants; what one shares beyond MEMORY_COMMON_BYTES counts as its
 * own, and sockets are looked at from 20 processes on, the more of them the more rarely. 0 when
 * /proc does not tell. Reads a few small files for each process, and looks at no more than 1,024 of
 * them.
 */
struct usage usage_of_descendants(pid_t root, bool count_tasks, struct usage_look *look);

#endif

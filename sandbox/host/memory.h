/*
 * How much memory a run uses, seen from outside. RLIMIT_AS bounds each process; only this bounds
 * all of them together where there are no cgroups to be had.
 */
#ifndef HOST_MEMORY_H
#define HOST_MEMORY_H

#include <stdint.h>
#include <sys/types.h>

/* What all processes of a run share at most: its trace and its arena. */
#define MEMORY_COMMON_BYTES (64u << 20)

/*
 * Resident bytes of the process and all its descendants. Pages that a process shares with others
 * are counted for each beyond MEMORY_COMMON_BYTES, so memory shared in large pieces counts more
 * than once. 0 when /proc does not tell. Reads a few small files for each process, and looks at no
 * more than 1,024 of them.
 */
uint64_t memory_of_descendants(pid_t root);

#endif

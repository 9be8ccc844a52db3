/*
 * How much memory a run uses, seen from outside. RLIMIT_AS bounds each process; only this bounds
 * all of them together where there are no cgroups to be had.
 */
#ifndef HOST_MEMORY_H
#define HOST_MEMORY_H

#include <stdint.h>
#include <sys/types.h>

/* What all processes of a run share at most: its trace, its arena and the program. They cannot
 * make more of it (see filter.c). */
#define MEMORY_COMMON_BYTES (64u << 20)

/*
 * Resident bytes of the process and all its descendants that each has for itself; what one shares
 * beyond MEMORY_COMMON_BYTES counts as its own. 0 when /proc does not tell. Reads a few small files
 * for each process, and looks at no more than 1,024 of them.
 */
uint64_t memory_of_descendants(pid_t root);

#endif

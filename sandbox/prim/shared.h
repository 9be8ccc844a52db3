/*
 * multiprocessing.sharedctypes.RawValue: plain memory, without a lock and without a trace; and
 * plain memory that is not shared.
 */
#ifndef PRIM_SHARED_H
#define PRIM_SHARED_H

#include <stddef.h>

/* Zeroed memory that all threads and processes of the run share, at one address, till it ends. */
void *shared_new(size_t bytes);

/* bytearray(n): zeroed memory of the calling process alone; a forked child gets a copy. */
void *private_new(size_t bytes);
void private_free(void *memory);

#endif

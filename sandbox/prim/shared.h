/* multiprocessing.sharedctypes.RawValue: plain memory, without a lock and without a trace. */
#ifndef PRIM_SHARED_H
#define PRIM_SHARED_H

#include <stddef.h>

/* Zeroed memory that all threads and processes of the run share, at one address, till it ends. */
void *shared_new(size_t bytes);

#endif

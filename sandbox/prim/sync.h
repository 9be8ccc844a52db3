/* Process-shared pthread objects, the same for threads and forked processes. */
#ifndef PRIM_SYNC_H
#define PRIM_SYNC_H

#include <pthread.h>

void sync_mutex_init(pthread_mutex_t *mutex);

/* A condition whose time-outs are on CLOCK_MONOTONIC. */
void sync_cond_init(pthread_cond_t *cond);

#endif

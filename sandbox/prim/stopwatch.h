/* time.perf_counter_ns(): for programs that measure. */
#ifndef PRIM_STOPWATCH_H
#define PRIM_STOPWATCH_H

#include <stdint.h>

/* Nanoseconds since the run began, real time. */
int64_t now_ns(void);

/*
 * For repeating something thousands of times: what happens between these two is in no lane, and
 * objects and memory made in between are taken back at the end. In the main task, while it is alone
 * but for servers; every task begun in between has been joined before the end.
 */
void unrecorded_begin(void);
void unrecorded_end(void);

#endif

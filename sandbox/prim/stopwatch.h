/* time.perf_counter_ns(): for programs that measure. */
#ifndef PRIM_STOPWATCH_H
#define PRIM_STOPWATCH_H

#include <stdint.h>

/* Nanoseconds since the run began, real time. */
int64_t now_ns(void);

#endif

/*
 * CPython's global interpreter lock, simulated with CPython's own algorithm (ceval_gil.c, 3.2 and
 * later): a thread that wants the lock waits for the switch interval, then asks; the holder sees
 * the request where the interpreter looks for it, gives the lock away, and goes on only after
 * another thread has had it. It is a simulation: the threads are C, the places where the
 * interpreter would look are calls of gil_check().
 */
#ifndef PRIM_GIL_H
#define PRIM_GIL_H

#include <stdint.h>

struct gil;

/* `interval_ns`: how long a waiting thread waits before it asks (CPython: 5 ms). */
struct gil *gil_new(int64_t interval_ns);
void gil_take(struct gil *gil);
void gil_drop(struct gil *gil);

/* The eval breaker: gives the lock away if somebody asked for it. */
void gil_check(struct gil *gil);

#endif

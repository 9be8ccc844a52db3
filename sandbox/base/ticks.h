/*
 * The processor's own counter: read in about half the time of clock_ns(), which matters where every
 * event of a tight loop is timed. Used only where the kernel itself keeps time by it; then it runs
 * at one rate on all processors.
 */
#ifndef BASE_TICKS_H
#define BASE_TICKS_H

#include <stdint.h>

/*
 * Measures the counter's rate against CLOCK_MONOTONIC, once per process, in about 2 ms and to some
 * 25 parts in a million; children inherit it. Without this call, or where the kernel keeps time
 * otherwise, ticks_mult() is 0.
 */
void ticks_calibrate(void);

/* Nanoseconds per tick times 2^32, or 0: the counter is of no use here. */
uint64_t ticks_mult(void);

/* The same moment by both clocks, to some 50 ns. */
struct moment {
    uint64_t ns; /* CLOCK_MONOTONIC */
    uint64_t ticks;
};
struct moment ticks_moment(void);

static inline uint64_t ticks_now(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return 0;
#endif
}

static inline uint64_t ticks_to_ns(uint64_t ticks, uint64_t mult)
{
    return (uint64_t)((unsigned __int128)ticks * mult >> 32);
}

#endif

/*
 * Whether a run under the free schedule can still move, seen from outside: a deadlock of all its
 * tasks is proven, never guessed. Where there is doubt there is no verdict, and the wall limit
 * decides.
 */
#ifndef HOST_STANDSTILL_H
#define HOST_STANDSTILL_H

#include "sandbox/trace/shared.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define STANDSTILL_THREADS_MAX 256u /* a run with more of them gets no verdict */
#define STANDSTILL_LOOKS       6u   /* alike, one after the other: five ticks */

/* A thread that sleeps, and what its task waits for. */
struct sleeper {
    pid_t thread;
    uint64_t switches; /* how often it was switched away from */
    uint32_t waits_on;
};

struct look {
    struct sleeper sleeper[STANDSTILL_THREADS_MAX];
    unsigned count;
};

/* What was seen so far; all zero at first. */
struct standstill {
    struct look last;
    unsigned alike; /* looks in a row that saw the same, the last included */
    unsigned pause; /* ticks until it is worth another look */
};

/*
 * Once a tick. `shared` is the run's memory, hostile, and `init` its first process, which is none
 * of the program's. Returns true when nothing of the run can ever move again. At the run's last
 * moment (`last`) two looks will do.
 *
 * Costs 0.1 µs while the main task runs or waits with a deadline. Else it reads a small file of
 * every thread, 20 µs and 7 µs for each further one (3 threads 33, 80 threads 560; as a rule twice
 * what adding up the run's memory takes), at every tick while all sleep and at every fifth when
 * not.
 */
bool standstill_tick(struct standstill *standstill, const struct trace_shared *shared, pid_t init,
                     bool last);

#endif

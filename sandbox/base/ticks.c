#include "sandbox/base/ticks.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/clock.h"
#include "sandbox/base/fd.h"

#include <fcntl.h>
#include <string.h>

#define CLOCK_SOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define MEASURE_NS   2000000u

static uint64_t mult; /* set once by ticks_calibrate() */

static int kernel_keeps_time_by_it(void)
{
    char name[16] = "";
    _cleanup_close_ int fd = open(CLOCK_SOURCE, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read_full(fd, name, sizeof name - 1) > 0 && strcmp(name, "tsc\n") == 0;
}

/* Of a few tries the one that took the least time: nothing came between its readings. */
struct moment ticks_moment(void)
{
    struct moment best = {0};
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < 4; i++) {
        uint64_t before = ticks_now(), ns = clock_ns(), after = ticks_now();
        if (after - before < least) {
            least = after - before;
            best = (struct moment){ns, before + (after - before) / 2};
        }
    }
    return best;
}

void ticks_calibrate(void)
{
    if (mult != 0 || ticks_now() == 0 || !kernel_keeps_time_by_it())
        return;
    struct moment from = ticks_moment(), to;
    do
        to = ticks_moment();
    while (to.ns - from.ns < MEASURE_NS);
    mult = (uint64_t)(((unsigned __int128)(to.ns - from.ns) << 32) / (to.ticks - from.ticks));
}

uint64_t ticks_mult(void)
{
    return mult;
}

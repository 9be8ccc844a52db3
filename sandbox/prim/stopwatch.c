#include "sandbox/prim/stopwatch.h"

#include "sandbox/sched/seam.h"

int64_t now_ns(void)
{
    return (int64_t)seam_now();
}

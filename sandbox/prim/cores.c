#include "sandbox/prim/cores.h"

#include <sched.h>

int cores_available(void)
{
    cpu_set_t mine;
    return sched_getaffinity(0, sizeof mine, &mine) < 0 ? 1 : CPU_COUNT(&mine);
}

void cores_use(int most)
{
    cpu_set_t mine, chosen;
    CPU_ZERO(&chosen);
    if (sched_getaffinity(0, sizeof mine, &mine) < 0)
        return;
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&chosen) < most; cpu++)
        if (CPU_ISSET(cpu, &mine))
            CPU_SET(cpu, &chosen);
    sched_setaffinity(0, sizeof chosen, &chosen);
}

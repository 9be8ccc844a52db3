#include "sandbox/host/memory.h"

#include "sandbox/host/processes.h"

#include <stdio.h>
#include <unistd.h>

static uint64_t resident_of(pid_t pid)
{
    char path[64], text[128];
    unsigned long long size, resident = 0, shared = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    if (!proc_text(path, text, sizeof text) ||
        sscanf(text, "%llu %llu %llu", &size, &resident, &shared) != 3 || shared > resident)
        return 0;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), common = MEMORY_COMMON_BYTES / page;
    return (resident - (shared < common ? shared : common)) * page;
}

uint64_t memory_of_descendants(pid_t root)
{
    struct processes processes;
    uint64_t sum = 0;
    processes_of(root, &processes);
    for (unsigned i = 0; i < processes.count; i++)
        sum += resident_of(processes.pids[i]);
    return sum;
}

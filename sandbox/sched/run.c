#include "sandbox/sched/run.h"

#include "sandbox/sched/control.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

struct run *run_new(struct trace_shared *shared, int output)
{
    struct run *run = mmap(NULL, sizeof *run + RUN_ARENA_BYTES, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (run == MAP_FAILED)
        return NULL;
    run->shared = shared;
    run->output = output;
    run->time_scale = 1;
    return run;
}

void *run_alloc(struct run *run, size_t bytes)
{
    size_t rounded = (bytes + 63) & ~(size_t)63;
    size_t start = atomic_fetch_add(&run->arena_used, rounded);
    if (rounded < bytes || rounded > RUN_ARENA_BYTES || start > RUN_ARENA_BYTES - rounded)
        run_stop(run, TRACE_STOP_MEMORY_LIMIT);
    return run->arena + start;
}

void run_stop(struct run *run, enum trace_stop why)
{
    if (run->control)
        control_end(run->control,
                    why == TRACE_STOP_TASK_LIMIT ? ENDED_TASK_LIMIT : ENDED_MEMORY_LIMIT);
    atomic_store(&run->shared->result.stop, why);
    kill(-1, SIGKILL); /* every process of the run; its init notices and ends it */
    _exit(1);
}

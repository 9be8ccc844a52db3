#include "sandbox/prim/system.h"

#include "sandbox/prim/knobs.h"
#include "sandbox/prim/task_private.h"
#include "sandbox/sched/seam.h"

#include <pthread.h>
#include <sys/random.h>
#include <unistd.h>

#define INIT         1
#define FIRST_IDENT  0x7f0000000000u
#define IDENTS_APART 0x1000u

int process_id(void)
{
    return seam_self.control ? (int)task_of_process()->pid : getpid();
}

int parent_id(void)
{
    if (!seam_self.control)
        return getppid();
    const struct task *parent = task_of_process()->parent;
    if (!parent)
        return INIT;
    seam_watch_end(parent->id);
    return parent->reaped ? INIT : (int)parent->pid;
}

int thread_id(void)
{
    return seam_self.control ? (int)task_self()->pid : gettid();
}

uintptr_t thread_ident(void)
{
    return seam_self.control ? FIRST_IDENT + task_self()->id * (uintptr_t)IDENTS_APART
                             : (uintptr_t)pthread_self();
}

uint32_t system_random(uint64_t index)
{
    uint32_t number = 0;
    if (seam_self.control)
        return (uint32_t)(drawn(23 + ((uint64_t)task_self()->id << 32), index) * 0x1p32);
    while (getrandom(&number, sizeof number, 0) != sizeof number)
        ;
    return number;
}

#include "sandbox/prim/shared.h"

#include "sandbox/sched/seam.h"

#include <errno.h>

void *shared_new(size_t bytes)
{
    return run_alloc(seam_self.run, bytes);
}

void *private_new(size_t bytes)
{
    void *memory = seam_private(bytes);
    if (!memory)
        seam_fail(ENOMEM, "memory");
    return memory;
}

void private_free(void *memory)
{
    seam_private_free(memory);
}

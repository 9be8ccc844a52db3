#include "sandbox/prim/shared.h"

#include "sandbox/sched/seam.h"

void *shared_new(size_t bytes)
{
    return run_alloc(seam_self.run, bytes);
}

/*
 * Scope-bound ownership: `_cleanup_free_ char *p` frees when the scope ends, and steal_ptr(&p) or
 * steal_fd(&fd) hands the resource on, so a transfer is visible where it happens.
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *p)
{
    free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* Closes *fd when it is open and leaves -1. */
static inline void close_fd(int *fd)
{
    cleanup_close(fd);
    *fd = -1;
}

static inline int steal_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

#define steal_ptr(p)                                                                               \
    ({                                                                                             \
        typeof(p) steal_from = (p);                                                                \
        typeof(*(p)) steal_taken = *steal_from;                                                    \
        *steal_from = NULL;                                                                        \
        steal_taken;                                                                               \
    })

#define _cleanup_(f)    __attribute__((cleanup(f)))
#define _cleanup_free_  _cleanup_(cleanup_free)
#define _cleanup_close_ _cleanup_(cleanup_close)

#endif

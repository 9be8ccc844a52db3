/*
 * What may go wrong around the server, for tests: a library to be preloaded. It is steered by a
 * file named in INTERLEAVE_FAULTS, which a test writes and reads while the server runs:
 *
 *     int64 shift_ms                            CLOCK_REALTIME is so much later
 *     int64 first, last, every, seen, failed    of all threads' allocations: those numbered
 *                                               first … last and every every-th fail
 *     int64 first, last, error, seen, failed    of writes to the database's files, of their
 *                                               cutting and syncing: these fail with that errno
 *
 * A zero turns each off. Numbers count from 1, from when the test last set `seen` to 0. What the
 * libraries that draw allocate is spared: they end the program when there is no memory, and the
 * server does not begin to draw then.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct faults {
    _Atomic int64_t shift_ms;
    struct {
        _Atomic int64_t first, last, every, seen, failed;
    } memory;
    struct {
        _Atomic int64_t first, last, error, seen, failed;
    } disk;
};

enum { FRAMES_MAX = 48 };

static struct faults none;
static struct faults *faults = &none;

__attribute__((constructor)) static void attach(void)
{
    const char *path = getenv("INTERLEAVE_FAULTS");
    void *first;
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *at =
        fd < 0 ? MAP_FAILED : mmap(NULL, sizeof none, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (at == MAP_FAILED) {
        fprintf(stderr, "faults: %s cannot be mapped\n", path ? path : "INTERLEAVE_FAULTS");
        abort();
    }
    backtrace(&first, 1); /* the first call allocates */
    faults = at;
}

/* ---- memory ---- */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t each);
void *__libc_realloc(void *old, size_t n);

static bool is_of_drawing(const char *file)
{
    static const char *const libraries[] = {"/libglib-", "/libgobject-", "/libpango", "/libcairo",
                                            "/libfontconfig"};
    for (size_t i = 0; file && i < sizeof libraries / sizeof libraries[0]; i++)
        if (strstr(file, libraries[i]))
            return true;
    return false;
}

/* Whether drawing is on the stack. */
static bool is_spared(void)
{
    void *at[FRAMES_MAX];
    int n = backtrace(at, FRAMES_MAX);
    for (int i = 0; i < n; i++) {
        Dl_info info;
        if (dladdr(at[i], &info) && is_of_drawing(info.dli_fname))
            return true;
    }
    return false;
}

static bool memory_fails(void)
{
    int64_t first = atomic_load(&faults->memory.first), every = atomic_load(&faults->memory.every);
    if (first == 0 && every == 0)
        return false;
    int64_t number = atomic_fetch_add(&faults->memory.seen, 1) + 1;
    bool fails = (first && number >= first && number <= atomic_load(&faults->memory.last)) ||
                 (every && number % every == 0);
    if (!fails || is_spared())
        return false;
    atomic_fetch_add(&faults->memory.failed, 1);
    errno = ENOMEM;
    return true;
}

void *malloc(size_t n)
{
    return memory_fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t each)
{
    return memory_fails() ? NULL : __libc_calloc(n, each);
}

void *realloc(void *old, size_t n)
{
    return memory_fails() ? NULL : __libc_realloc(old, n);
}

/* ---- the disk ---- */

static bool is_of_database(int fd)
{
    char link[32], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n < 0 ? 0 : n] = '\0';
    return strstr(path, ".db") != NULL;
}

static bool disk_fails(int fd)
{
    int64_t first = atomic_load(&faults->disk.first);
    if (first == 0 || !is_of_database(fd))
        return false;
    int64_t number = atomic_fetch_add(&faults->disk.seen, 1) + 1;
    if (number < first || number > atomic_load(&faults->disk.last))
        return false;
    atomic_fetch_add(&faults->disk.failed, 1);
    errno = (int)atomic_load(&faults->disk.error);
    return true;
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    return disk_fails(fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, n, at);
}

int fdatasync(int fd)
{
    return disk_fails(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int ftruncate64(int fd, off64_t length)
{
    return disk_fails(fd) ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}

/* ---- the clock ---- */

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    int r = (int)syscall(SYS_clock_gettime, clock, ret);
    if (r == 0 && clock == CLOCK_REALTIME)
        ret->tv_sec += atomic_load(&faults->shift_ms) / 1000;
    return r;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *ret = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *ret)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (ret)
        *ret = now.tv_sec;
    return now.tv_sec;
}

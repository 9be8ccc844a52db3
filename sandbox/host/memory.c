#include "sandbox/host/memory.h"

#include "sandbox/base/clock.h"
#include "sandbox/host/processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct pages {
    uint64_t resident, shared;
};

/* False of a thread that has no memory (any more). */
static bool pages_of(pid_t pid, pid_t thread, struct pages *ret)
{
    char path[64], text[128];
    unsigned long long size, resident = 0, shared = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/statm", (int)pid, (int)thread);
    if (!proc_text(path, text, sizeof text) ||
        sscanf(text, "%llu %llu %llu", &size, &resident, &shared) != 3 || size == 0)
        return false;
    *ret = (struct pages){resident, shared < resident ? shared : resident};
    return true;
}

/*
 * Looks at the first thread that goes on, since a process's threads have memory and descriptors in
 * common (see filter.c). One that ended shows neither, also where it was the first of all.
 */
static bool find_pages(pid_t pid, pid_t *ret_thread, struct pages *ret)
{
    pid_t tids[PROCESSES_MAX];
    unsigned count;
    *ret_thread = pid;
    if (pages_of(pid, pid, ret))
        return true;
    count = threads_of(pid, tids, PROCESSES_MAX);
    for (unsigned i = 0; i < count; i++)
        if (pages_of(pid, tids[i], ret)) {
            *ret_thread = tids[i];
            return true;
        }
    return false;
}

/* Of a process, and the thread by which it is to be looked at from now on. */
static uint64_t resident_of(pid_t pid, pid_t *ret_thread)
{
    struct pages pages;
    if (!find_pages(pid, ret_thread, &pages))
        return 0;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), common = MEMORY_COMMON_BYTES / page;
    return (pages.resident - (pages.shared < common ? pages.shared : common)) * page;
}

/* Threads that have ended and were not reaped count, too, as they do for the kernel. */
static unsigned tasks_of(pid_t pid)
{
    char path[64], text[512];
    unsigned threads = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    const char *after_name = proc_text(path, text, sizeof text) ? strrchr(text, ')') : NULL;
    if (after_name)
        (void)!sscanf(after_name,
                      ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
                      "%*d %u",
                      &threads);
    return threads > 0 ? threads : 1;
}

/* ---- sockets ---- */

/* What the kernel keeps for a socket until it is read is no process's: as Linux's default has it.
 */
#define SOCKET_BYTES 212992u
/* Fewer processes cannot have as many as would matter; for them nobody looks. */
#define PROCESSES_FEW 20u
#define SOCKETS_MAX   8192u
/* Looking takes no more than about one part in so many of a processor. */
#define LOOK_RARELY 10u
/* No socket has it: each of these is counted as another one. */
#define INODE_UNSEEN 0u

/* Without CAP_SYS_PTRACE another user's process shows how it has one open, and not what it is. */
static bool may_be_socket(int fds, const char *fd, unsigned *ret_inode)
{
    char link[64];
    struct stat how;
    ssize_t n = readlinkat(fds, fd, link, sizeof link - 1);
    link[n > 0 ? n : 0] = '\0';
    *ret_inode = INODE_UNSEEN;
    if (n >= 0 || errno != EACCES)
        return sscanf(link, "socket:[%u]", ret_inode) == 1;
    return fstatat(fds, fd, &how, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(how.st_mode) &&
           (how.st_mode & (S_IRUSR | S_IWUSR)) == (S_IRUSR | S_IWUSR);
}

static unsigned sockets_of(pid_t pid, pid_t thread, unsigned *inodes, unsigned room)
{
    char path[64];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/fd", (int)pid, (int)thread);
    DIR *fds = opendir(path);
    for (struct dirent *fd; fds && count < room && (fd = readdir(fds));)
        count += may_be_socket(dirfd(fds), fd->d_name, &inodes[count]);
    if (fds)
        closedir(fds);
    return count;
}

static int compare(const void *a, const void *b)
{
    const unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return (x > y) - (x < y);
}

/* All there can be in them; one that several processes have is one. */
static uint64_t socket_bytes(const struct processes *processes, const pid_t *threads)
{
    unsigned inodes[SOCKETS_MAX], count = 0;
    uint64_t sum = 0;
    for (unsigned i = 1; i < processes->count; i++)
        count += sockets_of(processes->pids[i], threads[i], inodes + count, SOCKETS_MAX - count);
    qsort(inodes, count, sizeof *inodes, compare);
    for (unsigned i = 0; i < count; i++)
        sum += i == 0 || inodes[i] == INODE_UNSEEN || inodes[i] != inodes[i - 1] ? SOCKET_BYTES : 0;
    return sum;
}

static uint64_t thread_ns(void)
{
    struct timespec spent;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return (uint64_t)spent.tv_sec * UINT64_C(1000000000) + (uint64_t)spent.tv_nsec;
}

/* Every descriptor of every process, whatever it is, costs a call: thousands of them are looked at
 * rarely. */
static uint64_t look_at_sockets(struct usage_look *look, const struct processes *processes,
                                const pid_t *threads)
{
    const uint64_t now = clock_ns(), before = thread_ns();
    if (processes->count <= PROCESSES_FEW)
        return 0;
    if (now >= look->next_ns) {
        look->socket_bytes = socket_bytes(processes, threads);
        look->next_ns = now + (thread_ns() - before) * LOOK_RARELY;
    }
    return look->socket_bytes;
}

/* ---- all of it ---- */

struct usage usage_of_descendants(pid_t root, bool count_tasks, struct usage_look *look)
{
    struct processes processes;
    pid_t threads[PROCESSES_MAX];
    struct usage sum = {0};
    processes_of(root, &processes);
    for (unsigned i = 0; i < processes.count; i++) {
        sum.bytes += resident_of(processes.pids[i], &threads[i]);
        if (count_tasks && i > 0)
            sum.tasks += tasks_of(processes.pids[i]);
    }
    sum.bytes += look_at_sockets(look, &processes, threads);
    return sum;
}

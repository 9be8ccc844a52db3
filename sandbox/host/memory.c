#include "sandbox/host/memory.h"

#include "sandbox/host/processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static unsigned sockets_of(pid_t pid, unsigned *inodes, unsigned room)
{
    char path[64];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
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
static uint64_t socket_bytes(const struct processes *processes)
{
    unsigned inodes[SOCKETS_MAX], count = 0;
    uint64_t sum = 0;
    for (unsigned i = 1; i < processes->count; i++)
        count += sockets_of(processes->pids[i], inodes + count, SOCKETS_MAX - count);
    qsort(inodes, count, sizeof *inodes, compare);
    for (unsigned i = 0; i < count; i++)
        sum += i == 0 || inodes[i] == INODE_UNSEEN || inodes[i] != inodes[i - 1] ? SOCKET_BYTES : 0;
    return sum;
}

/* ---- all of it ---- */

struct usage usage_of_descendants(pid_t root, bool count_tasks)
{
    struct processes processes;
    struct usage sum = {0};
    processes_of(root, &processes);
    for (unsigned i = 0; i < processes.count; i++) {
        sum.bytes += resident_of(processes.pids[i]);
        if (count_tasks && i > 0)
            sum.tasks += tasks_of(processes.pids[i]);
    }
    if (processes.count > PROCESSES_FEW)
        sum.bytes += socket_bytes(&processes);
    return sum;
}

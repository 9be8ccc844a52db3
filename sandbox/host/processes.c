#include "sandbox/host/processes.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHILDREN_TEXT 8192u

bool proc_text(const char *path, char *text, size_t size)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read_full(fd, text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

unsigned threads_of(pid_t pid, pid_t *tids, unsigned most)
{
    char path[32];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    if (!threads)
        return 0;
    for (struct dirent *thread; count < most && (thread = readdir(threads));)
        if (thread->d_name[0] != '.')
            tids[count++] = atoi(thread->d_name);
    closedir(threads);
    return count;
}

static void add_pids(struct processes *processes, const char *text)
{
    char *end;
    for (long pid = strtol(text, &end, 10); end != text && processes->count < PROCESSES_MAX;
         pid = strtol(text, &end, 10)) {
        processes->pids[processes->count++] = (pid_t)pid;
        text = end;
    }
}

/* A process's children are listed by the thread that forked them. */
static void add_children(struct processes *processes, pid_t pid)
{
    pid_t tids[PROCESSES_MAX];
    char path[64], text[CHILDREN_TEXT];
    unsigned count = threads_of(pid, tids, PROCESSES_MAX);
    for (unsigned i = 0; i < count; i++) {
        snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)tids[i]);
        if (proc_text(path, text, sizeof text))
            add_pids(processes, text);
    }
}

/* Once there is a pidfd the number belongs to the same process as long as it is still listed. */
int pidfd_of_child(pid_t init)
{
    struct processes before = {.count = 0}, after = {.count = 0};
    add_children(&before, init);
    if (before.count != 1)
        return -ESRCH;
    int fd = (int)syscall(SYS_pidfd_open, before.pids[0], 0);
    if (fd < 0)
        return -errno;
    add_children(&after, init);
    if (after.count == 1 && after.pids[0] == before.pids[0])
        return fd;
    close(fd);
    return -ESRCH;
}

void processes_of(pid_t root, struct processes *ret)
{
    ret->pids[0] = root;
    ret->count = 1;
    for (unsigned i = 0; i < ret->count; i++)
        add_children(ret, ret->pids[i]);
}

#include "sandbox/host/memory.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PROCESSES_MAX 1024u
#define CHILDREN_TEXT 8192u

struct tree {
    pid_t pids[PROCESSES_MAX];
    unsigned count;
};

/* The file's text, cut to size - 1 bytes. Returns false when there is none. */
static bool read_text(const char *path, char *text, size_t size)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read_full(fd, text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static void add_pids(struct tree *tree, const char *text)
{
    char *end;
    for (long pid = strtol(text, &end, 10); end != text && tree->count < PROCESSES_MAX;
         pid = strtol(text, &end, 10)) {
        tree->pids[tree->count++] = (pid_t)pid;
        text = end;
    }
}

/* A process's children are listed by the thread that forked them. */
static void add_children(struct tree *tree, pid_t pid)
{
    char path[96], text[CHILDREN_TEXT];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    if (!threads)
        return;
    for (struct dirent *thread; (thread = readdir(threads));) {
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/children", (int)pid, thread->d_name);
        if (thread->d_name[0] != '.' && read_text(path, text, sizeof text))
            add_pids(tree, text);
    }
    closedir(threads);
}

static uint64_t resident_of(pid_t pid)
{
    char path[64], text[128];
    unsigned long long size, resident = 0, shared = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    if (!read_text(path, text, sizeof text) ||
        sscanf(text, "%llu %llu %llu", &size, &resident, &shared) != 3 || shared > resident)
        return 0;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), common = MEMORY_COMMON_BYTES / page;
    return (resident - (shared < common ? shared : common)) * page;
}

uint64_t memory_of_descendants(pid_t root)
{
    struct tree tree = {.pids = {root}, .count = 1};
    uint64_t sum = 0;
    for (unsigned i = 0; i < tree.count; i++) {
        sum += resident_of(tree.pids[i]);
        add_children(&tree, tree.pids[i]);
    }
    return sum;
}

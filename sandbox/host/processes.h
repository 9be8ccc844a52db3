/*
 * The processes of a run, as /proc shows them. The lists are a moment's: whoever runs meanwhile may
 * come or go.
 */
#ifndef HOST_PROCESSES_H
#define HOST_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PROCESSES_MAX 1024u

struct processes {
    pid_t pids[PROCESSES_MAX];
    unsigned count;
};

/* The process and all its descendants, itself first; at most PROCESSES_MAX of them. */
void processes_of(pid_t root, struct processes *ret);

/* A pidfd of the only child of an init that is not reaped, or -errno. */
int pidfd_of_child(pid_t init);

/* The process's threads; at most `most` of them. Returns how many it put there. */
unsigned threads_of(pid_t pid, pid_t *tids, unsigned most);

/* A file's text, cut to size - 1 bytes and terminated. Returns false when there is none. */
bool proc_text(const char *path, char *text, size_t size);

#endif

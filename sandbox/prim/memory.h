/*
 * multiprocessing.shared_memory.SharedMemory: a named piece of memory. Whoever knows the name can
 * attach to it; each process closes its own handle; somebody unlinks it, once.
 *
 *     memory_create("shm", 10, &shm);                  shm = SharedMemory("shm", True, 10)
 *     memcpy(memory_bytes(shm), "Hello", 5);           shm.buf[0:5] = b"Hello"
 *     memory_close(shm);                               shm.close()
 *     memory_unlink(shm);                              shm.unlink()
 *
 * The name and the memory die separately. unlink() takes the name away: those who are attached go
 * on, nobody attaches any more, and the name may be given again. The memory is there until it has
 * neither a name nor an open handle; the end of a process closes its handles. A piece that has its
 * name when the program is over is a leak.
 *
 * The sandbox has no /dev/shm: names are in a table of the run, and the bytes come from the run's
 * memory (sched/run.h), which is never given back, so "released" is what files would be.
 *
 * A handle belongs to the process that made it. A forked child has a copy of it, as in Python, but
 * only who created or attached is counted. What raises in Python returns -errno and records
 * `refused`.
 */
#ifndef PRIM_MEMORY_H
#define PRIM_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_SEGMENTS_MAX 32u         /* made in one run; -ENOSPC beyond */
#define MEMORY_HANDLES_MAX  128u        /* made of one, ever; -EMFILE beyond */
#define MEMORY_BYTES_MAX    (16u << 20) /* of one; -ENOSPC beyond */
#define MEMORY_NAME_MAX     24u         /* with its NUL; a longer one is cut */

struct memory;

/* Zeroed bytes under a new name. -EEXIST: FileExistsError. -EINVAL: no bytes (ValueError). */
int memory_create(const char *name, size_t bytes, struct memory **ret);

/* -ENOENT: FileNotFoundError. */
int memory_attach(const char *name, struct memory **ret);

/* shm.buf, NULL once the handle is closed, and shm.size. */
void *memory_bytes(const struct memory *memory);
size_t memory_size(const struct memory *memory);

/* shm.close(), of this process's handle; again does nothing. */
void memory_close(struct memory *memory);

/* shm.unlink(). -ENOENT: it has no name any more (FileNotFoundError). May follow close(). */
int memory_unlink(struct memory *memory);

/* A piece as a look into /dev/shm and at every process would show it. */
struct memory_state {
    char name[MEMORY_NAME_MAX];
    size_t bytes;
    unsigned handles; /* open, in processes that are there */
    bool named;
};

/* The pieces that are not released, at most `most` of them; returns how many there are. */
unsigned memory_list(struct memory_state *ret, unsigned most);

/* For task.c: a process of a controlled run has ended, and so its handles are closed. */
void memory_handles_dropped(uint16_t process);

#endif

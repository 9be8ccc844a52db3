/*
 * The memory that a process of a controlled run has for itself, although all of them are fibers of
 * one: what the scenario's globals and its private memory hold, and the stacks of those it was
 * forked from, as they were then. It is copied away when another process runs, and back.
 */
#ifndef SCHED_IMAGE_H
#define SCHED_IMAGE_H

#include <stddef.h>

struct image;

/* Private memory, of which each process sees its own: an arena that starts empty. */
struct image_heap;

struct image_heap *image_heap_new(size_t bytes);
void image_heap_free(struct image_heap *heap);
void image_heap_clear(struct image_heap *heap);

/* Zeroed, aligned to 16 bytes; NULL when it is used up. For the process that runs now. */
void *image_alloc(struct image_heap *heap, size_t bytes);

/* The scenario's globals, as they were when the program began. */
struct image_globals {
    char *start;
    size_t bytes;
    char *before;
};

/* Returns 0 or -ENOMEM. Both pointers may be NULL. */
int image_globals_save(struct image_globals *globals, char *start, char *end);
void image_globals_restore(const struct image_globals *globals);
void image_globals_release(struct image_globals *globals);

/* What the first process has. NULL without memory. */
struct image *image_first(struct image_heap *heap, const struct image_globals *globals);

/*
 * A child's memory: a copy of what its maker, who runs now, sees, and of its maker's stack from
 * `stack` to `top`. NULL without memory.
 */
struct image *image_fork(struct image *maker, char *stack, char *top);

/* The same memory as one that does not run. NULL without memory. */
struct image *image_copy(const struct image *image);
void image_free(struct image *image);

/* From a stack that is in none of the two. */
void image_switch(struct image *from, struct image *to);

#endif

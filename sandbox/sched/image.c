#include "sandbox/sched/image.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PIECES_MAX 16u

struct image_heap {
    size_t bytes; /* of the whole, the same for all */
    size_t used;  /* each process's own, like all that follows */
    alignas(16) char memory[];
};

struct piece {
    char *start, *copy;
    size_t bytes, room;
};

struct image {
    struct image_heap *heap;
    struct piece globals, private;
    struct piece stack[PIECES_MAX];
    unsigned stacks;
};

/* The sanitizer's red zones lie between the globals, and are copied with them. */
#if defined(__SANITIZE_ADDRESS__)
__attribute__((no_sanitize("address"), optimize("no-tree-loop-distribute-patterns")))
#endif
static void
copy(char *to, const char *from, size_t bytes)
{
#if defined(__SANITIZE_ADDRESS__)
    for (size_t i = 0; i < bytes; i++)
        to[i] = from[i];
#else
    if (bytes > 0) /* else there may be no memory */
        memcpy(to, from, bytes);
#endif
}

int image_globals_save(struct image_globals *globals, char *start, char *end)
{
    *globals = (struct image_globals){.start = start, .bytes = (size_t)(end - start)};
    if (globals->bytes == 0)
        return 0;
    globals->before = malloc(globals->bytes);
    if (!globals->before)
        return -ENOMEM;
    copy(globals->before, start, globals->bytes);
    return 0;
}

void image_globals_restore(const struct image_globals *globals)
{
    copy(globals->start, globals->before, globals->bytes);
}

void image_globals_release(struct image_globals *globals)
{
    free(globals->before);
    *globals = (struct image_globals){0};
}

struct image_heap *image_heap_new(size_t bytes)
{
    struct image_heap *heap = mmap(NULL, sizeof *heap + bytes, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (heap == MAP_FAILED)
        return NULL;
    heap->bytes = bytes;
    return heap;
}

void image_heap_free(struct image_heap *heap)
{
    if (heap)
        munmap(heap, sizeof *heap + heap->bytes);
}

void image_heap_clear(struct image_heap *heap)
{
    heap->used = 0;
}

void *image_alloc(struct image_heap *heap, size_t bytes)
{
    size_t start = (heap->used + 15) & ~(size_t)15;
    if (bytes > heap->bytes || start > heap->bytes - bytes)
        return NULL;
    heap->used = start + bytes;
    return memset(heap->memory + start, 0, bytes);
}

/* Room for a copy of what is there now, growing as needed. Returns 0 without memory. */
static int make_room(struct piece *piece)
{
    if (piece->bytes <= piece->room)
        return 1;
    size_t room = piece->bytes + piece->bytes / 2;
    char *grown = realloc(piece->copy, room);
    if (!grown)
        return 0;
    piece->copy = grown;
    piece->room = room;
    return 1;
}

static void save_piece(struct piece *piece)
{
    if (!make_room(piece))
        abort(); /* as fork would have failed */
    copy(piece->copy, piece->start, piece->bytes);
}

static void load(const struct piece *piece)
{
    copy(piece->start, piece->copy, piece->bytes);
}

static size_t heap_used(const struct image_heap *heap)
{
    return sizeof *heap + heap->used;
}

static void save(struct image *image)
{
    image->private.bytes = heap_used(image->heap);
    save_piece(&image->globals);
    save_piece(&image->private);
    for (unsigned i = 0; i < image->stacks; i++)
        save_piece(&image->stack[i]);
}

struct image *image_first(struct image_heap *heap, const struct image_globals *globals)
{
    struct image *image = calloc(1, sizeof *image);
    if (!image)
        return NULL;
    image->heap = heap;
    image->globals = (struct piece){.start = globals->start, .bytes = globals->bytes};
    image->private = (struct piece){.start = (char *)heap, .bytes = heap_used(heap)};
    return image;
}

/*
 * From its first child on a maker keeps its own stack, too, as far as a child may have written over
 * it: what is below has no copy elsewhere.
 */
static int keep_stack(struct image *maker, char *stack, char *top)
{
    unsigned i = 0;
    while (i < maker->stacks && maker->stack[i].start + maker->stack[i].bytes != top)
        i++;
    if (i == PIECES_MAX)
        return 0;
    if (i == maker->stacks)
        maker->stack[maker->stacks++] = (struct piece){.start = stack};
    if (stack < maker->stack[i].start)
        maker->stack[i].start = stack;
    maker->stack[i].bytes = (size_t)(top - maker->stack[i].start);
    return 1;
}

struct image *image_fork(struct image *maker, char *stack, char *top)
{
    struct image *image = keep_stack(maker, stack, top) ? calloc(1, sizeof *image) : NULL;
    if (!image)
        return NULL;
    image->heap = maker->heap;
    image->globals = (struct piece){.start = maker->globals.start, .bytes = maker->globals.bytes};
    image->private.start = maker->private.start;
    for (unsigned i = 0; i < maker->stacks; i++) {
        image->stack[i].start = maker->stack[i].start;
        image->stack[i].bytes = maker->stack[i].bytes;
    }
    image->stacks = maker->stacks;
    save(image);
    return image;
}

static int copy_piece(struct piece *to, const struct piece *from)
{
    to->start = from->start;
    to->bytes = from->bytes;
    if (!make_room(to))
        return 0;
    copy(to->copy, from->copy, from->bytes);
    return 1;
}

struct image *image_copy(const struct image *from)
{
    struct image *image = calloc(1, sizeof *image);
    int copied = image && copy_piece(&image->globals, &from->globals) &&
                 copy_piece(&image->private, &from->private);
    for (unsigned i = 0; i < from->stacks && copied; i++)
        copied = copy_piece(&image->stack[i], &from->stack[i]);
    if (!copied) {
        image_free(image);
        return NULL;
    }
    image->heap = from->heap;
    image->stacks = from->stacks;
    return image;
}

void image_free(struct image *image)
{
    if (!image)
        return;
    free(image->globals.copy);
    free(image->private.copy);
    for (unsigned i = 0; i < PIECES_MAX; i++)
        free(image->stack[i].copy);
    free(image);
}

void image_switch(struct image *from, struct image *to)
{
    save(from);
    load(&to->globals);
    load(&to->private);
    for (unsigned i = 0; i < to->stacks; i++)
        load(&to->stack[i]);
}

/*
 * A growing byte buffer with a ceiling that is given when it is made. It always ends in a NUL that
 * is not counted, so text can be read as a C string. The first failure sticks: buf_error() is
 * checked once at the end instead of at every call. One thread at a time.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "sandbox/base/cleanup.h"

#include <stddef.h>

struct buf {
    char *data; /* NULL until the first byte */
    size_t len;
    size_t capacity;
    size_t ceiling; /* most bytes it may ever hold */
    int error;      /* 0, -ENOMEM or -EMSGSIZE (ceiling reached); sticks */
};

#define BUF_INIT(most) ((struct buf){.ceiling = (most)})

/* Frees the bytes; the buffer may be used again with the same ceiling. */
void buf_release(struct buf *b);

/* Forgets the bytes and the error, keeps the memory. */
void buf_clear(struct buf *b);

/* Appends n bytes. Returns 0, -ENOMEM or -EMSGSIZE; on failure nothing is appended. */
int buf_add(struct buf *b, const void *bytes, size_t n);

/* Appends n zero bytes and returns where they start, or NULL. The pointer lives until the next
 * call. */
void *buf_grow(struct buf *b, size_t n);

int buf_adds(struct buf *b, const char *text);
int buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Removes the first n bytes (n <= len). */
void buf_consume(struct buf *b, size_t n);

static inline int buf_error(const struct buf *b)
{
    return b->error;
}

/* The text, "" when empty; owned by the buffer. */
static inline const char *buf_text(const struct buf *b)
{
    return b->data ? b->data : "";
}

/* Hands over the text, for free(); NULL when there is none or something failed. */
char *buf_steal(struct buf *b);

#define _cleanup_buf_ _cleanup_(buf_release)

#endif

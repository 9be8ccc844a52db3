#include "sandbox/base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_release(struct buf *b)
{
    free(b->data);
    *b = BUF_INIT(b->ceiling);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->error = 0;
    if (b->data)
        b->data[0] = '\0';
}

/* Makes room for n more bytes and the closing NUL. */
static int buf_reserve(struct buf *b, size_t n)
{
    if (b->error)
        return b->error;
    if (n > b->ceiling || b->len > b->ceiling - n)
        return b->error = -EMSGSIZE;
    size_t needed = b->len + n + 1;
    if (needed <= b->capacity)
        return 0;
    size_t capacity = b->capacity ? b->capacity : 128;
    while (capacity < needed)
        capacity *= 2;
    char *data = realloc(b->data, capacity);
    if (!data)
        return b->error = -ENOMEM;
    b->data = data;
    b->capacity = capacity;
    return 0;
}

void *buf_grow(struct buf *b, size_t n)
{
    if (buf_reserve(b, n) < 0)
        return NULL;
    char *start = b->data + b->len;
    memset(start, 0, n + 1);
    b->len += n;
    return start;
}

int buf_add(struct buf *b, const void *bytes, size_t n)
{
    int r = buf_reserve(b, n);
    if (r < 0)
        return r;
    if (n)
        memcpy(b->data + b->len, bytes, n);
    b->len += n;
    b->data[b->len] = '\0';
    return 0;
}

int buf_adds(struct buf *b, const char *text)
{
    return buf_add(b, text, strlen(text));
}

int buf_printf(struct buf *b, const char *format, ...)
{
    char small[256];
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    int r = n < 0 ? (b->error = -EINVAL) : 0;
    if (r == 0 && (size_t)n < sizeof small) {
        r = buf_add(b, small, (size_t)n);
    } else if (r == 0 && (r = buf_reserve(b, (size_t)n)) == 0) {
        vsnprintf(b->data + b->len, (size_t)n + 1, format, again);
        b->len += (size_t)n;
    }
    va_end(again);
    return r;
}

void buf_consume(struct buf *b, size_t n)
{
    memmove(b->data, b->data + n, b->len - n + 1);
    b->len -= n;
}

char *buf_steal(struct buf *b)
{
    char *text = b->error ? NULL : b->data;
    if (text)
        *b = BUF_INIT(b->ceiling);
    return text;
}

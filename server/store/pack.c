#include "server/store/pack.h"

#include <errno.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { LEVEL = 1 };

int pack(const void *bytes, size_t n, struct buf *out)
{
    size_t bound = ZSTD_compressBound(n), start = out->len;
    char *at = buf_grow(out, bound);
    if (!at)
        return buf_error(out);
    size_t used = ZSTD_compress(at, bound, bytes, n, LEVEL);
    out->len = start;
    if (ZSTD_isError(used))
        return -ENOMEM;
    out->len += used;
    return 0;
}

int unpack(const void *frame, size_t n, size_t raw_bytes, struct buf *out)
{
    char *at = buf_grow(out, raw_bytes);
    if (!at)
        return buf_error(out);
    size_t made = ZSTD_decompress(at, raw_bytes, frame, n);
    if (ZSTD_getErrorCode(made) == ZSTD_error_memory_allocation)
        return -ENOMEM;
    return made == raw_bytes ? 0 : -EBADMSG;
}

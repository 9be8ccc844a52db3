/* Traces as one zstd frame: what the store keeps and the API hands out as it is. */
#ifndef STORE_PACK_H
#define STORE_PACK_H

#include "sandbox/base/buf.h"

/* Both append to out. Return 0, out's error, or -EBADMSG for a frame that is damaged. */
int pack(const void *bytes, size_t n, struct buf *out);
int unpack(const void *frame, size_t n, size_t raw_bytes, struct buf *out);

#endif

/* Server-sent events as bytes. */
#ifndef HTTP_SSE_H
#define HTTP_SSE_H

#include "sandbox/base/buf.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SSE_TYPE "text/event-stream"

/* How often the place of something in a queue is looked at. */
#define SSE_QUEUED_NS UINT64_C(1000000000)

/* Appends an event; `data` is JSON on one line. An error of it is one of `out` then: a stream ends
 * instead of telling half of something, and who comes back is told all. */
void sse_put(struct buf *out, const char *name, uint64_t id, const struct buf *data);

/*
 * A stream that goes on. Ten seconds after it last said something it says that it is still there,
 * at a moment it shares with others, four a second, so that thousands of idle ones do not wake the
 * server one by one. Times are CLOCK_MONOTONIC.
 */
struct sse {
    struct buf pending; /* written out from `sent` on */
    size_t sent;
    uint64_t heartbeat_ns; /* when it is to say that */
    bool over;             /* nothing follows what is pending */
};

/* At most so many bytes are pending. */
struct sse sse_begin(size_t most);
void sse_end(struct sse *s);

/* Whether all was written out and more may be put into `pending`. */
bool sse_wants(struct sse *s);

/* To be called when that was done. */
void sse_settle(struct sse *s, uint64_t now_ns);

/* Copies at most n bytes of what is pending: returns how many, -1 at the end. */
ssize_t sse_take(struct sse *s, char *out, size_t n);

#endif

/* Server-sent events as bytes. */
#ifndef SERVER_SSE_H
#define SERVER_SSE_H

#include "sandbox/base/buf.h"

#include <stdint.h>

#define SSE_TYPE "text/event-stream"

/* A stream that says nothing says that it is there. */
#define SSE_HEARTBEAT_NS UINT64_C(10000000000)
#define SSE_HEARTBEAT    ": still here\n\n"

/* How often the place of something in a queue is looked at. */
#define SSE_QUEUED_NS UINT64_C(1000000000)

/* Appends an event; `data` is JSON on one line. */
void sse_put(struct buf *out, const char *name, uint64_t id, const struct buf *data);

#endif

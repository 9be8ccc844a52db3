#include "server/http/sse.h"

#include "sandbox/base/clock.h"

#include <inttypes.h>
#include <string.h>

#define SILENCE_NS UINT64_C(10000000000)
#define MOMENT_NS  UINT64_C(250000000)

void sse_put(struct buf *out, const char *name, uint64_t id, const struct buf *data)
{
    if (!buf_error(out))
        out->error = buf_error(data);
    buf_printf(out, "event: %s\nid: %" PRIu64 "\ndata: ", name, id);
    buf_add(out, buf_text(data), data->len);
    buf_adds(out, "\n\n");
}

static uint64_t heartbeat_after(uint64_t now_ns)
{
    return (now_ns + SILENCE_NS + MOMENT_NS - 1) / MOMENT_NS * MOMENT_NS;
}

struct sse sse_begin(size_t most)
{
    return (struct sse){.pending = BUF_INIT(most), .heartbeat_ns = heartbeat_after(clock_ns())};
}

void sse_end(struct sse *s)
{
    buf_release(&s->pending);
}

bool sse_wants(struct sse *s)
{
    if (s->sent < s->pending.len || s->over || buf_error(&s->pending))
        return false;
    buf_clear(&s->pending);
    s->sent = 0;
    return true;
}

void sse_settle(struct sse *s, uint64_t now_ns)
{
    if (s->pending.len == 0 && now_ns >= s->heartbeat_ns)
        buf_adds(&s->pending, ": still here\n\n");
    if (s->pending.len > 0)
        s->heartbeat_ns = heartbeat_after(now_ns);
}

ssize_t sse_take(struct sse *s, char *out, size_t n)
{
    size_t ready = s->pending.len - s->sent;
    if (ready == 0)
        return s->over || buf_error(&s->pending) ? -1 : 0;
    if (ready > n)
        ready = n;
    memcpy(out, s->pending.data + s->sent, ready);
    s->sent += ready;
    return (ssize_t)ready;
}

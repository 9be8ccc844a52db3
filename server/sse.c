#include "server/sse.h"

#include <inttypes.h>

void sse_put(struct buf *out, const char *name, uint64_t id, const struct buf *data)
{
    buf_printf(out, "event: %s\nid: %" PRIu64 "\ndata: ", name, id);
    buf_add(out, buf_text(data), data->len);
    buf_adds(out, "\n\n");
}

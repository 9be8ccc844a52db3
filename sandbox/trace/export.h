/* A decoded, sorted trace as text: the API's JSON, Chrome's trace JSON (for Perfetto), CSV. */
#ifndef TRACE_EXPORT_H
#define TRACE_EXPORT_H

#include "sandbox/trace/chunk.h"

/* Each appends to out and returns 0 or out's error. Times are nanoseconds (Chrome: microseconds).
 */
int trace_export_json(const struct trace *trace, struct buf *out);
int trace_export_chrome(const struct trace *trace, struct buf *out);
int trace_export_csv(const struct trace *trace, struct buf *out);

#endif

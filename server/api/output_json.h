/* A run's output as JSON segments. */
#ifndef API_OUTPUT_JSON_H
#define API_OUTPUT_JSON_H

#include "sandbox/base/jsonw.h"
#include "server/store/store.h"

/*
 * Writes "segments": [{"task","t","text"}] for the bytes from … to of the output; a segment that
 * lies across a border is cut.
 */
void segments_write(struct jsonw *w, const struct buf *text, const struct buf *segments,
                    size_t from, size_t to);

#endif

#include "server/api/output_json.h"

#include "sandbox/trace/shared.h"

static void write_segment(struct jsonw *w, const struct output_segment *segment, const char *text,
                          size_t n)
{
    jsonw_open(w, '{');
    jsonw_name(w, "task");
    if (segment->task == TRACE_NO_TASK)
        jsonw_null(w);
    else
        jsonw_integer(w, segment->task);
    jsonw_put_integer(w, "t", (int64_t)segment->t_ns);
    jsonw_name(w, "text");
    jsonw_string_n(w, text, n);
    jsonw_close(w, '}');
}

void segments_write(struct jsonw *w, const struct buf *text, const struct buf *segments,
                    size_t from, size_t to)
{
    const struct output_segment *list = (const struct output_segment *)segments->data;
    size_t count = segments->len / sizeof *list, start = 0;
    jsonw_name(w, "segments");
    jsonw_open(w, '[');
    for (size_t i = 0; i < count && start < to; i++) {
        size_t end = start + list[i].bytes;
        size_t first = start > from ? start : from, last = end < to ? end : to;
        if (last > text->len)
            break;
        if (first < last)
            write_segment(w, &list[i], text->data + first, last - first);
        start = end;
    }
    jsonw_close(w, ']');
}

/* Chunks of a trace, as they come out of the store and out of somebody's file. */
#include "tests/fuzz/fuzz.h"

#include "sandbox/base/utf8.h"
#include "sandbox/trace/export.h"
#include "server/base/json.h"
#include "server/pictures/lanes.h"

#include <errno.h>
#include <string.h>

enum { TEXT_MOST = 16 << 20 };

static bool is_clean(const char *text)
{
    size_t n = strlen(text), width = 1;
    for (; n > 0 && width > 0; text += width, n -= width)
        width = (unsigned char)*text < ' ' ? 0 : utf8_width(text, n);
    return n == 0;
}

static void expect_whole(const struct trace *trace)
{
    for (uint32_t i = 0; i < trace->task_count; i++)
        check(trace->tasks[i].id == i && is_clean(trace->tasks[i].name));
    for (uint32_t i = 0; i < trace->object_count; i++)
        check(trace->objects[i].id == i && is_clean(trace->objects[i].name));
    for (uint32_t i = 0; i < trace->event_count; i++) {
        const struct chunk_event *e = &trace->events[i];
        check(e->task < trace->task_count && e->cause <= trace->event_count);
        check(e->object == UINT16_MAX || e->object < trace->object_count);
    }
}

/* As a picture of it does; `in_turn` as if one task ran at a time. */
static void follow(const struct trace *trace, bool in_turn)
{
    struct lanes lanes;
    uint8_t columns[64];
    int r = lanes_follow(&lanes, trace, in_turn);
    check(r == 0 || r == -E2BIG);
    if (r == 0)
        check(lanes_finish(&lanes, lanes.last_ns, true) == 0);
    for (uint32_t i = 0; r == 0 && i < lanes.count; i++)
        lane_columns(&lanes.lane[i], lanes.until_ns, sizeof columns, columns);
    lanes_release(&lanes);
}

static void export(const struct trace *trace)
{
    _cleanup_buf_ struct buf text = BUF_INIT(TEXT_MOST);
    struct doc *doc;
    check(trace_export_csv(trace, &text) == 0);
    buf_clear(&text);
    check(trace_export_json(trace, &text) == 0);
    check(doc_parse(&doc, text.data, text.len, NULL) == 0);
    doc_free(doc);
    buf_clear(&text);
    check(trace_export_chrome(trace, &text) == 0);
    check(doc_parse(&doc, text.data, text.len, NULL) == 0);
    doc_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct trace trace;
    struct err err = {0};
    (void)chunk_count_events(bytes, n);
    int r = trace_decode(&trace, bytes, n, &err);
    check(r == 0 || (r == -EBADMSG && err.text[0]));
    if (r == 0) {
        check(chunk_count_events(bytes, n) == trace.event_count);
        follow(&trace, false);
        check(trace_sort(&trace) == 0);
        expect_whole(&trace);
        for (uint32_t i = 1; i < trace.event_count; i++)
            check(trace.events[i].t_ns >= trace.events[i - 1].t_ns);
        follow(&trace, true);
        export(&trace);
    }
    trace_release(&trace);
    return 0;
}

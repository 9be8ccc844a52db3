#include "sandbox/trace/export.h"

#include "sandbox/base/jsonw.h"
#include "sandbox/trace/kinds.h"

#include <inttypes.h>

static void entry_json(struct jsonw *w, const struct chunk_entry *entry, const char *kind)
{
    jsonw_open(w, '{');
    jsonw_put_integer(w, "id", entry->id);
    jsonw_put_string(w, "kind", kind);
    jsonw_put_string(w, "name", entry->name);
}

static void tasks_json(struct jsonw *w, const struct trace *trace)
{
    jsonw_name(w, "tasks");
    jsonw_open(w, '[');
    for (uint32_t i = 0; i < trace->task_count; i++) {
        entry_json(w, &trace->tasks[i], task_kind_text(trace->tasks[i].kind));
        jsonw_name(w, "parent");
        if (trace->tasks[i].parent == UINT16_MAX)
            jsonw_null(w);
        else
            jsonw_integer(w, trace->tasks[i].parent);
        jsonw_close(w, '}');
    }
    jsonw_close(w, ']');
}

static void objects_json(struct jsonw *w, const struct trace *trace)
{
    jsonw_name(w, "objects");
    jsonw_open(w, '[');
    for (uint32_t i = 0; i < trace->object_count; i++) {
        entry_json(w, &trace->objects[i], object_kind_text(trace->objects[i].kind));
        jsonw_close(w, '}');
    }
    jsonw_close(w, ']');
}

static void event_json(struct jsonw *w, const struct chunk_event *e)
{
    jsonw_open(w, '{');
    jsonw_put_integer(w, "t", (int64_t)e->t_ns);
    jsonw_put_integer(w, "task", e->task);
    jsonw_put_string(w, "kind", event_kind_text(e->kind));
    jsonw_name(w, "object");
    if (e->object == UINT16_MAX)
        jsonw_null(w);
    else
        jsonw_integer(w, e->object);
    jsonw_put_integer(w, "value", e->value);
    jsonw_put_integer(w, "aux", e->aux);
    jsonw_name(w, "cause");
    if (e->cause == 0)
        jsonw_null(w);
    else
        jsonw_integer(w, (int64_t)e->cause - 1);
    jsonw_name(w, "line");
    if (e->line == 0)
        jsonw_null(w);
    else
        jsonw_integer(w, e->line);
    jsonw_close(w, '}');
}

int trace_export_json(const struct trace *trace, struct buf *out)
{
    struct jsonw w = JSONW(out);
    jsonw_open(&w, '{');
    tasks_json(&w, trace);
    objects_json(&w, trace);
    jsonw_name(&w, "events");
    jsonw_open(&w, '[');
    for (uint32_t i = 0; i < trace->event_count; i++)
        event_json(&w, &trace->events[i]);
    jsonw_close(&w, ']');
    jsonw_put_integer(&w, "dropped", (int64_t)trace->dropped);
    jsonw_put_integer(&w, "skipped", (int64_t)trace->skipped);
    jsonw_put_integer(&w, "malformed", trace->malformed);
    jsonw_put_bool(&w, "complete", trace->complete);
    jsonw_close(&w, '}');
    return buf_error(out);
}

/* A name as a CSV field: quoted, quotes doubled. */
static void csv_text(struct buf *out, const char *text)
{
    buf_adds(out, "\"");
    for (; *text; text++) {
        if (*text == '"')
            buf_adds(out, "\"");
        buf_add(out, text, 1);
    }
    buf_adds(out, "\"");
}

int trace_export_csv(const struct trace *trace, struct buf *out)
{
    buf_adds(out, "index,t_ns,task,task_name,kind,object,object_name,value,aux,cause,line\r\n");
    for (uint32_t i = 0; i < trace->event_count; i++) {
        const struct chunk_event *e = &trace->events[i];
        buf_printf(out, "%u,%" PRIu64 ",%u,", i, e->t_ns, e->task);
        csv_text(out, trace->tasks[e->task].name);
        buf_printf(out, ",%s,", event_kind_text(e->kind));
        if (e->object != UINT16_MAX) {
            buf_printf(out, "%u,", e->object);
            csv_text(out, trace->objects[e->object].name);
        } else {
            buf_adds(out, ",");
        }
        buf_printf(out, ",%" PRId64 ",%u,", e->value, e->aux);
        if (e->cause)
            buf_printf(out, "%u", e->cause - 1);
        buf_adds(out, ",");
        if (e->line)
            buf_printf(out, "%u", e->line);
        buf_adds(out, "\r\n");
    }
    return buf_error(out);
}

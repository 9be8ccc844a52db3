#include "sandbox/trace/export.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/jsonw.h"
#include "sandbox/trace/kinds.h"

#include <errno.h>
#include <stdlib.h>

/* The members every Chrome trace event has; the object stays open. */
static void chrome_event(struct jsonw *w, const char *phase, const char *name, uint64_t t_ns,
                         unsigned task)
{
    jsonw_open(w, '{');
    jsonw_put_string(w, "ph", phase);
    jsonw_put_string(w, "name", name);
    jsonw_name(w, "ts");
    jsonw_number(w, (double)t_ns / 1000);
    jsonw_put_integer(w, "pid", 1);
    jsonw_put_integer(w, "tid", task);
}

static void chrome_thread_name(struct jsonw *w, const struct chunk_entry *task)
{
    chrome_event(w, "M", "thread_name", 0, task->id);
    jsonw_name(w, "args");
    jsonw_open(w, '{');
    jsonw_put_string(w, "name", task->name);
    jsonw_close(w, '}');
    jsonw_close(w, '}');
}

/* What an event does to Chrome's slices of its task. */
static const char *chrome_phase(unsigned kind)
{
    switch (kind) {
    case EVENT_TASK_STARTED:
    case EVENT_LOCK_WAIT:
    case EVENT_JOIN_WAIT:
    case EVENT_ITEM_STARTED:
    case EVENT_SLEEP_BEGAN:
    case EVENT_WORK_BEGAN:
        return "B";
    case EVENT_TASK_ENDED:
    case EVENT_JOIN_DONE:
    case EVENT_ITEM_FINISHED:
    case EVENT_ITEM_FAILED:
    case EVENT_SLEEP_ENDED:
    case EVENT_WORK_ENDED:
        return "E";
    }
    return "i";
}

static void chrome_args(struct jsonw *w, const struct trace *trace, const struct chunk_event *e)
{
    jsonw_name(w, "args");
    jsonw_open(w, '{');
    jsonw_put_integer(w, "value", e->value);
    if (e->object != UINT16_MAX)
        jsonw_put_string(w, "object", trace->objects[e->object].name);
    if (e->line)
        jsonw_put_integer(w, "line", e->line);
    jsonw_close(w, '}');
}

/* A flow arrow from the causing event to this one. */
static void chrome_flow(struct jsonw *w, const struct trace *trace, uint32_t effect)
{
    const struct chunk_event *to = &trace->events[effect];
    const struct chunk_event *from = &trace->events[to->cause - 1];
    chrome_event(w, "s", "cause", from->t_ns, from->task);
    jsonw_put_integer(w, "id", effect);
    jsonw_close(w, '}');
    chrome_event(w, "f", "cause", to->t_ns, to->task);
    jsonw_put_integer(w, "id", effect);
    jsonw_put_string(w, "bp", "e");
    jsonw_close(w, '}');
}

/* The slice a lock's waiter is in ends when it gets the lock. */
static void chrome_end_wait(struct jsonw *w, const struct chunk_event *e, bool *waiting)
{
    if (e->kind == EVENT_LOCK_ACQUIRED && waiting[e->task]) {
        chrome_event(w, "E", "lock.wait", e->t_ns, e->task);
        jsonw_close(w, '}');
    }
    if (e->kind == EVENT_LOCK_WAIT || e->kind == EVENT_LOCK_ACQUIRED)
        waiting[e->task] = e->kind == EVENT_LOCK_WAIT;
}

static void chrome_one(struct jsonw *w, const struct trace *trace, uint32_t i)
{
    const struct chunk_event *e = &trace->events[i];
    const char *phase = chrome_phase(e->kind);
    chrome_event(w, phase, event_kind_text(e->kind), e->t_ns, e->task);
    if (phase[0] == 'i')
        jsonw_put_string(w, "s", "t");
    chrome_args(w, trace, e);
    jsonw_close(w, '}');
    if (e->cause)
        chrome_flow(w, trace, i);
}

int trace_export_chrome(const struct trace *trace, struct buf *out)
{
    _cleanup_free_ bool *waiting = calloc(trace->task_count + 1, sizeof *waiting);
    if (!waiting)
        return -ENOMEM;
    struct jsonw w = JSONW(out);
    jsonw_open(&w, '{');
    jsonw_put_string(&w, "displayTimeUnit", "ns");
    jsonw_name(&w, "traceEvents");
    jsonw_open(&w, '[');
    for (uint32_t i = 0; i < trace->task_count; i++)
        chrome_thread_name(&w, &trace->tasks[i]);
    for (uint32_t i = 0; i < trace->event_count; i++) {
        chrome_end_wait(&w, &trace->events[i], waiting);
        chrome_one(&w, trace, i);
    }
    jsonw_close(&w, ']');
    jsonw_close(&w, '}');
    return buf_error(out);
}

#include "sandbox/trace/reader.h"

#include "sandbox/base/utf8.h"
#include "sandbox/proto/ended.h"
#include "sandbox/trace/reader_private.h"

#include <string.h>

_Static_assert(ENDED_COUNT <= sizeof((struct trace_result){0}.class_of_end),
               "a class for each end");

void clean_text(char *text, size_t size)
{
    char copy[CLEAN_MAX];
    memcpy(copy, text, size);
    utf8_clean(text, size, copy, size);
}

static void clean_checks(struct trace_result *result)
{
    if (result->checks > TRACE_CHECKS_MAX)
        result->checks = TRACE_CHECKS_MAX;
    for (uint32_t i = 0; i < result->checks; i++) {
        struct trace_check *check = &result->check[i];
        clean_text(check->name, sizeof check->name);
        clean_text(check->expected, sizeof check->expected);
        clean_text(check->actual, sizeof check->actual);
        check->held = check->held == 1;
    }
}

static void clean_metrics(struct trace_result *result)
{
    if (result->metrics > TRACE_METRICS_MAX)
        result->metrics = TRACE_METRICS_MAX;
    for (uint32_t i = 0; i < result->metrics; i++)
        clean_text(result->metric[i].name, sizeof result->metric[i].name);
}

void trace_reader_result(const struct trace_reader *reader, struct trace_result *ret)
{
    copy_once(ret, &reader->shared->result, sizeof *ret);
    clean_text(ret->outcome, sizeof ret->outcome);
    if (ret->outcome_set != 1 || ret->outcome_class >= CLASS_COUNT)
        ret->outcome_set = 0;
    if (ret->outcome_rule < 0 || ret->outcome_rule > INT8_MAX)
        ret->outcome_rule = -1;
    clean_checks(ret);
    clean_metrics(ret);
    if (ret->stop >= TRACE_STOP_COUNT)
        ret->stop = TRACE_STOP_NONE;
    for (size_t i = 0; i < sizeof ret->class_of_end; i++)
        if (ret->class_of_end[i] >= CLASS_COUNT)
            ret->class_of_end[i] = CLASS_NONE;
}

/* Cell by cell, since a tab is no clean character; none gets longer or shorter. */
static void clean_cells(char *out, char *cells)
{
    cells[TRACE_ROW_BYTES - 1] = '\0';
    for (;;) {
        size_t length = strcspn(cells, "\t");
        utf8_clean(out, length + 1, cells, length);
        if (cells[length] == '\0')
            return;
        out[length] = '\t';
        out += length + 1;
        cells += length + 1;
    }
}

void trace_reader_table(const struct trace_reader *reader, struct trace_table *ret)
{
    const struct trace_table *table = &reader->shared->table;
    uint32_t rows = atomic_load_explicit(&table->rows, memory_order_acquire);
    ret->rows = rows < TRACE_ROWS_MAX ? rows : TRACE_ROWS_MAX;
    for (uint32_t i = 0; i < ret->rows; i++) {
        char copy[TRACE_ROW_BYTES];
        copy_once(copy, table->row[i], sizeof copy);
        clean_cells(ret->row[i], copy);
    }
}

uint32_t bounded_count(const _Atomic uint32_t *count, uint32_t most)
{
    uint32_t n = atomic_load_explicit(count, memory_order_acquire);
    return n < most ? n : most;
}

void copy_name(char *out, const char *name)
{
    char copy[TRACE_NAME_MAX];
    copy_once(copy, name, sizeof copy);
    utf8_clean(out, TRACE_NAME_MAX, copy, sizeof copy);
}

void trace_reader_task(const struct trace_reader *reader, uint32_t task, char *out)
{
    out[0] = '\0';
    if (task < bounded_count(&reader->shared->tasks, TRACE_TASKS_MAX))
        copy_name(out, reader->shared->task[task].name);
}

void trace_reader_object(const struct trace_reader *reader, uint32_t object, char *out)
{
    out[0] = '\0';
    if (TRACE_IS_TASK(object))
        trace_reader_task(reader, object - TRACE_OBJECTS_MAX, out);
    else if (object < bounded_count(&reader->shared->objects, TRACE_OBJECTS_MAX))
        copy_name(out, reader->shared->object[object].name);
}

struct waits {
    struct trace_wait *wait;
    size_t count, most;
};

static struct trace_wait *add_wait(struct waits *waits, const struct trace_wait *like)
{
    if (waits->count == waits->most)
        return NULL;
    waits->wait[waits->count] = *like;
    return &waits->wait[waits->count++];
}

/* One wait for each task in the bitmap, or one without a holder. */
static void add_holders(const struct trace_reader *reader, struct waits *waits,
                        const _Atomic uint64_t *bitmap, const struct trace_wait *like)
{
    uint32_t tasks = bounded_count(&reader->shared->tasks, TRACE_TASKS_MAX);
    bool any = false;
    for (uint32_t t = 0; t < tasks; t++) {
        uint64_t word = atomic_load_explicit(&bitmap[t / 64], memory_order_relaxed);
        if (!(word >> t % 64 & 1))
            continue;
        struct trace_wait *wait = add_wait(waits, like);
        if (!wait)
            return;
        trace_reader_task(reader, t, wait->holder);
        wait->holder_id = (uint16_t)t;
        any = true;
    }
    if (!any)
        add_wait(waits, like);
}

static void add_waits_of(const struct trace_reader *reader, uint32_t task, struct waits *waits)
{
    const struct trace_task_slot *slot = &reader->shared->task[task];
    if (atomic_load_explicit(&slot->state, memory_order_acquire) != TASK_STATE_WAITING)
        return;
    uint32_t on = atomic_load_explicit(&slot->waits_on, memory_order_relaxed);
    uint32_t id = on & 0xffffu;
    if (on != TRACE_WAITS_NOTHING && on & TRACE_WAITS_TO_SERVE)
        return;
    struct trace_wait wait = {.task_id = (uint16_t)task, .holder_id = TRACE_NO_TASK};
    trace_reader_task(reader, task, wait.task);
    if (on != TRACE_WAITS_NOTHING && on & TRACE_WAITS_TASK) {
        if (id >= bounded_count(&reader->shared->tasks, TRACE_TASKS_MAX))
            return;
        trace_reader_task(reader, id, wait.object);
        trace_reader_task(reader, id, wait.holder);
        wait.holder_id = (uint16_t)id;
        add_wait(waits, &wait);
    } else if (id < bounded_count(&reader->shared->objects, TRACE_OBJECTS_MAX)) {
        const struct trace_object_slot *object = &reader->shared->object[id];
        copy_name(wait.object, object->name);
        wait.object_kind = object->kind;
        wait.for_room = on & TRACE_WAITS_ROOM;
        add_holders(reader, waits, on & TRACE_WAITS_ROOM ? object->receivers : object->holders,
                    &wait);
    }
}

size_t trace_reader_waits(const struct trace_reader *reader, struct trace_wait *waits, size_t most)
{
    struct waits list = {.wait = waits, .most = most};
    uint32_t tasks = bounded_count(&reader->shared->tasks, TRACE_TASKS_MAX);
    for (uint32_t t = 0; t < tasks; t++)
        add_waits_of(reader, t, &list);
    return list.count;
}

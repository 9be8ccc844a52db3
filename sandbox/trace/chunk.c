#include "sandbox/trace/chunk.h"

#include "sandbox/base/utf8.h"
#include "sandbox/trace/kinds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "columns are copied as they lie in memory");

struct header {
    uint32_t magic, bytes, events, flags, tasks, objects;
    uint64_t base_ns, first, dropped, skipped;
    uint32_t malformed, unused;
};
_Static_assert(sizeof(struct header) == CHUNK_HEADER, "the header is 64 bytes");

struct entry {
    uint16_t id;
    uint8_t kind, unused;
    uint16_t parent, length;
    char name[CHUNK_NAME_MAX];
};
_Static_assert(sizeof(struct entry) == CHUNK_ENTRY, "an entry is 48 bytes");

/* Where the columns of a chunk lie, in bytes from its start. */
struct layout {
    size_t tasks, objects, time, value, cause, task, object, aux, kind, line, end;
};

static size_t after(size_t start, size_t count, size_t width)
{
    return (start + count * width + 7) & ~(size_t)7;
}

static struct layout lay_out(size_t tasks, size_t objects, size_t events, uint32_t flags)
{
    struct layout l = {.tasks = CHUNK_HEADER};
    l.objects = after(l.tasks, tasks, CHUNK_ENTRY);
    l.time = after(l.objects, objects, CHUNK_ENTRY);
    l.value = after(l.time, events, 4);
    l.cause = after(l.value, events, flags & CHUNK_FLAG_WIDE ? 8 : 4);
    l.task = after(l.cause, events, 4);
    l.object = after(l.task, events, 2);
    l.aux = after(l.object, events, 2);
    l.kind = after(l.aux, events, 2);
    l.line = after(l.kind, events, 1);
    l.end = after(l.line, flags & CHUNK_FLAG_LINES ? events : 0, 2);
    return l;
}

static uint32_t flags_of(const struct chunk *chunk)
{
    uint32_t flags = chunk->last ? CHUNK_FLAG_LAST : 0;
    for (uint32_t i = 0; i < chunk->event_count; i++) {
        const struct chunk_event *event = &chunk->events[i];
        if (event->value != (int32_t)event->value)
            flags |= CHUNK_FLAG_WIDE;
        if (event->line != 0)
            flags |= CHUNK_FLAG_LINES;
    }
    return flags;
}

static void put_entries(char *out, const struct chunk_entry *entries, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct entry e = {.id = entries[i].id,
                          .kind = entries[i].kind,
                          .parent = entries[i].parent,
                          .length = (uint16_t)strlen(entries[i].name)};
        memcpy(e.name, entries[i].name, e.length);
        memcpy(out + i * sizeof e, &e, sizeof e);
    }
}

static void put_event(char *out, const struct layout *l, uint32_t i,
                      const struct chunk_event *event, const struct header *header)
{
    uint32_t delta = (uint32_t)(event->t_ns - header->base_ns);
    int32_t narrow = (int32_t)event->value;
    memcpy(out + l->time + i * 4, &delta, 4);
    if (header->flags & CHUNK_FLAG_WIDE)
        memcpy(out + l->value + i * 8, &event->value, 8);
    else
        memcpy(out + l->value + i * 4, &narrow, 4);
    memcpy(out + l->cause + i * 4, &event->cause, 4);
    memcpy(out + l->task + i * 2, &event->task, 2);
    memcpy(out + l->object + i * 2, &event->object, 2);
    memcpy(out + l->aux + i * 2, &event->aux, 2);
    out[l->kind + i] = (char)event->kind;
    if (header->flags & CHUNK_FLAG_LINES)
        memcpy(out + l->line + i * 2, &event->line, 2);
}

int chunk_encode(const struct chunk *chunk, struct buf *out)
{
    uint32_t flags = flags_of(chunk);
    struct layout l = lay_out(chunk->task_count, chunk->object_count, chunk->event_count, flags);
    char *start = buf_grow(out, l.end);
    if (!start)
        return buf_error(out);
    struct header header = {.magic = CHUNK_MAGIC,
                            .bytes = (uint32_t)l.end,
                            .events = chunk->event_count,
                            .flags = flags,
                            .tasks = chunk->task_count,
                            .objects = chunk->object_count,
                            .base_ns = chunk->event_count ? chunk->events[0].t_ns : 0,
                            .first = chunk->first,
                            .dropped = chunk->dropped,
                            .skipped = chunk->skipped,
                            .malformed = chunk->malformed};
    memcpy(start, &header, sizeof header);
    put_entries(start + l.tasks, chunk->tasks, chunk->task_count);
    put_entries(start + l.objects, chunk->objects, chunk->object_count);
    for (uint32_t i = 0; i < chunk->event_count; i++)
        put_event(start, &l, i, &chunk->events[i], &header);
    return 0;
}

uint64_t chunk_count_events(const void *bytes, size_t n)
{
    uint64_t events = 0;
    struct header header;
    for (size_t at = 0; n - at >= sizeof header; at += header.bytes) {
        memcpy(&header, (const char *)bytes + at, sizeof header);
        if (header.bytes < sizeof header || header.bytes > n - at)
            break;
        events += header.events;
    }
    return events;
}

/* What an array of so many entries has room for: a power of two. */
static size_t room_for(size_t count)
{
    size_t room = 64;
    while (room < count)
        room *= 2;
    return room;
}

/*
 * Makes room for `more` entries behind the `count` that are there. Many small chunks take no longer
 * than a large one.
 */
static void *extend(void *array, uint32_t count, uint32_t more, size_t width)
{
    size_t room = room_for((size_t)count + more);
    if (more == 0 || (array && room == room_for(count)))
        return array;
    return realloc(array, room * width);
}

/* Whether the name is what the writer made of it; *ret has it then. */
static bool get_name(const struct entry *e, char ret[static CHUNK_NAME_MAX])
{
    if (e->length >= CHUNK_NAME_MAX)
        return false;
    utf8_clean(ret, CHUNK_NAME_MAX, e->name, e->length);
    return strlen(ret) == e->length && memcmp(ret, e->name, e->length) == 0;
}

static int get_entries(const char *bytes, uint32_t more, struct chunk_entry **entries,
                       uint32_t *count, const char *(*kind_text)(unsigned), struct err *err)
{
    struct chunk_entry *grown = extend(*entries, *count, more, sizeof *grown);
    if (!grown && more)
        return err_errno(err, ENOMEM, "trace tables");
    *entries = grown;
    for (uint32_t i = 0; i < more; i++) {
        struct entry e;
        memcpy(&e, bytes + i * sizeof e, sizeof e);
        if (e.id != *count)
            return err_set(err, EBADMSG, "entry %u of the trace's tables has id %u", *count, e.id);
        if (e.parent != UINT16_MAX && e.parent >= e.id)
            return err_set(err, EBADMSG, "entry %u of the trace's tables comes before its parent",
                           e.id);
        struct chunk_entry *entry = &grown[*count];
        *entry = (struct chunk_entry){.id = e.id, .kind = e.kind, .parent = e.parent};
        if (!kind_text(e.kind) || !get_name(&e, entry->name))
            return err_set(err, EBADMSG, "entry %u of the trace's tables is malformed", e.id);
        (*count)++;
    }
    return 0;
}

static struct chunk_event get_event(const char *bytes, const struct layout *l, uint32_t i,
                                    const struct header *header)
{
    struct chunk_event e = {0};
    uint32_t delta;
    int32_t narrow;
    memcpy(&delta, bytes + l->time + i * 4, 4);
    e.t_ns = header->base_ns + delta;
    if (header->flags & CHUNK_FLAG_WIDE) {
        memcpy(&e.value, bytes + l->value + i * 8, 8);
    } else {
        memcpy(&narrow, bytes + l->value + i * 4, 4);
        e.value = narrow;
    }
    memcpy(&e.cause, bytes + l->cause + i * 4, 4);
    memcpy(&e.task, bytes + l->task + i * 2, 2);
    memcpy(&e.object, bytes + l->object + i * 2, 2);
    memcpy(&e.aux, bytes + l->aux + i * 2, 2);
    e.kind = (uint8_t)bytes[l->kind + i];
    if (header->flags & CHUNK_FLAG_LINES)
        memcpy(&e.line, bytes + l->line + i * 2, 2);
    return e;
}

static bool event_fits(const struct trace *trace, const struct chunk_event *e,
                       const struct chunk_event *before)
{
    return event_kind_text(e->kind) && e->task < trace->task_count &&
           (e->object == UINT16_MAX || e->object < trace->object_count) &&
           e->cause <= trace->event_count && e->t_ns <= CHUNK_TIME_MOST &&
           (!before || e->t_ns >= before->t_ns);
}

static int get_events(struct trace *trace, const char *bytes, const struct layout *l,
                      const struct header *header, struct err *err)
{
    struct chunk_event *grown =
        extend(trace->events, trace->event_count, header->events, sizeof *grown);
    if (!grown && header->events)
        return err_errno(err, ENOMEM, "trace events");
    trace->events = grown;
    for (uint32_t i = 0; i < header->events; i++) {
        struct chunk_event e = get_event(bytes, l, i, header);
        if (!event_fits(trace, &e, i > 0 ? &grown[trace->event_count - 1] : NULL))
            return err_set(err, EBADMSG, "event %u of the trace is malformed", trace->event_count);
        grown[trace->event_count++] = e;
    }
    return 0;
}

static bool header_fits(const struct trace *trace, const struct header *header)
{
    const uint32_t known = CHUNK_FLAG_WIDE | CHUNK_FLAG_LAST | CHUNK_FLAG_LINES;
    return header->magic == CHUNK_MAGIC && !trace->complete && !(header->flags & ~known) &&
           header->first == trace->event_count && header->events <= CHUNK_EVENTS_MAX &&
           header->tasks <= CHUNK_TABLE_MAX - trace->task_count &&
           header->objects <= CHUNK_TABLE_MAX - trace->object_count &&
           header->base_ns <= CHUNK_TIME_MOST;
}

/* Decodes the chunk at bytes; stores its length in *used. */
static int decode_one(struct trace *trace, const char *bytes, size_t n, size_t *used,
                      struct err *err)
{
    struct header header;
    if (n < sizeof header)
        return err_set(err, EBADMSG, "the trace ends within a chunk's header");
    memcpy(&header, bytes, sizeof header);
    if (!header_fits(trace, &header))
        return err_set(err, EBADMSG, "the chunk after event %u is malformed", trace->event_count);
    struct layout l = lay_out(header.tasks, header.objects, header.events, header.flags);
    if (header.bytes != l.end || header.bytes > n)
        return err_set(err, EBADMSG, "the chunk after event %u has %u bytes, not %zu",
                       trace->event_count, header.bytes, l.end);
    int r = get_entries(bytes + l.tasks, header.tasks, &trace->tasks, &trace->task_count,
                        task_kind_text, err);
    if (r == 0)
        r = get_entries(bytes + l.objects, header.objects, &trace->objects, &trace->object_count,
                        object_kind_text, err);
    if (r == 0)
        r = get_events(trace, bytes, &l, &header, err);
    trace->dropped = header.dropped;
    trace->skipped = header.skipped;
    trace->malformed = header.malformed;
    trace->complete = header.flags & CHUNK_FLAG_LAST;
    *used = l.end;
    return r;
}

int trace_decode(struct trace *ret, const void *bytes, size_t n, struct err *err)
{
    *ret = (struct trace){0};
    for (size_t at = 0, used = 0; at < n; at += used) {
        int r = decode_one(ret, (const char *)bytes + at, n - at, &used, err);
        if (r < 0)
            return r;
    }
    return 0;
}

void trace_release(struct trace *trace)
{
    free(trace->events);
    free(trace->tasks);
    free(trace->objects);
    *trace = (struct trace){0};
}

/* An event's time and where it came, to sort by. */
struct place {
    uint64_t t_ns;
    uint32_t index;
};

static int by_time(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->t_ns != y->t_ns)
        return x->t_ns < y->t_ns ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

int trace_sort(struct trace *trace)
{
    size_t n = trace->event_count;
    _cleanup_free_ struct place *places = calloc(n + 1, sizeof *places);
    _cleanup_free_ uint32_t *moved_to = calloc(n + 1, sizeof *moved_to);
    struct chunk_event *sorted = calloc(n + 1, sizeof *sorted);
    if (!places || !moved_to || !sorted) {
        free(sorted);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < n; i++)
        places[i] = (struct place){trace->events[i].t_ns, i};
    qsort(places, n, sizeof *places, by_time);
    for (uint32_t i = 0; i < n; i++) {
        sorted[i] = trace->events[places[i].index];
        moved_to[places[i].index] = i + 1;
    }
    for (uint32_t i = 0; i < n; i++)
        if (sorted[i].cause > 0)
            sorted[i].cause = moved_to[sorted[i].cause - 1];
    free(trace->events);
    trace->events = sorted;
    return 0;
}

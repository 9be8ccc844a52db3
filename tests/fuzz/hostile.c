#include "tests/fuzz/hostile.h"

#include "sandbox/trace/kinds.h"

#include <string.h>

enum { FEW = 2048, LONG = 16384 };

uint8_t input_byte(struct input *in)
{
    uint8_t byte = 0;
    input_bytes(in, &byte, 1);
    return byte;
}

uint16_t input_word(struct input *in)
{
    uint16_t word = 0;
    input_bytes(in, &word, sizeof word);
    return word;
}

uint64_t input_number(struct input *in)
{
    uint64_t number = 0;
    input_bytes(in, &number, sizeof number);
    return number;
}

size_t input_bytes(struct input *in, void *out, size_t n)
{
    if (n > in->left)
        n = in->left;
    memcpy(out, in->at, n);
    in->at += n;
    in->left -= n;
    return n;
}

/* Parts of the memory that lie in a row of equal pieces. */
#define OF(member) offsetof(struct trace_shared, member)
static const struct {
    size_t start, width, count;
} parts[] = {
    {0, 64, 1},
    {OF(result), sizeof(struct trace_result), 1},
    {OF(task), sizeof(struct trace_task_slot), TRACE_TASKS_MAX},
    {OF(object), sizeof(struct trace_object_slot), TRACE_OBJECTS_MAX},
    {OF(segment), sizeof(struct trace_record), TRACE_SEGMENTS *(TRACE_SEGMENT_RECORDS + 1)},
    {OF(table), TRACE_ROW_BYTES, TRACE_ROWS_MAX},
    {OF(schedule), sizeof(struct trace_schedule), 1},
    {OF(explored), offsetof(struct trace_explored, found), 1},
    {OF(explored.found), sizeof(struct trace_found), TRACE_FOUND_MAX},
};

static void patch(struct hostile *h, struct input *in)
{
    size_t part = input_byte(in) % (sizeof parts / sizeof parts[0]);
    size_t which = input_word(in) % parts[part].count, byte = input_word(in) % parts[part].width;
    size_t at = parts[part].start + which * parts[part].width + byte;
    size_t end = parts[part].start + parts[part].count * parts[part].width, n = input_byte(in);
    input_bytes(in, (char *)h->shared + at, n < end - at ? n : end - at);
}

/* As trace_write() does, but for the clock. */
static void publish(struct hostile *h, uint16_t lane, struct trace_record record)
{
    struct trace_segment *segment =
        h->segment[lane] ? &h->shared->segment[h->segment[lane] - 1] : 0;
    if (!segment || segment->count >= TRACE_SEGMENT_RECORDS) {
        if (h->segments == TRACE_SEGMENTS)
            return;
        h->segment[lane] = ++h->segments;
        h->shared->segments = h->segments;
        segment = &h->shared->segment[h->segments - 1];
        segment->owner = lane + 1u;
        segment->count = 0;
    }
    record.seq = h->written[lane]++ & (TRACE_SEQ_LIMIT - 1);
    segment->records[segment->count] = record;
    segment->count++;
}

static void events(struct hostile *h, struct input *in)
{
    uint16_t lane = input_byte(in);
    unsigned count = input_byte(in);
    uint64_t step = (uint64_t)input_byte(in) << input_byte(in) % 50;
    struct trace_record record = {.kind = input_byte(in), .task = input_byte(in)};
    uint16_t object = input_byte(in);
    record.object = object == 0xff ? TRACE_NO_OBJECT : object;
    record.value = (int16_t)input_word(in);
    record.cause = trace_event_id(input_byte(in), input_byte(in));
    record.line = input_byte(in);
    for (unsigned i = 0; i < count && h->left > 0; i++, h->left--) {
        record.t_ns = h->t_ns += step;
        publish(h, lane, record);
    }
}

static void tasks(struct hostile *h, struct input *in)
{
    uint32_t id = h->shared->tasks;
    if (id >= TRACE_TASKS_MAX)
        return;
    struct trace_task_slot *slot = &h->shared->task[id];
    h->shared->tasks = id + 1;
    slot->kind = input_byte(in) % 4;
    slot->parent = TRACE_NO_TASK;
    if (id > 0)
        slot->parent = (uint16_t)(input_byte(in) % id);
    slot->state = input_byte(in) % 4;
    slot->waits_on = input_word(in) | (uint32_t)input_byte(in) << 16;
    input_bytes(in, slot->name, 8);
    slot->ready = 1;
}

static void objects(struct hostile *h, struct input *in)
{
    uint32_t id = h->shared->objects;
    if (id >= TRACE_OBJECTS_MAX)
        return;
    struct trace_object_slot *slot = &h->shared->object[id];
    h->shared->objects = id + 1;
    slot->kind = input_byte(in) % 24;
    slot->holders[0] = input_byte(in);
    slot->receivers[0] = input_byte(in);
    input_bytes(in, slot->name, 8);
    slot->ready = 1;
}

void hostile_begin(struct hostile *hostile, struct trace_shared *shared, const struct input *in)
{
    *hostile = (struct hostile){.shared = shared, .left = in->left > LONG ? UINT32_MAX : FEW};
}

void hostile_do(struct hostile *hostile, enum deed deed, struct input *in)
{
    switch (deed) {
    case PATCH:
        patch(hostile, in);
        break;
    case EVENTS:
        events(hostile, in);
        break;
    case TASKS:
        tasks(hostile, in);
        break;
    case OBJECTS:
        objects(hostile, in);
        break;
    case OWN_DEEDS:
        break;
    }
}

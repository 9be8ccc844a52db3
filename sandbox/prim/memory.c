#include "sandbox/prim/memory.h"

#include "sandbox/prim/sync.h"
#include "sandbox/prim/task_private.h"
#include "sandbox/sched/seam.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Guarded by the mutex of the table. */
struct segment {
    char name[MEMORY_NAME_MAX];
    bool named;
    uint16_t object;
    size_t bytes;
    char *start;
    unsigned handles;
    struct {
        bool open;
        uint16_t process; /* its task */
    } handle[MEMORY_HANDLES_MAX];
};

struct memory_names {
    pthread_mutex_t mutex;
    unsigned count;
    struct segment segment[MEMORY_SEGMENTS_MAX];
};

/* In the memory of one process. */
struct memory {
    struct segment *segment;
    unsigned handle; /* of the segment's */
    uint16_t process;
    bool open;
};

/* The run's table, made by whoever needs it first. */
static struct memory_names *names(void)
{
    struct run *run = seam_self.run;
    struct memory_names *none = NULL, *made = atomic_load(&run->memory_names);
    if (made)
        return made;
    made = run_alloc(run, sizeof *made);
    sync_mutex_init(&made->mutex);
    return atomic_compare_exchange_strong(&run->memory_names, &none, made) ? made : none;
}

static struct memory_names *enter(enum seam_operation operation)
{
    seam_point(operation, SEAM_NAMES_OBJECT);
    struct memory_names *table = names();
    pthread_mutex_lock(&table->mutex);
    return table;
}

static int leave(struct memory_names *table, uint16_t object, int r)
{
    if (r < 0)
        seam_record(EVENT_REFUSED, object, -r, 0);
    pthread_mutex_unlock(&table->mutex);
    return r;
}

static struct segment *find(struct memory_names *table, const char *name)
{
    for (unsigned i = 0; i < table->count; i++)
        if (table->segment[i].named &&
            strncmp(table->segment[i].name, name, MEMORY_NAME_MAX - 1) == 0)
            return &table->segment[i];
    return NULL;
}

/* The end of a process, however it came, has closed what it had open: under control, as a step. */
static unsigned open_handles(struct segment *segment)
{
    const struct trace_shared *shared = seam_self.run->shared;
    unsigned open = 0;
    for (unsigned i = 0; i < segment->handles; i++) {
        if (!seam_self.control &&
            shared->task[segment->handle[i].process].state == TASK_STATE_ENDED)
            segment->handle[i].open = false;
        open += segment->handle[i].open;
    }
    return open;
}

static void note(enum event_kind kind, struct segment *segment, int64_t value)
{
    seam_record_aux(kind, segment->object, value, (uint16_t)open_handles(segment), 0);
}

static int open_handle(struct segment *segment, struct memory **ret)
{
    if (segment->handles == MEMORY_HANDLES_MAX)
        return -EMFILE;
    struct memory *memory = seam_private(sizeof *memory);
    if (!memory)
        return -ENOMEM;
    *memory = (struct memory){segment, segment->handles++, task_of_process()->id, true};
    segment->handle[memory->handle].open = true;
    segment->handle[memory->handle].process = memory->process;
    *ret = memory;
    return 0;
}

static int create(struct memory_names *table, const char *name, size_t bytes, struct memory **ret)
{
    if (bytes == 0)
        return -EINVAL;
    if (find(table, name))
        return -EEXIST;
    if (table->count == MEMORY_SEGMENTS_MAX || bytes > MEMORY_BYTES_MAX)
        return -ENOSPC;
    struct segment *segment = &table->segment[table->count];
    int r = open_handle(segment, ret);
    if (r < 0)
        return r;
    table->count++;
    snprintf(segment->name, sizeof segment->name, "%s", name);
    segment->named = true;
    segment->object = seam_object(OBJECT_MEMORY, name);
    segment->bytes = bytes;
    segment->start = run_alloc(seam_self.run, bytes);
    note(EVENT_MEMORY_CREATED, segment, (int64_t)bytes);
    return 0;
}

int memory_create(const char *name, size_t bytes, struct memory **ret)
{
    struct memory_names *table = enter(SEAM_UPDATE);
    const struct segment *there = find(table, name);
    return leave(table, there ? there->object : TRACE_NO_OBJECT, create(table, name, bytes, ret));
}

int memory_attach(const char *name, struct memory **ret)
{
    struct memory_names *table = enter(SEAM_UPDATE);
    struct segment *segment = find(table, name);
    int r = segment ? open_handle(segment, ret) : -ENOENT;
    if (r == 0)
        note(EVENT_MEMORY_ATTACHED, segment, 0);
    return leave(table, segment ? segment->object : TRACE_NO_OBJECT, r);
}

void *memory_bytes(const struct memory *memory)
{
    return memory->open ? memory->segment->start : NULL;
}

size_t memory_size(const struct memory *memory)
{
    return memory->segment->bytes;
}

void memory_close(struct memory *memory)
{
    struct memory_names *table = enter(SEAM_UPDATE);
    if (memory->open && memory->process == task_of_process()->id) {
        memory->segment->handle[memory->handle].open = false;
        note(EVENT_MEMORY_CLOSED, memory->segment, 0);
    }
    memory->open = false;
    leave(table, memory->segment->object, 0);
}

int memory_unlink(struct memory *memory)
{
    struct memory_names *table = enter(SEAM_UPDATE);
    int r = memory->segment->named ? 0 : -ENOENT;
    memory->segment->named = false;
    if (r == 0)
        note(EVENT_MEMORY_UNLINKED, memory->segment, 0);
    return leave(table, memory->segment->object, r);
}

static bool has_handles(const struct memory_names *table, uint16_t process)
{
    for (unsigned i = 0; table && i < table->count; i++)
        for (unsigned j = 0; j < table->segment[i].handles; j++)
            if (table->segment[i].handle[j].open && table->segment[i].handle[j].process == process)
                return true;
    return false;
}

void memory_handles_dropped(uint16_t process)
{
    if (!seam_self.control || !has_handles(seam_self.run->memory_names, process))
        return;
    struct memory_names *table = enter(SEAM_UPDATE);
    for (unsigned i = 0; i < table->count; i++)
        for (unsigned j = 0; j < table->segment[i].handles; j++)
            if (table->segment[i].handle[j].process == process)
                table->segment[i].handle[j].open = false;
    leave(table, TRACE_NO_OBJECT, 0);
}

unsigned memory_list(struct memory_state *ret, unsigned most)
{
    struct memory_names *table = enter(SEAM_READ);
    unsigned count = 0;
    for (unsigned i = 0; i < table->count; i++) {
        struct segment *segment = &table->segment[i];
        unsigned handles = open_handles(segment);
        if (!segment->named && handles == 0)
            continue;
        if (count < most) {
            ret[count] = (struct memory_state){
                .bytes = segment->bytes, .handles = handles, .named = segment->named};
            memcpy(ret[count].name, segment->name, sizeof segment->name);
        }
        count++;
    }
    leave(table, TRACE_NO_OBJECT, 0);
    return count;
}

#include "sandbox/prim/buffer.h"

#include "sandbox/prim/sync.h"
#include "sandbox/sched/seam.h"

#include <errno.h>

struct buffer {
    pthread_mutex_t mutex; /* each call is one step, as under an interpreter lock */
    uint16_t object;
    unsigned room, first, count; /* guarded by mutex */
    struct {
        int64_t number;
        uint32_t put;
    } entry[];
};

struct buffer *buffer_new(const char *name, unsigned room, unsigned capacity)
{
    struct buffer *buffer =
        run_alloc(seam_self.run, sizeof *buffer + room * sizeof buffer->entry[0]);
    sync_mutex_init(&buffer->mutex);
    buffer->room = room;
    buffer->object = seam_object(OBJECT_QUEUE, name);
    seam_record(EVENT_CAPACITY, buffer->object, capacity, 0);
    return buffer;
}

int buffer_append(struct buffer *buffer, int64_t number)
{
    int r = -ENOMEM;
    seam_point(SEAM_SEND, buffer->object);
    sync_enter(&buffer->mutex, buffer->object);
    if (buffer->count < buffer->room) {
        unsigned last = (buffer->first + buffer->count++) % buffer->room;
        buffer->entry[last].number = number;
        buffer->entry[last].put =
            seam_record_aux(EVENT_QUEUE_PUT, buffer->object, number, (uint16_t)buffer->count, 0);
        r = 0;
    }
    pthread_mutex_unlock(&buffer->mutex);
    return r;
}

int buffer_pop(struct buffer *buffer, int64_t *ret)
{
    int r = -ENOENT;
    seam_point(SEAM_RECEIVE, buffer->object);
    sync_enter(&buffer->mutex, buffer->object);
    if (buffer->count > 0) {
        *ret = buffer->entry[buffer->first].number;
        seam_record_aux(EVENT_QUEUE_GOT, buffer->object, *ret, (uint16_t)--buffer->count,
                        buffer->entry[buffer->first].put);
        buffer->first = (buffer->first + 1) % buffer->room;
        r = 0;
    } else {
        seam_record(EVENT_REFUSED, buffer->object, ENOENT, 0);
    }
    pthread_mutex_unlock(&buffer->mutex);
    return r;
}

unsigned buffer_length(const struct buffer *buffer)
{
    seam_point(SEAM_READ, buffer->object);
    return *(const volatile unsigned *)&buffer->count;
}

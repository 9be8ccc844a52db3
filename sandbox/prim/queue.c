#include "sandbox/prim/queue.h"

#include "sandbox/prim/sync.h"
#include "sandbox/sched/seam.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

struct entry {
    int64_t label;
    uint32_t put; /* the event that put it in */
    char bytes[QUEUE_ITEM_MAX];
};

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t not_empty, not_full;
    uint16_t object;
    size_t item_bytes;
    unsigned capacity;
    unsigned first, count; /* guarded by mutex */
    struct entry entries[];
};

struct queue *queue_new(const char *name, unsigned capacity, size_t item_bytes)
{
    assert(capacity > 0 && item_bytes <= QUEUE_ITEM_MAX);
    struct queue *queue =
        run_alloc(seam_self.run, sizeof *queue + capacity * sizeof queue->entries[0]);
    sync_mutex_init(&queue->mutex);
    sync_cond_init(&queue->not_empty);
    sync_cond_init(&queue->not_full);
    queue->object = seam_object(OBJECT_QUEUE, name);
    queue->capacity = capacity;
    queue->item_bytes = item_bytes;
    return queue;
}

static void wait_for_room(struct queue *queue)
{
    if (queue->count < queue->capacity)
        return;
    seam_wait_room(EVENT_QUEUE_FULL, queue->object);
    while (queue->count == queue->capacity)
        pthread_cond_wait(&queue->not_full, &queue->mutex);
    seam_go_on();
}

void queue_put(struct queue *queue, const void *item, int64_t label)
{
    seam_point(SEAM_SEND, queue->object);
    sync_enter(&queue->mutex, queue->object);
    wait_for_room(queue);
    struct entry *entry = &queue->entries[(queue->first + queue->count) % queue->capacity];
    queue->count++;
    memcpy(entry->bytes, item, queue->item_bytes);
    entry->label = label;
    entry->put = seam_record_aux(EVENT_QUEUE_PUT, queue->object, label, (uint16_t)queue->count, 0);
    pthread_cond_signal(&queue->not_empty);
    pthread_mutex_unlock(&queue->mutex);
}

static void wait_for_item(struct queue *queue)
{
    if (queue->count > 0)
        return;
    seam_wait(EVENT_QUEUE_WAIT, queue->object, 0);
    while (queue->count == 0)
        pthread_cond_wait(&queue->not_empty, &queue->mutex);
    seam_go_on();
}

void queue_get(struct queue *queue, void *item)
{
    seam_point(SEAM_RECEIVE, queue->object);
    sync_enter(&queue->mutex, queue->object);
    wait_for_item(queue);
    struct entry *entry = &queue->entries[queue->first];
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    memcpy(item, entry->bytes, queue->item_bytes);
    seam_record_aux(EVENT_QUEUE_GOT, queue->object, entry->label, (uint16_t)queue->count,
                    entry->put);
    pthread_cond_signal(&queue->not_full);
    pthread_mutex_unlock(&queue->mutex);
}

unsigned queue_size(struct queue *queue)
{
    sync_enter(&queue->mutex, queue->object);
    unsigned count = queue->count;
    pthread_mutex_unlock(&queue->mutex);
    return count;
}

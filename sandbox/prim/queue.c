#include "sandbox/prim/queue.h"

#include "sandbox/prim/sync.h"
#include "sandbox/sched/seam.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define FIRST_ROOM 16u /* under control */

struct entry {
    int64_t label;
    uint32_t put; /* the event that put it in */
    char bytes[QUEUE_ITEM_MAX];
};

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t not_empty, not_full, all_done;
    uint16_t object;
    size_t item_bytes;
    unsigned capacity;
    _Atomic uint32_t count; /* guarded by mutex, as is all below */
    unsigned first;
    _Atomic uint32_t joinable; /* how often nothing was left unfinished */
    unsigned unfinished;       /* items put and not done with */
    uint32_t last_done;        /* event of the task_done that left none */
    unsigned room;             /* entries there are: under control, as many as were needed so far */
    struct entry *entries;
};

struct queue *queue_new(const char *name, unsigned maxsize, size_t item_bytes)
{
    assert(item_bytes <= QUEUE_ITEM_MAX);
    unsigned capacity = maxsize ? maxsize : QUEUE_MOST;
    unsigned room = seam_self.control && capacity > FIRST_ROOM ? FIRST_ROOM : capacity;
    struct queue *queue = run_alloc(seam_self.run, sizeof *queue + room * sizeof(struct entry));
    queue->room = room;
    queue->entries = (struct entry *)(queue + 1);
    sync_mutex_init(&queue->mutex);
    sync_cond_init(&queue->not_empty);
    sync_cond_init(&queue->not_full);
    sync_cond_init(&queue->all_done);
    queue->object = seam_object(OBJECT_QUEUE, name);
    queue->capacity = capacity;
    queue->item_bytes = item_bytes;
    seam_record(EVENT_CAPACITY, queue->object, maxsize, 0);
    return queue;
}

/* ---- with the mutex held ---- */

static bool wait_for_room(struct queue *queue, uint64_t deadline)
{
    bool in_time = true;
    if (queue->count < queue->capacity)
        return true;
    seam_wait_room(EVENT_QUEUE_FULL, queue->object);
    while (queue->count == queue->capacity && in_time)
        in_time = sync_cond_wait(&queue->not_full, &queue->mutex, deadline);
    seam_go_on();
    return queue->count < queue->capacity;
}

static bool wait_for_item(struct queue *queue, uint64_t deadline)
{
    bool in_time = true;
    if (queue->count > 0)
        return true;
    seam_wait(EVENT_QUEUE_WAIT, queue->object, 0);
    while (queue->count == 0 && in_time)
        in_time = sync_cond_wait(&queue->not_empty, &queue->mutex, deadline);
    seam_go_on();
    return queue->count > 0;
}

/* An execution clears what it has used, so it uses little. */
static void grow(struct queue *queue)
{
    struct entry *grown = run_alloc(seam_self.run, 2 * queue->room * sizeof *grown);
    for (unsigned i = 0; i < queue->count; i++)
        grown[i] = queue->entries[(queue->first + i) % queue->room];
    queue->entries = grown;
    queue->room *= 2;
    queue->first = 0;
}

static void put_last(struct queue *queue, const void *item, int64_t label)
{
    if (queue->count == queue->room)
        grow(queue);
    struct entry *entry = &queue->entries[(queue->first + queue->count) % queue->room];
    queue->count++;
    queue->unfinished++;
    memcpy(entry->bytes, item, queue->item_bytes);
    entry->label = label;
    entry->put = seam_record_aux(EVENT_QUEUE_PUT, queue->object, label, (uint16_t)queue->count, 0);
    pthread_cond_signal(&queue->not_empty);
}

static void take_first(struct queue *queue, void *item)
{
    struct entry *entry = &queue->entries[queue->first];
    queue->count--;
    queue->first = queue->count == 0 ? 0 : (queue->first + 1) % queue->room;
    memcpy(item, entry->bytes, queue->item_bytes);
    seam_record_aux(EVENT_QUEUE_GOT, queue->object, entry->label, (uint16_t)queue->count,
                    entry->put);
    pthread_cond_signal(&queue->not_full);
}

/* ---- the queue ---- */

static void announce_put(struct queue *queue, uint64_t deadline)
{
    seam_point_when(SEAM_SEND, queue->object, &queue->count, 0, queue->capacity - 1, deadline,
                    EVENT_QUEUE_FULL);
}

static bool put_now(struct queue *queue, const void *item, int64_t label, uint64_t deadline)
{
    sync_enter(&queue->mutex, queue->object);
    bool room = wait_for_room(queue, deadline);
    if (room)
        put_last(queue, item, label);
    else
        seam_record(EVENT_TIMED_OUT, queue->object, label, 0);
    pthread_mutex_unlock(&queue->mutex);
    return room;
}

static bool put_until(struct queue *queue, const void *item, int64_t label, uint64_t deadline)
{
    announce_put(queue, deadline);
    return put_now(queue, item, label, deadline);
}

static bool get_until(struct queue *queue, void *item, uint64_t deadline)
{
    seam_point_when(SEAM_RECEIVE, queue->object, &queue->count, 1, UINT32_MAX, deadline,
                    EVENT_QUEUE_WAIT);
    sync_enter(&queue->mutex, queue->object);
    bool there = wait_for_item(queue, deadline);
    if (there)
        take_first(queue, item);
    else
        seam_record(EVENT_TIMED_OUT, queue->object, 0, 0);
    pthread_mutex_unlock(&queue->mutex);
    return there;
}

void queue_put(struct queue *queue, const void *item, int64_t label)
{
    put_until(queue, item, label, UINT64_MAX);
}

void queue_get(struct queue *queue, void *item)
{
    get_until(queue, item, UINT64_MAX);
}

bool queue_put_for(struct queue *queue, const void *item, int64_t label, int64_t timeout_us)
{
    return put_until(queue, item, label, sync_deadline(timeout_us));
}

bool queue_get_for(struct queue *queue, void *item, int64_t timeout_us)
{
    return get_until(queue, item, sync_deadline(timeout_us));
}

void queue_announce_put(struct queue *queue)
{
    announce_put(queue, UINT64_MAX);
}

void queue_put_announced(struct queue *queue, const void *item, int64_t label)
{
    put_now(queue, item, label, UINT64_MAX);
}

uint16_t queue_object(const struct queue *queue)
{
    return queue->object;
}

int queue_task_done(struct queue *queue)
{
    seam_point_on(SEAM_SIGNAL, queue->object, &queue->count);
    sync_enter(&queue->mutex, queue->object);
    int r = queue->unfinished == 0 ? -EINVAL : 0;
    if (r < 0) {
        seam_record(EVENT_REFUSED, queue->object, EINVAL, 0);
    } else {
        uint16_t left = (uint16_t)--queue->unfinished;
        uint32_t done = seam_record_aux(EVENT_QUEUE_DONE, queue->object, 0, left, 0);
        if (left == 0) {
            queue->last_done = done;
            queue->joinable++;
            pthread_cond_broadcast(&queue->all_done);
        }
    }
    pthread_mutex_unlock(&queue->mutex);
    return r;
}

static bool join_until(struct queue *queue, uint64_t deadline)
{
    seam_point_on(SEAM_JOIN, queue->object, &queue->count);
    sync_enter(&queue->mutex, queue->object);
    bool in_time = true;
    if (queue->unfinished > 0) {
        seam_wait(EVENT_QUEUE_JOIN, queue->object, 0);
        sync_step_out(&queue->mutex, &queue->joinable, queue->joinable, deadline);
        while (queue->unfinished > 0 && in_time)
            in_time = sync_cond_wait(&queue->all_done, &queue->mutex, deadline);
        seam_go_on();
    }
    bool done = queue->unfinished == 0;
    if (done)
        seam_record(EVENT_QUEUE_JOINED, queue->object, 0, queue->last_done);
    else
        seam_record(EVENT_TIMED_OUT, queue->object, 0, 0);
    pthread_mutex_unlock(&queue->mutex);
    return done;
}

void queue_join(struct queue *queue)
{
    join_until(queue, UINT64_MAX);
}

bool queue_join_for(struct queue *queue, int64_t timeout_us)
{
    return join_until(queue, sync_deadline(timeout_us));
}

unsigned queue_size(struct queue *queue)
{
    seam_point_on(SEAM_READ, queue->object, &queue->count);
    sync_enter(&queue->mutex, queue->object);
    unsigned count = queue->count;
    pthread_mutex_unlock(&queue->mutex);
    return count;
}

/*
 * A first-in first-out queue: queue.Queue, multiprocessing.Queue and JoinableQueue. A ring in the
 * run's memory with a process-shared mutex and conditions; an item is copied in and copied out.
 */
#ifndef PRIM_QUEUE_H
#define PRIM_QUEUE_H

#include "sandbox/prim/sync.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUEUE_ITEM_MAX 56u    /* bytes of one item */
#define QUEUE_MOST     16384u /* items of a queue without a maxsize */

struct queue;

/*
 * For at most `maxsize` items of `item_bytes` (at most QUEUE_ITEM_MAX) each; 0 for any number,
 * which is QUEUE_MOST: a put beyond it waits.
 */
struct queue *queue_new(const char *name, unsigned maxsize, size_t item_bytes);

/* Waits for room, or for an item. `label` is the number shown for the item. */
void queue_put(struct queue *queue, const void *item, int64_t label);
void queue_get(struct queue *queue, void *item);

/* put(item, timeout=…) and get(timeout=…), 0 for nowait: false is queue.Full, queue.Empty. */
bool queue_put_for(struct queue *queue, const void *item, int64_t label, int64_t timeout_us);
bool queue_get_for(struct queue *queue, void *item, int64_t timeout_us);

/*
 * task_done(): one of the items got is done with. Returns 0, or -EINVAL: ValueError: task_done()
 * called too many times. join() waits until that is so of every item put.
 */
int queue_task_done(struct queue *queue);
void queue_join(struct queue *queue);
bool queue_join_for(struct queue *queue, int64_t timeout_us);

/* Items in it now; a moment later it may be another number. */
unsigned queue_size(struct queue *queue);

/*
 * For pools: announces a put that has room for certain, and puts without announcing it. What the
 * caller does in between is one step with the put.
 */
void queue_announce_put(struct queue *queue);
void queue_put_announced(struct queue *queue, const void *item, int64_t label);
uint16_t queue_object(const struct queue *queue);

#endif

/*
 * A bounded first-in first-out queue: queue.Queue and multiprocessing.Queue. A ring in the run's
 * memory with a process-shared mutex and two conditions; an item is copied in and copied out.
 */
#ifndef PRIM_QUEUE_H
#define PRIM_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#define QUEUE_ITEM_MAX 56u /* bytes of one item */

struct queue;

/* For at most `capacity` items of `item_bytes` (at most QUEUE_ITEM_MAX) each. */
struct queue *queue_new(const char *name, unsigned capacity, size_t item_bytes);

/* Waits for room, or for an item. `label` is the number shown for the item. */
void queue_put(struct queue *queue, const void *item, int64_t label);
void queue_get(struct queue *queue, void *item);

/* Items in it now; a moment later it may be another number. */
unsigned queue_size(struct queue *queue);

#endif

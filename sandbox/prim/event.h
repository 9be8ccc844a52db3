/*
 * An event: threading.Event and multiprocessing.Event. A flag that tasks wait for; it stays set
 * until it is cleared. Who waits when it is set goes on, even if it is cleared at once; who comes
 * later waits for the next time.
 */
#ifndef PRIM_EVENT_H
#define PRIM_EVENT_H

#include "sandbox/prim/sync.h"

#include <stdbool.h>
#include <stdint.h>

struct event;

struct event *event_new(const char *name);

/* An event that is shown as part of an object that is there already (a pool's results). */
struct event *event_of(uint16_t object);

void event_set(struct event *event);
void event_clear(struct event *event);
void event_wait(struct event *event);
bool event_wait_for(struct event *event, int64_t timeout_us); /* false: not set in time */
bool event_is_set(struct event *event);

#endif

/* An event: threading.Event. A flag that tasks wait for; it stays set until it is cleared. */
#ifndef PRIM_EVENT_H
#define PRIM_EVENT_H

#include <stdbool.h>
#include <stdint.h>

struct event;

struct event *event_new(const char *name);

/* An event that is shown as part of an object that is there already (a pool's results). */
struct event *event_of(uint16_t object);

void event_set(struct event *event);
void event_clear(struct event *event);
void event_wait(struct event *event);
bool event_is_set(struct event *event);

#endif

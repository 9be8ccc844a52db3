/*
 * What is worth telling of a controlled run beside its trace: data races, and which task was
 * interrupted between what. A policy that is watched calls these as it goes.
 */
#ifndef SCHED_WATCH_H
#define SCHED_WATCH_H

#include "sandbox/sched/race.h"

struct watch;

/* For a run with these objects. NULL without memory. */
struct watch *watch_new(const struct trace_shared *shared);
void watch_free(struct watch *watch);

void watch_started(struct watch *watch, unsigned maker, unsigned task);
void watch_opened(struct watch *watch, unsigned task, unsigned by);
void watch_saw_end(struct watch *watch, unsigned task, unsigned ended);
void watch_saw(struct watch *watch, unsigned task, uint16_t object);

/* The task is chosen; its operation is done next. */
void watch_step(struct watch *watch, struct control *control, const struct control_task *task);

/* Fills in races and interruptions. */
void watch_tell(const struct watch *watch, struct trace_schedule *said);

#endif

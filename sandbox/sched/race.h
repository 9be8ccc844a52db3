/*
 * Data races of a controlled run: two accesses to one cell, one of them a write, that nothing
 * orders. By vector clocks (Fidge 1988, Mattern 1988), as FastTrack keeps them (Flanagan, Freund
 * 2009): what a task does happens before what others do after they took what it gave back, received
 * what it sent, or saw it end. That the schedule had them one after the other orders nothing.
 *
 *     acquire, receive, await, join    the task has seen what the object was given
 *     release, send, signal, close     the object is given what the task has seen
 *     update                           both: it is one step for everybody
 *     read of what is no cell          the task has seen what it found there
 *     write of an atomic               the object is given what the task has seen
 *     await of two objects             the second one, a lock, is given back meanwhile
 */
#ifndef SCHED_RACE_H
#define SCHED_RACE_H

#include "sandbox/sched/control.h"

struct races;

/* For the objects of that run. NULL without memory. */
struct races *races_new(const struct trace_shared *shared);
void races_free(struct races *races);

void races_started(struct races *races, unsigned maker, unsigned task);

/* A task goes on by what another one has done: the opening of a gate. */
void races_opened(struct races *races, unsigned task, unsigned by);
/* Or after its end. */
void races_saw_end(struct races *races, unsigned task, unsigned ended);
void races_saw(struct races *races, unsigned task, uint16_t object);

/*
 * The task's operation is done next, or (`in_vain`) tried without success, which orders nothing.
 * `event` is the id of the event it will leave, or 0.
 */
void races_step(struct races *races, const struct control_task *task, bool in_vain, uint32_t event);

/* Those that were found, each pair of tasks and operations on a cell once. Returns their number. */
unsigned races_found(const struct races *races, const struct trace_race **ret);

#endif

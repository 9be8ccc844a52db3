/*
 * Tasks: threading.Thread and multiprocessing.Process behind one handle.
 *
 *     struct task *adder = thread_start("adder", add, &amount);
 *     task_join(adder);
 *
 * A thread is a pthread; a process is a fork of the whole program at that moment, with its own copy
 * of everything but the run's objects.
 */
#ifndef PRIM_TASK_H
#define PRIM_TASK_H

#include "sandbox/trace/kinds.h"

#include <stdint.h>

struct task;

typedef void task_fn(void *argument);

/*
 * Starts fn(argument) as a new task. The name is shown on its lane. `argument` must live until the
 * task has read it. Ends the run as task-limit when no more tasks are allowed.
 */
struct task *task_start(enum task_kind kind, const char *name, task_fn *fn, void *argument);

static inline struct task *thread_start(const char *name, task_fn *fn, void *argument)
{
    return task_start(TASK_THREAD, name, fn, argument);
}

static inline struct task *process_start(const char *name, task_fn *fn, void *argument)
{
    return task_start(TASK_PROCESS, name, fn, argument);
}

/* Waits until the task has ended; returns its exit code, or minus the signal that ended it. */
int task_join(struct task *task);

/* Sleeps, or keeps the processor busy, for that long times the run's time_scale. */
void sleep_us(int64_t us);
void work_us(int64_t us);

/* Keeps the processor busy for ns nanoseconds of real time, unscaled and unrecorded. */
void spin_ns(int64_t ns);

#endif

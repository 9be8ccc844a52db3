/*
 * A stack that is switched by hand: the body of coroutines. One switch saves and restores the
 * registers a call must preserve and nothing else (no system call, no signal mask).
 * All fibers of a thread belong to that thread.
 */
#ifndef SCHED_FIBER_H
#define SCHED_FIBER_H

#include <stddef.h>

struct fiber;

/*
 * A fiber that runs entry(argument) when it is first resumed. The stack has `stack_bytes` (a
 * multiple of the page size) above a guard page. entry must not return: it ends with a last
 * fiber_suspend(). Returns NULL without memory.
 */
struct fiber *fiber_new(size_t stack_bytes, void (*entry)(void *), void *argument);
void fiber_free(struct fiber *fiber);

/* Runs the fiber until it suspends itself; called by whoever resumes it. */
void fiber_resume(struct fiber *fiber);

/* Goes back to whoever resumed this fiber; called on its own stack. */
void fiber_suspend(struct fiber *fiber);

#endif

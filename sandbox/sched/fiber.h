/*
 * Stacks that are switched by hand. One switch saves and restores the registers a call must
 * preserve and nothing else (no system call, no signal mask). All fibers of a thread belong to that
 * thread.
 *
 * A context is a place to come back to, whichever stack it is on; context_switch() goes from one to
 * another, as a scheduler does. A fiber has a stack of its own and takes turns with whoever resumes
 * it, as a coroutine does.
 */
#ifndef SCHED_FIBER_H
#define SCHED_FIBER_H

#include <stddef.h>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

struct context {
#if defined(__x86_64__)
    void *sp;
#else
    ucontext_t registers;
#endif
#if defined(__SANITIZE_ADDRESS__)
    void *fake;
    const void *bottom;
    size_t bytes;
#endif
#if defined(__SANITIZE_THREAD__)
    void *watched; /* as the sanitizer knows it */
#endif
};

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void fiber_switch(void **save, void *load) __attribute__((visibility("hidden")));

/* Leaves the present place in `from` and goes on at `to`, once. */
static inline void context_switch(struct context *from, struct context *to)
{
    fiber_switch(&from->sp, to->sp);
}
#else
void context_switch(struct context *from, struct context *to);
#endif

struct fiber;

/*
 * A fiber that runs entry(argument) when it is first resumed. The stack has `stack_bytes` (a
 * multiple of the page size) above a guard page. entry must not return: it ends with a last
 * fiber_suspend(). Returns NULL without memory.
 */
struct fiber *fiber_new(size_t stack_bytes, void (*entry)(void *), void *argument);
void fiber_free(struct fiber *fiber);

/* Forgets where the fiber is: the next time it runs entry(argument) from the start. */
void fiber_restart(struct fiber *fiber, void (*entry)(void *), void *argument);

/* Runs the fiber until it suspends itself; called by whoever resumes it. */
void fiber_resume(struct fiber *fiber);

/* Goes back to whoever resumed this fiber; called on its own stack. */
void fiber_suspend(struct fiber *fiber);

/* The fiber's own place, for context_switch(): a fiber that is scheduled and never resumed. */
struct context *fiber_context(struct fiber *fiber);

/* The end of its stack: it grows from there towards lower addresses. */
char *fiber_stack_top(struct fiber *fiber);

#endif

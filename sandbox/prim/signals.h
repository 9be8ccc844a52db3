/*
 * Signals: the module signal, and os.kill on a group. As in Python a handler does not run inside
 * the signal, but in the main thread of its process, between two steps of the program: here while
 * it sleeps or joins a process. A handled signal that comes at any other time is kept for the next
 * of these. Handlers are inherited by fork. For free schedules.
 */
#ifndef PRIM_SIGNALS_H
#define PRIM_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct task;

typedef void signal_fn(int signo);

/*
 * signal.signal(signo, handler). NULL is the default action, which ends the process. For the main
 * thread of a process; signo is one of the classic ones but SIGKILL and SIGSTOP.
 */
void signal_handle(int signo, signal_fn *handler);

/*
 * The handler a Python program starts with for SIGINT: raises KeyboardInterrupt. Raising means that
 * the sleep or join returns at once, and that interrupted() says so, once:
 *
 *     sleep_us(1000000);
 *     if (interrupted())          except KeyboardInterrupt:
 */
void keyboard_interrupt(int signo);
bool interrupted(void);

/* os.setpgrp(): the calling process leads a group that its children from now on belong to. */
void signal_lead_group(void);

/*
 * os.killpg(leader.pid, signo): to the leader and to all of its group, as the terminal does on
 * Ctrl+C. Returns 0 or -ESRCH. Recorded for the leader and its children.
 */
int signal_group(struct task *leader, int signo);

/* PR_SET_PDEATHSIG: the calling process gets this signal when its parent is gone. */
void signal_on_parent_death(int signo);

/* For task.c: whether the calling thread has handlers that can run while it waits. */
bool signals_wanted(void);

/*
 * For task.c: waits until the descriptor (or none, -1) can be read, or until that time
 * (CLOCK_MONOTONIC), and lets handlers run meanwhile. False when the time is up or one has raised.
 */
bool signals_wait(int fd, uint64_t deadline_ns);

#endif

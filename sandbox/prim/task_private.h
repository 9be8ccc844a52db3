/* What task.c, start_server.c and signals.c share. For them only. */
#ifndef PRIM_TASK_PRIVATE_H
#define PRIM_TASK_PRIVATE_H

#include "sandbox/prim/task.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>

#define TASK_SIGNALS 32 /* the classic ones, 1 to 31 */

/*
 * How the end of a task is learnt. `reaped`: it has ended and its exit code is known; a thread says
 * so itself, of a process the one that has waited for it (its parent, or the start server).
 * `claimed`: somebody is taking note of that; `done`: taken.
 */
struct task {
    struct run *run;
    uint16_t id;
    enum task_kind kind;
    bool daemon;
    task_fn *fn;
    void *argument;
    struct start_server *server;     /* of a process that is no copy of its parent */
    struct task *parent;             /* the process that began it, which alone may join a process */
    struct task *next;               /* of its parent's children */
    _Atomic(struct task *) children; /* of a process: all it ever began, newest first */
    _Atomic bool begun;
    uint32_t created;       /* event that began it */
    _Atomic uint32_t ended; /* its last event */
    _Atomic uint32_t pid;   /* 0 until it has one */
    _Atomic int exit_code;  /* as far as known */
    _Atomic uint32_t reaped;
    _Atomic uint32_t claimed;
    _Atomic uint32_t done;
    _Atomic uint32_t sent[TASK_SIGNALS]; /* the last signal.sent of each */
    _Atomic int last_signal;
    struct process *process; /* of a thread: whose it is */
    void (*on_end)(void *);  /* under control, or NULL */
    void *on_end_argument;
    pthread_t thread;
};

/* The calling process's own task. */
struct task *task_of_process(void);

/* In a process that was just made: lives the task's life and exits. */
_Noreturn void task_live(struct task *task, struct process *process);

/* A process was waited for: its wait status is known. */
void task_set_status(struct task *task, int wait_status);

#endif

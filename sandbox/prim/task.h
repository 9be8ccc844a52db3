/*
 * Tasks: threading.Thread and multiprocessing.Process behind one handle.
 *
 *     struct task *adder = thread_start("adder", add, &amount);
 *     task_join(adder);
 *
 * A thread is a pthread; a process is a fork of the whole program at that moment, with its own copy
 * of everything but the run's objects (start_server.h has the processes that are no such copy).
 *
 *     task_new() ──> task_begin() ──> its function ──> it has ended ──> task_join()
 *     pid None       start()          alive            a zombie         reaped
 *
 * A process ends as in Python: its function returns, its daemonic children are terminated, its
 * other children are joined, its daemon threads are cut off and its other threads are joined. That
 * is true of the run's main process, too. A task's handle is shared by all processes of the run;
 * what raises in Python is refused with an event and -errno.
 */
#ifndef PRIM_TASK_H
#define PRIM_TASK_H

#include "sandbox/prim/sync.h"
#include "sandbox/trace/kinds.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct start_server;
struct task;

/* What task_join returns when there is no exit code: the join was refused, or interrupted. */
#define TASK_NO_CODE INT_MIN

typedef void task_fn(void *argument);

/*
 * Process(target=fn, args=(argument,), name=name), or Thread(…): made, not started. The name is
 * shown on its lane. `argument` must live until the task has read it. Ends the run as task-limit
 * when no more tasks are allowed. A thread made by a daemon thread is a daemon.
 */
struct task *task_new(enum task_kind kind, const char *name, task_fn *fn, void *argument);

/* The same for a process that starts from scratch: get_context("spawn").Process(…). */
struct task *task_new_from(struct start_server *server, const char *name, task_fn *fn,
                           void *argument);

/*
 * start(). Returns 0; -EALREADY: cannot start a process twice; -EPERM: daemonic processes are not
 * allowed to have children; -EINPROGRESS: started from a start server, and still running its top
 * level (Python: before the current process has finished its bootstrapping phase).
 */
int task_begin(struct task *task);

/* Both at once. A task that could not be started is as task_new() leaves it. */
struct task *task_start(enum task_kind kind, const char *name, task_fn *fn, void *argument);

static inline struct task *thread_start(const char *name, task_fn *fn, void *argument)
{
    return task_start(TASK_THREAD, name, fn, argument);
}

static inline struct task *process_start(const char *name, task_fn *fn, void *argument)
{
    return task_start(TASK_PROCESS, name, fn, argument);
}

/* task.daemon = daemon. Returns 0, or -EBUSY once it is started. */
int task_set_daemon(struct task *task, bool daemon);
bool task_daemon(const struct task *task);

/* current_process() or current_thread(): the calling task, in a coroutine the one that runs it. */
struct task *task_self(void);

const char *task_name(const struct task *task);

/* Its process id, or a thread's native id; 0 before it is started. */
int task_pid(struct task *task);

/* is_alive(): started, and not ended yet. For any process of the run, children or not. */
bool task_alive(struct task *task);

/* exitcode: true once it has ended, with its exit code or minus the signal that ended it. */
bool task_exit_code(struct task *task, int *ret);

/*
 * Waits until the task has ended; returns its exit code, or minus the signal that ended it. Refused
 * with -EINVAL before it is started, -EDEADLK for oneself, -ECHILD for another's child process.
 */
int task_join(struct task *task);

/* join(timeout): true when it has ended; false when the time was up, or as task_join(). */
bool task_join_for(struct task *task, int64_t timeout_us);

/*
 * What a shell can do and Python cannot: waits for the end of a process that is another's child.
 * Its exit code is known as far as it could say so itself.
 */
bool task_watch(struct task *task, int64_t timeout_us);

/*
 * Under control: has fn(argument) called when the process has ended, however it did, by whichever
 * task ended it. In a free run nobody knows at that moment. For one that is not begun yet.
 */
void task_on_end(struct task *task, void (*fn)(void *argument), void *argument);

/*
 * Sends a signal to a process: os.kill(task.pid, signo). Returns 0, or -ESRCH when it is not
 * there. terminate() is SIGTERM, kill() SIGKILL.
 */
int task_signal(struct task *task, int signo);
int task_terminate(struct task *task);
int task_kill(struct task *task);

/*
 * sys.exit(code): ends the calling thread, or the process when it is the main thread, as if its
 * function had returned, but with that exit code. A code below 0 ends the process by that signal in
 * the end, which is what Python does after a KeyboardInterrupt nobody caught.
 */
_Noreturn void task_exit(int code);

/* Ends the real process at once: with that code, or by the signal -code. */
_Noreturn void task_leave_process(int code);

/* For execute.c: what a process does when its function has returned. */
void task_finish(void);

/* Sleeps, or keeps the processor busy, for that long times the run's time_scale. */
void sleep_us(int64_t us);
void work_us(int64_t us);

/*
 * Between two looks of a loop that keeps the processor until what it looks at has changed. Under
 * control it is not its turn before something that it has looked at since the last time has.
 */
void spin_pause(void);

/* Keeps the processor busy for ns nanoseconds of real time, unscaled and unrecorded. */
void spin_ns(int64_t ns);

#endif

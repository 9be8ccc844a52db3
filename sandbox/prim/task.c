/*
 * How it works. Every thread of execution has a struct task in the run's memory. A thread says
 * itself that it has ended; the end of a process its parent learns from the kernel, by a pidfd that
 * can be waited for with a time-out and while handlers run, and then by waitpid(). A process that
 * ended well has recorded so; for one that was killed whoever learns of it does, for its threads,
 * too, so that no lane and no wait-for graph shows the dead as alive.
 */
#include "sandbox/prim/task.h"

#include "sandbox/base/clock.h"
#include "sandbox/prim/memory.h"
#include "sandbox/prim/pipe.h"
#include "sandbox/prim/signals.h"
#include "sandbox/prim/start_server.h"
#include "sandbox/prim/task_private.h"
#include "sandbox/sched/control.h"
#include "sandbox/sched/seam.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREAD_STACK_BYTES (256u << 10)

/* Under control there is one real process, and every run of a schedule shows the same numbers. */
#define CONTROLLED_PID 1000u

/* ---- who is who ---- */

struct task *task_of_process(void)
{
    struct process *process = seam_self.process;
    if (!process->task) {
        struct task *task = run_alloc(seam_self.run, sizeof *task);
        task->run = seam_self.run;
        task->id = seam_self.task;
        task->kind = TASK_PROCESS;
        task->process = process;
        task->begun = true;
        task->pid = seam_self.control ? CONTROLLED_PID + task->id : (uint32_t)getpid();
        process->task = task;
    }
    return process->task;
}

struct task *task_self(void)
{
    if (!seam_self.handle)
        seam_self.handle = task_of_process();
    return seam_self.handle;
}

const char *task_name(const struct task *task)
{
    return task->run->shared->task[task->id].name;
}

static bool is_main_of_run(const struct task *task)
{
    return task->run->shared->task[task->id].parent == TRACE_NO_TASK;
}

/* ---- the task itself ---- */

static void say_reaped(struct task *task)
{
    atomic_store_explicit(&task->reaped, 1, memory_order_release);
    sync_wake(&task->reaped);
}

static void say_ended(const struct task *task)
{
    if (seam_self.control && task->on_end)
        task->on_end(task->on_end_argument);
}

void task_on_end(struct task *task, void (*fn)(void *argument), void *argument)
{
    task->on_end = fn;
    task->on_end_argument = argument;
}

/* What a task does last. After it nothing is recorded any more. */
static void end_task(struct task *task, int code)
{
    if (task->kind == TASK_PROCESS) {
        task_finish();
        pipe_ends_dropped();
        memory_handles_dropped(task->id);
        say_ended(task);
    }
    if (seam_self.control)
        seam_announce_end();
    task->exit_code = code;
    atomic_store(&task->ended, seam_end(code));
    if (task->kind == TASK_THREAD || seam_self.control)
        say_reaped(task);
    if (task->kind == TASK_PROCESS && seam_self.control)
        control_end_process(task->id, code);
}

_Noreturn void task_leave_process(int code)
{
    sigset_t all;
    if (code >= 0)
        _exit(code);
    sigfillset(&all);
    signal(-code, SIG_DFL);
    kill(getpid(), -code);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    _exit(128 - code);
}

static void live(struct task *task, struct process *process, struct trace_lane *lane)
{
    seam_begin(task->run, process, lane, task->id, task->created);
    seam_self.handle = task;
    task->pid = seam_self.control ? CONTROLLED_PID + task->id : (uint32_t)gettid();
    trace_task_thread(task->run->shared, task->id, task->pid);
    if (task->kind == TASK_THREAD) {
        sync_wake(&task->pid);
    } else {
        process->task = task;
        pipe_ends_inherited();
    }
    if (task->server)
        start_server_import(task->server);
    task->fn(task->argument);
    end_task(task, 0);
}

_Noreturn void task_live(struct task *task, struct process *process)
{
    struct trace_lane lane;
    live(task, process, &lane);
    _exit(0);
}

static void *thread_body(void *argument)
{
    struct task *task = argument;
    struct trace_lane lane;
    live(task, task->process, &lane);
    return NULL;
}

_Noreturn void task_exit(int code)
{
    struct task *task = task_self();
    end_task(task, code);
    if (seam_self.control)
        control_leave(code);
    if (task->kind == TASK_THREAD)
        pthread_exit(NULL);
    task_leave_process(code);
}

/* ---- starting ---- */

static bool inherits_daemon(enum task_kind kind)
{
    const struct task *maker = task_self();
    return kind == TASK_THREAD && maker->kind == TASK_THREAD && maker->daemon;
}

struct task *task_new(enum task_kind kind, const char *name, task_fn *fn, void *argument)
{
    struct task *task = run_alloc(seam_self.run, sizeof *task);
    task->run = seam_self.run;
    task->kind = kind;
    task->fn = fn;
    task->argument = argument;
    task->daemon = inherits_daemon(kind);
    task->id = seam_task(kind, name);
    return task;
}

struct task *task_new_from(struct start_server *server, const char *name, task_fn *fn,
                           void *argument)
{
    struct task *task = task_new(TASK_PROCESS, name, fn, argument);
    task->server = server;
    return task;
}

/* Under control: the body of a fiber. */
static void controlled_body(void *argument)
{
    struct task *task = argument;
    struct trace_lane lane;
    struct process *process = task->kind == TASK_THREAD ? task->process : seam_self.process;
    if (task->server) {
        process = seam_private(sizeof *process);
        process->imported = true;
    }
    live(task, process, &lane);
}

static void start_controlled(struct task *task)
{
    const struct image *kept = task->server ? start_server_memory(task->server) : NULL;
    control_begin(controlled_body, task, task->kind == TASK_PROCESS, kept);
}

static void start_thread(struct task *task)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
    int r = pthread_create(&task->thread, &attributes, thread_body, task);
    pthread_attr_destroy(&attributes);
    if (r != 0)
        seam_fail(r, "cannot start a thread");
}

static void start_fork(struct task *task)
{
    /* The child's copy of what belongs to a process is made by fork itself. */
    struct process *process = seam_self.process;
    pid_t pid = fork();
    if (pid < 0)
        seam_fail(errno, "cannot start a process");
    if (pid == 0)
        task_live(task, process);
    task->pid = (uint32_t)pid;
}

/* What is begun unrecorded is joined by who began it, and forgotten. */
static void adopt(struct task *parent, struct task *child)
{
    child->parent = parent;
    if (child->run->unrecorded.on)
        return;
    child->next = atomic_load(&parent->children);
    while (!atomic_compare_exchange_weak(&parent->children, &child->next, child))
        ;
}

/* Why start() raises, or 0. */
static int may_begin(const struct task *task)
{
    if (task->begun)
        return -EALREADY;
    if (task->kind == TASK_PROCESS && task_of_process()->daemon)
        return -EPERM;
    return task->server && start_server_refuses(task->server) ? -EINPROGRESS : 0;
}

static int refuse(int error)
{
    seam_record(EVENT_REFUSED, TRACE_NO_OBJECT, -error, 0);
    return error;
}

int task_begin(struct task *task)
{
    int r = may_begin(task);
    if (r < 0)
        return refuse(r);
    task->begun = true;
    task->process = seam_self.process;
    adopt(task_of_process(), task);
    task->created = seam_record(EVENT_TASK_CREATED, TRACE_NO_OBJECT, task->id, 0);
    if (seam_self.control)
        start_controlled(task);
    else if (task->kind == TASK_THREAD)
        start_thread(task);
    else if (task->server)
        start_server_ask(task->server, task);
    else
        start_fork(task);
    return 0;
}

struct task *task_start(enum task_kind kind, const char *name, task_fn *fn, void *argument)
{
    struct task *task = task_new(kind, name, fn, argument);
    (void)task_begin(task);
    return task;
}

int task_set_daemon(struct task *task, bool daemon)
{
    if (task->begun)
        return refuse(-EBUSY);
    task->daemon = daemon;
    return 0;
}

bool task_daemon(const struct task *task)
{
    return task->daemon;
}

int task_pid(struct task *task)
{
    if (task->begun)
        sync_wait_while(&task->pid, 0, task->kind == TASK_THREAD ? UINT64_MAX : 0);
    return (int)task->pid;
}

/* ---- its end, seen by others ---- */

static uint32_t note_end(struct trace_shared *shared, uint16_t task, int code)
{
    uint32_t event = 0;
    if (seam_self.lane) {
        seam_self.lane->line = 0;
        event = trace_write(seam_self.lane, EVENT_TASK_ENDED, task, TRACE_NO_OBJECT, code, 0, 0);
    }
    trace_task_ended(shared, task);
    return event;
}

/* The handles of threads that the end of their process has cut off. */
static void settle_threads(struct task *process)
{
    for (struct task *task = process->children; task; task = task->next) {
        if (task->kind != TASK_THREAD || task->done)
            continue;
        if (!task->reaped)
            task->exit_code = process->exit_code;
        say_reaped(task);
        atomic_store(&task->claimed, 1);
        atomic_store_explicit(&task->done, 1, memory_order_release);
        sync_wake(&task->done);
    }
}

/* A process that did not say itself that it ended, and threads that its end has cut off. */
static void note_dead(struct task *task)
{
    struct trace_shared *shared = task->run->shared;
    uint32_t count = atomic_load(&shared->tasks);
    bool silent = shared->task[task->id].state != TASK_STATE_ENDED;
    for (uint32_t t = 0; t < count && t < TRACE_TASKS_MAX; t++) {
        uint8_t state = shared->task[t].state;
        if (t == task->id || (state != TASK_STATE_RUNNING && state != TASK_STATE_WAITING) ||
            shared->task[t].kind == TASK_PROCESS ||
            trace_process_of(shared, (uint16_t)t) != task->id)
            continue;
        (void)note_end(shared, (uint16_t)t, task->exit_code);
    }
    settle_threads(task);
    if (!silent)
        return;
    atomic_store(&task->ended, note_end(shared, task->id, task->exit_code));
    pipe_ends_of_killed(task->id);
}

void task_set_status(struct task *task, int wait_status)
{
    task->exit_code = WIFSIGNALED(wait_status) ? -WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
    say_reaped(task);
}

static bool is_my_child(const struct task *task)
{
    return task->parent == task_of_process();
}

/* The task has ended: takes its exit code, and what it holds of the kernel. */
static void reap(struct task *task)
{
    int status;
    if (seam_self.control)
        return;
    if (task->kind == TASK_THREAD) {
        pthread_join(task->thread, NULL);
    } else if (task->server) {
        sync_wait_while(&task->reaped, 0, UINT64_MAX);
    } else if (is_my_child(task)) {
        while (waitpid((pid_t)task->pid, &status, 0) < 0)
            if (errno != EINTR)
                seam_fail(errno, "cannot wait for a process");
        task_set_status(task, status);
    } else { /* init has its exit code; a signal is what was sent last */
        if (task->run->shared->task[task->id].state != TASK_STATE_ENDED)
            task->exit_code = -(task->last_signal ? task->last_signal : SIGKILL);
        say_reaped(task);
    }
}

/* Only one of several that learn of the end takes note of it; the others wait until it has. */
static void settle(struct task *task)
{
    if (atomic_exchange(&task->claimed, 1) != 0) {
        sync_wait_while(&task->done, 0, UINT64_MAX);
        return;
    }
    reap(task);
    if (task->kind == TASK_PROCESS)
        note_dead(task);
    atomic_store_explicit(&task->done, 1, memory_order_release);
    sync_wake(&task->done);
}

/*
 * Waits for the end. False when the time is up or a handler raised. With a deadline of 0 it only
 * looks, and lets no handler run: what one raises is for the wait that comes next.
 */
static bool await_process(struct task *task, uint64_t deadline_ns)
{
    int pidfd = (int)syscall(SYS_pidfd_open, (pid_t)task_pid(task), 0);
    if (pidfd < 0 && errno == ESRCH)
        return true;
    if (pidfd < 0)
        seam_fail(errno, "cannot wait for a process");
    struct pollfd wanted = {.fd = pidfd, .events = POLLIN};
    bool ended = deadline_ns ? signals_wait(pidfd, deadline_ns) : poll(&wanted, 1, 0) > 0;
    close(pidfd);
    return ended;
}

static bool await_controlled(struct task *task, uint64_t deadline_ns)
{
    if (deadline_ns == 0 && !task->reaped)
        return false;
    if (!task->reaped)
        seam_await_end(&task->reaped, task->id, deadline_ns);
    if (task->reaped)
        seam_saw_end(task->id);
    return task->reaped;
}

static bool await_end(struct task *task, uint64_t deadline_ns)
{
    if (seam_self.control)
        return await_controlled(task, deadline_ns);
    if (task->kind == TASK_THREAD)
        return sync_wait_while(&task->reaped, 0, deadline_ns);
    return task->done || await_process(task, deadline_ns);
}

bool task_alive(struct task *task)
{
    if (!task->begun)
        return false;
    if (seam_self.control)
        seam_watch_end(task->id);
    if (!await_end(task, 0))
        return true;
    settle(task);
    return false;
}

bool task_exit_code(struct task *task, int *ret)
{
    if (!task->begun || task_alive(task))
        return false;
    *ret = task->exit_code;
    return true;
}

/* Why join() raises, or 0. */
static int may_join(struct task *task)
{
    if (!task->begun)
        return -EINVAL;
    if (task == task_self())
        return -EDEADLK;
    return task->kind == TASK_PROCESS && !is_my_child(task) ? -ECHILD : 0;
}

static bool wait_for_end(struct task *task, int64_t timeout_us)
{
    uint64_t deadline = sync_deadline(timeout_us);
    if (seam_self.control && deadline != UINT64_MAX)
        seam_watch_end(task->id);
    if (!await_end(task, 0)) {
        seam_wait_task(EVENT_JOIN_WAIT, task->id);
        bool ended = await_end(task, deadline);
        if (!ended) {
            seam_go_on();
            if (seam_self.control || clock_ns() >= deadline)
                seam_record(EVENT_TIMED_OUT, TRACE_NO_OBJECT, task->id, 0);
            return false;
        }
    }
    if (task->kind == TASK_PROCESS && !task->done)
        seam_announce_reaping(task->id);
    settle(task);
    seam_go_on();
    seam_record(EVENT_JOIN_DONE, TRACE_NO_OBJECT, task->id, atomic_load(&task->ended));
    return true;
}

bool task_join_for(struct task *task, int64_t timeout_us)
{
    int r = may_join(task);
    if (r < 0) {
        refuse(r);
        return false;
    }
    return wait_for_end(task, timeout_us);
}

int task_join(struct task *task)
{
    return task_join_for(task, FOREVER) ? task->exit_code : TASK_NO_CODE;
}

bool task_watch(struct task *task, int64_t timeout_us)
{
    return task->begun && wait_for_end(task, timeout_us);
}

/* Under control a process has no handlers: any signal ends it. */
static void kill_controlled(struct task *task, int signo)
{
    if (task->reaped)
        return;
    task->exit_code = -signo;
    control_end_process(task->id, -signo);
    pipe_ends_of_killed(task->id);
    memory_handles_dropped(task->id);
    say_ended(task);
    say_reaped(task);
    if (task == task_of_process())
        control_leave(-signo);
}

int task_signal(struct task *task, int signo)
{
    int pid = task_pid(task);
    if (pid == 0 || task->kind != TASK_PROCESS)
        return refuse(-ESRCH);
    seam_signal_end(task->id);
    if (task->done)
        return refuse(-ESRCH);
    uint32_t sent = seam_record_aux(EVENT_SIGNAL_SENT, TRACE_NO_OBJECT, signo, task->id, 0);
    if (signo > 0 && signo < TASK_SIGNALS)
        task->sent[signo] = sent;
    task->last_signal = signo;
    if (seam_self.control) {
        kill_controlled(task, signo);
        return 0;
    }
    return kill(pid, signo) < 0 ? refuse(-errno) : 0;
}

int task_terminate(struct task *task)
{
    return task_signal(task, SIGTERM);
}

int task_kill(struct task *task)
{
    return task_signal(task, SIGKILL);
}

/* ---- the end of a process ---- */

/*
 * Daemon threads are cut off at the end; and under control, with the run, daemonic processes of its
 * main process.
 */
static bool is_left_behind(const struct task *child)
{
    return child->daemon && (child->kind == TASK_THREAD ||
                             (seam_self.control && child->parent && is_main_of_run(child->parent)));
}

/* The next to be joined. */
static struct task *next_child(struct task *self, enum task_kind kind)
{
    for (struct task *child = self->children; child; child = child->next)
        if (child->kind == kind && !child->done && !is_left_behind(child) && child != task_self())
            return child;
    return NULL;
}

/* Those begun meanwhile, too; a second Ctrl+C ends it. */
static void join_children(struct task *self, enum task_kind kind)
{
    struct task *child;
    while ((child = next_child(self, kind)) && wait_for_end(child, FOREVER))
        ;
}

static void terminate_daemons(struct task *self)
{
    for (struct task *child = self->children; child; child = child->next)
        if (child->kind == TASK_PROCESS && child->daemon && !is_left_behind(child) &&
            task_alive(child))
            task_terminate(child);
}

void task_finish(void)
{
    struct task *self = seam_self.process->task;
    source_line = 0; /* the program is over */
    if (!self)
        return; /* it never began a task */
    if (is_main_of_run(self))
        join_children(self, TASK_THREAD);
    terminate_daemons(self);
    join_children(self, TASK_PROCESS);
    if (!is_main_of_run(self))
        join_children(self, TASK_THREAD);
}

/* ---- time ---- */

static uint64_t scaled_ns(int64_t us)
{
    return us <= 0 ? 0 : (uint64_t)((double)us * 1000 * seam_self.run->time_scale);
}

void sleep_us(int64_t us)
{
    if (!signals_wanted()) {
        seam_sleep(scaled_ns(us));
        return;
    }
    seam_record(EVENT_SLEEP_BEGAN, TRACE_NO_OBJECT, (int64_t)scaled_ns(us), 0);
    signals_wait(-1, clock_ns() + scaled_ns(us));
    seam_record(EVENT_SLEEP_ENDED, TRACE_NO_OBJECT, 0, 0);
}

void work_us(int64_t us)
{
    seam_work(scaled_ns(us));
}

void spin_pause(void)
{
    if (seam_self.control)
        seam_point(SEAM_SPIN, TRACE_NO_OBJECT);
    else
        __builtin_ia32_pause();
}

void spin_ns(int64_t ns)
{
    seam_spin((uint64_t)ns);
}

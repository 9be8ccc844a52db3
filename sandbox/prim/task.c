#include "sandbox/prim/task.h"

#include "sandbox/base/clock.h"
#include "sandbox/prim/pipe.h"
#include "sandbox/sched/seam.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREAD_STACK_BYTES (256u << 10)

struct task {
    struct run *run;
    uint16_t id;
    enum task_kind kind;
    task_fn *fn;
    void *argument;
    uint32_t created;       /* event that made it */
    _Atomic uint32_t ended; /* its last event */
    _Atomic int done;
    int exit_code;
    struct process *process; /* of a thread: whose it is */
    pthread_t thread;
    pid_t pid;
};

static void run_task(struct task *task, struct process *process)
{
    struct trace_lane lane;
    seam_begin(task->run, process, &lane, task->id, task->created);
    if (task->kind == TASK_PROCESS)
        pipe_ends_inherited();
    task->fn(task->argument);
    if (task->kind == TASK_PROCESS)
        pipe_ends_dropped();
    atomic_store(&task->ended, seam_end(0));
    atomic_store_explicit(&task->done, 1, memory_order_release);
}

static void *thread_body(void *argument)
{
    struct task *task = argument;
    run_task(task, task->process);
    return NULL;
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

static void start_process(struct task *task)
{
    /* The child's copy of what belongs to a process is made by fork itself. */
    struct process *process = seam_self.process;
    pid_t pid = fork();
    if (pid < 0)
        seam_fail(errno, "cannot start a process");
    if (pid == 0) {
        run_task(task, process);
        _exit(0);
    }
    task->pid = pid;
}

struct task *task_start(enum task_kind kind, const char *name, task_fn *fn, void *argument)
{
    struct task *task = run_alloc(seam_self.run, sizeof *task);
    task->run = seam_self.run;
    task->kind = kind;
    task->fn = fn;
    task->argument = argument;
    task->process = seam_self.process;
    task->id = seam_task(kind, name);
    task->created = seam_record(EVENT_TASK_CREATED, TRACE_NO_OBJECT, task->id, 0);
    if (kind == TASK_PROCESS)
        start_process(task);
    else
        start_thread(task);
    return task;
}

/* A process that was killed could not say so itself: its parent does. */
static void note_killed(struct task *task, int signal)
{
    task->exit_code = -signal;
    if (seam_self.lane)
        trace_write(seam_self.lane, EVENT_TASK_ENDED, task->id, TRACE_NO_OBJECT, -signal, 0, 0);
    trace_task_ended(task->run->shared, task->id);
    pipe_ends_of_killed(task->id);
}

static void reap(struct task *task)
{
    int status;
    if (task->kind == TASK_THREAD) {
        pthread_join(task->thread, NULL);
        return;
    }
    while (waitpid(task->pid, &status, 0) < 0)
        if (errno != EINTR)
            seam_fail(errno, "cannot wait for a process");
    if (WIFSIGNALED(status))
        note_killed(task, WTERMSIG(status));
    else
        task->exit_code = WEXITSTATUS(status);
}

int task_join(struct task *task)
{
    seam_point(SEAM_JOIN, TRACE_NO_OBJECT);
    if (!atomic_load_explicit(&task->done, memory_order_acquire))
        seam_wait_task(EVENT_JOIN_WAIT, task->id);
    reap(task);
    seam_go_on();
    seam_record(EVENT_JOIN_DONE, TRACE_NO_OBJECT, task->id, atomic_load(&task->ended));
    return task->exit_code;
}

static uint64_t scaled_ns(int64_t us)
{
    return us <= 0 ? 0 : (uint64_t)((double)us * 1000 * seam_self.run->time_scale);
}

void sleep_us(int64_t us)
{
    seam_sleep(scaled_ns(us));
}

void work_us(int64_t us)
{
    seam_work(scaled_ns(us));
}

void spin_ns(int64_t ns)
{
    uint64_t until = clock_ns() + (uint64_t)ns;
    while (clock_ns() < until)
        ;
}

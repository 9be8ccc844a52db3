/*
 * How it works. A signal with a handler is blocked in all threads and let in by ppoll() alone, in
 * the main thread, while it waits. So none is lost between looking and waiting, and the handler
 * proper only notes that the signal came: what the scenario gave runs after ppoll() has returned,
 * in the ordinary course of the program.
 */
#include "sandbox/prim/signals.h"

#include "sandbox/base/clock.h"
#include "sandbox/prim/task_private.h"
#include "sandbox/sched/seam.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Of one process, in its own memory. */
struct signals {
    sigset_t while_waiting; /* signals blocked while it waits */
    signal_fn *handler[TASK_SIGNALS];
    volatile sig_atomic_t came[TASK_SIGNALS];
    bool raised; /* KeyboardInterrupt, until somebody asks */
};

static struct signals *signals_of_process(void)
{
    struct process *process = seam_self.process;
    if (!process->signals) {
        process->signals = calloc(1, sizeof *process->signals);
        if (!process->signals)
            seam_fail(ENOMEM, "a signal's handler");
        sigprocmask(SIG_BLOCK, NULL, &process->signals->while_waiting);
    }
    return process->signals;
}

static void note_signal(int signo)
{
    seam_self.process->signals->came[signo] = 1;
}

void signal_handle(int signo, signal_fn *handler)
{
    assert(signo > 0 && signo < TASK_SIGNALS && task_self()->kind == TASK_PROCESS);
    seam_free_only("a signal handler");
    const struct sigaction action = {.sa_handler = handler ? note_signal : SIG_DFL};
    struct signals *signals = signals_of_process();
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signo);
    signals->handler[signo] = handler;
    sigaction(signo, &action, NULL);
    if (handler)
        sigdelset(&signals->while_waiting, signo);
    pthread_sigmask(handler ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

void keyboard_interrupt(int signo)
{
    (void)signo;
    signals_of_process()->raised = true;
}

bool interrupted(void)
{
    struct signals *signals = seam_self.process->signals;
    bool raised = signals && signals->raised;
    if (raised)
        signals->raised = false;
    return raised;
}

/* Returns whether one of them raised. */
static bool run_handlers(struct signals *signals)
{
    bool before = signals->raised;
    unsigned line = source_line;
    signals->raised = false;
    for (int signo = 1; signo < TASK_SIGNALS; signo++) {
        if (!signals->came[signo])
            continue;
        signals->came[signo] = 0;
        seam_record(EVENT_SIGNAL_HANDLED, TRACE_NO_OBJECT, signo, task_self()->sent[signo]);
        signals->handler[signo](signo);
        source_line = line;
    }
    bool raised = signals->raised;
    signals->raised = raised || before;
    return raised;
}

bool signals_wanted(void)
{
    return seam_self.process->signals && task_self()->kind == TASK_PROCESS;
}

bool signals_wait(int fd, uint64_t deadline_ns)
{
    struct signals *signals = signals_wanted() ? seam_self.process->signals : NULL;
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    seam_wait_until(deadline_ns);
    for (;;) {
        uint64_t now = clock_ns();
        uint64_t left = deadline_ns > now ? deadline_ns - now : 0;
        const struct timespec timeout = {.tv_sec = (time_t)(left / 1000000000u),
                                         .tv_nsec = (long)(left % 1000000000u)};
        int n = ppoll(&wanted, 1, deadline_ns == UINT64_MAX ? NULL : &timeout,
                      signals ? &signals->while_waiting : NULL);
        if (n >= 0)
            return n > 0;
        if (errno != EINTR)
            seam_fail(errno, "cannot wait");
        if (signals && run_handlers(signals))
            return false;
    }
}

void signal_lead_group(void)
{
    seam_free_only("a group of processes");
    setpgid(0, 0);
}

int signal_group(struct task *leader, int signo)
{
    seam_free_only("a signal to a group of processes");
    int pid = task_pid(leader);
    assert(signo > 0 && signo < TASK_SIGNALS && pid > 0);
    for (struct task *task = leader; task; task = task == leader ? leader->children : task->next) {
        if (task->kind != TASK_PROCESS || task->done)
            continue;
        task->sent[signo] = seam_record_aux(EVENT_SIGNAL_SENT, TRACE_NO_OBJECT, signo, task->id, 0);
        task->last_signal = signo;
    }
    return kill(-pid, signo) < 0 ? -errno : 0;
}

void signal_on_parent_death(int signo)
{
    struct task *self = task_self();
    seam_free_only("a signal at the death of a parent");
    prctl(PR_SET_PDEATHSIG, signo);
    self->last_signal = signo;
    if (self->parent && getppid() != (pid_t)self->parent->pid && !self->server)
        kill(getpid(), signo); /* it was gone before we asked */
}

/*
 * How it works, and why it is a proof.
 *
 * A look reads of every thread of the run whether it sleeps, how often it was switched away from,
 * and what its task has said that it waits for. It counts only if every single one sleeps and waits
 * for good, that is, has said right before it asked the kernel to wait that there is no deadline
 * (TRACE_WAITS_FOR_GOOD). A thread of no task, or one whose task has said nothing, spoils it: such
 * a task sleeps, prints, computes, or waits for something that only it and the kernel know of.
 *
 * When two looks are alike no thread has run in between, since one that wakes up and sleeps again
 * has been switched away from once more. So there was a moment at which all of them slept, also
 * whoever had released something and had not yet told the one that waits for it: it would have been
 * about to run. From that moment on, what could wake one up?
 *   - Another thread of the run: none runs.
 *   - Time: nobody waits with a deadline.
 *   - A signal: sent by a thread of the run, since no timer may send one (filter.c).
 *   - The world outside: a run has no way to it but its output, and who prints is not waiting.
 * So none wakes up, ever. Who was killed does not run and is not looked at, but a wait that is left
 * now and then in order to see whether a process is still there (TRACE_WAITS_LOOKS) is for good
 * only while every process is.
 *
 * The kernel calls a thread asleep from a few instructions before it is switched away, and through
 * all of a waitid() that reaps a child; taken off its processor there, as on a busy machine it may
 * be for long, it would look like one that sleeps on. What it sleeps in (wchan) is told only of one
 * that is on no run queue.
 *
 * The memory is written by sandboxed tasks. One that lies about its waits ends its own run as a
 * deadlock, which it could have asked for.
 */
#include "sandbox/host/standstill.h"

#include "sandbox/host/processes.h"
#include "sandbox/trace/kinds.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_TEXT 8192u /* what a thread's status is cut to; its last line must be in it */
#define PAUSE       4u    /* ticks */
#define HOPS_MAX    64u   /* generators that resume one another */
#define MAIN_TASK   0u

/* Handlers of these change nothing: faults, a child's end, and what the C library keeps for itself.
 */
#define BIT(signo) (UINT64_C(1) << ((signo)-1))
#define HARMLESS                                                                                   \
    (BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGCHLD) |        \
     BIT(32) | BIT(33))

/* ---- what the tasks say ---- */

static uint32_t task_count(const struct trace_shared *shared)
{
    uint32_t tasks = atomic_load_explicit(&shared->tasks, memory_order_acquire);
    return tasks < TRACE_TASKS_MAX ? tasks : TRACE_TASKS_MAX;
}

static uint8_t state_of(const struct trace_shared *shared, uint32_t task)
{
    return atomic_load_explicit(&shared->task[task].state, memory_order_acquire);
}

static bool has_begun(uint8_t state)
{
    return state == TASK_STATE_RUNNING || state == TASK_STATE_WAITING;
}

/*
 * Whether the task waits for good; *ret is for what. A thread that has resumed a generator waits as
 * the generator does.
 */
static bool waits_for_good(const struct trace_shared *shared, uint32_t task, uint32_t *ret)
{
    uint32_t tasks = task_count(shared);
    for (unsigned hops = 0; hops < HOPS_MAX && task < tasks; hops++) {
        if (state_of(shared, task) != TASK_STATE_WAITING)
            return false;
        uint32_t on = atomic_load_explicit(&shared->task[task].waits_on, memory_order_relaxed);
        if (on == TRACE_WAITS_NOTHING)
            return false;
        *ret = on;
        if (on & (TRACE_WAITS_FOR_GOOD | TRACE_WAITS_LOOKS))
            return true;
        task = on & 0xffffu;
        if (!(on & TRACE_WAITS_TASK) || task >= tasks || shared->task[task].kind != TASK_COROUTINE)
            return false;
    }
    return false;
}

static bool is_server(const struct trace_shared *shared, uint32_t thread)
{
    uint32_t count = atomic_load_explicit(&shared->servers, memory_order_acquire);
    for (uint32_t i = 0; i < count && i < TRACE_SERVERS_MAX; i++)
        if (atomic_load_explicit(&shared->server[i], memory_order_acquire) == thread)
            return true;
    return false;
}

/* Whether that thread, by its number inside the run, waits for good. */
static bool thread_waits_for_good(const struct trace_shared *shared, uint32_t thread, uint32_t *ret)
{
    uint32_t tasks = task_count(shared);
    bool known = is_server(shared, thread);
    *ret = TRACE_WAITS_NOTHING;
    for (uint32_t t = 0; t < tasks; t++) {
        const struct trace_task_slot *slot = &shared->task[t];
        if (atomic_load_explicit(&slot->thread, memory_order_relaxed) != thread ||
            slot->kind == TASK_COROUTINE || !has_begun(state_of(shared, t)))
            continue;
        if (!waits_for_good(shared, t, ret))
            return false;
        known = true;
    }
    return known;
}

/* ---- what the kernel says ---- */

/* The line behind a label, as "\nState:\t"; NULL when there is none. */
static const char *field(const char *status, const char *label)
{
    const char *at = strstr(status, label);
    return at ? at + strlen(label) : NULL;
}

/* The last number of a line: what the innermost pid namespace calls the thread. */
static uint32_t last_number(const char *line)
{
    unsigned long number = 0;
    char *end;
    for (const char *at = line; *at && *at != '\n'; at = end) {
        unsigned long next = strtoul(at, &end, 10);
        if (end == at)
            break;
        number = next;
        end += strspn(end, " \t");
    }
    return (uint32_t)number;
}

/* Whether the thread is on no run queue; "0" is what those are said to sleep in that are. */
static bool is_off(pid_t pid, pid_t tid)
{
    char path[64], wchan[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/wchan", (int)pid, (int)tid);
    return proc_text(path, wchan, sizeof wchan) && *wchan != '0';
}

enum seen { SPOILS, DEAD, SLEEPS };

static enum seen look_at(const struct trace_shared *shared, pid_t pid, pid_t tid,
                         struct sleeper *ret)
{
    char path[64], status[STATUS_TEXT];
    snprintf(path, sizeof path, "/proc/%d/task/%d/status", (int)pid, (int)tid);
    if (!proc_text(path, status, sizeof status))
        return SPOILS;
    const char *state = field(status, "\nState:\t"), *number = field(status, "\nNSpid:\t"),
               *caught = field(status, "\nSigCgt:\t"),
               *by_itself = field(status, "\nvoluntary_ctxt_switches:\t"),
               *forced = field(status, "\nnonvoluntary_ctxt_switches:\t");
    if (!state || !number || !caught || !by_itself || !forced)
        return SPOILS;
    if (*state == 'Z' || *state == 'X')
        return DEAD;
    if (*state != 'S' || strtoull(caught, NULL, 16) & ~HARMLESS)
        return SPOILS;
    ret->thread = tid;
    ret->switches = strtoull(by_itself, NULL, 10) + strtoull(forced, NULL, 10);
    return thread_waits_for_good(shared, last_number(number), &ret->waits_on) && is_off(pid, tid)
               ? SLEEPS
               : SPOILS;
}

/* ---- a look ---- */

static bool look_at_process(const struct trace_shared *shared, pid_t pid, struct look *look)
{
    pid_t tids[STANDSTILL_THREADS_MAX];
    unsigned count = threads_of(pid, tids, STANDSTILL_THREADS_MAX);
    if (count > STANDSTILL_THREADS_MAX - look->count - 1)
        return false;
    for (unsigned i = 0; i < count; i++)
        switch (look_at(shared, pid, tids[i], &look->sleeper[look->count])) {
        case SPOILS:
            return false;
        case DEAD:
            break;
        case SLEEPS:
            look->count++;
            break;
        }
    return count > 0;
}

static bool somebody_looks(const struct look *look)
{
    for (unsigned i = 0; i < look->count; i++)
        if (look->sleeper[i].waits_on != TRACE_WAITS_NOTHING &&
            look->sleeper[i].waits_on & TRACE_WAITS_LOOKS)
            return true;
    return false;
}

/* Of the tasks that are processes, how many ever began. */
static unsigned processes_begun(const struct trace_shared *shared)
{
    unsigned begun = 0;
    for (uint32_t t = 0, tasks = task_count(shared); t < tasks; t++)
        begun += shared->task[t].kind == TASK_PROCESS && state_of(shared, t) != TASK_STATE_NONE;
    return begun;
}

/* Returns whether everybody sleeps and waits for good. */
static bool take_look(const struct trace_shared *shared, pid_t init, struct look *ret)
{
    struct processes processes;
    unsigned alive = 0; /* without servers, which are no tasks */
    processes_of(init, &processes);
    ret->count = 0;
    for (unsigned i = 1; i < processes.count; i++) {
        unsigned before = ret->count;
        if (!look_at_process(shared, processes.pids[i], ret))
            return false;
        alive += ret->count > before && ret->sleeper[before].waits_on != TRACE_WAITS_NOTHING;
    }
    return alive > 0 && (!somebody_looks(ret) || alive == processes_begun(shared));
}

static bool are_alike(const struct look *a, const struct look *b)
{
    if (a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++)
        if (a->sleeper[i].thread != b->sleeper[i].thread ||
            a->sleeper[i].switches != b->sleeper[i].switches ||
            a->sleeper[i].waits_on != b->sleeper[i].waits_on)
            return false;
    return true;
}

bool standstill_tick(struct standstill *standstill, const struct trace_shared *shared, pid_t init,
                     bool last)
{
    struct look look;
    uint32_t on;
    if (!waits_for_good(shared, MAIN_TASK, &on)) {
        standstill->alike = standstill->pause = 0;
        return false;
    }
    if (standstill->pause > 0 && !last) {
        standstill->pause--;
        return false;
    }
    if (!take_look(shared, init, &look)) {
        standstill->alike = 0;
        standstill->pause = PAUSE;
        return false;
    }
    standstill->alike =
        standstill->alike > 0 && are_alike(&look, &standstill->last) ? standstill->alike + 1 : 1;
    standstill->last = look;
    return standstill->alike >= (last ? 2 : STANDSTILL_LOOKS);
}

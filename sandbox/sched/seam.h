/*
 * The seam between the primitives and whoever decides which task runs.
 *
 * Every primitive has two faces. Free: the real thing (a pthread mutex, a pipe, a fork) with a
 * record around it; the kernel decides who runs. Controlled: a model that never blocks in the
 * kernel; a strategy decides at every operation. A primitive is written once, in this shape:
 *
 *     seam_point(SEAM_ACQUIRE, lock->object);        announce, before the effect
 *     if (!take without waiting) {
 *         seam_wait(EVENT_LOCK_WAIT, object, 0);     the task waits from now on
 *         take, waiting                              <- the two faces differ here only
 *         seam_go_on();
 *     }
 *     seam_record(EVENT_LOCK_ACQUIRED, object, 0, cause);
 *
 * In a free run seam_point() costs a look at whether it is one.
 *
 * Every function is for the calling task, which the seam knows from one thread-local pointer. That
 * pointer is identity only: what a primitive knows lives in the run's memory.
 */
#ifndef SCHED_SEAM_H
#define SCHED_SEAM_H

#include "sandbox/proto/operation.h"
#include "sandbox/sched/fiber.h"
#include "sandbox/sched/run.h"
#include "sandbox/trace/writer.h"

#include <stdbool.h>

struct conn;
struct loop;
struct signals;
struct task;

/* What belongs to one process and is copied by fork, not shared. */
struct process {
    struct conn *conns;      /* open pipe ends, for the copies a child inherits */
    struct signals *signals; /* its handlers; NULL until it has one */
    struct task *task;       /* its own; NULL in the run's main process until it is asked for */
    bool imported;           /* started from a start server, which ran its top level again */
    bool bootstrapping;      /* is running that top level now */
};

/* Who the calling thread is at this moment. A coroutine changes `task` and leaves the rest. */
struct seam_self {
    struct run *run;
    struct process *process;
    struct control *control; /* NULL in a free run */
    struct trace_lane *lane; /* NULL in a run without trace */
    struct task *handle;     /* of the thread; NULL in the run's main task until it is asked for */
    struct loop *loop;       /* the last that the thread began to run; NULL before */
    uint16_t task;
};

extern __thread struct seam_self seam_self;

/* The line of the scenario that the calling thread is at (prim/lines.h); 0 before the first. */
extern __thread unsigned source_line;

/* The end of a task, as an object that others look at. */
#define SEAM_TASK_OBJECT(task) TRACE_TASK_OBJECT(task)
/* All names of memory, as one. */
#define SEAM_NAMES_OBJECT ((uint16_t)(TRACE_OBJECTS_MAX + TRACE_TASKS_MAX))
/* An object in the memory of a process that was forked is another one than its maker's. */
#define SEAM_OWN_OBJECT(i) ((uint16_t)(SEAM_NAMES_OBJECT + 1 + (i)))
#define SEAM_OWN_OBJECTS   128u
#define SEAM_OBJECTS_MAX   (SEAM_NAMES_OBJECT + 1 + SEAM_OWN_OBJECTS)

#define SEAM_NEVER UINT64_MAX /* a deadline that does not come */

/*
 * An operation as it is announced. It is possible while *level is in low..high (NULL: always) and
 * once *gate has left `closed` (NULL: at once); a gate that is open stays open. What others do to
 * an object that has a level names it, too: whether two operations race depends on it. At the
 * deadline it is done in any case, and the caller sees that it was in vain.
 */
struct seam_op {
    enum seam_operation operation;
    uint16_t object; /* or TRACE_NO_OBJECT; all operations on an object have the same level */
    uint16_t second; /* another one it touches, or TRACE_NO_OBJECT */
    const _Atomic uint32_t *level, *gate;
    uint32_t low, high, closed;
    uint64_t deadline;
    enum event_kind waits; /* recorded when it is found impossible; 0: the caller has done so */
    uint32_t waits_on;     /* for the wait-for graph, as in trace_task_slot */
    int64_t value;         /* of that event */
};

/* The running task does it when it is its turn. Under control only. */
void control_point(const struct seam_op *op);

/* Announces an operation that is always possible. */
static inline void seam_point(enum seam_operation operation, uint16_t object)
{
    if (__builtin_expect(seam_self.control != NULL, 0))
        control_point(&(struct seam_op){.operation = operation,
                                        .object = object,
                                        .second = TRACE_NO_OBJECT,
                                        .deadline = SEAM_NEVER});
}

/* Announces one that touches two objects. */
static inline void seam_point_both(enum seam_operation operation, uint16_t object, uint16_t second)
{
    if (__builtin_expect(seam_self.control != NULL, 0))
        control_point(&(struct seam_op){
            .operation = operation, .object = object, .second = second, .deadline = SEAM_NEVER});
}

/* Announces one that is possible while *level is in low..high; waiting is the event `waits`. */
static inline void seam_point_when(enum seam_operation operation, uint16_t object,
                                   const _Atomic uint32_t *level, uint32_t low, uint32_t high,
                                   uint64_t deadline, enum event_kind waits)
{
    if (__builtin_expect(seam_self.control != NULL, 0))
        control_point(
            &(struct seam_op){.operation = operation,
                              .object = object,
                              .second = TRACE_NO_OBJECT,
                              .level = level,
                              .low = low,
                              .high = high,
                              .deadline = deadline,
                              .waits = waits,
                              .waits_on = waits == EVENT_QUEUE_FULL || waits == EVENT_PIPE_FULL
                                              ? TRACE_WAITS_ROOM | object
                                              : object});
}

/* Announces one that is always possible, on an object that has a level. */
static inline void seam_point_on(enum seam_operation operation, uint16_t object,
                                 const _Atomic uint32_t *level)
{
    seam_point_when(operation, object, level, 0, UINT32_MAX, SEAM_NEVER, (enum event_kind)0);
}

/* Under control: goes on once the task has ended, or at the deadline. */
void seam_await_end(const _Atomic uint32_t *ended, uint16_t task, uint64_t deadline);

/*
 * Under control: somebody looks whether a task has ended, so the moment at which it does matters.
 * A task's end is a step of its own only in executions that follow such a look.
 */
void seam_watch_end(uint16_t task);

/* Somebody ends a task, which may have ended already: a look at its end, too. */
void seam_signal_end(uint16_t task);

/* Under control: the calling task has seen that another one has ended, and goes on after it. */
void seam_saw_end(uint16_t task);

/* The same of what has been done on an object, where looking at it is no step. */
void seam_saw(uint16_t object);

/* Under control: the calling task ends now. */
void seam_announce_end(void);

/* Under control: a process that has ended is nobody any more, whom a signal does not reach. */
void seam_announce_reaping(uint16_t task);

/* Under control: goes on once *word is no longer `value`, or at the deadline. */
void seam_await_change(const _Atomic uint32_t *word, uint32_t value, uint64_t deadline);

/* One of n >= 1 ways the world may be, 0 in a free run. */
unsigned seam_choose(unsigned n);

/* Records an event of the calling task; returns the id a later event may name as its cause, or 0.
 */
static inline uint32_t seam_record_aux(enum event_kind kind, uint16_t object, int64_t value,
                                       uint16_t aux, uint32_t cause)
{
    if (!seam_self.lane)
        return 0;
    seam_self.lane->line = source_line;
    return trace_write(seam_self.lane, kind, seam_self.task, object, value, aux, cause);
}

static inline uint32_t seam_record(enum event_kind kind, uint16_t object, int64_t value,
                                   uint32_t cause)
{
    return seam_record_aux(kind, object, value, 0, cause);
}

/* Whether the operation that goes on now has already said that it had to wait, by this event. */
bool control_has_waited(const struct control *control, enum event_kind kind);

static inline bool seam_has_waited(enum event_kind kind)
{
    return __builtin_expect(seam_self.control != NULL, 0) &&
           control_has_waited(seam_self.control, kind);
}

/* From now on the calling task waits for an object, for room in one, or for a task. */
static inline void seam_wait(enum event_kind kind, uint16_t object, int64_t value)
{
    if (seam_has_waited(kind))
        return;
    seam_record(kind, object, value, 0);
    trace_task_waits(seam_self.run->shared, seam_self.task, object);
}

static inline void seam_wait_room(enum event_kind kind, uint16_t object)
{
    if (seam_has_waited(kind))
        return;
    seam_record(kind, object, 0, 0);
    trace_task_waits(seam_self.run->shared, seam_self.task, TRACE_WAITS_ROOM | object);
}

static inline void seam_wait_task(enum event_kind kind, uint16_t task)
{
    if (seam_has_waited(kind))
        return;
    seam_record(kind, TRACE_NO_OBJECT, task, 0);
    trace_task_waits(seam_self.run->shared, seam_self.task, TRACE_WAITS_TASK | task);
}

/*
 * Whether the wait recorded last has a deadline: right before the kernel is asked to wait, with
 * UINT64_MAX for none. Then only another task can end it, and when all wait like that the run is a
 * deadlock; a primitive that says nothing is taken to go on by itself.
 */
static inline void seam_wait_until(uint64_t deadline_ns)
{
    trace_task_waits_how(seam_self.run->shared, seam_self.task,
                         deadline_ns == UINT64_MAX ? TRACE_WAITS_FOR_GOOD : 0);
}

/* No deadline, but the wait is left now and then to see whether a process is still there. */
static inline void seam_wait_looking(void)
{
    trace_task_waits_how(seam_self.run->shared, seam_self.task, TRACE_WAITS_LOOKS);
}

/* A server's task waits for the next request; nothing is recorded. */
static inline void seam_wait_to_serve(uint16_t object)
{
    trace_task_waits(seam_self.run->shared, seam_self.task,
                     object | TRACE_WAITS_TO_SERVE | TRACE_WAITS_FOR_GOOD);
}

static inline void seam_go_on(void)
{
    trace_task_waits(seam_self.run->shared, seam_self.task, TRACE_WAITS_NOTHING);
}

/*
 * The task holds, or no longer holds, an object that one task holds at a time: it alone can let a
 * waiter go on. Called while it is held, so plain stores will do.
 */
static inline void seam_set_holder_task(uint16_t object, uint16_t task, bool holds)
{
    _Atomic uint64_t *word = &seam_self.run->shared->object[object].holders[task / 64];
    uint64_t bit = UINT64_C(1) << task % 64;
    uint64_t others = atomic_load_explicit(word, memory_order_relaxed) & ~bit;
    atomic_store_explicit(word, holds ? others | bit : others, memory_order_relaxed);
}

static inline void seam_set_holder(uint16_t object, bool holds)
{
    seam_set_holder_task(object, seam_self.task, holds);
}

/* A new object of the run; the name is what people see. Ends the run when the table is full. */
uint16_t seam_object(enum object_kind kind, const char *name);

/* A new task slot of the run, child of the calling task. Ends the run as task-limit when full. */
uint16_t seam_task(enum task_kind kind, const char *name);

/*
 * Makes the calling thread the task: its identity, its lane (`lane` is the caller's memory, alive
 * as long as the task, for a free run) and its first event, caused by `created`.
 */
void seam_begin(struct run *run, struct process *process, struct trace_lane *lane, uint16_t task,
                uint32_t created);

/* The calling task ends; returns the id of its last event. */
uint32_t seam_end(int exit_code);

/*
 * What the run does between these two leaves nothing: no events, tasks without a lane, and objects
 * and memory that are taken back at its end. For programs that repeat something thousands of times
 * in order to measure it. For the main task while there is no other but servers; whoever begins a
 * task in between joins it, and nothing made in between is used afterwards.
 */
void seam_unrecorded_begin(void);
void seam_unrecorded_end(void);

/* Nanoseconds since the run began; under control, of the run's own clock. */
uint64_t seam_now(void);

/* The clock of deadlines and of time-outs: CLOCK_MONOTONIC, or the run's own. */
uint64_t seam_clock(void);

/*
 * Zeroed memory of the calling process alone, which a child process gets a copy of. NULL without
 * memory.
 */
void *seam_private(size_t bytes);
void seam_private_free(void *memory);

/* A stack of its own for a coroutine of the calling task. NULL without memory. */
struct fiber *seam_fiber(size_t stack_bytes, void (*entry)(void *), void *argument);
void seam_fiber_free(struct fiber *fiber);

/* Lends the thread to the coroutine; gives it back. Either goes on with the line it was at. */
static inline void seam_resume(struct fiber *fiber)
{
    unsigned line = source_line;
    source_line = 0;
    fiber_resume(fiber);
    source_line = line;
}

static inline void seam_suspend(struct fiber *fiber)
{
    unsigned line = source_line;
    fiber_suspend(fiber);
    source_line = line;
}

/* Whether time-outs and sleeps may be over whenever the schedule likes. */
bool seam_ignores_time(void);

/* What follows has no controlled face: ends a controlled run with a text. */
void seam_free_only(const char *what);

/* The time of the calling task's last event; in a run without trace, now. */
static inline uint64_t seam_last_ns(void)
{
    return seam_self.lane ? seam_self.lane->last_ns : seam_now();
}

/*
 * Sleeps; all in nanoseconds of real time. seam_work keeps the processor busy that long, and so
 * does seam_spin, which records nothing.
 */
void seam_sleep(uint64_t ns);
void seam_work(uint64_t ns);
void seam_spin(uint64_t ns);

/*
 * Sends `length` bytes of text as one frame of the calling task. `packet` holds OUTPUT_FRAME_MAX
 * bytes at most, the text behind room for the frame's header. Returns 0 or -errno.
 */
int seam_output(char *packet, size_t length);

/* A primitive cannot go on (errno `code`): records a fault, prints why, and ends the process. */
_Noreturn void seam_fail(int code, const char *what);

#endif

/*
 * A controlled run: its tasks are fibers of one process, one runs at a time, and a policy picks the
 * next at every operation.
 *
 * How it works. A task announces each operation before its effect (seam_point()) and says when it
 * can be done: always, while a number of the object is in a range (a lock's word is 0, a queue's
 * count is at least 1), or from the moment on that a word has changed (its turn at a barrier). The
 * scheduler runs in the task that announces: it looks which tasks can do what they announced, asks
 * the policy for one of them, and switches to it, which does its operation and runs on to the next.
 * So nothing ever blocks in the kernel, and the run is repeated by repeating the choices.
 *
 *     announced ──enabled and chosen──> running ──its next operation──> announced ──> … ──> ended
 *
 * These are steps, and choices; all else follows from them:
 *   - a new task runs at once to its first operation, then its maker goes on;
 *   - who waits for a task's end, or for a word that stays as it is once it has changed, goes on as
 *     soon as it can;
 *   - time stands still while any task can run, and then moves to the next moment at which one can.
 *     A schedule that ignores time lets a sleep and a time-out be over whenever it likes.
 *
 * Nobody enabled and nobody asleep is a deadlock. If one of them is spinning it is a livelock, and
 * so is a run that is longer than its bound of steps.
 */
#ifndef SCHED_CONTROL_H
#define SCHED_CONTROL_H

#include "sandbox/proto/ended.h"
#include "sandbox/sched/fiber.h"
#include "sandbox/sched/seam.h"

#include <stddef.h>

#define CONTROL_TASKS_MAX   128u /* threads and processes of one run; coroutines do not count */
#define CONTROL_STEPS_MAX   20000000u
#define CONTROL_STACK_BYTES (256u << 10)
#define CONTROL_FIBER_BYTES (64u << 10) /* of a coroutine */

struct control;
struct image;
struct policy;

/* A task as the scheduler sees it. Its place is its number in the order of starts, from 0. */
struct control_task {
    unsigned place;
    bool live;             /* begun, and not ended */
    bool noted;            /* the operation was seen to be impossible: it waits, and has said so */
    bool gated;            /* the gate was seen to be open */
    bool polling;          /* pauses where it did last, and has only looked since: likely a loop */
    bool looked;           /* has paused, and only read since */
    unsigned line;         /* of the scenario, where it was announced; 0: not known */
    unsigned paused_line;  /* the same of its last pause: a sleep, or a wait that timed out */
    struct seam_op op;     /* announced, not done */
    uint64_t step_noted;   /* steps when it began to wait */
    struct seam_self self; /* who it is, while another one runs */
    struct trace_lane lane;
    struct context at;
    struct fiber *fiber;
    struct control_task *maker; /* waits for its first operation; NULL afterwards */
    struct image *image;        /* of its process */
    uint32_t level, gate;       /* of its operation, as last seen in that memory */
    void (*entry)(void *);
    void *argument;
    uint32_t read_count;
    struct {
        uint16_t object;
        uint32_t version;
    } read[8]; /* what it looked at since it last paused or spun */
};

/* What a policy is asked about, and told of. All but choose may be NULL. */
struct policy {
    /*
     * Picks one of the n >= 1 tasks in control_enabled(); returns its index there, or -1 to end the
     * execution here.
     */
    int (*choose)(struct policy *policy, struct control *control, unsigned n);
    /* Picks one of n >= 2 values for the running task. */
    unsigned (*choose_value)(struct policy *policy, struct control *control, unsigned n);
    void (*started)(struct policy *policy, struct control *control, unsigned maker, unsigned task);
    /* Its gate is open now, by what the task `by` has just done. */
    void (*opened)(struct policy *policy, struct control *control, unsigned task, unsigned by);
    /* The running task goes on after the end of another one, which may be long over. */
    void (*saw_end)(struct policy *policy, unsigned task, unsigned ended);
    /* The same after what was done on an object. */
    void (*saw)(struct policy *policy, unsigned task, uint16_t object);
    /* Nobody could go on: from now on those whose time it is can, or those who poll. */
    void (*time_passed)(struct policy *policy, struct control *control);
    /* It was ended by what the running task has just done, and what it announced is not done. */
    void (*killed)(struct policy *policy, struct control *control, unsigned task);
    /*
     * Once the main task has ended, let the others run on, at most so many steps, before the
     * execution is over: nothing they do counts, but the policy sees what they would have done.
     */
    unsigned linger;
};

/*
 * `globals` to `globals_end` is what the program's globals are in, or both NULL: every process has
 * its own, and every execution begins with what is there now. NULL without memory.
 */
struct control *control_new(struct run *run, char *globals, char *globals_end, bool ignores_time);
/* Takes back what the last execution left in the run's memory. */
void control_free(struct control *control);

/*
 * Runs entry(argument) as the run's main task from the start to its end, whichever it is. Returns
 * how it ended: completed, deadlock, livelock, task-limit, memory-limit, crashed, or stopped when
 * the policy wanted no more. The caller begins the main task's identity in `entry`.
 */
enum ended control_execute(struct control *control, struct policy *policy, void (*entry)(void *),
                           void *argument);

/* Ends the execution from within, from whichever task. */
_Noreturn void control_end(struct control *control, enum ended ended);

/* ---- for policies ---- */

const uint16_t *control_enabled(const struct control *control); /* places, ascending */
struct control_task *control_task(struct control *control, unsigned place);
unsigned control_tasks(const struct control *control); /* begun so far */

/* Place of the task that runs. */
unsigned control_current(const struct control *control);

/* Place of the task that made the last step, or -1; whether leaving it now is its own wish. */
int control_last(const struct control *control);
bool control_yielded(const struct control *control);

/* Whether the task is among those that could have been chosen at the last choice. */
bool control_could_go_on(const struct control *control, int place);

/* What continues the last task if it can go on, else the lowest: an index into enabled. */
unsigned control_default(const struct control *control, unsigned n);

uint64_t control_steps(const struct control *control);
/*
 * Whether the end of a task is a step, and whether it would have had to be one: somebody asked if a
 * task is alive, or ended one.
 */
void control_set_ends(struct control *control, bool are_steps);
bool control_ends_are_steps(const struct control *control);
bool control_ends_matter(const struct control *control);

/* The end of the process it belongs to, as an object: who ends the process changes it. */
uint16_t control_process_object(const struct control *control, unsigned place);

/* The number it has in the run's list, where each process's own is one. */
uint16_t control_listed_object(const struct control *control, uint16_t object);

/* What the main task ended with: an exit code, or minus the signal that killed it. */
int control_exit_code(const struct control *control);
uint64_t control_preemptions(const struct control *control);

/* Whether the announced operation could be done now, not counting its time-out. */
bool control_can(const struct control_task *task);

/* The level of its operation, which has one. */
uint32_t control_level(const struct control_task *task);

/* Whether only those who look and sleep can be chosen, who wait for news else. */
bool control_only_polls(const struct control *control);

/* Whether the main task has ended and others linger. */
bool control_lingers(const struct control *control);

/* Whether those who lingered had more to do when the execution ended. */
bool control_lingers_on(const struct control *control);

/* ---- for the seam and the primitives, in the running task ---- */

/* A lane for the running task, which others can write to: it is in no process's memory. */
struct trace_lane *control_lane(struct control *control);

/* Has the lane's events timed by the run's own clock. */
void control_time(const struct control *control, struct trace_lane *lane);

/* Nanoseconds of the run's own clock; of the clock that deadlines are on. */
uint64_t control_now(const struct control *control);
uint64_t control_clock(const struct control *control);

/* How many tasks wait for the object now. */
unsigned control_waiters(const struct control *control, uint16_t object);

/* Goes on when ns nanoseconds of the run's clock have passed. */
void control_sleep(uint64_t ns);

/* Where time is ignored: it is so late now, by the clock of deadlines. */
void control_pass_time(uint64_t until);

/* For seam_private(). */
void *control_private(size_t bytes);

/*
 * Begins a task, up to its first operation: a thread, which shares the memory of the process that
 * begins it, or a forked process, which has a copy of it, or of the memory that was kept.
 */
void control_begin(void (*entry)(void *), void *argument, bool forks, const struct image *kept);

/* A copy of the running process's memory, until the end of the execution. */
const struct image *control_keep_memory(void);

/*
 * A stack for a coroutine of the running task, which is given back at the end of the execution at
 * the latest. NULL without memory.
 */
struct fiber *control_fiber(struct control *control, void (*entry)(void *), void *argument);
void control_fiber_free(struct control *control, struct fiber *fiber);

/* Whether time-outs and sleeps may be over whenever the schedule likes. */
bool control_ignores_time(const struct control *control);

/* The running task ends; what the main task ends with is the exit code of the run. */
_Noreturn void control_leave(int exit_code);

/*
 * The tasks of a process end, all but the calling one. If the main task is one of them this is the
 * exit code of the run, or minus the signal.
 */
void control_end_process(uint16_t task, int exit_code);

#endif

/*
 * The memory a run shares with its supervisor: what the tasks write, and nobody else.
 *
 * How it works. The spawner makes one memfd per worker, seals its size, and maps it into the worker
 * before the sandbox closes; the supervisor maps the same pages read-only. Everything here is
 * written by sandboxed tasks, so for the supervisor it is hostile input: it copies a field once,
 * checks the copy, never reads it twice.
 *
 * Events go into segments. A lane is one thread of execution (coroutines write into the lane of the
 * thread that carries them). A lane takes the next free segment with one atomic add, is its only
 * writer, and publishes each record with one release store of the segment's count. Nothing wraps
 * and nothing is overwritten, so there is no lock and no race with the reader; when the segments
 * are used up events are dropped and counted. Untouched pages cost nothing.
 *
 * Beside the log every task keeps its present state in its slot and every object its holders, so
 * "who waits for whom" is known at any moment, whatever was dropped.
 */
#ifndef TRACE_SHARED_H
#define TRACE_SHARED_H

#include "sandbox/proto/replay.h"

#include <stdatomic.h>
#include <stdint.h>

#define TRACE_SHARED_MAGIC   0x52484c49u /* "ILHR" */
#define TRACE_SHARED_VERSION 2u

#define TRACE_TASKS_MAX       1024u
#define TRACE_OBJECTS_MAX     1024u
#define TRACE_NAME_MAX        40u /* bytes of a name with its NUL */
#define TRACE_SEGMENT_RECORDS 255u
#define TRACE_SEGMENTS        2048u /* of 8 KiB: 16 MiB, 522,240 events */
#define TRACE_HOT_SEGMENTS    1920u /* HOT events stop here, STEADY ones go on */
#define TRACE_HOT_LEAD        8192u /* HOT events of a lane before it records bursts */
#define TRACE_BURST           512u  /* HOT events of a burst */
#define TRACE_BITMAP_WORDS    (TRACE_TASKS_MAX / 64u)
#define TRACE_SERVERS_MAX     4u

#define TRACE_CHECKS_MAX  16u
#define TRACE_METRICS_MAX 16u
#define TRACE_ROWS_MAX    128u
#define TRACE_ROW_BYTES   256u /* of a row's cells with its NUL */

#define TRACE_TOKEN_MAX         2001u /* SCHEDULE_TOKEN_MAX */
#define TRACE_CHOICES_MAX       64u
#define TRACE_RACES_MAX         16u
#define TRACE_INTERRUPTIONS_MAX 8u
#define TRACE_FOUND_MAX         256u

/* "No object" in a record, and "no task". */
#define TRACE_NO_OBJECT 0xffffu
#define TRACE_NO_TASK   0xffffu

/* A task as an object: its end, that others wait for or look at. These are behind all objects. */
#define TRACE_TASK_OBJECT(task) ((uint16_t)(TRACE_OBJECTS_MAX + (task)))
#define TRACE_IS_TASK(object)                                                                      \
    ((object) >= TRACE_OBJECTS_MAX && (object) < TRACE_OBJECTS_MAX + TRACE_TASKS_MAX)

#define TRACE_SEQ_BITS  22u
#define TRACE_LINE_BITS 10u
#define TRACE_SEQ_LIMIT (1u << TRACE_SEQ_BITS)
#define TRACE_LINES_MAX ((1u << TRACE_LINE_BITS) - 1)

/*
 * One event, 32 bytes. An event is known by its id: the lane in the upper 10 bits, its number in
 * the lane plus one in the lower 22; 0 is "none".
 */
struct trace_record {
    uint64_t t_ns; /* since start_ns; strictly rising within a lane */
    int64_t value;
    uint32_t cause;                  /* id of the event that made this one possible, or 0 */
    uint32_t seq : TRACE_SEQ_BITS;   /* number in the lane, from 0 */
    uint32_t line : TRACE_LINE_BITS; /* of the scenario's file that it comes from, or 0 */
    uint16_t task;
    uint16_t object; /* or TRACE_NO_OBJECT */
    uint16_t kind;   /* enum event_kind */
    uint16_t aux;
};
_Static_assert(sizeof(struct trace_record) == 32, "records are 32 bytes");

_Static_assert(TRACE_SEGMENTS *TRACE_SEGMENT_RECORDS < TRACE_SEQ_LIMIT,
               "a lane never runs out of numbers");
_Static_assert(TRACE_TASKS_MAX <= 1u << (32 - TRACE_SEQ_BITS), "a lane's number fits an event id");
static inline uint32_t trace_event_id(uint32_t lane, uint32_t seq)
{
    return lane << TRACE_SEQ_BITS | (seq + 1);
}

struct trace_segment {
    _Atomic uint32_t owner; /* lane + 1; 0 while it is free */
    _Atomic uint32_t count; /* records published */
    uint32_t unused[6];
    struct trace_record records[TRACE_SEGMENT_RECORDS];
};

/* What a task is doing now. */
enum task_state { TASK_STATE_NONE, TASK_STATE_RUNNING, TASK_STATE_WAITING, TASK_STATE_ENDED };

/* What waits_on names: an object, or (TRACE_WAITS_TASK set) a task; TRACE_WAITS_NOTHING otherwise.
 */
#define TRACE_WAITS_NOTHING UINT32_MAX
#define TRACE_WAITS_TASK    0x10000u
#define TRACE_WAITS_ROOM                                                                           \
    0x20000u /* on an object: for room in it, so the receivers are the holders */

/*
 * What is known of the wait itself; a wait without a flag may have a deadline. The supervisor calls
 * a run a deadlock on the strength of these, so they are set only where it is certain.
 */
#define TRACE_WAITS_FOR_GOOD 0x40000u  /* only another task's doing ends it: no deadline */
#define TRACE_WAITS_LOOKS    0x80000u  /* likewise, or the end of a process, looked for at times */
#define TRACE_WAITS_TO_SERVE 0x100000u /* for a request, as servers do: waits for nobody */
#define TRACE_WAITS_FLAGS    (TRACE_WAITS_FOR_GOOD | TRACE_WAITS_LOOKS | TRACE_WAITS_TO_SERVE)

struct trace_task_slot {
    _Atomic uint8_t ready; /* 1 once kind, parent and name are written */
    uint8_t kind;          /* enum task_kind */
    _Atomic uint8_t state; /* enum task_state */
    uint8_t unused;
    uint16_t parent; /* or TRACE_NO_TASK */
    uint16_t unused2;
    _Atomic uint32_t waits_on;
    char name[TRACE_NAME_MAX];
    _Atomic uint32_t dropped; /* events that found no room, of the lane this task owns */
    _Atomic uint32_t skipped; /* events left out since the lane's last record, no gap event yet */
    _Atomic uint32_t thread;  /* as gettid() says; 0: not yet, or a coroutine, which has none */
};
_Static_assert(sizeof(struct trace_task_slot) == 64, "a task slot is a cache line");

struct trace_object_slot {
    _Atomic uint8_t ready;
    uint8_t kind; /* enum object_kind */
    uint8_t unused[6];
    char name[TRACE_NAME_MAX];
    /* Tasks that can let a waiting task go on: the owner of a lock, those with a write end. */
    _Atomic uint64_t holders[TRACE_BITMAP_WORDS];
    /* Tasks that can make room: those with a read end. */
    _Atomic uint64_t receivers[TRACE_BITMAP_WORDS];
};

/* How a run can end, beyond what the supervisor sees for itself: a task asks for the end. */
enum trace_stop {
    TRACE_STOP_NONE,
    TRACE_STOP_TASK_LIMIT,
    TRACE_STOP_MEMORY_LIMIT,
    /* Under a controlled schedule: */
    TRACE_STOP_DEADLOCK,
    TRACE_STOP_LIVELOCK,
    TRACE_STOP_PREFIX,
    TRACE_STOP_REPLAY_FAILED,
    TRACE_STOP_COUNT
};

struct trace_check {
    char name[48];
    char expected[104];
    char actual[104];
    uint8_t held;
    uint8_t unused[7];
};

struct trace_metric {
    char name[40];
    int64_t value;
};

/* What the scenario says it observed. Written by the main task before it ends. */
struct trace_result {
    _Atomic uint32_t outcome_set; /* 1 once outcome and outcome_class are written */
    uint32_t outcome_class;       /* enum outcome_class */
    int32_t outcome_rule;         /* index of the declared outcome, -1 when it is none */
    uint32_t unused;
    char outcome[512];
    _Atomic uint32_t checks;
    _Atomic uint32_t metrics;
    struct trace_check check[TRACE_CHECKS_MAX];
    struct trace_metric metric[TRACE_METRICS_MAX];
    _Atomic uint32_t stop; /* enum trace_stop */
    /* What the scenario declares for each way to end (enum ended), written before it starts. */
    uint8_t class_of_end[16]; /* enum outcome_class */
    int8_t rule_of_end[16];   /* index of the declared outcome, -1 none */
};

/* The table the scenario filled, a text a row, its cells divided by tabs. */
struct trace_table {
    _Atomic uint32_t rows;
    char row[TRACE_ROWS_MAX][TRACE_ROW_BYTES];
};

/* What is open next, where a replay stopped. */
struct trace_choice {
    uint16_t task;
    uint16_t object;   /* or TRACE_NO_OBJECT */
    uint8_t operation; /* enum seam_operation */
    uint8_t unused[3];
    char token[TRACE_TOKEN_MAX]; /* that takes this choice and stops after it */
};

/* Where a task that had not ended stood at the end of the run. */
struct trace_position {
    uint16_t task;
    uint16_t object;   /* of the operation it was about to do, or TRACE_NO_OBJECT */
    uint16_t line;     /* of the scenario's file, or 0 */
    uint8_t operation; /* enum seam_operation */
    uint8_t enabled;   /* 1: it could have gone on */
};

/* Two accesses to a cell that nothing orders. */
struct trace_race {
    uint16_t object;
    uint16_t task[2];     /* in the order of the run */
    uint8_t operation[2]; /* enum seam_operation */
    uint32_t event[2];    /* ids; 0 when the run has no trace */
};

/*
 * A preemption: a task had done one operation and could have done the next, but others ran first;
 * one of them is told of, if there is one that touches what the task was at.
 */
enum { TRACE_DONE_IN_VAIN = 1, TRACE_NEXT_IN_VAIN = 2, TRACE_MEANWHILE_IN_VAIN = 4 };
struct trace_interruption {
    uint16_t task, by;             /* by: TRACE_NO_TASK when none touched it */
    uint16_t object[3];            /* of done, next and meanwhile, a task's, or TRACE_NO_OBJECT */
    uint8_t done, next, meanwhile; /* enum seam_operation; done: COUNT when it had done none */
    uint8_t in_vain;               /* TRACE_DONE_IN_VAIN, …: it did not come about */
};

/* What a controlled run says of its schedule, written at its end. */
struct trace_schedule {
    _Atomic uint32_t set;        /* 1 once the rest is written */
    uint32_t steps;              /* operations executed */
    uint32_t preemptions;        /* switches away from a task that could have gone on */
    uint32_t choices;            /* entries of choice */
    uint32_t races;              /* entries of race */
    uint32_t interruptions;      /* entries of interruption: the first preemptions */
    char token[TRACE_TOKEN_MAX]; /* that repeats the run; "" when it would be longer */
    struct replay_problem problem;
    uint32_t positions; /* entries of position */
    struct trace_position position[TRACE_CHOICES_MAX];
    struct trace_race race[TRACE_RACES_MAX];
    struct trace_interruption interruption[TRACE_INTERRUPTIONS_MAX];
    struct trace_choice choice[TRACE_CHOICES_MAX];
};

/* One way an exploration saw the program end. */
struct trace_found {
    char outcome[512];
    uint8_t class;               /* enum outcome_class */
    uint8_t ended;               /* enum ended */
    int16_t rule;                /* index of the declared outcome, or -1 */
    uint32_t preemptions;        /* of the witness: the fewest of all executions that ended so */
    uint64_t count;              /* executions that ended so */
    uint64_t first;              /* number of the first of them, from 1 */
    char token[TRACE_TOKEN_MAX]; /* of the witness */
};

/* The state of an exploration; entries of found change under the reader's eyes until it is over. */
struct trace_explored {
    _Atomic uint64_t executions; /* finished, also counted in an outcome */
    _Atomic uint64_t blocked;    /* begun and given up: another one covers them */
    _Atomic uint64_t cut;        /* of the executions: beyond a bound of steps or tasks */
    _Atomic uint64_t steps;
    _Atomic uint32_t outcomes; /* entries of found */
    _Atomic uint32_t over;     /* 1: nothing will change any more */
    _Atomic uint32_t complete; /* 1: every schedule within the bounds was covered */
    _Atomic uint32_t given;    /* shrinking: preemptions of the token that was given */
    struct trace_found found[TRACE_FOUND_MAX];
};

struct trace_shared {
    uint32_t magic;
    uint32_t version;
    _Atomic uint64_t start_ns; /* CLOCK_MONOTONIC when the scenario began; 0 before */
    uint64_t start_ticks;      /* the processor's counter at that moment */
    uint64_t tick_mult;        /* see ticks.h; 0: events are timed by CLOCK_MONOTONIC */
    _Atomic uint32_t tasks;    /* slots taken, may run past the table when it is full */
    _Atomic uint32_t objects;
    _Atomic uint32_t segments;
    _Atomic uint32_t bursts; /* begun so far: when a lane begins one, all lanes in a gap join */
    /* Processes that are no task and do nothing but what tasks ask for, as getpid() says. */
    _Atomic uint32_t servers;
    _Atomic uint32_t server[TRACE_SERVERS_MAX];
    struct trace_result result;
    struct trace_task_slot task[TRACE_TASKS_MAX];
    struct trace_object_slot object[TRACE_OBJECTS_MAX];
    struct trace_segment segment[TRACE_SEGMENTS] __attribute__((aligned(4096)));
    /* Last, what most runs do not touch. */
    struct trace_table table;
    struct trace_schedule schedule;
    struct trace_explored explored;
};

#endif

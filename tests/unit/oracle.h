/* Explores a small program of primitives, whose outcome is a text, by any method. */
#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include "tests/unit/rig.h"

#include "sandbox/sched/directed.h"
#include "sandbox/sched/explore.h"

#include <stdio.h>
#include <stdlib.h>

#define ORACLE_OUTCOMES_MAX 512

/* Of so many random programs, those that there is time for. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ORACLE_DRAWS(n) ((n) / 10)
#else
#define ORACLE_DRAWS(n) (n)
#endif

/* What the program says it saw; a deadlock and a livelock are said for it. */
static char oracle_seen[64];

/* Whether sleeps and time-outs take as long as they like. */
static bool oracle_ignores_time = true;

struct oracle {
    uint64_t executions, blocked, steps;
    unsigned count;
    struct {
        char text[64];
        uint64_t executions;
    } outcome[ORACLE_OUTCOMES_MAX];
};

static struct run *oracle_run(void)
{
    static struct run *run;
    if (run)
        return run;
    struct trace_shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    trace_shared_init(shared);
    run = run_new(shared, -1);
    run->output_object = (uint16_t)trace_object_add(shared, OBJECT_OUTPUT, "stdout");
    trace_shared_start(shared);
    return run;
}

static void oracle_main(void *argument)
{
    void (**program)(void) = argument;
    struct process *process = seam_private(sizeof *process);
    struct run *run = seam_self.run;
    struct trace_lane lane;
    int task = trace_task_add(run->shared, TASK_PROCESS, -1, "main");
    seam_begin(run, process, &lane, (uint16_t)task, 0);
    (*program)();
    task_finish();
    seam_end(0);
}

static void oracle_count(struct oracle *oracle, const char *text)
{
    unsigned i = 0;
    while (i < oracle->count && strcmp(oracle->outcome[i].text, text) != 0)
        i++;
    assert_true(i < ORACLE_OUTCOMES_MAX);
    if (i == oracle->count)
        snprintf(oracle->outcome[oracle->count++].text, 64, "%s", text);
    oracle->outcome[i].executions++;
    oracle->executions++;
}

static void oracle_note(struct oracle *oracle, enum ended ended)
{
    if (ended == ENDED_DEADLOCK || ended == ENDED_LIVELOCK)
        snprintf(oracle_seen, sizeof oracle_seen, "%s",
                 ended == ENDED_DEADLOCK ? "DEADLOCK" : "LIVELOCK");
    else
        assert_int_equal(ended, ENDED_COMPLETED);
    oracle_count(oracle, oracle_seen);
}

/* At most `most` executions. Returns whether that was all of them. */
static inline bool oracle_explore(struct oracle *oracle, void (*program)(void),
                                  enum explore_method method, int max_preemptions, uint64_t most)
{
    struct run *run = oracle_run();
    struct control *control = control_new(run, NULL, NULL, oracle_ignores_time);
    struct explore *explore = explore_new(method, max_preemptions);
    bool more = true, ends = false;
    *oracle = (struct oracle){0};
    run->control = control;
    while (more && oracle->executions < most) {
        oracle_seen[0] = '\0';
        enum ended ended = control_execute(control, explore_policy(explore), oracle_main, &program);
        if (!ends && control_ends_matter(control)) { /* over again, with ends as steps */
            control_set_ends(control, ends = true);
            explore_free(explore);
            explore = explore_new(method, max_preemptions);
            *oracle = (struct oracle){0};
            continue;
        }
        oracle->steps += control_steps(control);
        if (explore_was_blocked(explore))
            oracle->blocked++;
        else
            oracle_note(oracle, ended);
        more = explore_next(explore, control);
    }
    run->control = NULL;
    explore_free(explore);
    control_free(control);
    return !more;
}

static int oracle_order(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The outcomes, sorted, divided by bars. */
static inline const char *oracle_outcomes(struct oracle *oracle)
{
    static char all[ORACLE_OUTCOMES_MAX * 64];
    size_t used = 0;
    qsort(oracle->outcome, oracle->count, sizeof oracle->outcome[0], oracle_order);
    all[0] = '\0';
    for (unsigned i = 0; i < oracle->count; i++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i ? "|" : "",
                                 oracle->outcome[i].text);
    return all;
}

#endif

#include "sandbox/controlled.h"

#include "sandbox/base/clock.h"
#include "sandbox/prim/pipe.h"
#include "sandbox/prim/task.h"
#include "sandbox/proto/scenario.h"
#include "sandbox/proto/token.h"
#include "sandbox/sched/directed.h"
#include "sandbox/sched/explore.h"
#include "sandbox/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_FAULT 71

_Static_assert(TRACE_TOKEN_MAX == SCHEDULE_TOKEN_MAX, "a token is as long here as there");

static void main_task(void *argument)
{
    struct run *run = argument;
    struct process *process = seam_private(sizeof *process);
    struct trace_lane lane;
    int task = trace_task_add(run->shared, TASK_PROCESS, -1, "main");
    seam_begin(run, process, &lane, (uint16_t)task, 0);
    run->scenario->run();
    task_finish();
    pipe_ends_dropped();
    seam_end(0);
}

static struct control *control_of(struct run *run, bool ignores_time)
{
    const struct scenario_entry *entry = scenario_find(run->scenario->id);
    return control_new(run, entry->globals, entry->globals_end, ignores_time);
}

/* ---- one run ---- */

static int token_of_job(struct token *token, const struct job *job, struct err *err)
{
    static const enum token_rule rules[] = {[SCHEDULE_RANDOM] = TOKEN_RANDOM,
                                            [SCHEDULE_PCT] = TOKEN_PCT,
                                            [SCHEDULE_ROUND_ROBIN] = TOKEN_ROUND_ROBIN};
    const struct schedule *s = &job->schedule;
    if (s->mode == SCHEDULE_REPLAY) {
        int r = token_check(s->token, job, err);
        return r < 0 ? r : token_read(token, s->token, err);
    }
    *token = (struct token){.rule = rules[s->mode],
                            .ignores_time = s->ignores_time,
                            .seed = s->seed,
                            .depth = s->depth,
                            .stop = TOKEN_NO_STOP};
    token_identify(token, job);
    return 0;
}

/* The token that takes choice i next, and stops after it. */
static void write_choice(struct trace_choice *choice, struct token *token, unsigned i, bool by_rule,
                         const struct control_task *t)
{
    unsigned count = token->count;
    choice->task = t->self.task;
    choice->operation = (uint8_t)t->op.operation;
    choice->object = t->op.object < TRACE_OBJECTS_MAX ? t->op.object : TRACE_NO_OBJECT;
    if (!by_rule && token->count < TOKEN_DEVIATIONS_MAX)
        token->deviation[token->count++] = (struct deviation){.step = token->stop, .index = i};
    token->stop++;
    if (token_write(token, choice->token) < 0)
        choice->token[0] = '\0';
    token->stop--;
    token->count = count;
}

static void write_choices(struct trace_schedule *said, struct token *token, struct control *control,
                          const struct directed *directed)
{
    token->check = directed_check(directed, true);
    for (unsigned i = 0; i < directed->open && i < TRACE_CHOICES_MAX; i++) {
        const struct control_task *t = control_task(control, control_enabled(control)[i]);
        write_choice(&said->choice[i], token, i, i == directed->open_by_rule, t);
        said->choices = i + 1;
    }
}

static unsigned copy_races(const struct races *races, struct trace_race *to)
{
    const struct trace_race *found;
    unsigned count = races ? races_found(races, &found) : 0;
    if (count > 0)
        memcpy(to, found, count * sizeof *found);
    return count;
}

static void say_schedule(const struct run *run, struct token *token, struct control *control,
                         const struct directed *directed, enum ended ended)
{
    struct trace_schedule *said = &run->shared->schedule;
    said->steps = (uint32_t)control_steps(control);
    said->preemptions = (uint32_t)control_preemptions(control);
    memcpy(said->problem, directed->problem, sizeof said->problem);
    said->races = copy_races(directed->races, said->race);
    said->interruptions = directed->interruptions;
    memcpy(said->interruption, directed->interruption, sizeof said->interruption);
    token->checked = true;
    token->check = directed_check(directed, token->stop == TOKEN_NO_STOP);
    if (directed->problem[0] || token_write(token, said->token) < 0)
        said->token[0] = '\0';
    if (ended == ENDED_STOPPED && !directed->problem[0])
        write_choices(said, token, control, directed);
    atomic_store_explicit(&said->set, 1, memory_order_release);
}

static enum trace_stop stop_of(enum ended ended)
{
    switch ((int)ended) {
    case ENDED_DEADLOCK:
        return TRACE_STOP_DEADLOCK;
    case ENDED_LIVELOCK:
        return TRACE_STOP_LIVELOCK;
    case ENDED_TASK_LIMIT:
        return TRACE_STOP_TASK_LIMIT;
    case ENDED_MEMORY_LIMIT:
        return TRACE_STOP_MEMORY_LIMIT;
    case ENDED_STOPPED:
        return TRACE_STOP_PREFIX;
    case ENDED_REPLAY_FAILED:
        return TRACE_STOP_REPLAY_FAILED;
    default:
        return TRACE_STOP_NONE;
    }
}

static int run_once(struct run *run, struct token *token)
{
    struct directed *directed = malloc(sizeof *directed);
    struct races *races = races_new(run->shared);
    struct control *control = control_of(run, token->ignores_time);
    if (!directed || !control)
        return EXIT_FAULT;
    run->control = control;
    directed_init(directed, token, races);
    control_set_ends(control, token->ends_are_steps);
    trace_shared_start(run->shared);
    enum ended ended = control_execute(control, &directed->policy, main_task, run);
    if (!directed_agrees(directed))
        ended = ENDED_REPLAY_FAILED;
    say_schedule(run, token, control, directed, ended);
    atomic_store(&run->shared->result.stop, stop_of(ended));
    return ended == ENDED_CRASHED ? EXIT_FAULT : control_exit_code(control);
}

/* ---- exploring ---- */

struct exploration {
    struct run *run;
    struct control *control;
    struct explore *explore;
    struct token *token;
    struct trace_explored *said;
    uint64_t deadline_ns;
    bool cut, killed;
};

static void describe(const struct exploration *x, enum ended ended, struct trace_found *ret)
{
    const struct trace_result *result = &x->run->shared->result;
    ret->ended = (uint8_t)ended;
    ret->class = result->class_of_end[ended];
    ret->rule = result->rule_of_end[ended];
    if (ended != ENDED_COMPLETED) {
        snprintf(ret->outcome, sizeof ret->outcome, "%s", ended_text(ended));
        return;
    }
    ret->class = result->outcome_set ? (uint8_t)result->outcome_class : CLASS_NONE;
    ret->rule = (int16_t)result->outcome_rule;
    snprintf(ret->outcome, sizeof ret->outcome, "%s", result->outcome_set ? result->outcome : "");
}

static bool is_same(const struct trace_found *a, const struct trace_found *b)
{
    return a->ended == b->ended && a->class == b->class && a->rule == b->rule &&
           strcmp(a->outcome, b->outcome) == 0;
}

static void write_witness(struct exploration *x, struct trace_found *found)
{
    const struct deviation *deviations;
    struct token *token = x->token;
    token->count = explore_deviations(x->explore, &deviations);
    memcpy(token->deviation, deviations, token->count * sizeof *deviations);
    found->preemptions = (uint32_t)control_preemptions(x->control);
    if (token_write(token, found->token) < 0)
        found->token[0] = '\0';
}

/* False: the table is full. */
static bool count_outcome(struct exploration *x, enum ended ended)
{
    struct trace_explored *said = x->said;
    struct trace_found seen;
    uint32_t i = 0, count = said->outcomes;
    describe(x, ended, &seen);
    while (i < count && !is_same(&said->found[i], &seen))
        i++;
    if (i == TRACE_FOUND_MAX)
        return false;
    struct trace_found *found = &said->found[i];
    if (i == count) {
        memcpy(found->outcome, seen.outcome, sizeof seen.outcome);
        found->ended = seen.ended;
        found->class = seen.class;
        found->rule = seen.rule;
        found->first = said->executions + 1;
        found->preemptions = UINT32_MAX;
    }
    found->count++;
    if (control_preemptions(x->control) < found->preemptions)
        write_witness(x, found);
    atomic_store_explicit(&said->outcomes, i == count ? count + 1 : count, memory_order_release);
    return true;
}

static bool note_execution(struct exploration *x, enum ended ended)
{
    struct trace_explored *said = x->said;
    said->steps += control_steps(x->control);
    x->killed = x->killed || control_killed(x->control);
    if (explore_was_blocked(x->explore)) {
        said->blocked++;
        return true;
    }
    if (ended == ENDED_LIVELOCK && control_steps(x->control) >= EXPLORE_STEPS_MAX)
        said->cut++;
    if (!count_outcome(x, ended))
        return false;
    said->executions++;
    return said->executions < x->run->job.schedule.max_executions;
}

static bool has_time(const struct exploration *x)
{
    uint64_t done = x->said->executions + x->said->blocked;
    return done % 16 != 0 || clock_ns() < x->deadline_ns;
}

/* All of them. Returns whether none within the bounds was left out. */
static bool explore_all(struct exploration *x)
{
    for (;;) {
        enum ended ended =
            control_execute(x->control, explore_policy(x->explore), main_task, x->run);
        bool more = note_execution(x, ended);
        bool left = explore_next(x->explore, x->control);
        if (!left)
            return x->said->cut == 0 && !x->killed;
        if (!more || !has_time(x))
            return false;
    }
}

static int begin_exploring(struct exploration *x, bool ends_are_steps)
{
    const struct schedule *s = &x->run->job.schedule;
    explore_free(x->explore);
    x->explore =
        explore_new(s->max_preemptions < 0 ? EXPLORE_SOURCE_SETS : EXPLORE_ALL, s->max_preemptions);
    *x->token = (struct token){.rule = TOKEN_CONTINUE,
                               .ignores_time = s->ignores_time,
                               .ends_are_steps = ends_are_steps,
                               .stop = TOKEN_NO_STOP};
    token_identify(x->token, &x->run->job);
    control_set_ends(x->control, ends_are_steps);
    return x->explore ? 0 : -ENOMEM;
}

/* One execution to see whether anybody asks if a task has ended. */
static bool asks_for_ends(struct exploration *x)
{
    if (begin_exploring(x, false) < 0)
        return false;
    (void)control_execute(x->control, explore_policy(x->explore), main_task, x->run);
    return control_ends_matter(x->control);
}

static int run_all(struct run *run, struct token *token)
{
    struct exploration x = {.run = run,
                            .token = token,
                            .said = &run->shared->explored,
                            .deadline_ns =
                                clock_ns() + run->job.schedule.max_seconds * UINT64_C(1000000000)};
    run->job.trace = false;
    run->output = -1;
    x.control = control_of(run, run->job.schedule.ignores_time);
    if (!x.control)
        return EXIT_FAULT;
    run->control = x.control;
    trace_shared_start(run->shared);
    if (begin_exploring(&x, asks_for_ends(&x)) < 0)
        return EXIT_FAULT;
    x.said->complete = explore_all(&x);
    atomic_store_explicit(&x.said->over, 1, memory_order_release);
    return 0;
}

int controlled_execute(struct run *run)
{
    struct token *token = malloc(sizeof *token);
    struct err err = {0};
    if (!token)
        return EXIT_FAULT;
    if (run->job.schedule.mode == SCHEDULE_EXPLORE)
        return run_all(run, token);
    if (token_of_job(token, &run->job, &err) < 0)
        return JOB_REFUSED;
    return run_once(run, token);
}

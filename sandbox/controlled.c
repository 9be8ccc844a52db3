#include "sandbox/controlled.h"

#include "sandbox/prim/pipe.h"
#include "sandbox/prim/task.h"
#include "sandbox/proto/scenario.h"
#include "sandbox/proto/token.h"
#include "sandbox/sched/directed.h"
#include "sandbox/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(TRACE_TOKEN_MAX == SCHEDULE_TOKEN_MAX, "a token is as long here as there");

void controlled_main(void *argument)
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

struct control *controlled_new(struct run *run, bool ignores_time)
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

static uint16_t listed_object(const struct control *control, const struct control_task *t)
{
    uint16_t object = control_listed_object(control, t->op.object);
    return object < TRACE_OBJECTS_MAX ? object : TRACE_NO_OBJECT;
}

/* The token that takes choice i next, and stops after it. */
static void write_choice(struct trace_choice *choice, struct token *token, unsigned i, bool by_rule,
                         struct control *control)
{
    const struct control_task *t = control_task(control, control_enabled(control)[i]);
    unsigned count = token->count;
    choice->task = t->self.task;
    choice->operation = (uint8_t)t->op.operation;
    choice->object = listed_object(control, t);
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
        write_choice(&said->choice[i], token, i, i == directed->open_by_rule, control);
        said->choices = i + 1;
    }
}

static void write_positions(struct trace_schedule *said, struct control *control)
{
    for (unsigned i = 0; i < control_tasks(control) && said->positions < TRACE_CHOICES_MAX; i++) {
        const struct control_task *t = control_task(control, i);
        if (!t->live)
            continue;
        said->position[said->positions++] =
            (struct trace_position){.task = t->self.task,
                                    .object = listed_object(control, t),
                                    .line = (uint16_t)t->line,
                                    .operation = (uint8_t)t->op.operation,
                                    .enabled = control_could_go_on(control, (int)i)};
    }
}

static void say_schedule(const struct run *run, struct token *token, struct control *control,
                         const struct directed *directed, enum ended ended)
{
    struct trace_schedule *said = &run->shared->schedule;
    said->steps = (uint32_t)control_steps(control);
    said->preemptions = (uint32_t)control_preemptions(control);
    said->problem = directed->problem;
    watch_tell(directed->watch, said);
    write_positions(said, control);
    token->checked = true;
    token->check = directed_check(directed, token->stop == TOKEN_NO_STOP);
    if (directed->problem.code || token_write(token, said->token) < 0)
        said->token[0] = '\0';
    if (ended == ENDED_STOPPED && !directed->problem.code)
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
    struct watch *watch = watch_new(run->shared);
    struct control *control = controlled_new(run, token->ignores_time);
    if (!directed || !watch || !control)
        return CONTROLLED_FAULT;
    run->control = control;
    directed_init(directed, token, watch);
    control_set_ends(control, token->ends_are_steps);
    trace_shared_start(run->shared);
    enum ended ended = control_execute(control, &directed->policy, controlled_main, run);
    if (!directed_agrees(directed))
        ended = ENDED_REPLAY_FAILED;
    say_schedule(run, token, control, directed, ended);
    atomic_store(&run->shared->result.stop, stop_of(ended));
    if (ended == ENDED_COMPLETED && control_exit_code(control) < 0)
        task_leave_process(control_exit_code(control));
    return ended == ENDED_CRASHED ? CONTROLLED_FAULT : control_exit_code(control);
}

int controlled_execute(struct run *run)
{
    struct token *token = malloc(sizeof *token);
    if (!token)
        return CONTROLLED_FAULT;
    return token_of_job(token, &run->job, NULL) < 0 ? JOB_REFUSED : run_once(run, token);
}

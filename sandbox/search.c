#include "sandbox/search.h"

#include "sandbox/base/clock.h"
#include "sandbox/controlled.h"
#include "sandbox/proto/scenario.h"
#include "sandbox/proto/token.h"
#include "sandbox/sched/directed.h"
#include "sandbox/sched/explore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* After all schedules were seen, how long and with how many executions to look for simpler ones. */
#define SIMPLER_NS         UINT64_C(2000000000)
#define SIMPLER_EXECUTIONS 200000u
#define SIMPLER_BOUND_MOST 3

/* So many executions that were all cut are enough. */
#define CUT_MOST 32u

struct search {
    struct run *run;
    struct control *control;
    struct explore *explore;
    struct token *token; /* what witnesses are written as */
    struct trace_explored *said;
    uint64_t deadline_ns;
    bool left_out; /* an outcome that the table has no room for, or what nobody could wait for */
};

/* ---- outcomes ---- */

static void describe(const struct search *x, enum ended ended, struct trace_found *ret)
{
    const struct trace_result *result = &x->run->shared->result;
    if (ended == ENDED_COMPLETED && control_exit_code(x->control) != 0)
        ended = ENDED_CRASHED;
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

/* Its place in the table, or that of a new entry. */
static uint32_t place_of(const struct search *x, const struct trace_found *seen)
{
    uint32_t i = 0;
    while (i < x->said->outcomes && !is_same(&x->said->found[i], seen))
        i++;
    return i;
}

static void write_witness(struct search *x, struct trace_found *found)
{
    found->preemptions = (uint32_t)control_preemptions(x->control);
    if (token_write(x->token, found->token) < 0)
        found->token[0] = '\0';
}

static void take_deviations(struct search *x)
{
    const struct deviation *deviations;
    x->token->count = explore_deviations(x->explore, &deviations);
    memcpy(x->token->deviation, deviations, x->token->count * sizeof *deviations);
}

/* The execution that has just ended has fewer preemptions than any that ended so. */
static void improve(struct search *x, struct trace_found *found)
{
    if (control_preemptions(x->control) >= found->preemptions)
        return;
    take_deviations(x);
    write_witness(x, found);
}

/* False: the table is full. */
static bool count_outcome(struct search *x, enum ended ended)
{
    struct trace_explored *said = x->said;
    struct trace_found seen;
    describe(x, ended, &seen);
    uint32_t i = place_of(x, &seen), count = said->outcomes;
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
    improve(x, found);
    atomic_store_explicit(&said->outcomes, i == count ? count + 1 : count, memory_order_release);
    return true;
}

/* ---- executions ---- */

static int begin(struct search *x, int max_preemptions)
{
    explore_free(x->explore);
    x->explore =
        explore_new(max_preemptions < 0 ? EXPLORE_SOURCE_SETS : EXPLORE_ALL, max_preemptions);
    return x->explore ? 0 : -ENOMEM;
}

static enum ended execute(struct search *x)
{
    return control_execute(x->control, explore_policy(x->explore), controlled_main, x->run);
}

static bool is_time(uint64_t executions, uint64_t deadline_ns)
{
    return executions % 16 == 0 && clock_ns() >= deadline_ns;
}

/* Beyond a bound: it may have been a livelock, or simply much to do. */
static bool was_cut(const struct search *x, enum ended ended)
{
    return (ended == ENDED_LIVELOCK && control_steps(x->control) >= EXPLORE_STEPS_MAX) ||
           (ended == ENDED_TASK_LIMIT && control_tasks(x->control) > EXPLORE_TASKS_MAX);
}

/* An execution that was cut has no outcome. Where all are there is nothing to be found. */
static bool note_cut(struct trace_explored *said)
{
    said->cut++;
    said->executions++;
    return said->outcomes > 0 || said->cut < CUT_MOST;
}

/* False: that was the last one. */
static bool note_execution(struct search *x, enum ended ended)
{
    struct trace_explored *said = x->said;
    said->steps += control_steps(x->control);
    if (explore_was_blocked(x->explore)) {
        said->blocked++;
        return true;
    }
    if (was_cut(x, ended))
        return note_cut(said) && said->executions < x->run->job.schedule.max_executions;
    if (!count_outcome(x, ended)) {
        x->left_out = true;
        return false;
    }
    x->left_out |= control_lingers_on(x->control);
    said->executions++;
    return said->executions < x->run->job.schedule.max_executions;
}

/*
 * Somebody asked whether a task has ended, so the moment at which it does matters, and did in the
 * executions before this one: all over again, with ends as steps. Returns false without memory.
 */
static bool count_ends(struct search *x)
{
    struct trace_explored *said = x->said;
    x->token->ends_are_steps = true;
    control_set_ends(x->control, true);
    x->left_out = false;
    said->outcomes = 0;
    said->executions = said->blocked = said->cut = said->steps = 0;
    memset(said->found, 0, sizeof said->found);
    return begin(x, x->run->job.schedule.max_preemptions) == 0;
}

/* Returns whether none within the bounds was left out. */
static bool explore_all(struct search *x)
{
    for (;;) {
        enum ended ended = execute(x);
        if (!x->token->ends_are_steps && control_ends_matter(x->control)) {
            if (!count_ends(x))
                return false;
            continue;
        }
        bool more = note_execution(x, ended);
        if (!explore_next(x->explore, x->control))
            return x->said->cut == 0 && !x->left_out;
        if (!more || is_time(x->said->executions + x->said->blocked, x->deadline_ns))
            return false;
    }
}

static bool has_simple_witnesses(const struct search *x, uint32_t preemptions)
{
    for (uint32_t i = 0; i < x->said->outcomes; i++)
        if (x->said->found[i].preemptions > preemptions)
            return false;
    return true;
}

/*
 * Reduction finds some witness of each outcome; with few preemptions every order is looked at for
 * one that is simpler.
 */
static void look_for_simpler(struct search *x)
{
    uint64_t deadline_ns = clock_ns() + SIMPLER_NS, executions = 0;
    struct trace_found seen;
    for (int bound = 0; bound <= SIMPLER_BOUND_MOST; bound++) {
        if (has_simple_witnesses(x, (uint32_t)bound) || begin(x, bound) < 0)
            continue;
        do {
            enum ended ended = execute(x);
            describe(x, ended, &seen);
            uint32_t i = place_of(x, &seen);
            if (i < x->said->outcomes && !was_cut(x, ended))
                improve(x, &x->said->found[i]);
            if (++executions == SIMPLER_EXECUTIONS || is_time(executions, deadline_ns))
                return;
        } while (!has_simple_witnesses(x, (uint32_t)bound) && explore_next(x->explore, x->control));
    }
}

static int explore(struct search *x)
{
    const struct schedule *s = &x->run->job.schedule;
    *x->token = (struct token){
        .rule = TOKEN_CONTINUE, .ignores_time = s->ignores_time, .stop = TOKEN_NO_STOP};
    token_identify(x->token, &x->run->job);
    if (begin(x, s->max_preemptions) < 0)
        return CONTROLLED_FAULT;
    x->said->complete = explore_all(x);
    if (s->max_preemptions < 0)
        look_for_simpler(x);
    return 0;
}

/* ---- shrinking ---- */

/*
 * Runs a token; `record` gets its deviations from TOKEN_CONTINUE. Returns whether its choices were
 * possible or, when `wholly`, whether the run is the one that the token was made of.
 */
static bool replay(struct search *x, const struct token *token, bool wholly, struct token *record,
                   struct trace_found *ret)
{
    struct directed *directed = malloc(sizeof *directed);
    if (!directed)
        return false;
    directed_init(directed, token, NULL);
    directed->record = record;
    describe(x, control_execute(x->control, &directed->policy, controlled_main, x->run), ret);
    x->said->executions++;
    x->said->steps += control_steps(x->control);
    bool followed = wholly ? directed_agrees(directed) : !directed->problem.code;
    free(directed);
    return followed;
}

/* Without its deviation i it leads to the same with fewer preemptions: it is taken. */
static bool try_without(struct search *x, unsigned i, struct token *room)
{
    struct token *try = &room[0], *record = &room[1];
    struct trace_found seen;
    *try = *record = *x->token;
    memmove(&try->deviation[i], &try->deviation[i + 1],
            (try->count - i - 1) * sizeof try->deviation[0]);
    try->count--;
    record->count = 0;
    if (!replay(x, try, false, record, &seen) || !is_same(&seen, &x->said->found[0]) ||
        control_preemptions(x->control) >= x->said->found[0].preemptions)
        return false;
    *x->token = *record;
    write_witness(x, &x->said->found[0]);
    return true;
}

/* Takes deviations out one by one, as long as that helps; half of the bounds are for the rest. */
static void shrink_greedily(struct search *x)
{
    struct token *room = malloc(2 * sizeof *room);
    uint64_t now_ns = clock_ns(), deadline_ns = now_ns / 2 + x->deadline_ns / 2;
    uint64_t most = x->run->job.schedule.max_executions / 2;
    for (unsigned i = 0;
         room && i < x->token->count && x->said->executions < most && clock_ns() < deadline_ns;)
        i = try_without(x, i, room) ? 0 : i + 1;
    free(room);
}

/* Whether what was executed is all there was to execute. */
static bool left_nothing_out(const struct search *x)
{
    return x->said->cut == 0 && (x->token->ends_are_steps || !control_ends_matter(x->control));
}

/* Every order with fewer preemptions, fewest first. Returns whether there is none that is better.
 */
static bool shrink_exhaustively(struct search *x)
{
    struct trace_found *found = &x->said->found[0], seen;
    uint64_t most = x->run->job.schedule.max_executions;
    for (int bound = 0; bound < (int)found->preemptions; bound++) {
        if (x->said->executions >= most || begin(x, bound) < 0)
            return false;
        do {
            enum ended ended = execute(x);
            describe(x, ended, &seen);
            x->said->steps += control_steps(x->control);
            x->said->cut += was_cut(x, ended);
            x->said->executions++;
            if (!was_cut(x, ended) && is_same(&seen, found)) {
                improve(x, found);
                return left_nothing_out(x);
            }
            if (x->said->executions >= most || is_time(x->said->executions, x->deadline_ns))
                return false;
        } while (explore_next(x->explore, x->control));
    }
    return left_nothing_out(x);
}

/* The token that was given is the first witness, unless it ends before the program does. */
static void note_given(struct search *x, struct trace_found *found, bool stops)
{
    found->count = found->first = 1;
    write_witness(x, found);
    x->said->given = found->preemptions;
    if (!stops)
        memcpy(found->token, x->run->job.schedule.token, sizeof found->token);
    atomic_store_explicit(&x->said->outcomes, 1, memory_order_release);
}

static int shrink(struct search *x)
{
    struct token *given = malloc(sizeof *given);
    struct trace_found *found = &x->said->found[0];
    if (!given || token_read(given, x->run->job.schedule.token, NULL) < 0)
        return CONTROLLED_FAULT;
    *x->token = (struct token){.rule = TOKEN_CONTINUE,
                               .ignores_time = given->ignores_time,
                               .ends_are_steps = given->ends_are_steps,
                               .stop = TOKEN_NO_STOP};
    token_identify(x->token, &x->run->job);
    control_set_ends(x->control, given->ends_are_steps);
    bool stops = given->stop != TOKEN_NO_STOP;
    given->stop = TOKEN_NO_STOP;
    given->checked = given->checked && !stops;
    bool followed = replay(x, given, true, x->token, found);
    free(given);
    if (!followed)
        return 0; /* it leads nowhere, and the table says so */
    note_given(x, found, stops);
    shrink_greedily(x);
    x->said->complete = shrink_exhaustively(x);
    return 0;
}

int search_execute(struct run *run)
{
    struct token *token = malloc(sizeof *token);
    if (!token)
        return CONTROLLED_FAULT;
    struct search x = {.run = run,
                       .token = token,
                       .said = &run->shared->explored,
                       .deadline_ns =
                           clock_ns() + run->job.schedule.max_seconds * UINT64_C(1000000000)};
    bool ignores_time = run->job.schedule.ignores_time;
    if (run->job.schedule.mode == SCHEDULE_SHRINK &&
        token_read(token, run->job.schedule.token, NULL) == 0)
        ignores_time = token->ignores_time;
    run->job.trace = false;
    run->output = -1;
    x.control = controlled_new(run, ignores_time);
    if (!x.control)
        return CONTROLLED_FAULT;
    run->control = x.control;
    trace_shared_start(run->shared);
    int code = run->job.schedule.mode == SCHEDULE_SHRINK ? shrink(&x) : explore(&x);
    atomic_store_explicit(&x.said->over, 1, memory_order_release);
    return code;
}

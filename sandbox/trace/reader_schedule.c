#include "sandbox/trace/reader.h"

#include "sandbox/proto/ended.h"
#include "sandbox/proto/operation.h"
#include "sandbox/trace/reader_private.h"

#include <string.h>

/* The largest integer that every reader of JSON has exactly. */
#define INTEGER_MAX ((UINT64_C(1) << 53) - 1)

/* What is no word is no token. */
static void clean_token(char *token)
{
    token[TRACE_TOKEN_MAX - 1] = '\0';
    if (token[strspn(token, TRACE_TOKEN_CHARACTERS)] != '\0')
        token[0] = '\0';
}

/* A code that is none says nothing. */
static void clean_problem(struct replay_problem *problem)
{
    if (problem->code >= REPLAY_PROBLEM_COUNT)
        *problem = (struct replay_problem){.code = REPLAY_NONE};
    if (problem->step > INTEGER_MAX)
        problem->step = INTEGER_MAX;
}

struct bounds {
    uint32_t tasks, objects;
};

static struct bounds bounds_of(const struct trace_reader *reader)
{
    return (struct bounds){bounded_count(&reader->shared->tasks, TRACE_TASKS_MAX),
                           bounded_count(&reader->shared->objects, TRACE_OBJECTS_MAX)};
}

static bool take_choice(const struct trace_choice *from, struct bounds in, struct trace_choice *ret)
{
    copy_once(ret, from, sizeof *ret);
    clean_token(ret->token);
    if (ret->object >= in.objects)
        ret->object = TRACE_NO_OBJECT;
    return ret->task < in.tasks && ret->operation < OPERATION_COUNT;
}

static bool take_race(const struct trace_reader *reader, const struct trace_race *from,
                      struct bounds in, struct trace_race *ret)
{
    copy_once(ret, from, sizeof *ret);
    bool fits = ret->object < in.objects;
    for (int i = 0; i < 2; i++) {
        fits = fits && ret->task[i] < in.tasks && ret->operation[i] < OPERATION_COUNT;
        ret->event[i] = place_of_event(reader, ret->event[i]);
    }
    return fits;
}

static bool take_position(const struct trace_position *from, struct bounds in,
                          struct trace_position *ret)
{
    copy_once(ret, from, sizeof *ret);
    if (ret->object >= in.objects)
        ret->object = TRACE_NO_OBJECT;
    ret->enabled = ret->enabled == 1;
    return ret->task < in.tasks && ret->operation < OPERATION_COUNT;
}

static bool take_interruption(const struct trace_interruption *from, struct bounds in,
                              struct trace_interruption *ret)
{
    copy_once(ret, from, sizeof *ret);
    for (int i = 0; i < 3; i++)
        if (ret->object[i] >= in.objects &&
            !(TRACE_IS_TASK(ret->object[i]) && ret->object[i] - TRACE_OBJECTS_MAX < in.tasks))
            ret->object[i] = TRACE_NO_OBJECT;
    if (ret->by >= in.tasks || ret->meanwhile >= OPERATION_COUNT)
        ret->by = TRACE_NO_TASK;
    return ret->task < in.tasks && ret->done <= OPERATION_COUNT && ret->next < OPERATION_COUNT;
}

void trace_reader_schedule(const struct trace_reader *reader, struct trace_schedule *ret)
{
    const struct trace_schedule *from = &reader->shared->schedule;
    struct bounds in = bounds_of(reader);
    uint32_t choices, races, interruptions, positions;
    ret->choices = ret->races = ret->interruptions = ret->positions = 0;
    ret->set = atomic_load_explicit(&from->set, memory_order_acquire) == 1;
    if (!ret->set)
        return;
    copy_once(&choices, &from->choices, sizeof choices);
    copy_once(&races, &from->races, sizeof races);
    copy_once(&positions, &from->positions, sizeof positions);
    copy_once(&interruptions, &from->interruptions, sizeof interruptions);
    copy_once(&ret->steps, &from->steps, sizeof ret->steps);
    copy_once(&ret->preemptions, &from->preemptions, sizeof ret->preemptions);
    copy_once(ret->token, from->token, sizeof ret->token);
    copy_once(&ret->problem, &from->problem, sizeof ret->problem);
    clean_token(ret->token);
    clean_problem(&ret->problem);
    for (uint32_t i = 0; i < choices && i < TRACE_CHOICES_MAX; i++)
        ret->choices += take_choice(&from->choice[i], in, &ret->choice[ret->choices]);
    for (uint32_t i = 0; i < races && i < TRACE_RACES_MAX; i++)
        ret->races += take_race(reader, &from->race[i], in, &ret->race[ret->races]);
    for (uint32_t i = 0; i < positions && i < TRACE_CHOICES_MAX; i++)
        ret->positions += take_position(&from->position[i], in, &ret->position[ret->positions]);
    for (uint32_t i = 0; i < interruptions && i < TRACE_INTERRUPTIONS_MAX; i++)
        ret->interruptions +=
            take_interruption(&from->interruption[i], in, &ret->interruption[ret->interruptions]);
}

static uint64_t integer(const _Atomic uint64_t *from)
{
    uint64_t n = atomic_load_explicit(from, memory_order_acquire);
    return n < INTEGER_MAX ? n : INTEGER_MAX;
}

static void bound(uint64_t *n, uint64_t most)
{
    if (*n > most)
        *n = most;
}

/* What did not end in one of the ways to end is no outcome, or not one yet. */
static bool take_found(const struct trace_found *from, struct trace_found *ret)
{
    copy_once(ret, from, sizeof *ret);
    clean_text(ret->outcome, sizeof ret->outcome);
    clean_token(ret->token);
    bound(&ret->count, INTEGER_MAX);
    bound(&ret->first, INTEGER_MAX);
    if (ret->class >= CLASS_COUNT)
        ret->class = CLASS_NONE;
    if (ret->rule < -1)
        ret->rule = -1;
    return ret->ended > ENDED_NONE && ret->ended < ENDED_COUNT;
}

void trace_reader_explored(const struct trace_reader *reader, struct trace_explored *ret)
{
    const struct trace_explored *from = &reader->shared->explored;
    ret->over = atomic_load_explicit(&from->over, memory_order_acquire) == 1;
    ret->complete = ret->over && atomic_load_explicit(&from->complete, memory_order_relaxed) == 1;
    uint32_t outcomes = bounded_count(&from->outcomes, TRACE_FOUND_MAX), kept = 0;
    for (uint32_t i = 0; i < outcomes; i++)
        kept += take_found(&from->found[i], &ret->found[kept]);
    ret->outcomes = kept;
    /* After the entries, so that it holds all that is counted in them. */
    ret->executions = integer(&from->executions);
    ret->blocked = integer(&from->blocked);
    ret->cut = integer(&from->cut);
    ret->steps = integer(&from->steps);
    ret->given = atomic_load_explicit(&from->given, memory_order_relaxed);
    for (uint32_t i = 0; i < kept; i++)
        bound(&ret->found[i].count, ret->executions);
}

#include "sandbox/host/report.h"

#include "sandbox/host/explain.h"
#include "sandbox/host/launcher.h"
#include "sandbox/proto/operation.h"

#include <stdlib.h>
#include <string.h>

static void write_exit(const struct report *report, struct jsonw *json)
{
    jsonw_name(json, "exit");
    jsonw_open(json, '{');
    jsonw_name(json, "code");
    if (report->exit_code >= 0)
        jsonw_integer(json, report->exit_code);
    else
        jsonw_null(json);
    jsonw_name(json, "signal");
    if (report->exit_signal > 0)
        jsonw_integer(json, report->exit_signal);
    else
        jsonw_null(json);
    jsonw_close(json, '}');
}

static void write_outcome(const struct report *report, struct jsonw *json)
{
    jsonw_name(json, "outcome");
    if (!report->has_outcome) {
        jsonw_null(json);
        return;
    }
    jsonw_open(json, '{');
    jsonw_put_string(json, "text", report->outcome);
    jsonw_put_string(json, "class", outcome_class_text(report->outcome_class));
    jsonw_name(json, "rule");
    if (report->outcome_rule < 0)
        jsonw_null(json);
    else
        jsonw_integer(json, report->outcome_rule);
    jsonw_close(json, '}');
}

static void write_checks(const struct trace_result *result, struct jsonw *json)
{
    jsonw_name(json, "checks");
    jsonw_open(json, '[');
    for (uint32_t i = 0; i < result->checks; i++) {
        const struct trace_check *check = &result->check[i];
        jsonw_open(json, '{');
        jsonw_put_string(json, "name", check->name);
        jsonw_put_bool(json, "held", check->held);
        jsonw_put_string(json, "expected", check->expected);
        jsonw_put_string(json, "actual", check->actual);
        jsonw_close(json, '}');
    }
    jsonw_close(json, ']');
}

/* A metric's name comes from the run: it must be a name, and not one of the members before it. */
static bool is_own_name(const struct trace_result *result, uint32_t index,
                        const struct trace_metric *known, size_t known_count)
{
    const char *name = result->metric[index].name;
    if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0' || !name[0])
        return false;
    for (size_t i = 0; i < known_count; i++)
        if (strcmp(name, known[i].name) == 0)
            return false;
    for (uint32_t i = 0; i < index; i++)
        if (strcmp(name, result->metric[i].name) == 0)
            return false;
    return true;
}

static void write_metrics(const struct report *report, struct jsonw *json)
{
    const struct trace_counts *counts = &report->counts;
    const struct trace_result *result = &report->result;
    const struct trace_metric known[] = {
        {"wall_ns", (int64_t)report->wall_ns},
        {"start_ns", (int64_t)report->start_ns},
        {"reaped_ns", (int64_t)report->reaped_ns},
        {"events", (int64_t)counts->events},
        {"events_dropped", (int64_t)counts->dropped},
        {"events_skipped", (int64_t)counts->skipped},
        {"events_malformed", counts->malformed},
        {"tasks", counts->tasks},
        {"output_bytes", (int64_t)report->output_bytes},
        {"items", (int64_t)counts->items},
        {"inversions", (int64_t)counts->inversions},
    };
    const size_t all = sizeof known / sizeof *known;
    jsonw_name(json, "metrics");
    jsonw_open(json, '{');
    for (size_t i = 0; i < (counts->items > 0 ? all : all - 2); i++)
        jsonw_put_integer(json, known[i].name, known[i].value);
    for (uint32_t i = 0; i < result->metrics; i++)
        if (is_own_name(result, i, known, all))
            jsonw_put_integer(json, result->metric[i].name, result->metric[i].value);
    jsonw_close(json, '}');
}

static void write_waits(const struct report *report, struct jsonw *json)
{
    jsonw_name(json, "waits_for");
    jsonw_open(json, '[');
    for (size_t i = 0; i < report->wait_count; i++) {
        const struct trace_wait *wait = &report->waits[i];
        jsonw_open(json, '{');
        jsonw_put_string(json, "task", wait->task);
        jsonw_put_string(json, "object", wait->object);
        jsonw_put_string(json, "holder", wait->holder[0] ? wait->holder : NULL);
        jsonw_close(json, '}');
    }
    jsonw_close(json, ']');
}

/* A cell as JSON: null, a number when all of it is one, or a text. */
static void write_cell(struct jsonw *json, const char *cell, size_t length)
{
    char number[32], *end;
    if (length == 0) {
        jsonw_null(json);
        return;
    }
    if (length < sizeof number && strspn(cell, "0123456789.-") >= length) {
        memcpy(number, cell, length);
        number[length] = '\0';
        double value = strtod(number, &end);
        if (*end == '\0') {
            jsonw_number(json, value);
            return;
        }
    }
    jsonw_string_n(json, cell, length);
}

static void write_row(struct jsonw *json, const char *cells)
{
    jsonw_open(json, '[');
    for (;;) {
        size_t length = strcspn(cells, "\t");
        write_cell(json, cells, length);
        if (cells[length] == '\0')
            break;
        cells += length + 1;
    }
    jsonw_close(json, ']');
}

static void write_table(const struct trace_table *table, struct jsonw *json)
{
    jsonw_name(json, "table");
    jsonw_open(json, '[');
    for (uint32_t i = 0; i < table->rows; i++)
        write_row(json, table->row[i]);
    jsonw_close(json, ']');
}

static void write_actor(struct jsonw *json, const char *task, uint16_t id, unsigned operation)
{
    jsonw_put_string(json, "task", task);
    jsonw_put_integer(json, "task_id", id);
    jsonw_put_string(json, "operation", operation_text(operation));
}

static void write_choice(const struct report_schedule *schedule, uint32_t i, struct jsonw *json)
{
    const struct trace_choice *choice = &schedule->said.choice[i];
    const char *object = schedule->choice[i].object;
    jsonw_open(json, '{');
    write_actor(json, schedule->choice[i].task, choice->task, choice->operation);
    jsonw_put_string(json, "object", object[0] ? object : NULL);
    jsonw_put_string(json, "token", choice->token);
    jsonw_close(json, '}');
}

/* A choice whose token would be too long cannot be taken. */
static void write_enabled(const struct report_schedule *schedule, struct jsonw *json)
{
    if (schedule->said.choices == 0)
        return;
    jsonw_name(json, "enabled");
    jsonw_open(json, '[');
    for (uint32_t i = 0; i < schedule->said.choices; i++)
        if (schedule->said.choice[i].token[0])
            write_choice(schedule, i, json);
    jsonw_close(json, ']');
}

/* One of the two accesses; its event is the index in the trace, or null. */
static void write_access(const struct report_schedule *schedule, uint32_t race, int which,
                         struct jsonw *json)
{
    const struct trace_race *said = &schedule->said.race[race];
    jsonw_name(json, which == 0 ? "first" : "second");
    jsonw_open(json, '{');
    write_actor(json, schedule->race[race].task[which], said->task[which], said->operation[which]);
    jsonw_name(json, "event");
    if (said->event[which] > 0)
        jsonw_integer(json, said->event[which] - 1);
    else
        jsonw_null(json);
    jsonw_close(json, '}');
}

static void write_races(const struct report_schedule *schedule, struct jsonw *json)
{
    if (schedule->said.races == 0)
        return;
    jsonw_name(json, "races");
    jsonw_open(json, '[');
    for (uint32_t i = 0; i < schedule->said.races; i++) {
        jsonw_open(json, '{');
        jsonw_put_string(json, "object", schedule->race[i].object);
        write_access(schedule, i, 0, json);
        write_access(schedule, i, 1, json);
        jsonw_close(json, '}');
    }
    jsonw_close(json, ']');
}

static void write_operation(struct jsonw *json, const char *member, unsigned operation,
                            const char *object, bool in_vain)
{
    jsonw_name(json, member);
    if (operation >= OPERATION_COUNT) {
        jsonw_null(json);
        return;
    }
    jsonw_open(json, '{');
    jsonw_put_string(json, "operation", operation_text(operation));
    jsonw_put_string(json, "object", object[0] ? object : NULL);
    if (in_vain)
        jsonw_put_bool(json, "in_vain", true);
    jsonw_close(json, '}');
}

static void put_integer_if(struct jsonw *json, const char *member, bool applies, int64_t value)
{
    jsonw_name(json, member);
    if (applies)
        jsonw_integer(json, value);
    else
        jsonw_null(json);
}

/* Where the tasks stand: in the program, and at which operation. */
static void write_positions(const struct report_schedule *schedule, struct jsonw *json)
{
    if (schedule->said.positions == 0)
        return;
    jsonw_name(json, "positions");
    jsonw_open(json, '[');
    for (uint32_t i = 0; i < schedule->said.positions; i++) {
        const struct trace_position *said = &schedule->said.position[i];
        const char *object = schedule->position[i].object;
        jsonw_open(json, '{');
        write_actor(json, schedule->position[i].task, said->task, said->operation);
        jsonw_put_string(json, "object", object[0] ? object : NULL);
        put_integer_if(json, "line", said->line > 0, said->line);
        jsonw_put_bool(json, "enabled", said->enabled);
        jsonw_close(json, '}');
    }
    jsonw_close(json, ']');
}

static void write_interruptions(const struct report_schedule *schedule, struct jsonw *json)
{
    if (schedule->said.interruptions == 0)
        return;
    jsonw_name(json, "interruptions");
    jsonw_open(json, '[');
    for (uint32_t i = 0; i < schedule->said.interruptions; i++) {
        const struct trace_interruption *said = &schedule->said.interruption[i];
        const bool told = said->by != TRACE_NO_TASK;
        jsonw_open(json, '{');
        jsonw_put_string(json, "task", schedule->interruption[i].task);
        jsonw_put_integer(json, "task_id", said->task);
        write_operation(json, "done", said->done, schedule->interruption[i].object[0],
                        said->in_vain & TRACE_DONE_IN_VAIN);
        write_operation(json, "next", said->next, schedule->interruption[i].object[1],
                        said->in_vain & TRACE_NEXT_IN_VAIN);
        jsonw_put_string(json, "by", told ? schedule->interruption[i].by : NULL);
        write_operation(json, "meanwhile", told ? said->meanwhile : OPERATION_COUNT,
                        schedule->interruption[i].object[2],
                        said->in_vain & TRACE_MEANWHILE_IN_VAIN);
        jsonw_close(json, '}');
    }
    jsonw_close(json, ']');
}

/* The token that repeats the run. */
static const char *token_of(const struct schedule *asked, const struct trace_schedule *said)
{
    if (said && said->token[0])
        return said->token;
    return asked->mode == SCHEDULE_REPLAY ? asked->token : NULL;
}

/* Why the token could not be followed: as a sentence and, for programs, as a code and its figures.
 */
static void write_problem(const struct replay_problem *problem, struct jsonw *json)
{
    char sentence[REPLAY_PROBLEM_BYTES];
    if (!problem) {
        jsonw_put_string(json, "problem", NULL);
        return;
    }
    replay_problem_text(problem, sentence);
    jsonw_put_string(json, "problem", sentence);
    jsonw_name(json, "reason");
    jsonw_open(json, '{');
    jsonw_put_string(json, "code", replay_problem_code_text(problem->code));
    if (problem->code != REPLAY_OTHER_OPERATIONS)
        jsonw_put_integer(json, "step", (int64_t)problem->step);
    if (problem->code == REPLAY_NO_SUCH_CHOICE) {
        jsonw_put_integer(json, "choice", problem->choice);
        jsonw_put_integer(json, "choices", problem->choices);
    }
    jsonw_close(json, '}');
}

void schedule_write(const struct schedule *asked, const struct report_schedule *schedule,
                    struct jsonw *json)
{
    const struct trace_schedule *said = schedule ? &schedule->said : NULL;
    bool draws = asked->mode == SCHEDULE_RANDOM || asked->mode == SCHEDULE_PCT;
    const char *timing = asked->ignores_time ? "ignored" : "virtual";
    jsonw_open(json, '{');
    jsonw_put_string(json, "mode", schedule_mode_text(asked->mode));
    put_integer_if(json, "seed", draws, (int64_t)asked->seed);
    put_integer_if(json, "depth", asked->mode == SCHEDULE_PCT, asked->depth);
    jsonw_put_string(json, "timing", asked->mode == SCHEDULE_FREE ? NULL : timing);
    jsonw_put_string(json, "token", token_of(asked, said));
    put_integer_if(json, "steps", said, said ? said->steps : 0);
    put_integer_if(json, "preemptions", said, said ? said->preemptions : 0);
    write_problem(said && said->problem.code ? &said->problem : NULL, json);
    jsonw_close(json, '}');
}

void report_write(const struct report *report, struct jsonw *json)
{
    jsonw_put_string(json, "ended", ended_text(report->ended));
    write_exit(report, json);
    write_outcome(report, json);
    write_checks(&report->result, json);
    write_metrics(report, json);
    write_waits(report, json);
    write_table(&report->table, json);
    if (report->schedule) {
        write_enabled(report->schedule, json);
        write_races(report->schedule, json);
        write_interruptions(report->schedule, json);
        write_positions(report->schedule, json);
    }
    explanation_write(report, json);
}

void isolation_write(const struct isolation *isolation, struct jsonw *json)
{
    jsonw_open(json, '{');
    jsonw_put_string(json, "tier", isolation->tier);
    jsonw_name(json, "layers");
    jsonw_open(json, '[');
    for (unsigned i = 0; i < isolation->layer_count; i++)
        jsonw_string(json, isolation->layers[i]);
    jsonw_close(json, ']');
    jsonw_close(json, '}');
}

#include "server/runs/outcomes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void release_list(struct outcomes *o)
{
    for (size_t i = 0; i < o->count; i++) {
        free(o->list[i].text);
        free(o->list[i].token);
    }
    o->count = 0;
}

void outcomes_release(struct outcomes *o)
{
    release_list(o);
}

/* What has no words of its own is called by how it ended. */
static const char *text_of(const char *text, enum ended ended)
{
    return *text || ended == ENDED_COMPLETED ? text : ended_text(ended);
}

static struct outcome *find(struct outcomes *o, enum ended ended, const char *text)
{
    for (size_t i = 0; i < o->count; i++)
        if (o->list[i].ended == ended && strcmp(o->list[i].text, text) == 0)
            return &o->list[i];
    return NULL;
}

int outcomes_count_run(struct outcomes *o, const struct report *report)
{
    const char *text = text_of(report->has_outcome ? report->outcome : "", report->ended);
    struct outcome *known = find(o, report->ended, text);
    if (known) {
        known->count++;
        o->done++;
        return -1;
    }
    if (o->count == OUTCOMES_MAX) {
        o->done++;
        return -1;
    }
    char *copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    o->list[o->count] =
        (struct outcome){.text = copy,
                         .class = report->has_outcome ? report->outcome_class : CLASS_NONE,
                         .rule = report->has_outcome ? report->outcome_rule : -1,
                         .ended = report->ended,
                         .count = 1,
                         .first = ++o->done};
    return (int)o->count++;
}

static int add_found(struct outcomes *o, const struct trace_found *found)
{
    struct outcome outcome = {.text = strdup(text_of(found->outcome, found->ended)),
                              .class = found->class,
                              .rule = found->rule,
                              .ended = found->ended,
                              .count = found->count,
                              .first = found->first,
                              .preemptions = found->preemptions,
                              .token = found->token[0] ? strdup(found->token) : NULL};
    if (outcome.text && (outcome.token || !found->token[0])) {
        o->list[o->count++] = outcome;
        return 0;
    }
    free(outcome.text);
    free(outcome.token);
    return -ENOMEM;
}

int outcomes_take(struct outcomes *o, const struct trace_explored *explored)
{
    int r = 0;
    release_list(o);
    o->done = explored->executions;
    o->blocked = explored->blocked;
    o->cut = explored->cut;
    o->steps = explored->steps;
    o->given = explored->given;
    o->over = explored->over;
    o->complete = explored->complete;
    for (uint32_t i = 0; r == 0 && i < explored->outcomes; i++)
        r = add_found(o, &explored->found[i]);
    return r;
}

static void put_integer_or_null(struct jsonw *w, const char *name, bool known, uint64_t value)
{
    jsonw_name(w, name);
    if (known)
        jsonw_integer(w, (int64_t)value);
    else
        jsonw_null(w);
}

static const char *text_or_null(const char *text)
{
    return text && *text ? text : NULL;
}

static void write_outcome(const struct outcomes *o, const struct outcome *outcome, struct jsonw *w)
{
    jsonw_open(w, '{');
    jsonw_put_string(w, "text", outcome->text);
    jsonw_put_string(w, "class", text_or_null(outcome_class_text(outcome->class)));
    put_integer_or_null(w, "rule", outcome->rule >= 0, (uint64_t)outcome->rule);
    jsonw_put_string(w, "ended", ended_text(outcome->ended));
    jsonw_put_integer(w, "count", (int64_t)outcome->count);
    jsonw_name(w, "share");
    if (o->shrunk)
        jsonw_null(w);
    else
        jsonw_number(w, o->done > 0 ? (double)outcome->count / (double)o->done : 0);
    put_integer_or_null(w, "preemptions", o->explored, outcome->preemptions);
    put_integer_or_null(w, "first", outcome->first > 0, outcome->first);
    jsonw_put_string(w, "run", text_or_null(outcome->run));
    jsonw_put_string(w, "token", text_or_null(outcome->token));
    jsonw_close(w, '}');
}

static int by_count(const void *a, const void *b)
{
    const struct outcome *x = *(const struct outcome *const *)a;
    const struct outcome *y = *(const struct outcome *const *)b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

/* Those that found no place are the others; one that was cut has no outcome. */
static void write_list(const struct outcomes *o, struct jsonw *w)
{
    const struct outcome *sorted[OUTCOMES_MAX];
    uint64_t others = o->shrunk || o->cut > o->done ? 0 : o->done - o->cut;
    for (size_t i = 0; i < o->count; i++) {
        sorted[i] = &o->list[i];
        others -= o->list[i].count < others ? o->list[i].count : others;
    }
    qsort(sorted, o->count, sizeof sorted[0], by_count);
    jsonw_put_integer(w, "others", (int64_t)others);
    jsonw_name(w, "outcomes");
    jsonw_open(w, '[');
    for (size_t i = 0; i < o->count; i++)
        write_outcome(o, sorted[i], w);
    jsonw_close(w, ']');
}

void outcomes_write(const struct outcomes *o, struct jsonw *w)
{
    jsonw_open(w, '{');
    jsonw_name(w, "progress");
    jsonw_open(w, '{');
    jsonw_put_integer(w, "done", (int64_t)o->done);
    put_integer_or_null(w, "total", o->total > 0, o->total);
    jsonw_close(w, '}');
    jsonw_put_bool(w, "complete", o->complete);
    jsonw_put_integer(w, "schedules", (int64_t)o->done);
    put_integer_or_null(w, "blocked", o->explored, o->blocked);
    put_integer_or_null(w, "cut", o->explored, o->cut);
    put_integer_or_null(w, "steps", o->explored, o->steps);
    put_integer_or_null(w, "given_preemptions", o->shrunk && o->count > 0, o->given);
    jsonw_put_integer(w, "wall_ns", (int64_t)o->wall_ns);
    write_list(o, w);
    jsonw_close(w, '}');
}

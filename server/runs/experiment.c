#include "server/runs/experiment.h"

#include "sandbox/base/clock.h"
#include "server/runs/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASKED_JSON_MAX = 4096, FOUND_JSON_MAX = 4 << 20 };

const char *experiment_end_text(enum experiment_end end)
{
    static const char *const texts[] = {
#define X(name, text) [END_##name] = text,
        EXPERIMENT_ENDS(X)
#undef X
    };
    return texts[end];
}

const char *experiment_kind_text(enum experiment_kind kind)
{
    static const char *const texts[] = {
#define X(name, text) [EXPERIMENT_##name] = text,
        EXPERIMENT_KINDS(X)
#undef X
    };
    return texts[kind];
}

static void put_or_null(struct jsonw *w, const char *name, bool applies, uint64_t value)
{
    jsonw_name(w, name);
    if (applies)
        jsonw_integer(w, (int64_t)value);
    else
        jsonw_null(w);
}

static char *asked_json(const struct experiment_plan *plan)
{
    const struct schedule *s = &plan->job->schedule;
    bool repeats = plan->kind == EXPERIMENT_REPEAT, explores = plan->kind == EXPERIMENT_EXPLORE;
    _cleanup_buf_ struct buf out = BUF_INIT(ASKED_JSON_MAX);
    struct jsonw w = JSONW(&out);
    jsonw_open(&w, '{');
    jsonw_put_string(&w, "kind", experiment_kind_text(plan->kind));
    put_or_null(&w, "count", repeats, plan->count);
    put_or_null(&w, "max_preemptions", explores && s->max_preemptions >= 0,
                (uint64_t)s->max_preemptions);
    put_or_null(&w, "max_schedules", !repeats, s->max_executions);
    put_or_null(&w, "max_seconds", !repeats, s->max_seconds);
    jsonw_put_string(&w, "timing", repeats ? NULL : s->ignores_time ? "ignored" : "virtual");
    jsonw_put_string(&w, "token", plan->kind == EXPERIMENT_SHRINK ? s->token : NULL);
    jsonw_close(&w, '}');
    return buf_steal(&out);
}

char *experiment_found(struct experiment *e)
{
    _cleanup_buf_ struct buf out = BUF_INIT(FOUND_JSON_MAX);
    struct jsonw w = JSONW(&out);
    if (e->status == EXPERIMENT_RUNNING)
        e->outcomes.wall_ns = clock_ns() - e->started_ns;
    outcomes_write(&e->outcomes, &w);
    return buf_steal(&out);
}

/* All that was asked for, as one text. */
static char *whole_text(const struct store_experiment *r)
{
    _cleanup_buf_ struct buf out = BUF_INIT(1 << 20);
    buf_printf(&out, "%s\n%s\n%s\n%s", r->scenario, r->params, r->asked, r->beside);
    return buf_steal(&out);
}

static bool set_key(struct experiment *e, const char *key)
{
    if (!key)
        return true;
    e->key = strdup(key);
    e->asked = whole_text(&e->record);
    return e->key && e->asked;
}

static bool fill_record(struct experiment *e, const struct experiment_plan *plan,
                        const char *session)
{
    struct store_experiment *r = &e->record;
    r->scenario = strdup(plan->scenario->id);
    r->params = scenario_params_json(plan->scenario, plan->job);
    r->asked = asked_json(plan);
    r->found = experiment_found(e);
    r->created_ms = now_ms();
    snprintf(r->session, sizeof r->session, "%s", session);
    snprintf(r->beside, sizeof r->beside, "%s", plan->beside ? plan->beside : "");
    return random_id(r->id) == 0 && r->scenario && r->params && r->asked && r->found;
}

struct experiment *experiment_new(const struct experiment_plan *plan, const char *session)
{
    struct experiment *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    atomic_init(&e->refs, 1);
    pthread_mutex_init(&e->lock, NULL);
    e->scenario = plan->scenario;
    e->kind = plan->kind;
    e->count = plan->count;
    e->job = *plan->job;
    e->outcomes.explored = plan->kind != EXPERIMENT_REPEAT;
    e->outcomes.shrunk = plan->kind == EXPERIMENT_SHRINK;
    e->outcomes.total = plan->kind == EXPERIMENT_REPEAT ? plan->count : 0;
    if (!fill_record(e, plan, session) || !set_key(e, plan->key)) {
        experiment_unref(e);
        return NULL;
    }
    return e;
}

struct experiment *experiment_ref(struct experiment *e)
{
    atomic_fetch_add(&e->refs, 1);
    return e;
}

void experiment_unref(struct experiment *e)
{
    if (!e || atomic_fetch_sub(&e->refs, 1) != 1)
        return;
    outcomes_release(&e->outcomes);
    store_experiment_release(&e->record);
    store_experiment_release(&e->saved);
    free(e->key);
    free(e->asked);
    free(e->address);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

void experiment_subscribe(struct experiment *e, struct subscriber *subscriber)
{
    pthread_mutex_lock(&e->lock);
    subscribers_add(&e->subscribers, subscriber);
    pthread_mutex_unlock(&e->lock);
}

void experiment_unsubscribe(struct experiment *e, struct subscriber *subscriber)
{
    pthread_mutex_lock(&e->lock);
    subscribers_remove(&e->subscribers, subscriber);
    pthread_mutex_unlock(&e->lock);
}

void experiment_notify(struct experiment *e, bool end)
{
    pthread_mutex_lock(&e->lock);
    subscribers_wake(e->subscribers, end);
    pthread_mutex_unlock(&e->lock);
}

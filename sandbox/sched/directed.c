#include "sandbox/sched/directed.h"

/*
 * PCT (Burckhardt, Kothari, Musuvathi, Nagarakatte 2010) draws its change points among the steps of
 * the program, whose number is not known before: the range is drawn, too, from 2^3 to 2^14.
 */
#define RANGE_BITS_LEAST 3
#define RANGE_BITS_MOST  14
#define PCT_CHANGED      0x80000000u /* priorities from here on; below is who has slept */

uint64_t directed_seeded(uint64_t seed)
{
    uint64_t x = seed + 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    x ^= x >> 31;
    return x ? x : 1;
}

/* 0 to n - 1, without a division (Lemire 2016). */
static unsigned draw_below(struct directed *d, unsigned n)
{
    return (unsigned)((directed_draw(&d->random) >> 32) * n >> 32);
}

/* The highest priority runs; at a change point the one that runs falls below all others. */
static unsigned choose_pct(struct directed *d, const struct control *c, unsigned n)
{
    const uint16_t *enabled = control_enabled(c);
    int last = control_last(c);
    for (unsigned i = 0; i + 1 < d->token->depth; i++)
        if (d->change[i] == d->steps && last >= 0)
            d->priority[last] = PCT_CHANGED + i + 1;
    if (last >= 0 && d->token->ignores_time && control_yielded(c))
        d->priority[last] = d->lowest--; /* who only sleeps and looks would have it for ever */
    unsigned best = 0;
    for (unsigned i = 0; i < n; i++)
        if (d->priority[enabled[i]] > d->priority[enabled[best]])
            best = i;
    return best;
}

static unsigned choose_in_turn(struct directed *d, const struct control *c, unsigned n)
{
    const uint16_t *enabled = control_enabled(c);
    unsigned i = 0;
    while (i < n && enabled[i] <= d->turn)
        i++;
    i = i == n ? 0 : i;
    d->turn = enabled[i];
    return i;
}

static unsigned choose_by_rule(struct directed *d, const struct control *c, unsigned n)
{
    switch (d->token->rule) {
    case TOKEN_RANDOM:
        return n > 1 ? draw_below(d, n) : 0;
    case TOKEN_PCT:
        return choose_pct(d, c, n);
    case TOKEN_ROUND_ROBIN:
        return choose_in_turn(d, c, n);
    case TOKEN_CONTINUE:
        break;
    }
    return control_default(c, n);
}

/* What the token says for this step, or the rule. -1: it is not possible. */
static int follow(struct directed *d, unsigned n, unsigned by_rule)
{
    const struct token *token = d->token;
    if (d->next == token->count || token->deviation[d->next].step != d->steps)
        return (int)by_rule;
    unsigned index = token->deviation[d->next++].index;
    if (index < n)
        return (int)index;
    d->problem = (struct replay_problem){
        .code = REPLAY_NO_SUCH_CHOICE, .step = d->steps + 1, .choice = index + 1, .choices = n};
    return -1;
}

static void hash_step(struct directed *d, unsigned place, unsigned operation, unsigned object)
{
    d->check_before = d->check;
    d->check = (d->check ^ (place << 24 | operation << 16 | object)) * 0x100000001b3u;
}

static void record_deviation(struct directed *d, unsigned index, unsigned by_default)
{
    struct token *to = d->record;
    if (index != by_default && to->count < TOKEN_DEVIATIONS_MAX)
        to->deviation[to->count++] = (struct deviation){.step = d->steps, .index = index};
}

static bool is_over(struct directed *d)
{
    return d->problem.code || d->steps >= d->token->stop;
}

static int choose(struct policy *policy, struct control *c, unsigned n)
{
    struct directed *d = (struct directed *)policy;
    if (is_over(d)) {
        d->open = n;
        d->open_by_rule = choose_by_rule(d, c, n);
        return -1;
    }
    int i = follow(d, n, choose_by_rule(d, c, n));
    if (i < 0)
        return -1;
    const struct control_task *t = control_task(c, control_enabled(c)[i]);
    if (d->record)
        record_deviation(d, (unsigned)i, control_default(c, n));
    hash_step(d, t->place, t->op.operation, t->op.object);
    if (d->watch)
        watch_step(d->watch, c, t);
    d->steps++;
    return i;
}

static unsigned choose_value(struct policy *policy, struct control *c, unsigned n)
{
    struct directed *d = (struct directed *)policy;
    if (is_over(d))
        control_end(c, ENDED_STOPPED);
    int i = follow(d, n, d->token->rule == TOKEN_CONTINUE ? 0 : draw_below(d, n));
    if (i < 0)
        control_end(c, ENDED_STOPPED);
    if (d->record)
        record_deviation(d, (unsigned)i, 0);
    hash_step(d, 0xff, SEAM_CHOOSE, (unsigned)i);
    d->steps++;
    return (unsigned)i;
}

static void started(struct policy *policy, struct control *c, unsigned maker, unsigned task)
{
    struct directed *d = (struct directed *)policy;
    (void)c;
    if (d->watch && maker != task)
        watch_started(d->watch, maker, task);
    if (d->token->rule == TOKEN_PCT)
        d->priority[task] =
            PCT_CHANGED + SCHEDULE_DEPTH_MAX + (uint32_t)(directed_draw(&d->random) >> 40);
}

static void opened(struct policy *policy, struct control *c, unsigned task, unsigned by)
{
    struct directed *d = (struct directed *)policy;
    (void)c;
    if (d->watch)
        watch_opened(d->watch, task, by);
}

static void saw_end(struct policy *policy, unsigned task, unsigned ended)
{
    struct directed *d = (struct directed *)policy;
    watch_saw_end(d->watch, task, ended);
}

static void saw(struct policy *policy, unsigned task, uint16_t object)
{
    struct directed *d = (struct directed *)policy;
    watch_saw(d->watch, task, object);
}

void directed_init(struct directed *d, const struct token *token, struct watch *watch)
{
    d->policy = (struct policy){.choose = choose,
                                .choose_value = choose_value,
                                .started = token->rule == TOKEN_PCT || watch ? started : NULL,
                                .opened = watch ? opened : NULL,
                                .saw_end = watch ? saw_end : NULL,
                                .saw = watch ? saw : NULL};
    d->token = token;
    d->watch = watch;
    d->record = NULL;
    d->next = d->open = d->open_by_rule = 0;
    d->random = directed_seeded(token->seed);
    d->check = d->check_before = 0xcbf29ce484222325u;
    d->steps = 0;
    d->turn = -1;
    d->lowest = PCT_CHANGED;
    d->problem = (struct replay_problem){.code = REPLAY_NONE};
    if (token->rule != TOKEN_PCT)
        return;
    started(&d->policy, NULL, 0, 0);
    unsigned bits = RANGE_BITS_LEAST + draw_below(d, RANGE_BITS_MOST - RANGE_BITS_LEAST + 1);
    for (unsigned i = 0; i + 1 < token->depth; i++)
        d->change[i] = 1 + draw_below(d, 1u << bits);
}

static uint16_t folded(uint64_t hash)
{
    return (uint16_t)(hash ^ hash >> 16 ^ hash >> 32 ^ hash >> 48);
}

uint16_t directed_check(const struct directed *d, bool all)
{
    return folded(all ? d->check : d->check_before);
}

bool directed_agrees(struct directed *d)
{
    const struct token *token = d->token;
    if (d->problem.code)
        return false;
    if (d->next < token->count || (token->stop != TOKEN_NO_STOP && d->steps < token->stop))
        d->problem = (struct replay_problem){.code = REPLAY_ENDED_EARLIER, .step = d->steps};
    else if (token->checked && directed_check(d, token->stop == TOKEN_NO_STOP) != token->check)
        d->problem.code = REPLAY_OTHER_OPERATIONS;
    return !d->problem.code;
}

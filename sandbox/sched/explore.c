#include "sandbox/sched/explore.h"

#include <stdlib.h>
#include <string.h>

#define NONE      (-1)
#define NOT_KNOWN (-1)

/* A choice that was made, and those that are to be made. Sets of tasks are bits by place. */
struct node {
    uint64_t enabled, backtrack, done, sleep;
    uint32_t preemptions; /* before it */
    int16_t last;         /* the task that could have gone on without one, or NONE */
    uint8_t chosen;
    bool loops;             /* of those who poll, when nobody else could go on */
    uint16_t values, value; /* of a data choice; 0: a choice of a task */
};

/*
 * What an operation touches: its two objects, and, as one who looks, the end of its process, which
 * would keep it from being done.
 */
#define TOUCHED 3
struct touched {
    uint16_t object[TOUCHED]; /* each at most once, or TRACE_NO_OBJECT */
    bool looks[TOUCHED];
};

/* What was done there. */
struct event {
    uint8_t task;
    uint16_t seq; /* number among its task's events, from 1 */
    struct touched touched;
    int64_t level[TOUCHED];  /* of the objects, before it, or NOT_KNOWN */
    int32_t before[TOUCHED]; /* the event before on each of the objects, or NONE */
    uint16_t clock[EXPLORE_TASKS_MAX];
};

struct progress {
    uint16_t end; /* of its process: an object, or TRACE_NO_OBJECT as long as ends are no steps */
    uint16_t clock[EXPLORE_TASKS_MAX];
    uint32_t opened; /* events when the gate of its operation was open */
};

struct explore {
    struct policy policy;
    enum explore_method method;
    int max_preemptions;
    unsigned prefix;        /* choices to repeat */
    unsigned steps;         /* made */
    unsigned tasks, placed; /* begun; of these, whose process is known */
    bool blocked, ignores_time;
    uint64_t clock_ns; /* of the run */
    uint64_t asleep;   /* at the next choice */
    unsigned deviations;
    struct deviation *deviation;
    struct node *node;
    struct event *event;
    struct progress task[EXPLORE_TASKS_MAX];
    int32_t last_on[SEAM_OBJECTS_MAX]; /* event, or NONE */
    const _Atomic uint32_t *level[SEAM_OBJECTS_MAX];
};

static uint64_t bit(unsigned place)
{
    return UINT64_C(1) << place;
}

/* ---- clocks ---- */

static void join(uint16_t *into, const uint16_t *clock, unsigned tasks)
{
    for (unsigned i = 0; i < tasks; i++)
        into[i] = clock[i] > into[i] ? clock[i] : into[i];
}

static struct touched touched_by(const struct explore *x, unsigned task, const struct seam_op *op)
{
    bool looks = op->operation == SEAM_READ;
    uint16_t end = x->task[task].end;
    struct touched t = {.object = {op->object, op->second, end}, .looks = {looks, looks, true}};
    if (op->second == op->object)
        t.object[1] = TRACE_NO_OBJECT;
    if (end == op->object || end == op->second)
        t.object[2] = TRACE_NO_OBJECT;
    return t;
}

/* Which of the event's objects it is, or NONE. */
static int which(const struct touched *t, uint16_t object)
{
    for (int i = 0; i < TOUCHED; i++)
        if (t->object[i] == object)
            return i;
    return NONE;
}

/* Their order matters. */
static bool depend(const struct touched *a, const struct touched *b)
{
    for (int i = 0; i < TOUCHED; i++) {
        int j = a->object[i] == TRACE_NO_OBJECT ? NONE : which(b, a->object[i]);
        if (j != NONE && !(a->looks[i] && b->looks[j]))
            return true;
    }
    return false;
}

static bool looks_at(const struct event *e, uint16_t object)
{
    return e->touched.looks[which(&e->touched, object)];
}

static const struct event *event_before(const struct explore *x, const struct event *e,
                                        uint16_t object)
{
    int32_t i = e->before[which(&e->touched, object)];
    return i == NONE ? NULL : &x->event[i];
}

static const struct event *last_event(const struct explore *x, uint16_t object)
{
    return object == TRACE_NO_OBJECT || x->last_on[object] == NONE ? NULL
                                                                   : &x->event[x->last_on[object]];
}

/* Everything on the object that the operation comes after. */
static void join_object(const struct explore *x, uint16_t *clock, uint16_t object, bool look)
{
    for (const struct event *e = last_event(x, object); e; e = event_before(x, e, object)) {
        bool looked = looks_at(e, object);
        if (!looked || !look)
            join(clock, e->clock, x->tasks);
        if (!looked)
            return;
    }
}

/* ---- races ---- */

/* Whether the operation would have been possible in the place of e. */
static bool was_possible(const struct explore *x, const struct event *e, unsigned task,
                         const struct seam_op *op)
{
    if (op->deadline != SEAM_NEVER && (x->ignores_time || op->deadline <= x->clock_ns))
        return true; /* else its time was not up as long as anybody could run */
    if (op->gate && (uint32_t)(e - x->event) < x->task[task].opened)
        return false;
    if (!op->level)
        return true;
    int at = which(&e->touched, op->object);
    int64_t level = at == NONE ? NOT_KNOWN : e->level[at];
    return level == NOT_KNOWN || (level >= op->low && level <= op->high);
}

/*
 * The tasks that can begin the order in which the operation comes before e: first events, after e
 * and not because of it, that have nothing before them there.
 */
static uint64_t initials(const struct explore *x, const struct event *e, unsigned task,
                         const struct seam_op *op)
{
    uint16_t first[EXPLORE_TASKS_MAX];
    const struct touched touched = touched_by(x, task, op);
    uint64_t seen = 0, found = 0;
    bool task_is_free = true;
    memset(first, 0xff, sizeof first);
    for (const struct event *w = e + 1; w < &x->event[x->steps]; w++) {
        if (w->clock[e->task] >= e->seq)
            continue;
        bool is_free = !(seen & bit(w->task));
        for (unsigned q = 0; q < x->tasks && is_free; q++)
            is_free = q == w->task || w->clock[q] < first[q];
        if (is_free)
            found |= bit(w->task);
        if (!(seen & bit(w->task)))
            first[w->task] = w->seq;
        seen |= bit(w->task);
        task_is_free = task_is_free && w->task != task && !depend(&w->touched, &touched) &&
                       x->task[task].clock[w->task] < w->seq;
    }
    if (task_is_free)
        found |= bit(task);
    return found;
}

/*
 * False: nobody could have begun the other order there. A task that waits for news before it looks
 * again may have none there, and others have to go first.
 */
static bool reverse(struct explore *x, const struct event *e, unsigned task,
                    const struct seam_op *op)
{
    struct node *node = &x->node[e - x->event];
    uint64_t set = initials(x, e, task, op) & node->enabled;
    if (set == 0 && op->deadline != SEAM_NEVER && x->ignores_time)
        node->backtrack |= node->enabled;
    if (set == 0)
        return false;
    if (!(set & node->backtrack))
        node->backtrack |= set & bit(task) ? bit(task) : set & -set;
    return true;
}

/* Who polls may have had no news there, but further back: that is looked at, too. */
static void find_races_on(struct explore *x, const struct control_task *t, uint16_t object,
                          bool look)
{
    const struct seam_op *op = &t->op;
    unsigned task = t->place;
    uint16_t clock[EXPLORE_TASKS_MAX];
    memcpy(clock, x->task[task].clock, sizeof clock);
    for (const struct event *e = last_event(x, object); e; e = event_before(x, e, object)) {
        bool ordered = e->seq <= clock[e->task], looked = looks_at(e, object);
        if (ordered && !looked)
            return; /* and so is all before it */
        if (ordered || (looked && look) || !was_possible(x, e, task, op))
            continue;
        if (reverse(x, e, task, op) && !t->polling)
            join(clock, e->clock, x->tasks);
    }
}

static void find_races(struct explore *x, const struct control_task *t)
{
    const struct touched touched = touched_by(x, t->place, &t->op);
    for (int i = 0; i < TOUCHED; i++)
        find_races_on(x, t, touched.object[i], touched.looks[i]);
}

/* ---- an execution ---- */

static void note_levels(struct explore *x, const struct seam_op *op)
{
    if (op->level && op->object != TRACE_NO_OBJECT)
        x->level[op->object] = op->level;
}

/* Each process may have an object of its own under that number. */
static int64_t level_of(const struct explore *x, const struct control_task *t, uint16_t object)
{
    if (object == t->op.object && t->op.level)
        return control_level(t);
    return object != TRACE_NO_OBJECT && x->level[object]
               ? (int64_t)atomic_load_explicit(x->level[object], memory_order_relaxed)
               : NOT_KNOWN;
}

static void link_event(struct explore *x, struct event *e, int i)
{
    uint16_t object = e->touched.object[i];
    e->before[i] = object == TRACE_NO_OBJECT ? NONE : x->last_on[object];
    if (object != TRACE_NO_OBJECT)
        x->last_on[object] = (int32_t)(e - x->event);
}

static struct event *add_event(struct explore *x, unsigned task, const struct seam_op *op)
{
    struct event *e = &x->event[x->steps];
    uint16_t *clock = x->task[task].clock;
    e->task = (uint8_t)task;
    e->touched = touched_by(x, task, op);
    for (int i = 0; i < TOUCHED; i++)
        join_object(x, clock, e->touched.object[i], e->touched.looks[i]);
    e->seq = ++clock[task];
    memcpy(e->clock, clock, sizeof e->clock);
    for (int i = 0; i < TOUCHED; i++)
        link_event(x, e, i);
    x->task[task].opened = 0;
    return e;
}

/* Of those asleep and those done, the ones that the chosen operation does not wake. */
static uint64_t sleep_after(const struct explore *x, struct control *c, const struct node *node)
{
    uint64_t asleep = node->sleep | (node->done & ~bit(node->chosen)), left = 0;
    const struct touched done = touched_by(x, node->chosen, &control_task(c, node->chosen)->op);
    if (x->method == EXPLORE_ALL || node->loops)
        return 0; /* who is chosen keeps the others from going on */
    for (; asleep; asleep &= asleep - 1) {
        unsigned q = (unsigned)__builtin_ctzll(asleep);
        const struct touched next = touched_by(x, q, &control_task(c, q)->op);
        if (q != node->chosen && !depend(&done, &next))
            left |= bit(q);
    }
    return left;
}

/* Who has begun has come to a first operation by now, and is somebody. */
static void place_tasks(struct explore *x, const struct control *c)
{
    for (; x->placed < x->tasks; x->placed++)
        x->task[x->placed].end =
            control_ends_are_steps(c) ? control_process_object(c, x->placed) : TRACE_NO_OBJECT;
}

static uint64_t enabled_set(const struct control *c, unsigned n)
{
    const uint16_t *enabled = control_enabled(c);
    uint64_t set = 0;
    for (unsigned i = 0; i < n; i++)
        set |= bit(enabled[i]);
    return set;
}

static int index_of(const struct control *c, unsigned n, unsigned place)
{
    const uint16_t *enabled = control_enabled(c);
    for (unsigned i = 0; i < n; i++)
        if (enabled[i] == place)
            return (int)i;
    return -1;
}

/* What this choice costs, if it is not to go on with the last task although that could. */
static uint32_t cost(const struct node *node, unsigned place)
{
    return node->last != NONE && node->last != (int)place ? 1 : 0;
}

static uint64_t affordable(const struct explore *x, const struct node *node)
{
    if (x->max_preemptions < 0 || node->last == NONE ||
        node->preemptions < (uint32_t)x->max_preemptions)
        return node->enabled;
    return bit((unsigned)node->last);
}

static uint32_t preemptions_before(const struct explore *x)
{
    if (x->steps == 0)
        return 0;
    const struct node *before = &x->node[x->steps - 1];
    return before->preemptions + (before->values ? 0 : cost(before, before->chosen));
}

/* A choice that was never made before. Returns the place, or NONE: all are covered elsewhere. */
static int first_choice(struct explore *x, struct control *c, unsigned n)
{
    struct node *node = &x->node[x->steps];
    int last = control_last(c);
    *node = (struct node){.enabled = enabled_set(c, n),
                          .sleep = x->asleep,
                          .last = NONE,
                          .loops = control_only_polls(c),
                          .preemptions = preemptions_before(x)};
    if (last != NONE && !control_yielded(c) && node->enabled & bit((unsigned)last))
        node->last = (int16_t)last;
    uint64_t open = node->enabled & ~node->sleep;
    if (open == 0)
        return NONE;
    unsigned place = control_enabled(c)[control_default(c, n)];
    if (!(open & bit(place)))
        place = (unsigned)__builtin_ctzll(open);
    node->chosen = (uint8_t)place;
    bool one = x->method == EXPLORE_SOURCE_SETS && !node->loops;
    node->backtrack = one ? bit(place) : affordable(x, node);
    return (int)place;
}

static void deviate(struct explore *x, const struct control *c, unsigned index, unsigned by_rule)
{
    if (index == by_rule || control_lingers(c) || x->deviations == TOKEN_DEVIATIONS_MAX)
        return;
    x->deviation[x->deviations++] = (struct deviation){.step = x->steps, .index = index};
}

/* Comes again to what was there before: the same operation has the same clock. */
static void repeat_event(struct explore *x)
{
    struct event *e = &x->event[x->steps];
    memcpy(x->task[e->task].clock, e->clock, sizeof e->clock);
    x->task[e->task].opened = 0;
    for (int i = 0; i < TOUCHED; i++)
        if (e->touched.object[i] != TRACE_NO_OBJECT)
            x->last_on[e->touched.object[i]] = (int32_t)x->steps;
}

static void do_new(struct explore *x, struct control *c, const struct node *node)
{
    const struct seam_op *op = &control_task(c, node->chosen)->op;
    x->ignores_time = control_ignores_time(c);
    note_levels(x, op);
    if (x->method == EXPLORE_SOURCE_SETS)
        find_races(x, control_task(c, node->chosen));
    struct event *e = add_event(x, node->chosen, op);
    for (int i = 0; i < TOUCHED; i++)
        e->level[i] = level_of(x, control_task(c, node->chosen), e->touched.object[i]);
    x->asleep = sleep_after(x, c, node);
}

static int choose(struct policy *policy, struct control *c, unsigned n)
{
    struct explore *x = (struct explore *)policy;
    const struct node *node = &x->node[x->steps];
    if (x->steps == EXPLORE_STEPS_MAX)
        control_end(c, ENDED_LIVELOCK);
    place_tasks(x, c);
    if (x->steps >= x->prefix && first_choice(x, c, n) == NONE) {
        x->blocked = true;
        return -1;
    }
    int i = index_of(c, n, node->chosen);
    if (i < 0)
        abort(); /* the same choices lead to the same place */
    deviate(x, c, (unsigned)i, control_default(c, n));
    if (x->steps + 1 < x->prefix)
        repeat_event(x);
    else
        do_new(x, c, node);
    x->steps++;
    return i;
}

static unsigned choose_value(struct policy *policy, struct control *c, unsigned n)
{
    static const struct seam_op nothing = {
        .operation = SEAM_CHOOSE, .object = TRACE_NO_OBJECT, .second = TRACE_NO_OBJECT};
    struct explore *x = (struct explore *)policy;
    struct node *node = &x->node[x->steps];
    if (x->steps == EXPLORE_STEPS_MAX)
        control_end(c, ENDED_LIVELOCK);
    if (x->steps >= x->prefix)
        *node = (struct node){
            .values = (uint16_t)n, .sleep = x->asleep, .preemptions = preemptions_before(x)};
    deviate(x, c, node->value, 0);
    add_event(x, control_current(c), &nothing);
    x->asleep = node->sleep;
    x->steps++;
    return node->value;
}

static void started(struct policy *policy, struct control *c, unsigned maker, unsigned task)
{
    struct explore *x = (struct explore *)policy;
    if (task >= EXPLORE_TASKS_MAX)
        control_end(c, ENDED_TASK_LIMIT);
    x->tasks = task + 1;
    memcpy(x->task[task].clock, x->task[maker].clock, sizeof x->task[task].clock);
    x->task[task].opened = 0;
}

/* It could have done what it announced before that. */
static void killed(struct policy *policy, struct control *c, unsigned task)
{
    struct explore *x = (struct explore *)policy;
    if (x->method != EXPLORE_SOURCE_SETS)
        return;
    place_tasks(x, c);
    find_races(x, control_task(c, task));
}

static void opened(struct policy *policy, struct control *c, unsigned task, unsigned by)
{
    struct explore *x = (struct explore *)policy;
    const struct seam_op *op = &control_task(c, task)->op;
    bool timed = op->deadline != SEAM_NEVER && control_ignores_time(c);
    if (timed && x->method == EXPLORE_SOURCE_SETS) {
        place_tasks(x, c);
        find_races(x, control_task(c, task)); /* its time could have been up before that */
    }
    x->task[task].opened = x->steps;
    join(x->task[task].clock, x->task[by].clock, x->tasks);
}

/* What those would have done next who never came to it. */
static void find_last_races(struct explore *x, struct control *c)
{
    place_tasks(x, c);
    for (unsigned i = 0; i < x->tasks; i++)
        if (control_task(c, i)->live)
            find_races(x, control_task(c, i));
}

/* Nobody could go on, so all of it came before what comes now. */
static void time_passed(struct policy *policy, struct control *c)
{
    struct explore *x = (struct explore *)policy;
    if (x->method == EXPLORE_SOURCE_SETS && x->steps >= x->prefix)
        find_last_races(x, c);
    x->clock_ns = control_clock(c);
    for (unsigned i = 1; i < x->tasks; i++)
        join(x->task[0].clock, x->task[i].clock, x->tasks);
    for (unsigned i = 1; i < x->tasks; i++)
        memcpy(x->task[i].clock, x->task[0].clock, sizeof x->task[i].clock);
}

/* ---- from one execution to the next ---- */

static void start_over(struct explore *x)
{
    x->steps = x->deviations = 0;
    x->blocked = false;
    x->asleep = x->clock_ns = 0;
    x->tasks = 1;
    x->placed = 0;
    memset(&x->task[0], 0, sizeof x->task[0]);
    memset(x->last_on, 0xff, sizeof x->last_on);
}

/* Another choice at the deepest place where there is one. */
static bool backtrack(struct explore *x)
{
    for (unsigned k = x->steps; k-- > 0;) {
        struct node *node = &x->node[k];
        x->prefix = k + 1;
        if (node->values) {
            if (++node->value < node->values)
                return true;
            continue;
        }
        node->done |= bit(node->chosen);
        uint64_t left = node->backtrack & ~node->done & ~node->sleep;
        if (left == 0)
            continue;
        node->chosen = (uint8_t)__builtin_ctzll(left);
        return true;
    }
    return false;
}

bool explore_next(struct explore *x, struct control *c)
{
    if (x->method == EXPLORE_SOURCE_SETS && !x->blocked)
        find_last_races(x, c);
    bool more = backtrack(x);
    start_over(x);
    return more;
}

struct explore *explore_new(enum explore_method method, int max_preemptions)
{
    struct explore *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->method = method;
    x->max_preemptions = max_preemptions;
    x->node = calloc(EXPLORE_STEPS_MAX + 1, sizeof *x->node);
    x->event = calloc(EXPLORE_STEPS_MAX + 1, sizeof *x->event);
    x->deviation = calloc(TOKEN_DEVIATIONS_MAX, sizeof *x->deviation);
    x->policy = (struct policy){.choose = choose,
                                .choose_value = choose_value,
                                .started = started,
                                .opened = opened,
                                .time_passed = time_passed,
                                .killed = killed,
                                .linger = method == EXPLORE_SOURCE_SETS ? EXPLORE_LINGER : 0};
    if (!x->node || !x->event || !x->deviation) {
        explore_free(x);
        return NULL;
    }
    start_over(x);
    return x;
}

void explore_free(struct explore *x)
{
    if (!x)
        return;
    free(x->node);
    free(x->event);
    free(x->deviation);
    free(x);
}

struct policy *explore_policy(struct explore *x)
{
    return &x->policy;
}

bool explore_was_blocked(const struct explore *x)
{
    return x->blocked;
}

unsigned explore_deviations(const struct explore *x, const struct deviation **ret)
{
    *ret = x->deviation;
    return x->deviations;
}

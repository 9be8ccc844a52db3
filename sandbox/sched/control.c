#include "sandbox/sched/control.h"

#include "sandbox/sched/image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HEAP_BYTES (16u << 20)
#define KEPT_MAX   8u    /* copies of memory */
#define STEP_NS    1000u /* of the shown time, so that one can see what came after what */
#define READS_NOTED                                                                                \
    (sizeof((struct control_task *)0)->read / sizeof((struct control_task *)0)->read[0])
#define FLAT   inline __attribute__((always_inline))
#define NOBODY (-1)

/* What the run's memory held before the program began; all after it is taken back. */
struct before {
    size_t arena_used;
    uint32_t tasks, objects;
};

/* Stacks of coroutines: those in use, each in one process, then those that were. */
struct fibers {
    struct coroutine {
        struct fiber *fiber;
        const struct image *image;
    } * all;
    unsigned used, made;
};

/* Objects in the memory of forked processes, and the numbers they have there. */
struct own_objects {
    unsigned count;
    struct {
        uint16_t object, process;
    } of[SEAM_OWN_OBJECTS];
};

struct control {
    struct run *run;
    struct policy *policy;
    struct context home;
    struct control_task *current;
    struct image *leaving; /* of the task that the home stack is to switch from */
    struct control_task *task[CONTROL_TASKS_MAX];
    unsigned tasks; /* begun */
    unsigned made;  /* structures and stacks there are */
    uint16_t enabled[CONTROL_TASKS_MAX];
    unsigned enabled_count;
    int last;
    bool yielded;
    bool ignores_time, ends_are_steps, ends_matter;
    uint64_t shown_ns; /* what events are timed by */
    uint64_t clock_ns, steps, preemptions;
    uint64_t over;   /* steps when the main task had ended; 0 before */
    bool only_polls; /* can be chosen now */
    bool lingers_on; /* those it left had more to do */
    enum ended ended;
    int exit_code; /* of the main task */
    struct image_heap *heap;
    struct image_globals globals;
    struct fibers fibers;
    struct own_objects own;
    struct image *kept[KEPT_MAX];
    unsigned kept_count;
    struct before before;
    uint32_t version[SEAM_OBJECTS_MAX]; /* of each object: how often it was changed */
};

/* A gate that never opens: of who waits for the time alone. */
static const _Atomic uint32_t shut;

static bool is_look(enum seam_operation operation)
{
    return operation == SEAM_READ;
}

static bool is_pause(enum seam_operation operation)
{
    return operation == SEAM_SLEEP || operation == SEAM_SPIN;
}

/* ---- switching ---- */

/*
 * Inlined, as all between a switch of stacks and the primitive that called for it: the processor
 * predicts returns from the calls made on the stack that was left, wrongly.
 */
static FLAT void go_to(struct control *c, struct control_task *to)
{
    struct control_task *from = c->current;
    if (from == to)
        return;
    from->self = seam_self;
    seam_self = to->self;
    c->current = to;
    if (from->image == to->image) {
        context_switch(&from->at, &to->at);
        return;
    }
    c->leaving = from->image;
    context_switch(&from->at, &c->home);
}

/* On the home stack, which is in no image: until the execution has ended. */
static void serve(struct control *c)
{
    for (;;) {
        context_switch(&c->home, &c->current->at);
        if (c->ended != ENDED_NONE)
            return;
        image_switch(c->leaving, c->current->image);
    }
}

_Noreturn void control_end(struct control *c, enum ended ended)
{
    if (c->over && ended != ENDED_STOPPED) {
        c->lingers_on = ended != ENDED_COMPLETED;
        ended = ENDED_COMPLETED;
    }
    c->ended = ended;
    c->current->self = seam_self;
    context_switch(&c->current->at, &c->home);
    abort();
}

/* ---- what is possible ---- */

static bool is_shared(const struct control *c, const _Atomic uint32_t *word)
{
    const char *at = (const char *)word, *arena = c->run->arena;
    return at >= arena && at < arena + RUN_ARENA_BYTES;
}

/*
 * A word of the run's memory, or of the task's process. While another process runs the latter is
 * not there, and is as it was: only who belongs to the process can change it.
 */
static bool is_there(const struct control *c, const struct control_task *t,
                     const _Atomic uint32_t *word)
{
    return t->image == c->current->image || is_shared(c, word);
}

/* Notes what other processes will not see. */
static void note_words(struct control_task *t)
{
    if (t->op.level)
        t->level = atomic_load_explicit(t->op.level, memory_order_relaxed);
    if (t->op.gate)
        t->gate = atomic_load_explicit(t->op.gate, memory_order_relaxed);
}

static bool gate_is_open(const struct control *c, const struct control_task *t)
{
    const struct seam_op *op = &t->op;
    return (is_there(c, t, op->gate) ? atomic_load_explicit(op->gate, memory_order_relaxed)
                                     : t->gate) != op->closed;
}

static uint32_t level_of(const struct control *c, const struct control_task *t)
{
    return is_there(c, t, t->op.level) ? atomic_load_explicit(t->op.level, memory_order_relaxed)
                                       : t->level;
}

uint32_t control_level(const struct control_task *t)
{
    return level_of(seam_self.control, t);
}

bool control_can(const struct control_task *t)
{
    const struct control *c = seam_self.control;
    const struct seam_op *op = &t->op;
    if (op->gate && !gate_is_open(c, t))
        return false;
    if (!op->level)
        return true;
    uint32_t level = level_of(c, t);
    return level >= op->low && level <= op->high;
}

/* Goes on as soon as it can: nothing that others do can make a difference to it any more. */
static bool is_eager(const struct control_task *t)
{
    return t->op.gate && !t->op.level;
}

/* Whether something it has looked at since its last pause is not as it was. */
static bool has_news(const struct control *c, const struct control_task *t)
{
    for (uint32_t i = 0; i < t->read_count && i < READS_NOTED; i++)
        if (c->version[t->read[i].object] != t->read[i].version)
            return true;
    return t->read_count > READS_NOTED;
}

static void tell_opened(struct control *c, struct control_task *t)
{
    if (t->gated)
        return;
    t->gated = true;
    if (c->policy->opened)
        c->policy->opened(c->policy, c, t->place, c->current->place);
}

uint16_t control_listed_object(const struct control *c, uint16_t object)
{
    unsigned own = (unsigned)object - SEAM_OWN_OBJECT(0);
    return own < c->own.count ? c->own.of[own].object : object;
}

/* It waits from now on, as it would have found when it came here. */
static void note_wait(struct control *c, struct control_task *t)
{
    t->noted = true;
    t->step_noted = c->steps;
    if (t->op.waits == 0)
        return;
    struct trace_lane *lane = t == c->current ? seam_self.lane : t->self.lane;
    if (lane) {
        lane->line = t->line;
        trace_write(lane, t->op.waits, t->self.task, control_listed_object(c, t->op.object),
                    t->op.value, 0, 0);
    }
    trace_task_waits(c->run->shared, t->self.task, t->op.waits_on);
}

/* It needs nothing of others. */
static bool is_plain(const struct control_task *t)
{
    return !t->op.gate && !t->op.level && t->op.operation != SEAM_SPIN;
}

static bool is_possible(struct control *c, struct control_task *t)
{
    if (is_plain(t))
        return true;
    bool pauses = is_pause(t->op.operation), polls = t->polling && c->ignores_time;
    if (t->op.operation == SEAM_SPIN || (polls && pauses)) {
        if (!has_news(c, t))
            return false;
        tell_opened(c, t);
        return true;
    }
    if (t->op.gate && gate_is_open(c, t)) /* by whoever runs now, so it is told at once */
        tell_opened(c, t);
    if (control_can(t))
        return true;
    if (!t->noted)
        note_wait(c, t);
    if (polls && !has_news(c, t))
        return false;
    return t->op.deadline != SEAM_NEVER && (c->ignores_time || c->clock_ns >= t->op.deadline);
}

/* Fills `enabled`. Returns a task that goes on at once, or NULL. */
static struct control_task *look_around(struct control *c)
{
    struct control_task *eager = NULL;
    c->enabled_count = 0;
    for (unsigned i = 0; i < c->tasks; i++) {
        struct control_task *t = c->task[i];
        if (!t->live)
            continue;
        if (t->image && t->image == c->current->image)
            note_words(t);
        if (!is_possible(c, t))
            continue;
        if (!is_eager(t) || !t->gated)
            c->enabled[c->enabled_count++] = (uint16_t)i;
        else if (!eager)
            eager = t;
    }
    return eager;
}

/* To the next moment at which a task can go on. False: there is none. */
static bool pass_time(struct control *c)
{
    uint64_t next = SEAM_NEVER;
    for (unsigned i = 0; i < c->tasks; i++)
        if (c->task[i]->live && c->task[i]->op.deadline < next)
            next = c->task[i]->op.deadline;
    if (next == SEAM_NEVER || c->ignores_time)
        return false;
    if (next > c->clock_ns)
        c->clock_ns = next;
    if (c->policy->time_passed)
        c->policy->time_passed(c->policy, c);
    return true;
}

/* Who only looks and sleeps goes on although there is no news, if nobody else can. */
static bool let_pollers_go_on(struct control *c)
{
    for (unsigned i = 0; i < c->tasks; i++)
        if (c->task[i]->live && c->task[i]->polling)
            c->enabled[c->enabled_count++] = (uint16_t)i;
    return c->enabled_count > 0;
}

static bool somebody_spins(const struct control *c)
{
    for (unsigned i = 0; i < c->tasks; i++)
        if (c->task[i]->live && c->task[i]->op.operation == SEAM_SPIN)
            return true;
    return false;
}

/* ---- steps ---- */

static void note_pause(struct control_task *t)
{
    t->read_count = 0;
    t->looked = t->op.operation != SEAM_SPIN;
    t->paused_line = t->line;
}

static void note_look(struct control *c, struct control_task *t)
{
    uint16_t object = t->op.object;
    if (object == TRACE_NO_OBJECT || t->read_count++ >= READS_NOTED)
        return;
    t->read[t->read_count - 1].object = object;
    t->read[t->read_count - 1].version = c->version[object];
}

static void note_access(struct control *c, struct control_task *t)
{
    const struct seam_op *op = &t->op;
    bool late = op->deadline != SEAM_NEVER && !control_can(t);
    if (is_pause(op->operation) || late)
        note_pause(t);
    if (is_look(op->operation) || (late && !is_pause(op->operation)))
        note_look(c, t);
    if (is_pause(op->operation) || is_look(op->operation) || late)
        return;
    t->looked = false;
    if (op->object != TRACE_NO_OBJECT)
        c->version[op->object]++;
    if (op->second != TRACE_NO_OBJECT)
        c->version[op->second]++;
}

bool control_could_go_on(const struct control *c, int place)
{
    for (unsigned i = 0; i < c->enabled_count; i++)
        if (c->enabled[i] == place)
            return true;
    return false;
}

static void show_time(struct control *c)
{
    c->shown_ns = c->clock_ns + c->steps * STEP_NS;
}

static void count_step(struct control *c)
{
    c->steps++;
    show_time(c);
    if (c->over && c->steps > c->over + c->policy->linger)
        control_end(c, ENDED_LIVELOCK);
    if (c->steps > CONTROL_STEPS_MAX)
        control_end(c, ENDED_LIVELOCK);
}

static struct control_task *choose(struct control *c)
{
    c->yielded = c->last != NOBODY && is_pause(c->task[c->last]->op.operation);
    int i = c->policy->choose(c->policy, c, c->enabled_count);
    if (i < 0)
        control_end(c, ENDED_STOPPED);
    count_step(c);
    unsigned place = c->enabled[i];
    if (c->last != NOBODY && (unsigned)c->last != place && !c->yielded &&
        control_could_go_on(c, c->last))
        c->preemptions++;
    c->last = (int)place;
    struct control_task *t = c->task[place];
    if (t->op.deadline != SEAM_NEVER && c->clock_ns < t->op.deadline && !control_can(t))
        c->clock_ns = t->op.deadline; /* what it goes on for, if time is ignored */
    show_time(c);
    note_access(c, t);
    return t;
}

/* As when time passes, what comes now comes after all there was. */
static struct control_task *choose_poller(struct control *c)
{
    c->only_polls = true;
    if (c->policy->time_passed)
        c->policy->time_passed(c->policy, c);
    struct control_task *t = choose(c);
    c->only_polls = false;
    return t;
}

static struct control_task *next_task(struct control *c)
{
    for (;;) {
        struct control_task *eager = look_around(c);
        if (eager) {
            note_access(c, eager);
            return eager;
        }
        if (c->enabled_count > 0)
            return choose(c);
        if (c->over)
            control_end(c, ENDED_COMPLETED);
        if (pass_time(c))
            continue;
        if (let_pollers_go_on(c))
            return choose_poller(c);
        control_end(c, somebody_spins(c) ? ENDED_LIVELOCK : ENDED_DEADLOCK);
    }
}

/* As the calling process knows it: its place among those it has for itself, or count. */
static unsigned find_own(const struct control *c, uint16_t object)
{
    const struct own_objects *own = &c->own;
    uint16_t process = trace_process_of(c->run->shared, seam_self.task);
    unsigned i = 0;
    while (i < own->count && (own->of[i].object != object || own->of[i].process != process))
        i++;
    return i;
}

/* Nobody else's operations on an object of a forked process's memory touch the same. */
static void name_own_object(struct control *c, struct seam_op *op)
{
    if (!op->level || op->object == TRACE_NO_OBJECT || is_shared(c, op->level))
        return;
    unsigned i = find_own(c, op->object);
    if (i == SEAM_OWN_OBJECTS)
        control_end(c, ENDED_MEMORY_LIMIT);
    if (i == c->own.count) {
        c->own.of[i].object = op->object;
        c->own.of[i].process = trace_process_of(c->run->shared, seam_self.task);
        c->own.count++;
    }
    op->object = SEAM_OWN_OBJECT(i);
}

/* The running task has announced its operation, or has ended. */
static FLAT void schedule(struct control *c)
{
    struct control_task *maker = c->current->maker;
    c->current->maker = NULL;
    if (maker)
        note_words(c->current);
    go_to(c, maker ? maker : next_task(c));
}

void control_point(const struct seam_op *op)
{
    struct control *c = seam_self.control;
    struct control_task *self = c->current;
    self->op = *op;
    if (self->image != c->task[0]->image)
        name_own_object(c, &self->op);
    self->line = source_line;
    self->self.task = seam_self.task; /* a coroutine's, it may be */
    self->noted = self->gated = false;
    self->polling = op->deadline != SEAM_NEVER && self->looked && self->read_count > 0 &&
                    self->line == self->paused_line;
    schedule(c);
    source_line = self->line; /* the others' calls have noted theirs meanwhile */
    if (self->noted)
        seam_go_on();
}

bool control_has_waited(const struct control *c, enum event_kind kind)
{
    return c->current->noted && c->current->op.waits == kind;
}

/* A timed wait depends on the object that could end it; one without time on nothing any more. */
static void await(enum seam_operation operation, const _Atomic uint32_t *word, uint32_t value,
                  uint16_t object, uint64_t deadline)
{
    control_point(
        &(struct seam_op){.operation = operation,
                          .object = deadline == SEAM_NEVER ? TRACE_NO_OBJECT : object,
                          .second = TRACE_NO_OBJECT,
                          .gate = word,
                          .closed = value,
                          .waits_on = seam_self.run->shared->task[seam_self.task].waits_on,
                          .deadline = deadline});
}

void seam_await_change(const _Atomic uint32_t *word, uint32_t value, uint64_t deadline)
{
    uint32_t on = seam_self.run->shared->task[seam_self.task].waits_on;
    bool on_object = on != TRACE_WAITS_NOTHING && !(on & TRACE_WAITS_TASK);
    await(SEAM_AWAIT, word, value, on_object ? (uint16_t)on : TRACE_NO_OBJECT, deadline);
}

void seam_await_end(const _Atomic uint32_t *ended, uint16_t task, uint64_t deadline)
{
    if (deadline != SEAM_NEVER)
        seam_self.control->ends_matter = true;
    await(SEAM_JOIN, ended, 0, SEAM_TASK_OBJECT(task), deadline);
}

void seam_watch_end(uint16_t task)
{
    seam_self.control->ends_matter = true;
    seam_point(SEAM_READ, SEAM_TASK_OBJECT(task));
}

void seam_signal_end(uint16_t task)
{
    if (!seam_self.control)
        return;
    seam_self.control->ends_matter = true;
    seam_point(SEAM_SIGNAL, SEAM_TASK_OBJECT(task));
}

void seam_saw_end(uint16_t task)
{
    struct control *c = seam_self.control;
    for (unsigned i = 0; c->policy->saw_end && i < c->tasks; i++)
        if (!c->task[i]->live && c->task[i]->self.task == task)
            c->policy->saw_end(c->policy, c->current->place, i);
}

void seam_saw(uint16_t object)
{
    struct control *c = seam_self.control;
    if (c && c->policy->saw)
        c->policy->saw(c->policy, c->current->place, object);
}

void seam_announce_end(void)
{
    if (seam_self.control->ends_are_steps)
        seam_point(SEAM_SIGNAL, SEAM_TASK_OBJECT(seam_self.task));
}

void seam_announce_reaping(uint16_t task)
{
    if (seam_self.control && seam_self.control->ends_are_steps)
        seam_point(SEAM_JOIN, SEAM_TASK_OBJECT(task));
}

unsigned seam_choose(unsigned n)
{
    struct control *c = seam_self.control;
    if (!c || n < 2)
        return 0;
    count_step(c);
    return c->policy->choose_value ? c->policy->choose_value(c->policy, c, n) : 0;
}

/* ---- beginning and ending tasks ---- */

static struct control_task *make_task(struct control *c)
{
    if (c->tasks == CONTROL_TASKS_MAX)
        return NULL;
    if (c->tasks < c->made)
        return c->task[c->tasks];
    struct control_task *t = calloc(1, sizeof *t);
    if (t && !(t->fiber = fiber_new(CONTROL_STACK_BYTES, NULL, NULL))) {
        free(t);
        t = NULL;
    }
    if (t)
        c->task[c->made++] = t;
    return t;
}

static void task_body(void *argument)
{
    struct control_task *self = argument;
    source_line = 0;
    self->entry(self->argument);
    control_leave(0);
}

static struct control_task *add_task(struct control *c, void (*entry)(void *), void *argument)
{
    struct control_task *t = make_task(c);
    if (!t)
        return NULL;
    struct fiber *fiber = t->fiber;
    fiber_restart(fiber, task_body, t);
    *t = (struct control_task){.place = c->tasks,
                               .live = true,
                               .fiber = fiber,
                               .at = *fiber_context(fiber),
                               .entry = entry,
                               .argument = argument};
    c->tasks++;
    return t;
}

/* As long as there is one process it needs no image. */
static void give_first_image(struct control *c)
{
    struct image *first = image_first(c->heap, &c->globals);
    if (!first)
        control_end(c, ENDED_MEMORY_LIMIT);
    for (unsigned i = 0; i < c->tasks; i++)
        c->task[i]->image = first;
}

/* Their stacks are in no image, so a child could not have copies. */
static void refuse_coroutines(const struct control *c, const struct image *image)
{
    for (unsigned i = 0; i < c->fibers.used; i++)
        if (c->fibers.all[i].image == image)
            seam_fail(ENOTSUP, "a process forked beside coroutines, under a controlled schedule");
}

static struct image *copy_memory(struct control *c)
{
    const struct control_task *t = c->current;
    char *here = __builtin_frame_address(0), *top = fiber_stack_top(t->fiber);
    refuse_coroutines(c, t->image);
    if (!t->image)
        give_first_image(c);
    return image_fork(t->image, here, top);
}

const struct image *control_keep_memory(void)
{
    struct control *c = seam_self.control;
    struct image *image = c->kept_count < KEPT_MAX ? copy_memory(c) : NULL;
    if (!image)
        control_end(c, ENDED_MEMORY_LIMIT);
    return c->kept[c->kept_count++] = image;
}

void control_begin(void (*entry)(void *), void *argument, bool forks, const struct image *kept)
{
    struct control *c = seam_self.control;
    struct control_task *maker = c->current, *t = add_task(c, entry, argument);
    if (!t)
        control_end(c, ENDED_TASK_LIMIT);
    t->maker = maker;
    t->self = seam_self;
    t->self.handle = NULL;
    t->self.lane = NULL;
    t->image = !forks ? maker->image : kept ? image_copy(kept) : copy_memory(c);
    if (forks && !t->image)
        control_end(c, ENDED_MEMORY_LIMIT);
    if (c->policy->started)
        c->policy->started(c->policy, c, maker->place, t->place);
    maker->op.operation = SEAM_START;
    unsigned line = source_line;
    go_to(c, t);
    source_line = line;
}

/* The main task has ended. */
static void end_program(struct control *c, int exit_code)
{
    c->exit_code = exit_code;
    if (c->policy->linger == 0)
        control_end(c, ENDED_COMPLETED);
    c->over = c->steps + 1;
}

_Noreturn void control_leave(int exit_code)
{
    struct control *c = seam_self.control;
    c->current->live = false;
    if (c->current->place == 0)
        end_program(c, exit_code);
    schedule(c);
    abort();
}

void control_end_process(uint16_t process, int exit_code)
{
    struct control *c = seam_self.control;
    bool was_live = c->task[0]->live;
    for (unsigned i = 0; i < c->tasks; i++)
        if (c->task[i] != c->current && c->task[i]->live &&
            trace_process_of(c->run->shared, c->task[i]->self.task) == process) {
            c->task[i]->live = false;
            c->ends_matter = true;
            if (c->policy->killed)
                c->policy->killed(c->policy, c, i);
        }
    if (was_live && !c->task[0]->live)
        end_program(c, exit_code);
}

/* ---- coroutines' stacks ---- */

/* Of those that were used before, or a new one. */
static struct fiber *spare_fiber(struct fibers *f)
{
    if (f->used < f->made)
        return f->all[f->used].fiber;
    struct coroutine *grown = realloc(f->all, (f->made + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    f->all = grown;
    f->all[f->made].fiber = fiber_new(CONTROL_FIBER_BYTES, NULL, NULL);
    return f->all[f->made].fiber ? f->all[f->made++].fiber : NULL;
}

struct fiber *control_fiber(struct control *c, void (*entry)(void *), void *argument)
{
    struct fiber *fiber = spare_fiber(&c->fibers);
    if (!fiber)
        return NULL;
    c->fibers.all[c->fibers.used++].image = c->current->image;
    fiber_restart(fiber, entry, argument);
    return fiber;
}

void control_fiber_free(struct control *c, struct fiber *fiber)
{
    struct fibers *f = &c->fibers;
    unsigned i = 0;
    while (i < f->used && f->all[i].fiber != fiber)
        i++;
    if (!fiber || i == f->used)
        return;
    f->all[i] = f->all[--f->used];
    f->all[f->used].fiber = fiber;
}

/* ---- an execution ---- */

struct control *control_new(struct run *run, char *globals, char *globals_end, bool ignores_time)
{
    struct control *c = calloc(1, sizeof *c);
    if (!c || !(c->heap = image_heap_new(HEAP_BYTES)) ||
        image_globals_save(&c->globals, globals, globals_end) < 0) {
        control_free(c);
        return NULL;
    }
    c->run = run;
    c->ignores_time = ignores_time;
    c->before = (struct before){run->arena_used, run->shared->tasks, run->shared->objects};
    return c;
}

static void free_images(struct control *c)
{
    for (unsigned i = 0; i < c->tasks; i++) {
        struct image *image = c->task[i]->image;
        for (unsigned j = i + 1; j < c->tasks && image; j++)
            if (c->task[j]->image == image)
                c->task[j]->image = NULL;
        image_free(image);
        c->task[i]->image = NULL;
    }
    for (unsigned i = 0; i < c->kept_count; i++)
        image_free(c->kept[i]);
    c->kept_count = 0;
}

/* Everything the last execution left is taken back, so that this one begins like the first. */
static void start_over(struct control *c)
{
    struct run *run = c->run;
    struct trace_shared *shared = run->shared;
    uint32_t objects = shared->objects < TRACE_OBJECTS_MAX ? shared->objects : TRACE_OBJECTS_MAX;
    uint32_t tasks = shared->tasks < TRACE_TASKS_MAX ? shared->tasks : TRACE_TASKS_MAX;
    size_t used = run->arena_used < RUN_ARENA_BYTES ? run->arena_used : RUN_ARENA_BYTES;
    free_images(c);
    memset(run->arena + c->before.arena_used, 0, used - c->before.arena_used);
    memset(&shared->object[c->before.objects], 0,
           (objects - c->before.objects) * sizeof shared->object[0]);
    memset(&shared->task[c->before.tasks], 0, (tasks - c->before.tasks) * sizeof shared->task[0]);
    memset(c->version, 0, objects * sizeof c->version[0]);
    memset(&c->version[SEAM_TASK_OBJECT(0)], 0, tasks * sizeof c->version[0]);
    c->version[SEAM_NAMES_OBJECT] = 0;
    memset(&c->version[SEAM_OWN_OBJECT(0)], 0, c->own.count * sizeof c->version[0]);
    c->own.count = 0;
    run->arena_used = c->before.arena_used;
    shared->objects = c->before.objects;
    shared->tasks = c->before.tasks;
    shared->result.checks = shared->result.metrics = shared->result.outcome_set = 0;
    shared->result.outcome_rule = -1;
    shared->table.rows = 0;
    run->parts = 0;
    run->writing = 0;
    run->memory_names = NULL;
    run->streams = NULL;
    image_globals_restore(&c->globals);
    image_heap_clear(c->heap);
    c->tasks = c->fibers.used = 0;
    c->last = NOBODY;
    c->shown_ns = c->clock_ns = c->steps = c->preemptions = c->over = 0;
    c->lingers_on = c->only_polls = false;
    c->ended = ENDED_NONE;
    c->exit_code = 0;
}

void control_free(struct control *c)
{
    if (!c)
        return;
    if (c->run)
        start_over(c);
    for (unsigned i = 0; i < c->made; i++) {
        fiber_free(c->task[i]->fiber);
        free(c->task[i]);
    }
    for (unsigned i = 0; i < c->fibers.made; i++)
        fiber_free(c->fibers.all[i].fiber);
    free(c->fibers.all);
    image_heap_free(c->heap);
    image_globals_release(&c->globals);
    free(c);
}

enum ended control_execute(struct control *c, struct policy *policy, void (*entry)(void *),
                           void *argument)
{
    start_over(c);
    c->policy = policy;
    struct control_task *first = add_task(c, entry, argument);
    if (!first)
        return ENDED_MEMORY_LIMIT;
    struct seam_self before = seam_self;
    seam_self = (struct seam_self){.run = c->run, .control = c};
    c->current = first;
    serve(c);
    seam_self = before;
    return c->ended;
}

/* ---- what policies and primitives ask ---- */

const uint16_t *control_enabled(const struct control *c)
{
    return c->enabled;
}

struct control_task *control_task(struct control *c, unsigned place)
{
    return c->task[place];
}

unsigned control_tasks(const struct control *c)
{
    return c->tasks;
}

unsigned control_current(const struct control *c)
{
    return c->current->place;
}

bool control_ignores_time(const struct control *c)
{
    return c->ignores_time;
}

int control_last(const struct control *c)
{
    return c->last;
}

bool control_yielded(const struct control *c)
{
    return c->yielded;
}

unsigned control_default(const struct control *c, unsigned n)
{
    for (unsigned i = 0; i < n && !c->yielded; i++)
        if (c->enabled[i] == c->last)
            return i;
    return n > 1 && c->enabled[0] == c->last ? 1 : 0;
}

bool control_only_polls(const struct control *c)
{
    return c->only_polls;
}

bool control_lingers(const struct control *c)
{
    return c->over > 0;
}

bool control_lingers_on(const struct control *c)
{
    return c->lingers_on;
}

uint64_t control_steps(const struct control *c)
{
    return c->steps;
}

void control_set_ends(struct control *c, bool are_steps)
{
    c->ends_are_steps = are_steps;
}

bool control_ends_matter(const struct control *c)
{
    return c->ends_matter;
}

bool control_ends_are_steps(const struct control *c)
{
    return c->ends_are_steps;
}

uint16_t control_process_object(const struct control *c, unsigned place)
{
    uint16_t process = trace_process_of(c->run->shared, c->task[place]->self.task);
    return process != TRACE_NO_TASK ? SEAM_TASK_OBJECT(process) : TRACE_NO_OBJECT;
}

int control_exit_code(const struct control *c)
{
    return c->exit_code;
}

uint64_t control_preemptions(const struct control *c)
{
    return c->preemptions;
}

unsigned control_waiters(const struct control *c, uint16_t object)
{
    unsigned count = 0, own = find_own(c, object);
    if (own < c->own.count)
        object = SEAM_OWN_OBJECT(own);
    for (unsigned i = 0; i < c->tasks; i++) {
        const struct control_task *t = c->task[i];
        count += t->live && t->noted && t->op.object == object && !control_can(t);
    }
    return count;
}

struct trace_lane *control_lane(struct control *c)
{
    return &c->current->lane;
}

void control_time(const struct control *c, struct trace_lane *lane)
{
    lane->tick_mult = 0;
    lane->clock = &c->shown_ns;
}

uint64_t control_now(const struct control *c)
{
    return c->shown_ns;
}

uint64_t control_clock(const struct control *c)
{
    return c->clock_ns;
}

void control_pass_time(uint64_t until)
{
    struct control *c = seam_self.control;
    if (c->clock_ns < until)
        c->clock_ns = until;
    show_time(c);
}

static void pause_until(enum seam_operation operation, uint64_t ns)
{
    const struct control *c = seam_self.control;
    control_point(&(struct seam_op){.operation = operation,
                                    .object = TRACE_NO_OBJECT,
                                    .second = TRACE_NO_OBJECT,
                                    .gate = &shut,
                                    .level = &shut, /* no more than a pause, so never eager */
                                    .deadline = c->clock_ns + ns});
}

void control_sleep(uint64_t ns)
{
    pause_until(SEAM_SLEEP, ns);
}

void *control_private(size_t bytes)
{
    return image_alloc(seam_self.control->heap, bytes);
}

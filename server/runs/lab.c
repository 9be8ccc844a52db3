#include "server/runs/lab.h"

#include "sandbox/base/clock.h"
#include "server/base/log.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#define ANNOUNCE_NS UINT64_C(200000000)
#define STORE_NS    UINT64_C(2000000000)
#define RETRY_NS    UINT64_C(1000000000)

/* Failures in a row that end a repetition, and runs of it that may wait for the store. */
enum { FAILURES_MAX = 3, STORING_MAX = 4 };

/* Whose experiments are alive. */
struct client {
    unsigned live, at_work;
    uint64_t used_ns;
    struct client *next;
    char key[];
};

struct lab {
    struct lab_options options;
    _Atomic int wake;
    _Atomic bool closed;
    pthread_mutex_t lock; /* guards the rest */
    struct experiment *first, **last;
    unsigned live;
    struct client *clients;
};

struct lab *lab_new(const struct lab_options *options)
{
    struct lab *lab = calloc(1, sizeof *lab);
    if (!lab)
        return NULL;
    lab->options = *options;
    lab->last = &lab->first;
    atomic_init(&lab->wake, -1);
    pthread_mutex_init(&lab->lock, NULL);
    return lab;
}

void lab_free(struct lab *lab)
{
    if (!lab)
        return;
    pthread_mutex_destroy(&lab->lock);
    free(lab);
}

void lab_set_wake(struct lab *lab, int wake)
{
    atomic_store(&lab->wake, wake);
}

static void wake(struct lab *lab)
{
    int fd = atomic_load(&lab->wake);
    if (fd >= 0)
        eventfd_write(fd, 1);
}

/* ---- who is there; the lab's lock is held ---- */

static struct client *find_client(struct lab *lab, const char *key)
{
    struct client *client = lab->clients;
    while (client && strcmp(client->key, key) != 0)
        client = client->next;
    return client;
}

/* Who comes new has used as little as who has used least, and not less. */
static struct client *add_client(struct lab *lab, const char *key)
{
    size_t n = strlen(key) + 1;
    struct client *client = calloc(1, sizeof *client + n);
    if (!client)
        return NULL;
    memcpy(client->key, key, n);
    if (lab->clients)
        client->used_ns = UINT64_MAX;
    for (const struct client *c = lab->clients; c; c = c->next)
        if (c->used_ns < client->used_ns)
            client->used_ns = c->used_ns;
    client->next = lab->clients;
    lab->clients = client;
    return client;
}

static void drop_client(struct lab *lab, struct client *client)
{
    if (--client->live > 0)
        return;
    struct client **at = &lab->clients;
    while (*at != client)
        at = &(*at)->next;
    *at = client->next;
    free(client);
}

static unsigned live_of(const struct lab *lab, const char *address)
{
    unsigned n = 0;
    for (const struct experiment *e = lab->first; e && address; e = e->next)
        n += e->address && strcmp(e->address, address) == 0;
    return n;
}

static int admit(struct lab *lab, struct experiment *e, const struct asker *asker)
{
    struct client *client = find_client(lab, asker->client);
    if (atomic_load(&lab->closed))
        return -ESHUTDOWN;
    if (lab->live >= lab->options.most)
        return -EAGAIN;
    if (client && client->live >= EXPERIMENTS_OF_ONE)
        return -EBUSY;
    if (live_of(lab, asker->address) >= share_of_address(lab->options.most))
        return -EDQUOT;
    if (asker->address && !(e->address = strdup(asker->address)))
        return -EAGAIN;
    if (!client && !(client = add_client(lab, asker->client)))
        return -EAGAIN;
    client->live++;
    lab->live++;
    e->client = client;
    e->next = NULL;
    *lab->last = experiment_ref(e);
    lab->last = &e->next;
    return 0;
}

static void leave(struct lab *lab, struct experiment *e)
{
    struct experiment **at = &lab->first;
    pthread_mutex_lock(&lab->lock);
    while (*at && *at != e)
        at = &(*at)->next;
    bool found = *at != NULL;
    if (found) {
        *at = e->next;
        if (lab->last == &e->next)
            lab->last = at;
        lab->live--;
        drop_client(lab, e->client);
    }
    pthread_mutex_unlock(&lab->lock);
    if (found)
        experiment_unref(e);
}

struct experiment *lab_find(struct lab *lab, const char *id)
{
    pthread_mutex_lock(&lab->lock);
    struct experiment *e = lab->first;
    while (e && strcmp(e->record.id, id) != 0)
        e = e->next;
    if (e)
        experiment_ref(e);
    pthread_mutex_unlock(&lab->lock);
    return e;
}

static enum experiment_status status_of(struct experiment *e)
{
    pthread_mutex_lock(&e->lock);
    enum experiment_status status = e->status;
    pthread_mutex_unlock(&e->lock);
    return status;
}

unsigned lab_position(struct lab *lab, const struct experiment *wanted)
{
    unsigned position = 0;
    pthread_mutex_lock(&lab->lock);
    for (struct experiment *e = lab->first; e; e = e->next) {
        bool queued = status_of(e) == EXPERIMENT_QUEUED;
        position += queued;
        if (e == wanted) {
            pthread_mutex_unlock(&lab->lock);
            return queued ? position : 0;
        }
    }
    pthread_mutex_unlock(&lab->lock);
    return 0;
}

struct lab_counts lab_counts(struct lab *lab)
{
    struct lab_counts counts = {0};
    pthread_mutex_lock(&lab->lock);
    for (struct experiment *e = lab->first; e; e = e->next)
        if (status_of(e) == EXPERIMENT_QUEUED)
            counts.queued++;
        else
            counts.running++;
    pthread_mutex_unlock(&lab->lock);
    return counts;
}

/* ---- the end of an experiment ---- */

static void try_to_end(struct lab *lab, struct experiment *e);

/* Fills e->saved with how it stands. The experiment's lock is held. */
static void fill_saved(struct experiment *e, bool last)
{
    struct store_experiment *s = &e->saved;
    store_experiment_release(s);
    memcpy(s->id, e->record.id, sizeof s->id);
    s->done = last;
    s->ended = last ? strdup(experiment_end_text(e->end)) : NULL;
    s->found = experiment_found(e);
    s->started_ms = e->record.started_ms;
    s->finished_ms = e->record.finished_ms;
    e->stored = e->version;
    e->stored_ns = clock_ns();
}

static void saved(struct store_job *job)
{
    struct lab *lab = job->context;
    struct experiment *e = (struct experiment *)((char *)job - offsetof(struct experiment, save));
    bool last = e->saved.done;
    if (job->result < 0 && last && !atomic_load(&lab->closed)) {
        log_line(LOG_WARNING, "experiment %s is not stored yet", e->record.id);
        pthread_mutex_lock(&e->lock);
        fill_saved(e, true);
        pthread_mutex_unlock(&e->lock);
        job->patient_until_ns = clock_ns() + RETRY_NS;
        store_submit(lab->options.store, job);
        return;
    }
    if (job->result < 0)
        log_line(LOG_ERROR, "experiment %s could not be stored", e->record.id);
    if (last)
        leave(lab, e);
    pthread_mutex_lock(&e->lock);
    e->saving = false;
    if (last)
        e->status = EXPERIMENT_DONE;
    pthread_mutex_unlock(&e->lock);
    if (last)
        experiment_notify(e, true);
    else
        try_to_end(lab, e);
    experiment_unref(e);
}

/* Hands e->saved to the store; nobody else does before it was taken. */
static void save(struct lab *lab, struct experiment *e)
{
    e->save = (struct store_job){
        .kind = STORE_SAVE_EXPERIMENT, .experiment = &e->saved, .done = saved, .context = lab};
    store_submit(lab->options.store, &experiment_ref(e)->save);
}

/* Once it is over and nothing of it is at work or on its way to the store. */
static void try_to_end(struct lab *lab, struct experiment *e)
{
    pthread_mutex_lock(&e->lock);
    bool ready = e->end != END_NONE && e->at_work == 0 && e->storing == 0 && !e->saving &&
                 e->status < EXPERIMENT_ENDED && e->acceptance == ACCEPT_DONE;
    if (ready) {
        if (e->status == EXPERIMENT_RUNNING)
            e->outcomes.wall_ns = clock_ns() - e->started_ns;
        e->status = EXPERIMENT_ENDED;
        e->record.finished_ms = now_ms();
        if (e->record.finished_ms < e->record.started_ms)
            e->record.finished_ms = e->record.started_ms;
        e->version++;
        e->saving = true;
        fill_saved(e, true);
    }
    pthread_mutex_unlock(&e->lock);
    if (ready)
        save(lab, e);
}

/* Over, for the first reason there is. */
static void set_end(struct lab *lab, struct experiment *e, enum experiment_end end)
{
    pthread_mutex_lock(&e->lock);
    if (e->end == END_NONE)
        e->end = end;
    pthread_mutex_unlock(&e->lock);
    try_to_end(lab, e);
}

/* ---- acceptance ---- */

/* What is live and beside a new one knows of it, as in the store. */
static void link_beside(struct lab *lab, const struct store_experiment *new)
{
    struct experiment *other = new->beside[0] ? lab_find(lab, new->beside) : NULL;
    if (!other)
        return;
    pthread_mutex_lock(&other->lock);
    if (!other->record.beside[0] || strcmp(other->record.session, new->session) == 0) {
        memcpy(other->record.beside, new->id, sizeof other->record.beside);
        other->version++;
    }
    pthread_mutex_unlock(&other->lock);
    experiment_unref(other);
}

static void accepted(struct store_job *job)
{
    struct lab *lab = job->context;
    struct experiment *e = (struct experiment *)((char *)job - offsetof(struct experiment, accept));
    if (job->result < 0)
        leave(lab, e);
    else
        link_beside(lab, &e->born);
    pthread_mutex_lock(&e->lock);
    e->acceptance = store_acceptance(job);
    pthread_mutex_unlock(&e->lock);
    try_to_end(lab, e);
    experiment_notify(e, true);
    wake(lab);
    experiment_unref(e);
}

void lab_forget(struct lab *lab, const char *id)
{
    pthread_mutex_lock(&lab->lock);
    for (struct experiment *e = lab->first; e; e = e->next) {
        pthread_mutex_lock(&e->lock);
        if (strcmp(e->record.beside, id) == 0)
            e->record.beside[0] = '\0';
        pthread_mutex_unlock(&e->lock);
    }
    pthread_mutex_unlock(&lab->lock);
}

int lab_submit(struct lab *lab, struct experiment *e, const struct asker *asker)
{
    pthread_mutex_lock(&lab->lock);
    int r = admit(lab, e, asker);
    pthread_mutex_unlock(&lab->lock);
    if (r < 0)
        return r;
    e->born = e->record;
    e->accept = (struct store_job){.kind = STORE_ACCEPT_EXPERIMENT,
                                   .experiment = &e->born,
                                   .key = e->key,
                                   .asked = e->asked,
                                   .done = accepted,
                                   .context = lab};
    r = store_submit(lab->options.store, &experiment_ref(e)->accept);
    if (r < 0) {
        leave(lab, e);
        experiment_unref(e);
        return r;
    }
    return 0;
}

void lab_cancel(struct lab *lab, struct experiment *e)
{
    atomic_store(&e->cancel, true);
    set_end(lab, e, END_CANCELLED);
    wake(lab);
}

/* The next whose end was not asked for, with a reference, and now it is; NULL at the end. */
static struct experiment *next_to_end(struct lab *lab)
{
    pthread_mutex_lock(&lab->lock);
    struct experiment *e = lab->first;
    while (e && atomic_exchange(&e->cancel, true))
        e = e->next;
    if (e)
        experiment_ref(e);
    pthread_mutex_unlock(&lab->lock);
    return e;
}

void lab_end_all(struct lab *lab)
{
    struct experiment *e;
    atomic_store(&lab->closed, true);
    while ((e = next_to_end(lab))) {
        set_end(lab, e, END_CANCELLED);
        experiment_unref(e);
    }
}

/* ---- steps ---- */

/* Whether there is one more step to give out. The experiment's lock is held. */
static bool has_step_locked(const struct experiment *e)
{
    uint64_t steps = e->kind == EXPERIMENT_REPEAT ? e->count : 1;
    bool has = e->acceptance == ACCEPT_DONE && e->end == END_NONE && e->storing < STORING_MAX &&
               e->outcomes.done + e->at_work < steps;
    return has && (e->kind == EXPERIMENT_REPEAT || e->status == EXPERIMENT_QUEUED);
}

static bool has_step(struct experiment *e)
{
    pthread_mutex_lock(&e->lock);
    bool has = has_step_locked(e);
    pthread_mutex_unlock(&e->lock);
    return has;
}

static bool before(const struct client *a, const struct client *b)
{
    if (a->at_work != b->at_work)
        return a->at_work < b->at_work;
    return a->used_ns < b->used_ns;
}

/* Whose turn it is; NULL when nobody has anything to do. The lab's lock is held. */
static struct experiment *whose_turn(struct lab *lab)
{
    struct experiment *found = NULL;
    for (struct experiment *e = lab->first; e; e = e->next)
        if ((!found || before(e->client, found->client)) && has_step(e))
            found = e;
    return found;
}

bool lab_has_step(struct lab *lab)
{
    pthread_mutex_lock(&lab->lock);
    bool has = whose_turn(lab) != NULL;
    pthread_mutex_unlock(&lab->lock);
    return has;
}

/* Returns whether it has begun: what has ended meanwhile does not. */
static bool begin_step(struct experiment *e)
{
    pthread_mutex_lock(&e->lock);
    bool begins = has_step_locked(e);
    e->at_work += begins;
    if (begins && e->status == EXPERIMENT_QUEUED) {
        e->status = EXPERIMENT_RUNNING;
        e->record.started_ms = now_ms();
        if (e->record.started_ms < e->record.created_ms)
            e->record.started_ms = e->record.created_ms;
        e->started_ns = clock_ns();
        e->version++;
    }
    pthread_mutex_unlock(&e->lock);
    return begins;
}

/*
 * Begins the step whose turn it is; with a reference, NULL when there is none. While it is at work
 * the experiment stays in the lab, and so does its client.
 */
static struct experiment *pick(struct lab *lab)
{
    pthread_mutex_lock(&lab->lock);
    struct experiment *picked = whose_turn(lab);
    while (picked && !begin_step(picked))
        picked = whose_turn(lab);
    if (picked) {
        picked->client->at_work++;
        experiment_ref(picked);
    }
    pthread_mutex_unlock(&lab->lock);
    return picked;
}

bool lab_next(struct lab *lab, struct lab_step *ret)
{
    struct experiment *e = pick(lab);
    if (!e)
        return false;
    *ret = (struct lab_step){.experiment = e,
                             .begun_ns = clock_ns(),
                             .run = run_new(e->scenario, &e->job, e->record.session, NULL, NULL,
                                            lab->options.limits, lab->options.lost)};
    if (ret->run)
        return true;
    const struct report nothing = {.ended = ENDED_INTERNAL_ERROR, .exit_code = -1};
    lab_step_done(lab, ret, &nothing, 0);
    return false;
}

void lab_explored(struct experiment *e, const struct trace_explored *explored)
{
    pthread_mutex_lock(&e->lock);
    if (outcomes_take(&e->outcomes, explored) < 0)
        e->failures = FAILURES_MAX;
    e->version++;
    pthread_mutex_unlock(&e->lock);
}

/* ---- a run that is kept ---- */

struct kept {
    struct lab *lab;
    struct experiment *experiment;
    struct run *run;
    int outcome; /* its index */
    struct store_job job;
};

static void kept_stored(struct store_job *job)
{
    struct kept *kept = job->context;
    struct experiment *e = kept->experiment;
    if (job->result < 0 && !atomic_load(&kept->lab->closed)) {
        log_line(LOG_WARNING, "run %s is not stored yet", kept->run->record.id);
        job->patient_until_ns = clock_ns() + RETRY_NS;
        store_submit(kept->lab->options.store, job);
        return;
    }
    pthread_mutex_lock(&e->lock);
    if (job->result == 0)
        memcpy(e->outcomes.list[kept->outcome].run, kept->run->record.id, RUN_ID_SIZE);
    e->storing--;
    e->version++;
    pthread_mutex_unlock(&e->lock);
    try_to_end(kept->lab, e);
    wake(kept->lab);
    experiment_unref(e);
    run_unref(kept->run);
    free(kept);
}

/* Takes over the reference on the run. */
static void keep(struct lab *lab, struct experiment *e, struct run *run, int outcome,
                 const struct report *report)
{
    assert(run); /* what could not be made has no outcome */
    struct kept *kept = calloc(1, sizeof *kept);
    if (!kept) {
        run_unref(run);
        return;
    }
    run_ended(run, report, lab->options.isolation);
    *kept = (struct kept){.lab = lab, .experiment = experiment_ref(e), .run = run};
    kept->outcome = outcome;
    kept->job = (struct store_job){.kind = STORE_KEEP,
                                   .run = &run->record,
                                   .data = {.output = &run->output,
                                            .segments = &run->segments,
                                            .trace = &run->packed,
                                            .trace_raw_bytes = run->trace.len},
                                   .done = kept_stored,
                                   .context = kept};
    pthread_mutex_lock(&e->lock);
    e->storing++;
    pthread_mutex_unlock(&e->lock);
    store_submit(lab->options.store, &kept->job);
}

/* ---- how a step ended ---- */

/* All steps that were at work when something broke are one failure. */
static void count_failure(struct experiment *e, uint64_t begun_ns)
{
    if (begun_ns < e->failed_ns)
        return;
    e->failures++;
    e->failed_ns = clock_ns();
}

/* Counts a run; what is not the program's doing is done again. Returns the outcome if it is new. */
static int count_run(struct experiment *e, const struct report *report, uint64_t begun_ns)
{
    if (report->ended == ENDED_CANCELLED)
        return -1;
    int outcome = -ENOMEM;
    if (report->ended != ENDED_INTERNAL_ERROR)
        outcome = outcomes_count_run(&e->outcomes, report);
    if (outcome == -ENOMEM)
        count_failure(e, begun_ns);
    else
        e->failures = 0;
    if (e->failures >= FAILURES_MAX)
        e->end = e->end ? e->end : END_INTERNAL_ERROR;
    if (e->outcomes.done >= e->count)
        e->end = e->end ? e->end : END_COMPLETED;
    return outcome;
}

/* Why a worker ended that went through to its end. */
static enum experiment_end end_of_search(const struct experiment *e)
{
    const struct outcomes *o = &e->outcomes;
    const struct schedule *s = &e->job.schedule;
    if (o->shrunk && o->count == 0)
        return END_REPLAY_FAILED;
    if (o->complete)
        return END_COMPLETED;
    if (o->done >= s->max_executions || o->count == OUTCOMES_MAX)
        return END_SCHEDULE_LIMIT;
    if (clock_ns() - e->started_ns >= s->max_seconds * UINT64_C(1000000000))
        return END_TIME_LIMIT;
    return END_COMPLETED; /* not everything in it, since some executions were cut */
}

static enum experiment_end end_of_exploration(const struct experiment *e,
                                              const struct report *report)
{
    if (e->failures > 0 || report->ended == ENDED_INTERNAL_ERROR)
        return END_INTERNAL_ERROR;
    if (e->outcomes.over)
        return end_of_search(e);
    if (report->ended == ENDED_CANCELLED)
        return END_CANCELLED;
    return report->ended == ENDED_TIMEOUT ? END_TIME_LIMIT : END_CRASHED;
}

/* Returns the index of the outcome whose run is to be kept, or a negative number. */
static int take_in(struct experiment *e, const struct report *report, uint64_t begun_ns)
{
    int outcome = -1;
    pthread_mutex_lock(&e->lock);
    e->at_work--;
    e->version++;
    if (e->kind == EXPERIMENT_REPEAT)
        outcome = count_run(e, report, begun_ns);
    else if (e->end == END_NONE)
        e->end = end_of_exploration(e, report);
    pthread_mutex_unlock(&e->lock);
    return outcome;
}

static void charge(struct lab *lab, struct client *client, uint64_t used_ns)
{
    pthread_mutex_lock(&lab->lock);
    client->at_work--;
    client->used_ns += used_ns;
    pthread_mutex_unlock(&lab->lock);
}

void lab_step_done(struct lab *lab, const struct lab_step *step, const struct report *report,
                   uint64_t used_ns)
{
    struct experiment *e = step->experiment;
    charge(lab, e->client, used_ns);
    int outcome = take_in(e, report, step->begun_ns);
    if (outcome >= 0)
        keep(lab, e, step->run, outcome, report);
    else
        run_unref(step->run);
    try_to_end(lab, e);
    experiment_unref(e);
}

/* ---- now and then ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Returns when it is to be looked at again. */
static uint64_t look_at(struct lab *lab, struct experiment *e, uint64_t now)
{
    uint64_t next = UINT64_MAX;
    bool announces = false, saves = false;
    pthread_mutex_lock(&e->lock);
    if (e->status == EXPERIMENT_RUNNING && e->announced != e->version) {
        announces = now >= e->announced_ns + ANNOUNCE_NS;
        next = announces ? next : e->announced_ns + ANNOUNCE_NS;
    }
    if (e->status == EXPERIMENT_RUNNING && e->stored != e->version && !e->saving) {
        saves = now >= e->stored_ns + STORE_NS;
        next = saves ? next : earlier(next, e->stored_ns + STORE_NS);
    }
    if (announces) {
        e->announced = e->version;
        e->announced_ns = now;
    }
    if (saves) {
        e->saving = true;
        fill_saved(e, false);
    }
    pthread_mutex_unlock(&e->lock);
    if (announces)
        experiment_notify(e, false);
    if (saves)
        save(lab, e);
    return next;
}

uint64_t lab_turn(struct lab *lab, uint64_t now)
{
    uint64_t next = UINT64_MAX;
    pthread_mutex_lock(&lab->lock);
    for (struct experiment *e = lab->first; e; e = e->next)
        next = earlier(next, look_at(lab, e, now));
    pthread_mutex_unlock(&lab->lock);
    return next;
}

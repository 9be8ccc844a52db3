#include "server/runs/collector.h"

#include "sandbox/base/clock.h"
#include "server/base/log.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

/* Output and trace are announced at most this often; the end at once. */
#define NOTIFY_NS   UINT64_C(40000000)
#define PATIENCE_NS UINT64_C(3000000)
#define RETRY_NS    UINT64_C(1000000000) /* between attempts to start a spawner, or to store */

/* An experiment rests while a run is young, and goes on for a while when it has rested for long. */
#define YOUNG_NS     UINT64_C(50000000)
#define AFTER_NS     UINT64_C(5000000) /* of a run: its successor's worker is made ready */
#define REST_MOST_NS UINT64_C(500000000)
#define GO_ON_NS     UINT64_C(20000000)
#define CORES_OF_ONE 2u /* a run keeps busy: its own, and that of those who serve it */

/* What an epoll event is about: a slot's index, or one of these. */
enum { ABOUT_LAUNCHER = 1 << 20, ABOUT_WAKE };

/* A running run. */
struct slot {
    struct collector *collector;
    struct run *run;      /* NULL: free */
    struct lab_step step; /* its experiment is NULL when the run is nobody's step */
    uint64_t begun_ns;
    struct supervisor *supervisor;
    bool orphaned; /* its spawner died */
    bool news;     /* not announced yet */
    uint64_t notified_ns;
};

struct collector {
    struct collector_options options;
    pthread_t thread;
    int epoll;
    int wake; /* eventfd: something to take, to cancel, or the end */
    bool started;
    _Atomic bool stopping;
    _Atomic bool ready;
    struct worker spare; /* in hand for the next run */
    uint64_t retry_ns;   /* when the spawner is started again; 0: it lives */
    bool resting;        /* experiments are */
    uint64_t going_ns;   /* since when they are not */
    uint64_t rest_by_ns; /* how long they may */
    uint64_t way_ns;     /* when it is to be looked at again */
    uint64_t after_ns;   /* until when a run that has ended counts */
    _Atomic uint64_t ended[ENDED_COUNT];
    _Atomic uint64_t started_runs;
    _Atomic unsigned running;
    unsigned slot_count;
    struct slot slots[]; /* options.workers for runs, then options.benches for experiments */
};

static struct run *run_of(struct store_job *job, size_t member)
{
    return (struct run *)((char *)job - member);
}

static void wake(struct collector *c)
{
    eventfd_write(c->wake, 1);
}

/* ---- acceptance (any thread, and the store's writer) ---- */

static void accepted(struct store_job *job)
{
    struct collector *c = job->context;
    struct run *run = run_of(job, offsetof(struct run, accept));
    if (job->result == 0 && run->key) {
        registry_enqueue(c->options.registry, run);
        wake(c);
    } else if (job->result < 0) {
        atomic_store(&run->removed, true);
        collector_cancel(c, run);
        if (run->key)
            registry_remove(c->options.registry, run);
    }
    if (job->result == 0)
        boards_accepted(c->options.boards, &run->record, job->number);
    run_set_acceptance(run, store_acceptance(job));
    run_unref(run);
}

int collector_submit(struct collector *c, struct run *run, const struct asker *asker, bool patient)
{
    int r = registry_admit(c->options.registry, run, asker);
    if (r < 0)
        return r;
    /* With a key only the store knows whether this is a repetition that must not run. */
    bool waits_for_store = run->key != NULL;
    run->accept = (struct store_job){
        .kind = STORE_ACCEPT,
        .patient_until_ns = patient && !waits_for_store ? clock_ns() + PATIENCE_NS : 0,
        .run = &run->record,
        .key = run->key,
        .asked = run->asked,
        .done = accepted,
        .context = c,
    };
    r = store_submit(c->options.store, &run_ref(run)->accept);
    if (r < 0) {
        registry_remove(c->options.registry, run);
        run_unref(run);
        return r;
    }
    if (!waits_for_store) {
        registry_enqueue(c->options.registry, run);
        wake(c);
    }
    return 0;
}

/* ---- the end of a run ---- */

/* What ended is kept until the disk takes it: it goes on counting as live, so that is bounded. */
static void stored(struct store_job *job)
{
    struct collector *c = job->context;
    struct run *run = run_of(job, offsetof(struct run, finish));
    if (job->result < 0 && !atomic_load(&c->stopping)) {
        log_line(LOG_WARNING, "run %s is not stored yet", run->record.id);
        job->patient_until_ns = clock_ns() + RETRY_NS;
        store_submit(c->options.store, job);
        return;
    }
    if (job->result < 0)
        log_line(LOG_ERROR, "run %s could not be stored", run->record.id);
    else
        boards_done(c->options.boards, &run->record);
    registry_remove(c->options.registry, run);
    run_set_done(run);
    run_unref(run);
}

/* Takes over a reference on the run. */
static void end_run(struct collector *c, struct run *run, const struct report *report)
{
    run_ended(run, report, launcher_isolation(c->options.launcher));
    atomic_fetch_add(&c->ended[report->ended], 1);
    run->finish = (struct store_job){.kind = STORE_FINISH,
                                     .run = &run->record,
                                     .data = {.output = &run->output,
                                              .segments = &run->segments,
                                              .trace = &run->packed,
                                              .trace_raw_bytes = run->trace.len},
                                     .done = stored,
                                     .context = c};
    store_submit(c->options.store, &run->finish);
}

static void end_unstarted(struct collector *c, struct run *run, enum ended ended)
{
    const struct report report = {.ended = ended, .exit_code = -1};
    end_run(c, run, &report);
}

void collector_cancel(struct collector *c, struct run *run)
{
    atomic_store(&run->cancel, true);
    run_ref(run);
    if (registry_withdraw(c->options.registry, run)) {
        end_unstarted(c, run, ENDED_CANCELLED);
        return;
    }
    run_unref(run);
    wake(c);
}

/* ---- running (the collector's thread) ---- */

static void on_output(void *context, const struct output_piece *piece)
{
    struct slot *slot = context;
    run_add_output(slot->run, piece);
    slot->news = true;
}

static void on_chunks(void *context, const void *bytes, size_t n)
{
    struct slot *slot = context;
    run_add_chunks(slot->run, bytes, n);
    slot->news = true;
}

static void on_explored(void *context, const struct trace_explored *explored)
{
    struct slot *slot = context;
    if (slot->step.experiment)
        lab_explored(slot->step.experiment, explored);
}

static void free_slot(struct slot *slot)
{
    struct collector *c = slot->collector;
    if (!slot->step.experiment)
        c->after_ns = clock_ns() + AFTER_NS;
    supervisor_free(slot->supervisor);
    *slot = (struct slot){.collector = c};
    atomic_fetch_sub(&c->running, 1);
}

/* What became of the run goes to whose it is. */
static void end_slot(struct slot *slot, const struct report *report)
{
    struct collector *c = slot->collector;
    if (!slot->step.experiment) {
        end_run(c, slot->run, report);
        return;
    }
    atomic_fetch_add(&c->ended[report->ended], 1);
    lab_step_done(c->options.lab, &slot->step, report, clock_ns() - slot->begun_ns);
}

static void finish_slot(struct slot *slot)
{
    struct report report = *supervisor_report(slot->supervisor);
    /* Its init was killed with the spawner: the crash is ours, not the program's. */
    if (slot->orphaned && report.ended == ENDED_CRASHED)
        report.ended = ENDED_INTERNAL_ERROR;
    end_slot(slot, &report);
    free_slot(slot);
}

static void step_slot(struct slot *slot)
{
    if (slot->run && supervisor_step(slot->supervisor))
        finish_slot(slot);
}

static int watch(struct collector *c, int fd, uint32_t about)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = about};
    return epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* An exploration's prints and events are nobody's: it has thousands of executions. */
static const struct supervisor_hooks *hooks_of(const struct run *run)
{
    static const struct supervisor_hooks hooks = {.output = on_output, .chunks = on_chunks};
    static const struct supervisor_hooks exploring = {.explored = on_explored};
    return schedule_is_search(run->job.schedule.mode) ? &exploring : &hooks;
}

/* ---- experiments give way ---- */

/* Until when there are runs that experiments have to give way to; 0: there are none. */
static uint64_t young_until(struct collector *c, uint64_t now)
{
    unsigned runs = 0, steps = 0;
    uint64_t until = 0;
    for (unsigned i = 0; i < c->slot_count; i++) {
        const struct slot *slot = &c->slots[i];
        if (!slot->run)
            continue;
        runs += !slot->step.experiment;
        steps += slot->step.experiment != NULL;
        if (!slot->step.experiment && slot->begun_ns + YOUNG_NS > until)
            until = slot->begun_ns + YOUNG_NS;
    }
    if (c->after_ns > now) {
        runs += runs == 0;
        until = until > c->after_ns ? until : c->after_ns;
    }
    bool somebody = steps > 0 || lab_has_step(c->options.lab);
    bool crowded = runs * CORES_OF_ONE + (steps > 0 ? steps : 1) > c->options.cores;
    return until > now && somebody && crowded ? until : 0;
}

/* Has experiments rest, or go on, and says when that may change by itself. */
static void give_way(struct collector *c)
{
    uint64_t now = clock_ns(), until = young_until(c, now);
    if (!c->resting && now >= c->going_ns + GO_ON_NS)
        c->rest_by_ns = now + REST_MOST_NS;
    bool rests = until > 0 && now < c->rest_by_ns;
    for (unsigned i = 0; i < c->slot_count && rests != c->resting; i++)
        if (c->slots[i].supervisor && c->slots[i].step.experiment)
            supervisor_rest(c->slots[i].supervisor, rests);
    if (c->resting && !rests)
        c->going_ns = now;
    c->resting = rests;
    if (until > 0 && !rests)
        until = c->going_ns + GO_ON_NS;
    else if (until > c->rest_by_ns)
        until = c->rest_by_ns;
    c->way_ns = until > 0 ? until : UINT64_MAX;
}

/* ---- the spawner ---- */

static void spawner_lost(struct collector *c, const char *why)
{
    log_line(LOG_ERROR, "the spawner is gone: %s", why);
    epoll_ctl(c->epoll, EPOLL_CTL_DEL, launcher_fd(c->options.launcher), NULL);
    for (unsigned i = 0; i < c->slot_count; i++)
        c->slots[i].orphaned = c->slots[i].run != NULL;
    worker_release(&c->spare);
    c->spare = WORKER_NONE;
    atomic_store(&c->ready, false);
    c->retry_ns = clock_ns();
}

static void receive_workers(struct collector *c)
{
    struct err err = {0};
    if (!c->retry_ns && launcher_receive(c->options.launcher, &err) < 0)
        spawner_lost(c, err.text);
}

static void restart_spawner(struct collector *c)
{
    struct err err = {0};
    if (launcher_restart(c->options.launcher, &err) < 0 ||
        watch(c, launcher_fd(c->options.launcher), ABOUT_LAUNCHER) < 0) {
        log_line(LOG_ERROR, "cannot start a spawner: %s", err.text);
        c->retry_ns = clock_ns() + RETRY_NS;
        return;
    }
    log_line(LOG_INFO, "a new spawner is there");
    c->retry_ns = 0;
    atomic_store(&c->ready, true);
}

/* ---- starting ---- */

static int supervise(struct collector *c, struct slot *slot, struct worker *worker, struct err *err)
{
    int r = supervisor_new(&slot->supervisor, worker, &slot->run->job, &c->options.limits,
                           hooks_of(slot->run), slot, err);
    if (r == 0)
        r = watch(c, supervisor_fd(slot->supervisor), (uint32_t)(slot - c->slots));
    return r;
}

/* Takes over the worker and the reference on slot->run. */
static void start_run(struct collector *c, struct slot *slot, struct worker *worker)
{
    struct err err = {0};
    run_started(slot->run);
    slot->begun_ns = clock_ns();
    atomic_fetch_add(&c->started_runs, 1);
    atomic_fetch_add(&c->running, 1);
    if (supervise(c, slot, worker, &err) == 0) {
        run_notify(slot->run, false);
        return;
    }
    log_line(LOG_ERROR, "cannot start a run: %s", err.text);
    const struct report nothing = {.ended = ENDED_INTERNAL_ERROR, .exit_code = -1};
    end_slot(slot, &nothing);
    free_slot(slot);
}

static struct slot *unused_slot(struct collector *c, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        if (!c->slots[i].run)
            return &c->slots[i];
    return NULL;
}

/*
 * A worker is in hand before a run leaves the queue, so a run never has to go back. Those of a
 * spawner that has died are none, also when that has not been noticed yet.
 */
static bool have_worker(struct collector *c)
{
    receive_workers(c);
    return !c->retry_ns && (c->spare.pid > 0 || launcher_take(c->options.launcher, &c->spare) == 0);
}

static void start_queued(struct collector *c)
{
    struct slot *slot;
    struct run *run;
    while (registry_counts(c->options.registry).queued > 0 &&
           (slot = unused_slot(c, 0, c->options.workers)) && have_worker(c) &&
           (run = registry_take(c->options.registry))) {
        struct worker worker = c->spare;
        c->spare = WORKER_NONE;
        slot->run = run;
        start_run(c, slot, &worker);
    }
}

/* Whether an experiment may begin a step now, and which worker it has. */
static bool may_step(struct collector *c, struct worker *worker)
{
    return !c->resting && registry_counts(c->options.registry).queued == 0 && have_worker(c) &&
           launcher_take(c->options.launcher, worker) == 0;
}

static void start_steps(struct collector *c)
{
    struct slot *slot;
    while (lab_has_step(c->options.lab) &&
           (slot = unused_slot(c, c->options.workers, c->slot_count))) {
        struct worker worker = WORKER_NONE;
        if (!may_step(c, &worker))
            return;
        if (lab_next(c->options.lab, &slot->step)) {
            slot->run = slot->step.run;
            start_run(c, slot, &worker);
        }
        worker_release(&worker);
    }
}

static bool is_cancelled(const struct slot *slot)
{
    const struct experiment *e = slot->step.experiment;
    return atomic_load(e ? &e->cancel : &slot->run->cancel);
}

static void cancel_asked(struct collector *c)
{
    for (unsigned i = 0; i < c->slot_count; i++) {
        struct slot *slot = &c->slots[i];
        if (slot->run && (is_cancelled(slot) || atomic_load(&c->stopping))) {
            supervisor_cancel(slot->supervisor);
            step_slot(slot);
        }
    }
}

static void end_queue(struct collector *c)
{
    struct run *run;
    while ((run = registry_take(c->options.registry)))
        end_unstarted(c, run, ENDED_CANCELLED);
}

/* ---- the loop ---- */

/* Announces what may be announced now; returns when the next announcement is due. */
static uint64_t announce(struct collector *c, uint64_t now)
{
    uint64_t next = UINT64_MAX;
    for (unsigned i = 0; i < c->slot_count; i++) {
        struct slot *slot = &c->slots[i];
        if (!slot->run || !slot->news)
            continue;
        if (now >= slot->notified_ns + NOTIFY_NS) {
            run_notify(slot->run, false);
            slot->notified_ns = now;
            slot->news = false;
        } else if (slot->notified_ns + NOTIFY_NS < next) {
            next = slot->notified_ns + NOTIFY_NS;
        }
    }
    return next;
}

static int wait_milliseconds(struct collector *c)
{
    uint64_t now = clock_ns();
    uint64_t next = announce(c, now), turn = lab_turn(c->options.lab, now);
    next = turn < next ? turn : next;
    next = c->way_ns < next ? c->way_ns : next;
    if (c->retry_ns && c->retry_ns < next)
        next = c->retry_ns;
    return next == UINT64_MAX ? -1 : next <= now ? 0 : (int)((next - now) / 1000000 + 1);
}

static void handle(struct collector *c, uint32_t about)
{
    eventfd_t ignored;
    if (about == ABOUT_LAUNCHER)
        receive_workers(c);
    else if (about == ABOUT_WAKE)
        eventfd_read(c->wake, &ignored);
    else
        step_slot(&c->slots[about]);
}

static bool idle(const struct collector *c)
{
    for (unsigned i = 0; i < c->slot_count; i++)
        if (c->slots[i].run)
            return false;
    return true;
}

static void *collect(void *cls)
{
    struct collector *c = cls;
    for (;;) {
        struct epoll_event events[32];
        int n = epoll_wait(c->epoll, events, 32, wait_milliseconds(c));
        for (int i = 0; i < n; i++)
            handle(c, events[i].data.u32);
        cancel_asked(c);
        if (atomic_load(&c->stopping)) {
            end_queue(c);
            lab_end_all(c->options.lab);
            if (idle(c))
                return NULL;
            continue;
        }
        if (c->retry_ns && clock_ns() >= c->retry_ns)
            restart_spawner(c);
        start_queued(c);
        give_way(c);
        start_steps(c);
    }
}

static int prepare(struct collector *c, struct err *err)
{
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int r = c->epoll < 0 || c->wake < 0 ? -errno : watch(c, c->wake, ABOUT_WAKE);
    if (r == 0)
        r = watch(c, launcher_fd(c->options.launcher), ABOUT_LAUNCHER);
    lab_set_wake(c->options.lab, c->wake);
    if (r == 0)
        r = -pthread_create(&c->thread, NULL, collect, c);
    if (r < 0)
        return err_errno(err, -r, "collector");
    c->started = true;
    return 0;
}

int collector_new(struct collector **ret, const struct collector_options *options, struct err *err)
{
    unsigned slots = options->workers + options->benches;
    struct collector *c = calloc(1, sizeof *c + slots * sizeof c->slots[0]);
    if (!c)
        return err_errno(err, ENOMEM, "collector");
    c->options = *options;
    c->slot_count = slots;
    c->epoll = c->wake = -1;
    c->spare = WORKER_NONE;
    c->way_ns = UINT64_MAX;
    atomic_init(&c->ready, true);
    for (unsigned i = 0; i < slots; i++)
        c->slots[i].collector = c;
    int r = prepare(c, err);
    if (r < 0) {
        collector_free(c);
        return r;
    }
    *ret = c;
    return 0;
}

void collector_stop(struct collector *c)
{
    if (!c->started)
        return;
    registry_close(c->options.registry);
    atomic_store(&c->stopping, true);
    wake(c);
    pthread_join(c->thread, NULL);
    c->started = false;
    collector_drain(c);
}

void collector_drain(struct collector *c)
{
    /* Runs with a key come out of the store into the queue. */
    store_flush(c->options.store);
    end_queue(c);
    lab_end_all(c->options.lab);
    store_flush(c->options.store);
}

void collector_free(struct collector *c)
{
    if (!c)
        return;
    collector_stop(c);
    lab_set_wake(c->options.lab, -1);
    worker_release(&c->spare);
    close_fd(&c->wake);
    close_fd(&c->epoll);
    free(c);
}

bool collector_ready(const struct collector *c)
{
    return atomic_load(&c->ready) && !atomic_load(&c->stopping);
}

struct collector_counts collector_counts(struct collector *c)
{
    struct collector_counts counts = {.started = atomic_load(&c->started_runs),
                                      .running = atomic_load(&c->running)};
    for (unsigned i = 0; i < ENDED_COUNT; i++)
        counts.ended[i] = atomic_load(&c->ended[i]);
    return counts;
}

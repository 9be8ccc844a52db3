#include "server/runs/retention.h"

#include "sandbox/base/clock.h"
#include "server/base/log.h"
#include "server/runs/run.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define LOOKS_NS UINT64_C(10000000000) /* the longest time between two looks */
#define SOON_NS  UINT64_C(100000000)   /* the shortest */

struct retention {
    struct retention_options options;
    int64_t began_ms;  /* by the wall clock */
    uint64_t began_ns; /* by the one that nobody sets */
    pthread_t thread;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t changed;
    bool ending;
    bool written; /* the job was */
    struct store_job job;
    _Atomic uint64_t count;
};

static void written(struct store_job *job)
{
    struct retention *r = job->context;
    if (job->result == 0 && job->existing[0])
        boards_forget(r->options.boards, job->existing);
    pthread_mutex_lock(&r->lock);
    r->written = true;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

/* Goes on while the machine sleeps. */
static uint64_t since_boot_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int64_t before(int64_t now, uint64_t ns)
{
    return ns ? now - (int64_t)(ns / 1000000) : 0;
}

/*
 * A clock that is set was wrong before, or is now. So only as much time has passed since the start
 * as both clocks say, and what was made since is not older than that, whatever it says itself.
 */
static struct store_expiry due(const struct retention *r, enum store_expiry_kind kind)
{
    const struct retention_options *o = &r->options;
    uint64_t up_ns = since_boot_ns() - r->began_ns;
    int64_t now = now_ms(), sure = r->began_ms + (int64_t)(up_ns / 1000000);
    now = now < sure ? now : sure;
    return (struct store_expiry){.kind = kind,
                                 .runs_before_ms = before(now, o->runs_ns),
                                 .workshops_before_ms = before(now, o->workshops_ns),
                                 .spare_runs = up_ns < o->runs_ns,
                                 .spare_workshops = up_ns < o->workshops_ns,
                                 .disk_bytes = o->disk_bytes};
}

/* Has one portion deleted; the lock is held. Returns whether there may be more. */
static bool let_portion_go(struct retention *r, enum store_expiry_kind kind)
{
    r->written = false;
    r->job = (struct store_job){
        .kind = STORE_EXPIRE, .expire = due(r, kind), .done = written, .context = r};
    if (store_submit(r->options.store, &r->job) < 0)
        return false;
    while (!r->written)
        pthread_cond_wait(&r->changed, &r->lock);
    if (r->job.result < 0 || r->job.number == 0)
        return false;
    if (kind != EXPIRY_DELETED)
        atomic_fetch_add(&r->count, (uint64_t)r->job.number);
    log_line(LOG_DEBUG, "let go of %lld rows", (long long)r->job.number);
    return true;
}

/* A portion of each kind, and for more room only once there is nothing else. */
static bool let_go(struct retention *r)
{
    bool more = false;
    for (enum store_expiry_kind kind = 0; kind < EXPIRY_ROOM && !r->ending; kind++)
        more |= let_portion_go(r, kind);
    return more || (!r->ending && let_portion_go(r, EXPIRY_ROOM));
}

/* A tenth of the shortest time, so that what is due is not kept much longer. */
static uint64_t pause_ns(const struct retention_options *o)
{
    uint64_t pause = LOOKS_NS;
    const uint64_t times[] = {o->runs_ns, o->workshops_ns};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        if (times[i] > 0 && times[i] / 10 < pause)
            pause = times[i] / 10;
    return pause < SOON_NS ? SOON_NS : pause;
}

static void *look_after(void *cls)
{
    struct retention *r = cls;
    pthread_mutex_lock(&r->lock);
    while (!r->ending) {
        if (let_go(r))
            continue;
        uint64_t until = clock_ns() + pause_ns(&r->options);
        const struct timespec t = {(time_t)(until / 1000000000), (long)(until % 1000000000)};
        while (!r->ending && clock_ns() < until)
            pthread_cond_timedwait(&r->changed, &r->lock, &t);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

int retention_new(struct retention **ret, const struct retention_options *options, struct err *err)
{
    struct retention *r = calloc(1, sizeof *r);
    if (!r)
        return err_errno(err, ENOMEM, "retention");
    r->options = *options;
    r->began_ms = now_ms();
    r->began_ns = since_boot_ns();
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&r->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int code = pthread_create(&r->thread, NULL, look_after, r);
    if (code == 0) {
        *ret = r;
        return 0;
    }
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    free(r);
    return err_errno(err, code, "cannot start a thread");
}

void retention_free(struct retention *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->ending = true;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

uint64_t retention_count(const struct retention *r)
{
    return atomic_load(&r->count);
}

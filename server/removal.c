#include "server/removal.h"

#include "server/problem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Shared by the request and the store's job. */
struct removal {
    _Atomic unsigned refs;
    struct request *request;
    struct run *live; /* or NULL */
    char id[RUN_ID_SIZE];
    struct store_job job;
    _Atomic bool removed;
};

static void removal_unref(void *state)
{
    struct removal *m = state;
    if (atomic_fetch_sub(&m->refs, 1) != 1)
        return;
    run_unref(m->live);
    request_unref(m->request);
    free(m);
}

static void row_removed(struct store_job *job)
{
    struct removal *m = job->context;
    if (job->result < 0 && m->live)
        atomic_store(&m->live->removed, false);
    atomic_store(&m->removed, true);
    request_wake(m->request);
    removal_unref(m);
}

static void await_removed(struct request *request)
{
    struct removal *m = request_state(request);
    if (!atomic_load(&m->removed))
        request_wait(request, UINT64_MAX, await_removed);
    else if (m->job.result < 0)
        problem_reply_later(request, 503, 2, "it cannot be deleted now");
    else
        request_reply_empty(request, 204);
}

void removal_reply(struct app *app, struct request *request, enum store_job_kind kind,
                   const char *id, struct run *live)
{
    struct removal *m = calloc(1, sizeof *m);
    if (!m) {
        problem_reply(request, 500, "out of memory");
        return;
    }
    *m = (struct removal){
        .refs = 2, .request = request_ref(request), .live = live ? run_ref(live) : NULL};
    snprintf(m->id, sizeof m->id, "%s", id);
    m->job = (struct store_job){.kind = kind, .id = m->id, .done = row_removed, .context = m};
    request_set_state(request, m, removal_unref);
    if (live)
        atomic_store(&live->removed, true);
    if (store_submit(app->store, &m->job) < 0) {
        m->job.result = -EAGAIN;
        row_removed(&m->job);
    } else if (live) {
        collector_cancel(app->collector, live);
    }
    await_removed(request);
}

#include "server/api/amend.h"

#include "server/api/keep.h"
#include "server/http/problem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Shared by the request and the store's job. */
struct change {
    _Atomic unsigned refs;
    struct app *app;
    struct request *request;
    struct run *live;                /* or NULL */
    char workshop[WORKSHOP_ID_SIZE]; /* "": none */
    char id[RUN_ID_SIZE];
    struct store_job job;
    _Atomic bool written;
};

static void change_unref(void *state)
{
    struct change *c = state;
    if (atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    run_unref(c->live);
    request_unref(c->request);
    free(c);
}

static void written(struct store_job *job)
{
    struct change *c = job->context;
    if (job->result < 0 && c->live && job->kind == STORE_DELETE)
        atomic_store(&c->live->removed, false);
    if (job->result == 0 && c->live && job->kind == STORE_KEEP_RUN) {
        pthread_mutex_lock(&c->live->lock);
        c->live->record.kept = job->kept;
        pthread_mutex_unlock(&c->live->lock);
    }
    if (job->result == 0 && c->workshop[0])
        boards_forget(c->app->boards, c->workshop);
    atomic_store(&c->written, true);
    request_wake(c->request);
    change_unref(c);
}

static void await_written(struct request *request)
{
    struct change *c = request_state(request);
    if (!atomic_load(&c->written))
        request_wait(request, UINT64_MAX, await_written);
    else if (c->job.result == -EDQUOT)
        keep_reply_full(c->app, request);
    else if (c->job.result < 0)
        problem_reply_later(request, 503, 2, "it cannot be changed now");
    else
        request_reply_empty(request, 204);
}

void amend_reply(struct app *app, struct request *request, const struct amendment *a)
{
    struct change *c = calloc(1, sizeof *c);
    if (!c) {
        problem_reply(request, 500, "out of memory");
        return;
    }
    *c = (struct change){.refs = 2,
                         .app = app,
                         .request = request_ref(request),
                         .live = a->live ? run_ref(a->live) : NULL};
    snprintf(c->workshop, sizeof c->workshop, "%s", a->workshop ? a->workshop : "");
    snprintf(c->id, sizeof c->id, "%s", a->id);
    c->job = (struct store_job){
        .kind = a->kind, .id = c->id, .kept = a->kept, .done = written, .context = c};
    request_set_state(request, c, change_unref);
    bool ends = a->live && a->kind == STORE_DELETE;
    if (ends)
        atomic_store(&a->live->removed, true);
    if (store_submit(app->store, &c->job) < 0) {
        c->job.result = -EAGAIN;
        written(&c->job);
    } else if (ends) {
        collector_cancel(app->collector, a->live);
    }
    await_written(request);
}

#include "server/http/errand.h"

#include "server/http/problem.h"

#include <stddef.h>

/* Gives its place back, once. */
static void leave(struct errand *e)
{
    if (atomic_load(&e->performed) && !e->left)
        background_gone(e->background);
    e->left = true;
}

static void unref(struct errand *e)
{
    if (atomic_fetch_sub(&e->refs, 1) != 1)
        return;
    leave(e);
    request_unref(e->request);
    e->release(e);
}

static void forget(void *state)
{
    struct errand *e = state;
    atomic_store(&e->unwanted, true);
    unref(e);
}

static void perform(struct piece *piece)
{
    struct errand *e = (struct errand *)((char *)piece - offsetof(struct errand, piece));
    if (!atomic_load(&e->unwanted))
        e->perform(e);
    atomic_store(&e->performed, true);
    request_wake(e->request);
    unref(e);
}

static void await(struct request *request)
{
    struct errand *e = request_state(request);
    if (!atomic_load(&e->performed)) {
        request_wait(request, UINT64_MAX, await);
        return;
    }
    e->reply(e, request);
    leave(e);
}

void errand_run(struct errand *e, struct background *background, struct request *request)
{
    atomic_init(&e->refs, 2); /* the request's, and until it is performed the thread's */
    e->piece.perform = perform;
    e->background = background;
    e->request = request_ref(request);
    request_set_state(request, e, forget);
    if (background_submit(background, &e->piece) < 0) {
        unref(e);
        problem_reply_later(request, 503, 2, "too many traces and pictures are being made");
        return;
    }
    await(request);
}

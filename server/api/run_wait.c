#include "server/api/run_wait.h"

#include "sandbox/base/clock.h"
#include "server/api/keep.h"
#include "server/setups/setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

uint64_t wait_deadline(const struct request *request, struct field_errors *errors)
{
    const char *text = request_query(request, "wait");
    char *end, detail[128];
    if (!text)
        return 0;
    double seconds = strtod(text, &end);
    if (end == text || *end || !(seconds >= 0 && seconds <= WAIT_SECONDS_MAX)) {
        snprintf(detail, sizeof detail, "must be 0 to %d seconds, was %.60s", WAIT_SECONDS_MAX,
                 text);
        field_error_range(errors, 0, WAIT_SECONDS_MAX, detail, "?wait");
        return 0;
    }
    return seconds > 0 ? clock_ns() + (uint64_t)(seconds * 1e9) : 0;
}

struct run_wait {
    struct app *app;
    struct found_run found;
    struct subscriber subscriber;
    uint64_t deadline_ns;
    bool created;
};

static void unwatch(struct run_wait *wait)
{
    run_unsubscribe(wait->found.live, &wait->subscriber);
    found_run_release(&wait->found);
}

/* Takes over what was found; it is live. */
static void watch(struct run_wait *wait, const struct found_run *found)
{
    wait->found = *found;
    run_subscribe(found->live, &wait->subscriber);
}

static void free_wait(void *state)
{
    unwatch(state);
    free(state);
}

static void reply_created(struct run_wait *wait, struct request *request)
{
    char location[96];
    snprintf(location, sizeof location, API_PREFIX "/runs/%s", wait->found.live->record.id);
    request_reply_header(request, "Location", location);
    run_json_reply(wait->app, request, 201, &wait->found);
}

/* The session used this Idempotency-Key before. True when that run is live and now waited for. */
static bool turn_to_existing(struct run_wait *wait, struct request *request)
{
    const struct store_job *job = &wait->found.live->accept;
    struct found_run found;
    if (!job->same) {
        setup_reply_other_body(request);
        return false;
    }
    if (found_run_or_reply(wait->app, request, job->existing, &found) < 0)
        return false;
    if (found.live) {
        unwatch(wait);
        watch(wait, &found);
        wait->created = false;
        return true;
    }
    run_json_reply(wait->app, request, 200, &found);
    found_run_release(&found);
    return false;
}

static void step(struct request *request)
{
    struct run_wait *wait = request_state(request);
    struct run *run = wait->found.live;
    pthread_mutex_lock(&run->lock);
    enum acceptance acceptance = run->acceptance;
    bool done = run->status == RUN_DONE;
    pthread_mutex_unlock(&run->lock);

    if (acceptance == ACCEPT_PENDING)
        request_wait(request, UINT64_MAX, step);
    else if (acceptance == ACCEPT_FAILED && run->accept.result == -EDQUOT)
        keep_reply_full(wait->app, request);
    else if (acceptance == ACCEPT_FAILED)
        problem_reply_later(request, 503, 2, "the run cannot be stored now");
    else if (acceptance == ACCEPT_DUPLICATE) {
        if (turn_to_existing(wait, request))
            step(request);
    } else if (!done && clock_ns() < wait->deadline_ns)
        request_wait(request, wait->deadline_ns, step);
    else if (wait->created)
        reply_created(wait, request);
    else
        run_json_reply(wait->app, request, 200, &wait->found);
}

void run_wait_reply(struct app *app, struct request *request, const struct found_run *found,
                    uint64_t deadline_ns, bool created)
{
    struct run_wait *wait = calloc(1, sizeof *wait);
    if (!wait) {
        problem_reply(request, 500, "out of memory");
        return;
    }
    *wait = (struct run_wait){.app = app,
                              .subscriber = {.request = request, .end_only = true},
                              .deadline_ns = deadline_ns,
                              .created = created};
    request_set_state(request, wait, free_wait);
    watch(wait, &(struct found_run){.live = run_ref(found->live), .mine = found->mine});
    step(request);
}

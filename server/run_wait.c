#include "server/run_wait.h"

#include "sandbox/base/clock.h"
#include "server/run_json.h"

#include <stdio.h>
#include <stdlib.h>

enum { WAIT_SECONDS_MAX = 30 };

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
        field_error(errors, detail, "?wait");
        return 0;
    }
    return seconds > 0 ? clock_ns() + (uint64_t)(seconds * 1e9) : 0;
}

struct run_wait {
    struct app *app;
    struct run *run;
    struct run_subscriber subscriber;
    uint64_t deadline_ns;
    bool created;
};

static void free_wait(void *state)
{
    struct run_wait *wait = state;
    run_unsubscribe(wait->run, &wait->subscriber);
    run_unref(wait->run);
    free(wait);
}

static void reply_created(struct run_wait *wait, struct request *request)
{
    struct found_run found = {.live = wait->run};
    char location[96];
    snprintf(location, sizeof location, API_PREFIX "/runs/%s", wait->run->record.id);
    request_reply_header(request, "Location", location);
    run_json_reply(wait->app, request, 201, &found);
}

/* The session used this Idempotency-Key before. */
static void reply_duplicate(struct run_wait *wait, struct request *request)
{
    const struct store_job *job = &wait->run->accept;
    struct field_errors errors = {0};
    struct found_run found;
    if (!job->same) {
        field_error(&errors, "was used before with another body", "/Idempotency-Key");
        problem_reply_fields(request, &errors);
        return;
    }
    if (found_run_or_reply(wait->app, request, job->existing, &found) < 0)
        return;
    run_json_reply(wait->app, request, 200, &found);
    found_run_release(&found);
}

static void step(struct request *request)
{
    struct run_wait *wait = request_state(request);
    struct run *run = wait->run;
    pthread_mutex_lock(&run->lock);
    enum run_acceptance acceptance = run->acceptance;
    bool done = run->status == RUN_DONE;
    pthread_mutex_unlock(&run->lock);

    if (acceptance == ACCEPT_PENDING)
        request_wait(request, UINT64_MAX, step);
    else if (acceptance == ACCEPT_FAILED)
        problem_reply_later(request, 503, 2, "the run cannot be stored now");
    else if (acceptance == ACCEPT_DUPLICATE)
        reply_duplicate(wait, request);
    else if (!done && clock_ns() < wait->deadline_ns)
        request_wait(request, wait->deadline_ns, step);
    else if (wait->created)
        reply_created(wait, request);
    else
        run_json_reply(wait->app, request, 200, &(struct found_run){.live = run});
}

void run_wait_reply(struct app *app, struct request *request, struct run *run, uint64_t deadline_ns,
                    bool created)
{
    struct run_wait *wait = calloc(1, sizeof *wait);
    if (!wait) {
        run_unref(run);
        problem_reply(request, 500, "out of memory");
        return;
    }
    *wait = (struct run_wait){.app = app,
                              .run = run,
                              .subscriber = {.request = request, .end_only = true},
                              .deadline_ns = deadline_ns,
                              .created = created};
    request_set_state(request, wait, free_wait);
    run_subscribe(run, &wait->subscriber);
    step(request);
}

#include "server/api.h"
#include "server/problem.h"
#include "server/run_wait.h"
#include "server/session.h"
#include "server/setup.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

enum { KEY_MAX = 128, RETRY_SECONDS = 2 };

struct new_run {
    struct app *app;
    struct setup setup;
    bool needs_seed;
};

/* Reads the body into n; false when the request has its answer. */
static bool read_body(struct new_run *n, struct request *request)
{
    static const char *const known[] = {"scenario", "params", "schedule", NULL};
    struct doc *body = setup_body(&n->setup, request);
    if (!body)
        return false;
    setup_check_members(&n->setup, body, known);
    setup_read(&n->setup, n->app->catalog, body);
    if (n->setup.scenario)
        n->needs_seed = setup_read_schedule(&n->setup, doc_member(body, "schedule"));
    setup_check_size(&n->setup);
    doc_free(body);
    return true;
}

/* NULL when there is none; a wrong one is an error. */
static const char *read_key(struct new_run *n, const struct request *request)
{
    const char *key = request_header(request, "Idempotency-Key");
    if (key && (*key == '\0' || strlen(key) > KEY_MAX)) {
        field_error(&n->setup.errors, "out-of-range", "must be 1 to 128 characters",
                    "/Idempotency-Key");
        return NULL;
    }
    return key;
}

/* FNV-1a. */
static uint64_t mix(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash;
}

/* With a key it is drawn from that, so that the same request asks for the same run. */
static uint64_t draw_seed(const char *session, const char *key)
{
    uint64_t seed = UINT64_C(14695981039346656037);
    if (key)
        return mix(mix(seed, session), key) & SCHEDULE_SEED_MAX;
    while (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        ;
    return seed & SCHEDULE_SEED_MAX;
}

static void submit(struct new_run *n, struct request *request, const char *key, uint64_t deadline)
{
    char session[SESSION_SIZE];
    struct job *job = &n->setup.job;
    struct found_run made = {.mine = true};
    if (session_start(request, session) == 0) {
        if (n->needs_seed)
            job->schedule.seed = draw_seed(session, key);
        made.live = run_new(n->setup.scenario, job, session, key, &n->app->config->limits);
    }
    if (!made.live) {
        problem_reply(request, 500, "the run cannot be made");
        return;
    }
    int r = collector_submit(n->app->collector, made.live, deadline > 0);
    if (r == 0)
        run_wait_reply(n->app, request, &made, deadline, true);
    else
        problem_reply_later(request, 503, RETRY_SECONDS,
                            r == -ESHUTDOWN ? "the server is stopping"
                                            : "too many runs wait already");
    found_run_release(&made);
}

void api_run_new(struct app *app, struct request *request, const char *id)
{
    (void)id;
    struct new_run n = {.app = app};
    if (!read_body(&n, request))
        return;
    uint64_t deadline = wait_deadline(request, &n.setup.errors);
    const char *key = read_key(&n, request);
    if (n.setup.errors.count > 0)
        problem_reply_fields(request, &n.setup.errors);
    else
        submit(&n, request, key, deadline);
}

#include "server/api/api.h"
#include "server/api/run_wait.h"
#include "server/api/workshop_json.h"
#include "server/clients/session.h"
#include "server/http/problem.h"
#include "server/setups/setup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { RETRY_SECONDS = 2 };

struct new_run {
    struct app *app;
    struct setup setup;
    bool needs_seed;
    struct store_seat seat; /* workshop "": in none */
    bool closed, full;      /* that workshop is */
    struct board *board;    /* its board, or NULL */
};

/* The steps of the workshop that the body names, or NULL with an error. */
static struct doc *find_steps(struct new_run *n, struct request *request, const struct doc *seat)
{
    const char *id = doc_string(doc_member(seat, "id"));
    struct store_workshop workshop;
    struct doc *steps = NULL;
    int r = id ? workshop_find(n->app, request, id, &workshop) : -ENOENT;
    if (r == -ENOENT)
        field_error(&n->setup.errors, "unknown", "there is no workshop of that id", "/workshop/id");
    else if (r < 0)
        field_failed(&n->setup.errors);
    if (r < 0)
        return NULL;
    n->board = boards_open(n->app->boards, app_reader(n->app, request), workshop.id);
    r = n->board ? doc_parse(&steps, workshop.steps, strlen(workshop.steps), NULL) : -EIO;
    if (r < 0)
        field_failed(&n->setup.errors);
    n->closed = workshop.closed;
    n->full = n->board && board_runs(n->board) >= WORKSHOP_RUNS_MAX;
    strcpy(n->seat.workshop, workshop.id);
    n->seat.changes = workshop.changes;
    store_workshop_release(&workshop);
    return steps;
}

/* Reads {"id", "step", "name"}. Returns the steps of the workshop, NULL when there is an error. */
static struct doc *read_seat(struct new_run *n, struct request *request, const struct doc *seat)
{
    static const char *const known[] = {"id", "step", "name", NULL};
    struct field_errors *errors = &n->setup.errors;
    int64_t step = -1;
    struct setup members = {0};
    setup_check_members(&members, seat, known);
    for (unsigned i = 0; i < members.errors.count; i++)
        field_error(errors, members.errors.list[i].code, members.errors.list[i].detail,
                    "/workshop%.60s", members.errors.list[i].pointer);
    const char *wrong = workshop_read_name(doc_string(doc_member(seat, "name")), n->seat.name);
    if (wrong)
        field_error(errors, "out-of-range", wrong, "/workshop/name");
    struct doc *steps = find_steps(n, request, seat);
    if (!steps)
        return NULL;
    setup_read_integer(&n->setup, seat, "/workshop", "step", 0, (int64_t)doc_count(steps) - 1,
                       &step);
    if (step < 0 && errors->count == 0)
        field_error(errors, "missing", "must be the number of a step, from 0", "/workshop/step");
    n->seat.step = step < 0 ? 0 : (unsigned)step;
    return steps;
}

static bool has_seed(const struct doc *setup)
{
    return doc_member(doc_member(setup, "params"), "seed") != NULL;
}

/* Who takes part in a workshop has a seed of their own where the step and the body leave it open.
 */
static void set_own_seeds(struct new_run *n, const struct doc *body, const struct doc *step)
{
    char seed[24];
    uint64_t own = workshop_seed(&n->seat);
    snprintf(seed, sizeof seed, "%" PRIu64, own);
    if (!has_seed(body) && !has_seed(step) && job_get(&n->setup.job, "seed"))
        job_set(&n->setup.job, "seed", seed, NULL);
    if (n->needs_seed)
        n->setup.job.schedule.seed = own;
    n->needs_seed = false;
}

/* Reads the body into n; false when the request has its answer. */
static bool read_body(struct new_run *n, struct request *request)
{
    static const char *const known[] = {"scenario", "params", "schedule", "workshop", NULL};
    struct doc *body = setup_body(&n->setup, request);
    if (!body)
        return false;
    setup_check_members(&n->setup, body, known);
    const struct doc *seat = doc_member(body, "workshop");
    struct doc *steps = seat ? read_seat(n, request, seat) : NULL;
    const struct doc *step = steps ? doc_at(steps, n->seat.step) : NULL;
    setup_read(&n->setup, n->app->catalog, body, step);
    const struct doc *schedule = doc_member(body, "schedule");
    if (n->setup.scenario)
        n->needs_seed =
            setup_read_schedule(&n->setup, schedule ? schedule : doc_member(step, "schedule"));
    if (step && n->setup.scenario)
        set_own_seeds(n, body, step);
    setup_check_size(&n->setup);
    doc_free(steps);
    doc_free(body);
    return true;
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

/* Whose turn the run takes: who takes part in a workshop is a client of their own by name. */
static void write_client(const struct new_run *n, const struct request *request,
                         char out[static CLIENT_KEY_MAX])
{
    char name[WORKSHOP_NAME_SIZE];
    workshop_fold_name(n->seat.name, name);
    if (n->seat.workshop[0])
        snprintf(out, CLIENT_KEY_MAX, "seat:%s/%s", n->seat.workshop, name);
    else
        snprintf(out, CLIENT_KEY_MAX, "%s", client_of(request)->key);
}

static void reply_refused(struct app *app, struct request *request, const char *client, int r)
{
    char detail[128];
    const struct config *config = app->config;
    if (r == -ESHUTDOWN) {
        problem_reply_later(request, 503, RETRY_SECONDS, "the server is stopping");
    } else if (r == -EBUSY) {
        refused_count(&app->refused, REFUSED_CLIENT_QUEUE);
        snprintf(detail, sizeof detail,
                 "%" PRIu64 " of your runs wait already, the most a client may have in the queue",
                 config->queue_of_one);
        problem_reply_later(request, 429, registry_room_in(app->registry, client), detail);
    } else if (r == -EDQUOT) {
        refused_count(&app->refused, REFUSED_ADDRESS_QUEUE);
        snprintf(detail, sizeof detail,
                 "%u runs of your address wait already, the most an address may have in the queue",
                 share_of_address((unsigned)config->queue));
        problem_reply_later(request, 429, RETRY_SECONDS, detail);
    } else {
        refused_count(&app->refused, REFUSED_QUEUE);
        problem_reply_later(request, 503, RETRY_SECONDS, "too many runs wait already");
    }
}

static void reply_full(struct new_run *n, struct request *request)
{
    char detail[96];
    snprintf(detail, sizeof detail, "the workshop has %d runs, the most one may have; make another",
             WORKSHOP_RUNS_MAX);
    field_error(&n->setup.errors, "full", detail, "/workshop/id");
    problem_reply_fields(request, &n->setup.errors);
}

/* Whether the session made it before: that takes no place, and a workshop that takes no more runs
 * still tells it. */
static bool is_repeated(struct new_run *n, struct request *request, struct run *run)
{
    run->accept = (struct store_job){.key = run->key, .asked = run->asked};
    if (store_find_made(app_reader(n->app, request), &run->accept, "run", run->record.session) !=
        -EEXIST)
        return false;
    run_set_acceptance(run, ACCEPT_DUPLICATE);
    return true;
}

/* A seat for who comes by that name: only now, when nothing else is wrong with what they ask. */
static int sit(struct new_run *n, struct request *request)
{
    int r = n->board ? board_seat(n->board, n->seat.name) : 0;
    if (r == -ENOSPC)
        field_error(&n->setup.errors, "full", "300 take part already", "/workshop/name");
    else if (r < 0)
        field_failed(&n->setup.errors);
    if (r < 0)
        problem_reply_fields(request, &n->setup.errors);
    return r;
}

static int take_in(struct new_run *n, struct request *request, struct run *run, bool patient)
{
    char client[CLIENT_KEY_MAX];
    int r = sit(n, request);
    if (r < 0)
        return r;
    write_client(n, request, client);
    const struct asker asker = {client, client_address(client_of(request))};
    r = collector_submit(n->app->collector, run, &asker, patient);
    if (r < 0)
        reply_refused(n->app, request, client, r);
    if (r < 0 && n->board)
        board_leave(n->board, n->seat.name);
    return r;
}

static void submit(struct new_run *n, struct request *request, const char *key, uint64_t deadline)
{
    char session[SESSION_SIZE];
    struct job *job = &n->setup.job;
    struct found_run made = {.mine = true};
    if (session_start(request, session) == 0) {
        if (n->needs_seed)
            job->schedule.seed = draw_seed(session, key);
        made.live = run_new(n->setup.scenario, job, session, &n->seat, key, &n->app->config->limits,
                            n->app->lost);
    }
    if (!made.live) {
        problem_reply(request, 500, "the run cannot be made");
        return;
    }
    bool repeated = is_repeated(n, request, made.live);
    if (n->closed && !repeated)
        problem_reply(request, 409, "the workshop is closed");
    else if (n->full && !repeated)
        reply_full(n, request);
    else if (repeated || take_in(n, request, made.live, deadline > 0) == 0)
        run_wait_reply(n->app, request, &made, deadline, true);
    found_run_release(&made);
}

void api_run_new(struct app *app, struct request *request, const char *id)
{
    (void)id;
    struct new_run n = {.app = app};
    if (!read_body(&n, request))
        return;
    uint64_t deadline = wait_deadline(request, &n.setup.errors);
    const char *key = setup_key(&n.setup, request);
    if (n.setup.errors.count > 0)
        problem_reply_fields(request, &n.setup.errors);
    else
        submit(&n, request, key, deadline);
    board_unref(n.board);
}

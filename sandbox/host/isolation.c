#include "sandbox/host/isolation.h"

#include "sandbox/host/facts.h"
#include "sandbox/host/processes.h"
#include "sandbox/host/supervisor.h"
#include "sandbox/proto/probe.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define PROBE_SECONDS 60u /* of a run at the lowest priority: a busy machine is no weaker one */
#define PROBE_TEXT    512u

/* ---- a run that tests its sandbox ---- */

/* What it has said so far, a line. */
struct said {
    char text[PROBE_TEXT];
    size_t length;
};

static void keep(void *context, const struct output_piece *piece)
{
    struct said *said = context;
    for (size_t i = 0; i < piece->length && said->length < PROBE_TEXT - 1; i++)
        said->text[said->length++] = piece->text[i];
}

/* Steps until it has said a line (*ret_done false) or is done. Returns 0 or -errno. */
static int await_line(struct supervisor *supervisor, const struct said *said, bool *ret_done,
                      struct err *err)
{
    *ret_done = false;
    while (!*ret_done && !strchr(said->text, '\n')) {
        struct pollfd wanted = {.fd = supervisor_fd(supervisor), .events = POLLIN};
        if (poll(&wanted, 1, PROBE_SECONDS * 1000) == 0)
            return err_set(err, ETIMEDOUT, "a run did nothing for %u seconds", PROBE_SECONDS);
        *ret_done = supervisor_step(supervisor);
    }
    return 0;
}

static int await_done(struct supervisor *supervisor, struct err *err)
{
    struct said nothing = {0};
    bool done = false;
    return await_line(supervisor, &nothing, &done, err);
}

static int judge(const struct said *said, struct err *err)
{
    if (strcmp(said->text, PROBE_PASSED) == 0)
        return 0;
    if (said->length == 0)
        return err_set(err, EIO, "a run said nothing");
    return err_set(err, EPERM, "%.*s", (int)strcspn(said->text, "\n"), said->text);
}

static int look(const struct isolation *isolation, pid_t init, const struct limits *limits,
                struct err *err)
{
    struct processes processes;
    processes_of(init, &processes);
    if (processes.count < 2)
        return err_set(err, ESRCH, "a run's processes are not to be seen in /proc");
    const struct subject subject = {init, processes.pids[1], *limits};
    for (unsigned i = 0; i < isolation->layer_count; i++)
        if (fact_of(isolation->layers[i], &subject) == FACT_FALSE)
            return err_set(err, EPERM, "%s: it is set up, but does nothing", isolation->layers[i]);
    return 0;
}

static int begin(struct launcher *launcher, const char *probe, const struct limits *limits,
                 struct said *said, pid_t *ret_init, struct supervisor **ret, struct err *err)
{
    const struct supervisor_hooks hooks = {.output = keep};
    struct worker worker = WORKER_NONE;
    struct job job;
    job_init(&job, probe);
    int r = launcher_wait(launcher, &worker, err);
    *ret_init = worker.pid;
    return r < 0 ? r : supervisor_new(ret, &worker, &job, limits, &hooks, said, err);
}

/* One that stays is looked at and ended, one that ends does so. */
static int run_probe(struct launcher *launcher, const char *probe, const struct limits *limits,
                     enum ended ended, struct err *err)
{
    struct supervisor *supervisor = NULL;
    struct said said = {0};
    pid_t init;
    bool done = false;
    int r = begin(launcher, probe, limits, &said, &init, &supervisor, err);
    if (r == 0)
        r = await_line(supervisor, &said, &done, err);
    if (r == 0)
        r = judge(&said, err);
    if (r == 0 && ended == ENDED_CANCELLED) {
        r = look(launcher_isolation(launcher), init, limits, err);
        supervisor_cancel(supervisor);
    }
    if (r == 0 && !done)
        r = await_done(supervisor, err);
    if (r == 0 && supervisor_report(supervisor)->ended != ended)
        r = err_set(err, EIO, "a run ended as %s",
                    ended_text(supervisor_report(supervisor)->ended));
    supervisor_free(supervisor);
    return r;
}

static int self_test(struct launcher *launcher, const struct limits *limits, struct err *err)
{
    struct limits patient = *limits;
    patient.wall_ns = PROBE_SECONDS * UINT64_C(1000000000);
    int r = run_probe(launcher, PROBE_STAYS, &patient, ENDED_CANCELLED, err);
    if (r == 0)
        r = run_probe(launcher, PROBE_ENDS, &patient, ENDED_COMPLETED, err);
    return r;
}

/* ---- the choice ---- */

static int try(struct launcher **ret, const struct launcher_options *options, enum tier tier,
               struct err *err)
{
    struct launcher_options exactly = *options;
    struct launcher *launcher = NULL;
    exactly.tier = tier;
    int r = launcher_new(&launcher, &exactly, err);
    if (r == 0 && (r = self_test(launcher, &options->limits, err)) < 0)
        launcher_free(launcher);
    if (r == 0)
        *ret = launcher;
    return r;
}

static void add_reason(struct err *reasons, enum tier tier, const struct err *why)
{
    const struct err before = *reasons;
    err_set(reasons, why->code, "%s%s%s: %s", before.text, before.code ? "; " : "", tier_name(tier),
            why->text);
}

int isolation_choose(struct launcher **ret, const struct launcher_options *options, unsigned wanted,
                     struct err *ret_weaker, struct err *err)
{
    struct err reasons = {0};
    for (enum tier tier = 0; tier < TIER_COUNT; tier++) {
        struct err why = {0};
        if (!(wanted & TIER_BIT(tier)))
            continue;
        if (try(ret, options, tier, &why) < 0) {
            add_reason(&reasons, tier, &why);
            continue;
        }
        if (tier != TIER_FULL && !reasons.code)
            err_set(&reasons, EINVAL, "it was asked for");
        *ret_weaker = reasons;
        return 0;
    }
    return err_set(err, reasons.code, "no sandbox can be set up: %s", reasons.text);
}

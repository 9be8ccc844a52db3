#include "tests/fuzz/server.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/program.h"

#define main interleave_main
#include "server/main.c"
#undef main

#include "server/setups/setup.h"
#include "server/transfer/transfer_check.h"

static void ignore_done(struct store_job *job)
{
    (void)job;
}

static void store(struct app *app, struct store_job *job)
{
    job->done = ignore_done;
    check(store_submit(app->store, job) == 0);
    store_flush(app->store);
    check(job->result == 0);
}

static void store_record(struct app *app, struct transfer_record *record)
{
    struct transfer_run run;
    struct store_workshop workshop;
    struct err err = {0};
    if (record->kind == TRANSFER_WORKSHOP) {
        check(transfer_check_workshop(&workshop, record, app->catalog, &err) == 0);
        strcpy(workshop.key, SERVER_KEY);
        strcpy(workshop.session, SERVER_SESSION);
        store(app, &(struct store_job){.kind = STORE_ADD_WORKSHOP, .workshop = &workshop});
        store_workshop_release(&workshop);
    } else if (record->kind == TRANSFER_RUN) {
        check(transfer_check_run(&run, record, app->catalog, &err) == 0);
        store(app, &(struct store_job){.kind = STORE_IMPORT,
                                       .run = &run.row,
                                       .data = {.output = &run.output,
                                                .segments = &run.segments,
                                                .trace = &run.trace,
                                                .trace_raw_bytes = run.trace_bytes}});
        transfer_run_release(&run);
    }
}

static void store_class(struct app *app)
{
    struct transfer_bounds bounds = transfer_bounds(&app->config->limits);
    struct transfer_reader reader;
    struct transfer_record record = {0};
    FILE *in = fopen("tests/fuzz/corpus/import/class", "rb");
    check(in);
    transfer_reader_init(&reader, in, &bounds);
    check(transfer_read_head(&reader, NULL) == 0);
    while (record.kind != TRANSFER_END) {
        check(transfer_read(&reader, &record, NULL) == 0);
        store_record(app, &record);
        enum transfer_kind kind = record.kind;
        transfer_record_release(&record);
        record.kind = kind;
    }
    transfer_reader_release(&reader);
    fclose(in);
}

static void start_experiment(struct app *app)
{
    const struct scenario_info *scenario = catalog_find(app->catalog, "generator-send");
    struct setup setup = {0};
    struct doc *body;
    check(doc_parse(&body, "{\"scenario\":\"generator-send\"}", 29, NULL) == 0);
    setup_read(&setup, app->catalog, body, NULL);
    doc_free(body);
    const struct experiment_plan plan = {
        .kind = EXPERIMENT_REPEAT, .count = 3, .job = &setup.job, .scenario = scenario};
    struct experiment *experiment = experiment_new(&plan, SERVER_SESSION);
    strcpy(experiment->record.id, SERVER_EXPERIMENT);
    const struct asker asker = {SERVER_SESSION, "10.0.0.1"};
    check(lab_submit(app->lab, experiment, &asker) == 0);
    experiment_unref(experiment);
}

/* The files have no names any more and go with this process. */
static void forget_files(const char *directory)
{
    static const char *const files[] = {"db", "db-wal", "db-shm", "db-lock"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        unlink(path);
    }
    check(rmdir(directory) == 0);
}

struct app *server_app(void)
{
    static struct server s = {
        .isolation = BUF_INIT(65536), .lost = BUF_INIT(65536), .limits = BUF_INIT(65536)};
    static int (*const steps[])(struct server *, struct err *) = {
        start_clients, start_launcher,   start_store,    start_runs,
        start_site,    start_background, start_retention};
    char directory[] = "/dev/shm/interleave-fuzz-XXXXXX";
    static char database[64], runner[PATH_MAX], web[PATH_MAX + 8];
    char *arguments[] = {"--database",
                         database,
                         "--runner",
                         realpath(program_runner(), runner),
                         "--web",
                         web,
                         "--client-limit",
                         "0",
                         "--address-limit",
                         "0",
                         "--read-limit",
                         "0",
                         "--log-level",
                         "error",
                         "--trusted-proxy",
                         "10.0.0.0/8,fd00::/8",
                         "--cors-origins",
                         "https://a.example,*",
                         "--retention",
                         "0",
                         "--workshop-retention",
                         "0",
                         "--disk-limit",
                         "0",
                         "--workers",
                         "1",
                         "--experiment-workers",
                         "1",
                         NULL};
    struct err err = {0};
    check(mkdtemp(directory));
    snprintf(database, sizeof database, "%s/db", directory);
    check(strrchr(runner, '/'));
    snprintf(web, sizeof web, "%.*s/web", (int)(strrchr(runner, '/') - runner), runner);
    int r = config_read(&s.config, sizeof arguments / sizeof arguments[0] - 1, arguments, &err);
    log_set_level((enum log_level)s.config.log_level);
    signal(SIGPIPE, SIG_IGN);
    s.app.config = &s.config;
    s.app.threads = 1;
    for (size_t i = 0; r == 0 && i < sizeof steps / sizeof steps[0]; i++)
        r = steps[i](&s, &err);
    if (r < 0) {
        fprintf(stderr, "the server does not start: %s\n", err.text);
        exit(1);
    }
    store_class(&s.app);
    start_experiment(&s.app);
    collector_stop(s.app.collector);
    forget_files(directory);
    return &s.app;
}

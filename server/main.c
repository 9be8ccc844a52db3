/*
 * interleave: the server.
 *
 * How it starts. The spawner is started first, while the program is a single thread; then the store
 * (a writer), the collector, the background, the retention (a thread each) and HTTP (a thread a
 * core). The first
 * thread waits for a signal. It ends in the opposite order: no more connections are taken, runs are
 * ended and stored, answers go out, threads end, readers are closed, then the store, then the
 * spawner.
 */
#include "sandbox/base/fd.h"
#include "sandbox/host/isolation.h"
#include "server/api/api.h"
#include "server/http/listen.h"
#include "server/pages/site.h"
#include "server/pictures/picture.h"
#include "server/pictures/pictures.h"
#include "server/routes.h"
#include "server/transfer/export.h"
#include "server/transfer/import.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define VERSION "0.1.0"

/* Converted traces in memory at once that are no answer yet, each up to 50 MB, and those that wait
 * for it. */
enum { EXPORTS_MADE = 8, EXPORTS_WAITING = 64 };

/* Clients, and addresses, whose rates are known; 40 bytes each. */
enum { ASKERS_KNOWN = 8192 };

/* Blocks from this size on are the system's again once they are freed, as traces and answers. */
enum { MAPPED_BYTES = 128 << 10 };

struct server {
    struct config config;
    struct launcher *launcher;
    struct http *http;
    struct buf isolation, lost, limits;
    char weaker[sizeof((struct err *)0)->text]; /* why it is no stronger isolation; "" when full */
    struct app app;
};

/* ---- start ---- */

static unsigned cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 64 ? 64 : (unsigned)n;
}

/* What is open beside connections: the database of each thread, pages, and eight for each run. */
enum { DESCRIPTORS_OWN = 256, DESCRIPTORS_RUN = 8 };

/* When descriptors do for no more. */
enum { CONNECTIONS_LEAST = 16 };

/* As many descriptors as connections may need, or as few connections as there can be descriptors.
 */
static int reserve_descriptors(struct server *s, struct err *err)
{
    struct rlimit limit;
    struct config *c = &s->config;
    const uint64_t runs = c->workers + c->benches + c->pool;
    const rlim_t own = DESCRIPTORS_OWN + DESCRIPTORS_RUN * runs, wanted = own + c->connections;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return err_errno(err, errno, "asking how many descriptors there may be");
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
            return err_errno(err, errno, "raising the limit of descriptors");
    }
    if (limit.rlim_cur >= wanted)
        return 0;
    if (limit.rlim_cur < own + CONNECTIONS_LEAST)
        return err_set(err, EMFILE, "at least %llu descriptors are needed, there may be %llu",
                       (unsigned long long)own + CONNECTIONS_LEAST,
                       (unsigned long long)limit.rlim_cur);
    c->connections = limit.rlim_cur - own;
    log_line(LOG_WARNING, "there may be %llu descriptors, which do for %llu connections",
             (unsigned long long)limit.rlim_cur, (unsigned long long)c->connections);
    return 0;
}

enum { REFERENCE_BYTES_MAX = 1 << 20 };

/* A peer's figures. A file that cannot be read or is no JSON object ends the start. */
static int read_reference(const char *path, struct doc **ret, struct err *err)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    _cleanup_free_ char *text = malloc(REFERENCE_BYTES_MAX);
    ssize_t n = fd < 0 || !text ? -errno : read_full(fd, text, REFERENCE_BYTES_MAX);
    if (n < 0)
        return err_errno(err, (int)-n, "--reference %s", path);
    int r = doc_parse(ret, text, (size_t)n, err);
    if (r == 0 && !doc_string(doc_member(*ret, "name")))
        r = err_set(err, EINVAL, "it has no name");
    return r < 0 ? err_wrap(err, "--reference %s", path) : 0;
}

static int start_catalog(struct server *s, struct err *err)
{
    size_t n;
    struct doc *reference = NULL;
    const char *catalogue = launcher_catalogue(s->launcher, &n);
    int r = s->config.reference ? read_reference(s->config.reference, &reference, err) : 0;
    if (r == 0)
        r = catalog_new(&s->app.catalog, catalogue, n, reference, err);
    doc_free(reference);
    return r;
}

static int start_launcher(struct server *s, struct err *err)
{
    const struct launcher_options options = {
        .runner = s->config.runner, .pool = (unsigned)s->config.pool, .limits = s->config.limits};
    const unsigned tiers = (unsigned)(s->config.tiers & s->config.least);
    struct err weaker = {0};
    if (tiers == 0)
        return err_set(err, EINVAL, "--isolation and --require-isolation leave nothing to choose");
    int r = isolation_choose(&s->launcher, &options, tiers, &weaker, err);
    if (r < 0)
        return r;
    if (weaker.code)
        log_line(LOG_WARNING, "runs are isolated less than fully: %s", weaker.text);
    snprintf(s->weaker, sizeof s->weaker, "%s", weaker.text);
    return start_catalog(s, err);
}

static int start_store(struct server *s, struct err *err)
{
    const struct report report = {.ended = ENDED_INTERNAL_ERROR, .exit_code = -1};
    const struct isolation *isolation = launcher_isolation(s->launcher);
    if (result_write(&report, isolation, &s->lost) < 0)
        return err_errno(err, ENOMEM, "store");
    s->app.lost = buf_text(&s->lost);
    const struct store_options options = {.lost_ended = ended_text(report.ended),
                                          .lost_result = s->app.lost,
                                          .kept_bytes = config_kept_bytes(&s->config)};
    int r = store_new(&s->app.store, s->config.database, &options, err);
    s->app.readers = calloc(s->app.threads, sizeof *s->app.readers);
    if (r == 0 && !s->app.readers)
        r = err_errno(err, ENOMEM, "store");
    for (unsigned i = 0; r == 0 && i < s->app.threads; i++)
        r = store_reader_new(&s->app.readers[i], s->config.database, err);
    if (r == 0)
        r = store_reader_new(&s->app.background_reader, s->config.database, err);
    return r;
}

static int start_runs(struct server *s, struct err *err)
{
    const struct config *c = &s->config;
    struct jsonw w = JSONW(&s->isolation);
    isolation_write(launcher_isolation(s->launcher), &w);
    s->app.isolation = buf_text(&s->isolation);
    s->app.tier = launcher_isolation(s->launcher)->tier;
    s->app.weaker = s->weaker;
    const struct registry_options registry = {.queue = (unsigned)c->queue,
                                              .of_one = (unsigned)c->queue_of_one,
                                              .running = (unsigned)c->workers * 2 + 64};
    s->app.registry = registry_new(&registry);
    if (!s->app.registry || buf_error(&s->isolation))
        return err_errno(err, ENOMEM, "registry");
    const struct lab_options lab = {.store = s->app.store,
                                    .isolation = launcher_isolation(s->launcher),
                                    .limits = &c->limits,
                                    .lost = s->app.lost,
                                    .most = (unsigned)c->experiments};
    s->app.lab = lab_new(&lab);
    if (!s->app.lab)
        return err_errno(err, ENOMEM, "lab");
    s->app.boards = boards_new();
    if (!s->app.boards)
        return err_errno(err, ENOMEM, "boards");
    const struct collector_options options = {.launcher = s->launcher,
                                              .registry = s->app.registry,
                                              .store = s->app.store,
                                              .lab = s->app.lab,
                                              .boards = s->app.boards,
                                              .benches = (unsigned)c->benches,
                                              .cores = cores(),
                                              .workers = (unsigned)c->workers,
                                              .limits = c->limits};
    return collector_new(&s->app.collector, &options, err);
}

static int start_site(struct server *s, struct err *err)
{
    char beside[PATH_MAX + 8];
    const char *directory = s->config.web;
    if (!directory) {
        ssize_t n = readlink("/proc/self/exe", beside, PATH_MAX - 1);
        if (n < 0)
            return err_errno(err, errno, "cannot find this program");
        beside[n] = '\0';
        strcpy(strrchr(beside, '/') + 1, "web");
        directory = beside;
    }
    s->app.limits = api_limits_new(&s->config, &s->limits);
    s->app.openapi = openapi_new();
    if (!s->app.limits || !s->app.openapi)
        return err_errno(err, ENOMEM, "limits");
    return site_new(&s->app.site, directory, s->app.tier, err);
}

static int start_background(struct server *s, struct err *err)
{
    struct err why = {0};
    int r = painter_new(&s->app.painter, &why);
    if (r < 0 && r != -ENOENT)
        return err_errno(err, -r, "pictures");
    if (r < 0)
        log_line(LOG_WARNING, "links have no pictures: %s", why.text);
    s->app.pictures = pictures_new();
    if (!s->app.pictures)
        return err_errno(err, ENOMEM, "pictures");
    return background_new(&s->app.background, EXPORTS_MADE, EXPORTS_WAITING, err);
}

static int start_retention(struct server *s, struct err *err)
{
    const struct retention_options options = {.store = s->app.store,
                                              .boards = s->app.boards,
                                              .runs_ns = s->config.retention_ns,
                                              .workshops_ns = s->config.workshops_ns,
                                              .disk_bytes = s->config.disk_bytes};
    return retention_new(&s->app.retention, &options, err);
}

static int start_clients(struct server *s, struct err *err)
{
    const struct config *c = &s->config;
    int r = clients_init(&s->app.clients, c->trusted_proxy, err);
    if (r == 0)
        r = origins_init(&s->app.origins, c->cors_origins, err);
    if (r < 0)
        return r;
    s->app.rates = rates_new(c->rates, ASKERS_KNOWN);
    return s->app.rates ? 0 : err_errno(err, ENOMEM, "rates");
}

static int start_http(struct server *s, struct err *err)
{
    const struct http_options options = {
        .listen = s->config.listen,
        .threads = s->app.threads,
        .connections = (unsigned)s->config.connections,
        .body_bytes = s->config.body_bytes,
        .answer_bytes = s->config.answer_bytes,
        .app = {.context = &s->app,
                .handle = routes_handle,
                .refuse = routes_refuse,
                .done = routes_done,
                .whose = routes_whose},
    };
    return http_new(&s->http, &options, err);
}

static int start(struct server *s, struct err *err)
{
    static int (*const steps[])(struct server *, struct err *) = {
        reserve_descriptors, start_clients,    start_launcher,  start_store, start_runs,
        start_site,          start_background, start_retention, start_http};
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof steps / sizeof steps[0]; i++)
        r = steps[i](s, err);
    return r;
}

/* ---- end ---- */

static void stop(struct server *s)
{
    struct app *app = &s->app;
    if (s->http)
        http_quiesce(s->http);
    if (app->collector)
        collector_stop(app->collector);
    http_free(s->http);
    if (app->collector)
        collector_drain(app->collector);
    background_free(app->background);
    retention_free(app->retention);
    painter_free(app->painter);
    pictures_free(app->pictures);
    store_reader_free(app->background_reader);
    for (unsigned i = 0; app->readers && i < app->threads; i++)
        store_reader_free(app->readers[i]);
    free(app->readers);
    store_free(app->store);
    collector_free(app->collector);
    lab_free(app->lab);
    boards_free(app->boards);
    registry_free(app->registry);
    rates_free(app->rates);
    site_free(app->site);
    response_free(app->limits);
    openapi_free(app->openapi);
    catalog_free(app->catalog);
    launcher_free(s->launcher);
    buf_release(&s->isolation);
    buf_release(&s->lost);
    buf_release(&s->limits);
}

/* ---- commands ---- */

static int usage(FILE *out)
{
    fputs("usage: interleave serve [--option value …]   serve the pages and the API\n"
          "       interleave healthcheck [--listen ADDRESS:PORT]\n"
          "                                             exit 0 when a server answers there\n"
          "       interleave export --output FILE …      runs of the database into a file\n"
          "       interleave import FILE …               runs of files into the database\n"
          "       interleave --version\n"
          "export and import have a --help of their own.\n"
          "\nOptions, each also an environment variable:\n",
          out);
    config_help(out);
    return out == stdout ? 0 : 2;
}

static int read_config(struct config *config, int argc, char **argv)
{
    struct err err = {0};
    if (config_read(config, argc, argv, &err) == 0)
        return 0;
    fprintf(stderr, "interleave: %s\n", err.text);
    return 2;
}

/* Blocked before any thread starts, so that only sigwaitinfo() sees them. */
static sigset_t block_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of a write */
    return signals;
}

static int serve(int argc, char **argv)
{
    struct server s = {
        .isolation = BUF_INIT(65536), .lost = BUF_INIT(65536), .limits = BUF_INIT(65536)};
    struct err err = {0};
    int code = read_config(&s.config, argc, argv);
    if (code != 0)
        return code;
    log_set_level((enum log_level)s.config.log_level);
    log_set_format((enum log_format)s.config.log_format);
    mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
    s.app.config = &s.config;
    s.app.threads = cores();
    if (s.config.workers == 0)
        s.config.workers = cores();
    if (s.config.benches == 0)
        s.config.benches = cores() > 1 ? cores() - 1 : 1;

    sigset_t signals = block_signals();
    int r = start(&s, &err);
    if (r == 0) {
        printf("Interleave serves on http://%s\n", http_address(s.http));
        fflush(stdout);
        int signal;
        while ((signal = sigwaitinfo(&signals, NULL)) < 0 && errno == EINTR)
            ;
        log_line(LOG_INFO, "ending after %s", strsignal(signal));
    } else {
        fprintf(stderr, "interleave: %s\n", err.text);
    }
    stop(&s);
    return r == 0 ? 0 : 1;
}

static int healthcheck(int argc, char **argv)
{
    static const char asked[] =
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    static const char good[] = "HTTP/1.1 200 ";
    char answer[sizeof good];
    struct config config;
    struct err err = {0};
    int code = read_config(&config, argc, argv);
    if (code != 0)
        return code;
    _cleanup_close_ int fd = listen_connect(config.listen, &err);
    if (fd < 0) {
        fprintf(stderr, "interleave: %s\n", err.text);
        return 1;
    }
    if (write_all(fd, asked, sizeof asked - 1) < 0 ||
        read_full(fd, answer, sizeof good - 1) != sizeof good - 1 ||
        memcmp(answer, good, sizeof good - 1) != 0) {
        fprintf(stderr, "interleave: %s does not answer well\n", config.listen);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    if (strcmp(command, "export") == 0)
        return export_command(argc - 2, argv + 2);
    if (strcmp(command, "import") == 0)
        return import_command(argc - 2, argv + 2);
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return usage(stdout);
    if (strcmp(command, "serve") == 0)
        return serve(argc - 2, argv + 2);
    if (strcmp(command, "healthcheck") == 0)
        return healthcheck(argc - 2, argv + 2);
    if (strcmp(command, "--version") == 0) {
        puts("interleave " VERSION);
        return 0;
    }
    return usage(stderr);
}

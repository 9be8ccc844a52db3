#include "sandbox/run_command.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/fd.h"
#include "sandbox/execute.h"
#include "sandbox/host/isolation.h"
#include "sandbox/host/supervisor.h"
#include "sandbox/table.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REPEAT_MAX   1000000u
#define OUTCOMES_MAX 64u
#define JSON_MAX     (32u << 20)
#define OUTPUT_MAX   (4u << 20)

enum exit_code { EXIT_FINE, EXIT_BAD_RUN, EXIT_USAGE, EXIT_NO_SANDBOX };

/* One way the runs of a repetition turned out. */
struct tally {
    char text[512];
    enum ended ended;
    enum outcome_class class;
    unsigned count;
};

struct run {
    struct job job;
    bool json;
    unsigned repeat;
    int trace_fd; /* -1: not wanted */
    int io_error; /* of the trace file */
    unsigned tiers;
    struct launcher *launcher;
    struct buf output;
    struct supervisor *supervisor; /* of the last run */
    struct report report;
    struct trace_explored *explored; /* of an exploration; NULL until it has said something */
    bool all_fine;
    struct tally tallies[OUTCOMES_MAX];
    unsigned tally_count;
};

static int complain(enum exit_code code, const char *what)
{
    fprintf(stderr, "interleave-runner: %s\n", what);
    return code;
}

/* ---- arguments ---- */

static int take_param(struct run *run, char *text, struct err *err)
{
    char *equals = strchr(text, '=');
    if (!equals)
        return err_set(err, EINVAL, "%s: must be name=value", text);
    *equals = '\0';
    return job_set(&run->job, text, equals + 1, err);
}

static int take_repeat(struct run *run, const char *text, struct err *err)
{
    char *end;
    unsigned long count = strtoul(text, &end, 10);
    if (*end || count < 1 || count > REPEAT_MAX || text[0] == '-')
        return err_set(err, EINVAL, "--repeat: must be 1 to %u, was %s", REPEAT_MAX, text);
    run->repeat = (unsigned)count;
    return 0;
}

static int take_schedule(struct run *run, const char *text, struct err *err)
{
    int r = schedule_parse(&run->job.schedule, text, err);
    return r < 0 ? err_wrap(err, "--schedule") : 0;
}

static int take_timing(struct run *run, const char *text, struct err *err)
{
    run->job.schedule.ignores_time = strcmp(text, "ignored") == 0;
    if (!run->job.schedule.ignores_time && strcmp(text, "virtual") != 0)
        return err_set(err, EINVAL, "--timing: must be virtual or ignored, was %s", text);
    return 0;
}

static int take_bound(struct run *run, int option, const char *text, struct err *err)
{
    uint64_t most = option == 'x' ? SCHEDULE_EXECUTIONS_MAX : SCHEDULE_SECONDS_MAX;
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (*end || number < 1 || number > most || text[0] == '-')
        return err_set(err, EINVAL, "--%s: must be 1 to %" PRIu64 ", was %s",
                       option == 'x' ? "max-executions" : "max-seconds", most, text);
    if (option == 'x')
        run->job.schedule.max_executions = number;
    else
        run->job.schedule.max_seconds = (unsigned)number;
    return 0;
}

static int take_isolation(struct run *run, const char *text, struct err *err)
{
    run->tiers = tiers_parse(text);
    return run->tiers
               ? 0
               : err_set(err, EINVAL, "--isolation: must be " TIERS_CHOICES ", was %s", text);
}

static int open_trace(struct run *run, const char *path, struct err *err)
{
    close_fd(&run->trace_fd);
    run->trace_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return run->trace_fd < 0 ? err_errno(err, errno, "--trace: %s", path) : 0;
}

static int take_option(struct run *run, int option, struct err *err)
{
    switch (option) {
    case 's':
        return take_schedule(run, optarg, err);
    case 'i':
        return take_timing(run, optarg, err);
    case 'w':
        return take_isolation(run, optarg, err);
    case 'x':
    case 'm':
        return take_bound(run, option, optarg, err);
    case 't':
        return open_trace(run, optarg, err);
    case 'j':
        run->json = true;
        return 0;
    case 'r':
        return take_repeat(run, optarg, err);
    default:
        return err_set(err, EINVAL, "bad option; see --help");
    }
}

static int take_arguments(struct run *run, int argc, char **argv, struct err *err)
{
    static const struct option options[] = {{"schedule", required_argument, NULL, 's'},
                                            {"timing", required_argument, NULL, 'i'},
                                            {"max-executions", required_argument, NULL, 'x'},
                                            {"max-seconds", required_argument, NULL, 'm'},
                                            {"trace", required_argument, NULL, 't'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"repeat", required_argument, NULL, 'r'},
                                            {"isolation", required_argument, NULL, 'w'},
                                            {0}};
    const char *isolation = getenv("INTERLEAVE_ISOLATION");
    int option, r = take_isolation(run, isolation && *isolation ? isolation : "auto", err);
    optind = 1;
    while (r == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        r = take_option(run, option, err);
    for (int i = optind; r == 0 && i < argc; i++)
        r = take_param(run, argv[i], err);
    return r == 0 ? execute_resolve(&run->job, err) : r;
}

/* ---- one run ---- */

static void on_output(void *context, const struct output_piece *piece)
{
    struct run *run = context;
    (void)buf_add(&run->output, piece->text, piece->length);
    if (!run->json && run->repeat == 1)
        (void)write_all(STDOUT_FILENO, piece->text, piece->length);
}

static void on_chunks(void *context, const void *bytes, size_t n)
{
    struct run *run = context;
    if (run->trace_fd >= 0 && run->io_error == 0)
        run->io_error = write_all(run->trace_fd, bytes, n);
}

/* It went through to its end and met something, and none of it is forbidden or no completion. */
static bool is_fine_search(const struct report *report, const struct trace_explored *explored)
{
    if (report->ended != ENDED_COMPLETED || !explored || !explored->over || explored->outcomes == 0)
        return false;
    for (uint32_t i = 0; i < explored->outcomes; i++)
        if (explored->found[i].ended != ENDED_COMPLETED ||
            explored->found[i].class == CLASS_FORBIDDEN)
            return false;
    return true;
}

/* What a search leaves beside its table is its last execution's. */
static void forget_last_execution(struct report *report)
{
    report->has_outcome = false;
    report->outcome[0] = '\0';
    report->outcome_class = CLASS_NONE;
    report->result = (struct trace_result){0};
    report->table = (struct trace_table){0};
}

static bool is_fine_run(const struct report *report)
{
    for (uint32_t i = 0; i < report->result.checks; i++)
        if (!report->result.check[i].held)
            return false;
    return (report->ended == ENDED_COMPLETED || report->ended == ENDED_STOPPED) &&
           report->outcome_class != CLASS_FORBIDDEN;
}

/* Takes over how it ended. */
static void take_report(struct run *run)
{
    run->report = *supervisor_report(run->supervisor);
    if (!schedule_is_search(run->job.schedule.mode)) {
        run->all_fine = run->all_fine && is_fine_run(&run->report);
        return;
    }
    run->all_fine = run->all_fine && is_fine_search(&run->report, run->explored);
    forget_last_execution(&run->report);
}

static void count_outcome(struct run *run)
{
    const struct report *report = &run->report;
    unsigned i = 0;
    while (i < run->tally_count && (run->tallies[i].ended != report->ended ||
                                    strcmp(run->tallies[i].text, report->outcome) != 0))
        i++;
    if (i == OUTCOMES_MAX)
        i--; /* the last entry takes in all that found no place */
    struct tally *tally = &run->tallies[i];
    if (i == run->tally_count) {
        run->tally_count++;
        tally->ended = report->ended;
        tally->class = report->outcome_class;
        memcpy(tally->text, report->outcome, sizeof tally->text);
    }
    tally->count++;
}

static void on_explored(void *context, const struct trace_explored *explored)
{
    struct run *run = context;
    if (!run->explored)
        run->explored = malloc(sizeof *explored);
    if (run->explored)
        memcpy(run->explored, explored, sizeof *explored);
}

static int run_once(struct run *run, struct err *err)
{
    const struct supervisor_hooks hooks = {
        .output = on_output, .chunks = on_chunks, .explored = on_explored};
    struct worker worker = WORKER_NONE;
    supervisor_free(run->supervisor);
    run->supervisor = NULL;
    int r = launcher_wait(run->launcher, &worker, err);
    if (r == 0)
        r = supervisor_new(&run->supervisor, &worker, &run->job, &LIMITS_DEFAULT, &hooks, run, err);
    if (r < 0)
        return r;
    struct pollfd wanted = {.fd = supervisor_fd(run->supervisor), .events = POLLIN};
    while (!supervisor_step(run->supervisor))
        (void)poll(&wanted, 1, -1);
    take_report(run);
    count_outcome(run);
    return 0;
}

/* ---- what is shown ---- */

static void show_schedule(const struct report_schedule *schedule)
{
    char problem[REPLAY_PROBLEM_BYTES];
    if (!schedule || !schedule->said.set)
        return;
    const struct trace_schedule *said = &schedule->said;
    fprintf(stderr, "%u steps, %u preemptions%s%s\n", said->steps, said->preemptions,
            said->token[0] ? ", token " : "", said->token);
    replay_problem_text(&said->problem, problem);
    if (problem[0])
        fprintf(stderr, "%s\n", problem);
}

static void show_run(const struct report *report)
{
    fprintf(stderr, "ended: %s", ended_text(report->ended));
    if (report->exit_signal)
        fprintf(stderr, " (signal %d, %s)", report->exit_signal, strsignal(report->exit_signal));
    else if (report->exit_code > 0)
        fprintf(stderr, " (exit code %d)", report->exit_code);
    if (report->has_outcome)
        fprintf(stderr, "\noutcome: %s (%s)", report->outcome,
                outcome_class_text(report->outcome_class));
    for (uint32_t i = 0; i < report->result.checks; i++) {
        const struct trace_check *check = &report->result.check[i];
        fprintf(stderr, "\ncheck %s: %s (expected %s, was %s)", check->name,
                check->held ? "held" : "NOT HELD", check->expected, check->actual);
    }
    for (size_t i = 0; i < report->wait_count; i++)
        fprintf(stderr, "\n%s waits for %s, held by %s", report->waits[i].task,
                report->waits[i].object,
                report->waits[i].holder[0] ? report->waits[i].holder : "nobody");
    fprintf(stderr,
            "\n%u tasks, %" PRIu64 " events (%" PRIu64 " dropped), %.3f ms; started after %.3f ms, "
            "all gone after %.3f ms\n",
            report->counts.tasks, report->counts.events, report->counts.dropped,
            (double)report->wall_ns / 1e6, (double)report->start_ns / 1e6,
            (double)report->reaped_ns / 1e6);
    show_schedule(report->schedule);
}

static void show_explored(const struct trace_explored *explored)
{
    for (uint32_t i = 0; i < explored->outcomes; i++) {
        const struct trace_found *found = &explored->found[i];
        printf("%10" PRIu64 "  %-13s %s%s%s  (%u preemptions: %s)\n", found->count,
               ended_text(found->ended), found->outcome, found->class ? "  " : "",
               outcome_class_text(found->class), found->preemptions, found->token);
    }
    printf("%10" PRIu64 "  executions, %" PRIu64 " given up, %" PRIu64 " cut, %" PRIu64
           " steps: %s\n",
           explored->executions, explored->blocked, explored->cut, explored->steps,
           explored->complete ? "complete" : "not complete");
}

static void show_tallies(const struct run *run)
{
    for (unsigned i = 0; i < run->tally_count; i++)
        printf("%8u  %5.1f %%  %-13s %s%s%s\n", run->tallies[i].count,
               100.0 * run->tallies[i].count / run->repeat, ended_text(run->tallies[i].ended),
               run->tallies[i].text, run->tallies[i].class ? "  " : "",
               outcome_class_text(run->tallies[i].class));
}

static void write_setup(const struct run *run, struct jsonw *json)
{
    const struct scenario *scenario = scenario_find(run->job.scenario)->scenario;
    jsonw_put_string(json, "scenario", run->job.scenario);
    jsonw_name(json, "params");
    jsonw_open(json, '{');
    for (unsigned i = 0; i < run->job.param_count; i++) {
        const struct param *param = scenario_param(scenario, run->job.params[i].name);
        struct param_value value;
        jsonw_name(json, param->name);
        if (param_parse(param, run->job.params[i].value, &value, NULL) == 0)
            param_write(param, &value, json);
        else
            jsonw_null(json);
    }
    jsonw_close(json, '}');
    jsonw_name(json, "schedule");
    schedule_write(&run->job.schedule, run->report.schedule, json);
}

/* The table of an exploration, with what the server's experiments call its members. */
static void write_explored(const struct trace_explored *explored, struct jsonw *json)
{
    jsonw_open(json, '{');
    jsonw_put_bool(json, "complete", explored->complete);
    jsonw_put_integer(json, "schedules", (int64_t)explored->executions);
    jsonw_put_integer(json, "blocked", (int64_t)explored->blocked);
    jsonw_put_integer(json, "cut", (int64_t)explored->cut);
    jsonw_put_integer(json, "steps", (int64_t)explored->steps);
    jsonw_name(json, "outcomes");
    jsonw_open(json, '[');
    for (uint32_t i = 0; i < explored->outcomes; i++) {
        const struct trace_found *found = &explored->found[i];
        jsonw_open(json, '{');
        jsonw_put_string(json, "text", found->outcome);
        jsonw_put_string(json, "class", outcome_class_text(found->class));
        jsonw_put_integer(json, "rule", found->rule);
        jsonw_put_string(json, "ended", ended_text(found->ended));
        jsonw_put_integer(json, "count", (int64_t)found->count);
        jsonw_put_integer(json, "first", (int64_t)found->first);
        jsonw_put_integer(json, "preemptions", found->preemptions);
        jsonw_put_string(json, "token", found->token);
        jsonw_close(json, '}');
    }
    jsonw_close(json, ']');
    jsonw_close(json, '}');
}

static int show_json(const struct run *run)
{
    _cleanup_buf_ struct buf text = BUF_INIT(JSON_MAX);
    struct jsonw json = JSONW(&text);
    jsonw_open(&json, '{');
    write_setup(run, &json);
    report_write(&run->report, &json);
    if (run->explored) {
        jsonw_name(&json, "explored");
        write_explored(run->explored, &json);
    }
    jsonw_name(&json, "output");
    jsonw_string_n(&json, buf_text(&run->output), run->output.len);
    jsonw_name(&json, "isolation");
    isolation_write(launcher_isolation(run->launcher), &json);
    jsonw_close(&json, '}');
    (void)buf_adds(&text, "\n");
    return buf_error(&text) ? buf_error(&text) : write_all(STDOUT_FILENO, text.data, text.len);
}

static int run_all(struct run *run)
{
    struct err err = {0};
    const struct launcher_options options = {
        .runner = "/proc/self/exe", .pool = run->repeat > 1 ? 4 : 1, .limits = LIMITS_DEFAULT};
    struct err weaker = {0};
    if (isolation_choose(&run->launcher, &options, run->tiers, &weaker, &err) < 0)
        return complain(EXIT_NO_SANDBOX, err.text);
    if (weaker.code)
        fprintf(stderr, "the sandbox is reduced: %s\n", weaker.text);
    for (unsigned i = 0; i < run->repeat; i++) {
        buf_clear(&run->output);
        if (run_once(run, &err) < 0)
            return complain(EXIT_NO_SANDBOX, err.text);
        if (run->json && show_json(run) < 0)
            return complain(EXIT_BAD_RUN, "the result could not be written");
    }
    if (run->io_error < 0)
        return complain(EXIT_BAD_RUN, "the trace could not be written");
    if (!run->json && run->explored)
        show_explored(run->explored);
    else if (!run->json && run->repeat == 1)
        show_run(&run->report);
    if (!run->json && run->repeat > 1)
        show_tallies(run);
    return run->all_fine ? EXIT_FINE : EXIT_BAD_RUN;
}

int run_command(int argc, char **argv)
{
    struct err err = {0};
    if (argc < 1 || argv[0][0] == '-')
        return complain(EXIT_USAGE, "run: which scenario? (see list)");
    if (!scenario_find(argv[0]))
        return complain(EXIT_USAGE, "run: no such scenario (see list)");
    _cleanup_free_ struct run *run = calloc(1, sizeof *run);
    if (!run)
        return complain(EXIT_NO_SANDBOX, strerror(ENOMEM));
    run->repeat = 1;
    run->trace_fd = -1;
    run->all_fine = true;
    run->output = BUF_INIT(OUTPUT_MAX);
    job_init(&run->job, argv[0]);
    signal(SIGPIPE, SIG_IGN);
    int code =
        take_arguments(run, argc, argv, &err) < 0 ? complain(EXIT_USAGE, err.text) : run_all(run);
    supervisor_free(run->supervisor);
    launcher_free(run->launcher);
    free(run->explored);
    buf_release(&run->output);
    close_fd(&run->trace_fd);
    return code;
}

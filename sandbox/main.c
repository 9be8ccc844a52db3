/* interleave-runner: the sandbox and the scenarios as a program of their own. */
#include "sandbox/base/buf.h"
#include "sandbox/base/fd.h"
#include "sandbox/catalogue.h"
#include "sandbox/jail.h"
#include "sandbox/run_command.h"
#include "sandbox/spawner.h"
#include "sandbox/table.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION       "1"
#define CATALOGUE_MAX (16u << 20)

#if JAIL_SANITIZED
/* A crash ends a run with its signal, as it does without a sanitizer, and a run that calls exit()
 * is not held up by a search for leaks, which needs files. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:leak_check_at_exit=0";
}
#endif

static int usage(FILE *file, int code)
{
    fputs(
        "interleave-runner: runs concurrency scenarios in a sandbox\n"
        "\n"
        "  interleave-runner list [--json]             the scenarios\n"
        "  interleave-runner describe ID [--json]      what one does, and its parameters\n"
        "  interleave-runner run ID [name=value …]     run it\n"
        "      --schedule HOW        who runs when:\n"
        "          free              the kernel decides (the default)\n"
        "          random:SEED       at every operation any task that can go on\n"
        "          pct:SEED:DEPTH    priorities that change at DEPTH - 1 places\n"
        "          round-robin       the tasks in turn, an operation each\n"
        "          replay:TOKEN      what a token says\n"
        "          explore[:BOUND]   every order there is, or all with up to BOUND preemptions\n"
        "          shrink:TOKEN      the same outcome with as few preemptions as lead to it\n"
        "      --timing HOW          unless free: virtual (the default), or ignored: a sleep\n"
        "                            takes as long as it likes\n"
        "      --max-executions N    explore, shrink: give up after so many\n"
        "      --max-seconds N       explore, shrink: give up after so long\n"
        "      --trace FILE          write the trace, in its binary format\n"
        "      --json                print the whole result as JSON\n"
        "      --repeat N            run it N times and count the outcomes (with --json: a "
        "line each)\n"
        "      --isolation HOW       auto (the default: the strongest there is), full or reduced;\n"
        "                            also INTERLEAVE_ISOLATION\n"
        "  interleave-runner --help | --version\n"
        "\n"
        "Exit code of run: 0 fine; 1 the run did not complete, a check did not hold or the\n"
        "outcome is forbidden, with explore and shrink: an outcome found is forbidden or no\n"
        "completion, none was found, or the search came to no end; 2 bad usage; 3 the sandbox\n"
        "cannot be set up here.\n",
        file);
    return code;
}

static int list_command(int argc, char **argv)
{
    if (argc == 1 && strcmp(argv[0], "--json") == 0) {
        _cleanup_buf_ struct buf text = BUF_INIT(CATALOGUE_MAX);
        return catalogue_write(&text) < 0 || puts(buf_text(&text)) < 0;
    }
    if (argc > 0)
        return usage(stderr, 2);
    for (size_t i = 0; i < scenario_count(); i++) {
        const struct scenario *scenario = scenario_at(i)->scenario;
        printf("%-28s %s\n", scenario->id, scenario->title.en);
    }
    return 0;
}

static void show_param(const struct param *param)
{
    printf("  %-16s %s, default %s", param->name, param_type_text(param->type), param->fallback);
    if (param->type == PARAM_INTEGER || param->type == PARAM_NUMBER ||
        param->type == PARAM_INTEGER_LIST)
        printf(", %g to %g", param->minimum, param->maximum);
    for (const struct choice *choice = param->choices; choice && choice->value; choice++)
        printf("%s%s", choice == param->choices ? ": " : ", ", choice->value);
    printf("\n  %-16s %s\n", "", param->help.en);
}

static int show_scenario(const struct scenario *scenario)
{
    const struct param *params[PARAMS_MAX];
    size_t count = scenario_params(scenario, params);
    printf("%s: %s\n\n%s\n\n%s\n\nParameters\n", scenario->id, scenario->title.en,
           scenario->summary.en, scenario->lesson.en);
    for (size_t i = 0; i < count; i++)
        show_param(params[i]);
    return 0;
}

static int describe_command(int argc, char **argv)
{
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc < 1 || (argc > 1 && !json))
        return usage(stderr, 2);
    const struct scenario_entry *entry = scenario_find(argv[0]);
    if (!entry) {
        fprintf(stderr, "interleave-runner: no scenario is called %s (see list)\n", argv[0]);
        return 2;
    }
    if (!json)
        return show_scenario(entry->scenario);
    _cleanup_buf_ struct buf text = BUF_INIT(CATALOGUE_MAX);
    if (catalogue_describe(entry, &text) < 0 || buf_adds(&text, "\n") < 0 ||
        write_all(STDOUT_FILENO, text.data, text.len) < 0)
        return 1;
    return 0;
}

/* Internal: what the launcher starts (see spawner.h). */
static int spawn_command(int argc, char **argv)
{
    static const struct option options[] = {{"socket", required_argument, NULL, 's'},
                                            {"tasks", required_argument, NULL, 't'},
                                            {"memory", required_argument, NULL, 'm'},
                                            {"cpu", required_argument, NULL, 'c'},
                                            {"without", required_argument, NULL, 'w'},
                                            {"tier", required_argument, NULL, 'i'},
                                            {0}};
    struct limits limits = LIMITS_DEFAULT;
    const char *without = NULL;
    enum tier tier = TIER_FULL;
    int option, socket = -1;
    optind = 0;
    /* argv starts at the first option; getopt skips argv[0]. */
    while ((option = getopt_long(argc + 1, argv - 1, "", options, NULL)) != -1) {
        if (option == 's')
            socket = atoi(optarg);
        else if (option == 't')
            limits.tasks = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 'm')
            limits.memory_bytes = strtoull(optarg, NULL, 10);
        else if (option == 'c')
            limits.cpu_seconds = strtoull(optarg, NULL, 10);
        else if (option == 'w')
            without = optarg;
        else if (option != 'i' || (tier = tier_parse(optarg)) == TIER_COUNT)
            return 2;
    }
    /* No exit handlers: a leak checker would look for files in the empty root. */
    _exit(socket < 0 ? 2 : spawner_serve(socket, tier, &limits, without));
}

static int help_command(int argc, char **argv)
{
    (void)argc, (void)argv;
    return usage(stdout, 0);
}

static int version_command(int argc, char **argv)
{
    (void)argc, (void)argv;
    puts("interleave-runner " VERSION);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*command)(int argc, char **argv);
    } commands[] = {
        {"list", list_command},   {"describe", describe_command}, {"run", run_command},
        {"spawn", spawn_command}, {"--help", help_command},       {"--version", version_command},
    };
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].command(argc - 2, argv + 2);
    if (argc > 1)
        fprintf(stderr, "interleave-runner: no command is called %s\n\n", argv[1]);
    return usage(stderr, 2);
}

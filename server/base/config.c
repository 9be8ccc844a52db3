#include "server/base/config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, COUNT, SIZE, DURATION, QUOTA, LEVEL, FORMAT, TIERS, LEAST };

struct option {
    const char *name;
    enum kind kind;
    size_t offset;
    uint64_t minimum, maximum;
    const char *fallback; /* NULL: none */
    const char *value;    /* what the help calls it */
    const char *help;
};

#define AT(member) offsetof(struct config, member)
#define SECOND     UINT64_C(1000000000)
#define DAY        (86400 * SECOND)
#define MIB        (UINT64_C(1) << 20)

static const struct option options[] = {
    {"listen", TEXT, AT(listen), 1, 255, "127.0.0.1:8080", "ADDRESS:PORT",
     "where to serve; port 0 takes a free one, [::1]:8080 is IPv6"},
    {"database", TEXT, AT(database), 1, 4096, "data/interleave.db", "FILE",
     "the SQLite database, made when it is not there"},
    {"runner", TEXT, AT(runner), 1, 4096, NULL, "FILE",
     "interleave-runner (default: beside this program)"},
    {"web", TEXT, AT(web), 1, 4096, NULL, "DIRECTORY",
     "the built pages (default: web beside this program)"},
    {"reference", TEXT, AT(reference), 1, 4096, NULL, "FILE",
     "figures of CPython on this machine, as `make bench-python` writes them"},
    {"admin-token", TEXT, AT(admin_token), 16, 256, NULL, "TOKEN",
     "bearer token that may delete any run; better given in the environment"},
    {"workers", COUNT, AT(workers), 0, 256, "0", "N", "runs at once; 0 means one a core"},
    {"pool", COUNT, AT(pool), 1, 16, "4", "N", "sealed workers kept waiting"},
    {"queue", COUNT, AT(queue), 1, 100000, "4096", "N",
     "most runs that wait; beyond it the answer is 503"},
    {"client-queue", COUNT, AT(queue_of_one), 1, 100000, "64", "N",
     "most runs of one client that wait; beyond it the answer is 429"},
    {"experiment-workers", COUNT, AT(benches), 0, 256, "0", "N",
     "steps of experiments at once, beside the runs; 0 means one a core but one, at least one"},
    {"experiments", COUNT, AT(experiments), 1, 10000, "64", "N",
     "most experiments that run or wait; beyond it the answer is 503"},
    {"connections", COUNT, AT(connections), 16, 100000, "4096", "N",
     "most open connections, a quarter of them of one address; beyond it they are refused"},
    {"wall-limit", DURATION, AT(limits.wall_ns), SECOND / 100, 600 * SECOND, "20", "SECONDS",
     "most time a run may take"},
    {"output-limit", SIZE, AT(limits.output_bytes), 1024, 64 * MIB, "1M", "BYTES",
     "most bytes a run may print"},
    {"task-limit", COUNT, AT(limits.tasks), 2, 256, "80", "N",
     "most processes and threads of a run at once"},
    {"memory-limit", SIZE, AT(limits.memory_bytes), 96 * MIB, 65536 * MIB, "256M", "BYTES",
     "most address space of one process of a run"},
    {"run-memory-limit", SIZE, AT(limits.run_bytes), 32 * MIB, 65536 * MIB, "256M", "BYTES",
     "most memory all processes of a run use together"},
    {"body-limit", SIZE, AT(body_bytes), 1024, 16 * MIB, "64K", "BYTES",
     "most bytes of a request's body"},
    {"answer-limit", SIZE, AT(answer_bytes), MIB, 65536 * MIB, "128M", "BYTES",
     "most bytes in large answers that are not read yet, a quarter of one address; beyond it the "
     "answer is 503"},
    {"retention", DURATION, AT(retention_ns), 0, 36500 * DAY, "2592000", "SECONDS",
     "runs and experiments that nobody keeps go after this; 0: never"},
    {"workshop-retention", DURATION, AT(workshops_ns), 0, 36500 * DAY, "15552000", "SECONDS",
     "workshops go, with their runs, this long after the last one; 0: never"},
    {"disk-limit", SIZE, AT(disk_bytes), 0, UINT64_C(1) << 50, "4G", "BYTES",
     "when the database holds more, the oldest runs and experiments that nobody keeps go; three in "
     "four of it are for what is kept; 0: no limit"},
    {"client-limit", QUOTA, AT(rates[RATE_CLIENT]), 0, 0, "600/30", "REQUESTS/SECONDS",
     "POSTs of one client: so many at once, which come back over so many seconds; 0: no limit"},
    {"address-limit", QUOTA, AT(rates[RATE_ADDRESS]), 0, 0, "6000/30", "REQUESTS/SECONDS",
     "POSTs of all clients of one address; 0: no limit"},
    {"read-limit", QUOTA, AT(rates[RATE_READS]), 0, 0, "60000/30", "REQUESTS/SECONDS",
     "all other requests of one address; 0: no limit"},
    {"trusted-proxy", TEXT, AT(trusted_proxy), 1, 4096, NULL, "NETWORK[,NETWORK]",
     "proxies whose X-Forwarded-For, -Proto and -Host are believed, as 10.0.0.0/8 or fd00::1"},
    {"cors-origins", TEXT, AT(cors_origins), 1, 8192, NULL, "ORIGIN[,ORIGIN]",
     "origins whose pages may use the API, as https://example.org; * is all, without their "
     "session"},
    {"isolation", TIERS, AT(tiers), 0, 0, "auto", "TIER",
     "auto (the strongest this machine allows), full or reduced"},
    {"require-isolation", LEAST, AT(least), 0, 0, "any", "TIER",
     "any, or full, without which it does not start"},
    {"log-level", LEVEL, AT(log_level), 0, 0, "info", "LEVEL", "error, warning, info or debug"},
    {"log-format", FORMAT, AT(log_format), 0, 0, "text", "FORMAT", "text (logfmt) or json"},
};
enum { OPTION_COUNT = sizeof options / sizeof options[0] };

static void environment_name(const struct option *option, char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, "INTERLEAVE_%s", option->name);
    for (size_t i = 0; i < n; i++)
        out[i] = (char)(out[i] == '-' ? '_' : toupper((unsigned char)out[i]));
}

/* Digits with K, M or G behind them for a size, with a fraction for a duration. */
static bool parse_amount(const struct option *option, const char *text, uint64_t *ret)
{
    char *end;
    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    if (option->kind == DURATION) {
        double seconds = strtod(text, &end);
        *ret = seconds < 1e9 ? (uint64_t)(seconds * (double)SECOND) : UINT64_MAX;
        return *end == '\0' && errno == 0;
    }
    uint64_t n = strtoull(text, &end, 10);
    static const char units[] = "KMG";
    const char *unit =
        option->kind == SIZE && *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
    if (unit) {
        unsigned shift = 10 * (unsigned)(unit - units + 1);
        if (n > UINT64_MAX >> shift)
            return false;
        n <<= shift;
        end++;
    }
    *ret = n;
    return *end == '\0' && errno == 0;
}

static int bad_amount(const struct option *option, const char *text, struct err *err)
{
    if (option->kind == DURATION)
        return err_set(err, EINVAL, "--%s must be %g to %g seconds, was \"%s\"", option->name,
                       (double)option->minimum / 1e9, (double)option->maximum / 1e9, text);
    return err_set(err, EINVAL, "--%s must be %" PRIu64 " to %" PRIu64 "%s, was \"%s\"",
                   option->name, option->minimum, option->maximum,
                   option->kind == SIZE ? " bytes (K, M and G are understood)" : "", text);
}

static int store_amount(struct config *config, const struct option *option, const char *text,
                        struct err *err)
{
    uint64_t amount;
    if (!parse_amount(option, text, &amount) || amount < option->minimum ||
        amount > option->maximum)
        return bad_amount(option, text, err);
    char *at = (char *)config + option->offset;
    if (option->offset == AT(limits.tasks))
        *(uint32_t *)at = (uint32_t)amount;
    else
        *(uint64_t *)at = amount;
    return 0;
}

static bool parse_quota(const char *text, struct quota *ret)
{
    char *end;
    *ret = (struct quota){.seconds = 1};
    if (strcmp(text, "0") == 0)
        return true;
    if (!isdigit((unsigned char)text[0]))
        return false;
    ret->requests = strtoull(text, &end, 10);
    if (*end != '/' || !isdigit((unsigned char)end[1]))
        return false;
    ret->seconds = strtoull(end + 1, &end, 10);
    return *end == '\0' && ret->requests >= 1 && ret->requests <= QUOTA_REQUESTS_MAX &&
           ret->seconds >= 1 && ret->seconds <= QUOTA_SECONDS_MAX;
}

static int store_quota(struct quota *at, const struct option *option, const char *text,
                       struct err *err)
{
    struct quota quota;
    if (!parse_quota(text, &quota))
        return err_set(err, EINVAL,
                       "--%s must be 0 or REQUESTS/SECONDS, 1 to %d requests in 1 to %d seconds, "
                       "was \"%s\"",
                       option->name, QUOTA_REQUESTS_MAX, QUOTA_SECONDS_MAX, text);
    *at = quota;
    return 0;
}

/* The tiers that are at least that. */
static int parse_least(const char *text)
{
    if (strcmp(text, "full") == 0)
        return TIER_BIT(TIER_FULL);
    return strcmp(text, "any") == 0 ? (int)TIERS_ALL : -1;
}

/* What a word means, or less than 0. */
static int parse_word(enum kind kind, const char *text)
{
    unsigned tiers = kind == TIERS ? tiers_parse(text) : 0;
    switch (kind) {
    case LEVEL:
        return log_level_parse(text);
    case FORMAT:
        return log_format_parse(text);
    case TIERS:
        return tiers ? (int)tiers : -1;
    case LEAST:
        return parse_least(text);
    case TEXT:
    case COUNT:
    case SIZE:
    case DURATION:
    case QUOTA:
        break;
    }
    return -1;
}

static bool is_word(enum kind kind)
{
    return kind == LEVEL || kind == FORMAT || kind == TIERS || kind == LEAST;
}

static int store(struct config *config, const struct option *option, const char *text,
                 struct err *err)
{
    char *at = (char *)config + option->offset;
    if (is_word(option->kind)) {
        int word = parse_word(option->kind, text);
        if (word < 0)
            return err_set(err, EINVAL, "--%s must be %s, was \"%s\"", option->name, option->help,
                           text);
        *(uint64_t *)at = (uint64_t)word;
        return 0;
    }
    if (option->kind == QUOTA)
        return store_quota((struct quota *)at, option, text, err);
    if (option->kind != TEXT)
        return store_amount(config, option, text, err);
    size_t n = strlen(text);
    if (n < option->minimum || n > option->maximum)
        return err_set(err, EINVAL, "--%s must be %" PRIu64 " to %" PRIu64 " characters long",
                       option->name, option->minimum, option->maximum);
    *(const char **)at = text;
    return 0;
}

static const struct option *find(const char *name, size_t n)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strlen(options[i].name) == n && memcmp(options[i].name, name, n) == 0)
            return &options[i];
    return NULL;
}

static int read_environment(struct config *config, struct err *err)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        char name[64];
        environment_name(&options[i], name, sizeof name);
        const char *text = getenv(name);
        if (text && *text && store(config, &options[i], text, err) < 0)
            return err_wrap(err, "%s", name);
    }
    return 0;
}

static int read_arguments(struct config *config, int argc, char **argv, struct err *err)
{
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0)
            return err_set(err, EINVAL, "\"%s\" is not an option; options start with --", argv[i]);
        const char *name = argv[i] + 2;
        size_t n = strcspn(name, "=");
        const struct option *option = find(name, n);
        if (!option)
            return err_set(err, EINVAL, "there is no option \"%.*s\"; --help lists them",
                           (int)n + 2, argv[i]);
        const char *text = name[n] == '=' ? name + n + 1 : argv[++i];
        if (!text)
            return err_set(err, EINVAL, "--%s needs a value: %s", option->name, option->value);
        int r = store(config, option, text, err);
        if (r < 0)
            return r;
    }
    return 0;
}

int config_read(struct config *ret, int argc, char **argv, struct err *err)
{
    struct config config = {.limits = LIMITS_DEFAULT};
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (options[i].fallback) {
            int r = store(&config, &options[i], options[i].fallback, err);
            if (r < 0)
                return r;
        }
    int r = read_environment(&config, err);
    if (r == 0)
        r = read_arguments(&config, argc, argv, err);
    /*
     * Processor time is a second fence behind wall time: a task that spins meets the wall first. A
     * worker waits for its job behind that fence, and the job may be an exploration.
     */
    uint64_t seconds = 2 * (config.limits.wall_ns / SECOND) + 1;
    if (config.limits.cpu_seconds < seconds)
        config.limits.cpu_seconds = seconds;
    if (r == 0)
        *ret = config;
    return r;
}

uint64_t config_kept_bytes(const struct config *config)
{
    return config->disk_bytes / 4 * 3;
}

void config_help(FILE *out)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &options[i];
        char name[64];
        environment_name(o, name, sizeof name);
        fprintf(out, "  --%s %s\n        %s%s%s%s\n        %s\n", o->name, o->value, o->help,
                o->fallback ? " (default " : "", o->fallback ? o->fallback : "",
                o->fallback ? ")" : "", name);
    }
}

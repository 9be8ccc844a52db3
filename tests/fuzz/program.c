#include "tests/fuzz/program.h"

#include "sandbox/host/launcher.h"
#include "tests/fuzz/fuzz.h"

const char *program_runner(void)
{
    const char *named = getenv("INTERLEAVE_RUNNER");
    return named ? named : "build/interleave-runner";
}

static struct catalog *read_catalog(void)
{
    char runner[4096];
    const struct launcher_options options = {
        .runner = realpath(program_runner(), runner), .pool = 1, .limits = LIMITS_DEFAULT};
    struct launcher *launcher;
    struct catalog *catalog;
    struct err err = {0};
    size_t n;
    if (launcher_new(&launcher, &options, &err) < 0) {
        fprintf(stderr, "%s: %s\n", program_runner(), err.text);
        exit(1);
    }
    const char *text = launcher_catalogue(launcher, &n);
    check(catalog_new(&catalog, text, n, NULL, NULL) == 0);
    launcher_free(launcher);
    return catalog;
}

const struct catalog *program_catalog(void)
{
    static struct catalog *catalog;
    if (!catalog)
        catalog = read_catalog();
    return catalog;
}

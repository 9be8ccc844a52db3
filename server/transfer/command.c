#include "server/transfer/command.h"

#include "sandbox/base/clock.h"
#include "sandbox/base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAID_MAX = 4096 };

static const struct command_option *find(const struct command_option *options, const char *name)
{
    while (options->name && strcmp(options->name, name) != 0)
        options++;
    return options->name ? options : NULL;
}

int command_read(const struct command_option *options, struct config *config, int argc, char **argv,
                 int *ret_count, struct err *err)
{
    char **servers = calloc((size_t)argc + 1, sizeof *servers);
    int server = 0, rest = 0, r = servers ? 0 : err_errno(err, ENOMEM, "command line");
    for (int i = 0; r == 0 && i < argc; i++) {
        const struct command_option *own = find(options, argv[i]);
        bool dashes = strncmp(argv[i], "--", 2) == 0;
        if (own && own->given)
            *own->given = true;
        if (own && own->value && !(*own->value = argv[++i]))
            r = err_set(err, EINVAL, "%s needs a value", own->name);
        else if (!own && dashes) {
            servers[server++] = argv[i];
            if (!strchr(argv[i], '=') && i + 1 < argc)
                servers[server++] = argv[++i];
        } else if (!own)
            argv[rest++] = argv[i];
    }
    if (r == 0)
        r = config_read(config, server, servers, err);
    free(servers);
    *ret_count = rest;
    return r;
}

void command_say(const char *format, ...)
{
    char text[SAID_MAX], clean[SAID_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    utf8_clean(clean, sizeof clean, text, strlen(text));
    fprintf(stderr, "interleave: %s\n", clean);
}

bool command_due(uint64_t *next_ns)
{
    uint64_t now = clock_ns();
    bool due = *next_ns && now >= *next_ns;
    if (due || !*next_ns)
        *next_ns = now + 1000000000;
    return due;
}

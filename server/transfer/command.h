/* What `export` and `import` share: their command line, and telling how far they are. */
#ifndef TRANSFER_COMMAND_H
#define TRANSFER_COMMAND_H

#include "server/base/config.h"

#include <stdbool.h>

/* How a command ends. */
enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1, /* not all of it could be done */
    EXIT_USAGE = 2,  /* the command line is wrong; nothing was done */
    EXIT_PARTLY = 3, /* all of it but what was refused or not there */
};

/* An option of the command's own. Those of the server (--database, …) are understood besides. */
struct command_option {
    const char *name;   /* with its dashes; NULL: the last one */
    const char **value; /* where the value goes, or NULL: it has none */
    bool *given;        /* set when it is there, or NULL */
};

/*
 * Reads the command line: own options, the server's into config, and the rest, in order, into
 * argv[0 … *ret_count - 1]. Returns 0 or -EINVAL with the reason.
 */
int command_read(const struct command_option *options, struct config *config, int argc, char **argv,
                 int *ret_count, struct err *err);

/* "interleave: " and a line on standard error. */
void command_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* When a progress line is due, at most one a second; 0 is due in a second. */
bool command_due(uint64_t *next_ns);

#endif

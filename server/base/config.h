/*
 * The settings of the server: one table of options, each a flag of the command line and an
 * environment variable. Read once before any thread starts, constant afterwards.
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include "sandbox/base/err.h"
#include "sandbox/proto/limits.h"
#include "sandbox/proto/tier.h"
#include "server/base/log.h"
#include "server/base/rate.h"

#include <stdint.h>
#include <stdio.h>

/* Texts live as long as argv and the environment. */
struct config {
    const char *listen;        /* ADDRESS:PORT */
    const char *database;      /* file */
    const char *runner;        /* NULL: beside this program */
    const char *web;           /* NULL: "web" beside this program */
    const char *reference;     /* NULL: there are no figures of a peer */
    const char *admin_token;   /* NULL: there is no admin */
    const char *trusted_proxy; /* networks; NULL: none */
    const char *cors_origins;  /* NULL: none */
    uint64_t workers;          /* runs at once; 0: as many as cores */
    uint64_t pool;             /* sealed workers kept waiting */
    uint64_t queue;            /* most runs that wait for a worker */
    uint64_t queue_of_one;     /* most of them of one client */
    uint64_t benches;          /* steps of experiments at once; 0: one a core but one */
    uint64_t experiments;      /* most that are alive */
    uint64_t connections;      /* most open connections */
    uint64_t body_bytes;       /* most bytes of a request's body */
    uint64_t answer_bytes;     /* most in large answers that are being sent */
    uint64_t retention_ns;     /* of runs and experiments that nobody keeps; 0: for ever */
    uint64_t workshops_ns;     /* of workshops after their last run; 0: for ever */
    uint64_t disk_bytes;       /* of the database, before runs that nobody keeps go; 0: any */
    uint64_t tiers;            /* of the sandbox, to choose from (proto/tier.h) */
    uint64_t least;            /* of them, which will do */
    uint64_t log_level;        /* enum log_level */
    uint64_t log_format;       /* enum log_format */
    struct quota rates[RATE_KIND_COUNT];
    struct limits limits; /* of a run */
};

/*
 * Fills config from defaults, environment and arguments, in rising order of strength. argv starts
 * after the command's name. Returns 0, or -EINVAL with a sentence that names the option and says
 * what it wants.
 */
int config_read(struct config *ret, int argc, char **argv, struct err *err);

/* How many of disk_bytes are for what is kept; 0: any. */
uint64_t config_kept_bytes(const struct config *config);

/* Prints every option with its environment variable, default and meaning. */
void config_help(FILE *out);

#endif

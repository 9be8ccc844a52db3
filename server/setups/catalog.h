/*
 * The scenarios, as the runner described them at start: ready-made JSON for the API and parameter
 * lists for the one checker in sandbox/proto/params.h. Constant once made; any thread reads it.
 */
#ifndef SETUPS_CATALOG_H
#define SETUPS_CATALOG_H

#include "sandbox/proto/job.h"
#include "server/base/json.h"

struct catalog;

enum { SCHEDULES_MAX = 8 };

struct scenario_info {
    const char *id;
    const char *family;
    const char *source; /* text of the C file */
    const char *schedules[SCHEDULES_MAX + 1];
    bool explorable;
    struct param *params; /* ends with a nameless one */
    struct buf search;    /* id, titles, summary, lesson, Python program in lower case */
    struct buf brief;     /* JSON for the list */
    struct buf detail;    /* JSON of the one */
};

/*
 * Reads a JSON array of scenarios. `reference` is NULL or a peer's figures for the rows of their
 * tables: {"name": "CPython 3.11", "scenarios": {id: {row: {column: number}}}, "params": {id:
 * {name: value}}}, where params are those of the runs that the figures are for; only read here.
 * Returns 0 or -errno; a catalogue without scenarios is refused.
 */
int catalog_new(struct catalog **ret, const char *json, size_t n, const struct doc *reference,
                struct err *err);
void catalog_free(struct catalog *catalog);

size_t catalog_count(const struct catalog *catalog);
const struct scenario_info *catalog_at(const struct catalog *catalog, size_t i);
const struct scenario_info *catalog_find(const struct catalog *catalog, const char *id);

/* Whether text (any case) occurs in what the scenario says about itself. */
bool scenario_matches(const struct scenario_info *scenario, const char *text);

/* The parameters of a job that is checked and complete, as a JSON object; NULL without memory. */
char *scenario_params_json(const struct scenario_info *scenario, const struct job *job);

bool scenario_has_schedule(const struct scenario_info *scenario, const char *mode);

#endif

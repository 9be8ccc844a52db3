/* The scenarios as JSON, as the API gives them; what the runner tells the server at start. */
#ifndef SANDBOX_CATALOGUE_H
#define SANDBOX_CATALOGUE_H

#include "sandbox/base/buf.h"
#include "sandbox/table.h"

/*
 * One scenario: id, family, number, title, summary, lesson, concepts, chart, params (own and
 * common), schedules, explorable, python, outcomes, checks, source. Returns 0 or out's error.
 */
int catalogue_describe(const struct scenario_entry *entry, struct buf *out);

/* All of them as an array. */
int catalogue_write(struct buf *out);

#endif

/*
 * Who waits for whom at the end of a run, as a sentence a person reads: the tasks that wait for
 * each other in a circle first, if there are such, then the others.
 */
#ifndef HOST_EXPLAIN_H
#define HOST_EXPLAIN_H

#include "sandbox/host/report.h"

/* Writes the member "explanation": {"en", "zh"}, or nothing when nobody waits and
 * nobody was interrupted. */
void explanation_write(const struct report *report, struct jsonw *json);

#endif

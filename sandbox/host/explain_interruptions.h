/* Why a controlled run ended as it did: which task was interrupted where, and what came between. */
#ifndef HOST_EXPLAIN_INTERRUPTIONS_H
#define HOST_EXPLAIN_INTERRUPTIONS_H

#include "sandbox/host/report.h"

/*
 * Writes the member "explanation": {"en", "zh"}, a sentence for each preemption, of a run with few
 * of them; or nothing.
 */
void explain_interruptions(const struct report *report, struct jsonw *json);

#endif

/*
 * The scenarios linked into this program. Each one's SCENARIO() puts an entry into a section of its
 * own, and the linker lays them side by side: the table. So the sandbox names no scenario.
 */
#ifndef SANDBOX_TABLE_H
#define SANDBOX_TABLE_H

#include "sandbox/proto/scenario.h"

struct scenario_entry {
    const struct scenario *scenario;
    const char *source; /* the text of the file that was compiled */
    const char *source_end;
    char *globals; /* the file's writable data (make/scenarios.mk); both NULL when it has none */
    char *globals_end;
};

/* In the order of the catalogue's numbers. */
size_t scenario_count(void);
const struct scenario_entry *scenario_at(size_t i);

/* NULL when there is none of that id. */
const struct scenario_entry *scenario_find(const char *id);

#endif

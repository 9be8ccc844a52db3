#include "sandbox/table.h"

#include <stdlib.h>
#include <string.h>

/* The linker gathers what SCENARIO() put into the section; their order there is the link's. */
extern const struct scenario_entry __start_scenarios[], __stop_scenarios[];

size_t scenario_count(void)
{
    return (size_t)(__stop_scenarios - __start_scenarios);
}

const struct scenario_entry *scenario_at(size_t i)
{
    /* The entry that has exactly i numbers below its own. */
    for (const struct scenario_entry *e = __start_scenarios; e < __stop_scenarios; e++) {
        size_t below = 0;
        for (const struct scenario_entry *o = __start_scenarios; o < __stop_scenarios; o++)
            below += o->scenario->number < e->scenario->number;
        if (below == i)
            return e;
    }
    return NULL;
}

const struct scenario_entry *scenario_find(const char *id)
{
    for (const struct scenario_entry *e = __start_scenarios; e < __stop_scenarios; e++)
        if (strcmp(e->scenario->id, id) == 0)
            return e;
    return NULL;
}

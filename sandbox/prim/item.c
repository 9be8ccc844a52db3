#include "sandbox/prim/item.h"

#include "sandbox/sched/seam.h"

static void note(enum event_kind kind, int64_t index)
{
    seam_record(kind, TRACE_NO_OBJECT, index, 0);
}

void item_submitted(int64_t index)
{
    note(EVENT_ITEM_SUBMITTED, index);
}

void item_started(int64_t index)
{
    note(EVENT_ITEM_STARTED, index);
}

void item_finished(int64_t index)
{
    note(EVENT_ITEM_FINISHED, index);
}

void item_delivered(int64_t index)
{
    note(EVENT_ITEM_DELIVERED, index);
}

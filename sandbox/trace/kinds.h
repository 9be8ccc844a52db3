/* The kinds of kinds.def as enums, and their texts. */
#ifndef TRACE_KINDS_H
#define TRACE_KINDS_H

#include <stdbool.h>
#include <stddef.h>

enum event_kind {
#define EVENT(number, name, text, pace, then, meaning) EVENT_##name = number,
#include "sandbox/trace/kinds.def"
};

enum object_kind {
#define OBJECT(number, name, text) OBJECT_##name = number,
#include "sandbox/trace/kinds.def"
};

enum task_kind {
#define TASK(number, name, text) TASK_##name = number,
#include "sandbox/trace/kinds.def"
};

/* The API's word for a kind, or NULL for a number that is none. */
const char *event_kind_text(unsigned kind);
const char *object_kind_text(unsigned kind);
const char *task_kind_text(unsigned kind);

/* Whether the kind is one that loops produce (pace HOT). */
static inline bool event_kind_is_hot(enum event_kind kind)
{
    enum pace { STEADY, HOT };
    switch (kind) {
#define EVENT(number, name, text, pace, then, meaning)                                             \
    case EVENT_##name:                                                                             \
        return pace == HOT;
#include "sandbox/trace/kinds.def"
    }
    return false;
}

#endif

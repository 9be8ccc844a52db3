#include "sandbox/trace/kinds.h"

const char *event_kind_text(unsigned kind)
{
    switch (kind) {
#define EVENT(number, name, text, pace, then, meaning)                                             \
    case number:                                                                                   \
        return text;
#include "sandbox/trace/kinds.def"
    }
    return NULL;
}

const char *object_kind_text(unsigned kind)
{
    switch (kind) {
#define OBJECT(number, name, text)                                                                 \
    case number:                                                                                   \
        return text;
#include "sandbox/trace/kinds.def"
    }
    return NULL;
}

const char *task_kind_text(unsigned kind)
{
    switch (kind) {
#define TASK(number, name, text)                                                                   \
    case number:                                                                                   \
        return text;
#include "sandbox/trace/kinds.def"
    }
    return NULL;
}

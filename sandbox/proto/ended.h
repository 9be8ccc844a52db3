/* How a run ended and what class its outcome is of: the words of the API, once. */
#ifndef PROTO_ENDED_H
#define PROTO_ENDED_H

/* X(NAME, "text in the API") */
#define ENDED_KINDS(X)                                                                             \
    X(NONE, "")                                                                                    \
    X(COMPLETED, "completed")                                                                      \
    X(DEADLOCK, "deadlock")                                                                        \
    X(LIVELOCK, "livelock")                                                                        \
    X(TIMEOUT, "timeout")                                                                          \
    X(OUTPUT_LIMIT, "output-limit")                                                                \
    X(MEMORY_LIMIT, "memory-limit")                                                                \
    X(TASK_LIMIT, "task-limit")                                                                    \
    X(CRASHED, "crashed")                                                                          \
    X(CANCELLED, "cancelled")                                                                      \
    X(STOPPED, "stopped")             /* where the token says; more was possible */                \
    X(REPLAY_FAILED, "replay-failed") /* the token does not fit this program any more */           \
    X(INTERNAL_ERROR, "internal-error")

enum ended {
#define X(name, text) ENDED_##name,
    ENDED_KINDS(X)
#undef X
        ENDED_COUNT
};

enum outcome_class {
    CLASS_NONE,
    CLASS_ACCEPTABLE,
    CLASS_INTERESTING,
    CLASS_FORBIDDEN,
    CLASS_COUNT
};

/* The API's words; "" for ENDED_NONE and CLASS_NONE and for a number out of range. */
const char *ended_text(unsigned ended);
const char *outcome_class_text(unsigned class);

#endif

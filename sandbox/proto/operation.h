/* What a task can be about to do, to an object as a rule: the words of the API, once. */
#ifndef PROTO_OPERATION_H
#define PROTO_OPERATION_H

/* X(NAME, "text in the API") */
#define OPERATIONS(X)                                                                              \
    X(ACQUIRE, "acquire")                                                                          \
    X(RELEASE, "release")                                                                          \
    X(READ, "read") /* the only one that changes nothing */                                        \
    X(WRITE, "write")                                                                              \
    X(UPDATE, "update") /* reads and writes in one step */                                         \
    X(SEND, "send")                                                                                \
    X(RECEIVE, "receive")                                                                          \
    X(CLOSE, "close")                                                                              \
    X(JOIN, "join") /* a task */                                                                   \
    X(SIGNAL, "signal")                                                                            \
    X(AWAIT, "await")                                                                              \
    X(PRINT, "print")                                                                              \
    X(SLEEP, "sleep")                                                                              \
    X(SPIN, "spin")                                                                                \
    X(START, "start")                                                                              \
    X(CHOOSE, "choose")

enum seam_operation {
#define X(name, text) SEAM_##name,
    OPERATIONS(X)
#undef X
        OPERATION_COUNT
};

/* "" for a number out of range. */
const char *operation_text(unsigned operation);

#endif

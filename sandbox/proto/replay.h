/* Why a token could not be followed: codes of the API and what they say, once. */
#ifndef PROTO_REPLAY_H
#define PROTO_REPLAY_H

#include <stdint.h>

#define REPLAY_PROBLEM_BYTES 160u /* of a sentence with its NUL */

/*
 * X(NAME, "code in the API")
 *   no-such-choice    step (from 1), choice (from 1) and how many choices there were
 *   ended-earlier     step: how many the program took, fewer than the token says
 *   other-operations  as many steps, but they did something else
 */
#define REPLAY_PROBLEMS(X)                                                                         \
    X(NONE, "")                                                                                    \
    X(NO_SUCH_CHOICE, "no-such-choice")                                                            \
    X(ENDED_EARLIER, "ended-earlier")                                                              \
    X(OTHER_OPERATIONS, "other-operations")

enum replay_problem_code {
#define X(name, text) REPLAY_##name,
    REPLAY_PROBLEMS(X)
#undef X
        REPLAY_PROBLEM_COUNT
};

/* Also as it lies in the memory a run shares: what a code does not name is 0. */
struct replay_problem {
    uint32_t code; /* enum replay_problem_code */
    uint32_t choice, choices;
    uint64_t step;
};

/* The API's word; "" for REPLAY_NONE and for a number out of range. */
const char *replay_problem_code_text(unsigned code);

/* The English sentence, "" for REPLAY_NONE. */
void replay_problem_text(const struct replay_problem *problem, char out[REPLAY_PROBLEM_BYTES]);

#endif

#include "sandbox/proto/replay.h"

#include <inttypes.h>
#include <stdio.h>

const char *replay_problem_code_text(unsigned code)
{
    static const char *const texts[] = {
#define X(name, text) [REPLAY_##name] = text,
        REPLAY_PROBLEMS(X)
#undef X
    };
    return code < REPLAY_PROBLEM_COUNT ? texts[code] : "";
}

void replay_problem_text(const struct replay_problem *problem, char out[REPLAY_PROBLEM_BYTES])
{
    out[0] = '\0';
    switch (problem->code) {
    case REPLAY_NO_SUCH_CHOICE:
        snprintf(out, REPLAY_PROBLEM_BYTES,
                 "step %" PRIu64 ": choice %u of the token is not possible, there are %u",
                 problem->step, problem->choice, problem->choices);
        return;
    case REPLAY_ENDED_EARLIER:
        snprintf(out, REPLAY_PROBLEM_BYTES,
                 "the program ended after %" PRIu64 " steps, before the token did", problem->step);
        return;
    case REPLAY_OTHER_OPERATIONS:
        snprintf(out, REPLAY_PROBLEM_BYTES,
                 "the token was made with another version of this program: its operations differ");
        return;
    }
}

/*
 * The policy of a single controlled run: it follows a token, that is a rule (continue, random, PCT,
 * round robin) and deviations from it, perhaps not to the end.
 */
#ifndef SCHED_DIRECTED_H
#define SCHED_DIRECTED_H

#include "sandbox/proto/replay.h"
#include "sandbox/proto/token.h"
#include "sandbox/sched/watch.h"

struct directed {
    struct policy policy;
    const struct token *token;
    struct token *record; /* NULL, or gets the run's deviations from TOKEN_CONTINUE */
    struct watch *watch;  /* NULL, or sees what is worth telling */
    unsigned next;        /* deviation */
    uint64_t random;
    uint64_t check_before, check; /* hash of the operations: without the last step, and with it */
    uint64_t steps;
    unsigned open, open_by_rule; /* where it stopped: how many were enabled, which was next */
    int turn;                    /* of round robin: the last place */
    uint32_t priority[CONTROL_TASKS_MAX], lowest; /* of PCT */
    uint64_t change[SCHEDULE_DEPTH_MAX];          /* steps at which PCT lowers a priority */
    struct replay_problem problem; /* why the token could not be followed, if it could not */
};

/* `watch` may be NULL; it stays the caller's, as the token does. */
void directed_init(struct directed *directed, const struct token *token, struct watch *watch);

/*
 * After the execution: whether what was done is what the token was made of. False with `problem`
 * set: an operation was not possible, or the program is not the one the token was made with.
 */
bool directed_agrees(struct directed *directed);

/* The hash that a token of this run carries: of all its steps, or of all but the last. */
uint16_t directed_check(const struct directed *directed, bool all);

/* xorshift64* (Vigna 2016); the state must not be 0. */
static inline uint64_t directed_draw(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

/* A state for a seed: neighbouring seeds have nothing in common (splitmix64). */
uint64_t directed_seeded(uint64_t seed);

#endif

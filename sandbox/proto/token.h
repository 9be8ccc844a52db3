/*
 * A schedule as a link: what repeats a controlled run, in a few characters of A-Z a-z 0-9 - _.
 *
 * A token is the rule that the choices follow, and the steps at which they differ from it. Behind
 * it, base64url of
 *
 *     1 byte   version, rule, whether it ignores time, stops, has a check, counts ends
 *     2 + 2    hash of the scenario's id, of all its parameters
 *     varints  the rule's seed, its depth, the step to stop after: those that it has
 *     2        check: hash of the operations of the steps before the last, or of all
 *     varints  for each deviation: steps since the one before, which of the enabled tasks
 *
 * `TOKEN~K` is the same token, stopped after K steps; behind a stop of its own it follows the rule.
 */
#ifndef PROTO_TOKEN_H
#define PROTO_TOKEN_H

#include "sandbox/base/err.h"
#include "sandbox/proto/schedule.h"

#include <stddef.h>

#define TOKEN_DEVIATIONS_MAX 4096u
#define TOKEN_NO_STOP        UINT64_MAX

struct job;

/* What decides where no deviation does. */
enum token_rule {
    TOKEN_CONTINUE, /* the last task if it can go on, else the lowest */
    TOKEN_RANDOM,
    TOKEN_PCT,
    TOKEN_ROUND_ROBIN,
};

struct deviation {
    uint64_t step;  /* from 0 */
    unsigned index; /* among the enabled tasks, or the value of a choice */
};

struct token {
    enum token_rule rule;
    bool ignores_time;
    bool ends_are_steps; /* of tasks (control.h) */
    uint64_t seed;
    unsigned depth;
    uint64_t stop; /* after so many steps, or TOKEN_NO_STOP */
    bool checked;
    uint16_t check;
    uint16_t scenario, params; /* hashes */
    unsigned count;
    struct deviation deviation[TOKEN_DEVIATIONS_MAX];
};

/* Fills in the two hashes. The job's parameters must be resolved. */
void token_identify(struct token *token, const struct job *job);

/* Writes at most SCHEDULE_TOKEN_MAX bytes with the NUL. Returns 0, or -EOVERFLOW: it is longer. */
int token_write(const struct token *token, char *ret);

/* Returns 0, or -EINVAL: not a token; -EPROTO: of another version; -ERANGE: no number after ~. */
int token_read(struct token *ret, const char *text, struct err *err);

/*
 * Whether it is a token for this job. Returns what token_read() does, and -EXDEV: for another
 * scenario; -ESTALE: for other parameters.
 */
int token_check(const char *text, const struct job *job, struct err *err);

#endif

/*
 * What a body asks to be run: scenario, parameters and schedule, checked field by field. Runs and
 * experiments are asked for in the same words.
 */
#ifndef SETUPS_SETUP_H
#define SETUPS_SETUP_H

#include "server/base/json.h"
#include "server/http/http.h"
#include "server/http/problem.h"
#include "server/setups/catalog.h"

struct setup {
    const struct scenario_info *scenario; /* NULL: there is none of that name */
    struct job job;                       /* all parameters, checked */
    struct field_errors errors;
};

/* Reads the request's body as JSON. NULL when it is none: the request has its answer then. */
struct doc *setup_body(struct setup *setup, struct request *request);

/* Reports every member of the body that is not in the list, which ends with NULL. */
void setup_check_members(struct setup *setup, const struct doc *body, const char *const *known);

/*
 * Reads "scenario" and "params". What the body leaves open is as in `base` (a setup in the same
 * words, or NULL), then as the scenario has it; another scenario than the base's is refused.
 */
void setup_read(struct setup *setup, const struct catalog *catalog, const struct doc *body,
                const struct doc *base);

/*
 * Reads a run's schedule (NULL: free) for a setup whose scenario is known. Returns whether the mode
 * draws from a seed and none is given: then one is to be drawn.
 */
bool setup_read_schedule(struct setup *setup, const struct doc *schedule);

/* Whether all of it fits into a job; to be asked last. */
void setup_check_size(struct setup *setup);

/* The request's Idempotency-Key, or NULL when there is none; one of a wrong length is an error. */
const char *setup_key(struct setup *setup, const struct request *request);

/* 422 for a key that was used before with another body. */
void setup_reply_other_body(struct request *request);

/* Reads a member that is an integer from low to high; absent or null leaves *ret as it is. */
void setup_read_integer(struct setup *setup, const struct doc *object, const char *parent,
                        const char *name, int64_t low, int64_t high, int64_t *ret);

/* Reads "timing" of the object: "virtual" or "ignored"; absent or null leaves *ret as it is. */
void setup_read_timing(struct setup *setup, const struct doc *object, const char *parent,
                       bool *ret_ignores_time);

/*
 * Reads "token" of the object, which has to be there, into the job's schedule, with the timing that
 * the token says. The scenario and the parameters must have been read.
 */
void setup_read_token(struct setup *setup, const struct doc *object, const char *parent);

/* A name as a part of a JSON pointer, cut when it is long. */
struct pointer_part {
    char text[64];
};
struct pointer_part pointer_part(const char *name);

#endif

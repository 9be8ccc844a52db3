/*
 * A workshop: the steps a class goes through, as its instructor wrote them, and who may change it.
 * A step is a setup with a note. Who takes part gives a name and has a seed of their own for each
 * step, so that a class sees more than one outcome and everybody can repeat theirs.
 */
#ifndef WORKSHOPS_WORKSHOP_H
#define WORKSHOPS_WORKSHOP_H

#include "server/base/json.h"
#include "server/http/problem.h"
#include "server/setups/catalog.h"
#include "server/store/store.h"

enum {
    WORKSHOP_STEPS_MAX = 40,
    WORKSHOP_TITLE_MAX = 120, /* characters, as those below */
    WORKSHOP_NOTE_MAX = 2000,
    WORKSHOP_NAME_MAX = 40,
    WORKSHOP_PARTICIPANTS_MAX = 300,
    WORKSHOP_RUNS_MAX = 20000,
};
_Static_assert(WORKSHOP_NAME_SIZE > 4 * WORKSHOP_NAME_MAX, "a name of any characters fits");

/* Nine letters and digits in threes, none of which is taken for another. Returns 0 or -errno. */
int workshop_id(char out[static WORKSHOP_ID_SIZE]);

/* The id as it is stored, of one as somebody may have typed it; false when it can be none. */
bool workshop_normalise(const char *typed, char out[static WORKSHOP_ID_SIZE]);

/*
 * Reads title, steps and closed of a body into a workshop, each checked to the last parameter; what
 * the body does not have stays as it is, and has to be there already. Errors are collected.
 */
void workshop_read(struct store_workshop *workshop, const struct catalog *catalog,
                   const struct doc *body, struct field_errors *errors);

/* How many steps a workshop's (or a PUT's) JSON array has; 0 without memory. */
size_t workshop_step_count(const char *steps);

/* How many of the first steps of both arrays are the same setups, or -ENOMEM; notes do not count.
 */
int workshop_same_setups(const char *steps, const char *others);

/*
 * Reads a participant's name from a body's text (NULL: there is none): 1 to WORKSHOP_NAME_MAX
 * characters, none of them a control character or one that only steers how others are shown. Blanks
 * of all kinds are plain ones, those at both ends are cut. Returns what is wrong, or NULL.
 */
const char *workshop_read_name(const char *text, char out[static WORKSHOP_NAME_SIZE]);

/* The name as it is the same in any case of its letters: by this participants are told apart. The
 * first call in a program wants memory; without it case counts from then on. */
void workshop_fold_name(const char *name, char out[static WORKSHOP_NAME_SIZE]);

/* The seed of a participant for a step, below 2^31. */
uint64_t workshop_seed(const struct store_seat *seat);

#endif

/*
 * Every schedule of a program, one execution after the other: depth first, by running the program
 * again with the choices up to a point and another one there.
 *
 * How it works. Without a bound of preemptions not every order is executed but one of each class
 * of orders that differ only in operations which do not touch the same object: source sets and
 * sleep sets (Abdulla, Aronis, Jonsson, Sagonas: Optimal Dynamic Partial Order Reduction, 2014).
 * Every operation gets a vector clock of what happened before it. Two operations on one object that
 * are not ordered otherwise are a race; where the first of them was chosen, a task is put down that
 * leads to the other order. An operation that was not possible then (acquiring a lock that was
 * held) is no race with it; one further back may be. What blocked tasks would have done counts as
 * well.
 *
 * With a bound every order with at most so many preemptions is executed.
 */
#ifndef SCHED_EXPLORE_H
#define SCHED_EXPLORE_H

#include "sandbox/proto/token.h"
#include "sandbox/sched/control.h"

#define EXPLORE_TASKS_MAX 64u    /* of one execution; one with more is cut */
#define EXPLORE_STEPS_MAX 20000u /* of one execution; a longer one is cut */
#define EXPLORE_LINGER    512u   /* steps of those that the main task leaves behind */

enum explore_method {
    EXPLORE_ALL,        /* every order */
    EXPLORE_SLEEP_SETS, /* reduced by sleep sets alone */
    EXPLORE_SOURCE_SETS /* by source sets and sleep sets */
};

struct explore;

struct explore *explore_new(enum explore_method method, int max_preemptions);
void explore_free(struct explore *explore);

struct policy *explore_policy(struct explore *explore);

/*
 * After an execution: whether it was given up because another one covers it. Then it has no
 * outcome.
 */
bool explore_was_blocked(const struct explore *explore);

/* What the execution's choices were, as deviations from the rule TOKEN_CONTINUE. */
unsigned explore_deviations(const struct explore *explore, const struct deviation **ret);

/*
 * Sees what the execution can be varied in, and prepares the next one. Returns false when there is
 * none left. The control's state must still be that of the execution's end.
 */
bool explore_next(struct explore *explore, struct control *control);

#endif

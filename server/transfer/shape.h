/*
 * Whether JSON from elsewhere is of the shape that ours has, down to the last member. A shape is a
 * text without blanks:
 *
 *     s             a text
 *     i             an integer, or one beyond 2^53 as jsonw.h writes it: a text of digits
 *     b             true or false
 *     v             null, a number or a text: a cell of a table
 *     p             a parameter: a number, true or false, a word, a list of integers
 *     t             a schedule's token
 *     (one|two)     one of these texts
 *     [X]           a list of any length
 *     {a:X,b~:Y}    an object with exactly these members; b may be missing
 *     {*:X}         an object whose members have names of a-z, 0-9 and _
 *     ?X            X or null
 */
#ifndef TRANSFER_SHAPE_H
#define TRANSFER_SHAPE_H

#include "server/base/json.h"

/* Returns 0, or -EINVAL with the place and what is wrong there ("/checks/2/name is no text"). */
int shape_check(const char *shape, const struct doc *value, struct err *err);

#endif

/*
 * Something of which there is only so much, and who has how much of it: connections, bytes. All
 * holders together have at most `most` and each of them `of_one`; but who has nothing may take one
 * thing however large, and so may anybody while nobody has any. A holder is a hash that nobody can
 * aim at (keyed_hash.h), or 0, which stands for nobody: only `most` bounds that.
 *
 * All memory is taken at the start, so no count is ever lost for want of it. Any thread.
 */
#ifndef BASE_SHARES_H
#define BASE_SHARES_H

#include <stdint.h>

struct shares;

/* At most `holders` at once. NULL without memory. */
struct shares *shares_new(uint64_t most, uint64_t of_one, unsigned holders);
void shares_free(struct shares *shares);

/* Returns 0, -EDQUOT when it would be too much for that holder, or -EAGAIN when it would be for all
 * together. */
int shares_take(struct shares *shares, uint64_t who, uint64_t amount);

/* Gives back what was taken. */
void shares_give(struct shares *shares, uint64_t who, uint64_t amount);

/* What all have. */
uint64_t shares_held(struct shares *shares);

#endif

/*
 * SipHash-2-4 under a key that is drawn when the program starts: who sends the texts can neither
 * make them collide nor read them off their hash. Pure but for the drawing; any thread.
 */
#ifndef BASE_KEYED_HASH_H
#define BASE_KEYED_HASH_H

#include <stdint.h>

struct hash_key {
    uint64_t k0, k1;
};

/* Returns 0 or -errno. */
int hash_key_draw(struct hash_key *ret);

uint64_t keyed_hash(const struct hash_key *key, const char *text);

#endif

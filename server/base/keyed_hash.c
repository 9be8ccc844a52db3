#include "server/base/keyed_hash.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

int hash_key_draw(struct hash_key *ret)
{
    ssize_t n;
    do
        n = getrandom(ret, sizeof *ret, 0);
    while (n < 0 && errno == EINTR);
    return n == sizeof *ret ? 0 : n < 0 ? -errno : -EIO;
}

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void round_of(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void take_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    round_of(v);
    round_of(v);
    v[0] ^= word;
}

/* Up to 8 bytes, the first the lowest. */
static uint64_t word_of(const char *bytes, size_t n)
{
    uint64_t word = 0;
    for (size_t i = 0; i < n; i++)
        word |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
    return word;
}

uint64_t keyed_hash(const struct hash_key *key, const char *text)
{
    const size_t n = strlen(text), whole = n / 8 * 8;
    uint64_t v[4] = {key->k0 ^ UINT64_C(0x736f6d6570736575), key->k1 ^ UINT64_C(0x646f72616e646f6d),
                     key->k0 ^ UINT64_C(0x6c7967656e657261),
                     key->k1 ^ UINT64_C(0x7465646279746573)};
    for (size_t i = 0; i < whole; i += 8)
        take_word(v, word_of(text + i, 8));
    take_word(v, word_of(text + whole, n - whole) | (uint64_t)n << 56);
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++)
        round_of(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

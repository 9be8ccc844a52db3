/* A number that differs when the bytes do, for ETag: 64-bit FNV-1a. */
#ifndef BASE_ETAG_H
#define BASE_ETAG_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t etag_hash(const char *bytes, size_t n)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return h;
}

#endif

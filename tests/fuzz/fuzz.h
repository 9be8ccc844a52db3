/*
 * What every fuzzer has: the function that libFuzzer, or files.c, gives bytes to. It says with
 * check() what has to hold whatever they are; the rest is found by the sanitizers.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Returns 0, or -1 when the bytes are not worth keeping. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Called once before, if the fuzzer has it. Returns 0. */
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

#define check(holds)                                                                               \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds);             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Descriptors that are open, of the first hundred: as many again once all is closed. */
static inline unsigned open_fds(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 100; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

#endif

/* A whole file, for tests and the programs they start. */
#ifndef TESTS_TOOLS_READ_FILE_H
#define TESTS_TOOLS_READ_FILE_H

#include "sandbox/base/buf.h"

#include <errno.h>
#include <stdio.h>

/* Appends what is in the file. Returns 0 or -errno, out's error too. */
static inline int read_file(const char *path, struct buf *out)
{
    char block[65536];
    FILE *file = fopen(path, "rb");
    if (!file)
        return -errno;
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
        buf_add(out, block, n);
    fclose(file);
    return buf_error(out);
}

#endif

/*
 * Answers whether bytes are a whole trace, for comparison with the pages' decoder. Reads, over and
 * over, a length (4 bytes, little endian) and that many bytes; writes for each a byte, 1 for yes
 * and 0 for no, and the number of its events (4 bytes). Ends at the end of the input.
 */
#include "sandbox/base/fd.h"
#include "sandbox/trace/chunk.h"

#include <stdlib.h>
#include <unistd.h>

static int answer(const char *bytes, uint32_t n)
{
    struct trace trace;
    struct {
        uint8_t good;
        uint32_t events;
    } __attribute__((packed)) said = {0};
    said.good = trace_decode(&trace, bytes, n, NULL) == 0;
    said.events = said.good ? trace.event_count : 0;
    trace_release(&trace);
    return write_all(STDOUT_FILENO, &said, sizeof said);
}

int main(void)
{
    uint32_t n;
    int r = 0;
    while (r == 0 && read_full(STDIN_FILENO, &n, sizeof n) == sizeof n) {
        char *bytes = malloc(n + 1);
        if (!bytes || read_full(STDIN_FILENO, bytes, n) != (ssize_t)n)
            r = -1;
        else
            r = answer(bytes, n);
        free(bytes);
    }
    return r < 0;
}

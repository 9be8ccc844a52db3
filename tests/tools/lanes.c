/*
 * Prints what server/pictures/lanes.c makes of a trace, for comparison with the pages' model:
 *     lanes FILE [controlled]
 * A line for each slice: task, start in nanoseconds, state, what it is about.
 */
#include "server/pictures/lanes.h"

#include "tests/tools/read_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print(const struct lanes *lanes)
{
    for (uint32_t task = 0; task < lanes->count; task++)
        for (uint32_t i = 0; i < lanes->lane[task].count; i++) {
            const struct lane_slice *s = &lanes->lane[task].slices[i];
            printf("%" PRIu32 " %" PRIu64 " %u %u\n", task, s->start_ns, s->state, s->about);
        }
}

int main(int argc, char **argv)
{
    _cleanup_buf_ struct buf bytes = BUF_INIT(256 << 20);
    struct trace trace = {0};
    struct lanes lanes = {0};
    struct err err = {0};
    bool controlled = argc == 3 && strcmp(argv[2], "controlled") == 0;
    if (argc < 2 || (argc > 2 && !controlled))
        return 2;
    int r = read_file(argv[1], &bytes);
    if (r == 0)
        r = trace_decode(&trace, buf_text(&bytes), bytes.len, &err);
    if (r == 0 && controlled)
        r = trace_sort(&trace);
    if (r == 0)
        r = lanes_follow(&lanes, &trace, controlled);
    if (r == 0)
        print(&lanes);
    else
        fprintf(stderr, "lanes: %s\n", *err.text ? err.text : strerror(-r));
    lanes_release(&lanes);
    trace_release(&trace);
    return r == 0 ? 0 : 1;
}

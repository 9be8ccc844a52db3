/*
 * What each task of a decoded trace was doing when: the states that the pages' timeline shows
 * (web/src/trace/model.ts has the same rules). One thread at a time.
 */
#ifndef PICTURES_LANES_H
#define PICTURES_LANES_H

#include "sandbox/trace/chunk.h"

enum lane_state {
#define STATE(number, name, ...) LANE_##name = number,
#include "server/pictures/picture.def"
    LANE_STATES
};

/* What a state is about: nothing, an object, or with ABOUT_TASK a task. */
#define ABOUT_NOTHING UINT16_MAX
#define ABOUT_TASK    0x8000u

struct lane_slice {
    uint64_t start_ns; /* it ends where the next one begins */
    uint16_t about;
    uint8_t state; /* enum lane_state */
};

struct lane {
    struct lane_slice *slices;
    uint32_t count, capacity;
};

/* Something went wrong there. */
struct lane_mark {
    uint64_t t_ns;
    uint16_t task;
};

struct lanes {
    struct lane *lane; /* by task */
    uint32_t count;
    struct lane_mark *marks;
    uint32_t mark_count, mark_capacity;
    uint64_t last_ns; /* the last event */
    uint64_t until_ns;
};

/*
 * Follows a trace of at most TRACE_TASKS_MAX tasks and TRACE_OBJECTS_MAX objects. With `in_turn`
 * one task ran at a time, and the trace must be sorted. Time and memory are proportional to the
 * events. Returns 0, -E2BIG or -ENOMEM; *ret must be released either way.
 */
int lanes_follow(struct lanes *ret, const struct trace *trace, bool in_turn);
void lanes_release(struct lanes *lanes);

/* The run was over at that time; with `badly` who waits then is marked. Returns 0 or -ENOMEM. */
int lanes_finish(struct lanes *lanes, uint64_t end_ns, bool badly);

/*
 * The tasks to show where there is room for `most`: those with marks before others, all in the
 * pages' order, processes, then threads, then coroutines. Returns how many there are.
 */
unsigned lanes_choose(const struct lanes *lanes, const struct trace *trace, unsigned most,
                      uint16_t *tasks);

/* The slice that contains a time, or NULL before the first. */
const struct lane_slice *lane_slice_at(const struct lane *lane, uint64_t t_ns);

/*
 * The state that took most of each of `width` equal parts of [0, until_ns). NONE only where it took
 * more than each of the others.
 */
void lane_columns(const struct lane *lane, uint64_t until_ns, unsigned width, uint8_t *out);

#endif

/*
 * A hostile worker: what the bytes of an input do to the memory that a run shares. They are a row
 * of deeds, each a byte that says which, and what it needs:
 *
 *     PATCH    where (a part of the memory, which of it, the byte in it), how many bytes, the bytes
 *     EVENTS   records as a lane of the program writes them, in turn and in time
 *     TASKS, OBJECTS   entries of the tables, as the program writes them
 *
 * The rest is the fuzzer's own.
 */
#ifndef FUZZ_HOSTILE_H
#define FUZZ_HOSTILE_H

#include "sandbox/trace/shared.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The input, read from the front; what is not there is 0. */
struct input {
    const uint8_t *at;
    size_t left;
};
uint8_t input_byte(struct input *in);
uint16_t input_word(struct input *in);
uint64_t input_number(struct input *in);
size_t input_bytes(struct input *in, void *out, size_t n); /* returns how many there were */

enum deed { PATCH, EVENTS, TASKS, OBJECTS, OWN_DEEDS };

struct hostile {
    struct trace_shared *shared;
    uint64_t t_ns;
    uint32_t segments;
    uint32_t left; /* events it may still write: a short input writes few, so that it is quick */
    uint32_t written[TRACE_TASKS_MAX]; /* by lane */
    uint32_t segment[TRACE_TASKS_MAX]; /* the lane's last, plus one */
};

/* Memory that is all zero at first. */
void hostile_begin(struct hostile *hostile, struct trace_shared *shared, const struct input *in);

/* Does a deed below OWN_DEEDS. */
void hostile_do(struct hostile *hostile, enum deed deed, struct input *in);

#endif

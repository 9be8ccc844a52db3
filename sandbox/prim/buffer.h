/*
 * A list that tasks share and that does not guard itself: append and pop(0) of a Python list
 * between threads, whose order and limits are the program's own business. What is in it is shown as
 * a level.
 */
#ifndef PRIM_BUFFER_H
#define PRIM_BUFFER_H

#include <stdint.h>

struct buffer;

/*
 * With room for `room` numbers. `capacity` is how many the program means to keep in it at most; a
 * program that gets this wrong goes beyond.
 */
struct buffer *buffer_new(const char *name, unsigned room, unsigned capacity);

/* list.append(number). Returns 0, or -ENOMEM (MemoryError) when there is no room. */
int buffer_append(struct buffer *buffer, int64_t number);

/* list.pop(0). Returns 0, or -ENOENT: IndexError: pop from empty list. */
int buffer_pop(struct buffer *buffer, int64_t *ret);

/* len(list) */
unsigned buffer_length(const struct buffer *buffer);

#endif

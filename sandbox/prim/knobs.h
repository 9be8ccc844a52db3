/* The parameters a run was started with, and numbers drawn from its seed. */
#ifndef PRIM_KNOBS_H
#define PRIM_KNOBS_H

#include <stdbool.h>
#include <stdint.h>

/* The value of a parameter the scenario declares; a wrong name is a bug and aborts. */
int64_t integer(const char *name);
double number(const char *name);
bool boolean(const char *name);
bool is(const char *name, const char *choice);

/* The numbers of a list, at most `most` (64 is enough for any); returns how many. */
unsigned integers(const char *name, int64_t *ret, unsigned most);

/* A number in [0, 1) that depends on the run's seed, the stream and the index, and nothing else. */
double drawn(uint64_t stream, uint64_t index);

/* mean × (1 ± spread), drawn for that index: the time an item takes. */
int64_t jittered(int64_t mean, double spread, uint64_t index);

/* A text in the run's memory, printf-like; what is beyond 511 bytes is cut off. */
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

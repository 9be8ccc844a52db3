/* What the scenario says of itself in the end: outcome, checks, numbers. For the main task only. */
#ifndef PRIM_VERDICT_H
#define PRIM_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The outcome: the name of one the descriptor declares, and the short canonical text of what was
 * observed ("count=19"). The class is the descriptor's; a name it does not declare is forbidden.
 */
void outcome(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A check by the name the descriptor gives it, with what was expected and what was seen. */
void check(const char *name, bool held, const char *expected, const char *actual);

/* Expected and actual are equal numbers, or equal texts. */
void check_number(const char *name, int64_t expected, int64_t actual);
void check_text(const char *name, const char *expected, const char *actual);

/* A number for the run's metrics, snake_case. */
void metric(const char *name, int64_t value);

/*
 * A row of the run's table: a cell for each of the descriptor's columns, divided by tabs,
 * printf-like. A cell that is a decimal number is one to the reader; an empty cell is "not there".
 *
 *     row("%s\t%" PRId64 "\t%.3f", name, messages, seconds);
 */
void row(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

/* print(): text on the run's output. */
#ifndef PRIM_PRINT_H
#define PRIM_PRINT_H

#include <stdint.h>

/*
 * One line, written whole by one write, newline added. At most OUTPUT_TEXT_MAX bytes; a longer one
 * is cut.
 */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Part of a line: one write of just this text, as an unbuffered print makes them. Returns its place
 * among all parts of the run, in the order in which they stand in the output.
 */
uint64_t print_part(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

/* print(): one line on the run's output, written whole by one write, newline added. */
#ifndef PRIM_PRINT_H
#define PRIM_PRINT_H

/* At most OUTPUT_TEXT_MAX bytes a line; a longer one is cut. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

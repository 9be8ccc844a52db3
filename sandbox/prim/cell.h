/*
 * A shared number: a global variable of Python's threads, or the payload of a
 * multiprocessing.Value. Reads and writes are separate steps, each indivisible in itself (relaxed
 * atomics), so `cell_write(c, cell_read(c) + 1)` can lose an update but is never undefined.
 */
#ifndef PRIM_CELL_H
#define PRIM_CELL_H

#include <stdbool.h>
#include <stdint.h>

struct cell;

struct cell *cell_new(const char *name, int64_t value);

/*
 * One whose every access is for all tasks one after the other (std::atomic): no order of them is a
 * data race. For what a program counts of itself.
 */
struct cell *cell_new_atomic(const char *name, int64_t value);

int64_t cell_read(struct cell *cell);
void cell_write(struct cell *cell, int64_t value);

/* Adds in one indivisible step; returns the new value. */
int64_t cell_add(struct cell *cell, int64_t amount);

/* Compare-and-swap: sets it if it is `expected`, in one step. What lock-free programs are made of.
 */
bool cell_compare_set(struct cell *cell, int64_t expected, int64_t value);

#endif

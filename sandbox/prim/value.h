/*
 * multiprocessing.Value(typecode, initial) and multiprocessing.Array(typecode, n): numbers in
 * memory that all tasks share, with a lock that belongs to them. Every single access takes the
 * lock by itself, a recursive one, and waits while another task has it; `v.value += 1` is two
 * accesses, and between them the lock is free:
 *
 *     lock_acquire(value_lock(v));                     with v.get_lock():
 *     value_set(v, value_get(v) + 1);                      v.value += 1
 *     lock_release(value_lock(v));
 *
 * Typecodes are 'i' (int32), 'f' (float32) and 'd' (float64). A number is stored with the precision
 * of its type: 3.14 in an 'f' comes back as 3.140000104…, and an 'i' cuts fractions off and wraps
 * around at 32 bits. (Python raises TypeError for a fraction in an 'i'.)
 *
 * Events carry whole numbers, so what is shown of 3.14 is 3.
 */
#ifndef PRIM_VALUE_H
#define PRIM_VALUE_H

#include <stddef.h>

struct array;
struct lock;
struct value;

/* Any other typecode is a bug of the scenario and aborts. */
struct value *value_new(const char *name, char typecode, double initial);
double value_get(struct value *value);
void value_set(struct value *value, double number);
struct lock *value_lock(struct value *value); /* get_lock() */

/* n zeros. */
struct array *array_new(const char *name, char typecode, unsigned n);

/* a[index] and a[index] = number. Return 0, or -ERANGE: IndexError. */
int array_get(struct array *array, unsigned index, double *ret);
int array_set(struct array *array, unsigned index, double number);

unsigned array_length(const struct array *array);   /* len(a) */
struct lock *array_lock(struct array *array);       /* a.get_lock() */
size_t array_item_bytes(const struct array *array); /* of one element */

/* a.get_obj(): the bytes themselves, for a typed view. Nothing guards them. */
void *array_bytes(struct array *array);

#endif

#include "sandbox/prim/value.h"

#include "sandbox/prim/lock.h"
#include "sandbox/sched/seam.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>

struct array {
    struct lock *lock; /* get_lock(); of every access */
    uint16_t object;
    char typecode;
    unsigned length;
    _Alignas(64) char bytes[];
};

struct value {
    struct array number; /* one of it */
};

static size_t item_bytes(char typecode)
{
    assert(typecode == 'i' || typecode == 'f' || typecode == 'd');
    return typecode == 'd' ? sizeof(double) : sizeof(float);
}

/*
 * The views on the bytes may be read and written by others at any moment, so what happens here is
 * one indivisible load or store.
 */
static double load(const struct array *array, unsigned i)
{
    int32_t whole;
    float single;
    double number;
    switch (array->typecode) {
    case 'i':
        __atomic_load((const int32_t *)array->bytes + i, &whole, __ATOMIC_RELAXED);
        return whole;
    case 'f':
        __atomic_load((const float *)array->bytes + i, &single, __ATOMIC_RELAXED);
        return (double)single;
    default:
        __atomic_load((const double *)array->bytes + i, &number, __ATOMIC_RELAXED);
        return number;
    }
}

/* As a C cast of Python's int would: the lower 32 bits. */
static int32_t wrapped(double number)
{
    return number > -0x1p63 && number < 0x1p63 ? (int32_t)(uint32_t)(int64_t)number : 0;
}

static void store(struct array *array, unsigned i, double number)
{
    int32_t whole;
    float single;
    switch (array->typecode) {
    case 'i':
        whole = wrapped(number);
        __atomic_store((int32_t *)array->bytes + i, &whole, __ATOMIC_RELAXED);
        return;
    case 'f':
        single = (float)number;
        __atomic_store((float *)array->bytes + i, &single, __ATOMIC_RELAXED);
        return;
    default:
        __atomic_store((double *)array->bytes + i, &number, __ATOMIC_RELAXED);
    }
}

/* What an event can say of it. */
static int64_t shown(double number)
{
    return number > -0x1p63 && number < 0x1p63 ? (int64_t)number : 0;
}

/* Takes the lock for one access, unless the task has it: true when it has to be given back. */
static bool enter(struct array *array)
{
    bool mine = lock_is_mine(array->lock);
    if (!mine)
        lock_acquire(array->lock);
    return !mine;
}

static double read_item(struct array *array, unsigned i)
{
    bool taken = enter(array);
    seam_point(SEAM_READ, array->object);
    double number = load(array, i);
    seam_record_aux(EVENT_CELL_READ, array->object, shown(number), (uint16_t)i, 0);
    if (taken)
        lock_release(array->lock);
    return number;
}

static void write_item(struct array *array, unsigned i, double number, enum event_kind kind)
{
    bool taken = enter(array);
    seam_point(SEAM_WRITE, array->object);
    store(array, i, number);
    seam_record_aux(kind, array->object, shown(load(array, i)), (uint16_t)i, 0);
    if (taken)
        lock_release(array->lock);
}

struct array *array_new(const char *name, char typecode, unsigned n)
{
    char lock_name[TRACE_NAME_MAX];
    struct array *array = run_alloc(seam_self.run, sizeof *array + n * item_bytes(typecode));
    snprintf(lock_name, sizeof lock_name, "%.28s.get_lock()", name);
    array->object = seam_object(OBJECT_CELL, name);
    array->lock = lock_new_of(LOCK_RECURSIVE, lock_name);
    array->typecode = typecode;
    array->length = n;
    return array;
}

static int check_index(const struct array *array, unsigned index)
{
    if (index < array->length)
        return 0;
    seam_record(EVENT_REFUSED, array->object, ERANGE, 0);
    return -ERANGE;
}

int array_get(struct array *array, unsigned index, double *ret)
{
    if (check_index(array, index) < 0)
        return -ERANGE;
    *ret = read_item(array, index);
    return 0;
}

int array_set(struct array *array, unsigned index, double number)
{
    if (check_index(array, index) < 0)
        return -ERANGE;
    write_item(array, index, number, EVENT_CELL_UPDATED);
    return 0;
}

unsigned array_length(const struct array *array)
{
    return array->length;
}

struct lock *array_lock(struct array *array)
{
    return array->lock;
}

size_t array_item_bytes(const struct array *array)
{
    return item_bytes(array->typecode);
}

void *array_bytes(struct array *array)
{
    return array->bytes;
}

struct value *value_new(const char *name, char typecode, double initial)
{
    struct array *number = array_new(name, typecode, 1);
    store(number, 0, initial);
    return (struct value *)number;
}

double value_get(struct value *value)
{
    return read_item(&value->number, 0);
}

void value_set(struct value *value, double number)
{
    write_item(&value->number, 0, number, EVENT_CELL_WROTE);
}

struct lock *value_lock(struct value *value)
{
    return value->number.lock;
}

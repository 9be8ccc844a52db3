#include "sandbox/prim/cell.h"

#include "sandbox/sched/seam.h"

struct cell {
    _Atomic int64_t value;
    uint16_t object;
};

static struct cell *cell_of(enum object_kind kind, const char *name, int64_t value)
{
    struct cell *cell = run_alloc(seam_self.run, sizeof *cell);
    cell->object = seam_object(kind, name);
    atomic_store(&cell->value, value);
    return cell;
}

struct cell *cell_new(const char *name, int64_t value)
{
    return cell_of(OBJECT_CELL, name, value);
}

struct cell *cell_new_atomic(const char *name, int64_t value)
{
    return cell_of(OBJECT_ATOMIC, name, value);
}

int64_t cell_read(struct cell *cell)
{
    seam_point(SEAM_READ, cell->object);
    int64_t value = atomic_load_explicit(&cell->value, memory_order_relaxed);
    seam_record(EVENT_CELL_READ, cell->object, value, 0);
    return value;
}

void cell_write(struct cell *cell, int64_t value)
{
    seam_point(SEAM_WRITE, cell->object);
    atomic_store_explicit(&cell->value, value, memory_order_relaxed);
    seam_record(EVENT_CELL_WROTE, cell->object, value, 0);
}

bool cell_compare_set(struct cell *cell, int64_t expected, int64_t value)
{
    seam_point(SEAM_UPDATE, cell->object);
    bool set = atomic_compare_exchange_strong_explicit(&cell->value, &expected, value,
                                                       memory_order_relaxed, memory_order_relaxed);
    if (set)
        seam_record(EVENT_CELL_WROTE, cell->object, value, 0);
    else
        seam_record(EVENT_CELL_READ, cell->object, expected, 0);
    return set;
}

int64_t cell_add(struct cell *cell, int64_t amount)
{
    seam_point(SEAM_UPDATE, cell->object);
    int64_t value = atomic_fetch_add_explicit(&cell->value, amount, memory_order_relaxed) + amount;
    seam_record(EVENT_CELL_ADDED, cell->object, value, 0);
    return value;
}

#include "sandbox/prim/verdict.h"

#include "sandbox/base/utf8.h"
#include "sandbox/prim/knobs.h"
#include "sandbox/sched/seam.h"
#include "sandbox/proto/scenario.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct trace_result *result(void)
{
    return &seam_self.run->shared->result;
}

void outcome(const char *name, const char *format, ...)
{
    struct trace_result *r = result();
    const struct scenario *scenario = seam_self.run->scenario;
    va_list args;
    va_start(args, format);
    vsnprintf(r->outcome, sizeof r->outcome, format, args);
    va_end(args);
    r->outcome_rule = scenario_outcome(scenario, &seam_self.run->job, name, ENDED_COMPLETED);
    r->outcome_class =
        r->outcome_rule < 0 ? CLASS_FORBIDDEN : scenario->outcomes[r->outcome_rule].class;
    atomic_store_explicit(&r->outcome_set, 1, memory_order_release);
}

static bool is_declared(const char *name)
{
    const struct check_title *checks = seam_self.run->scenario->checks;
    for (; checks->name; checks++)
        if (strcmp(checks->name, name) == 0)
            return true;
    return false;
}

/* Copies a text into a field of `size` bytes; one that does not fit ends in an ellipsis. */
static void fit(char *field, size_t size, const char *whole)
{
    static const char ellipsis[] = "…";
    size_t length = strlen(whole);
    if (length < size) {
        memcpy(field, whole, length + 1);
        return;
    }
    utf8_clean(field, size - sizeof ellipsis + 1, whole, length);
    strcat(field, ellipsis);
}

void check(const char *name, bool held, const char *expected, const char *actual)
{
    struct trace_result *r = result();
    uint32_t i = atomic_load(&r->checks);
    assert(is_declared(name) && i < TRACE_CHECKS_MAX);
    struct trace_check *c = &r->check[i];
    snprintf(c->name, sizeof c->name, "%s", name);
    fit(c->expected, sizeof c->expected, expected);
    fit(c->actual, sizeof c->actual, actual);
    c->held = held;
    atomic_store_explicit(&r->checks, i + 1, memory_order_release);
}

void check_number(const char *name, int64_t expected, int64_t actual)
{
    check(name, expected == actual, text("%" PRId64, expected), text("%" PRId64, actual));
}

void check_text(const char *name, const char *expected, const char *actual)
{
    check(name, strcmp(expected, actual) == 0, expected, actual);
}

void metric(const char *name, int64_t value)
{
    struct trace_result *r = result();
    uint32_t i = atomic_load(&r->metrics);
    assert(i < TRACE_METRICS_MAX);
    snprintf(r->metric[i].name, sizeof r->metric[i].name, "%s", name);
    r->metric[i].value = value;
    atomic_store_explicit(&r->metrics, i + 1, memory_order_release);
}

/* How many cells the text has, and whether the table's columns allow for them. */
static bool fits_columns(const char *cells)
{
    const struct column *column = seam_self.run->scenario->columns;
    size_t count = 1;
    bool repeats = false;
    for (const char *tab = cells; (tab = strchr(tab, '\t')); tab++)
        count++;
    for (; column && column->name; column++, count--) {
        if (count == 0)
            return false;
        repeats = column->repeats;
    }
    return count == 0 || repeats;
}

void row(const char *format, ...)
{
    struct trace_table *table = &seam_self.run->shared->table;
    uint32_t i = atomic_load(&table->rows);
    assert(i < TRACE_ROWS_MAX);
    va_list args;
    va_start(args, format);
    int length = vsnprintf(table->row[i], TRACE_ROW_BYTES, format, args);
    va_end(args);
    assert(length >= 0 && (size_t)length < TRACE_ROW_BYTES && fits_columns(table->row[i]));
    (void)length;
    atomic_store_explicit(&table->rows, i + 1, memory_order_release);
}

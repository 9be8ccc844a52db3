/* A run's table: what its tasks wrote, as the API shows it. */
#include "tests/unit/test.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/utf8.h"
#include "sandbox/host/report.h"
#include "sandbox/trace/reader.h"
#include "sandbox/trace/writer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The text of "table" for rows as a task may have left them. */
static void expect_table(const char *const *rows, uint32_t count, uint32_t told, const char *wanted)
{
    struct trace_shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct report *report = calloc(1, sizeof *report);
    _cleanup_buf_ struct buf text = BUF_INIT(1 << 20);
    struct jsonw json = JSONW(&text);
    trace_shared_init(shared);
    for (uint32_t i = 0; i < count; i++)
        memcpy(shared->table.row[i], rows[i], strnlen(rows[i], TRACE_ROW_BYTES));
    shared->table.rows = told;
    struct trace_reader *reader = trace_reader_new(shared);
    trace_reader_table(reader, &report->table);
    jsonw_open(&json, '{');
    report_write(report, &json);
    jsonw_close(&json, '}');
    assert_int_equal(buf_error(&text), 0);
    const char *table = strstr(buf_text(&text), "\"table\":");
    assert_non_null(table);
    assert_true(utf8_width(table, strlen(table)) > 0);
    if (wanted)
        assert_string_equal(table, wanted);
    trace_reader_free(reader);
    free(report);
    munmap(shared, sizeof *shared);
}

void test_cells_are_numbers_texts_or_nothing(void **state)
{
    (void)state;
    const char *const rows[] = {"pipe\t12.5\t-3\t", "\t1e3\t0x1\tnan\t1-2\t.5",
                                "a\"b\t\t12345678901"};
    expect_table(rows, 3, 3,
                 "\"table\":[[\"pipe\",12.5,-3,null],[null,\"1e3\",\"0x1\",\"nan\",\"1-2\",0.5],"
                 "[\"a\\\"b\",null,12345678901]]}");
}

void test_a_table_nobody_filled_is_empty(void **state)
{
    (void)state;
    expect_table(NULL, 0, 0, "\"table\":[]}");
}

void test_forged_rows_stay_in_bounds_and_clean(void **state)
{
    (void)state;
    char endless[TRACE_ROW_BYTES];
    memset(endless, '\xe4', sizeof endless); /* no NUL, no character */
    const char *const rows[] = {endless, "fine"};
    expect_table(rows, 2, UINT32_MAX, NULL);
}

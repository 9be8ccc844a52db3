/*
 * A file of runs, from anybody: every record is read and checked. What is taken in is as our own
 * runs are: taken along once more, it is read as the same.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/program.h"

#include "sandbox/trace/chunk.h"
#include "server/runs/run.h"
#include "server/store/pack.h"
#include "server/transfer/transfer_check.h"

#include <errno.h>
#include <string.h>

enum { RECORDS_MOST = 64 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    check(program_catalog());
    return 0;
}

static void expect_trace(const struct transfer_run *run)
{
    _cleanup_buf_ struct buf chunks = BUF_INIT(TRACE_BYTES_MAX);
    struct trace trace;
    if (run->trace.len == 0)
        return;
    check(unpack(run->trace.data, run->trace.len, run->trace_bytes, &chunks) == 0);
    check(trace_decode(&trace, buf_text(&chunks), chunks.len, NULL) == 0);
    trace_release(&trace);
}

static bool same(const struct buf *a, const struct buf *b)
{
    return a->len == b->len && memcmp(buf_text(a), buf_text(b), a->len) == 0;
}

static void expect_same(const struct transfer_run *a, const struct transfer_run *b)
{
    check(strcmp(a->row.id, b->row.id) == 0 && strcmp(a->row.job, b->row.job) == 0);
    check(strcmp(a->row.params, b->row.params) == 0 && strcmp(a->row.result, b->row.result) == 0);
    check(strcmp(a->row.schedule, b->row.schedule) == 0 && strcmp(a->row.ended, b->row.ended) == 0);
    check(strcmp(a->row.seat.name, b->row.seat.name) == 0 && a->row.seat.step == b->row.seat.step);
    check(same(&a->output, &b->output) && same(&a->segments, &b->segments));
    check(same(&a->trace, &b->trace) && a->trace_bytes == b->trace_bytes);
}

/* The one record of a file of our own. */
static void read_again(char *file, size_t n, struct transfer_record *ret)
{
    struct transfer_bounds bounds = transfer_bounds(&LIMITS_DEFAULT);
    struct transfer_reader reader;
    FILE *in = fmemopen(file, n, "r");
    transfer_reader_init(&reader, in, &bounds);
    check(transfer_read(&reader, ret, NULL) == 0);
    transfer_reader_release(&reader);
    fclose(in);
}

static void take_run(struct transfer_record *record)
{
    struct transfer_run run, again;
    struct transfer_record second;
    struct err err = {0};
    char *file;
    size_t n;
    if (transfer_check_run(&run, record, program_catalog(), &err) < 0) {
        check(err.text[0]);
        return;
    }
    struct store_data data = {.output = &run.output,
                              .segments = &run.segments,
                              .trace = &run.trace,
                              .trace_raw_bytes = run.trace_bytes};
    expect_trace(&run);
    FILE *out = open_memstream(&file, &n);
    check(transfer_put_run(out, &run.row, &data) == 0 && fclose(out) == 0);
    read_again(file, n, &second);
    check(transfer_check_run(&again, &second, program_catalog(), NULL) == 0);
    expect_same(&run, &again);
    transfer_run_release(&again);
    transfer_record_release(&second);
    transfer_run_release(&run);
    free(file);
}

static void take_workshop(const struct transfer_record *record)
{
    struct store_workshop workshop, again;
    struct transfer_record second;
    struct err err = {0};
    char *file;
    size_t n;
    if (transfer_check_workshop(&workshop, record, program_catalog(), &err) < 0) {
        check(err.text[0]);
        return;
    }
    FILE *out = open_memstream(&file, &n);
    check(transfer_put_workshop(out, &workshop) == 0 && fclose(out) == 0);
    read_again(file, n, &second);
    check(transfer_check_workshop(&again, &second, program_catalog(), NULL) == 0);
    check(strcmp(workshop.title, again.title) == 0 && strcmp(workshop.steps, again.steps) == 0);
    store_workshop_release(&again);
    transfer_record_release(&second);
    store_workshop_release(&workshop);
    free(file);
}

static void take_records(struct transfer_reader *reader)
{
    struct err err = {0};
    for (unsigned i = 0; i < RECORDS_MOST; i++) {
        struct transfer_record record;
        int r = transfer_read(reader, &record, &err);
        check(r == 0 || (r == -EBADMSG && err.text[0]));
        if (r < 0)
            return;
        enum transfer_kind kind = record.kind;
        if (kind == TRANSFER_RUN)
            take_run(&record);
        else if (kind == TRANSFER_WORKSHOP)
            take_workshop(&record);
        transfer_record_release(&record);
        if (kind == TRANSFER_END)
            return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct transfer_bounds bounds = transfer_bounds(&LIMITS_DEFAULT);
    struct transfer_reader reader;
    struct err err = {0};
    if (n == 0)
        return 0;
    FILE *in = fmemopen((void *)bytes, n, "r");
    transfer_reader_init(&reader, in, &bounds);
    if (transfer_read_head(&reader, &err) == 0)
        take_records(&reader);
    else
        check(err.text[0]);
    transfer_reader_release(&reader);
    fclose(in);
    return 0;
}

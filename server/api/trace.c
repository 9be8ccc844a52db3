#include "server/api/api.h"

#include "sandbox/trace/export.h"
#include "server/api/run_json.h"
#include "server/base/log.h"
#include "server/http/errand.h"
#include "server/http/problem.h"
#include "server/store/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RAW_MAX    TRACE_BYTES_MAX
#define EXPORT_MAX (512u << 20)

enum trace_format { FORMAT_BINARY, FORMAT_JSON, FORMAT_CHROME, FORMAT_CSV, FORMATS };

static const struct {
    const char *name;
    const char *type;
    int (*export)(const struct trace *trace, struct buf *out);
} formats[FORMATS] = {
    [FORMAT_BINARY] = {"binary", "application/octet-stream", NULL},
    [FORMAT_JSON] = {"json", "application/json; charset=utf-8", trace_export_json},
    [FORMAT_CHROME] = {"chrome", "application/json; charset=utf-8", trace_export_chrome},
    [FORMAT_CSV] = {"csv", "text/csv; charset=utf-8", trace_export_csv},
};

struct wanted {
    enum trace_format format;
    bool follow;
    size_t offset;
};

static void read_wanted(const struct request *request, struct wanted *ret,
                        struct field_errors *errors)
{
    const char *format = request_query(request, "format");
    const char *follow = request_query(request, "follow");
    const char *offset = request_query(request, "offset");
    while (format && ret->format < FORMATS && strcmp(formats[ret->format].name, format) != 0)
        ret->format++;
    if (ret->format == FORMATS)
        field_error(errors, "not-a-choice", "must be json, binary, chrome or csv", "?format");
    if (follow && strcmp(follow, "true") != 0 && strcmp(follow, "false") != 0)
        field_error(errors, "not-a-boolean", "must be true or false", "?follow");
    ret->follow = follow && strcmp(follow, "true") == 0;
    if (offset &&
        (*offset == '\0' || strlen(offset) > 15 || offset[strspn(offset, "0123456789")] != '\0'))
        field_error(errors, "not-an-integer", "must be a number of bytes", "?offset");
    else if (offset)
        ret->offset = strtoul(offset, NULL, 10);
}

/* ---- following a live run ---- */

struct follow {
    struct run *run;
    struct subscriber subscriber;
    size_t offset;
};

static ssize_t read_follow(void *context, char *out, size_t n, uint64_t *ret_deadline_ns)
{
    struct follow *f = context;
    struct run *run = f->run;
    *ret_deadline_ns = UINT64_MAX;
    pthread_mutex_lock(&run->lock);
    size_t ready = f->offset < run->trace.len ? run->trace.len - f->offset : 0;
    if (ready > n)
        ready = n;
    if (ready > 0)
        memcpy(out, run->trace.data + f->offset, ready);
    bool ended = run->status >= RUN_ENDED;
    pthread_mutex_unlock(&run->lock);
    f->offset += ready;
    return ready == 0 && ended ? -1 : (ssize_t)ready;
}

static void close_follow(void *context)
{
    struct follow *f = context;
    run_unsubscribe(f->run, &f->subscriber);
    run_unref(f->run);
    free(f);
}

static void follow_live(struct request *request, struct run *run, size_t offset)
{
    struct follow *f = calloc(1, sizeof *f);
    if (!f) {
        problem_reply(request, 500, "out of memory");
        return;
    }
    *f = (struct follow){.run = run_ref(run), .subscriber = {.request = request}, .offset = offset};
    run_subscribe(run, &f->subscriber);
    request_reply_stream(
        request, 200, formats[FORMAT_BINARY].type,
        &(struct stream){.context = f, .read = read_follow, .close = close_follow});
}

/* ---- whole traces ---- */

static int copy_live(struct run *run, struct buf *out)
{
    pthread_mutex_lock(&run->lock);
    int r = buf_add(out, buf_text(&run->trace), run->trace.len);
    pthread_mutex_unlock(&run->lock);
    return r;
}

/* Appends the chunks of a stored run, or its zstd frame when `packed`. */
static int copy_row(struct store_reader *reader, int64_t number, bool packed, struct buf *out)
{
    uint64_t raw_bytes;
    if (packed)
        return store_trace(reader, number, out, &raw_bytes);
    _cleanup_buf_ struct buf frame = BUF_INIT(RAW_MAX);
    int r = store_trace(reader, number, &frame, &raw_bytes);
    return r < 0 ? r : unpack(buf_text(&frame), frame.len, (size_t)raw_bytes, out);
}

int run_trace_read(struct store_reader *reader, const struct found_run *found, struct buf *out)
{
    return found->live ? copy_live(found->live, out)
                       : copy_row(reader, found->row.number, false, out);
}

static void reply_binary(struct app *app, struct request *request, const struct found_run *found,
                         size_t offset)
{
    _cleanup_buf_ struct buf bytes = BUF_INIT(RAW_MAX);
    bool packed = !found->live && offset == 0 && request_accepts(request, "zstd");
    int r = packed ? copy_row(app_reader(app, request), found->row.number, true, &bytes)
                   : run_trace_read(app_reader(app, request), found, &bytes);
    if (r < 0 && r != -ENOENT) {
        problem_reply(request, 500, "the trace cannot be read");
        return;
    }
    if (bytes.len > 0)
        buf_consume(&bytes, offset < bytes.len ? offset : bytes.len);
    request_reply_header(request, "Vary", "Accept-Encoding");
    if (packed && r == 0)
        request_reply_header(request, "Content-Encoding", "zstd");
    request_reply(request, 200, formats[FORMAT_BINARY].type, &bytes);
}

/* ---- exports ---- */

struct export
{
    struct errand errand;
    struct app *app;
    struct found_run found;
    enum trace_format format;
    int result;
    struct buf out;
};

static void release_export(struct errand *errand)
{
    struct export *e = (struct export *)errand;
    found_run_release(&e->found);
    buf_release(&e->out);
    free(e);
}

static int convert(const struct buf *chunks, enum trace_format format, struct buf *out)
{
    struct trace trace = {0};
    struct err err = {0};
    int r = trace_decode(&trace, buf_text(chunks), chunks->len, &err);
    if (r < 0)
        log_line(LOG_ERROR, "a trace cannot be decoded: %s", err.text);
    if (r == 0)
        r = trace_sort(&trace);
    if (r == 0)
        r = formats[format].export(&trace, out);
    trace_release(&trace);
    return r;
}

static void perform_export(struct errand *errand)
{
    struct export *e = (struct export *)errand;
    _cleanup_buf_ struct buf chunks = BUF_INIT(RAW_MAX);
    int r = run_trace_read(e->app->background_reader, &e->found, &chunks);
    e->result = r == 0 || r == -ENOENT ? convert(&chunks, e->format, &e->out) : r;
}

static void reply_export(struct errand *errand, struct request *request)
{
    struct export *e = (struct export *)errand;
    if (e->result < 0)
        problem_reply(request, 500, "the trace cannot be read");
    else
        request_reply(request, 200, formats[e->format].type, &e->out);
}

/* Takes over what was found. */
static void run_export(struct app *app, struct request *request, struct found_run *found,
                       enum trace_format format)
{
    struct export *e = calloc(1, sizeof *e);
    if (!e) {
        problem_reply(request, 500, "out of memory");
        return;
    }
    *e = (struct export){.errand = {perform_export, reply_export, release_export},
                         .app = app,
                         .found = *found,
                         .format = format,
                         .out = BUF_INIT(EXPORT_MAX)};
    *found = (struct found_run){0};
    errand_run(&e->errand, app->background, request);
}

void api_run_trace(struct app *app, struct request *request, const char *id)
{
    struct wanted wanted = {0};
    struct field_errors errors = {0};
    struct found_run found;
    read_wanted(request, &wanted, &errors);
    if (errors.count > 0) {
        problem_reply_fields(request, &errors);
        return;
    }
    if (found_run_or_reply(app, request, id, &found) < 0)
        return;
    if (wanted.format != FORMAT_BINARY)
        run_export(app, request, &found, wanted.format);
    else if (wanted.follow && found.live)
        follow_live(request, found.live, wanted.offset);
    else
        reply_binary(app, request, &found, wanted.offset);
    found_run_release(&found);
}

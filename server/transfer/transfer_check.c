#include "server/transfer/transfer_check.h"

#include "sandbox/base/clock.h"
#include "sandbox/base/utf8.h"
#include "sandbox/trace/chunk.h"
#include "server/runs/run.h"
#include "server/store/pack.h"
#include "server/transfer/shape.h"
#include "server/workshops/workshop.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PARAMS_TEXT_MAX = 1 << 16 };
#define DAY_MS INT64_C(86400000)

/* What each text of JSON is like; proto/host's report.c writes the last two. */
#define ACTOR "task:s,task_id:i,operation:?s"
#define DID   "?{operation:?s,object:?s,in_vain~:b}"

static const char run_shape[] = "{id:s,scenario:s,job:s,params:s,schedule:s,ended:s,created_ms:i,"
                                "started_ms:i,finished_ms:i,result:s,"
                                "seat~:{workshop:s,step:i,name:s}}";
static const char params_shape[] = "{*:p}";
static const char schedule_shape[] =
    "{mode:(free|random|pct|round-robin|replay),seed:?i,depth:?i,timing:?(virtual|ignored),"
    "token:?t,steps:?i,preemptions:?i,problem:?s,"
    "reason~:{code:s,step~:i,choice~:i,choices~:i}}";
static const char result_shape[] =
    "{ended:s,exit:{code:?i,signal:?i},"
    "outcome:?{text:s,class:?(|acceptable|interesting|forbidden),rule~:?i},"
    "checks:[{name:s,held:b,expected:s,actual:s}],metrics:{*:i},"
    "waits_for:[{task:s,object:?s,holder:?s}],table:[[v]],"
    "enabled~:[{" ACTOR ",object:?s,token:t}],"
    "races~:[{object:s,first:{" ACTOR ",event:?i},second:{" ACTOR ",event:?i}}],"
    "interruptions~:[{task:s,task_id:i,done:" DID ",next:" DID ",by:?s,meanwhile:" DID "}],"
    "positions~:[{" ACTOR ",object:?s,line:?i,enabled:b}],"
    "explanation~:{en:s,zh:s},isolation:{tier:(full|reduced),layers:[s]}}";

void transfer_run_release(struct transfer_run *run)
{
    store_run_release(&run->row);
    buf_release(&run->output);
    buf_release(&run->segments);
    buf_release(&run->trace);
}

struct transfer_bounds transfer_bounds(const struct limits *limits)
{
    return (struct transfer_bounds){.output = OUTPUT_CLEAN_MAX(limits),
                                    .segments = SEGMENTS_MAX * sizeof(struct output_segment),
                                    .trace = TRACE_BYTES_MAX};
}

bool transfer_is_run_id(const char *text)
{
    size_t n = 0;
    while (text && n < RUN_ID_SIZE && isalnum((unsigned char)text[n]))
        n++;
    return text && n == RUN_ID_SIZE - 1 && !text[n];
}

/* ---- texts of JSON ---- */

/*
 * A member that holds JSON, which answers and streams of events repeat as it is: one object in one
 * line. *ret_doc is to be freed.
 */
static int check_json(const struct doc *body, const char *name, size_t most, const char *shape,
                      struct doc **ret_doc, struct err *err)
{
    const char *text = doc_string(doc_member(body, name));
    size_t n = strlen(text);
    struct doc *doc;
    if (n > most)
        return err_set(err, EINVAL, "%s: must have at most %zu bytes, has %zu", name, most, n);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < ' ')
            return err_set(err, EINVAL, "%s: has control characters", name);
    if (n < 2 || text[0] != '{' || text[n - 1] != '}')
        return err_set(err, EINVAL, "%s: is no object", name);
    int r = doc_parse(&doc, text, n, err);
    if (r < 0)
        return err_wrap(err, "%s", name);
    r = shape_check(shape, doc, err);
    if (r < 0)
        err_wrap(err, "%s", name);
    if (r == 0 && ret_doc)
        *ret_doc = doc;
    else
        doc_free(doc);
    return r;
}

static bool is_end(const char *text)
{
    for (unsigned i = ENDED_NONE + 1; i < ENDED_COUNT; i++)
        if (strcmp(text, ended_text(i)) == 0)
            return true;
    return false;
}

/* A run whose result could not be written has an empty one. */
static int check_result(const struct doc *body, struct err *err)
{
    struct doc *result = NULL;
    const char *ended = doc_string(doc_member(body, "ended"));
    if (!is_end(ended))
        return err_set(err, EINVAL, "ended: is no end that a run can have");
    if (strcmp(doc_string(doc_member(body, "result")), "{}") == 0)
        return 0;
    int r = check_json(body, "result", RESULT_MAX, result_shape, &result, err);
    if (r == 0 && strcmp(ended, doc_string(doc_member(result, "ended"))) != 0)
        r = err_set(err, EINVAL, "result: says another end than ended");
    doc_free(result);
    return r;
}

static int check_job(const struct doc *body, const struct catalog *catalog, struct err *err)
{
    const char *text = doc_string(doc_member(body, "job"));
    const char *scenario = doc_string(doc_member(body, "scenario"));
    struct job job;
    if (!catalog_find(catalog, scenario))
        return err_set(err, EINVAL, "scenario: there is none named \"%.64s\" here", scenario);
    if (job_read(&job, text, strlen(text), err) < 0)
        return err_wrap(err, "job");
    if (strcmp(job.scenario, scenario) != 0)
        return err_set(err, EINVAL, "job: is of another scenario");
    return 0;
}

/* ---- times ---- */

static int read_time(const struct doc *body, const char *name, bool needed, int64_t *ret,
                     struct err *err)
{
    int64_t ms, most = now_ms() + DAY_MS;
    if (!doc_integer(doc_member(body, name), &ms) || ms < needed || ms > most)
        return err_set(err, EINVAL, "%s: must be milliseconds since 1970, not of the future", name);
    *ret = ms;
    return 0;
}

static int read_times(struct store_run *row, const struct doc *body, struct err *err)
{
    int r = read_time(body, "created_ms", true, &row->created_ms, err);
    if (r == 0)
        r = read_time(body, "started_ms", false, &row->started_ms, err);
    return r < 0 ? r : read_time(body, "finished_ms", false, &row->finished_ms, err);
}

/* ---- output ---- */

static int check_text(const struct buf *text, struct err *err)
{
    for (size_t i = 0, width; i < text->len; i += width)
        if ((width = utf8_width(text->data + i, text->len - i)) == 0)
            return err_set(err, EINVAL, "output: is not UTF-8 at byte %zu", i);
    return 0;
}

static bool begins_character(const struct buf *text, size_t at)
{
    return at == text->len || ((unsigned char)text->data[at] & 0xc0) != 0x80;
}

static int check_segments(const struct buf *text, const struct buf *segments, struct err *err)
{
    struct output_segment segment;
    size_t at = 0;
    if (segments->len % sizeof segment)
        return err_set(err, EINVAL, "segments: end within one");
    for (size_t i = 0; i < segments->len; i += sizeof segment) {
        memcpy(&segment, segments->data + i, sizeof segment);
        if (segment.bytes == 0 || segment.bytes > text->len - at ||
            !begins_character(text, at + segment.bytes))
            return err_set(err, EINVAL, "segments: number %zu does not fit the output",
                           i / sizeof segment);
        if (segment.t_ns > TRACE_TIME_MOST || segment.unused ||
            (segment.task >= TRACE_TASKS_MAX && segment.task != TRACE_NO_TASK))
            return err_set(err, EINVAL, "segments: number %zu is malformed", i / sizeof segment);
        at += segment.bytes;
    }
    return at == text->len ? 0
                           : err_set(err, EINVAL, "segments: cover %zu bytes of an output of %zu",
                                     at, text->len);
}

/* ---- trace ---- */

static int check_chunks(const struct buf *chunks, struct err *err)
{
    struct trace trace = {0};
    int r = trace_decode(&trace, buf_text(chunks), chunks->len, err);
    if (r == 0 && trace.event_count > TRACE_SEGMENTS * TRACE_SEGMENT_RECORDS)
        r = err_set(err, EINVAL, "has %u events; no run has so many", trace.event_count);
    trace_release(&trace);
    return r < 0 ? err_wrap(err, "trace") : 0;
}

/* What is stored and handed out is packed anew: nobody else's frame reaches a browser. */
static int check_trace(struct transfer_run *run, const struct transfer_record *record,
                       struct err *err)
{
    _cleanup_buf_ struct buf chunks = BUF_INIT(TRACE_BYTES_MAX);
    run->trace = BUF_INIT(2 * (size_t)TRACE_BYTES_MAX);
    run->trace_bytes = record->trace_bytes;
    if (record->trace.len == 0)
        return 0;
    if (record->trace_bytes == 0 || record->trace_bytes > TRACE_BYTES_MAX)
        return err_set(err, EINVAL, "trace_bytes: must be 1 to %d, was %" PRIu64, TRACE_BYTES_MAX,
                       record->trace_bytes);
    int r = unpack(record->trace.data, record->trace.len, record->trace_bytes, &chunks);
    if (r == -EBADMSG)
        return err_set(err, EINVAL, "trace: does not unpack to its %" PRIu64 " bytes",
                       record->trace_bytes);
    if (r < 0)
        return err_errno(err, -r, "trace");
    r = check_chunks(&chunks, err);
    if (r == 0 && pack(chunks.data, chunks.len, &run->trace) < 0)
        r = err_errno(err, ENOMEM, "trace");
    return r;
}

/* ---- whole ---- */

static int read_seat(struct store_seat *seat, const struct doc *member, struct err *err)
{
    const char *workshop = doc_string(doc_member(member, "workshop"));
    const char *name = doc_string(doc_member(member, "name"));
    int64_t step;
    if (!member)
        return 0;
    if (!workshop_normalise(workshop, seat->workshop) || strcmp(workshop, seat->workshop) != 0)
        return err_set(err, EINVAL, "seat/workshop: is no id of a workshop");
    if (workshop_read_name(name, seat->name) || strcmp(name, seat->name) != 0)
        return err_set(err, EINVAL, "seat/name: must be a name of 1 to %d characters",
                       WORKSHOP_NAME_MAX);
    if (!doc_integer(doc_member(member, "step"), &step) || step < 0 || step >= WORKSHOP_STEPS_MAX)
        return err_set(err, EINVAL, "seat/step: must be 0 to %d", WORKSHOP_STEPS_MAX - 1);
    seat->step = (unsigned)step;
    seat->imported = true;
    return 0;
}

static int check_row(const struct doc *body, const struct catalog *catalog, struct err *err)
{
    int r = shape_check(run_shape, body, err);
    if (r < 0)
        return r;
    if (!transfer_is_run_id(doc_string(doc_member(body, "id"))))
        return err_set(err, EINVAL, "id: must be 22 letters and digits");
    r = check_job(body, catalog, err);
    if (r == 0)
        r = check_json(body, "params", PARAMS_TEXT_MAX, params_shape, NULL, err);
    if (r == 0)
        r = check_json(body, "schedule", SCHEDULE_JSON_MAX, schedule_shape, NULL, err);
    return r < 0 ? r : check_result(body, err);
}

static char *copy(const struct doc *body, const char *name)
{
    return strdup(doc_string(doc_member(body, name)));
}

static int fill_row(struct store_run *row, const struct doc *body, struct err *err)
{
    snprintf(row->id, sizeof row->id, "%s", doc_string(doc_member(body, "id")));
    row->scenario = copy(body, "scenario");
    row->job = copy(body, "job");
    row->params = copy(body, "params");
    row->schedule = copy(body, "schedule");
    row->ended = copy(body, "ended");
    row->result = copy(body, "result");
    row->done = row->kept = true;
    if (!row->scenario || !row->job || !row->params || !row->schedule || !row->ended ||
        !row->result)
        return err_errno(err, ENOMEM, "run");
    int r = read_times(row, body, err);
    return r < 0 ? r : read_seat(&row->seat, doc_member(body, "seat"), err);
}

int transfer_check_run(struct transfer_run *ret, struct transfer_record *record,
                       const struct catalog *catalog, struct err *err)
{
    struct transfer_run run = {0};
    if (record->too_large.code)
        return err_set(err, EINVAL, "%s", record->too_large.text);
    int r = check_row(record->body, catalog, err);
    if (r == 0)
        r = check_text(&record->output, err);
    if (r == 0)
        r = check_segments(&record->output, &record->segments, err);
    if (r == 0)
        r = check_trace(&run, record, err);
    if (r == 0)
        r = fill_row(&run.row, record->body, err);
    if (r < 0) {
        transfer_run_release(&run);
        return r == -ENOMEM ? r : -EINVAL;
    }
    run.output = record->output;
    run.segments = record->segments;
    run.row.output_bytes = run.output.len;
    record->output = record->segments = (struct buf){0};
    *ret = run;
    return 0;
}

int transfer_check_workshop(struct store_workshop *ret, const struct transfer_record *record,
                            const struct catalog *catalog, struct err *err)
{
    struct store_workshop workshop = {.imported_ms = now_ms()};
    struct field_errors errors = {0};
    const char *id = doc_string(doc_member(record->body, "id"));
    if (!id || !workshop_normalise(id, workshop.id) || strcmp(id, workshop.id) != 0)
        return err_set(err, EINVAL, "id: is none of a workshop");
    int r = read_time(record->body, "created_ms", true, &workshop.created_ms, err);
    if (r == 0)
        workshop_read(&workshop, catalog, record->body, &errors);
    if (r == 0 && errors.failed)
        r = err_errno(err, ENOMEM, "workshop");
    if (r == 0 && errors.count > 0)
        r = err_set(err, EINVAL, "%s: %s", errors.list[0].pointer, errors.list[0].detail);
    if (r < 0)
        store_workshop_release(&workshop);
    else
        *ret = workshop;
    return r == 0 || r == -ENOMEM ? r : -EINVAL;
}

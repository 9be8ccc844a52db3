#include "server/runs/run.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/clock.h"
#include "sandbox/base/utf8.h"
#include "sandbox/trace/chunk.h"
#include "server/setups/values.h"
#include "server/store/pack.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static char *schedule_json(const struct job *job, const struct report_schedule *said)
{
    _cleanup_buf_ struct buf out = BUF_INIT(SCHEDULE_JSON_MAX);
    struct jsonw w = JSONW(&out);
    schedule_write(&job->schedule, said, &w);
    return buf_steal(&out);
}

static char *job_text(const struct job *job)
{
    _cleanup_buf_ struct buf out = BUF_INIT(JOB_BYTES_MAX);
    return job_write(job, &out, NULL) < 0 ? NULL : buf_steal(&out);
}

/* All that was asked for, as one text: the job and, in a workshop, for whom. */
static char *asked_text(const struct store_run *r)
{
    _cleanup_buf_ struct buf out = BUF_INIT(JOB_BYTES_MAX + 2 * WORKSHOP_NAME_SIZE);
    buf_adds(&out, r->job);
    if (r->seat.workshop[0])
        buf_printf(&out, "\n%s/%u/%s", r->seat.workshop, r->seat.step, r->seat.name);
    return buf_steal(&out);
}

struct run *run_new(const struct scenario_info *scenario, const struct job *job,
                    const char *session, const struct store_seat *seat, const char *key,
                    const struct limits *limits, const char *lost)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        return NULL;
    atomic_init(&run->refs, 1);
    pthread_mutex_init(&run->lock, NULL);
    run->scenario = scenario;
    run->job = *job;
    run->key = key ? strdup(key) : NULL;
    run->output = BUF_INIT(OUTPUT_CLEAN_MAX(limits));
    run->segments = BUF_INIT(SEGMENTS_MAX * sizeof(struct output_segment));
    run->trace = BUF_INIT(TRACE_BYTES_MAX);
    run->packed = BUF_INIT(2 * TRACE_BYTES_MAX);
    run->record.scenario = strdup(scenario->id);
    run->record.job = job_text(job);
    run->record.params = scenario_params_json(scenario, job);
    run->record.schedule = schedule_json(job, NULL);
    run->record.ended = strdup(ended_text(ENDED_INTERNAL_ERROR));
    run->record.result = strdup(lost);
    run->record.created_ms = now_ms();
    if (seat)
        run->record.seat = *seat;
    run->record.kept = seat && seat->workshop[0]; /* as long as the workshop is */
    strncpy(run->record.session, session, SESSION_SIZE - 1);
    run->asked = key && run->record.job ? asked_text(&run->record) : NULL;
    if (random_id(run->record.id) < 0 || (key && (!run->key || !run->asked)) ||
        !run->record.scenario || !run->record.job || !run->record.params || !run->record.schedule ||
        !run->record.ended || !run->record.result) {
        run_unref(run);
        return NULL;
    }
    return run;
}

struct run *run_ref(struct run *run)
{
    atomic_fetch_add(&run->refs, 1);
    return run;
}

void run_unref(struct run *run)
{
    if (!run || atomic_fetch_sub(&run->refs, 1) != 1)
        return;
    buf_release(&run->output);
    buf_release(&run->segments);
    buf_release(&run->trace);
    buf_release(&run->packed);
    store_run_release(&run->record);
    pthread_mutex_destroy(&run->lock);
    free(run->key);
    free(run->asked);
    free(run);
}

/* Now, also when the clock was set back meanwhile. */
static int64_t not_before(int64_t ms)
{
    int64_t now = now_ms();
    return now > ms ? now : ms;
}

void run_started(struct run *run)
{
    pthread_mutex_lock(&run->lock);
    run->status = RUN_RUNNING;
    run->record.started_ms = not_before(run->record.created_ms);
    pthread_mutex_unlock(&run->lock);
}

static void add_clean(struct buf *out, const char *text, size_t n)
{
    size_t good = 0;
    for (size_t i = 0; i < n;) {
        size_t width = utf8_width(text + i, n - i);
        if (width == 0) {
            buf_add(out, text + good, i - good);
            buf_adds(out, "\xef\xbf\xbd");
            good = i + 1;
        }
        i += width ? width : 1;
    }
    buf_add(out, text + good, n - good);
}

/* When the segments are used up the last one takes the rest, as nobody's. */
static void add_segment(struct buf *segments, const struct output_segment *segment)
{
    if (segments->len < segments->ceiling) {
        buf_add(segments, segment, sizeof *segment);
        return;
    }
    struct output_segment *last =
        (struct output_segment *)(segments->data + segments->len - sizeof *last);
    last->task = TRACE_NO_TASK;
    last->bytes += segment->bytes;
}

void run_add_output(struct run *run, const struct output_piece *piece)
{
    pthread_mutex_lock(&run->lock);
    size_t before = run->output.len;
    add_clean(&run->output, piece->text, piece->length);
    struct output_segment segment = {
        .t_ns = piece->t_ns, .bytes = (uint32_t)(run->output.len - before), .task = piece->task};
    if (segment.bytes > 0)
        add_segment(&run->segments, &segment);
    run->record.output_bytes = run->output.len;
    pthread_mutex_unlock(&run->lock);
}

void run_add_chunks(struct run *run, const void *bytes, size_t n)
{
    pthread_mutex_lock(&run->lock);
    if (buf_add(&run->trace, bytes, n) == 0)
        run->trace_events += chunk_count_events(bytes, n);
    pthread_mutex_unlock(&run->lock);
}

int result_write(const struct report *report, const struct isolation *isolation, struct buf *out)
{
    struct jsonw w = JSONW(out);
    jsonw_open(&w, '{');
    report_write(report, &w);
    jsonw_name(&w, "isolation");
    isolation_write(isolation, &w);
    jsonw_close(&w, '}');
    return buf_error(out);
}

/* Whether all that came from it is there, and packed. */
static bool is_whole(const struct run *run)
{
    return buf_error(&run->output) != -ENOMEM && buf_error(&run->segments) != -ENOMEM &&
           buf_error(&run->trace) != -ENOMEM && (run->trace.len == 0 || run->packed.len > 0);
}

/* Moves what was said into the record, or leaves the end it was born with. */
static void set_end(struct run *run, char **ended, char **result, char **schedule)
{
    free(run->record.ended);
    free(run->record.result);
    run->record.ended = steal_ptr(ended);
    run->record.result = steal_ptr(result);
    run->record.schedule_then = steal_ptr(schedule);
}

void run_ended(struct run *run, const struct report *report, const struct isolation *isolation)
{
    _cleanup_buf_ struct buf text = BUF_INIT(RESULT_MAX);
    result_write(report, isolation, &text);
    _cleanup_free_ char *result = buf_steal(&text), *ended = strdup(ended_text(report->ended)),
                        *schedule =
                            report->schedule ? schedule_json(&run->job, report->schedule) : NULL;
    pthread_mutex_lock(&run->lock);
    run->status = RUN_ENDED;
    run->record.finished_ms =
        not_before(run->record.started_ms ? run->record.started_ms : run->record.created_ms);
    run->record.done = true;
    if (run->trace.len > 0 && pack(run->trace.data, run->trace.len, &run->packed) < 0)
        buf_clear(&run->packed);
    if (is_whole(run) && result && ended && (schedule || !report->schedule))
        set_end(run, &ended, &result, &schedule);
    pthread_mutex_unlock(&run->lock);
}

void run_set_acceptance(struct run *run, enum acceptance acceptance)
{
    pthread_mutex_lock(&run->lock);
    run->acceptance = acceptance;
    pthread_mutex_unlock(&run->lock);
    run_notify(run, true);
}

void run_set_done(struct run *run)
{
    pthread_mutex_lock(&run->lock);
    run->status = RUN_DONE;
    pthread_mutex_unlock(&run->lock);
    run_notify(run, true);
}

void run_subscribe(struct run *run, struct subscriber *subscriber)
{
    pthread_mutex_lock(&run->lock);
    subscribers_add(&run->subscribers, subscriber);
    pthread_mutex_unlock(&run->lock);
}

void run_unsubscribe(struct run *run, struct subscriber *subscriber)
{
    pthread_mutex_lock(&run->lock);
    subscribers_remove(&run->subscribers, subscriber);
    pthread_mutex_unlock(&run->lock);
}

void run_notify(struct run *run, bool end)
{
    pthread_mutex_lock(&run->lock);
    subscribers_wake(run->subscribers, end);
    pthread_mutex_unlock(&run->lock);
}

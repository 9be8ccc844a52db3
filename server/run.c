#include "server/run.h"

#include "sandbox/base/utf8.h"
#include "sandbox/trace/chunk.h"
#include "server/pack.h"
#include "server/values.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { RESULT_MAX = 1 << 20, SCHEDULE_JSON_MAX = 1 << 13 };
#define TRACE_BYTES_MAX (64u << 20)

int random_id(char out[static RUN_ID_SIZE])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const size_t letters = sizeof alphabet - 1, fair = 256 - 256 % letters;
    size_t made = 0;
    while (made < RUN_ID_SIZE - 1) {
        unsigned char bytes[32];
        ssize_t n = getrandom(bytes, sizeof bytes, 0);
        if (n < 0 && errno != EINTR)
            return -errno;
        for (ssize_t i = 0; i < n && made < RUN_ID_SIZE - 1; i++)
            if (bytes[i] < fair)
                out[made++] = alphabet[bytes[i] % letters];
    }
    out[made] = '\0';
    return 0;
}

int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

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

struct run *run_new(const struct scenario_info *scenario, const struct job *job,
                    const char *session, const char *key, const struct limits *limits)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        return NULL;
    atomic_init(&run->refs, 1);
    pthread_mutex_init(&run->lock, NULL);
    run->scenario = scenario;
    run->job = *job;
    run->key = key ? strdup(key) : NULL;
    /* A bad byte becomes three when it is cleaned. */
    run->output = BUF_INIT(3 * limits->output_bytes + 3 * PIPE_BUF);
    run->segments = BUF_INIT(SEGMENTS_MAX * sizeof(struct output_segment));
    run->trace = BUF_INIT(TRACE_BYTES_MAX);
    run->packed = BUF_INIT(2 * TRACE_BYTES_MAX);
    run->record.scenario = strdup(scenario->id);
    run->record.job = job_text(job);
    run->record.params = scenario_params_json(scenario, job);
    run->record.schedule = schedule_json(job, NULL);
    run->record.created_ms = now_ms();
    strncpy(run->record.session, session, SESSION_SIZE - 1);
    if (random_id(run->record.id) < 0 || (key && !run->key) || !run->record.scenario ||
        !run->record.job || !run->record.params || !run->record.schedule) {
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
    free(run);
}

void run_started(struct run *run)
{
    pthread_mutex_lock(&run->lock);
    run->status = RUN_RUNNING;
    run->record.started_ms = now_ms();
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

void run_ended(struct run *run, const struct report *report, const struct isolation *isolation)
{
    _cleanup_buf_ struct buf result = BUF_INIT(RESULT_MAX);
    int r = result_write(report, isolation, &result);
    char *schedule = report->schedule ? schedule_json(&run->job, report->schedule) : NULL;
    pthread_mutex_lock(&run->lock);
    run->record.schedule_then = schedule;
    run->status = RUN_ENDED;
    run->record.finished_ms = now_ms();
    run->record.ended = strdup(ended_text(report->ended));
    run->record.result = r < 0 ? strdup("{}") : buf_steal(&result);
    run->record.done = true;
    if (run->trace.len > 0 && pack(run->trace.data, run->trace.len, &run->packed) < 0)
        buf_clear(&run->packed);
    pthread_mutex_unlock(&run->lock);
}

void run_set_acceptance(struct run *run, enum run_acceptance acceptance)
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

/*
 * The pictures of links: what a run's tasks did, what an experiment came to, what a scenario is
 * about. They are drawn in the background; those that never change are kept for a while.
 */
#include "sandbox/trace/shared.h"
#include "server/api/api.h"
#include "server/api/experiment_json.h"
#include "server/api/run_json.h"
#include "server/base/etag.h"
#include "server/base/log.h"
#include "server/http/errand.h"
#include "server/http/problem.h"
#include "server/pages/page.h"
#include "server/pictures/picture.h"
#include "server/pictures/pictures.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a run records at most is looked at; a longer trace is none of ours. */
enum { EVENTS_MAX = TRACE_SEGMENTS * TRACE_SEGMENT_RECORDS };
enum { PNG_MAX = 4 << 20, BARS_MAX = 8, FIGURE_MAX = 64 };

/* A controlled run's clock stands still after the last event: what shows of the state then. */
#define AFTERWARDS_SHARE    0.04
#define AFTERWARDS_LEAST_NS 1000.0

enum subject { SUBJECT_RUN, SUBJECT_EXPERIMENT, SUBJECT_SCENARIO };

struct order {
    struct errand errand;
    struct app *app;
    enum subject subject;
    enum language language;
    char id[PICTURE_NAME_SIZE - 16];
    struct found_run run;
    struct found_experiment experiment;
    bool lasting; /* it will never look otherwise */
    int result;
    struct buf png;
};

static void name_of(const struct order *o, char out[static PICTURE_NAME_SIZE])
{
    static const char letters[] = "rxs";
    snprintf(out, PICTURE_NAME_SIZE, "%c/%s?%s", letters[o->subject], o->id,
             language_tag(o->language));
}

static enum picture_tone tone_of_class(const char *class)
{
    return strcmp(class, "acceptable") == 0    ? TONE_GOOD
           : strcmp(class, "interesting") == 0 ? TONE_NOTABLE
           : strcmp(class, "forbidden") == 0   ? TONE_BAD
                                               : TONE_PLAIN;
}

static enum picture_tone tone_of_end(const char *ended)
{
    return !*ended || strcmp(ended, "stopped") == 0 ? TONE_GOING
           : strcmp(ended, "completed") == 0        ? TONE_PLAIN
                                                    : TONE_BAD;
}

static int draw(struct order *o, const struct picture *picture)
{
    return picture_draw(o->app->painter, picture, &o->png);
}

/* ---- a run ---- */

static bool ended_badly(const char *ended)
{
    return strcmp(ended, "deadlock") == 0 || strcmp(ended, "livelock") == 0 ||
           strcmp(ended, "timeout") == 0;
}

/* When it was over, by the clock of its events. */
static uint64_t end_of(const struct doc *run, const struct lanes *lanes, bool controlled)
{
    int64_t wall = 0;
    const struct doc *metrics = doc_member(run, "metrics");
    if (!controlled)
        return doc_integer(doc_member(metrics, "wall_ns"), &wall) && wall > 0 ? (uint64_t)wall : 0;
    double more = (double)lanes->last_ns * AFTERWARDS_SHARE;
    if (more < AFTERWARDS_LEAST_NS || strcmp(member_text(run, "ended"), "stopped") == 0)
        more = AFTERWARDS_LEAST_NS;
    return lanes->last_ns + (uint64_t)more;
}

/* What the tasks did. Returns 0, or -errno when that cannot be told; release both either way. */
static int follow(const struct order *o, const struct doc *run, bool controlled,
                  struct trace *trace, struct lanes *lanes)
{
    _cleanup_buf_ struct buf chunks = BUF_INIT(TRACE_BYTES_MAX);
    struct err err = {0};
    int r = run_trace_read(o->app->background_reader, &o->run, &chunks);
    if (r == 0 && chunk_count_events(buf_text(&chunks), chunks.len) > EVENTS_MAX)
        r = -E2BIG;
    if (r == 0)
        r = trace_decode(trace, buf_text(&chunks), chunks.len, &err);
    if (r == 0 && controlled)
        r = trace_sort(trace);
    if (r == 0)
        r = lanes_follow(lanes, trace, controlled);
    if (r == 0)
        r = lanes_finish(lanes, end_of(run, lanes, controlled),
                         ended_badly(member_text(run, "ended")));
    if (r < 0 && r != -ENOENT)
        log_line(LOG_ERROR, "a run's trace cannot be drawn: %s",
                 *err.text ? err.text : strerror(-r));
    return r;
}

static int draw_run(struct order *o, const struct doc *run, const struct doc *scenario)
{
    enum language language = o->language;
    struct trace trace = {0};
    struct lanes lanes = {0};
    const struct doc *outcome = doc_member(run, "outcome");
    const char *class = member_text(outcome, "class");
    const char *text = member_text(outcome, "text"), *ended = member_text(run, "ended");
    const char *why = said(language, doc_member(run, "explanation"));
    bool controlled = strcmp(member_text(doc_member(run, "schedule"), "mode"), "free") != 0;
    o->lasting = strcmp(member_text(run, "status"), "done") == 0;
    struct picture picture = {
        .language = language,
        .title = page_title(language, scenario, member_text(run, "scenario")),
        .kind = word(language, controlled ? "kind:controlled" : "kind:free"),
        .badge = page_ended(language, run),
        .badge_tone = tone_of_end(ended),
        .result = strcmp(text, ended) == 0 ? "" : text,
        .remark = *class ? worded(language, "class", class) : "",
        .remark_tone = tone_of_class(class),
        .summary = *why ? why : said(language, doc_member(scenario, "summary")),
        .lesson = said(language, doc_member(scenario, "lesson")),
    };
    if (o->lasting && follow(o, run, controlled, &trace, &lanes) == 0) {
        picture.trace = &trace;
        picture.lanes = &lanes;
    }
    int r = draw(o, &picture);
    lanes_release(&lanes);
    trace_release(&trace);
    return r;
}

static int perform_run(struct order *o)
{
    struct doc *run = NULL;
    int r = page_run_read(o->app, o->app->background_reader, &o->run, NO_OUTPUT, &run);
    if (r < 0)
        return r;
    struct doc *scenario = page_scenario_read(o->app, member_text(run, "scenario"));
    r = draw_run(o, run, scenario);
    doc_free(scenario);
    doc_free(run);
    return r;
}

/* ---- an experiment ---- */

struct bars {
    struct picture_bar bar[BARS_MAX];
    char figure[BARS_MAX][FIGURE_MAX];
    size_t count;
};

/* "8 × (23.5 %)"; of shrinking, which counts no share, how many switches are left. */
static void write_figure(enum language language, const struct doc *outcome, int64_t count,
                         char out[static FIGURE_MAX])
{
    double share;
    int64_t switches = 0;
    char number[24];
    if (doc_number(doc_member(outcome, "share"), &share)) {
        snprintf(out, FIGURE_MAX, "%" PRId64 " × (%.3g %%)", count, share * 100);
        return;
    }
    doc_integer(doc_member(outcome, "preemptions"), &switches);
    snprintf(number, sizeof number, "%" PRId64, switches);
    snprintf(out, FIGURE_MAX, word(language, "switches"), number);
}

/* The most frequent first, as they come. */
static void read_bars(enum language language, const struct doc *outcomes, struct bars *ret)
{
    double longest = 0;
    for (size_t i = 0; i < doc_count(outcomes) && i < BARS_MAX; i++) {
        const struct doc *outcome = doc_at(outcomes, i);
        const char *class = member_text(outcome, "class");
        int64_t count = 0;
        doc_integer(doc_member(outcome, "count"), &count);
        if (count > longest)
            longest = (double)count;
        write_figure(language, outcome, count, ret->figure[i]);
        ret->bar[i] = (struct picture_bar){
            .name = page_outcome(language, outcome),
            .figure = ret->figure[i],
            .tone = *class ? tone_of_class(class) : tone_of_end(member_text(outcome, "ended")),
            .share = longest > 0 ? (double)count / longest : 0};
        ret->count++;
    }
}

static int draw_experiment(struct order *o, const struct doc *experiment,
                           const struct doc *scenario)
{
    enum language language = o->language;
    const char *kind = member_text(experiment, "kind");
    const struct doc *outcomes = doc_member(experiment, "outcomes");
    struct bars bars = {0};
    char badge[64], number[24];
    int64_t done = 0;
    bool complete = false;
    doc_integer(doc_member(doc_member(experiment, "progress"), "done"), &done);
    doc_bool(doc_member(experiment, "complete"), &complete);
    o->lasting = strcmp(member_text(experiment, "status"), "done") == 0;
    read_bars(language, outcomes, &bars);
    snprintf(number, sizeof number, "%" PRId64, done);
    static const char *const counted[][2] = {{"orders", "order"}, {"runs", "run"}};
    snprintf(badge, sizeof badge, word(language, counted[strcmp(kind, "repeat") == 0][done == 1]),
             number);
    const struct picture picture = {
        .language = language,
        .title = page_title(language, scenario, member_text(experiment, "scenario")),
        .kind = worded(language, "kind", kind),
        .badge = badge,
        .badge_tone = o->lasting ? TONE_PLAIN : TONE_GOING,
        .remark = complete ? word(language, "complete") : "",
        .remark_tone = TONE_GOOD,
        .summary = said(language, doc_member(scenario, "summary")),
        .lesson = said(language, doc_member(scenario, "lesson")),
        .bars = bars.bar,
        .bar_count = bars.count,
        .more_bars = doc_count(outcomes) - bars.count,
    };
    return draw(o, &picture);
}

static int perform_experiment(struct order *o)
{
    struct doc *experiment = NULL;
    int r = page_experiment_read(o->app, &o->experiment, &experiment);
    if (r < 0)
        return r;
    struct doc *scenario = page_scenario_read(o->app, member_text(experiment, "scenario"));
    r = draw_experiment(o, experiment, scenario);
    doc_free(scenario);
    doc_free(experiment);
    return r;
}

/* ---- a scenario ---- */

static int perform_scenario(struct order *o)
{
    struct doc *scenario = page_scenario_read(o->app, o->id);
    const struct picture picture = {.language = o->language,
                                    .title = page_title(o->language, scenario, o->id),
                                    .kind = word(o->language, "kind:scenario"),
                                    .summary = said(o->language, doc_member(scenario, "summary")),
                                    .code = member_text(scenario, "python")};
    o->lasting = true;
    int r = draw(o, &picture);
    doc_free(scenario);
    return r;
}

/* ---- the errand ---- */

static void perform(struct errand *errand)
{
    struct order *o = (struct order *)errand;
    static int (*const performs[])(struct order *) = {[SUBJECT_RUN] = perform_run,
                                                      [SUBJECT_EXPERIMENT] = perform_experiment,
                                                      [SUBJECT_SCENARIO] = perform_scenario};
    char name[PICTURE_NAME_SIZE];
    name_of(o, name);
    /* Another one that asked for it may have been first. */
    o->lasting = pictures_find(o->app->pictures, name, &o->png);
    if (o->lasting)
        return;
    o->result = performs[o->subject](o);
    if (o->result == 0 && o->lasting)
        pictures_keep(o->app->pictures, name, &o->png);
}

/* How long others may keep it without asking again: a run that is deleted goes on being shown. */
#define FOR_A_DAY "public, max-age=86400"

static void reply_png(struct request *request, struct buf *png, bool lasting)
{
    char etag[24];
    const char *known = request_header(request, "If-None-Match");
    snprintf(etag, sizeof etag, "\"%016" PRIx64 "\"", etag_hash(png->data, png->len));
    request_reply_header(request, "ETag", etag);
    request_reply_header(request, "Cache-Control", lasting ? FOR_A_DAY : "no-cache");
    if (!request_query(request, "lang"))
        request_reply_header(request, "Vary", "Accept-Language");
    if (known && (strcmp(known, "*") == 0 || strstr(known, etag)))
        request_reply_empty(request, 304);
    else
        request_reply(request, 200, "image/png", png);
}

static void reply(struct errand *errand, struct request *request)
{
    struct order *o = (struct order *)errand;
    if (o->result < 0)
        problem_reply(request, 500, "the picture cannot be drawn");
    else
        reply_png(request, &o->png, o->lasting);
}

static void release(struct errand *errand)
{
    struct order *o = (struct order *)errand;
    found_run_release(&o->run);
    found_experiment_release(&o->experiment);
    buf_release(&o->png);
    free(o);
}

/* The language of ?lang=, else the reader's. False when it is none of ours; then there is a reply.
 */
static bool read_language(struct request *request, enum language *ret)
{
    const char *lang = request_query(request, "lang");
    struct field_errors errors = {0};
    *ret = page_language(request);
    if (!lang)
        return true;
    for (enum language language = 0; language < LANGUAGES; language++)
        if (strcmp(lang, language_tag(language)) == 0) {
            *ret = language;
            return true;
        }
    field_error(&errors, "not-a-choice", "must be en or zh-CN", "?lang");
    problem_reply_fields(request, &errors);
    return false;
}

/* Takes over what was found of a run or an experiment. */
static void take_order(struct app *app, struct request *request, struct order *wanted)
{
    struct order *o = calloc(1, sizeof *o);
    char name[PICTURE_NAME_SIZE];
    if (!o) {
        found_run_release(&wanted->run);
        found_experiment_release(&wanted->experiment);
        problem_reply(request, 500, "out of memory");
        return;
    }
    *o = *wanted;
    o->errand = (struct errand){.perform = perform, .reply = reply, .release = release};
    o->app = app;
    o->png = BUF_INIT(PNG_MAX);
    name_of(o, name);
    if (pictures_find(app->pictures, name, &o->png)) {
        reply_png(request, &o->png, true);
        release(&o->errand);
    } else if (!app->painter) {
        problem_reply(request, 503, "this server has no fonts to draw pictures with");
        release(&o->errand);
    } else {
        errand_run(&o->errand, app->background, request);
    }
}

void picture_run(struct app *app, struct request *request, const char *id)
{
    struct order wanted = {.subject = SUBJECT_RUN};
    snprintf(wanted.id, sizeof wanted.id, "%s", id);
    if (read_language(request, &wanted.language) &&
        found_run_or_reply(app, request, id, &wanted.run) == 0)
        take_order(app, request, &wanted);
}

void picture_experiment(struct app *app, struct request *request, const char *id)
{
    struct order wanted = {.subject = SUBJECT_EXPERIMENT};
    snprintf(wanted.id, sizeof wanted.id, "%s", id);
    if (read_language(request, &wanted.language) &&
        found_experiment_or_reply(app, request, id, &wanted.experiment) == 0)
        take_order(app, request, &wanted);
}

void picture_scenario(struct app *app, struct request *request, const char *id)
{
    struct order wanted = {.subject = SUBJECT_SCENARIO};
    snprintf(wanted.id, sizeof wanted.id, "%s", id);
    if (!catalog_find(app->catalog, id))
        problem_reply(request, 404, "there is no scenario of that id");
    else if (read_language(request, &wanted.language))
        take_order(app, request, &wanted);
}

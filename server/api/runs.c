#include "server/api/amend.h"
#include "server/api/api.h"
#include "server/api/keep.h"
#include "server/api/list.h"
#include "server/api/output_json.h"
#include "server/api/run_json.h"
#include "server/api/run_wait.h"
#include "server/clients/session.h"
#include "server/http/problem.h"

#include <errno.h>
#include <string.h>

enum { LIST_OUTPUT = 4096 };
#define LIST_JSON_MAX   (64u << 20)
#define OUTPUT_JSON_MAX (512u << 20)

/* ---- one ---- */

void api_run_get(struct app *app, struct request *request, const char *id)
{
    struct field_errors errors = {0};
    struct found_run found;
    uint64_t deadline = wait_deadline(request, &errors);
    if (errors.count > 0) {
        problem_reply_fields(request, &errors);
        return;
    }
    if (found_run_or_reply(app, request, id, &found) < 0)
        return;
    if (found.live)
        run_wait_reply(app, request, &found, deadline, false);
    else
        run_json_reply(app, request, 200, &found);
    found_run_release(&found);
}

/* ---- list ---- */

struct list {
    struct app *app;
    struct store_reader *reader;
    const char *session;
    struct jsonw w;
    unsigned count, limit;
    int64_t last;
};

/* In a list one whose output is lost, in a damaged database, is told without; by itself it is not.
 */
static int put_row(struct list *list, const struct store_run *row, bool mine)
{
    int r = run_json_row(list->app, list->reader, row, mine, LIST_OUTPUT, &list->w);
    return r == -ENODATA ? 0 : r;
}

static int list_row(struct list *list, const struct store_run *row)
{
    bool mine = session_owns(list->session, row->session);
    struct run *live = row->done ? NULL : registry_find(list->app->registry, row->id);
    if (live) {
        run_json_live(list->app, live, mine, LIST_OUTPUT, &list->w);
        run_unref(live);
        return 0;
    }
    if (row->done)
        return put_row(list, row, mine);
    /* It ended, or was deleted, between the reading of its row and the look at the live ones. */
    struct store_run again = {0};
    int r = store_find(list->reader, row->id, &again);
    if (r == 0 && again.done)
        r = put_row(list, &again, mine);
    store_run_release(&again);
    return r == -ENOENT ? 0 : r;
}

/* One row more than asked for tells whether there is a next page. */
static int each_row(void *context, const struct store_run *row)
{
    struct list *list = context;
    if (list->count++ == list->limit)
        return 0;
    list->last = row->number;
    return list_row(list, row);
}

static bool known_end(const char *text)
{
    for (unsigned i = ENDED_NONE + 1; i < ENDED_COUNT; i++)
        if (strcmp(ended_text(i), text) == 0)
            return true;
    return false;
}

static void read_filter(const struct request *request, struct store_filter *filter,
                        struct field_errors *errors)
{
    const char *text = request_query(request, "ended");
    list_read(request, filter, errors);
    if (!text)
        return;
    const char *end = text[0] == '!' ? text + 1 : text;
    *(end == text ? &filter->ended : &filter->not_ended) = end;
    if (!known_end(end))
        field_error(errors, "not-a-choice", "is no way for a run to end", "?ended");
}

void api_run_list(struct app *app, struct request *request, const char *id)
{
    (void)id;
    struct store_filter filter = {0};
    struct field_errors errors = {0};
    read_filter(request, &filter, &errors);
    if (errors.count > 0) {
        problem_reply_fields(request, &errors);
        return;
    }
    _cleanup_buf_ struct buf out = BUF_INIT(LIST_JSON_MAX);
    struct list list = {.app = app,
                        .reader = app_reader(app, request),
                        .session = session_of(request),
                        .w = JSONW(&out),
                        .limit = filter.limit};
    jsonw_open(&list.w, '{');
    jsonw_name(&list.w, "runs");
    jsonw_open(&list.w, '[');
    filter.limit++;
    int r = store_list(list.reader, &filter, each_row, &list);
    jsonw_close(&list.w, ']');
    list_write_cursor(&list.w, list.count > list.limit, list.last);
    jsonw_close(&list.w, '}');
    if (r < 0 || buf_error(&out))
        problem_reply(request, 500, "the runs cannot be read");
    else
        request_reply(request, 200, JSON_TYPE, &out);
}

/* ---- output ---- */

static int copy_output(struct app *app, struct request *request, const struct found_run *found,
                       struct buf *text, struct buf *segments)
{
    if (!found->live)
        return store_output(app_reader(app, request), &found->row, SIZE_MAX >> 1, text, segments);
    pthread_mutex_lock(&found->live->lock);
    int r = buf_add(text, buf_text(&found->live->output), found->live->output.len);
    if (r == 0)
        r = buf_add(segments, buf_text(&found->live->segments), found->live->segments.len);
    pthread_mutex_unlock(&found->live->lock);
    return r;
}

static void reply_segments(struct request *request, const struct buf *text,
                           const struct buf *segments)
{
    _cleanup_buf_ struct buf out = BUF_INIT(OUTPUT_JSON_MAX);
    struct jsonw w = JSONW(&out);
    jsonw_open(&w, '{');
    segments_write(&w, text, segments, 0, text->len);
    jsonw_put_integer(&w, "bytes", (int64_t)text->len);
    jsonw_close(&w, '}');
    request_reply(request, 200, JSON_TYPE, &out);
}

void api_run_output(struct app *app, struct request *request, const char *id)
{
    const char *format = request_query(request, "format");
    struct field_errors errors = {0};
    struct found_run found;
    if (format && strcmp(format, "json") != 0 && strcmp(format, "text") != 0) {
        field_error(&errors, "not-a-choice", "must be text or json", "?format");
        problem_reply_fields(request, &errors);
        return;
    }
    if (found_run_or_reply(app, request, id, &found) < 0)
        return;
    _cleanup_buf_ struct buf text = BUF_INIT(256u << 20), segments = BUF_INIT(16u << 20);
    int r = copy_output(app, request, &found, &text, &segments);
    found_run_release(&found);
    if (r < 0)
        problem_reply(request, 500, "the output cannot be read");
    else if (format && strcmp(format, "json") == 0)
        reply_segments(request, &text, &segments);
    else
        request_reply(request, 200, "text/plain; charset=utf-8", &text);
}

/* ---- keep and delete ---- */

static const struct store_seat *seat_of(const struct found_run *found)
{
    return found->live ? &found->live->record.seat : &found->row.seat;
}

void api_run_keep(struct app *app, struct request *request, const char *id)
{
    struct found_run found;
    bool kept;
    if (found_run_or_reply(app, request, id, &found) < 0)
        return;
    if (!keep_read(app, request, found.mine, &kept)) {
        found_run_release(&found);
        return;
    }
    if (!kept && seat_of(&found)->workshop[0]) {
        problem_reply(request, 409, "a run of a workshop stays as long as that does");
    } else {
        amend_reply(app, request,
                    &(struct amendment){
                        .kind = STORE_KEEP_RUN, .id = id, .kept = kept, .live = found.live});
    }
    found_run_release(&found);
}

void api_run_delete(struct app *app, struct request *request, const char *id)
{
    struct found_run found;
    if (found_run_or_reply(app, request, id, &found) < 0)
        return;
    if (found.mine || session_has_token(request, app->config->admin_token))
        amend_reply(app, request,
                    &(struct amendment){.kind = STORE_DELETE,
                                        .id = id,
                                        .workshop = seat_of(&found)->workshop,
                                        .live = found.live});
    else
        problem_reply(request, 403, "only who started a run may delete it");
    found_run_release(&found);
}

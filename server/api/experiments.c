#include "sandbox/base/clock.h"
#include "server/api/amend.h"
#include "server/api/api.h"
#include "server/api/experiment_json.h"
#include "server/api/keep.h"
#include "server/api/list.h"
#include "server/api/run_wait.h"
#include "server/clients/session.h"
#include "server/http/problem.h"

#include <errno.h>
#include <string.h>

#define LIST_JSON_MAX (64u << 20)
#define READS_MAX     8u /* of a list, while experiments in it end */

/* How long a cancelled one is waited for before it is shown as it is. */
#define CANCEL_NS UINT64_C(10000000000)

/* ---- one ---- */

void api_experiment_get(struct app *app, struct request *request, const char *id)
{
    struct field_errors errors = {0};
    struct found_experiment found;
    uint64_t deadline = wait_deadline(request, &errors);
    if (errors.count > 0) {
        problem_reply_fields(request, &errors);
        return;
    }
    if (found_experiment_or_reply(app, request, id, &found) < 0)
        return;
    if (found.live)
        experiment_wait_reply(app, request, &found, deadline, false);
    else
        experiment_reply(app, request, 200, &found);
    found_experiment_release(&found);
}

/* ---- list ---- */

struct list {
    struct app *app;
    const char *session;
    struct jsonw w;
    unsigned count, limit;
    int64_t last;
    bool as_it_is; /* read so often that what is read is told */
};

/*
 * One row more than asked for tells whether there is a next page. -EAGAIN: one left the lab just
 * now, and its row was read before that.
 */
static int each_row(void *context, const struct store_experiment *row)
{
    struct list *list = context;
    if (list->count++ == list->limit)
        return 0;
    list->last = row->number;
    const struct found_experiment found = {.live =
                                               row->done ? NULL : lab_find(list->app->lab, row->id),
                                           .row = *row,
                                           .mine = session_owns(list->session, row->session)};
    if (!row->done && !found.live && !list->as_it_is)
        return -EAGAIN;
    experiment_json(list->app, &found, &list->w);
    experiment_unref(found.live);
    return 0;
}

static int write_list(struct list *list, struct request *request, struct store_filter filter)
{
    jsonw_open(&list->w, '{');
    jsonw_name(&list->w, "experiments");
    jsonw_open(&list->w, '[');
    filter.limit++;
    int r = store_list_experiments(app_reader(list->app, request), &filter, each_row, list);
    jsonw_close(&list->w, ']');
    list_write_cursor(&list->w, list->count > list->limit, list->last);
    jsonw_close(&list->w, '}');
    return r;
}

void api_experiment_list(struct app *app, struct request *request, const char *id)
{
    (void)id;
    struct store_filter filter = {0};
    struct field_errors errors = {0};
    list_read(request, &filter, &errors);
    if (errors.count > 0) {
        problem_reply_fields(request, &errors);
        return;
    }
    _cleanup_buf_ struct buf out = BUF_INIT(LIST_JSON_MAX);
    int r = -EAGAIN;
    for (unsigned i = 0; r == -EAGAIN && i < READS_MAX; i++) {
        struct list list = {.app = app,
                            .session = session_of(request),
                            .w = JSONW(&out),
                            .limit = filter.limit,
                            .as_it_is = i == READS_MAX - 1};
        buf_clear(&out);
        r = write_list(&list, request, filter);
    }
    if (r < 0 || buf_error(&out))
        problem_reply(request, 500, "the experiments cannot be read");
    else
        request_reply(request, 200, JSON_TYPE, &out);
}

/* ---- keep ---- */

void api_experiment_keep(struct app *app, struct request *request, const char *id)
{
    struct found_experiment found;
    bool kept;
    if (found_experiment_or_reply(app, request, id, &found) < 0)
        return;
    if (keep_read(app, request, found.mine, &kept)) {
        if (found.live)
            problem_reply(request, 409, "it goes on; it can be kept when it is done");
        else
            amend_reply(app, request,
                        &(struct amendment){
                            .kind = STORE_KEEP_EXPERIMENT, .id = found.row.id, .kept = kept});
    }
    found_experiment_release(&found);
}

/* ---- delete ---- */

/* Whether only one that goes on is meant. */
static bool read_only_live(const struct request *request, struct field_errors *errors)
{
    const char *only = request_query(request, "only");
    if (only && strcmp(only, "live") != 0)
        field_error(errors, "not-a-choice", "must be live", "?only");
    return only != NULL;
}

/* One that goes on is ended and kept; one that is done is deleted, unless it is not meant. */
static void delete (struct app *app, struct request *request, const struct found_experiment *found,
                    bool only_live)
{
    if (found->live) {
        lab_cancel(app->lab, found->live);
        experiment_wait_reply(app, request, found, clock_ns() + CANCEL_NS, false);
        return;
    }
    if (only_live) {
        experiment_reply(app, request, 200, found);
        return;
    }
    lab_forget(app->lab, found->row.id);
    amend_reply(app, request,
                &(struct amendment){.kind = STORE_DELETE_EXPERIMENT, .id = found->row.id});
}

void api_experiment_delete(struct app *app, struct request *request, const char *id)
{
    struct found_experiment found;
    struct field_errors errors = {0};
    bool only_live = read_only_live(request, &errors);
    if (errors.count > 0) {
        problem_reply_fields(request, &errors);
        return;
    }
    if (found_experiment_or_reply(app, request, id, &found) < 0)
        return;
    if (found.mine || session_has_token(request, app->config->admin_token))
        delete (app, request, &found, only_live);
    else
        problem_reply(request, 403, "only who started an experiment may end or delete it");
    found_experiment_release(&found);
}

#include "server/store/store_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define COLUMNS                                                                                    \
    "e.id, e.pub, e.session, e.scenario, e.params, e.asked, e.found, e.done, e.ended, "            \
    "e.created_ms, e.started_ms, e.finished_ms, b.pub, e.kept"
#define TABLE "experiments e LEFT JOIN experiments b ON b.id = e.beside"

/* ---- writing ---- */

int store_accept_experiment(struct store *store, struct store_job *job)
{
    const struct store_experiment *e = job->experiment;
    sqlite3_stmt *s = store->statements[INSERT_EXPERIMENT];
    int r = store_find_key(store, job, "experiment", e->session);
    if (r < 0)
        return r;
    store_bind_text(s, 1, e->id);
    store_bind_text(s, 2, e->session);
    store_bind_text(s, 3, e->scenario);
    store_bind_text(s, 4, e->params);
    store_bind_text(s, 5, e->asked);
    store_bind_text(s, 6, e->found);
    sqlite3_bind_int64(s, 7, e->created_ms);
    store_bind_text(s, 8, e->beside);
    sqlite3_bind_int64(s, 9,
                       STORE_ROW_ROOM + store_room_of(e->params) + store_room_of(e->asked) +
                           store_room_of(e->found) + store_room_of(job->asked));
    r = store_run_statement(store, INSERT_EXPERIMENT);
    if (r == 0)
        r = store_add_key(store, job, "experiment", e->session,
                          sqlite3_last_insert_rowid(store->db));
    if (r < 0 || !e->beside[0])
        return r;
    store_bind_text(store->statements[LINK_EXPERIMENT], 1, e->id);
    store_bind_text(store->statements[LINK_EXPERIMENT], 2, e->beside);
    store_bind_text(store->statements[LINK_EXPERIMENT], 3, e->session);
    return store_run_statement(store, LINK_EXPERIMENT);
}

int store_save_experiment(struct store *store, struct store_job *job)
{
    const struct store_experiment *e = job->experiment;
    sqlite3_stmt *s = store->statements[SAVE_EXPERIMENT];
    if (!e->found || (e->done && !e->ended))
        return -ENOMEM;
    store_bind_text(s, 1, e->id);
    sqlite3_bind_int(s, 2, e->done);
    store_bind_text(s, 3, e->ended);
    store_bind_time(s, 4, e->started_ms);
    store_bind_time(s, 5, e->finished_ms);
    store_bind_text(s, 6, e->found);
    sqlite3_bind_int64(s, 7, store_room_of(e->found));
    return store_run_statement(store, SAVE_EXPERIMENT);
}

int store_delete_experiment(struct store *store, struct store_job *job)
{
    store_bind_text(store->statements[DELETE_EXPERIMENT], 1, job->id);
    return store_run_statement(store, DELETE_EXPERIMENT);
}

/* ---- reading ---- */

static int prepare_list(struct store_reader *reader, unsigned combination, struct err *err)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "SELECT " COLUMNS " FROM " TABLE " WHERE e.id < ?1%s%s ORDER BY e.id DESC LIMIT ?2",
             combination & BY_SCENARIO ? " AND e.scenario = ?3" : "",
             combination & BY_SESSION ? " AND e.session = ?5" : "");
    return store_prepare(reader, sql, &reader->experiments[combination], err);
}

int store_prepare_experiments(struct store_reader *reader, struct err *err)
{
    int r = store_prepare(reader, "SELECT " COLUMNS " FROM " TABLE " WHERE e.pub = ?1",
                          &reader->find_experiment, err);
    for (unsigned i = 0; r == 0 && i < COMBINATIONS; i++)
        if (!(i & BY_ENDED))
            r = prepare_list(reader, i, err);
    return r;
}

void store_experiment_release(struct store_experiment *experiment)
{
    free(experiment->scenario);
    free(experiment->params);
    free(experiment->asked);
    free(experiment->found);
    free(experiment->ended);
    *experiment = (struct store_experiment){0};
}

static int read_row(sqlite3_stmt *s, struct store_experiment *ret)
{
    struct store_experiment e = {
        .number = sqlite3_column_int64(s, 0),
        .scenario = store_column_copy(s, 3),
        .params = store_column_copy(s, 4),
        .asked = store_column_copy(s, 5),
        .found = store_column_copy(s, 6),
        .done = sqlite3_column_int(s, 7),
        .ended = store_column_copy(s, 8),
        .created_ms = sqlite3_column_int64(s, 9),
        .started_ms = sqlite3_column_int64(s, 10),
        .finished_ms = sqlite3_column_int64(s, 11),
        .kept = sqlite3_column_int(s, 13),
    };
    store_column_id(s, 1, e.id);
    store_column_id(s, 2, e.session);
    store_column_id(s, 12, e.beside);
    if (store_row_lost(s) || !e.scenario || !e.params || !e.asked || !e.found ||
        (e.done && !e.ended)) {
        store_experiment_release(&e);
        return -ENOMEM;
    }
    *ret = e;
    return 0;
}

int store_find_experiment(struct store_reader *reader, const char *id, struct store_experiment *ret)
{
    sqlite3_stmt *s = reader->find_experiment;
    sqlite3_bind_text(s, 1, id, -1, SQLITE_STATIC);
    int code = sqlite3_step(s);
    int r = code == SQLITE_ROW ? read_row(s, ret) : store_failed(reader, code);
    sqlite3_reset(s);
    return code == SQLITE_DONE ? -ENOENT : r;
}

int store_list_experiments(struct store_reader *reader, const struct store_filter *filter,
                           int (*each)(void *context, const struct store_experiment *experiment),
                           void *context)
{
    sqlite3_stmt *s = reader->experiments[store_combination(filter) & ~(unsigned)BY_ENDED];
    int code, r = 0;
    store_bind_filter(s, filter);
    while (r == 0 && (code = sqlite3_step(s)) == SQLITE_ROW) {
        struct store_experiment e;
        if ((r = read_row(s, &e)) < 0)
            break;
        r = each(context, &e);
        store_experiment_release(&e);
    }
    if (r == 0)
        r = store_failed(reader, code);
    sqlite3_reset(s);
    return r;
}

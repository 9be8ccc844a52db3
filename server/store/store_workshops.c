#include "server/store/store_internal.h"

#include <errno.h>
#include <stdlib.h>

#define COLUMNS "id, pub, session, key, title, steps, closed, created_ms, changes"

/* ---- writing ---- */

int store_take_seat(struct store *store, int64_t run, const struct store_seat *seat)
{
    sqlite3_stmt *s = store->statements[INSERT_SEAT];
    sqlite3_bind_int64(s, 1, run);
    store_bind_text(s, 2, seat->workshop);
    sqlite3_bind_int64(s, 3, seat->step);
    store_bind_text(s, 4, seat->name);
    if (seat->imported)
        sqlite3_bind_null(s, 5);
    else
        sqlite3_bind_int64(s, 5, seat->changes);
    int r = store_run_statement(store, INSERT_SEAT);
    return r == 0 && sqlite3_changes(store->db) == 0 ? -ENOENT : r;
}

int store_add_workshop(struct store *store, struct store_job *job)
{
    const struct store_workshop *w = job->workshop;
    sqlite3_stmt *s = store->statements[INSERT_WORKSHOP];
    int r = store_find_key(store, job, "workshop", w->session);
    if (r < 0)
        return r;
    store_bind_text(s, 1, w->id);
    store_bind_text(s, 2, w->session);
    store_bind_text(s, 3, w->key);
    store_bind_text(s, 4, w->title);
    store_bind_text(s, 5, w->steps);
    sqlite3_bind_int64(s, 6, w->created_ms);
    sqlite3_bind_int(s, 7, w->closed);
    sqlite3_bind_int64(s, 8, w->imported_ms);
    sqlite3_bind_int64(s, 9, STORE_ROW_ROOM + store_room_of(w->steps) + store_room_of(job->asked));
    r = store_run_statement(store, INSERT_WORKSHOP);
    int64_t number = sqlite3_last_insert_rowid(store->db);
    return r < 0 ? r : store_add_key(store, job, "workshop", w->session, number);
}

/* -EBUSY when one of its steps from that on has a run. */
static int find_sitting(struct store *store, const char *id, int64_t step)
{
    sqlite3_stmt *s = store->statements[FIND_SITTING];
    store_bind_text(s, 1, id);
    sqlite3_bind_int64(s, 2, step);
    int code = sqlite3_step(s);
    sqlite3_reset(s);
    return code == SQLITE_ROW ? -EBUSY : store_code(code);
}

int store_save_workshop(struct store *store, struct store_job *job)
{
    const struct store_workshop *w = job->workshop;
    sqlite3_stmt *s = store->statements[SAVE_WORKSHOP];
    int r = find_sitting(store, w->id, job->number);
    if (r < 0)
        return r;
    store_bind_text(s, 1, w->id);
    store_bind_text(s, 2, w->title);
    store_bind_text(s, 3, w->steps);
    sqlite3_bind_int(s, 4, w->closed);
    sqlite3_bind_int64(s, 5, w->changes);
    sqlite3_bind_int64(s, 6, store_room_of(w->steps));
    r = store_run_statement(store, SAVE_WORKSHOP);
    return r == 0 && sqlite3_changes(store->db) == 0 ? -ESTALE : r;
}

int store_delete_workshop(struct store *store, struct store_job *job)
{
    static const enum statement both[] = {DELETE_WORKSHOP_KEYS, MARK_WORKSHOP};
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof both / sizeof both[0]; i++) {
        store_bind_text(store->statements[both[i]], 1, job->id);
        r = store_run_statement(store, both[i]);
    }
    return r;
}

int store_clear_workshops(struct store *store, int64_t most, int64_t *ret_rows)
{
    sqlite3_bind_int64(store->statements[DELETE_SITTINGS], 1, most);
    int r = store_run_statement(store, DELETE_SITTINGS);
    int64_t rows = sqlite3_changes(store->db);
    if (r == 0 && rows < most) {
        r = store_run_statement(store, DELETE_WORKSHOPS);
        rows += sqlite3_changes(store->db);
    }
    if (r == 0)
        *ret_rows = rows;
    return r;
}

/* ---- reading ---- */

int store_prepare_workshops(struct store_reader *reader, struct err *err)
{
    int r = store_prepare(reader, "SELECT " COLUMNS " FROM workshops WHERE pub = ?1",
                          &reader->find_workshop, err);
    return r < 0 ? r
                 : store_prepare(reader,
                                 "SELECT r.id, r.pub, s.name, s.step, r.done, r.ended,"
                                 " json_extract(r.result, '$.outcome.text'),"
                                 " json_extract(r.result, '$.outcome.class'),"
                                 " json_extract(r.result, '$.outcome.rule'), r.created_ms"
                                 " FROM workshop_runs s JOIN runs r ON r.id = s.run_id"
                                 " WHERE s.workshop_id = ?1 ORDER BY s.run_id",
                                 &reader->sittings, err);
}

void store_workshop_release(struct store_workshop *workshop)
{
    free(workshop->title);
    free(workshop->steps);
    *workshop = (struct store_workshop){0};
}

static int read_row(sqlite3_stmt *s, struct store_workshop *ret)
{
    *ret = (struct store_workshop){.number = sqlite3_column_int64(s, 0),
                                   .title = store_column_copy(s, 4),
                                   .steps = store_column_copy(s, 5),
                                   .closed = sqlite3_column_int(s, 6),
                                   .created_ms = sqlite3_column_int64(s, 7),
                                   .changes = sqlite3_column_int64(s, 8)};
    store_column_text(s, 1, ret->id, sizeof ret->id);
    store_column_id(s, 2, ret->session);
    store_column_id(s, 3, ret->key);
    if (ret->title && ret->steps && !store_row_lost(s))
        return 0;
    store_workshop_release(ret);
    return -ENOMEM;
}

int store_find_workshop(struct store_reader *reader, const char *id, struct store_workshop *ret)
{
    sqlite3_stmt *s = reader->find_workshop;
    sqlite3_bind_text(s, 1, id, -1, SQLITE_STATIC);
    int code = sqlite3_step(s);
    int r = code == SQLITE_ROW ? read_row(s, ret) : store_failed(reader, code);
    sqlite3_reset(s);
    return code == SQLITE_DONE ? -ENOENT : r;
}

int store_list_sittings(struct store_reader *reader, int64_t workshop,
                        int (*each)(void *context, const struct store_sitting *sitting),
                        void *context)
{
    sqlite3_stmt *s = reader->sittings;
    int code, r = 0;
    sqlite3_bind_int64(s, 1, workshop);
    while (r == 0 && (code = sqlite3_step(s)) == SQLITE_ROW) {
        const struct store_sitting sitting = {
            .number = sqlite3_column_int64(s, 0),
            .run = (const char *)sqlite3_column_text(s, 1),
            .name = (const char *)sqlite3_column_text(s, 2),
            .step = (unsigned)sqlite3_column_int(s, 3),
            .done = sqlite3_column_int(s, 4),
            .ended = (const char *)sqlite3_column_text(s, 5),
            .outcome = (const char *)sqlite3_column_text(s, 6),
            .outcome_class = (const char *)sqlite3_column_text(s, 7),
            .outcome_rule =
                sqlite3_column_type(s, 8) == SQLITE_NULL ? -1 : sqlite3_column_int(s, 8),
            .created_ms = sqlite3_column_int64(s, 9),
        };
        r = store_row_lost(s) ? -ENOMEM : each(context, &sitting);
    }
    if (r == 0)
        r = store_failed(reader, code);
    sqlite3_reset(s);
    return r;
}

#include "server/store/store.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/proto/ended.h"
#include "server/base/log.h"
#include "server/store/store_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS                                                                                    \
    "r.id, r.pub, r.session, r.scenario, r.job, r.params, r.done, r.ended, r.created_ms, "         \
    "r.started_ms, r.finished_ms, r.output_bytes, r.result, r.schedule, w.pub, s.step, s.name, "   \
    "r.kept"
#define TABLE                                                                                      \
    "runs r LEFT JOIN workshop_runs s ON s.run_id = r.id"                                          \
    " LEFT JOIN workshops w ON w.id = s.workshop_id"
#define SHOWN "w.deleted IS NOT 1"

int store_prepare(struct store_reader *reader, const char *sql, sqlite3_stmt **ret, struct err *err)
{
    if (sqlite3_prepare_v3(reader->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL) != SQLITE_OK)
        return err_set(err, EIO, "database: %s", sqlite3_errmsg(reader->db));
    return 0;
}

static int prepare_list(struct store_reader *reader, unsigned combination, struct err *err)
{
    char sql[768];
    snprintf(sql, sizeof sql,
             "SELECT " COLUMNS " FROM " TABLE " WHERE r.id < ?1 AND " SHOWN "%s%s%s"
             " ORDER BY r.id DESC LIMIT ?2",
             combination & BY_SCENARIO ? " AND r.scenario = ?3" : "",
             combination & BY_ENDED ? " AND r.ended = ?4" : "",
             combination & BY_SESSION ? " AND r.session = ?5" : "");
    return store_prepare(reader, sql, &reader->lists[combination], err);
}

/* The newest that ended in one way, ?6 excepted, from the index. */
static void put_way(struct buf *sql, unsigned combination, const char *way)
{
    buf_printf(sql,
               "SELECT id FROM (SELECT id FROM runs WHERE id < ?1 AND %s%s%s"
               " AND NOT EXISTS (SELECT 1 FROM workshop_runs s JOIN workshops w"
               " ON w.id = s.workshop_id WHERE s.run_id = runs.id AND NOT (" SHOWN "))"
               " ORDER BY id DESC LIMIT ?2)",
               way, combination & BY_SCENARIO ? " AND scenario = ?3" : "",
               combination & BY_SESSION ? " AND session = ?5" : "");
}

/* All ways to end but one, each by itself: who looks at one run after the other passes as many as
 * there are of that one. */
static int prepare_others(struct store_reader *reader, unsigned combination, struct err *err)
{
    _cleanup_buf_ struct buf sql = BUF_INIT(64u << 10);
    char way[64];
    buf_adds(&sql, "SELECT " COLUMNS " FROM " TABLE " WHERE r.id IN (");
    put_way(&sql, combination, "ended IS NULL");
    for (unsigned i = ENDED_NONE + 1; i < ENDED_COUNT; i++) {
        snprintf(way, sizeof way, "'%s' <> ?6 AND ended = '%s'", ended_text(i), ended_text(i));
        buf_adds(&sql, " UNION ALL ");
        put_way(&sql, combination, way);
    }
    buf_adds(&sql, ") ORDER BY r.id DESC LIMIT ?2");
    if (buf_error(&sql))
        return err_errno(err, ENOMEM, "store");
    return store_prepare(reader, buf_text(&sql), &reader->others[combination], err);
}

static int prepare_all(struct store_reader *reader, struct err *err)
{
    int r = store_prepare(reader, "SELECT " COLUMNS " FROM " TABLE " WHERE r.pub = ?1 AND " SHOWN,
                          &reader->find, err);
    if (r == 0)
        r = store_prepare(reader,
                          "SELECT substr(text, 1, ?2), segments FROM run_output WHERE run_id = ?1",
                          &reader->output, err);
    if (r == 0)
        r = store_prepare(reader, "SELECT raw_bytes, zstd FROM run_trace WHERE run_id = ?1",
                          &reader->trace, err);
    if (r == 0)
        r = store_prepare(reader,
                          "SELECT " COLUMNS " FROM " TABLE
                          " WHERE r.id > ?1 AND r.done = 1 AND " SHOWN
                          " AND (?2 IS NULL OR w.pub = ?2)"
                          " AND (?3 = 0 OR r.kept = 1) ORDER BY r.id LIMIT 64",
                          &reader->exported, err);
    if (r == 0)
        r = store_prepare(reader, STORE_FIND_KEY, &reader->find_key, err);
    for (unsigned i = 0; r == 0 && i < COMBINATIONS; i++)
        r = prepare_list(reader, i, err);
    for (unsigned i = 0; r == 0 && i < COMBINATIONS; i++)
        if (!(i & BY_ENDED))
            r = prepare_others(reader, i, err);
    if (r == 0)
        r = store_prepare_experiments(reader, err);
    return r < 0 ? r : store_prepare_workshops(reader, err);
}

int store_reader_new(struct store_reader **ret, const char *file, struct err *err)
{
    struct store_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return err_errno(err, ENOMEM, "store");
    int r = 0;
    if (sqlite3_open_v2(file, &reader->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        r = err_set(err, EIO, "cannot open %s for reading: %s", file, sqlite3_errmsg(reader->db));
    if (r == 0) {
        sqlite3_busy_timeout(reader->db, 1000);
        r = prepare_all(reader, err);
    }
    if (r < 0) {
        store_reader_free(reader);
        return r;
    }
    *ret = reader;
    return 0;
}

void store_reader_free(struct store_reader *reader)
{
    if (!reader)
        return;
    sqlite3_finalize(reader->find);
    sqlite3_finalize(reader->output);
    sqlite3_finalize(reader->trace);
    sqlite3_finalize(reader->exported);
    for (unsigned i = 0; i < COMBINATIONS; i++) {
        sqlite3_finalize(reader->lists[i]);
        sqlite3_finalize(reader->others[i]);
        sqlite3_finalize(reader->experiments[i]);
    }
    sqlite3_finalize(reader->find_experiment);
    sqlite3_finalize(reader->find_workshop);
    sqlite3_finalize(reader->sittings);
    sqlite3_finalize(reader->find_key);
    sqlite3_close(reader->db);
    free(reader);
}

void store_run_release(struct store_run *run)
{
    free(run->scenario);
    free(run->job);
    free(run->params);
    free(run->schedule);
    free(run->schedule_then);
    free(run->ended);
    free(run->result);
    *run = (struct store_run){0};
}

bool store_row_lost(sqlite3_stmt *s)
{
    return sqlite3_errcode(sqlite3_db_handle(s)) == SQLITE_NOMEM;
}

char *store_column_copy(sqlite3_stmt *s, int at)
{
    const char *text = (const char *)sqlite3_column_text(s, at);
    return text ? strdup(text) : NULL;
}

void store_column_text(sqlite3_stmt *s, int at, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(s, at);
    snprintf(out, size, "%s", text ? text : "");
}

void store_column_id(sqlite3_stmt *s, int at, char out[RUN_ID_SIZE])
{
    store_column_text(s, at, out, RUN_ID_SIZE);
}

static int read_row(sqlite3_stmt *s, struct store_run *ret)
{
    struct store_run run = {
        .number = sqlite3_column_int64(s, 0),
        .scenario = store_column_copy(s, 3),
        .job = store_column_copy(s, 4),
        .params = store_column_copy(s, 5),
        .done = sqlite3_column_int(s, 6),
        .ended = store_column_copy(s, 7),
        .created_ms = sqlite3_column_int64(s, 8),
        .started_ms = sqlite3_column_int64(s, 9),
        .finished_ms = sqlite3_column_int64(s, 10),
        .output_bytes = (uint64_t)sqlite3_column_int64(s, 11),
        .result = store_column_copy(s, 12),
        .schedule = store_column_copy(s, 13),
        .seat.step = (unsigned)sqlite3_column_int(s, 15),
        .kept = sqlite3_column_int(s, 17),
    };
    store_column_id(s, 1, run.id);
    store_column_id(s, 2, run.session);
    store_column_text(s, 14, run.seat.workshop, sizeof run.seat.workshop);
    store_column_text(s, 16, run.seat.name, sizeof run.seat.name);
    if (store_row_lost(s) || !run.scenario || !run.job || !run.params || !run.schedule ||
        (run.done && (!run.ended || !run.result))) {
        store_run_release(&run);
        return -ENOMEM;
    }
    *ret = run;
    return 0;
}

int store_failed(struct store_reader *reader, int code)
{
    if (store_code(code) < 0)
        log_line(LOG_ERROR, "database: %s", sqlite3_errmsg(reader->db));
    return store_code(code);
}

int store_find(struct store_reader *reader, const char *id, struct store_run *ret)
{
    sqlite3_bind_text(reader->find, 1, id, -1, SQLITE_STATIC);
    int code = sqlite3_step(reader->find);
    int r = code == SQLITE_ROW ? read_row(reader->find, ret) : store_failed(reader, code);
    sqlite3_reset(reader->find);
    return code == SQLITE_DONE ? -ENOENT : r;
}

unsigned store_combination(const struct store_filter *f)
{
    return (f->scenario ? BY_SCENARIO : 0u) | (f->ended ? BY_ENDED : 0u) |
           (f->session ? BY_SESSION : 0u);
}

void store_bind_filter(sqlite3_stmt *s, const struct store_filter *f)
{
    sqlite3_bind_int64(s, 1, f->before);
    sqlite3_bind_int64(s, 2, f->limit);
    if (f->scenario)
        sqlite3_bind_text(s, 3, f->scenario, -1, SQLITE_STATIC);
    if (f->ended)
        sqlite3_bind_text(s, 4, f->ended, -1, SQLITE_STATIC);
    if (f->session)
        sqlite3_bind_text(s, 5, f->session, -1, SQLITE_STATIC);
}

static int each_row(struct store_reader *reader, sqlite3_stmt *s,
                    int (*each)(void *context, const struct store_run *run), void *context)
{
    int code, r = 0;
    while (r == 0 && (code = sqlite3_step(s)) == SQLITE_ROW) {
        struct store_run run;
        r = read_row(s, &run);
        if (r < 0)
            break;
        r = each(context, &run);
        store_run_release(&run);
    }
    if (r == 0)
        r = store_failed(reader, code);
    sqlite3_reset(s);
    return r;
}

int store_list(struct store_reader *reader, const struct store_filter *filter,
               int (*each)(void *context, const struct store_run *run), void *context)
{
    sqlite3_stmt *s =
        (filter->not_ended ? reader->others : reader->lists)[store_combination(filter)];
    store_bind_filter(s, filter);
    if (filter->not_ended)
        sqlite3_bind_text(s, 6, filter->not_ended, -1, SQLITE_STATIC);
    return each_row(reader, s, each, context);
}

int store_select(struct store_reader *reader, const struct store_selection *selection,
                 int64_t after, int (*each)(void *context, const struct store_run *run),
                 void *context)
{
    sqlite3_stmt *s = reader->exported;
    sqlite3_bind_int64(s, 1, after);
    sqlite3_bind_text(s, 2, selection->workshop, -1, SQLITE_STATIC);
    sqlite3_bind_int(s, 3, selection->kept);
    return each_row(reader, s, each, context);
}

static int append_blob(sqlite3_stmt *s, int at, struct buf *out)
{
    const void *bytes = sqlite3_column_blob(s, at);
    return buf_add(out, bytes ? bytes : "", (size_t)sqlite3_column_bytes(s, at));
}

int store_find_made(struct store_reader *reader, struct store_job *job, const char *kind,
                    const char *session)
{
    return store_look_up_key(reader->find_key, job, kind, session);
}

int store_output(struct store_reader *reader, const struct store_run *run, size_t most,
                 struct buf *text, struct buf *segments)
{
    sqlite3_stmt *s = reader->output;
    sqlite3_bind_int64(s, 1, run->number);
    /* substr() of a length near 2^63 overflows to nothing. */
    sqlite3_bind_int64(s, 2, most < INT_MAX ? (int64_t)most : INT_MAX);
    int code = sqlite3_step(s);
    int r = code == SQLITE_ROW ? append_blob(s, 0, text) : store_failed(reader, code);
    if (r == 0 && code == SQLITE_ROW && segments)
        r = append_blob(s, 1, segments);
    if (code == SQLITE_DONE && run->output_bytes > 0)
        r = -ENODATA;
    sqlite3_reset(s);
    return r;
}

int store_trace(struct store_reader *reader, int64_t number, struct buf *zstd,
                uint64_t *ret_raw_bytes)
{
    sqlite3_stmt *s = reader->trace;
    sqlite3_bind_int64(s, 1, number);
    int code = sqlite3_step(s);
    int r = store_failed(reader, code);
    if (code == SQLITE_ROW) {
        *ret_raw_bytes = (uint64_t)sqlite3_column_int64(s, 0);
        r = append_blob(s, 1, zstd);
    }
    sqlite3_reset(s);
    return code == SQLITE_DONE ? -ENOENT : r;
}

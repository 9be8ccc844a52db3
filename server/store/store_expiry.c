#include "server/store/store_internal.h"

#include <errno.h>

/* Rows a portion, so that no write waits long behind one: until it is done SQLite has a copy of
 * what goes, in a temporary file, some 11 kB of a small run and two megabytes of the largest. */
enum { PORTION = 20 };

/* Of rows up to `last`. */
static int expire(struct store *store, enum statement which, int64_t before_ms, int64_t last,
                  int64_t *ret_rows)
{
    sqlite3_stmt *s = store->statements[which];
    if (before_ms <= 0)
        return 0;
    sqlite3_bind_int64(s, 1, before_ms);
    sqlite3_bind_int64(s, 2, PORTION);
    sqlite3_bind_int64(s, 3, last);
    int r = store_run_statement(store, which);
    if (r == 0)
        *ret_rows = sqlite3_changes(store->db);
    return r;
}

/* One workshop in which nothing was run since and nothing goes on. */
static int expire_workshop(struct store *store, struct store_job *job)
{
    sqlite3_stmt *s = store->statements[FIND_OLD_WORKSHOP];
    if (job->expire.workshops_before_ms <= 0)
        return 0;
    sqlite3_bind_int64(s, 1, job->expire.workshops_before_ms);
    sqlite3_bind_int64(s, 2, job->expire.spare_workshops ? store->workshops_before : INT64_MAX);
    sqlite3_bind_int64(s, 3, job->expire.spare_workshops ? store->runs_before : INT64_MAX);
    int code = sqlite3_step(s);
    bool found = code == SQLITE_ROW;
    if (found)
        store_column_text(s, 0, job->existing, WORKSHOP_ID_SIZE);
    sqlite3_reset(s);
    if (!found)
        return store_code(code);
    job->number = 1;
    return store_delete_workshop(store, &(struct store_job){.id = job->existing});
}

static int used_bytes(struct store *store, uint64_t *ret)
{
    sqlite3_stmt *s = store->statements[USED_BYTES];
    int code = sqlite3_step(s);
    *ret = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
    sqlite3_reset(s);
    return store_code(code);
}

static int make_room(struct store *store, struct store_job *job)
{
    uint64_t used;
    int r = job->expire.disk_bytes > 0 ? used_bytes(store, &used) : 0;
    if (r < 0 || job->expire.disk_bytes == 0 || used <= job->expire.disk_bytes)
        return r;
    return expire(store, EXPIRE_RUNS, INT64_MAX, INT64_MAX, &job->number);
}

int store_expire(struct store *store, struct store_job *job)
{
    const struct store_expiry *e = &job->expire;
    job->number = 0;
    job->existing[0] = '\0';
    switch (e->kind) {
    case EXPIRY_DELETED:
        return store_clear_workshops(store, PORTION, &job->number);
    case EXPIRY_RUNS:
        return expire(store, EXPIRE_RUNS, e->runs_before_ms,
                      e->spare_runs ? store->runs_before : INT64_MAX, &job->number);
    case EXPIRY_EXPERIMENTS:
        return expire(store, EXPIRE_EXPERIMENTS, e->runs_before_ms,
                      e->spare_runs ? store->experiments_before : INT64_MAX, &job->number);
    case EXPIRY_WORKSHOPS:
        return expire_workshop(store, job);
    case EXPIRY_ROOM:
        return make_room(store, job);
    case EXPIRY_KINDS:
        break;
    }
    return -EINVAL;
}

int store_keep_run(struct store *store, struct store_job *job)
{
    sqlite3_stmt *s = store->statements[KEEP_RUN];
    store_bind_text(s, 1, job->id);
    sqlite3_bind_int(s, 2, job->kept);
    return store_run_statement(store, KEEP_RUN);
}

/* Its outcomes are looked at in runs, which stay with it. */
int store_keep_experiment(struct store *store, struct store_job *job)
{
    static const enum statement both[] = {KEEP_EXPERIMENT, KEEP_OUTCOMES};
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof both / sizeof both[0]; i++) {
        sqlite3_stmt *s = store->statements[both[i]];
        store_bind_text(s, 1, job->id);
        sqlite3_bind_int(s, 2, job->kept);
        r = store_run_statement(store, both[i]);
    }
    return r;
}

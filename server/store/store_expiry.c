#include "server/store/store_internal.h"

#include <errno.h>
#include <string.h>

/* Rows a portion, so that no write waits long behind one: until it is done SQLite has a copy of
 * what goes, in a temporary file, some 11 kB of a small run and two megabytes of the largest. */
enum { PORTION = 20 };

enum { PAGE = 8192 };

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

/* What a statement without arguments answers, a number. */
static int read_number(struct store *store, enum statement which, int64_t *ret)
{
    sqlite3_stmt *s = store->statements[which];
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW)
        *ret = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return code == SQLITE_DONE ? -EIO : store_code(code);
}

/* What is kept takes no room from the rest: that has a fourth of the disk in any case. */
static int is_too_much(struct store *store, uint64_t disk_bytes, bool *ret)
{
    int64_t used = 0, kept = 0, most = (int64_t)disk_bytes;
    int r = read_number(store, USED_BYTES, &used);
    if (r == 0)
        r = read_number(store, KEPT_BYTES, &kept);
    *ret = used > most && used - kept > most / 4;
    return r;
}

/* A portion of the oldest runs and experiments that nobody keeps. */
static int make_room(struct store *store, struct store_job *job)
{
    bool more = false;
    int64_t last_ms = 0, runs = 0, experiments = 0;
    int r = job->expire.disk_bytes > 0 ? is_too_much(store, job->expire.disk_bytes, &more) : 0;
    if (r < 0 || !more)
        return r;
    sqlite3_bind_int64(store->statements[FIND_OLDEST], 1, PORTION);
    r = read_number(store, FIND_OLDEST, &last_ms);
    if (r == 0)
        r = expire(store, EXPIRE_RUNS, last_ms + 1, INT64_MAX, &runs);
    if (r == 0)
        r = expire(store, EXPIRE_EXPERIMENTS, last_ms + 1, INT64_MAX, &experiments);
    job->number = runs + experiments;
    return r;
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

/* ---- what is kept ---- */

int64_t store_room(size_t bytes)
{
    return (int64_t)(bytes + (bytes < PAGE ? bytes : PAGE));
}

int64_t store_room_of(const char *text)
{
    return text ? store_room(strlen(text)) : 0;
}

int store_kept_bytes(struct store *store, int64_t *ret)
{
    return store->kept_most > 0 ? read_number(store, KEPT_BYTES, ret) : 0;
}

int store_check_kept(struct store *store, int64_t before)
{
    int64_t now = before;
    int r = store_kept_bytes(store, &now);
    return r == 0 && now > before && now > (int64_t)store->kept_most ? -EDQUOT : r;
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

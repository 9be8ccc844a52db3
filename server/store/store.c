#include "server/store/store.h"

#include "sandbox/base/cleanup.h"
#include "server/base/log.h"
#include "server/store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

enum {
    JOBS_WAITING_MAX = 4096,
    JOBS_PER_COMMIT = 64,
    SPOILERS_MAX = 3, /* of a batch; with more of them it is the disk */
};

#define SCHEMA(name, file)                                                                         \
    __asm__(".pushsection .rodata\n" #name ": .incbin \"server/store/" file "\"\n"                 \
            ".byte 0\n"                                                                            \
            ".popsection\n");                                                                      \
    extern const char name[] __attribute__((visibility("hidden")))
SCHEMA(schema_1, "schema.sql");
SCHEMA(schema_2, "schema_2.sql");
SCHEMA(schema_3, "schema_3.sql");
SCHEMA(schema_4, "schema_4.sql");
SCHEMA(schema_5, "schema_5.sql");
SCHEMA(schema_6, "schema_6.sql");
SCHEMA(schema_7, "schema_7.sql");
SCHEMA(schema_8, "schema_8.sql");
SCHEMA(schema_9, "schema_9.sql");
SCHEMA(schema_10, "schema_10.sql");

/* Statement i brings a database of user_version i to i + 1. */
static const char *const migrations[] = {schema_1, schema_2, schema_3, schema_4, schema_5,
                                         schema_6, schema_7, schema_8, schema_9, schema_10};
enum { VERSION = sizeof migrations / sizeof migrations[0] };

/* store_room() of a text. */
#define ROOM_OF(column)                                                                            \
    "(length(CAST(" column " AS BLOB)) + min(length(CAST(" column " AS BLOB)), 8192))"

static const char *const statement_texts[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [SAVE] = "SAVEPOINT job",
    [KEEP] = "RELEASE job",
    [UNDO] = "ROLLBACK TO job",
    [FIND_KEY] = STORE_FIND_KEY,
    [FIND_RUN] = "SELECT 1 FROM runs WHERE pub = ?1",
    [INSERT_RUN] = "INSERT INTO runs"
                   " (pub, session, scenario, job, params, created_ms, schedule, kept, bytes)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [INSERT_KEY] = "INSERT INTO idempotency_keys"
                   " (session, kind, key, asked, run_id, experiment_id, workshop_id)"
                   " VALUES (?1, ?2, ?3, ?4, iif(?2 = 'run', ?5, NULL),"
                   " iif(?2 = 'experiment', ?5, NULL), iif(?2 = 'workshop', ?5, NULL))",
    [FINISH_RUN] = "UPDATE runs SET done = 1, ended = ?2, started_ms = ?3, finished_ms = ?4,"
                   " output_bytes = ?5, result = ?6, schedule = ?7, bytes = bytes + ?8 WHERE pub = "
                   "?1 RETURNING id",
    [INSERT_OUTPUT] = "INSERT INTO run_output (run_id, text, segments) VALUES (?1, ?2, ?3)",
    [INSERT_TRACE] = "INSERT INTO run_trace (run_id, raw_bytes, zstd) VALUES (?1, ?2, ?3)",
    [DELETE_RUN] = "DELETE FROM runs WHERE pub = ?1",
    [INSERT_EXPERIMENT] =
        "INSERT INTO experiments"
        " (pub, session, scenario, params, asked, found, created_ms, beside, bytes)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,"
        " (SELECT id FROM experiments WHERE pub = ?8), ?9)",
    [LINK_EXPERIMENT] = "UPDATE experiments SET beside ="
                        " (SELECT id FROM experiments WHERE pub = ?1)"
                        " WHERE pub = ?2 AND (beside IS NULL OR session = ?3)",
    [SAVE_EXPERIMENT] =
        "UPDATE experiments SET done = ?2, ended = ?3, started_ms = ?4,"
        " finished_ms = ?5, found = ?6, bytes = bytes + ?7 - " ROOM_OF("found") " WHERE pub = ?1",
    [DELETE_EXPERIMENT] = "DELETE FROM experiments WHERE pub = ?1",
    [INSERT_SEAT] = "INSERT INTO workshop_runs (run_id, workshop_id, step, name)"
                    " SELECT ?1, id, ?3, ?4 FROM workshops WHERE pub = ?2"
                    " AND (?5 IS NULL OR changes = ?5)",
    [INSERT_WORKSHOP] = "INSERT INTO workshops"
                        " (pub, session, key, title, steps, created_ms, closed, imported_ms, bytes)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SAVE_WORKSHOP] = "UPDATE workshops SET title = ?2, steps = ?3, closed = ?4,"
                      " changes = changes + 1, bytes = bytes + ?6 - " ROOM_OF(
                          "steps") " WHERE pub = ?1 AND changes = ?5",
    [FIND_SITTING] = "SELECT 1 FROM workshop_runs s JOIN workshops w ON w.id = s.workshop_id"
                     " WHERE w.pub = ?1 AND s.step >= ?2 LIMIT 1",
    [DELETE_WORKSHOP_KEYS] = "DELETE FROM idempotency_keys WHERE workshop_id ="
                             " (SELECT id FROM workshops WHERE pub = ?1)",
    [MARK_WORKSHOP] = "UPDATE workshops SET deleted = 1, pub = 'deleted ' || id WHERE pub = ?1",
    [DELETE_SITTING] = "DELETE FROM runs WHERE pub = ?1 AND id IN (SELECT s.run_id FROM"
                       " workshop_runs s JOIN workshops w ON w.id = s.workshop_id"
                       " WHERE s.run_id = runs.id AND w.deleted = 1)",
    [DELETE_SITTINGS] = "DELETE FROM runs WHERE id IN (SELECT s.run_id FROM workshops w"
                        " CROSS JOIN workshop_runs s ON s.workshop_id = w.id"
                        " WHERE w.deleted = 1 LIMIT ?1)",
    [DELETE_WORKSHOPS] = "DELETE FROM workshops WHERE deleted = 1",
    [KEEP_RUN] = "UPDATE runs SET kept = ?2 WHERE pub = ?1",
    [KEEP_EXPERIMENT] = "UPDATE experiments SET kept = ?2 WHERE pub = ?1",
    [KEEP_OUTCOMES] = "UPDATE runs SET kept = ?2 WHERE pub IN"
                      " (SELECT json_extract(o.value, '$.run') FROM experiments e,"
                      " json_each(e.found, '$.outcomes') o WHERE e.pub = ?1)",
    [EXPIRE_RUNS] = "DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE kept = 0"
                    " AND created_ms < ?1 AND id <= ?3 AND done = 1"
                    " ORDER BY created_ms LIMIT ?2)",
    [EXPIRE_EXPERIMENTS] = "DELETE FROM experiments WHERE id IN (SELECT id FROM experiments"
                           " WHERE kept = 0 AND created_ms < ?1 AND id <= ?3 AND done = 1"
                           " ORDER BY created_ms LIMIT ?2)",
    [FIND_OLD_WORKSHOP] = "SELECT pub FROM workshops w WHERE created_ms < ?1 AND imported_ms < ?1"
                          " AND id <= ?2 AND deleted = 0"
                          " AND NOT EXISTS"
                          " (SELECT 1 FROM workshop_runs s JOIN runs r ON r.id = s.run_id"
                          " WHERE s.workshop_id = w.id AND (r.created_ms >= ?1 OR r.id > ?3"
                          " OR r.done = 0))"
                          " LIMIT 1",
    [FIND_OLDEST] = "SELECT max(created_ms) FROM (SELECT created_ms FROM"
                    " (SELECT created_ms FROM runs WHERE kept = 0 AND done = 1"
                    " ORDER BY created_ms LIMIT ?1) UNION ALL SELECT created_ms FROM"
                    " (SELECT created_ms FROM experiments WHERE kept = 0 AND done = 1"
                    " ORDER BY created_ms LIMIT ?1) ORDER BY created_ms LIMIT ?1)",
    [KEPT_BYTES] = "SELECT bytes FROM kept",
    [USED_BYTES] = "SELECT (p.page_count - f.freelist_count) * s.page_size FROM"
                   " pragma_page_count p, pragma_freelist_count f, pragma_page_size s",
};

/* ---- statements ---- */

int store_code(int sqlite)
{
    switch (sqlite & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_FULL:
        return -ENOSPC;
    default:
        return -EIO;
    }
}

void store_bind_text(sqlite3_stmt *s, int at, const char *text)
{
    if (text)
        sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(s, at);
}

static void bind_blob(sqlite3_stmt *s, int at, const struct buf *bytes)
{
    sqlite3_bind_blob64(s, at, buf_text(bytes), bytes->len, SQLITE_STATIC);
}

void store_bind_time(sqlite3_stmt *s, int at, int64_t ms)
{
    if (ms)
        sqlite3_bind_int64(s, at, ms);
    else
        sqlite3_bind_null(s, at);
}

int store_run_statement(struct store *store, enum statement which)
{
    sqlite3_stmt *s = store->statements[which];
    int code = sqlite3_step(s);
    if (store_code(code) < 0)
        log_line(LOG_ERROR, "database: %s", sqlite3_errmsg(store->db));
    sqlite3_reset(s);
    return store_code(code);
}

/* ---- jobs ---- */

int store_look_up_key(sqlite3_stmt *s, struct store_job *job, const char *kind, const char *session)
{
    if (!job->key)
        return 0;
    store_bind_text(s, 1, session);
    store_bind_text(s, 2, kind);
    store_bind_text(s, 3, job->key);
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW) {
        const char *asked = (const char *)sqlite3_column_text(s, 1);
        job->same = asked && strcmp(asked, job->asked) == 0;
        store_column_id(s, 0, job->existing);
    }
    sqlite3_reset(s);
    return code == SQLITE_ROW ? -EEXIST : store_code(code);
}

int store_find_key(struct store *store, struct store_job *job, const char *kind,
                   const char *session)
{
    return store_look_up_key(store->statements[FIND_KEY], job, kind, session);
}

int store_add_key(struct store *store, const struct store_job *job, const char *kind,
                  const char *session, int64_t number)
{
    sqlite3_stmt *s = store->statements[INSERT_KEY];
    if (!job->key)
        return 0;
    store_bind_text(s, 1, session);
    store_bind_text(s, 2, kind);
    store_bind_text(s, 3, job->key);
    store_bind_text(s, 4, job->asked);
    sqlite3_bind_int64(s, 5, number);
    return store_run_statement(store, INSERT_KEY);
}

static int accept_run(struct store *store, struct store_job *job)
{
    const struct store_run *r = job->run;
    sqlite3_stmt *s = store->statements[INSERT_RUN];
    int result = store_find_key(store, job, "run", r->session);
    if (result < 0)
        return result;
    store_bind_text(s, 1, r->id);
    store_bind_text(s, 2, r->session);
    store_bind_text(s, 3, r->scenario);
    store_bind_text(s, 4, r->job);
    store_bind_text(s, 5, r->params);
    sqlite3_bind_int64(s, 6, r->created_ms);
    store_bind_text(s, 7, r->schedule);
    sqlite3_bind_int(s, 8, r->kept);
    sqlite3_bind_int64(s, 9,
                       STORE_ROW_ROOM + store_room_of(r->job) + store_room_of(r->params) +
                           store_room_of(r->schedule) + store_room_of(job->asked));
    result = store_run_statement(store, INSERT_RUN);
    job->number = sqlite3_last_insert_rowid(store->db);
    if (result == 0 && r->seat.workshop[0])
        result = store_take_seat(store, job->number, &r->seat);
    return result < 0 ? result : store_add_key(store, job, "run", r->session, job->number);
}

/* Writes the run's row; *ret_number is its row, 0 when it was deleted meanwhile. */
static int finish_row(struct store *store, const struct store_job *job, int64_t *ret_number)
{
    const struct store_run *r = job->run;
    sqlite3_stmt *s = store->statements[FINISH_RUN];
    store_bind_text(s, 1, r->id);
    store_bind_text(s, 2, r->ended);
    store_bind_time(s, 3, r->started_ms);
    store_bind_time(s, 4, r->finished_ms);
    sqlite3_bind_int64(s, 5, (int64_t)r->output_bytes);
    store_bind_text(s, 6, r->result);
    store_bind_text(s, 7, r->schedule_then ? r->schedule_then : r->schedule);
    sqlite3_bind_int64(s, 8,
                       store_room_of(r->result) + store_room_of(r->schedule_then) +
                           store_room(job->data.output->len + job->data.segments->len) +
                           store_room(job->data.trace->len));
    int code = sqlite3_step(s);
    *ret_number = code == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    if (code == SQLITE_ROW)
        code = sqlite3_step(s);
    if (store_code(code) < 0)
        log_line(LOG_ERROR, "database: %s", sqlite3_errmsg(store->db));
    sqlite3_reset(s);
    return store_code(code);
}

static int finish_run(struct store *store, struct store_job *job)
{
    int64_t number;
    int r = finish_row(store, job, &number);
    if (r < 0 || number == 0)
        return r;
    if (job->data.output->len > 0) {
        sqlite3_stmt *s = store->statements[INSERT_OUTPUT];
        sqlite3_bind_int64(s, 1, number);
        bind_blob(s, 2, job->data.output);
        bind_blob(s, 3, job->data.segments);
        r = store_run_statement(store, INSERT_OUTPUT);
    }
    if (r == 0 && job->data.trace->len > 0) {
        sqlite3_stmt *s = store->statements[INSERT_TRACE];
        sqlite3_bind_int64(s, 1, number);
        sqlite3_bind_int64(s, 2, (int64_t)job->data.trace_raw_bytes);
        bind_blob(s, 3, job->data.trace);
        r = store_run_statement(store, INSERT_TRACE);
    }
    return r;
}

/* A run that is over before anybody asked for it. */
static int keep_run(struct store *store, struct store_job *job)
{
    int r = accept_run(store, job);
    return r < 0 ? r : finish_run(store, job);
}

/* One from elsewhere. What is there already stays as it is, unless it is only there to go. */
static int import_run(struct store *store, struct store_job *job)
{
    sqlite3_stmt *s = store->statements[FIND_RUN];
    store_bind_text(store->statements[DELETE_SITTING], 1, job->run->id);
    int r = store_run_statement(store, DELETE_SITTING);
    if (r < 0)
        return r;
    store_bind_text(s, 1, job->run->id);
    int code = sqlite3_step(s);
    sqlite3_reset(s);
    if (code == SQLITE_ROW)
        return -EEXIST;
    return code == SQLITE_DONE ? keep_run(store, job) : store_code(code);
}

static int delete_run(struct store *store, struct store_job *job)
{
    store_bind_text(store->statements[DELETE_RUN], 1, job->id);
    return store_run_statement(store, DELETE_RUN);
}

enum acceptance store_acceptance(const struct store_job *job)
{
    if (job->result == 0)
        return ACCEPT_DONE;
    return job->result == -EEXIST ? ACCEPT_DUPLICATE : ACCEPT_FAILED;
}

/* What was accepted must end somewhere. */
static bool is_owed(enum store_job_kind kind)
{
    return kind == STORE_FINISH || kind == STORE_KEEP || kind == STORE_SAVE_EXPERIMENT;
}

/* One job within the transaction: all of it or nothing. */
static int do_job(struct store *store, struct store_job *job)
{
    static int (*const kinds[])(struct store *, struct store_job *) = {
        [STORE_ACCEPT] = accept_run,
        [STORE_FINISH] = finish_run,
        [STORE_KEEP] = keep_run,
        [STORE_DELETE] = delete_run,
        [STORE_IMPORT] = import_run,
        [STORE_ACCEPT_EXPERIMENT] = store_accept_experiment,
        [STORE_SAVE_EXPERIMENT] = store_save_experiment,
        [STORE_DELETE_EXPERIMENT] = store_delete_experiment,
        [STORE_ADD_WORKSHOP] = store_add_workshop,
        [STORE_SAVE_WORKSHOP] = store_save_workshop,
        [STORE_DELETE_WORKSHOP] = store_delete_workshop,
        [STORE_KEEP_RUN] = store_keep_run,
        [STORE_KEEP_EXPERIMENT] = store_keep_experiment,
        [STORE_EXPIRE] = store_expire,
    };
    int64_t kept = 0;
    int r = store_run_statement(store, SAVE);
    if (r < 0)
        return r;
    const bool bounded = !is_owed(job->kind);
    if (!bounded || (r = store_kept_bytes(store, &kept)) == 0)
        r = kinds[job->kind](store, job);
    if (r == 0 && bounded)
        r = store_check_kept(store, kept);
    if (r < 0 && sqlite3_get_autocommit(store->db))
        return r;
    if (r < 0)
        store_run_statement(store, UNDO);
    int saved = store_run_statement(store, KEEP);
    return r < 0 ? r : saved;
}

/*
 * SQLite before 3.51.3 can lose pages when one connection commits while another one checkpoints,
 * and a commit may be followed by a checkpoint. So programs take turns.
 */
static int take_turn(const struct store *store)
{
    while (flock(store->lock, LOCK_EX) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

static void end_turn(const struct store *store)
{
    if (store->lock >= 0)
        flock(store->lock, LOCK_UN);
}

/*
 * One transaction of all jobs that are not spoilt. An error of the disk, or want of memory, within
 * a job may end it; *ret_spoiler is that job then, else NULL.
 */
static int write_batch(struct store *store, struct store_job *first, struct store_job **ret_spoiler)
{
    *ret_spoiler = NULL;
    int r = store_run_statement(store, BEGIN);
    for (struct store_job *job = first; r == 0 && job; job = job->next) {
        if (job->spoilt)
            continue;
        job->result = do_job(store, job);
        if (sqlite3_get_autocommit(store->db)) {
            *ret_spoiler = job;
            r = job->result < 0 ? job->result : -EIO;
        }
    }
    if (r == 0)
        r = store_run_statement(store, COMMIT);
    if (r < 0 && !sqlite3_get_autocommit(store->db))
        store_run_statement(store, ROLLBACK);
    return r;
}

/* What one job has spoilt the others try again without it. */
static int write_most(struct store *store, struct store_job *first)
{
    struct store_job *spoiler;
    int r = write_batch(store, first, &spoiler);
    for (unsigned i = 0; spoiler && i < SPOILERS_MAX; i++) {
        spoiler->spoilt = true;
        spoiler->result = r;
        r = write_batch(store, first, &spoiler);
    }
    return r;
}

static void do_batch(struct store *store, struct store_job *first)
{
    for (struct store_job *job = first; job; job = job->next)
        job->spoilt = false;
    int r = take_turn(store);
    if (r == 0)
        r = write_most(store, first);
    end_turn(store);
    for (struct store_job *job = first, *next; job; job = next) {
        next = job->next;
        /* What a job found in a transaction that is no more is no answer. */
        if (r < 0 && !job->spoilt)
            job->result = r;
        job->done(job);
    }
}

/* When the patience of the least patient job ends; the lock is held. */
static uint64_t first_time(const struct store *store)
{
    uint64_t first = UINT64_MAX;
    for (const struct store_job *job = store->first; job; job = job->next)
        if (job->patient_until_ns < first)
            first = job->patient_until_ns;
    return first;
}

/* Waits until something is to be written (or the end); the lock is held. */
static void await_jobs(struct store *store)
{
    while (!store->ending && store->impatient == 0) {
        if (!store->first) {
            pthread_cond_wait(&store->queue_filled, &store->queue_lock);
            continue;
        }
        uint64_t until = first_time(store);
        const struct timespec t = {(time_t)(until / 1000000000), (long)(until % 1000000000)};
        if (pthread_cond_timedwait(&store->queue_filled, &store->queue_lock, &t) == ETIMEDOUT)
            return;
    }
}

/* Takes up to a commit's worth from the front; NULL when the store ends and nothing waits. */
static struct store_job *take_batch(struct store *store)
{
    pthread_mutex_lock(&store->queue_lock);
    store->busy = false;
    pthread_cond_broadcast(&store->queue_drained);
    await_jobs(store);
    struct store_job *first = store->first, **end = &store->first;
    for (int i = 0; *end && i < JOBS_PER_COMMIT; i++) {
        store->impatient -= (*end)->patient_until_ns == 0;
        end = &(*end)->next;
        store->waiting--;
    }
    struct store_job *rest = *end;
    *end = NULL;
    store->first = rest;
    if (!rest)
        store->last = &store->first;
    store->busy = first != NULL;
    pthread_mutex_unlock(&store->queue_lock);
    return first;
}

static void *write_jobs(void *cls)
{
    struct store *store = cls;
    struct store_job *batch;
    while ((batch = take_batch(store)))
        do_batch(store, batch);
    return NULL;
}

int store_submit(struct store *store, struct store_job *job)
{
    pthread_mutex_lock(&store->queue_lock);
    bool full = !is_owed(job->kind) && store->waiting >= JOBS_WAITING_MAX;
    if (!full) {
        job->next = NULL;
        *store->last = job;
        store->last = &job->next;
        store->waiting++;
        store->impatient += job->patient_until_ns == 0;
        pthread_cond_signal(&store->queue_filled);
    }
    pthread_mutex_unlock(&store->queue_lock);
    return full ? -EAGAIN : 0;
}

size_t store_waiting(struct store *store)
{
    pthread_mutex_lock(&store->queue_lock);
    size_t n = store->waiting;
    pthread_mutex_unlock(&store->queue_lock);
    return n;
}

void store_flush(struct store *store)
{
    pthread_mutex_lock(&store->queue_lock);
    while (store->first || store->busy)
        pthread_cond_wait(&store->queue_drained, &store->queue_lock);
    pthread_mutex_unlock(&store->queue_lock);
}

/* ---- opening ---- */

static int sqlite_error(struct store *store, const char *what, struct err *err)
{
    int code = store_code(sqlite3_errcode(store->db));
    return err_set(err, code ? -code : EIO, "%s: %s", what, sqlite3_errmsg(store->db));
}

static int execute(struct store *store, const char *sql, struct err *err)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return sqlite_error(store, "database", err);
    return 0;
}

static int read_version(struct store *store, int *ret, struct err *err)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(store->db, "PRAGMA user_version", -1, &s, NULL) != SQLITE_OK)
        return sqlite_error(store, "database", err);
    int r = sqlite3_step(s) == SQLITE_ROW ? 0 : sqlite_error(store, "database", err);
    *ret = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    return r;
}

static int migrate(struct store *store, struct err *err)
{
    int version = 0;
    int r = read_version(store, &version, err);
    if (r == 0 && version > VERSION)
        return err_set(err, EINVAL, "the database is of version %d; this program knows up to %d",
                       version, VERSION);
    for (; r == 0 && version < VERSION; version++) {
        _cleanup_buf_ struct buf sql = BUF_INIT(1u << 20);
        buf_printf(&sql, "BEGIN IMMEDIATE;\n%s\nPRAGMA user_version = %d;\nCOMMIT;",
                   migrations[version], version + 1);
        r = execute(store, buf_text(&sql), err);
    }
    return r;
}

/* Beside the file itself, by whatever name it is reached; so there has to be one. */
static int open_lock(struct store *store, const char *file, struct err *err)
{
    _cleanup_close_ int made = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    _cleanup_buf_ struct buf name = BUF_INIT(PATH_MAX);
    _cleanup_free_ char *real = realpath(file, NULL);
    buf_printf(&name, "%s-lock", real ? real : file);
    store->lock = open(buf_text(&name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return store->lock < 0 ? err_errno(err, errno, "%s", buf_text(&name)) : 0;
}

/*
 * Whoever ends the runs that are open must be the only one who has any. The lock on the first byte
 * of the file is another than the one of turns, and lasts as long as the descriptor.
 */
static int be_alone(struct store *store, struct err *err)
{
    const struct flock first = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    if (fcntl(store->lock, F_OFD_SETLK, &first) == 0)
        return 0;
    if (errno == EAGAIN || errno == EACCES)
        return err_set(err, EBUSY, "another server has this database open");
    return err_errno(err, errno, "cannot be locked");
}

static int open_database(struct store *store, const char *file, struct err *err)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(file, &store->db, flags, NULL) != SQLITE_OK)
        return sqlite_error(store, "cannot open the database", err);
    sqlite3_busy_timeout(store->db, 5000);
    int r = execute(store,
                    "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL;"
                    "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 250;"
                    "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;",
                    err);
    return r < 0 ? r : migrate(store, err);
}

/* Binds ?1 to the end and ?2 to now, ?3 to what was given. Returns how many rows it changed. */
static int end_lost(struct store *store, const char *sql, const char *ended, const char *result,
                    struct err *err)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(store->db, sql, -1, &s, NULL) != SQLITE_OK)
        return sqlite_error(store, "database", err);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    store_bind_text(s, 1, ended);
    sqlite3_bind_int64(s, 2, now.tv_sec * 1000 + now.tv_nsec / 1000000);
    if (result)
        store_bind_text(s, 3, result);
    int r = sqlite3_step(s) == SQLITE_DONE ? 0 : sqlite_error(store, "database", err);
    sqlite3_finalize(s);
    return r < 0 ? r : sqlite3_changes(store->db);
}

static int end_lost_rows(struct store *store, const char *ended, const char *result,
                         struct err *err)
{
    int runs = end_lost(store,
                        "UPDATE runs SET done = 1, ended = ?1, finished_ms = ?2, result = ?3"
                        " WHERE done = 0",
                        ended, result, err);
    int experiments = runs < 0 ? runs
                               : end_lost(store,
                                          "UPDATE experiments SET done = 1, ended = ?1,"
                                          " finished_ms = ?2 WHERE done = 0",
                                          ended, NULL, err);
    if (experiments < 0)
        return experiments;
    if (runs + experiments > 0)
        log_line(LOG_WARNING,
                 "%d runs and %d experiments were open when the server last ended; they are kept "
                 "as %s",
                 runs, experiments, ended);
    return 0;
}

static int prepare_all(struct store *store, struct err *err)
{
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(store->db, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->statements[i], NULL) != SQLITE_OK)
            return sqlite_error(store, statement_texts[i], err);
    return 0;
}

static int last_row(struct store *store, const char *sql, int64_t *ret, struct err *err)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(store->db, sql, -1, &s, NULL) != SQLITE_OK)
        return sqlite_error(store, "database", err);
    int r = sqlite3_step(s) == SQLITE_ROW ? 0 : sqlite_error(store, "database", err);
    *ret = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return r;
}

static int read_last_rows(struct store *store, struct err *err)
{
    int r = last_row(store, "SELECT max(id) FROM runs", &store->runs_before, err);
    if (r == 0)
        r = last_row(store, "SELECT max(id) FROM experiments", &store->experiments_before, err);
    if (r == 0)
        r = last_row(store, "SELECT max(id) FROM workshops", &store->workshops_before, err);
    return r;
}

static void make_directory_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    _cleanup_free_ char *directory =
        slash && slash > file ? strndup(file, (size_t)(slash - file)) : NULL;
    /* When it fails opening the database does too, with the better message. */
    if (directory && mkdir(directory, 0750) < 0)
        return;
}

int store_new(struct store **ret, const char *file, const struct store_options *options,
              struct err *err)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return err_errno(err, ENOMEM, "store");
    store->last = &store->first;
    store->kept_most = options->kept_bytes;
    pthread_mutex_init(&store->queue_lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&store->queue_filled, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_cond_init(&store->queue_drained, NULL);
    store->lock = -1;
    make_directory_of(file);
    int r = open_lock(store, file, err);
    if (r == 0 && options->lost_ended)
        r = be_alone(store, err);
    if (r == 0 && (r = take_turn(store)) < 0)
        err_errno(err, -r, "cannot be locked");
    if (r == 0)
        r = open_database(store, file, err);
    if (r == 0 && options->lost_ended)
        r = end_lost_rows(store, options->lost_ended, options->lost_result, err);
    if (r == 0)
        r = read_last_rows(store, err);
    if (r == 0)
        r = prepare_all(store, err);
    end_turn(store);
    if (r == 0 && (r = -pthread_create(&store->thread, NULL, write_jobs, store)) < 0)
        err_errno(err, -r, "cannot start a thread");
    if (r < 0) {
        store_free(store);
        return err_wrap(err, "%s", file);
    }
    store->started = true;
    *ret = store;
    return 0;
}

void store_free(struct store *store)
{
    if (!store)
        return;
    if (store->started) {
        pthread_mutex_lock(&store->queue_lock);
        store->ending = true;
        pthread_cond_signal(&store->queue_filled);
        pthread_mutex_unlock(&store->queue_lock);
        pthread_join(store->thread, NULL);
    }
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    if (store->lock >= 0 && take_turn(store) < 0)
        log_line(LOG_WARNING, "database: closed without its lock");
    sqlite3_close(store->db);
    close_fd(&store->lock);
    pthread_cond_destroy(&store->queue_filled);
    pthread_cond_destroy(&store->queue_drained);
    pthread_mutex_destroy(&store->queue_lock);
    free(store);
}

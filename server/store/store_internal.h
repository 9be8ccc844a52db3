/*
 * What the files of the store share: store.c (the writer, runs), store_read.c (readers, runs),
 * store_experiments.c and store_workshops.c (both, for experiments and for workshops), and
 * store_expiry.c (what is kept, and what goes).
 */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include "server/store/store.h"

#include <pthread.h>
#include <sqlite3.h>

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    SAVE,
    KEEP,
    UNDO,
    FIND_KEY,
    FIND_RUN,
    INSERT_RUN,
    INSERT_KEY,
    FINISH_RUN,
    INSERT_OUTPUT,
    INSERT_TRACE,
    DELETE_RUN,
    INSERT_EXPERIMENT,
    LINK_EXPERIMENT,
    SAVE_EXPERIMENT,
    DELETE_EXPERIMENT,
    INSERT_SEAT,
    INSERT_WORKSHOP,
    SAVE_WORKSHOP,
    FIND_SITTING,
    DELETE_WORKSHOP_KEYS,
    MARK_WORKSHOP,
    DELETE_SITTING,
    DELETE_SITTINGS,
    DELETE_WORKSHOPS,
    KEEP_RUN,
    KEEP_EXPERIMENT,
    KEEP_OUTCOMES,
    EXPIRE_RUNS,
    EXPIRE_EXPERIMENTS,
    FIND_OLD_WORKSHOP,
    FIND_OLDEST,
    KEPT_BYTES,
    USED_BYTES,
    STATEMENTS
};

struct store {
    sqlite3 *db; /* the writer's; no other thread touches it once that runs */
    sqlite3_stmt *statements[STATEMENTS];
    pthread_t thread;
    bool started;
    uint64_t kept_most;                                        /* bytes of what is kept; 0: any */
    int64_t runs_before, experiments_before, workshops_before; /* rows when it was opened */
    int lock; /* of a file beside the database: whoever writes or checkpoints has it */
    pthread_mutex_t queue_lock; /* guards the rest */
    pthread_cond_t queue_filled;
    struct store_job *first, **last;
    size_t waiting;
    size_t impatient; /* of those that wait */
    bool busy;        /* a batch is being written */
    pthread_cond_t queue_drained;
    bool ending;
};

/* One statement for each combination of filters: bit 0 scenario, 1 ended, 2 session. */
enum { BY_SCENARIO = 1, BY_ENDED = 2, BY_SESSION = 4, COMBINATIONS = 8 };

struct store_reader {
    sqlite3 *db;
    sqlite3_stmt *find, *output, *trace, *exported;
    sqlite3_stmt *lists[COMBINATIONS];
    sqlite3_stmt *others[COMBINATIONS]; /* with not_ended; those without BY_ENDED */
    sqlite3_stmt *find_experiment;
    sqlite3_stmt *experiments[COMBINATIONS]; /* those without BY_ENDED */
    sqlite3_stmt *find_workshop, *sittings;
    sqlite3_stmt *find_key;
};

/* 0 or -errno for a result code of SQLite. */
int store_code(int sqlite);

/* Binding: NULL and 0 are null. */
void store_bind_text(sqlite3_stmt *s, int at, const char *text);
void store_bind_time(sqlite3_stmt *s, int at, int64_t ms);

/* Runs a bound statement that answers nothing. */
int store_run_statement(struct store *store, enum statement which);

/* Jobs of the writer, within its transaction. */
int store_accept_experiment(struct store *store, struct store_job *job);
int store_save_experiment(struct store *store, struct store_job *job);
int store_delete_experiment(struct store *store, struct store_job *job);
int store_add_workshop(struct store *store, struct store_job *job);
int store_save_workshop(struct store *store, struct store_job *job);
int store_delete_workshop(struct store *store, struct store_job *job);
/* Up to `most` rows of workshops that were deleted; *ret_rows is how many went. */
int store_clear_workshops(struct store *store, int64_t most, int64_t *ret_rows);
int store_keep_run(struct store *store, struct store_job *job);
int store_keep_experiment(struct store *store, struct store_job *job);
int store_expire(struct store *store, struct store_job *job);
/*
 * The most that so many bytes of a row take in pages of 8 kB, which may be half empty; and what a
 * row takes besides, in indexes and short columns. NULL is an empty text.
 */
int64_t store_room(size_t bytes);
int64_t store_room_of(const char *text);
enum { STORE_ROW_ROOM = 1024 };

/* How many bytes what is kept takes, as store_room() has them; and -EDQUOT when that is more than
 * may be and more than it was before. Without a bound both do nothing. */
int store_kept_bytes(struct store *store, int64_t *ret);
int store_check_kept(struct store *store, int64_t before);
int store_take_seat(struct store *store, int64_t run, const struct store_seat *seat);

/* What a session (?1) made of a kind (?2) with a key (?3), and what it asked for. */
#define STORE_FIND_KEY                                                                             \
    "SELECT coalesce(r.pub, e.pub, w.pub), k.asked FROM idempotency_keys k"                        \
    " LEFT JOIN runs r ON r.id = k.run_id"                                                         \
    " LEFT JOIN experiments e ON e.id = k.experiment_id"                                           \
    " LEFT JOIN workshops w ON w.id = k.workshop_id"                                               \
    " WHERE k.session = ?1 AND k.kind = ?2 AND k.key = ?3"

/* As store_find_made() by a statement of STORE_FIND_KEY. */
int store_look_up_key(sqlite3_stmt *s, struct store_job *job, const char *kind,
                      const char *session);

/*
 * What a session made with job->key: find answers 0 when there is nothing yet, else -EEXIST with
 * job->existing and job->same; add notes that row `number` was made. `kind` is run, experiment or
 * workshop. Without a key both do nothing.
 */
int store_find_key(struct store *store, struct store_job *job, const char *kind,
                   const char *session);
int store_add_key(struct store *store, const struct store_job *job, const char *kind,
                  const char *session, int64_t number);

/* Reading. store_failed() logs what is no success and returns store_code(). */
int store_prepare(struct store_reader *reader, const char *sql, sqlite3_stmt **ret,
                  struct err *err);
int store_prepare_experiments(struct store_reader *reader, struct err *err);
int store_prepare_workshops(struct store_reader *reader, struct err *err);
bool store_row_lost(sqlite3_stmt *s); /* some of its columns, for want of memory */
char *store_column_copy(sqlite3_stmt *s, int at);
void store_column_id(sqlite3_stmt *s, int at, char out[RUN_ID_SIZE]);    /* "" for null */
void store_column_text(sqlite3_stmt *s, int at, char *out, size_t size); /* likewise, cut */
int store_failed(struct store_reader *reader, int code);
unsigned store_combination(const struct store_filter *filter);
void store_bind_filter(sqlite3_stmt *s, const struct store_filter *filter);

#endif

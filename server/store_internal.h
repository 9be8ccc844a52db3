/*
 * What the files of the store share: store.c (the writer, runs), store_read.c (readers, runs) and
 * store_experiments.c (both, for experiments).
 */
#ifndef SERVER_STORE_INTERNAL_H
#define SERVER_STORE_INTERNAL_H

#include "server/store.h"

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
    STATEMENTS
};

struct store {
    sqlite3 *db; /* the writer's; no other thread touches it once that runs */
    sqlite3_stmt *statements[STATEMENTS];
    pthread_t thread;
    bool started;
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
    sqlite3_stmt *find, *output, *trace;
    sqlite3_stmt *lists[COMBINATIONS];
    sqlite3_stmt *find_experiment;
    sqlite3_stmt *experiments[COMBINATIONS]; /* those without BY_ENDED */
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

/* Reading. store_failed() logs what is no success and returns store_code(). */
int store_prepare(struct store_reader *reader, const char *sql, sqlite3_stmt **ret,
                  struct err *err);
int store_prepare_experiments(struct store_reader *reader, struct err *err);
char *store_column_copy(sqlite3_stmt *s, int at);
void store_column_id(sqlite3_stmt *s, int at, char out[RUN_ID_SIZE]); /* "" for null */
int store_failed(struct store_reader *reader, int code);
unsigned store_combination(const struct store_filter *filter);
void store_bind_filter(sqlite3_stmt *s, const struct store_filter *filter);

#endif

/*
 * Runs and experiments on disk. Nothing else in the program knows SQLite.
 *
 * How it works. One writer thread owns the only connection that writes. Jobs queue up for it; it
 * takes up to 64 into one transaction and calls each job's `done` after the commit (in its own
 * thread), so what was acknowledged survives a crash. Jobs keep their order. Every thread that
 * reads has its own read-only connection. Close the readers before the store: only the writer may
 * checkpoint.
 */
#ifndef SERVER_STORE_H
#define SERVER_STORE_H

#include "sandbox/base/buf.h"
#include "sandbox/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUN_ID_SIZE  23u /* 22 characters and the NUL */
#define SESSION_SIZE 23u

struct store;
struct store_reader;

/* The columns of a run. Texts are owned; release with store_run_release(). */
struct store_run {
    int64_t number; /* the row; 0 when it is not known */
    char id[RUN_ID_SIZE];
    char session[SESSION_SIZE];
    char *scenario;
    char *job;
    char *params;
    char *schedule; /* JSON */
    bool done;
    char *ended;         /* with done */
    char *schedule_then; /* with done, when the run said more of its schedule; else NULL */
    int64_t created_ms;
    int64_t started_ms;  /* 0: not yet, or never */
    int64_t finished_ms; /* 0: not yet */
    uint64_t output_bytes;
    char *result; /* with done */
};
void store_run_release(struct store_run *run);

/* The columns of an experiment; release with store_experiment_release(). */
struct store_experiment {
    int64_t number; /* the row; 0 when it is not known */
    char id[RUN_ID_SIZE];
    char session[SESSION_SIZE];
    char *scenario;
    char *params;
    char *asked;
    char *found;
    char beside[RUN_ID_SIZE]; /* "" when there is none */
    bool done;
    char *ended; /* with done */
    int64_t created_ms;
    int64_t started_ms;  /* 0: not yet, or never */
    int64_t finished_ms; /* 0: not yet */
};
void store_experiment_release(struct store_experiment *experiment);

/* A stretch of output, as it is stored. */
struct output_segment {
    uint64_t t_ns;
    uint32_t bytes;
    uint16_t task; /* or TRACE_NO_TASK */
    uint16_t unused;
};

/* What else a finished run leaves. */
struct store_data {
    const struct buf *output;
    const struct buf *segments;
    const struct buf *trace; /* zstd */
    uint64_t trace_raw_bytes;
};

enum store_job_kind {
    STORE_ACCEPT,
    STORE_FINISH,
    STORE_KEEP,
    STORE_DELETE,
    STORE_ACCEPT_EXPERIMENT,
    STORE_SAVE_EXPERIMENT,
    STORE_DELETE_EXPERIMENT,
};

/*
 * One write. A job that is patient is written with the next one that is not, or when its time
 * comes: a short run whose client waits for the end anyway costs one commit instead of two. The
 * struct and all it points to stay the caller's and must not change until `done` was called. ACCEPT
 * inserts run; with a key that the session used before: -EEXIST, `existing` is that run and `same`
 * tells whether it was asked for the same. FINISH stores schedule, ended, times, result and data.
 * DELETE removes the run of that id. KEEP does what ACCEPT and FINISH do, at once.
 *
 * ACCEPT_EXPERIMENT inserts experiment, and links it with the one beside it both ways;
 * SAVE_EXPERIMENT stores done, ended, times and found; DELETE_EXPERIMENT removes that of the id.
 */
struct store_job {
    enum store_job_kind kind;
    uint64_t patient_until_ns; /* may wait so long for company in its commit; 0: not at all */
    const struct store_run *run;
    const struct store_experiment *experiment;
    const char *id; /* of what is deleted */
    const char *key;
    struct store_data data;
    void (*done)(struct store_job *job);
    void *context;
    int result; /* 0 or -errno, for done */
    bool same;
    char existing[RUN_ID_SIZE];
    struct store_job *next;
};

/*
 * Opens or makes the database, brings its schema up to date, and gives every run and experiment
 * that a crash left open the end `lost_ended`, runs with the JSON `lost_result`. Returns 0 or
 * -errno.
 */
int store_new(struct store **ret, const char *file, const char *lost_ended, const char *lost_result,
              struct err *err);

/* Finishes all jobs, then closes. */
void store_free(struct store *store);

/* Queues a job. -EAGAIN when too many wait; FINISH, KEEP and SAVE_… are always taken. */
int store_submit(struct store *store, struct store_job *job);
size_t store_waiting(struct store *store);

/* Returns when every job submitted before was done. */
void store_flush(struct store *store);

int store_reader_new(struct store_reader **ret, const char *file, struct err *err);
void store_reader_free(struct store_reader *reader);

/* 0, -ENOENT or -EIO. */
int store_find(struct store_reader *reader, const char *id, struct store_run *ret);

struct store_filter {
    const char *scenario; /* NULL: any */
    const char *ended;
    const char *not_ended; /* runs that go on fit, too */
    const char *session;
    int64_t before; /* only rows below; INT64_MAX: from the newest */
    unsigned limit;
};

/* Calls each() for every run that fits, newest first; ends on non-zero and returns it. */
int store_list(struct store_reader *reader, const struct store_filter *filter,
               int (*each)(void *context, const struct store_run *run), void *context);

/* The same for experiments; how they ended is not looked at. */
int store_find_experiment(struct store_reader *reader, const char *id,
                          struct store_experiment *ret);
int store_list_experiments(struct store_reader *reader, const struct store_filter *filter,
                           int (*each)(void *context, const struct store_experiment *experiment),
                           void *context);

/* Appends the first `most` bytes of a run's output, and its segments when `segments` is given. */
int store_output(struct store_reader *reader, int64_t number, size_t most, struct buf *text,
                 struct buf *segments);

/* Appends the zstd frame of a run's trace. -ENOENT when it has none. */
int store_trace(struct store_reader *reader, int64_t number, struct buf *zstd,
                uint64_t *ret_raw_bytes);

#endif

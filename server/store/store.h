/*
 * Runs, experiments and workshops on disk. Nothing else in the program knows SQLite.
 *
 * How it works. One writer thread owns the only connection that writes. Jobs queue up for it; it
 * takes up to 64 into one transaction and calls each job's `done` after the commit (in its own
 * thread), so what was acknowledged survives a crash. Jobs keep their order. Every thread that
 * reads has its own read-only connection. Close the readers before the store: only the writer may
 * checkpoint.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "sandbox/base/buf.h"
#include "sandbox/base/err.h"
#include "server/base/random_id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUN_ID_SIZE  RANDOM_ID_SIZE
#define SESSION_SIZE RANDOM_ID_SIZE

#define WORKSHOP_ID_SIZE   12u  /* three times three characters, dashes between them, and the NUL */
#define WORKSHOP_NAME_SIZE 161u /* 40 characters of UTF-8 and the NUL */

struct store;
struct store_reader;

/* Where in a workshop a run was made. */
struct store_seat {
    char workshop[WORKSHOP_ID_SIZE]; /* "": in none */
    unsigned step;                   /* from 0 */
    char name[WORKSHOP_NAME_SIZE];   /* the participant's */
    int64_t changes;                 /* of the workshop when the step was read */
    bool imported;                   /* whatever the workshop is by now */
};

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
    struct store_seat seat;
    bool kept; /* does not go after a time */
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
    bool kept;           /* does not go after a time */
};
void store_experiment_release(struct store_experiment *experiment);

/* The columns of a workshop; release with store_workshop_release(). */
struct store_workshop {
    int64_t number; /* the row; 0 when it is not known */
    char id[WORKSHOP_ID_SIZE];
    char session[SESSION_SIZE];
    char key[RUN_ID_SIZE];
    char *title;
    char *steps; /* JSON */
    bool closed;
    int64_t created_ms;
    int64_t imported_ms; /* 0: made here */
    int64_t changes;     /* how often it was changed */
};
void store_workshop_release(struct store_workshop *workshop);

/* A run as a workshop's board sees it; the texts live as long as the call. */
struct store_sitting {
    int64_t number; /* of the run; rises with acceptance */
    const char *run, *name;
    unsigned step;
    bool done;
    const char *ended;                   /* with done */
    const char *outcome, *outcome_class; /* NULL: it came to none */
    int outcome_rule;                    /* index of the declared outcome, or -1 */
    int64_t created_ms;
};

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
    STORE_IMPORT,
    STORE_ACCEPT_EXPERIMENT,
    STORE_SAVE_EXPERIMENT,
    STORE_DELETE_EXPERIMENT,
    STORE_ADD_WORKSHOP,
    STORE_SAVE_WORKSHOP,
    STORE_DELETE_WORKSHOP,
    STORE_KEEP_RUN,
    STORE_KEEP_EXPERIMENT,
    STORE_EXPIRE,
};

/* What a portion is of: one at a time, so that one that fails keeps no other from going. */
enum store_expiry_kind {
    EXPIRY_DELETED, /* rows of workshops that were deleted */
    EXPIRY_RUNS,
    EXPIRY_EXPERIMENTS,
    EXPIRY_WORKSHOPS, /* one, as by DELETE_WORKSHOP */
    EXPIRY_ROOM,      /* for what is new */
    EXPIRY_KINDS
};

/* What may go; 0: nothing does for that reason. What was made since the store was opened can be
 * spared, whenever it says it was made: a clock may have been wrong then. */
struct store_expiry {
    enum store_expiry_kind kind;
    int64_t runs_before_ms;      /* runs and experiments from before it, unless they are kept */
    int64_t workshops_before_ms; /* workshops without a run since */
    bool spare_runs, spare_workshops;
    uint64_t disk_bytes; /* beyond it the oldest that are not kept, if they take a fourth of it */
};

/*
 * One write. A job that is patient is written with the next one that is not, or when its time
 * comes: a short run whose client waits for the end anyway costs one commit instead of two. The
 * struct and all it points to stay the caller's and must not change until `done` was called. ACCEPT
 * inserts run. FINISH stores schedule, ended, times, result and data. DELETE removes the run of
 * that id. KEEP does what ACCEPT and FINISH do, at once; so does IMPORT, or -EEXIST when there is a
 * run of that id.
 *
 * What ends the transaction, as an error of the disk does, fails alone if the others can be written
 * without it; when they cannot be committed all of them have that error as their result.
 *
 * ACCEPT, ACCEPT_EXPERIMENT and ADD_WORKSHOP with a key that the session used before for the same
 * kind: -EEXIST, `existing` is what was made then and `same` tells whether `asked` was the same.
 *
 * ACCEPT_EXPERIMENT inserts experiment, and links it with the one beside it both ways;
 * SAVE_EXPERIMENT stores done, ended, times and found; DELETE_EXPERIMENT removes that of the id.
 *
 * ACCEPT of a run with a seat: -ENOENT when there is no such workshop any more, or it was changed
 * since. ADD_WORKSHOP inserts workshop, SAVE_WORKSHOP stores title, steps and closed: -ESTALE when
 * it was changed since it was read, -EBUSY when one of the steps from `number` on has a run.
 * DELETE_WORKSHOP removes that of the id with all its runs: from then on readers find nothing of
 * it, and its rows go by EXPIRE.
 *
 * What would keep something (a workshop, a run with a seat, KEEP_RUN, KEEP_EXPERIMENT): -EDQUOT
 * when that is more than kept_bytes.
 *
 * KEEP_RUN and KEEP_EXPERIMENT store `kept`, of an experiment also for the runs it shows. EXPIRE
 * deletes a portion of one kind of what may go; `number` is how many rows that were, 0 when nothing
 * is left, and of EXPIRY_WORKSHOPS `existing` is the one.
 */
struct store_job {
    enum store_job_kind kind;
    uint64_t patient_until_ns; /* may wait so long for company in its commit; 0: not at all */
    const struct store_run *run;
    const struct store_experiment *experiment;
    const struct store_workshop *workshop;
    const char *id;    /* of what is deleted */
    const char *key;   /* Idempotency-Key, or NULL */
    const char *asked; /* with a key: what for */
    struct store_data data;
    void (*done)(struct store_job *job);
    void *context;
    int result; /* 0 or -errno, for done */
    bool same;
    char existing[RUN_ID_SIZE];
    bool kept;
    struct store_expiry expire;
    int64_t number; /* of SAVE_WORKSHOP; for done: ACCEPT's row, how many rows EXPIRE deleted */
    struct store_job *next;
    bool spoilt; /* the writer's: it ended a transaction that others were in */
};

/* How far the store is with what it is to accept; of a duplicate the job tells what is there. */
enum acceptance { ACCEPT_PENDING, ACCEPT_DONE, ACCEPT_FAILED, ACCEPT_DUPLICATE };

/* Of a job that is done. */
enum acceptance store_acceptance(const struct store_job *job);

struct store_options {
    const char *lost_ended, *lost_result;
    uint64_t kept_bytes; /* about the most that what is kept may take; 0: any */
};

/*
 * Opens or makes the database, brings its schema up to date, and gives every run and experiment
 * that a crash left open the end `lost_ended`, runs with the JSON `lost_result`; lost_ended is NULL
 * when another program may be at work on them. Several programs may have the database open: they
 * take turns at writing. Only one may give a lost_ended: the second gets -EBUSY. Returns 0 or
 * -errno.
 */
int store_new(struct store **ret, const char *file, const struct store_options *options,
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

/*
 * Looks up what the session made of a kind (run, experiment or workshop) with job->key: 0 when that
 * is nothing or there is no key, -EEXIST with job->existing and job->same (of job->asked), or -EIO.
 */
int store_find_made(struct store_reader *reader, struct store_job *job, const char *kind,
                    const char *session);

struct store_filter {
    const char *scenario; /* NULL: any */
    const char *ended;
    const char *not_ended; /* not with ended; runs that go on fit, too */
    const char *session;
    int64_t before; /* only rows below; INT64_MAX: from the newest */
    unsigned limit;
};

/* Calls each() for every run that fits, newest first; ends on non-zero and returns it. */
int store_list(struct store_reader *reader, const struct store_filter *filter,
               int (*each)(void *context, const struct store_run *run), void *context);

/* Which of the runs that are done; NULL and false: all of them. */
struct store_selection {
    const char *workshop;
    bool kept;
};

/* Calls each() for the next of them after that row, oldest first, at most 64 in all. Ends on
 * non-zero and returns it. */
int store_select(struct store_reader *reader, const struct store_selection *selection,
                 int64_t after, int (*each)(void *context, const struct store_run *run),
                 void *context);

/* The same for experiments; how they ended is not looked at. */
int store_find_experiment(struct store_reader *reader, const char *id,
                          struct store_experiment *ret);
int store_list_experiments(struct store_reader *reader, const struct store_filter *filter,
                           int (*each)(void *context, const struct store_experiment *experiment),
                           void *context);

int store_find_workshop(struct store_reader *reader, const char *id, struct store_workshop *ret);

/* Calls each() for every run of the workshop, oldest first; ends on non-zero and returns it. */
int store_list_sittings(struct store_reader *reader, int64_t workshop,
                        int (*each)(void *context, const struct store_sitting *sitting),
                        void *context);

/*
 * Appends the first `most` bytes of a run's output, and its segments when `segments` is given.
 * -ENODATA when it has some and there is none, as in a database that is damaged.
 */
int store_output(struct store_reader *reader, const struct store_run *run, size_t most,
                 struct buf *text, struct buf *segments);

/* Appends the zstd frame of a run's trace. -ENOENT when it has none. */
int store_trace(struct store_reader *reader, int64_t number, struct buf *zstd,
                uint64_t *ret_raw_bytes);

#endif

/* The writer of the store: what becomes of the jobs of a batch when the disk fails under it. */
#include "tests/unit/test.h"

#include "sandbox/base/cleanup.h"
#include "server/store/store_internal.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BIG = 16 << 20, FITS = 4 << 20 }; /* more than SQLite keeps in memory; most of a file */

static char directory[] = "/tmp/store_test.XXXXXX";

struct rig {
    char file[64];
    struct store *store;
    sem_t busy, go; /* the writer has a job; it may go on */
    struct store_job gate;
};

static void wait_at_gate(struct store_job *job)
{
    struct rig *rig = job->context;
    sem_post(&rig->busy);
    while (sem_wait(&rig->go) < 0)
        ;
}

static void ignore(struct store_job *job)
{
    (void)job;
}

/* From now on what is submitted is of one batch. */
static void close_gate(struct rig *rig)
{
    rig->gate = (struct store_job){
        .kind = STORE_DELETE, .id = "none", .done = wait_at_gate, .context = rig};
    assert_int_equal(store_submit(rig->store, &rig->gate), 0);
    while (sem_wait(&rig->busy) < 0)
        ;
}

static void write_with_files_up_to(struct rig *rig, rlim_t bytes)
{
    struct rlimit before, now;
    getrlimit(RLIMIT_FSIZE, &before);
    now = (struct rlimit){bytes, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &now);
    sem_post(&rig->go);
    store_flush(rig->store);
    setrlimit(RLIMIT_FSIZE, &before);
}

static struct store_run run_of(const char *id)
{
    struct store_run run = {.created_ms = 1};
    run.scenario = run.job = run.params = run.schedule = strdup("{}");
    run.ended = strdup("completed");
    run.result = strdup("{}");
    snprintf(run.id, sizeof run.id, "%s", id);
    return run;
}

static void release(struct store_run *run)
{
    free(run->scenario);
    free(run->ended);
    free(run->result);
}

static void begin(struct rig *rig)
{
    struct err err = {0};
    if (strchr(directory, 'X'))
        assert_non_null(mkdtemp(directory));
    snprintf(rig->file, sizeof rig->file, "%s/test.db", directory);
    sem_init(&rig->busy, 0, 0);
    sem_init(&rig->go, 0, 0);
    signal(SIGXFSZ, SIG_IGN);
    if (store_new(&rig->store, rig->file, &(struct store_options){0}, &err) < 0)
        fail_msg("%s", err.text);
}

static void end(struct rig *rig)
{
    static const char *const endings[] = {"", "-lock", "-wal", "-shm"};
    char name[96];
    store_free(rig->store);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(name, sizeof name, "%s%s", rig->file, endings[i]);
        unlink(name);
    }
    rmdir(directory);
    strcpy(strrchr(directory, '.'), ".XXXXXX");
}

static int found(const struct rig *rig, const char *id)
{
    struct store_reader *reader;
    struct store_run run = {0};
    assert_int_equal(store_reader_new(&reader, rig->file, NULL), 0);
    int r = store_find(reader, id, &run);
    store_run_release(&run);
    store_reader_free(reader);
    return r;
}

void test_store_job_that_the_disk_has_no_room_for_fails_alone(void **state)
{
    (void)state;
    static const char *const ids[] = {"before", "large", "behind"};
    struct rig rig = {0};
    struct store_run runs[3];
    struct store_job jobs[3];
    _cleanup_buf_ struct buf none = BUF_INIT(0), trace = BUF_INIT(BIG);
    _cleanup_free_ char *zeros = calloc(1, BIG);
    assert_int_equal(buf_add(&trace, zeros, BIG), 0);
    begin(&rig);
    close_gate(&rig);
    for (int i = 0; i < 3; i++) {
        runs[i] = run_of(ids[i]);
        jobs[i] = (struct store_job){.kind = i == 1 ? STORE_KEEP : STORE_ACCEPT,
                                     .run = &runs[i],
                                     .data = {&none, &none, &trace, BIG},
                                     .done = ignore};
        assert_int_equal(store_submit(rig.store, &jobs[i]), 0);
    }
    write_with_files_up_to(&rig, FITS);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(jobs[i].result, i == 1 ? -EIO : 0);
        assert_int_equal(found(&rig, ids[i]), i == 1 ? -ENOENT : 0);
        release(&runs[i]);
    }
    end(&rig);
}

/* What it is a duplicate of is not there. */
void test_store_duplicate_in_a_batch_that_is_not_committed_fails_with_it(void **state)
{
    (void)state;
    struct rig rig = {0};
    struct store_run runs[] = {run_of("first"), run_of("second")};
    struct store_job jobs[2];
    begin(&rig);
    for (int round = 0; round < 2; round++) {
        close_gate(&rig);
        for (int i = 0; i < 2; i++) {
            jobs[i] = (struct store_job){.kind = STORE_ACCEPT,
                                         .run = &runs[i],
                                         .key = "key",
                                         .asked = "asked",
                                         .done = ignore};
            assert_int_equal(store_submit(rig.store, &jobs[i]), 0);
        }
        write_with_files_up_to(&rig, round == 0 ? 0 : RLIM_INFINITY);
        assert_int_equal(jobs[0].result, round == 0 ? -EIO : 0);
        assert_int_equal(jobs[1].result, round == 0 ? -EIO : -EEXIST);
    }
    assert_string_equal(jobs[1].existing, "first");
    release(&runs[0]);
    release(&runs[1]);
    end(&rig);
}

enum { RUNS = 3000, RARE = 1000 };

static void store_runs(struct rig *rig)
{
    static struct store_run runs[RUNS];
    static struct store_job jobs[RUNS];
    _cleanup_buf_ struct buf none = BUF_INIT(0);
    char id[RUN_ID_SIZE];
    for (int i = 0; i < RUNS; i++) {
        snprintf(id, sizeof id, "%d", i);
        runs[i] = run_of(id);
        if (i % RARE == 0)
            strcpy(runs[i].ended, "timeout");
        jobs[i] = (struct store_job){.kind = STORE_KEEP,
                                     .patient_until_ns = i < RUNS - 1 ? UINT64_MAX : 0,
                                     .run = &runs[i],
                                     .data = {&none, &none, &none, 0},
                                     .done = ignore};
        assert_int_equal(store_submit(rig->store, &jobs[i]), 0);
    }
    store_flush(rig->store);
    for (int i = 0; i < RUNS; i++) {
        assert_int_equal(jobs[i].result, 0);
        release(&runs[i]);
    }
}

static int note_run(void *context, const struct store_run *run)
{
    struct buf *seen = context;
    return buf_printf(seen, "%s ", run->id);
}

void test_store_list_of_what_ended_otherwise_does_not_pass_all_that_did_not(void **state)
{
    (void)state;
    struct rig rig = {0};
    struct store_reader *reader;
    begin(&rig);
    store_runs(&rig);
    assert_int_equal(store_reader_new(&reader, rig.file, NULL), 0);
    for (unsigned i = 0; i < COMBINATIONS; i++) {
        const struct store_filter filter = {.scenario = i & BY_SCENARIO ? "{}" : NULL,
                                            .session = i & BY_SESSION ? "" : NULL,
                                            .not_ended = "completed",
                                            .before = INT64_MAX,
                                            .limit = 2};
        _cleanup_buf_ struct buf seen = BUF_INIT(1000);
        if (i & BY_ENDED)
            continue;
        assert_int_equal(store_list(reader, &filter, note_run, &seen), 0);
        assert_string_equal(buf_text(&seen), "2000 1000 ");
        int steps = sqlite3_stmt_status(reader->others[i], SQLITE_STMTSTATUS_VM_STEP, 1);
        assert_in_range(steps, 1, RUNS);
    }
    store_reader_free(reader);
    end(&rig);
}

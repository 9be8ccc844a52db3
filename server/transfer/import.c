#include "server/transfer/import.h"

#include "sandbox/base/clock.h"
#include "sandbox/host/isolation.h"
#include "server/runs/run.h"
#include "server/transfer/command.h"
#include "server/transfer/transfer_check.h"
#include "server/workshops/workshop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: interleave import [--database FILE] [--strict] INPUT …\n"
    "\n"
    "Takes in the runs of files that `interleave export` wrote. Files may come from anybody:\n"
    "everything in them is checked, and a run that is not as ours are is refused with the reason. "
    "A\n"
    "server may have the database open meanwhile.\n"
    "\n"
    "  INPUT            \"-\" is standard input\n"
    "  --database FILE  also INTERLEAVE_DATABASE (default data/interleave.db), made when it is "
    "not\n"
    "                   there\n"
    "  --strict         when anything is wrong in any of the files, nothing is taken in\n"
    "  --output-limit BYTES, --runner FILE   as for `interleave serve`\n"
    "\n"
    "Runs keep their ids; those that are there already stay as they are. They are kept, and belong "
    "to\n"
    "nobody. A workshop comes with its runs: it keeps its id if that is free, else it gets "
    "another\n"
    "one; runs of a workshop that came before join it. Each new one has a new instructor's key, "
    "which\n"
    "standard output tells once, as\n"
    "\n"
    "    workshop ID-IN-THE-FILE ID KEY TITLE\n"
    "\n"
    "Ends with 0; with 3 when runs or workshops were refused; with 1 when it failed, a file was\n"
    "damaged or ended early (what came before is in, but for --strict); with 2 when it is called "
    "in a\n"
    "wrong way.\n";

/* One commit takes so much; a server's own writes wait no longer than for that. */
enum { PORTION_RUNS = 32, PORTION_BYTES = 16 << 20, WORKSHOPS_MAX = 4096, REASONS_SHOWN = 20 };

/* A workshop of the file at hand. */
struct origin {
    char from[WORKSHOP_ID_SIZE], to[WORKSHOP_ID_SIZE];
    unsigned steps;
};

struct item {
    struct transfer_run run;
    struct store_workshop workshop; /* to be made before the run; id "": none */
    char from[WORKSHOP_ID_SIZE];
    struct store_job add, import;
};

struct import {
    bool strict, help;
    bool dry; /* look only */
    struct catalog *catalog;
    struct store *store;
    struct store_reader *reader;
    struct transfer_bounds bounds;
    const char *file;
    struct item items[PORTION_RUNS];
    size_t item_count, item_bytes;
    struct origin *origins;
    size_t origin_count;
    struct store_workshop pending; /* the last one of the file, until a run of it comes */
    unsigned pending_steps;
    uint64_t taken, there, refused, workshops, failed, next_ns;
};

static void refuse(struct import *m, const char *what, const char *id, const struct err *err)
{
    if (m->refused++ < REASONS_SHOWN)
        command_say("%s: %s %.40s refused: %s", m->file, what, id && *id ? id : "?", err->text);
    else if (m->refused == REASONS_SHOWN + 1)
        command_say("further reasons are left out");
}

/* ---- a portion ---- */

static void ignore_done(struct store_job *job)
{
    (void)job;
}

static void submit(struct import *m, struct store_job *job, bool last)
{
    job->done = ignore_done;
    job->patient_until_ns = last ? 0 : UINT64_MAX;
    if (store_submit(m->store, job) < 0)
        job->result = -EAGAIN;
}

static void submit_item(struct import *m, struct item *item, bool last)
{
    if (item->workshop.id[0]) {
        item->add = (struct store_job){.kind = STORE_ADD_WORKSHOP, .workshop = &item->workshop};
        submit(m, &item->add, false);
    }
    item->import = (struct store_job){.kind = STORE_IMPORT,
                                      .run = &item->run.row,
                                      .data = {.output = &item->run.output,
                                               .segments = &item->run.segments,
                                               .trace = &item->run.trace,
                                               .trace_raw_bytes = item->run.trace_bytes}};
    submit(m, &item->import, last);
}

static int take_result(struct import *m, const struct item *item)
{
    if (item->add.result < 0)
        return item->add.result;
    if (item->workshop.id[0] && !m->dry) {
        m->workshops++;
        printf("workshop %s %s %s %s\n", item->from, item->workshop.id, item->workshop.key,
               item->workshop.title);
        fflush(stdout);
    }
    m->taken += item->import.result == 0;
    m->there += item->import.result == -EEXIST;
    return item->import.result == -EEXIST ? 0 : item->import.result;
}

static void drop_portion(struct import *m)
{
    for (size_t i = 0; i < m->item_count; i++) {
        transfer_run_release(&m->items[i].run);
        store_workshop_release(&m->items[i].workshop);
        m->items[i] = (struct item){0};
    }
    m->item_count = m->item_bytes = 0;
}

/* Writes the portion; returns once it is on the disk. */
static int write_portion(struct import *m, struct err *err)
{
    int r = 0;
    for (size_t i = 0; !m->dry && i < m->item_count; i++)
        submit_item(m, &m->items[i], i == m->item_count - 1);
    if (m->item_count > 0 && !m->dry)
        store_flush(m->store);
    for (size_t i = 0; r == 0 && i < m->item_count; i++)
        r = take_result(m, &m->items[i]);
    drop_portion(m);
    if (command_due(&m->next_ns))
        command_say("%" PRIu64 " runs %s, %" PRIu64 " there already, %" PRIu64 " refused", m->taken,
                    m->dry ? "looked at" : "taken in", m->there, m->refused);
    return r < 0 ? err_errno(err, -r, "after %" PRIu64 " runs the database", m->taken) : 0;
}

/* ---- workshops ---- */

static const struct origin *find_origin(const struct import *m, const char *id)
{
    for (size_t i = 0; i < m->origin_count; i++)
        if (strcmp(m->origins[i].from, id) == 0)
            return &m->origins[i];
    return NULL;
}

/* 1 when what is here under its id is the same one, which came before: its runs join it. Or 0, or
 * -ENOMEM. */
static int is_same(const struct import *m, const struct store_workshop *here)
{
    int same = workshop_same_setups(here->steps, m->pending.steps);
    if (same < 0)
        return same;
    return here->created_ms == m->pending.created_ms && (unsigned)same >= m->pending_steps;
}

/* Where the pending workshop's runs go: it is to be made when *ret_new. */
static int place_pending(struct import *m, struct origin *origin, bool *ret_new, struct err *err)
{
    struct store_workshop here;
    *origin = (struct origin){.steps = m->pending_steps};
    strcpy(origin->from, m->pending.id);
    strcpy(origin->to, m->pending.id);
    int r = store_find_workshop(m->reader, m->pending.id, &here);
    *ret_new = true;
    if (r == 0) {
        r = is_same(m, &here);
        store_workshop_release(&here);
        *ret_new = r == 0;
        if (*ret_new)
            r = workshop_id(origin->to);
    }
    if (r >= 0 || r == -ENOENT)
        r = random_id(m->pending.key);
    return r < 0 ? err_errno(err, -r, "workshop %s", m->pending.id) : 0;
}

/* The first run of the pending workshop has come. */
static int settle_pending(struct import *m, struct item *item, struct err *err)
{
    bool new;
    if (m->origin_count == WORKSHOPS_MAX)
        return err_set(err, EINVAL, "there are more than %d workshops in it", WORKSHOPS_MAX);
    struct origin *grown = realloc(m->origins, (m->origin_count + 1) * sizeof *grown);
    if (!grown)
        return err_errno(err, ENOMEM, "workshops");
    m->origins = grown;
    struct origin *origin = &grown[m->origin_count];
    int r = place_pending(m, origin, &new, err);
    if (r < 0)
        return r;
    m->origin_count++;
    if (new) {
        item->workshop = m->pending;
        strcpy(item->workshop.id, origin->to);
        strcpy(item->from, origin->from);
        m->pending = (struct store_workshop){0};
    }
    store_workshop_release(&m->pending);
    return 0;
}

/* Turns a seat to where its workshop is here. -EINVAL: there is no such seat. */
static int take_seat(struct import *m, struct item *item, struct err *err)
{
    struct store_seat *seat = &item->run.row.seat;
    if (!seat->workshop[0])
        return 0;
    bool pending = m->pending.id[0] && strcmp(m->pending.id, seat->workshop) == 0;
    const struct origin *origin = find_origin(m, seat->workshop);
    if (!pending && !origin)
        return err_set(err, EINVAL, "seat/workshop: is not in the file, or was refused");
    unsigned steps = pending ? m->pending_steps : origin->steps;
    if (seat->step >= steps)
        return err_set(err, EINVAL, "seat/step: must be 0 to %u, was %u", steps - 1, seat->step);
    int r = pending ? settle_pending(m, item, err) : 0;
    if (r == 0 && (origin = find_origin(m, seat->workshop)))
        strcpy(seat->workshop, origin->to);
    return r;
}

static int take_workshop(struct import *m, struct transfer_record *record, struct err *err)
{
    struct err reason = {0};
    struct store_workshop workshop;
    const char *id = doc_string(doc_member(record->body, "id"));
    store_workshop_release(&m->pending);
    int r = transfer_check_workshop(&workshop, record, m->catalog, &reason);
    if (r == 0 && find_origin(m, workshop.id)) {
        store_workshop_release(&workshop);
        r = err_set(&reason, EINVAL, "id: is in the file twice");
    }
    if (r == -EINVAL)
        refuse(m, "workshop", id, &reason);
    else if (r < 0)
        *err = reason;
    if (r < 0)
        return r == -EINVAL ? 0 : r;
    m->pending = workshop;
    m->pending_steps = (unsigned)workshop_step_count(workshop.steps);
    return m->pending_steps > 0 ? 0 : err_errno(err, ENOMEM, "workshop");
}

/* ---- runs ---- */

static bool is_there(struct import *m, const char *id)
{
    struct store_run run;
    if (store_find(m->reader, id, &run) < 0)
        return false;
    store_run_release(&run);
    return true;
}

/* Into the portion, which is written when it is full. */
static int add_run(struct import *m, struct transfer_run *run, struct err *err)
{
    struct item *item = &m->items[m->item_count];
    *item = (struct item){.run = *run};
    int r = take_seat(m, item, err);
    if (r < 0) {
        transfer_run_release(&item->run);
        return r;
    }
    m->item_count++;
    m->item_bytes += run->output.len + run->segments.len + run->trace.len;
    if (m->item_count < PORTION_RUNS && m->item_bytes < PORTION_BYTES)
        return 0;
    return write_portion(m, err);
}

static int take_run(struct import *m, struct transfer_record *record, struct err *err)
{
    struct transfer_run run;
    struct err reason = {0};
    const char *id = doc_string(doc_member(record->body, "id"));
    int r = transfer_check_run(&run, record, m->catalog, &reason);
    if (r == 0 && is_there(m, run.row.id)) {
        m->there++;
        transfer_run_release(&run);
        return 0;
    }
    if (r == 0)
        r = add_run(m, &run, &reason);
    if (r == -EINVAL)
        refuse(m, "run", id, &reason);
    else if (r < 0)
        *err = reason;
    return r == -EINVAL ? 0 : r;
}

/* ---- files ---- */

/* Returns 0 at the file's end. */
static int take_records(struct import *m, struct transfer_reader *reader, struct err *err)
{
    for (;;) {
        struct transfer_record record;
        int r = transfer_read(reader, &record, err);
        if (r < 0)
            return r;
        bool end = record.kind == TRANSFER_END;
        if (record.kind == TRANSFER_RUN)
            r = take_run(m, &record, err);
        else if (!end)
            r = take_workshop(m, &record, err);
        transfer_record_release(&record);
        if (r < 0 || end)
            return r;
    }
}

/* What was read of a damaged file before the damage is taken in. */
static int take_stream(struct import *m, FILE *in, struct err *err)
{
    struct transfer_reader reader;
    transfer_reader_init(&reader, in, &m->bounds);
    m->origin_count = 0;
    int r = transfer_read_head(&reader, err);
    if (r == 0) {
        r = take_records(m, &reader, err);
        int written = r == 0 || r == -EBADMSG ? write_portion(m, r == 0 ? err : NULL) : 0;
        r = r < 0 ? r : written;
    }
    drop_portion(m);
    store_workshop_release(&m->pending);
    transfer_reader_release(&reader);
    return r;
}

static void take_file(struct import *m, const char *file)
{
    struct err err = {0};
    bool standard = strcmp(file, "-") == 0;
    FILE *in = standard ? stdin : fopen(file, "re");
    m->file = standard ? "standard input" : file;
    int r = in ? take_stream(m, in, &err) : err_errno(&err, errno, "cannot be opened");
    if (r < 0) {
        command_say("%s: %s", m->file, err.text);
        m->failed++;
    }
    if (in && !standard)
        fclose(in);
}

/* ---- whole ---- */

/* The runner describes its scenarios when it starts; then it is not needed any more. */
static int read_catalog(struct import *m, const struct config *config, struct err *err)
{
    struct launcher *launcher;
    const struct launcher_options options = {
        .runner = config->runner, .pool = 1, .limits = config->limits};
    struct err weaker = {0};
    size_t n;
    int r = isolation_choose(&launcher, &options, TIERS_ALL, &weaker, err);
    if (r < 0)
        return r;
    const char *catalogue = launcher_catalogue(launcher, &n);
    r = catalog_new(&m->catalog, catalogue, n, NULL, err);
    launcher_free(launcher);
    return r;
}

static int open_store(struct import *m, const struct config *config, struct err *err)
{
    int r = store_new(&m->store, config->database, &(struct store_options){0}, err);
    return r < 0 ? r : store_reader_new(&m->reader, config->database, err);
}

static int read_arguments(struct import *m, struct config *config, int argc, char **argv,
                          int *ret_count, struct err *err)
{
    const struct command_option options[] = {
        {"--strict", NULL, &m->strict}, {"--help", NULL, &m->help}, {"-h", NULL, &m->help}, {0}};
    int r = command_read(options, config, argc, argv, ret_count, err);
    if (r < 0 || m->help)
        return r;
    if (*ret_count == 0)
        return err_set(err, EINVAL, "a file is missing; --help says what else there is");
    for (int i = 0; m->strict && i < *ret_count; i++)
        if (strcmp(argv[i], "-") == 0)
            return err_set(err, EINVAL, "--strict reads twice, which standard input cannot be");
    return 0;
}

static int finish(const struct import *m)
{
    command_say("%" PRIu64 " runs taken in, %" PRIu64 " there already, %" PRIu64
                " refused; %" PRIu64 " workshops made",
                m->taken, m->there, m->refused, m->workshops);
    return m->failed > 0 ? EXIT_FAILED : m->refused > 0 ? EXIT_PARTLY : EXIT_DONE;
}

/* --strict: looks at all of it first. Returns whether nothing is wrong. */
static bool all_is_well(struct import *m, char **files, int count)
{
    m->dry = true;
    for (int i = 0; i < count; i++)
        take_file(m, files[i]);
    bool well = m->refused == 0 && m->failed == 0;
    m->dry = false;
    m->taken = m->there = 0;
    return well;
}

static int take_all(struct import *m, char **files, int count)
{
    if (!m->strict || all_is_well(m, files, count))
        for (int i = 0; i < count; i++)
            take_file(m, files[i]);
    return finish(m);
}

static void release(struct import *m)
{
    store_reader_free(m->reader);
    store_free(m->store);
    catalog_free(m->catalog);
    free(m->origins);
    free(m);
}

int import_command(int argc, char **argv)
{
    struct import *m = calloc(1, sizeof *m);
    struct config config;
    struct err err = {0};
    int count, code = EXIT_FAILED;
    if (!m) {
        command_say("%s", strerror(ENOMEM));
        return EXIT_FAILED;
    }
    int r = read_arguments(m, &config, argc, argv, &count, &err);
    if (r < 0) {
        command_say("%s", err.text);
        code = r == -ENOMEM ? EXIT_FAILED : EXIT_USAGE;
    } else if (m->help) {
        fputs(usage, stdout);
        code = EXIT_DONE;
    } else {
        m->bounds = transfer_bounds(&config.limits);
        if (read_catalog(m, &config, &err) == 0 && open_store(m, &config, &err) == 0)
            code = take_all(m, argv, count);
        else
            command_say("%s", err.text);
    }
    release(m);
    return code;
}

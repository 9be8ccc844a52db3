#include "server/transfer/export.h"

#include "sandbox/base/fd.h"
#include "server/runs/run.h"
#include "server/transfer/command.h"
#include "server/transfer/transfer.h"
#include "server/transfer/transfer_check.h"
#include "server/workshops/workshop.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] =
    "usage: interleave export --output FILE [--database FILE] [--workshop ID | --kept | RUN …]\n"
    "\n"
    "Writes runs that are done, with output and trace, into a file that `interleave import` "
    "reads;\n"
    "all of them unless you say which. A server may have the database open meanwhile.\n"
    "\n"
    "  --output FILE    \"-\" is standard output; a file that is there is replaced at the end,\n"
    "                   and nothing else is\n"
    "  --database FILE  also INTERLEAVE_DATABASE (default data/interleave.db)\n"
    "  --workshop ID    the runs of a workshop, and the workshop\n"
    "  --kept           the runs that somebody keeps\n"
    "  RUN …            the runs of these ids\n"
    "\n"
    "Workshops go with their runs, with the names of who took part; whose runs they are does not,\n"
    "nor do instructors' keys, nor experiments.\n"
    "\n"
    "Ends with 0; with 3 when a run asked for is not there or goes on; with 1 when it failed; with "
    "2\n"
    "when it is called in a wrong way.\n";

struct id_list {
    char (*ids)[WORKSHOP_ID_SIZE];
    size_t count;
};

struct export
{
    const char *output, *workshop;
    bool kept, help;
    FILE *out;
    char part[PATH_MAX]; /* what is written to until it is whole; "": standard output */
    struct store_reader *reader;
    struct transfer_bounds bounds;
    struct id_list workshops; /* that are in it */
    int64_t last;             /* row */
    uint64_t runs, bytes, left_out, next_ns;
};

/* ---- the file ---- */

static int open_output(struct export *e, struct err *err)
{
    struct stat there;
    if (strcmp(e->output, "-") == 0) {
        e->out = stdout;
        return 0;
    }
    /* A device or a pipe would be no more: what is written takes the place of what is there. */
    if (lstat(e->output, &there) == 0 && !S_ISREG(there.st_mode))
        return err_set(err, EINVAL, "%s is there and is no file that can be replaced", e->output);
    if ((size_t)snprintf(e->part, sizeof e->part, "%s.part", e->output) >= sizeof e->part)
        return err_set(err, ENAMETOOLONG, "--output is too long");
    int fd = open(e->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    e->out = fd < 0 ? NULL : fdopen(fd, "w");
    int r = e->out ? 0 : err_errno(err, errno, "%s", e->part);
    if (fd >= 0 && !e->out) {
        close(fd);
        unlink(e->part);
    }
    return r;
}

/* With `good` it is there afterwards, whole and on the disk; else it is not. */
static int close_output(struct export *e, bool good, struct err *err)
{
    int r = 0;
    if (!e->out)
        return 0;
    if (fflush(e->out) != 0 || (e->part[0] && good && fsync(fileno(e->out)) < 0))
        r = err_errno(err, errno, "%s", e->output);
    if (e->part[0]) {
        fclose(e->out);
        if (r == 0 && good && rename(e->part, e->output) < 0)
            r = err_errno(err, errno, "%s", e->output);
        if (r < 0 || !good)
            unlink(e->part);
    }
    e->out = NULL;
    return r;
}

/* ---- runs ---- */

static bool has_workshop(const struct id_list *list, const char *id)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->ids[i], id) == 0)
            return true;
    return false;
}

/* Before the first of its runs. */
static int put_workshop(struct export *e, const char *id)
{
    struct store_workshop workshop;
    if (!id[0] || has_workshop(&e->workshops, id))
        return 0;
    char(*grown)[WORKSHOP_ID_SIZE] =
        realloc(e->workshops.ids, (e->workshops.count + 1) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    e->workshops.ids = grown;
    snprintf(grown[e->workshops.count++], sizeof *grown, "%s", id);
    int r = store_find_workshop(e->reader, id, &workshop);
    if (r == 0) {
        r = transfer_put_workshop(e->out, &workshop);
        store_workshop_release(&workshop);
    }
    return r;
}

static int put_run(void *context, const struct store_run *run)
{
    struct export *e = context;
    _cleanup_buf_ struct buf output = BUF_INIT(INT_MAX), segments = BUF_INIT(e->bounds.segments),
                             trace = BUF_INIT(INT_MAX);
    struct store_data data = {.output = &output, .segments = &segments, .trace = &trace};
    int r = store_output(e->reader, run, SIZE_MAX, &output, &segments);
    if (r == 0 &&
        (r = store_trace(e->reader, run->number, &trace, &data.trace_raw_bytes)) == -ENOENT)
        r = 0;
    if (r == 0)
        r = put_workshop(e, run->seat.workshop);
    if (r == 0)
        r = transfer_put_run(e->out, run, &data);
    e->last = run->number;
    if (r == -EMSGSIZE) {
        command_say("%s is too large", run->id);
        e->left_out++;
        return 0;
    }
    if (r < 0)
        return r;
    e->runs++;
    e->bytes += output.len + trace.len;
    if (command_due(&e->next_ns))
        command_say("%" PRIu64 " runs, %.1f MB", e->runs, (double)e->bytes / 1e6);
    return 0;
}

static int put_selected(struct export *e)
{
    const struct store_selection selection = {.workshop = e->workshop, .kept = e->kept};
    int64_t before;
    int r;
    do {
        before = e->last;
        r = store_select(e->reader, &selection, e->last, put_run, e);
    } while (r == 0 && e->last > before);
    return r;
}

static int put_named(struct export *e, char **ids, int count)
{
    int r = 0;
    for (int i = 0; r == 0 && i < count; i++) {
        struct store_run run;
        r = store_find(e->reader, ids[i], &run);
        if (r == 0 && run.done)
            r = put_run(e, &run);
        else if (r == 0 || r == -ENOENT) {
            command_say("%s %s", ids[i], r == 0 ? "goes on" : "is no run here");
            e->left_out++;
            if (r == -ENOENT) {
                r = 0;
                continue;
            }
        } else
            continue;
        store_run_release(&run);
    }
    return r;
}

/* ---- whole ---- */

static int check_workshop(struct export *e, struct err *err)
{
    static char id[WORKSHOP_ID_SIZE];
    struct store_workshop workshop;
    if (!e->workshop)
        return 0;
    int r = workshop_normalise(e->workshop, id) ? store_find_workshop(e->reader, id, &workshop)
                                                : -ENOENT;
    if (r < 0)
        return err_set(err, -r,
                       r == -ENOENT ? "there is no workshop %s" : "workshop %s cannot be read",
                       e->workshop);
    store_workshop_release(&workshop);
    e->workshop = id;
    return 0;
}

static int write_all_of_it(struct export *e, char **ids, int count, struct err *err)
{
    int r = open_output(e, err);
    if (r < 0)
        return r;
    r = transfer_put_head(e->out);
    if (r == 0)
        r = count > 0 ? put_named(e, ids, count) : put_selected(e);
    if (r == 0)
        r = transfer_put_end(e->out, e->runs);
    if (r < 0)
        err_errno(err, ferror(e->out) && errno ? errno : -r, "after %" PRIu64 " runs", e->runs);
    int closed = close_output(e, r == 0, r == 0 ? err : NULL);
    return r < 0 ? r : closed;
}

static int read_arguments(struct export *e, struct config *config, int argc, char **argv,
                          int *ret_count, struct err *err)
{
    const struct command_option options[] = {
        {"--output", &e->output, NULL}, {"--workshop", &e->workshop, NULL},
        {"--kept", NULL, &e->kept},     {"--help", NULL, &e->help},
        {"-h", NULL, &e->help},         {0}};
    int r = command_read(options, config, argc, argv, ret_count, err);
    if (r < 0 || e->help)
        return r;
    if (!e->output)
        return err_set(err, EINVAL, "--output is missing; --help says what else there is");
    if ((e->workshop != NULL) + e->kept + (*ret_count > 0) > 1)
        return err_set(err, EINVAL, "--workshop, --kept and ids exclude one another");
    for (int i = 0; i < *ret_count; i++)
        if (!transfer_is_run_id(argv[i]))
            return err_set(err, EINVAL, "\"%.60s\" is not the id of a run", argv[i]);
    return 0;
}

static int finish(const struct export *e)
{
    command_say("%" PRIu64 " runs, %zu workshops, %.1f MB written to %s", e->runs,
                e->workshops.count, (double)e->bytes / 1e6, e->output);
    return e->left_out > 0 ? EXIT_PARTLY : EXIT_DONE;
}

int export_command(int argc, char **argv)
{
    struct export e = {0};
    struct config config;
    struct err err = {0};
    int count, code = EXIT_FAILED;
    int r = read_arguments(&e, &config, argc, argv, &count, &err);
    if (r < 0) {
        command_say("%s", err.text);
        return r == -ENOMEM ? EXIT_FAILED : EXIT_USAGE;
    }
    if (e.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    e.bounds = transfer_bounds(&config.limits);
    if (store_reader_new(&e.reader, config.database, &err) == 0 && check_workshop(&e, &err) == 0 &&
        write_all_of_it(&e, argv, count, &err) == 0)
        code = finish(&e);
    else
        command_say("%s", err.text);
    store_reader_free(e.reader);
    free(e.workshops.ids);
    return code;
}

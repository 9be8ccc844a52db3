#include "server/transfer/transfer.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---- writing ---- */

static int put_line(FILE *out, const struct buf *line)
{
    if (buf_error(line))
        return buf_error(line);
    fwrite(buf_text(line), 1, line->len, out);
    putc('\n', out);
    return ferror(out) ? -EIO : 0;
}

int transfer_put_head(FILE *out)
{
    fprintf(out, "{\"interleave_export\":%d}\n", TRANSFER_VERSION);
    return ferror(out) ? -EIO : 0;
}

int transfer_put_end(FILE *out, uint64_t runs)
{
    fprintf(out, "{\"end\":{\"runs\":%" PRIu64 "}}\n", runs);
    return ferror(out) ? -EIO : 0;
}

int transfer_put_workshop(FILE *out, const struct store_workshop *workshop)
{
    _cleanup_buf_ struct buf line = BUF_INIT(TRANSFER_LINE_MAX);
    struct jsonw w = JSONW(&line);
    jsonw_open(&w, '{');
    jsonw_name(&w, "workshop");
    jsonw_open(&w, '{');
    jsonw_put_string(&w, "id", workshop->id);
    jsonw_put_string(&w, "title", workshop->title);
    jsonw_name(&w, "steps");
    jsonw_raw(&w, workshop->steps, strlen(workshop->steps));
    jsonw_put_bool(&w, "closed", workshop->closed);
    jsonw_put_integer(&w, "created_ms", workshop->created_ms);
    jsonw_close(&w, '}');
    jsonw_close(&w, '}');
    return put_line(out, &line);
}

static void write_run(const struct store_run *run, struct jsonw *w)
{
    jsonw_open(w, '{');
    jsonw_put_string(w, "id", run->id);
    jsonw_put_string(w, "scenario", run->scenario);
    jsonw_put_string(w, "job", run->job);
    jsonw_put_string(w, "params", run->params);
    jsonw_put_string(w, "schedule", run->schedule);
    jsonw_put_string(w, "ended", run->ended);
    jsonw_put_integer(w, "created_ms", run->created_ms);
    jsonw_put_integer(w, "started_ms", run->started_ms);
    jsonw_put_integer(w, "finished_ms", run->finished_ms);
    jsonw_put_string(w, "result", run->result);
    if (run->seat.workshop[0]) {
        jsonw_name(w, "seat");
        jsonw_open(w, '{');
        jsonw_put_string(w, "workshop", run->seat.workshop);
        jsonw_put_integer(w, "step", run->seat.step);
        jsonw_put_string(w, "name", run->seat.name);
        jsonw_close(w, '}');
    }
    jsonw_close(w, '}');
}

static void put_bytes(FILE *out, const struct buf *bytes)
{
    fwrite(buf_text(bytes), 1, bytes->len, out);
}

int transfer_put_run(FILE *out, const struct store_run *run, const struct store_data *data)
{
    _cleanup_buf_ struct buf line = BUF_INIT(TRANSFER_LINE_MAX);
    struct jsonw w = JSONW(&line);
    jsonw_open(&w, '{');
    jsonw_name(&w, "run");
    write_run(run, &w);
    jsonw_put_integer(&w, "output", (int64_t)data->output->len);
    jsonw_put_integer(&w, "segments", (int64_t)data->segments->len);
    jsonw_put_integer(&w, "trace", (int64_t)data->trace->len);
    jsonw_put_integer(&w, "trace_bytes", (int64_t)data->trace_raw_bytes);
    jsonw_close(&w, '}');
    int r = put_line(out, &line);
    if (r < 0)
        return r;
    put_bytes(out, data->output);
    put_bytes(out, data->segments);
    put_bytes(out, data->trace);
    putc('\n', out);
    return ferror(out) ? -EIO : 0;
}

/* ---- reading ---- */

void transfer_record_release(struct transfer_record *record)
{
    doc_free(record->line);
    buf_release(&record->output);
    buf_release(&record->segments);
    buf_release(&record->trace);
    *record = (struct transfer_record){0};
}

void transfer_reader_init(struct transfer_reader *reader, FILE *in,
                          const struct transfer_bounds *bounds)
{
    *reader =
        (struct transfer_reader){.in = in, .bounds = *bounds, .line = BUF_INIT(TRANSFER_LINE_MAX)};
}

void transfer_reader_release(struct transfer_reader *reader)
{
    buf_release(&reader->line);
}

static int ends_early(const struct transfer_reader *reader, struct err *err)
{
    if (ferror(reader->in))
        return err_errno(err, errno ? errno : EIO, "after %" PRIu64 " bytes", reader->offset);
    return err_set(err, EBADMSG, "it ends early, after %" PRIu64 " bytes", reader->offset);
}

/* The next line, without its end, into reader->line. */
static int read_line(struct transfer_reader *reader, struct err *err)
{
    char part[4096];
    size_t used = 0;
    int c;
    buf_clear(&reader->line);
    while ((c = getc_unlocked(reader->in)) != EOF) {
        reader->offset++;
        if (c != '\n')
            part[used++] = (char)c;
        if (c == '\n' || used == sizeof part) {
            int r = buf_add(&reader->line, part, used);
            if (r < 0)
                return err_set(err, r == -EMSGSIZE ? EBADMSG : ENOMEM,
                               "the line that ends after byte %" PRIu64 " is too long",
                               reader->offset);
            used = 0;
        }
        if (c == '\n')
            return 0;
    }
    return ends_early(reader, err);
}

static int read_doc(struct transfer_reader *reader, struct doc **ret, struct err *err)
{
    int r = read_line(reader, err);
    if (r < 0)
        return r;
    r = doc_parse(ret, buf_text(&reader->line), reader->line.len, err);
    if (err && r < 0 && r != -ENOMEM)
        err->code = EBADMSG;
    return r < 0 ? err_wrap(err, "the line that ends at byte %" PRIu64, reader->offset) : 0;
}

int transfer_read_head(struct transfer_reader *reader, struct err *err)
{
    struct doc *head;
    int64_t version;
    int r = read_doc(reader, &head, err);
    if (r == -EBADMSG)
        return err_set(err, EBADMSG, "it is no file that `interleave export` wrote");
    if (r < 0)
        return r;
    bool known = doc_integer(doc_member(head, "interleave_export"), &version);
    doc_free(head);
    if (!known)
        return err_set(err, EBADMSG, "it is no file that `interleave export` wrote");
    if (version != TRANSFER_VERSION)
        return err_set(err, EBADMSG, "it is of version %" PRId64 "; this program knows version %d",
                       version, TRANSFER_VERSION);
    return 0;
}

static int pass_over(struct transfer_reader *reader, uint64_t n, struct err *err)
{
    char part[65536];
    while (n > 0) {
        size_t got = fread(part, 1, n < sizeof part ? (size_t)n : sizeof part, reader->in);
        reader->offset += got;
        n -= got;
        if (got == 0)
            return ends_early(reader, err);
    }
    return 0;
}

/* The bytes whose number is the member `name` of the line. More than `most` are passed over. */
static int read_bytes(struct transfer_reader *reader, struct transfer_record *record,
                      const char *name, size_t most, struct buf *out, struct err *err)
{
    int64_t n;
    if (!doc_integer(doc_member(record->line, name), &n) || n < 0)
        return err_set(err, EBADMSG, "the line before byte %" PRIu64 " does not say its %s",
                       reader->offset, name);
    if ((uint64_t)n > most) {
        err_set(&record->too_large, EMSGSIZE, "%s has %" PRId64 " bytes, at most %zu are taken",
                name, n, most);
        return pass_over(reader, (uint64_t)n, err);
    }
    *out = BUF_INIT(most);
    while (n > 0) {
        size_t part = n < 1 << 20 ? (size_t)n : 1 << 20;
        char *at = buf_grow(out, part);
        if (!at)
            return err_errno(err, ENOMEM, "%s", name);
        size_t got = fread(at, 1, part, reader->in);
        reader->offset += got;
        n -= (int64_t)got;
        if (got < part)
            return ends_early(reader, err);
    }
    return 0;
}

static int read_run(struct transfer_reader *reader, struct transfer_record *record, struct err *err)
{
    int64_t trace_bytes;
    int r = read_bytes(reader, record, "output", reader->bounds.output, &record->output, err);
    if (r == 0)
        r = read_bytes(reader, record, "segments", reader->bounds.segments, &record->segments, err);
    if (r == 0)
        r = read_bytes(reader, record, "trace", reader->bounds.trace, &record->trace, err);
    if (r < 0)
        return r;
    if (!doc_integer(doc_member(record->line, "trace_bytes"), &trace_bytes) || trace_bytes < 0)
        return err_set(err, EBADMSG, "the run before byte %" PRIu64 " does not say its trace_bytes",
                       reader->offset);
    record->trace_bytes = (uint64_t)trace_bytes;
    int c = getc_unlocked(reader->in);
    reader->offset += c != EOF;
    if (c == EOF)
        return ends_early(reader, err);
    return c == '\n'
               ? 0
               : err_set(err, EBADMSG, "the run before byte %" PRIu64 " is longer than it says",
                         reader->offset);
}

/* The file ends here, and nothing was cut out of it. */
static int check_end(struct transfer_reader *reader, const struct transfer_record *record,
                     struct err *err)
{
    int64_t runs = -1;
    if (!doc_integer(doc_member(record->body, "runs"), &runs) || (uint64_t)runs != reader->runs)
        return err_set(err, EBADMSG, "it says that it has %" PRId64 " runs, and has %" PRIu64, runs,
                       reader->runs);
    return getc_unlocked(reader->in) == EOF
               ? 0
               : err_set(err, EBADMSG, "it goes on behind its end, after %" PRIu64 " bytes",
                         reader->offset);
}

int transfer_read(struct transfer_reader *reader, struct transfer_record *ret, struct err *err)
{
    static const char *const kinds[] = {
        [TRANSFER_WORKSHOP] = "workshop", [TRANSFER_RUN] = "run", [TRANSFER_END] = "end"};
    struct transfer_record record = {0};
    int r = read_doc(reader, &record.line, err);
    if (r < 0)
        return r;
    while (record.kind <= TRANSFER_END &&
           !(record.body = doc_member(record.line, kinds[record.kind])))
        record.kind++;
    if (!record.body)
        r = err_set(err, EBADMSG, "the line before byte %" PRIu64 " is neither run nor workshop",
                    reader->offset);
    else if (record.kind == TRANSFER_RUN)
        r = read_run(reader, &record, err);
    else if (record.kind == TRANSFER_END)
        r = check_end(reader, &record, err);
    reader->runs += r == 0 && record.kind == TRANSFER_RUN;
    if (r < 0)
        transfer_record_release(&record);
    else
        *ret = record;
    return r;
}

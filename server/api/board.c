/*
 * The board of a workshop: as JSON, as CSV with a line a run, and as server-sent events. The first
 * event is all of it, `board`; each `change` that follows has the parts that are different, twenty
 * a second and four at once. The id of an event is the board's version: a client that comes back
 * with Last-Event-ID hears what has changed since, or all of it when the board was read anew.
 */
#include "server/api/api.h"

#include "sandbox/base/clock.h"
#include "server/api/workshop_json.h"
#include "server/http/problem.h"
#include "server/http/sse.h"
#include "server/workshops/board.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Events come on an average so far apart; after a silence so much sooner. */
#define PAUSE_NS UINT64_C(50000000)
#define SOON_NS  (3 * PAUSE_NS)

#define BOARD_MAX (64u << 20)

/* Appends the board, or what changed after `since`, as a JSON object. Returns its version. */
static uint64_t put_board(struct board *board, const struct store_workshop *workshop,
                          uint64_t since, struct buf *out)
{
    struct jsonw w = JSONW(out);
    jsonw_open(&w, '{');
    jsonw_put_string(&w, "id", workshop->id);
    jsonw_put_bool(&w, "closed", workshop->closed);
    uint64_t version = board_write(board, since, &w);
    jsonw_close(&w, '}');
    return version;
}

/* ---- as JSON ---- */

static void reply_board(struct app *app, struct request *request,
                        const struct store_workshop *workshop)
{
    _cleanup_buf_ struct buf out = BUF_INIT(BOARD_MAX);
    struct board *board = boards_open(app->boards, app_reader(app, request), workshop->id);
    if (board)
        put_board(board, workshop, 0, &out);
    if (!board || buf_error(&out))
        problem_reply(request, 500, "the board cannot be read");
    else
        request_reply(request, 200, JSON_TYPE, &out);
    board_unref(board);
}

/* ---- as CSV ---- */

/* Whether a spreadsheet would take it for a formula; some read the wide signs as the plain ones. */
static bool is_formula(const char *text)
{
    static const char *const signs[] = {"=",  "+",  "-",  "@",  "\t", "\r",
                                        "\n", "＝", "＋", "－", "＠"};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (strncmp(text, signs[i], strlen(signs[i])) == 0)
            return true;
    return false;
}

/* Quoted; a formula is marked as text. */
static void put_cell(struct buf *out, const char *text, const char *after)
{
    buf_adds(out, "\"");
    if (text && is_formula(text))
        buf_adds(out, "'");
    for (; text && *text; text++)
        buf_printf(out, *text == '"' ? "\"\"" : "%c", *text);
    buf_printf(out, "\"%s", after);
}

static int put_sitting(void *context, const struct store_sitting *s)
{
    struct buf *out = context;
    char at[40];
    time_t seconds = s->created_ms / 1000;
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t n = strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(at + n, sizeof at - n, ".%03dZ", (int)(s->created_ms % 1000));
    buf_printf(out, "%u,", s->step + 1);
    put_cell(out, s->name, ",");
    put_cell(out, at, ",");
    put_cell(out, s->done ? s->ended : "", ",");
    put_cell(out, s->outcome, ",");
    put_cell(out, s->outcome_class, ",");
    put_cell(out, s->run, "\r\n");
    return buf_error(out);
}

static void reply_csv(struct app *app, struct request *request,
                      const struct store_workshop *workshop)
{
    _cleanup_buf_ struct buf out = BUF_INIT(BOARD_MAX);
    char disposition[80];
    buf_adds(&out, "step,name,at,ended,outcome,class,run\r\n");
    if (store_list_sittings(app_reader(app, request), workshop->number, put_sitting, &out) < 0) {
        problem_reply(request, 500, "the runs cannot be read");
        return;
    }
    snprintf(disposition, sizeof disposition, "attachment; filename=\"workshop-%s.csv\"",
             workshop->id);
    request_reply_header(request, "Content-Disposition", disposition);
    request_reply(request, 200, "text/csv; charset=utf-8", &out);
}

void api_board_get(struct app *app, struct request *request, const char *id)
{
    const char *format = request_query(request, "format");
    struct field_errors errors = {0};
    struct store_workshop workshop;
    if (format && strcmp(format, "json") != 0 && strcmp(format, "csv") != 0) {
        field_error(&errors, "not-a-choice", "must be json or csv", "?format");
        problem_reply_fields(request, &errors);
        return;
    }
    if (workshop_find_or_reply(app, request, id, &workshop) < 0)
        return;
    if (format && strcmp(format, "csv") == 0)
        reply_csv(app, request, &workshop);
    else
        reply_board(app, request, &workshop);
    store_workshop_release(&workshop);
}

/* ---- as events ---- */

struct events {
    struct app *app;
    struct store_reader *reader; /* of the thread that serves the connection */
    struct store_workshop workshop;
    struct board *board;
    struct subscriber subscriber;
    struct sse sse;
    uint64_t version; /* delivered; 0 before the first */
    uint64_t paid_ns; /* to when events were told in advance */
};

static void put_event(struct events *s)
{
    _cleanup_buf_ struct buf data = BUF_INIT(BOARD_MAX);
    const char *name = s->version == 0 ? "board" : "change";
    s->version = put_board(s->board, &s->workshop, s->version, &data);
    sse_put(&s->sse.pending, name, s->version, &data);
}

/* The workshop was changed or deleted, or one of its runs was: all of it is told anew. */
static void open_again(struct events *s)
{
    struct store_workshop now;
    board_unsubscribe(s->board, &s->subscriber);
    board_unref(s->board);
    s->board = NULL;
    int r = store_find_workshop(s->reader, s->workshop.id, &now);
    if (r == 0) {
        store_workshop_release(&s->workshop);
        s->workshop = now;
        s->board = boards_open(s->app->boards, s->reader, s->workshop.id);
    }
    s->sse.over = !s->board;
    s->version = 0;
    if (r == -ENOENT)
        buf_adds(&s->sse.pending, "event: gone\ndata: {}\n\n");
    if (s->board)
        board_subscribe(s->board, &s->subscriber);
}

/* Returns when to look again though nobody woke us. */
static uint64_t produce(struct events *s)
{
    if (board_look(s->board).stale)
        open_again(s);
    uint64_t now = clock_ns();
    bool changed = !s->sse.over && board_look(s->board).version != s->version;
    if (changed && now + SOON_NS < s->paid_ns)
        return s->paid_ns - SOON_NS;
    if (changed) {
        put_event(s);
        s->paid_ns = (s->paid_ns > now ? s->paid_ns : now) + PAUSE_NS;
    }
    sse_settle(&s->sse, now);
    return s->sse.heartbeat_ns;
}

static ssize_t read_events(void *context, char *out, size_t n, uint64_t *ret_deadline_ns)
{
    struct events *s = context;
    *ret_deadline_ns = sse_wants(&s->sse) ? produce(s) : s->sse.heartbeat_ns;
    return sse_take(&s->sse, out, n);
}

static void close_events(void *context)
{
    struct events *s = context;
    if (s->board)
        board_unsubscribe(s->board, &s->subscriber);
    board_unref(s->board);
    store_workshop_release(&s->workshop);
    sse_end(&s->sse);
    free(s);
}

/* Takes the workshop over. */
static struct events *open_events(struct app *app, struct request *request,
                                  struct store_workshop *workshop)
{
    struct events *s = calloc(1, sizeof *s);
    struct board *board =
        s ? boards_open(app->boards, app_reader(app, request), workshop->id) : NULL;
    const char *last = request_header(request, "Last-Event-ID");
    if (!board) {
        free(s);
        return NULL;
    }
    *s = (struct events){.app = app,
                         .reader = app_reader(app, request),
                         .workshop = *workshop,
                         .board = board,
                         .subscriber = {.request = request},
                         .sse = sse_begin(2 * BOARD_MAX)};
    uint64_t since = last ? strtoull(last, NULL, 10) : 0;
    const struct board_news now = board_look(board);
    s->version = since >= now.read && since <= now.version ? since : 0;
    *workshop = (struct store_workshop){0};
    return s;
}

void api_board_events(struct app *app, struct request *request, const char *id)
{
    struct store_workshop workshop;
    if (workshop_find_or_reply(app, request, id, &workshop) < 0)
        return;
    struct events *s = open_events(app, request, &workshop);
    store_workshop_release(&workshop);
    if (!s) {
        problem_reply(request, 500, "the board cannot be read");
        return;
    }
    board_subscribe(s->board, &s->subscriber);
    request_reply_stream(
        request, 200, SSE_TYPE,
        &(struct stream){.context = s, .read = read_events, .close = close_events});
}

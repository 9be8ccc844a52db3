#include "server/workshops/board.h"

#include "sandbox/base/clock.h"
#include "server/base/json.h"
#include "server/workshops/workshop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    BOARDS_MAX = 128, /* kept though nobody looks */
    OUTCOMES = 64,    /* told apart of a step; the last one stands for all others */
    OTHERS = OUTCOMES - 1,
    NO_OUTCOME = -1,
};

/* One way the runs of a step ended. */
struct seen {
    char *text;  /* NULL: it came to no outcome, or others */
    char *class; /* with text */
    char *ended;
    int rule; /* index of the declared outcome, or -1 */
    unsigned runs, participants;
};

struct step {
    struct seen seen[OUTCOMES];
    unsigned seen_count;
    unsigned runs, done, participants;
    uint64_t version;
};

/* What a participant did at a step. */
struct cell {
    char run[RUN_ID_SIZE]; /* the last */
    unsigned runs;
    bool live;    /* the last one goes on */
    int outcome;  /* of the last, an index of seen, or NO_OUTCOME */
    uint64_t saw; /* a bit for each of seen */
    uint64_t version;
};

struct participant {
    char name[WORKSHOP_NAME_SIZE], folded[WORKSHOP_NAME_SIZE];
    unsigned step;      /* of the last run */
    int64_t at_ms;      /* when that was asked for */
    uint64_t version;   /* 0: has a seat and no run, and is not shown */
    struct cell *cells; /* one a step */
};

/* A run that is not done yet. */
struct going {
    char run[RUN_ID_SIZE];
    unsigned participant, step;
};

struct board {
    _Atomic unsigned refs;
    char workshop[WORKSHOP_ID_SIZE];
    struct board *next; /* the table's */
    uint64_t used;      /* likewise: the larger, the later */

    pthread_mutex_t lock; /* guards the rest */
    bool loaded, stale;
    bool failed;            /* could not be read */
    int64_t loaded_to;      /* the last run that was there when it was read */
    uint64_t version, read; /* now, and when it was read */
    struct step *steps;
    unsigned step_count;
    struct participant *participants;
    unsigned participant_count;
    struct going *going;
    unsigned going_count, going_room;
    struct subscriber *subscribers;
};

struct boards {
    pthread_mutex_t lock; /* guards the list */
    struct board *first;
    unsigned count;
    uint64_t clock;
};

/* ---- memory ---- */

static void free_one(struct seen *seen)
{
    free(seen->text);
    free(seen->class);
    free(seen->ended);
}

static void free_seen(struct step *step)
{
    for (unsigned i = 0; i < step->seen_count; i++)
        free_one(&step->seen[i]);
}

void board_unref(struct board *board)
{
    if (!board || atomic_fetch_sub(&board->refs, 1) != 1)
        return;
    for (unsigned i = 0; board->steps && i < board->step_count; i++)
        free_seen(&board->steps[i]);
    for (unsigned i = 0; i < board->participant_count; i++)
        free(board->participants[i].cells);
    free(board->steps);
    free(board->participants);
    free(board->going);
    pthread_mutex_destroy(&board->lock);
    free(board);
}

static struct board *board_ref(struct board *board)
{
    atomic_fetch_add(&board->refs, 1);
    return board;
}

/* ---- what happens ---- */

/* Its number, or -1. */
static int find_participant(const struct board *board, const char *name)
{
    char folded[WORKSHOP_NAME_SIZE];
    workshop_fold_name(name, folded);
    for (unsigned i = 0; i < board->participant_count; i++)
        if (strcmp(board->participants[i].folded, folded) == 0)
            return (int)i;
    return -1;
}

/* The number of who comes by that name, added when it is new; -ENOSPC or -ENOMEM. The lock is held.
 */
static int seat(struct board *board, const char *name)
{
    int known = find_participant(board, name);
    if (known >= 0)
        return known;
    if (board->participant_count == WORKSHOP_PARTICIPANTS_MAX)
        return -ENOSPC;
    struct participant *p = &board->participants[board->participant_count];
    *p = (struct participant){.cells = calloc(board->step_count, sizeof *p->cells)};
    if (!p->cells)
        return -ENOMEM;
    strncpy(p->name, name, sizeof p->name - 1);
    workshop_fold_name(name, p->folded);
    for (unsigned i = 0; i < board->step_count; i++)
        p->cells[i].outcome = NO_OUTCOME;
    return (int)board->participant_count++;
}

static int note_going(struct board *board, const struct going *going)
{
    if (board->going_count == board->going_room) {
        unsigned room = board->going_room ? 2 * board->going_room : 64;
        struct going *more = realloc(board->going, room * sizeof *more);
        if (!more)
            return -ENOMEM;
        board->going = more;
        board->going_room = room;
    }
    board->going[board->going_count++] = *going;
    return 0;
}

/* A run of that participant begins. Returns 0 or -ENOMEM. The lock is held. */
static int begin(struct board *board, const char *run, const char *name, unsigned step,
                 int64_t at_ms)
{
    int who = step < board->step_count ? seat(board, name) : -ENOSPC;
    if (who < 0)
        return who == -ENOSPC ? 0 : who;
    struct participant *p = &board->participants[who];
    struct cell *cell = &p->cells[step];
    struct step *s = &board->steps[step];
    uint64_t version = ++board->version;
    s->participants += cell->runs == 0;
    s->runs++;
    cell->runs++;
    strncpy(cell->run, run, sizeof cell->run - 1);
    cell->live = true;
    cell->outcome = NO_OUTCOME;
    p->step = step;
    p->at_ms = at_ms;
    cell->version = p->version = s->version = version;
    struct going going = {.participant = (unsigned)(p - board->participants), .step = step};
    strncpy(going.run, run, sizeof going.run - 1);
    return note_going(board, &going);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

/* The index of that outcome among those of the step, added when it is new; or -ENOMEM. */
static int outcome_of(struct step *step, const struct store_sitting *s)
{
    for (unsigned i = 0; i < step->seen_count && i < OTHERS; i++)
        if (same_text(step->seen[i].text, s->outcome) && same_text(step->seen[i].ended, s->ended))
            return (int)i;
    if (step->seen_count >= OTHERS) {
        if (step->seen_count == OTHERS)
            step->seen[step->seen_count++] = (struct seen){.rule = -1};
        return OTHERS;
    }
    struct seen seen = {.text = copy(s->outcome),
                        .class = copy(s->outcome_class),
                        .ended = copy(s->ended),
                        .rule = s->outcome_rule};
    if ((s->outcome && !seen.text) || (s->outcome_class && !seen.class) ||
        (s->ended && !seen.ended)) {
        free_one(&seen);
        return -ENOMEM;
    }
    step->seen[step->seen_count] = seen;
    return (int)step->seen_count++;
}

/* The run is done. What was not seen to begin is in the board already. Returns 0 or -ENOMEM. The
 * lock is held. */
static int end(struct board *board, const struct store_sitting *sitting)
{
    unsigned i = 0;
    while (i < board->going_count && strcmp(board->going[i].run, sitting->run) != 0)
        i++;
    if (i == board->going_count)
        return 0;
    const struct going going = board->going[i];
    board->going[i] = board->going[--board->going_count];
    struct participant *p = &board->participants[going.participant];
    struct cell *cell = &p->cells[going.step];
    struct step *step = &board->steps[going.step];
    int outcome = outcome_of(step, sitting);
    if (outcome < 0)
        return outcome;
    uint64_t bit = UINT64_C(1) << outcome;
    step->done++;
    step->seen[outcome].runs++;
    step->seen[outcome].participants += !(cell->saw & bit);
    cell->saw |= bit;
    if (strcmp(cell->run, sitting->run) == 0) {
        cell->live = false;
        cell->outcome = outcome;
    }
    cell->version = p->version = step->version = ++board->version;
    return 0;
}

/* ---- reading it from the store ---- */

static int take_sitting(void *context, const struct store_sitting *sitting)
{
    struct board *board = context;
    board->loaded_to = sitting->number;
    int r = begin(board, sitting->run, sitting->name, sitting->step, sitting->created_ms);
    return r == 0 && sitting->done ? end(board, sitting) : r;
}

/*
 * Versions go on from the time in microseconds, so that they rise from one reading of the board to
 * the next, and a client that comes back with one from before the reading is told all of it. The
 * board is in the table by now: a change of the workshop that this does not see makes it stale.
 */
static int load(struct board *board, struct store_reader *reader)
{
    struct store_workshop workshop;
    int r = store_find_workshop(reader, board->workshop, &workshop);
    if (r < 0)
        return r;
    board->step_count = (unsigned)workshop_step_count(workshop.steps);
    int64_t number = workshop.number;
    store_workshop_release(&workshop);
    if (board->step_count == 0)
        return -ENOMEM;
    board->steps = calloc(board->step_count + 1, sizeof *board->steps);
    board->participants = calloc(WORKSHOP_PARTICIPANTS_MAX, sizeof *board->participants);
    if (!board->steps || !board->participants)
        return -ENOMEM;
    board->version = board->read = (uint64_t)now_ms() * 1000;
    for (unsigned i = 0; i < board->step_count; i++)
        board->steps[i].version = board->version;
    return store_list_sittings(reader, number, take_sitting, board);
}

/* ---- the table ---- */

struct boards *boards_new(void)
{
    struct boards *boards = calloc(1, sizeof *boards);
    char folded[WORKSHOP_NAME_SIZE];
    workshop_fold_name("", folded); /* the first time, now that there is memory */
    if (boards)
        pthread_mutex_init(&boards->lock, NULL);
    return boards;
}

void boards_free(struct boards *boards)
{
    if (!boards)
        return;
    for (struct board *board = boards->first, *next; board; board = next) {
        next = board->next;
        board_unref(board);
    }
    pthread_mutex_destroy(&boards->lock);
    free(boards);
}

static struct board **find(struct boards *boards, const char *workshop)
{
    struct board **at = &boards->first;
    while (*at && strcmp((*at)->workshop, workshop) != 0)
        at = &(*at)->next;
    return at;
}

/* Takes a board out; the table's reference is the caller's then. */
static struct board *take_out(struct boards *boards, struct board **at)
{
    struct board *board = *at;
    *at = board->next;
    boards->count--;
    return board;
}

/* The one that was used the longest ago, if nobody but the table has it. */
static struct board *take_oldest(struct boards *boards)
{
    struct board **oldest = NULL;
    for (struct board **at = &boards->first; *at; at = &(*at)->next)
        if (atomic_load(&(*at)->refs) == 1 && (!oldest || (*at)->used < (*oldest)->used))
            oldest = at;
    return oldest ? take_out(boards, oldest) : NULL;
}

static struct board *make(const char *workshop)
{
    struct board *board = calloc(1, sizeof *board);
    if (!board)
        return NULL;
    atomic_init(&board->refs, 1);
    pthread_mutex_init(&board->lock, NULL);
    strncpy(board->workshop, workshop, sizeof board->workshop - 1);
    return board;
}

/* With a reference; NULL when it is not there and must not be made, or without memory. */
static struct board *get(struct boards *boards, const char *workshop, bool make_it)
{
    struct board *forgotten = NULL;
    pthread_mutex_lock(&boards->lock);
    struct board *board = *find(boards, workshop);
    if (!board && make_it && (board = make(workshop))) {
        if (boards->count == BOARDS_MAX)
            forgotten = take_oldest(boards);
        board->next = boards->first;
        boards->first = board;
        boards->count++;
    }
    if (board) {
        board->used = ++boards->clock;
        board_ref(board);
    }
    pthread_mutex_unlock(&boards->lock);
    board_unref(forgotten);
    return board;
}

struct board *boards_open(struct boards *boards, struct store_reader *reader, const char *workshop)
{
    struct board *board = get(boards, workshop, true);
    if (!board)
        return NULL;
    pthread_mutex_lock(&board->lock);
    if (!board->loaded)
        board->failed = load(board, reader) < 0;
    board->loaded = true;
    bool failed = board->failed;
    pthread_mutex_unlock(&board->lock);
    if (!failed)
        return board;
    boards_forget(boards, workshop);
    board_unref(board);
    return NULL;
}

void boards_forget(struct boards *boards, const char *workshop)
{
    pthread_mutex_lock(&boards->lock);
    struct board **at = find(boards, workshop);
    struct board *board = *at ? take_out(boards, at) : NULL;
    pthread_mutex_unlock(&boards->lock);
    if (!board)
        return;
    pthread_mutex_lock(&board->lock);
    board->stale = true;
    subscribers_wake(board->subscribers, false);
    pthread_mutex_unlock(&board->lock);
    board_unref(board);
}

/* ---- news ---- */

/* A board that could not take in what happened is read anew. */
static void leave_board(struct boards *boards, struct board *board, int result)
{
    if (result < 0)
        boards_forget(boards, board->workshop);
    board_unref(board);
}

void boards_accepted(struct boards *boards, const struct store_run *run, int64_t number)
{
    struct board *board = run->seat.workshop[0] ? get(boards, run->seat.workshop, false) : NULL;
    if (!board)
        return;
    int r = 0;
    pthread_mutex_lock(&board->lock);
    if (board->loaded && number > board->loaded_to) {
        r = begin(board, run->id, run->seat.name, run->seat.step, run->created_ms);
        subscribers_wake(board->subscribers, false);
    }
    pthread_mutex_unlock(&board->lock);
    leave_board(boards, board, r);
}

/* The outcome is in the result's JSON alone. NULL without memory. */
static struct doc *read_outcome(const struct store_run *run, struct store_sitting *ret)
{
    struct doc *result;
    int64_t rule;
    *ret = (struct store_sitting){.run = run->id, .ended = run->ended, .outcome_rule = -1};
    if (doc_parse(&result, run->result, strlen(run->result), NULL) < 0)
        return NULL;
    const struct doc *outcome = doc_member(result, "outcome");
    ret->outcome = doc_string(doc_member(outcome, "text"));
    ret->outcome_class = doc_string(doc_member(outcome, "class"));
    if (doc_integer(doc_member(outcome, "rule"), &rule))
        ret->outcome_rule = (int)rule;
    return result;
}

void boards_done(struct boards *boards, const struct store_run *run)
{
    struct board *board = run->seat.workshop[0] ? get(boards, run->seat.workshop, false) : NULL;
    if (!board)
        return;
    struct store_sitting sitting;
    struct doc *result = read_outcome(run, &sitting);
    int r = result ? 0 : -ENOMEM;
    pthread_mutex_lock(&board->lock);
    if (board->loaded) {
        r = r < 0 ? r : end(board, &sitting);
        subscribers_wake(board->subscribers, false);
    }
    pthread_mutex_unlock(&board->lock);
    doc_free(result);
    leave_board(boards, board, r);
}

/* ---- looking ---- */

int board_seat(struct board *board, const char *name)
{
    pthread_mutex_lock(&board->lock);
    int who = seat(board, name);
    pthread_mutex_unlock(&board->lock);
    return who < 0 ? who : 0;
}

static bool has_run(const struct board *board, const struct participant *p)
{
    for (unsigned i = 0; i < board->step_count; i++)
        if (p->cells[i].runs > 0)
            return true;
    return false;
}

void board_leave(struct board *board, const char *name)
{
    pthread_mutex_lock(&board->lock);
    int who = find_participant(board, name);
    if (who >= 0 && (unsigned)who + 1 == board->participant_count &&
        !has_run(board, &board->participants[who])) {
        free(board->participants[who].cells);
        board->participant_count--;
    }
    pthread_mutex_unlock(&board->lock);
}

unsigned board_runs(struct board *board)
{
    unsigned runs = 0;
    pthread_mutex_lock(&board->lock);
    for (unsigned i = 0; i < board->step_count; i++)
        runs += board->steps[i].runs;
    pthread_mutex_unlock(&board->lock);
    return runs;
}

struct board_news board_look(struct board *board)
{
    pthread_mutex_lock(&board->lock);
    struct board_news news = {
        .version = board->version, .read = board->read, .stale = board->stale};
    pthread_mutex_unlock(&board->lock);
    return news;
}

static void write_outcome(const struct seen *seen, struct jsonw *w)
{
    jsonw_put_string(w, "text", seen->text);
    jsonw_put_string(w, "class", seen->class);
    jsonw_put_string(w, "ended", seen->ended);
    jsonw_name(w, "rule");
    if (seen->rule < 0)
        jsonw_null(w);
    else
        jsonw_integer(w, seen->rule);
}

static void write_step(const struct board *board, unsigned i, struct jsonw *w)
{
    const struct step *step = &board->steps[i];
    jsonw_open(w, '{');
    jsonw_put_integer(w, "step", i);
    jsonw_put_integer(w, "participants", step->participants);
    jsonw_put_integer(w, "runs", step->runs);
    jsonw_put_integer(w, "done", step->done);
    jsonw_name(w, "outcomes");
    jsonw_open(w, '[');
    for (unsigned k = 0; k < step->seen_count; k++) {
        jsonw_open(w, '{');
        write_outcome(&step->seen[k], w);
        jsonw_put_integer(w, "runs", step->seen[k].runs);
        jsonw_put_integer(w, "participants", step->seen[k].participants);
        jsonw_close(w, '}');
    }
    jsonw_close(w, ']');
    jsonw_close(w, '}');
}

/* The outcomes of all runs of a cell, as places in the step's list. */
static void write_saw(const struct cell *cell, struct jsonw *w)
{
    jsonw_name(w, "saw");
    jsonw_open(w, '[');
    for (unsigned i = 0; i < OUTCOMES; i++)
        if (cell->saw & UINT64_C(1) << i)
            jsonw_integer(w, i);
    jsonw_close(w, ']');
}

static void write_cell(const struct board *board, const struct cell *cell, unsigned step,
                       struct jsonw *w)
{
    jsonw_open(w, '{');
    jsonw_put_integer(w, "step", step);
    jsonw_put_integer(w, "runs", cell->runs);
    jsonw_put_string(w, "run", cell->run);
    jsonw_put_string(w, "status", cell->live ? "running" : "done");
    jsonw_name(w, "outcome");
    if (cell->outcome == NO_OUTCOME) {
        jsonw_null(w);
    } else {
        jsonw_open(w, '{');
        write_outcome(&board->steps[step].seen[cell->outcome], w);
        jsonw_close(w, '}');
    }
    write_saw(cell, w);
    jsonw_close(w, '}');
}

static void write_participant(const struct board *board, const struct participant *p,
                              uint64_t since, struct jsonw *w)
{
    jsonw_open(w, '{');
    jsonw_put_string(w, "name", p->name);
    jsonw_put_integer(w, "step", p->step);
    jsonw_put_time(w, "at", p->at_ms);
    jsonw_name(w, "cells");
    jsonw_open(w, '[');
    for (unsigned i = 0; i < board->step_count; i++)
        if (p->cells[i].runs > 0 && p->cells[i].version > since)
            write_cell(board, &p->cells[i], i, w);
    jsonw_close(w, ']');
    jsonw_close(w, '}');
}

uint64_t board_write(struct board *board, uint64_t since, struct jsonw *w)
{
    pthread_mutex_lock(&board->lock);
    uint64_t version = board->version;
    jsonw_put_integer(w, "version", (int64_t)version);
    jsonw_name(w, "steps");
    jsonw_open(w, '[');
    for (unsigned i = 0; i < board->step_count; i++)
        if (board->steps[i].version > since)
            write_step(board, i, w);
    jsonw_close(w, ']');
    jsonw_name(w, "participants");
    jsonw_open(w, '[');
    for (unsigned i = 0; i < board->participant_count; i++)
        if (board->participants[i].version > since)
            write_participant(board, &board->participants[i], since, w);
    jsonw_close(w, ']');
    pthread_mutex_unlock(&board->lock);
    return version;
}

void board_subscribe(struct board *board, struct subscriber *subscriber)
{
    pthread_mutex_lock(&board->lock);
    subscribers_add(&board->subscribers, subscriber);
    pthread_mutex_unlock(&board->lock);
}

void board_unsubscribe(struct board *board, struct subscriber *subscriber)
{
    pthread_mutex_lock(&board->lock);
    subscribers_remove(&board->subscribers, subscriber);
    pthread_mutex_unlock(&board->lock);
}

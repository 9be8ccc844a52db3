/*
 * The boards: what a class has observed so far, step by step, in memory while somebody looks or
 * works. A board is read from the store when it is first asked for and then follows the runs as
 * they are accepted and stored. Any thread.
 *
 * A board has a version that rises with every change, and each part of it knows the version it
 * changed at: so what is new since a version is the same text for all who ask.
 */
#ifndef WORKSHOPS_BOARD_H
#define WORKSHOPS_BOARD_H

#include "sandbox/base/jsonw.h"
#include "server/http/subscribers.h"
#include "server/store/store.h"

struct boards;
struct board;

struct boards *boards_new(void);
void boards_free(struct boards *boards);

/* The board of a workshop, with a reference; read now if it is not there. NULL when that fails. */
struct board *boards_open(struct boards *boards, struct store_reader *reader, const char *workshop);
void board_unref(struct board *board);

/* A run with a seat was accepted (its row is known), or is stored as done. */
void boards_accepted(struct boards *boards, const struct store_run *run, int64_t number);
void boards_done(struct boards *boards, const struct store_run *run);

/* The workshop, or what is stored of its runs, is another one: its board is read again. */
void boards_forget(struct boards *boards, const char *workshop);

/* A seat for who comes by that name, if they have none. 0, -ENOSPC when there is no room for one
 * more, or -ENOMEM. */
int board_seat(struct board *board, const char *name);

/* Gives it back, if they came last of all and none of their runs was accepted. */
void board_leave(struct board *board, const char *name);

/* How many runs the workshop has. */
unsigned board_runs(struct board *board);

struct board_news {
    uint64_t version;
    uint64_t read; /* the version it was read at: what changed since one below it is not known */
    bool stale;    /* forgotten: open it again */
};
struct board_news board_look(struct board *board);

/*
 * Writes the members "version", "steps" and "participants" with what changed after version `since`
 * (0: all) into the open object. Returns the version written.
 */
uint64_t board_write(struct board *board, uint64_t since, struct jsonw *w);

void board_subscribe(struct board *board, struct subscriber *subscriber);
void board_unsubscribe(struct board *board, struct subscriber *subscriber);

#endif

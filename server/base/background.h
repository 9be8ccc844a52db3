/*
 * Work that takes longer than a thread that serves HTTP may be kept: one thread does one piece
 * after another. What a piece makes is large, so only so many of them exist at once, made and not
 * yet gone; further ones wait, and when too many wait none is taken.
 */
#ifndef BASE_BACKGROUND_H
#define BASE_BACKGROUND_H

#include "sandbox/base/err.h"

struct background;

struct piece {
    void (*perform)(struct piece *piece); /* in the background thread */
    struct piece *next;
};

/* `made` pieces may exist at once, `waiting` more may wait. */
int background_new(struct background **ret, unsigned made, unsigned waiting, struct err *err);

/* Performs all that waits, then ends. */
void background_free(struct background *background);

/* Any thread. The piece must live until it was performed. Returns 0, or -EAGAIN. */
int background_submit(struct background *background, struct piece *piece);

/* Any thread: what a performed piece made is gone. */
void background_gone(struct background *background);

#endif

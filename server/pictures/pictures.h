/*
 * The pictures that were made last, by their address: at most PICTURES_MOST of PICTURES_BYTES
 * together; the one that was not asked for the longest makes room. Only what never changes belongs
 * here. Any thread.
 */
#ifndef PICTURES_PICTURES_H
#define PICTURES_PICTURES_H

#include "sandbox/base/buf.h"

#include <stdbool.h>

enum { PICTURES_MOST = 512, PICTURES_BYTES = 16 << 20, PICTURE_NAME_SIZE = 128 };

struct pictures;

/* NULL without memory. */
struct pictures *pictures_new(void);
void pictures_free(struct pictures *pictures);

/* Appends the picture of that name to out. False when there is none, or no memory. */
bool pictures_find(struct pictures *pictures, const char *name, struct buf *out);

/* Keeps a copy, unless there is no memory for it. The name is shorter than PICTURE_NAME_SIZE. */
void pictures_keep(struct pictures *pictures, const char *name, const struct buf *png);

#endif

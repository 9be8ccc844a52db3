/*
 * Pixels as PNG, without the filters of its lines: what is drawn in few colours is smaller and four
 * times as soon done that way. Nothing else in the program knows zlib. Any thread.
 */
#ifndef PICTURES_PNG_H
#define PICTURES_PNG_H

#include "sandbox/base/buf.h"

#include <stdint.h>

/* Pixels are 0x00rrggbb, `stride` of them a line. Returns 0, -ENOMEM or out's error. */
int png_write(const uint32_t *pixels, unsigned width, unsigned height, size_t stride,
              struct buf *out);

#endif

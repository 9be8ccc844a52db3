/* An experiment's outcomes, a bar for each. */
#ifndef PICTURES_DRAW_BARS_H
#define PICTURES_DRAW_BARS_H

#include "server/pictures/canvas.h"

/* Bars of what came out, ending at `bottom`. */
void draw_bars(const struct canvas *c, double top, double bottom);

/* How much of the height is the bars' before anything else is shown. */
double bars_height(const struct picture *picture);

#endif

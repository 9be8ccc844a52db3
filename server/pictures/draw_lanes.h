/* A run's lanes: what each task did when, who waited for whom, and what the shapes mean. */
#ifndef PICTURES_DRAW_LANES_H
#define PICTURES_DRAW_LANES_H

#include "server/pictures/canvas.h"

/* A lane for each task, ending at `bottom`. */
void draw_lanes(const struct canvas *c, double top, double bottom);

/* How much of the height is the lanes' before anything else is shown. */
double lanes_height(const struct picture *picture);

#endif

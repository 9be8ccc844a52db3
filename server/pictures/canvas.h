/*
 * What pictures are painted with: the colours and shapes of the timeline, boxes, and texts that
 * fit. Lengths are pixels. For the files of this folder that draw.
 */
#ifndef PICTURES_CANVAS_H
#define PICTURES_CANVAS_H

#include "server/pictures/picture.h"

#include <cairo.h>
#include <pango/pangocairo.h>

/* TEXT_MAX: bytes of a text that are drawn; MARGIN and RIGHT: between them is what is drawn. */
enum { TEXT_MAX = 1200, MARGIN = 56, RIGHT = PICTURE_WIDTH - MARGIN };

enum { SIDE = 8 /* columns and rows of a shape */ };

enum colour {
#define COLOUR(name, css, rgb) COLOUR_##name,
#include "server/pictures/picture.def"
    COLOURS
};

struct painter {
    PangoFontMap *fonts;
    cairo_surface_t *tiles[LANE_STATES]; /* SIDE × SIDE, each */
};

struct canvas {
    cairo_t *cr;
    PangoContext *context;
    const struct painter *painter;
    const struct picture *picture;
};

struct box {
    double x, y, width, height;
};

struct style {
    double size; /* pixels */
    bool bold, mono;
    enum colour colour;
    unsigned lines; /* at most; 0 is 1 */
    bool right;     /* ends at x + width */
};

struct extent {
    double width, height;
};

/* What is painted next has this colour. */
void paint_with(cairo_t *cr, enum colour colour);
void paint_through(cairo_t *cr, enum colour colour, double opacity);
void paint_box(cairo_t *cr, struct box box, enum colour colour);

/* Fills a box with a state's shape, its eight rows over the box's height. */
void paint_state(const struct canvas *c, struct box box, unsigned state);

/* A surface with a line around it. */
void paint_panel(const struct canvas *c, struct box panel);

/* Makes a box with round corners the path. */
void path_rounded(cairo_t *cr, struct box box, double radius);

/* Whether who is in the state has a lock. */
bool state_holds(unsigned state);

/* The state's shape; who holds a lock has its colour in the last row. The caller destroys it. */
cairo_surface_t *state_tile(unsigned state);

enum colour tone_colour(enum picture_tone tone);

/* A sign as the pages have it beside each class, with a blank; or "". */
const char *tone_sign(enum picture_tone tone);

/* Whether there is anything to write. */
bool text_given(const char *text);

/* Writes the text with its top at y, within the width; returns what it took. */
struct extent text_write(const struct canvas *c, double x, double y, double width, const char *text,
                         struct style style);

/* Writes with the middle of the line at y; returns the width it took. */
double text_write_middle(const struct canvas *c, double x, double y, double width, const char *text,
                         struct style style);

/* What the text would take. */
struct extent text_measure(const struct canvas *c, double width, const char *text,
                           struct style style);

/* The text as it would be written; the caller unrefs it. */
PangoLayout *text_lay_out(const struct canvas *c, const char *text, double width,
                          struct style style);

#endif

#include "server/pictures/canvas.h"

#include "sandbox/base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Inter for Latin letters, and what Debian has for Chinese ones. */
#define FAMILIES                                                                                   \
    "Inter, Noto Sans CJK SC, Droid Sans Fallback, WenQuanYi Micro Hei, Noto Sans, Open Sans, "    \
    "DejaVu Sans, Sans"
#define MONOSPACED "DejaVu Sans Mono, Noto Sans CJK SC, Droid Sans Fallback, Monospace"

static const unsigned colours[] = {
#define COLOUR(name, css, rgb) rgb,
#include "server/pictures/picture.def"
};

static const struct {
    enum colour colour;
    uint8_t rows[SIDE];
} shapes[LANE_STATES] = {
#define STATE(number, name, colour, ...) {COLOUR_##colour, {__VA_ARGS__}},
#include "server/pictures/picture.def"
};

/* ---- colours and shapes ---- */

void paint_through(cairo_t *cr, enum colour colour, double opacity)
{
    unsigned rgb = colours[colour];
    cairo_set_source_rgba(cr, (rgb >> 16) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0,
                          opacity);
}

void paint_with(cairo_t *cr, enum colour colour)
{
    paint_through(cr, colour, 1);
}

void paint_box(cairo_t *cr, struct box box, enum colour colour)
{
    paint_with(cr, colour);
    cairo_rectangle(cr, box.x, box.y, box.width, box.height);
    cairo_fill(cr);
}

void path_rounded(cairo_t *cr, struct box b, double radius)
{
    double right = b.x + b.width, bottom = b.y + b.height;
    cairo_new_sub_path(cr);
    cairo_arc(cr, right - radius, b.y + radius, radius, -M_PI / 2, 0);
    cairo_arc(cr, right - radius, bottom - radius, radius, 0, M_PI / 2);
    cairo_arc(cr, b.x + radius, bottom - radius, radius, M_PI / 2, M_PI);
    cairo_arc(cr, b.x + radius, b.y + radius, radius, M_PI, 3 * M_PI / 2);
    cairo_close_path(cr);
}

bool state_holds(unsigned state)
{
    return state == LANE_HOLDING || state >= LANE_WAITING_HOLDING;
}

cairo_surface_t *state_tile(unsigned state)
{
    cairo_surface_t *tile = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, SIDE, SIDE);
    cairo_t *cr = cairo_create(tile);
    for (unsigned row = 0; row < SIDE; row++)
        for (unsigned column = 0; column < SIDE; column++) {
            bool strip = state_holds(state) && row == SIDE - 1;
            if (strip || shapes[state].rows[row] >> column & 1)
                paint_box(cr, (struct box){column, row, 1, 1},
                          strip ? COLOUR_HOLDING : shapes[state].colour);
        }
    cairo_destroy(cr);
    return tile;
}

void paint_state(const struct canvas *c, struct box b, unsigned state)
{
    const double grain = b.height < 24 ? 1 : 2; /* pixels of a column */
    cairo_pattern_t *pattern = cairo_pattern_create_for_surface(c->painter->tiles[state]);
    cairo_matrix_t matrix;
    cairo_pattern_set_extend(pattern, CAIRO_EXTEND_REPEAT);
    cairo_pattern_set_filter(pattern, CAIRO_FILTER_NEAREST);
    cairo_matrix_init_scale(&matrix, 1 / grain, SIDE / b.height);
    cairo_matrix_translate(&matrix, 0, -b.y);
    cairo_pattern_set_matrix(pattern, &matrix);
    cairo_set_source(c->cr, pattern);
    cairo_rectangle(c->cr, b.x, b.y, b.width, b.height);
    cairo_fill(c->cr);
    cairo_pattern_destroy(pattern);
}

void paint_panel(const struct canvas *c, struct box panel)
{
    path_rounded(c->cr, panel, 10);
    paint_with(c->cr, COLOUR_SURFACE);
    cairo_fill_preserve(c->cr);
    paint_with(c->cr, COLOUR_LINE);
    cairo_set_line_width(c->cr, 2);
    cairo_stroke(c->cr);
}

/* ---- tones ---- */

enum colour tone_colour(enum picture_tone tone)
{
    static const enum colour colours_of[] = {[TONE_PLAIN] = COLOUR_MUTED,
                                             [TONE_GOING] = COLOUR_ACCENT,
                                             [TONE_GOOD] = COLOUR_GOOD,
                                             [TONE_NOTABLE] = COLOUR_NOTABLE,
                                             [TONE_BAD] = COLOUR_BAD};
    return colours_of[tone];
}

const char *tone_sign(enum picture_tone tone)
{
    static const char *const signs[] = {
        [TONE_GOOD] = "✓ ", [TONE_NOTABLE] = "! ", [TONE_BAD] = "✕ "};
    return tone < sizeof signs / sizeof signs[0] && signs[tone] ? signs[tone] : "";
}

/* ---- text ---- */

/* Leaves out the marks of code in a sentence. */
static void drop_marks(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++)
        if (*from != '`')
            *to++ = *from;
    *to = '\0';
}

PangoLayout *text_lay_out(const struct canvas *c, const char *text, double width,
                          struct style style)
{
    char clean[TEXT_MAX];
    PangoLayout *layout = pango_layout_new(c->context);
    PangoFontDescription *font =
        pango_font_description_from_string(style.mono ? MONOSPACED : FAMILIES);
    utf8_clean(clean, sizeof clean, text ? text : "", text ? strlen(text) : 0);
    drop_marks(clean);
    pango_font_description_set_absolute_size(font, style.size * PANGO_SCALE);
    pango_font_description_set_weight(font, style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_width(layout, (int)(fmax(width, 1) * PANGO_SCALE));
    pango_layout_set_height(layout, -(int)(style.lines ? style.lines : 1));
    pango_layout_set_alignment(layout, style.right ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
    pango_layout_set_text(layout, clean, -1);
    return layout;
}

struct extent text_write(const struct canvas *c, double x, double y, double width, const char *text,
                         struct style style)
{
    int w, h;
    PangoLayout *layout = text_lay_out(c, text, width, style);
    pango_layout_get_pixel_size(layout, &w, &h);
    cairo_save(c->cr);
    cairo_rectangle(c->cr, x - 4, y - 4, width + 8, h + 8); /* accents may be piled up */
    cairo_clip(c->cr);
    paint_with(c->cr, style.colour);
    cairo_move_to(c->cr, x, y);
    pango_cairo_show_layout(c->cr, layout);
    cairo_restore(c->cr);
    g_object_unref(layout);
    return (struct extent){w, h};
}

struct extent text_measure(const struct canvas *c, double width, const char *text,
                           struct style style)
{
    int w, h;
    PangoLayout *layout = text_lay_out(c, text, width, style);
    pango_layout_get_pixel_size(layout, &w, &h);
    g_object_unref(layout);
    return (struct extent){w, h};
}

double text_write_middle(const struct canvas *c, double x, double y, double width, const char *text,
                         struct style style)
{
    double height = text_measure(c, width, text, style).height;
    return text_write(c, x, y - height / 2, width, text, style).width;
}

bool text_given(const char *text)
{
    return text && *text;
}

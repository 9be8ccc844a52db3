#include "server/pictures/picture.h"

#include "sandbox/base/utf8.h"
#include "sandbox/trace/kinds.h"
#include "server/pictures/png.h"

#include <cairo.h>
#include <errno.h>
#include <fontconfig/fontconfig.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1200, MARGIN = 56, RIGHT = PICTURE_WIDTH - MARGIN };

/* Inter for Latin letters, and what Debian has for Chinese ones. */
#define FAMILIES                                                                                   \
    "Inter, Noto Sans CJK SC, Droid Sans Fallback, WenQuanYi Micro Hei, Noto Sans, Open Sans, "    \
    "DejaVu Sans, Sans"
#define MONOSPACED "DejaVu Sans Mono, Noto Sans CJK SC, Droid Sans Fallback, Monospace"

static const unsigned colours[] = {
#define COLOUR(name, css, rgb) rgb,
#include "server/pictures/picture.def"
};

enum colour {
#define COLOUR(name, css, rgb) COLOUR_##name,
#include "server/pictures/picture.def"
    COLOURS
};

enum { TASK_COLOURS = 8, SIDE = 8 /* columns and rows of a shape */ };

static const struct {
    enum colour colour;
    uint8_t rows[SIDE];
} shapes[LANE_STATES] = {
#define STATE(number, name, colour, ...) {COLOUR_##colour, {__VA_ARGS__}},
#include "server/pictures/picture.def"
};

static const enum colour tones[] = {[TONE_PLAIN] = COLOUR_MUTED,
                                    [TONE_GOING] = COLOUR_ACCENT,
                                    [TONE_GOOD] = COLOUR_GOOD,
                                    [TONE_NOTABLE] = COLOUR_NOTABLE,
                                    [TONE_BAD] = COLOUR_BAD};

#define MEMORY_WANTED ((size_t)64 << 20)

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

/* ---- colours and shapes ---- */

static void use(cairo_t *cr, enum colour colour)
{
    unsigned rgb = colours[colour];
    cairo_set_source_rgb(cr, (rgb >> 16) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0);
}

static void fill(cairo_t *cr, struct box box, enum colour colour)
{
    use(cr, colour);
    cairo_rectangle(cr, box.x, box.y, box.width, box.height);
    cairo_fill(cr);
}

static void rounded(cairo_t *cr, struct box b, double radius)
{
    double right = b.x + b.width, bottom = b.y + b.height;
    cairo_new_sub_path(cr);
    cairo_arc(cr, right - radius, b.y + radius, radius, -M_PI / 2, 0);
    cairo_arc(cr, right - radius, bottom - radius, radius, 0, M_PI / 2);
    cairo_arc(cr, b.x + radius, bottom - radius, radius, M_PI / 2, M_PI);
    cairo_arc(cr, b.x + radius, b.y + radius, radius, M_PI, 3 * M_PI / 2);
    cairo_close_path(cr);
}

static bool holds(unsigned state)
{
    return state == LANE_HOLDING || state >= LANE_WAITING_HOLDING;
}

/* The state without regard to what is held. */
static unsigned bare(unsigned state)
{
    switch (state) {
    case LANE_WAITING_HOLDING:
        return LANE_WAITING;
    case LANE_IO_HOLDING:
        return LANE_IO;
    case LANE_ASLEEP_HOLDING:
        return LANE_ASLEEP;
    case LANE_READY_HOLDING:
        return LANE_READY;
    default:
        return state;
    }
}

/* The state's shape; who holds a lock has its colour in the last row. */
static cairo_surface_t *tile_of(unsigned state)
{
    cairo_surface_t *tile = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, SIDE, SIDE);
    cairo_t *cr = cairo_create(tile);
    for (unsigned row = 0; row < SIDE; row++)
        for (unsigned column = 0; column < SIDE; column++) {
            bool strip = holds(state) && row == SIDE - 1;
            if (strip || shapes[state].rows[row] >> column & 1)
                fill(cr, (struct box){column, row, 1, 1},
                     strip ? COLOUR_HOLDING : shapes[state].colour);
        }
    cairo_destroy(cr);
    return tile;
}

/* Fills a box with a state's shape, its eight rows over the box's height. */
static void fill_state(const struct canvas *c, struct box b, unsigned state)
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

/* ---- text ---- */

struct style {
    double size; /* pixels */
    bool bold, mono;
    enum colour colour;
    unsigned lines; /* at most; 0 is 1 */
    bool right;     /* ends at x + width */
};

/* Leaves out the marks of code in a sentence. */
static void drop_marks(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++)
        if (*from != '`')
            *to++ = *from;
    *to = '\0';
}

static PangoLayout *lay_out(const struct canvas *c, const char *text, double width,
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

struct extent {
    double width, height;
};

/* Writes the text with its top at y, within the width; returns what it took. */
static struct extent write_text(const struct canvas *c, double x, double y, double width,
                                const char *text, struct style style)
{
    int w, h;
    PangoLayout *layout = lay_out(c, text, width, style);
    pango_layout_get_pixel_size(layout, &w, &h);
    cairo_save(c->cr);
    cairo_rectangle(c->cr, x - 4, y - 4, width + 8, h + 8); /* accents may be piled up */
    cairo_clip(c->cr);
    use(c->cr, style.colour);
    cairo_move_to(c->cr, x, y);
    pango_cairo_show_layout(c->cr, layout);
    cairo_restore(c->cr);
    g_object_unref(layout);
    return (struct extent){w, h};
}

static struct extent measure(const struct canvas *c, double width, const char *text,
                             struct style style)
{
    int w, h;
    PangoLayout *layout = lay_out(c, text, width, style);
    pango_layout_get_pixel_size(layout, &w, &h);
    g_object_unref(layout);
    return (struct extent){w, h};
}

/* Writes with the middle of the line at y. */
static double write_middle(const struct canvas *c, double x, double y, double width,
                           const char *text, struct style style)
{
    double height = measure(c, width, text, style).height;
    return write_text(c, x, y - height / 2, width, text, style).width;
}

static bool given(const char *text)
{
    return text && *text;
}

/* ---- the head ---- */

/* The mark of web/src/favicon.svg, 32 units wide. */
static void draw_mark(cairo_t *cr, double x, double y, double size)
{
    static const double bars[][3] = {{5, 10, 14}, {18, 10, 27}, {5, 22, 9}, {13, 22, 27}};
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, size / 32, size / 32);
    rounded(cr, (struct box){0, 0, 32, 32}, 7);
    use(cr, COLOUR_LOGO);
    cairo_fill(cr);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_set_line_width(cr, 4);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    for (size_t i = 0; i < sizeof bars / sizeof bars[0]; i++) {
        cairo_move_to(cr, bars[i][0], bars[i][1]);
        cairo_line_to(cr, bars[i][2], bars[i][1]);
    }
    cairo_stroke(cr);
    cairo_set_source_rgb(cr, 0x8a / 255.0, 0xb4 / 255.0, 1);
    cairo_set_line_width(cr, 2);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_BUTT);
    cairo_move_to(cr, 14, 10);
    cairo_curve_to(cr, 17, 10, 14, 22, 13, 22);
    cairo_stroke(cr);
    cairo_restore(cr);
}

static void draw_brand(const struct canvas *c)
{
    fill(c->cr, (struct box){0, 0, PICTURE_WIDTH, PICTURE_HEIGHT}, COLOUR_PAGE);
    fill(c->cr, (struct box){0, 0, PICTURE_WIDTH, 8}, COLOUR_LOGO);
    draw_mark(c->cr, MARGIN, 36, 42);
    write_middle(c, MARGIN + 56, 57, 300, "Interleave",
                 (struct style){.size = 28, .bold = true, .colour = COLOUR_TEXT});
    write_middle(c, RIGHT - 640, 57, 640, c->picture->kind,
                 (struct style){.size = 24, .colour = COLOUR_MUTED, .right = true});
}

/* As large as it fits into a line, else into two smaller ones. Returns its bottom. */
static double draw_title(const struct canvas *c, double y)
{
    struct style style = {.size = 58, .bold = true, .colour = COLOUR_TEXT};
    const double most = RIGHT - MARGIN;
    PangoLayout *layout = lay_out(c, c->picture->title, most, style);
    if (pango_layout_is_ellipsized(layout)) {
        style.size = 46;
        style.lines = 2;
    }
    g_object_unref(layout);
    return y + write_text(c, MARGIN, y, most, c->picture->title, style).height;
}

/* A sign as the pages have it beside each class. */
static const char *sign_of(enum picture_tone tone)
{
    static const char *const signs[] = {
        [TONE_GOOD] = "✓ ", [TONE_NOTABLE] = "! ", [TONE_BAD] = "✕ "};
    return tone < sizeof signs / sizeof signs[0] && signs[tone] ? signs[tone] : "";
}

enum { BADGE_HEIGHT = 46 };

/* A pill, filled or outlined; returns where the next one begins. */
static double draw_badge(const struct canvas *c, double x, double y, const char *text,
                         enum picture_tone tone, bool filled)
{
    char with_sign[TEXT_MAX];
    struct style style = {
        .size = 25, .bold = true, .colour = filled ? COLOUR_SURFACE : tones[tone]};
    if (!given(text) || x + 80 > RIGHT)
        return x;
    snprintf(with_sign, sizeof with_sign, "%s%s", filled ? "" : sign_of(tone), text);
    double most = RIGHT - x - 44, width = measure(c, most, with_sign, style).width;
    rounded(c->cr, (struct box){x + 1, y + 1, width + 42, BADGE_HEIGHT - 2},
            BADGE_HEIGHT / 2.0 - 1);
    use(c->cr, tones[tone]);
    cairo_set_line_width(c->cr, 2);
    if (filled)
        cairo_fill(c->cr);
    else
        cairo_stroke(c->cr);
    write_middle(c, x + 22, y + BADGE_HEIGHT / 2.0, most, with_sign, style);
    return x + width + 44 + 16;
}

/* How it ended, what came out, what that is. Returns its bottom. */
static double draw_verdict(const struct canvas *c, double y)
{
    const struct picture *p = c->picture;
    struct style style = {.size = 30, .bold = true, .colour = COLOUR_TEXT};
    if (!given(p->badge))
        return y;
    double x = draw_badge(c, MARGIN, y, p->badge, p->badge_tone, true);
    double rest = given(p->remark) ? 330 : 0; /* for the remark */
    if (given(p->result) && x + 60 < RIGHT - rest)
        x += write_middle(c, x, y + BADGE_HEIGHT / 2.0, RIGHT - rest - x, p->result, style) + 20;
    draw_badge(c, x, y, p->remark, p->remark_tone, false);
    return y + BADGE_HEIGHT;
}

/* ---- lanes ---- */

enum {
    LANES_MOST = 12,
    NAMES_WIDTH = 190,
    RULER = 34,
    LEGEND = 36,
    LANE_WANTED = 52,
    LANE_HIGHEST = 64,
    ARROWS_MOST = 40,
    ARROWS_APART = 5,
    MARKS_APART = 30,
};

struct chart {
    struct box box;            /* of the bars */
    uint16_t task[LANES_MOST]; /* by row */
    double row_height, bar_height;
    unsigned rows; /* with a task */
    unsigned more; /* tasks that have none */
    bool seen[LANE_STATES];
};

static void choose_rows(struct chart *chart, const struct picture *p)
{
    unsigned tasks = p->trace->task_count;
    unsigned most = tasks > LANES_MOST ? LANES_MOST - 1 : LANES_MOST;
    chart->rows = lanes_choose(p->lanes, p->trace, most, chart->task);
    chart->more = tasks - chart->rows;
}

static double x_of(const struct canvas *c, const struct chart *chart, uint64_t t_ns)
{
    double until = (double)c->picture->lanes->until_ns;
    return chart->box.x + (until > 0 ? (double)t_ns / until : 0) * chart->box.width;
}

static double middle_of(const struct chart *chart, unsigned row)
{
    return chart->box.y + (row + 0.5) * chart->row_height;
}

/* What a wide enough slice waits for, or has. */
static const char *name_of(const struct canvas *c, const struct chart *chart, unsigned row,
                           double middle)
{
    const struct trace *trace = c->picture->trace;
    const struct lane *lane = &c->picture->lanes->lane[chart->task[row]];
    double t = (middle + 0.5) / chart->box.width * (double)c->picture->lanes->until_ns;
    const struct lane_slice *slice = lane_slice_at(lane, (uint64_t)t);
    if (!slice || slice->about == ABOUT_NOTHING || slice->state == LANE_READY)
        return "";
    if (slice->about & ABOUT_TASK)
        return (slice->about & ~ABOUT_TASK) < trace->task_count
                   ? trace->tasks[slice->about & ~ABOUT_TASK].name
                   : "";
    return slice->about < trace->object_count ? trace->objects[slice->about].name : "";
}

static void draw_label(const struct canvas *c, struct box bar, const char *name)
{
    struct style style = {.size = fmin(bar.height - 6, 19), .colour = COLOUR_TEXT};
    if (!*name || bar.width < 60 || style.size < 12)
        return;
    double width = measure(c, 2000, name, style).width;
    if (width + 24 > bar.width)
        return;
    fill(c->cr, (struct box){bar.x + 6, bar.y + 2, width + 12, bar.height - 4}, COLOUR_SURFACE);
    write_middle(c, bar.x + 12, bar.y + bar.height / 2, width + 2, name, style);
}

static void draw_lane(const struct canvas *c, struct chart *chart, unsigned row)
{
    uint8_t states[PICTURE_WIDTH];
    unsigned width = (unsigned)chart->box.width;
    double y = round(middle_of(chart, row) - chart->bar_height / 2);
    lane_columns(&c->picture->lanes->lane[chart->task[row]], c->picture->lanes->until_ns, width,
                 states);
    for (unsigned x = 0, end; x < width; x = end) {
        for (end = x + 1; end < width && states[end] == states[x];)
            end++;
        struct box bar = {chart->box.x + x, y, end - x, chart->bar_height};
        chart->seen[bare(states[x])] = true;
        chart->seen[LANE_HOLDING] |= holds(states[x]);
        if (states[x] == LANE_NONE)
            continue;
        fill_state(c, bar, states[x]);
        draw_label(c, bar, name_of(c, chart, row, (x + end) / 2.0));
    }
}

static void draw_name(const struct canvas *c, const struct chart *chart, unsigned row)
{
    unsigned task = chart->task[row];
    double y = chart->box.y + row * chart->row_height;
    fill(c->cr, (struct box){MARGIN + 1, y, 6, chart->row_height},
         COLOUR_LANE_0 + task % TASK_COLOURS);
    write_middle(c, MARGIN + 22, middle_of(chart, row), NAMES_WIDTH - 34,
                 c->picture->trace->tasks[task].name,
                 (struct style){.size = fmin(23, chart->row_height * 0.8),
                                .bold = true,
                                .colour = COLOUR_TEXT});
}

static int row_of(const struct chart *chart, unsigned task)
{
    for (unsigned row = 0; row < chart->rows; row++)
        if (chart->task[row] == task)
            return (int)row;
    return -1;
}

struct arrow {
    double x1, x2;
    int from, to; /* rows */
};

/*
 * From an event's cause to the event, when both are in sight and of two tasks. An item's way would
 * hide all else.
 */
static bool arrow_of(const struct canvas *c, const struct chart *chart,
                     const struct chunk_event *event, struct arrow *ret)
{
    const struct chunk_event *cause =
        event->cause > 0 ? &c->picture->trace->events[event->cause - 1] : NULL;
    if (!cause || cause->task == event->task || event->kind == EVENT_ITEM_STARTED ||
        event->kind == EVENT_ITEM_DELIVERED)
        return false;
    *ret = (struct arrow){.x1 = x_of(c, chart, cause->t_ns),
                          .x2 = x_of(c, chart, event->t_ns),
                          .from = row_of(chart, cause->task),
                          .to = row_of(chart, event->task)};
    return ret->from >= 0 && ret->to >= 0;
}

/* Of those that would lie on each other, one. Returns how many; more than fit is none. */
static unsigned find_arrows(const struct canvas *c, const struct chart *chart,
                            struct arrow arrows[ARROWS_MOST])
{
    const struct trace *trace = c->picture->trace;
    double last[LANES_MOST][LANES_MOST];
    unsigned count = 0;
    for (unsigned i = 0; i < LANES_MOST * LANES_MOST; i++)
        last[i / LANES_MOST][i % LANES_MOST] = -ARROWS_APART;
    for (uint32_t i = 0; i < trace->event_count; i++) {
        struct arrow arrow;
        if (!arrow_of(c, chart, &trace->events[i], &arrow) ||
            fabs(arrow.x2 - last[arrow.from][arrow.to]) < ARROWS_APART)
            continue;
        if (count == ARROWS_MOST)
            return 0;
        last[arrow.from][arrow.to] = arrow.x2;
        arrows[count++] = arrow;
    }
    return count;
}

static void draw_arrows(const struct canvas *c, const struct chart *chart)
{
    struct arrow arrows[ARROWS_MOST];
    unsigned count = find_arrows(c, chart, arrows);
    unsigned rgb = colours[COLOUR_TEXT];
    cairo_set_source_rgba(c->cr, (rgb >> 16) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0,
                          count > 20 ? 0.35 : 0.6);
    cairo_set_line_width(c->cr, 1.6);
    for (unsigned i = 0; i < count; i++) {
        const struct arrow *a = &arrows[i];
        double down = a->to > a->from ? 1 : -1;
        double from = middle_of(chart, (unsigned)a->from) + down * (chart->bar_height / 2 - 3);
        double to = middle_of(chart, (unsigned)a->to) - down * chart->bar_height / 2;
        double bend = fmin(30, fabs(to - from) / 2) * down;
        cairo_move_to(c->cr, a->x1, from);
        cairo_curve_to(c->cr, a->x1, from + bend, a->x2, to - bend, a->x2, to);
        cairo_move_to(c->cr, a->x2 - 5, to - down * 7);
        cairo_line_to(c->cr, a->x2, to);
        cairo_line_to(c->cr, a->x2 + 5, to - down * 7);
    }
    cairo_stroke(c->cr);
}

static void draw_cross(cairo_t *cr, double x, double y, double size)
{
    cairo_new_sub_path(cr);
    cairo_arc(cr, x, y, size, 0, 2 * M_PI);
    use(cr, COLOUR_ERROR);
    cairo_fill_preserve(cr);
    use(cr, COLOUR_SURFACE);
    cairo_set_line_width(cr, 2);
    cairo_stroke(cr);
    double arm = size * 0.38;
    cairo_set_line_width(cr, size / 4);
    cairo_move_to(cr, x - arm, y - arm);
    cairo_line_to(cr, x + arm, y + arm);
    cairo_move_to(cr, x - arm, y + arm);
    cairo_line_to(cr, x + arm, y - arm);
    cairo_stroke(cr);
}

static void draw_marks(const struct canvas *c, const struct chart *chart)
{
    const struct lanes *lanes = c->picture->lanes;
    double last[LANES_MOST], size = fmin(13, chart->row_height / 2 - 1);
    for (unsigned i = 0; i < LANES_MOST; i++)
        last[i] = -MARKS_APART;
    for (uint32_t i = 0; i < lanes->mark_count; i++) {
        int row = row_of(chart, lanes->marks[i].task);
        double x =
            fmin(x_of(c, chart, lanes->marks[i].t_ns), chart->box.x + chart->box.width - size - 2);
        if (row < 0 || fabs(x - last[row]) < MARKS_APART)
            continue;
        last[row] = x;
        draw_cross(c->cr, x, middle_of(chart, (unsigned)row), size);
    }
}

/* A round step of at least `least`: 1, 2 or 5 of a power of ten. */
static double round_step(double least)
{
    double power = pow(10, floor(log10(least)));
    double share = least / power;
    return power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
}

static void format_time(char *out, size_t size, double t_ns, double step_ns)
{
    static const struct {
        double by;
        const char *name;
    } units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}};
    size_t i = 0;
    while (i < 3 && t_ns < units[i].by)
        i++;
    int decimals = (int)ceil(-log10(step_ns / units[i].by) - 1e-9);
    if (t_ns == 0)
        snprintf(out, size, "0");
    else
        snprintf(out, size, "%.*f %s",
                 decimals < 0   ? 0
                 : decimals > 6 ? 6
                                : decimals,
                 t_ns / units[i].by, units[i].name);
}

static void draw_ruler(const struct canvas *c, const struct chart *chart)
{
    double until = (double)c->picture->lanes->until_ns;
    double top = chart->box.y - RULER, end = chart->box.x + chart->box.width;
    if (until <= 0)
        return;
    double step = round_step(until * 150 / chart->box.width);
    for (unsigned tick = 0; tick * step <= until; tick++) {
        char text[32];
        double t = tick * step;
        double x = round(chart->box.x + t / until * chart->box.width);
        struct style style = {.size = 18, .colour = COLOUR_MUTED};
        format_time(text, sizeof text, t, step);
        fill(c->cr, (struct box){x, top, 1, RULER + chart->box.height}, COLOUR_LINE);
        if (x + 8 + measure(c, 200, text, style).width < end)
            write_middle(c, x + 7, top + RULER / 2.0, 200, text, style);
    }
}

/* The states that are seen, each with its shape. */
static void draw_legend(const struct canvas *c, const struct chart *chart, double y)
{
    static const struct {
        enum lane_state state;
        const char *name;
    } known[] = {{LANE_RUNNING, "state:running"},
                 {LANE_READY, "state:ready"},
                 {LANE_WAITING, "state:waiting"},
                 {LANE_IO, "state:io"},
                 {LANE_HOLDING, "state:holding"},
                 {LANE_ASLEEP, "state:asleep"},
                 {LANE_UNRECORDED, "state:unrecorded"},
                 {LANE_DONE, "state:done"},
                 {LANE_ERROR, "state:error"}};
    struct style style = {.size = 20, .colour = COLOUR_MUTED};
    double x = MARGIN;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const char *name = word(c->picture->language, known[i].name);
        if (!chart->seen[known[i].state])
            continue;
        double width = measure(c, 300, name, style).width;
        if (x + 48 + width > RIGHT)
            break;
        fill_state(c, (struct box){x, y + LEGEND / 2.0 - 8, 36, 16}, known[i].state);
        write_middle(c, x + 45, y + LEGEND / 2.0, width + 2, name, style);
        x += 45 + width + 28;
    }
}

static void draw_more(const struct canvas *c, const struct chart *chart)
{
    char text[64];
    snprintf(text, sizeof text, word(c->picture->language, "more-tasks"), chart->more);
    write_middle(c, MARGIN + 22, middle_of(chart, chart->rows), 600, text,
                 (struct style){.size = fmin(21, chart->row_height * 0.8), .colour = COLOUR_MUTED});
}

static void draw_panel(const struct canvas *c, struct box panel)
{
    rounded(c->cr, panel, 10);
    use(c->cr, COLOUR_SURFACE);
    cairo_fill_preserve(c->cr);
    use(c->cr, COLOUR_LINE);
    cairo_set_line_width(c->cr, 2);
    cairo_stroke(c->cr);
}

/* How high a row is, with so much room for all. */
static double row_height(unsigned rows, double room)
{
    return floor(fmin(LANE_HIGHEST, room / (rows ? rows : 1)));
}

/* A lane for each task, ending at `bottom`. */
static void draw_lanes(const struct canvas *c, double top, double bottom)
{
    struct chart chart = {0};
    choose_rows(&chart, c->picture);
    unsigned rows = chart.rows + (chart.more > 0);
    if (rows == 0)
        return;
    chart.row_height = row_height(rows, bottom - LEGEND - top - RULER - 4);
    chart.bar_height = fmax(1, floor(fmin(32, chart.row_height * 0.76) / SIDE)) * SIDE;
    double height = rows * chart.row_height;
    double y = bottom - LEGEND - 2 - height;
    chart.box = (struct box){MARGIN + NAMES_WIDTH, y, RIGHT - MARGIN - NAMES_WIDTH - 12, height};
    struct box panel = {MARGIN, y - RULER, RIGHT - MARGIN, height + RULER};
    draw_panel(c, panel);
    cairo_save(c->cr);
    rounded(c->cr, panel, 10);
    cairo_clip(c->cr);
    draw_ruler(c, &chart);
    for (unsigned row = 0; row < rows; row++)
        fill(c->cr, (struct box){MARGIN, y + row * chart.row_height, RIGHT - MARGIN, 1},
             COLOUR_LINE);
    for (unsigned row = 0; row < chart.rows; row++) {
        draw_name(c, &chart, row);
        draw_lane(c, &chart, row);
    }
    if (chart.more > 0)
        draw_more(c, &chart);
    draw_arrows(c, &chart);
    draw_marks(c, &chart);
    cairo_restore(c->cr);
    draw_legend(c, &chart, bottom - LEGEND + 4);
}

/* How much of the height is the lanes' before anything else is shown. */
static double lanes_height(const struct picture *p)
{
    unsigned rows = p->trace->task_count > LANES_MOST ? LANES_MOST : p->trace->task_count;
    return rows * LANE_WANTED + RULER + LEGEND + 2;
}

/* ---- an experiment's outcomes ---- */

enum { BARS_MOST = 7, BAR_ROW = 62 };

static struct style bar_style(double height)
{
    return (struct style){.size = fmin(26, height * 0.62), .bold = true, .colour = COLOUR_TEXT};
}

/* How wide the widest name is, or may be. */
static double names_width(const struct canvas *c, size_t shown, double height)
{
    double width = 0;
    for (size_t i = 0; i < shown; i++)
        width = fmax(width, measure(c, 420, c->picture->bars[i].name, bar_style(height)).width);
    return width + 26;
}

static void draw_bar(const struct canvas *c, const struct picture_bar *bar, double names, double y,
                     double height)
{
    const double from = MARGIN + names + 20, most = RIGHT - from - 230;
    char name[TEXT_MAX];
    struct style style = bar_style(height);
    double width = fmax(4, bar->share * most), middle = y + height / 2;
    snprintf(name, sizeof name, "%s", bar->name);
    write_middle(c, MARGIN + 24, middle, names - 24, name, style);
    rounded(c->cr, (struct box){from, y + height * 0.16, width, height * 0.68}, fmin(4, width / 2));
    use(c->cr, tones[bar->tone]);
    cairo_fill(c->cr);
    snprintf(name, sizeof name, "%s%s", sign_of(bar->tone), bar->figure);
    style.bold = false;
    style.colour = tones[bar->tone];
    write_middle(c, from + width + 14, middle, RIGHT - from - width - 24, name, style);
}

static void draw_bars(const struct canvas *c, double top, double bottom)
{
    const struct picture *p = c->picture;
    size_t shown = p->bar_count > BARS_MOST ? BARS_MOST - 1 : p->bar_count;
    size_t more = p->bar_count - shown + p->more_bars;
    size_t rows = shown + (more > 0);
    double height = floor(fmin(BAR_ROW, (bottom - top - 24) / (double)rows));
    double y = bottom - 12 - height * (double)rows;
    draw_panel(c, (struct box){MARGIN, y - 12, RIGHT - MARGIN, bottom - y + 12});
    double names = names_width(c, shown, height);
    for (size_t i = 0; i < shown; i++)
        draw_bar(c, &p->bars[i], names, y + height * (double)i, height);
    if (more == 0)
        return;
    char text[64];
    snprintf(text, sizeof text, word(p->language, "more-outcomes"), (unsigned)more);
    write_middle(c, MARGIN + 24, y + height * ((double)shown + 0.5), 600, text,
                 (struct style){.size = fmin(24, height * 0.6), .colour = COLOUR_MUTED});
}

static double bars_height(const struct picture *p)
{
    return BAR_ROW * fmin(BARS_MOST, (double)(p->bar_count + (p->more_bars > 0))) + 24;
}

/* ---- the whole ---- */

/* The end of the text's last sentence before `end`, or the text where there is none. */
static char *sentence_end(char *text, char *end)
{
    for (char *at = end; at > text; at--)
        if (memcmp(at - 1, ". ", 2) == 0 || (at - text > 2 && memcmp(at - 3, "。", 3) == 0))
            return at;
    return text;
}

enum { SUMMARY_LINE = 34, SUMMARY_LINES = 3 };

/* As many whole sentences as there is room for; returns its bottom. */
static double draw_summary(const struct canvas *c, double y, double bottom)
{
    const double width = RIGHT - MARGIN;
    struct style style = {.size = 25, .colour = COLOUR_MUTED};
    int lines = (int)((bottom - y) / SUMMARY_LINE);
    char text[TEXT_MAX];
    if (!given(c->picture->summary) || lines < 1)
        return y;
    style.lines = lines > SUMMARY_LINES ? SUMMARY_LINES : (unsigned)lines;
    utf8_clean(text, sizeof text, c->picture->summary, strlen(c->picture->summary));
    bool fits = false;
    while (*text && !fits) {
        PangoLayout *layout = lay_out(c, text, width, style);
        fits = !pango_layout_is_ellipsized(layout);
        g_object_unref(layout);
        if (!fits)
            *sentence_end(text, text + strlen(text) - 1) = '\0';
    }
    return fits ? y + write_text(c, MARGIN, y, width, text, style).height : y;
}

/* What it teaches, in a frame of its own. */
static void draw_lesson(const struct canvas *c, double y, double bottom)
{
    const struct picture *p = c->picture;
    struct style style = {.size = 26, .colour = COLOUR_TEXT};
    const double width = RIGHT - MARGIN - 56;
    int lines = (int)((bottom - y - 90) / 40);
    if (!given(p->lesson) || lines < 1)
        return;
    style.lines = (unsigned)lines;
    double height = measure(c, width, p->lesson, style).height + 92;
    struct box panel = {MARGIN, bottom - height, RIGHT - MARGIN, height};
    draw_panel(c, panel);
    fill(c->cr, (struct box){panel.x, panel.y + 10, 6, panel.height - 20}, COLOUR_LOGO);
    write_text(c, MARGIN + 30, panel.y + 20, width, word(p->language, "lesson"),
               (struct style){.size = 22, .bold = true, .colour = COLOUR_ACCENT});
    write_text(c, MARGIN + 30, panel.y + 58, width, p->lesson, style);
}

/* Whether the line only says what is used. */
static bool is_import(const char *line)
{
    return *line == '\n' || strncmp(line, "import ", 7) == 0 || strncmp(line, "from ", 5) == 0;
}

static void draw_code_line(const struct canvas *c, double y, const char *line, size_t n)
{
    struct style style = {.size = 22, .mono = true, .colour = COLOUR_TEXT};
    char text[160];
    double x = MARGIN + 30;
    const char *remark = memchr(line, '#', n);
    size_t code = remark ? (size_t)(remark - line) : n;
    snprintf(text, sizeof text, "%.*s", (int)code, line);
    if (code > 0)
        x += measure(c, 5000, text, style).width;
    write_text(c, MARGIN + 30, y, RIGHT - MARGIN - 50, text, style);
    if (!remark || x > RIGHT - 40)
        return;
    snprintf(text, sizeof text, "%.*s", (int)(n - code), remark);
    style.colour = COLOUR_MUTED;
    write_text(c, x, y, RIGHT - 20 - x, text, style);
}

/* The beginning of a program on a sheet that goes on below the picture. */
static void draw_code(const struct canvas *c, double top)
{
    const char *line = c->picture->code;
    draw_panel(c, (struct box){MARGIN, top, RIGHT - MARGIN, PICTURE_HEIGHT});
    while (*line && is_import(line))
        line += strcspn(line, "\n") + (line[strcspn(line, "\n")] == '\n');
    for (unsigned row = 0; *line && top + 22 + 32 * row < PICTURE_HEIGHT; row++) {
        size_t n = strcspn(line, "\n");
        draw_code_line(c, top + 22 + 32 * row, line, n);
        line += n + (line[n] == '\n');
    }
}

static void draw_all(const struct canvas *c)
{
    const struct picture *p = c->picture;
    const double bottom = PICTURE_HEIGHT - 28;
    bool lanes = p->lanes && p->trace->task_count > 0;
    draw_brand(c);
    double y = draw_title(c, 100) + 14;
    double needed = lanes              ? lanes_height(p)
                    : p->bar_count > 0 ? bars_height(p)
                    : given(p->code)   ? 260
                                       : 200;
    y = draw_verdict(c, y) + (given(p->badge) ? 16 : 0);
    y = draw_summary(c, y, bottom - needed - 12) + 16;
    if (lanes)
        draw_lanes(c, y, bottom);
    else if (p->bar_count > 0)
        draw_bars(c, y, bottom);
    else if (given(p->code))
        draw_code(c, y);
    else
        draw_lesson(c, y, bottom);
}

/*
 * Pango and fontconfig end the program when they get no memory. So they begin only when there is
 * much more than they need.
 */
static bool has_memory(void)
{
    void *volatile enough = malloc(MEMORY_WANTED);
    bool has = enough != NULL;
    free(enough);
    return has;
}

int picture_draw(struct painter *painter, const struct picture *picture, struct buf *out)
{
    if (!has_memory())
        return -ENOMEM;
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, PICTURE_WIDTH, PICTURE_HEIGHT);
    struct canvas c = {.cr = cairo_create(surface), .painter = painter, .picture = picture};
    c.context = pango_font_map_create_context(painter->fonts);
    pango_context_set_language(c.context,
                               pango_language_from_string(language_tag(picture->language)));
    pango_cairo_update_context(c.cr, c.context);
    draw_all(&c);
    int r = cairo_status(c.cr) == CAIRO_STATUS_SUCCESS ? 0 : -ENOMEM;
    g_object_unref(c.context);
    cairo_destroy(c.cr);
    cairo_surface_flush(surface);
    if (r == 0)
        r = png_write((const uint32_t *)(const void *)cairo_image_surface_get_data(surface),
                      PICTURE_WIDTH, PICTURE_HEIGHT,
                      (size_t)cairo_image_surface_get_stride(surface) / sizeof(uint32_t), out);
    cairo_surface_destroy(surface);
    return r;
}

#ifdef __SANITIZE_ADDRESS__
/* fontconfig 2.14 loses a rule, once, when it reads its configuration. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig.so";
}
#endif

/* Pango ends the program where there is no font at all. */
static bool has_fonts(void)
{
    const FcFontSet *fonts = FcInit() ? FcConfigGetFonts(NULL, FcSetSystem) : NULL;
    return fonts && fonts->nfont > 0;
}

int painter_new(struct painter **ret, struct err *err)
{
    if (!has_fonts())
        return err_set(err, ENOENT, "there are no fonts");
    struct painter *painter = calloc(1, sizeof *painter);
    if (!painter)
        return err_errno(err, ENOMEM, "pictures");
    painter->fonts = pango_cairo_font_map_new();
    for (unsigned state = 0; state < LANE_STATES; state++)
        painter->tiles[state] = tile_of(state);
    *ret = painter;
    return 0;
}

void painter_free(struct painter *painter)
{
    if (!painter)
        return;
    for (unsigned state = 0; state < LANE_STATES; state++)
        cairo_surface_destroy(painter->tiles[state]);
    g_object_unref(painter->fonts);
    free(painter);
}

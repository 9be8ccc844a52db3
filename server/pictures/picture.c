#include "server/pictures/picture.h"

#include "sandbox/base/utf8.h"
#include "server/pictures/canvas.h"
#include "server/pictures/draw_bars.h"
#include "server/pictures/draw_lanes.h"
#include "server/pictures/png.h"

#include <errno.h>
#include <fontconfig/fontconfig.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_WANTED ((size_t)64 << 20)

/* ---- the head ---- */

/* The mark of web/src/favicon.svg, 32 units wide. */
static void draw_mark(cairo_t *cr, double x, double y, double size)
{
    static const double bars[][3] = {{5, 10, 14}, {18, 10, 27}, {5, 22, 9}, {13, 22, 27}};
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, size / 32, size / 32);
    path_rounded(cr, (struct box){0, 0, 32, 32}, 7);
    paint_with(cr, COLOUR_LOGO);
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
    paint_box(c->cr, (struct box){0, 0, PICTURE_WIDTH, PICTURE_HEIGHT}, COLOUR_PAGE);
    paint_box(c->cr, (struct box){0, 0, PICTURE_WIDTH, 8}, COLOUR_LOGO);
    draw_mark(c->cr, MARGIN, 36, 42);
    text_write_middle(c, MARGIN + 56, 57, 300, "Interleave",
                      (struct style){.size = 28, .bold = true, .colour = COLOUR_TEXT});
    text_write_middle(c, RIGHT - 640, 57, 640, c->picture->kind,
                      (struct style){.size = 24, .colour = COLOUR_MUTED, .right = true});
}

/* As large as it fits into a line, else into two smaller ones. Returns its bottom. */
static double draw_title(const struct canvas *c, double y)
{
    struct style style = {.size = 58, .bold = true, .colour = COLOUR_TEXT};
    const double most = RIGHT - MARGIN;
    PangoLayout *layout = text_lay_out(c, c->picture->title, most, style);
    if (pango_layout_is_ellipsized(layout)) {
        style.size = 46;
        style.lines = 2;
    }
    g_object_unref(layout);
    return y + text_write(c, MARGIN, y, most, c->picture->title, style).height;
}

enum { BADGE_HEIGHT = 46 };

/* A pill, filled or outlined; returns where the next one begins. */
static double draw_badge(const struct canvas *c, double x, double y, const char *text,
                         enum picture_tone tone, bool filled)
{
    char with_sign[TEXT_MAX];
    struct style style = {
        .size = 25, .bold = true, .colour = filled ? COLOUR_SURFACE : tone_colour(tone)};
    if (!text_given(text) || x + 80 > RIGHT)
        return x;
    snprintf(with_sign, sizeof with_sign, "%s%s", filled ? "" : tone_sign(tone), text);
    double most = RIGHT - x - 44, width = text_measure(c, most, with_sign, style).width;
    path_rounded(c->cr, (struct box){x + 1, y + 1, width + 42, BADGE_HEIGHT - 2},
                 BADGE_HEIGHT / 2.0 - 1);
    paint_with(c->cr, tone_colour(tone));
    cairo_set_line_width(c->cr, 2);
    if (filled)
        cairo_fill(c->cr);
    else
        cairo_stroke(c->cr);
    text_write_middle(c, x + 22, y + BADGE_HEIGHT / 2.0, most, with_sign, style);
    return x + width + 44 + 16;
}

/* How it ended, what came out, what that is. Returns its bottom. */
static double draw_verdict(const struct canvas *c, double y)
{
    const struct picture *p = c->picture;
    struct style style = {.size = 30, .bold = true, .colour = COLOUR_TEXT};
    if (!text_given(p->badge))
        return y;
    double x = draw_badge(c, MARGIN, y, p->badge, p->badge_tone, true);
    double rest = text_given(p->remark) ? 330 : 0; /* for the remark */
    if (text_given(p->result) && x + 60 < RIGHT - rest)
        x += text_write_middle(c, x, y + BADGE_HEIGHT / 2.0, RIGHT - rest - x, p->result, style) +
             20;
    draw_badge(c, x, y, p->remark, p->remark_tone, false);
    return y + BADGE_HEIGHT;
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
    if (!text_given(c->picture->summary) || lines < 1)
        return y;
    style.lines = lines > SUMMARY_LINES ? SUMMARY_LINES : (unsigned)lines;
    utf8_clean(text, sizeof text, c->picture->summary, strlen(c->picture->summary));
    bool fits = false;
    while (*text && !fits) {
        PangoLayout *layout = text_lay_out(c, text, width, style);
        fits = !pango_layout_is_ellipsized(layout);
        g_object_unref(layout);
        if (!fits)
            *sentence_end(text, text + strlen(text) - 1) = '\0';
    }
    return fits ? y + text_write(c, MARGIN, y, width, text, style).height : y;
}

/* What it teaches, in a frame of its own. */
static void draw_lesson(const struct canvas *c, double y, double bottom)
{
    const struct picture *p = c->picture;
    struct style style = {.size = 26, .colour = COLOUR_TEXT};
    const double width = RIGHT - MARGIN - 56;
    int lines = (int)((bottom - y - 90) / 40);
    if (!text_given(p->lesson) || lines < 1)
        return;
    style.lines = (unsigned)lines;
    double height = text_measure(c, width, p->lesson, style).height + 92;
    struct box panel = {MARGIN, bottom - height, RIGHT - MARGIN, height};
    paint_panel(c, panel);
    paint_box(c->cr, (struct box){panel.x, panel.y + 10, 6, panel.height - 20}, COLOUR_LOGO);
    text_write(c, MARGIN + 30, panel.y + 20, width, word(p->language, "lesson"),
               (struct style){.size = 22, .bold = true, .colour = COLOUR_ACCENT});
    text_write(c, MARGIN + 30, panel.y + 58, width, p->lesson, style);
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
        x += text_measure(c, 5000, text, style).width;
    text_write(c, MARGIN + 30, y, RIGHT - MARGIN - 50, text, style);
    if (!remark || x > RIGHT - 40)
        return;
    snprintf(text, sizeof text, "%.*s", (int)(n - code), remark);
    style.colour = COLOUR_MUTED;
    text_write(c, x, y, RIGHT - 20 - x, text, style);
}

/* The beginning of a program on a sheet that goes on below the picture. */
static void draw_code(const struct canvas *c, double top)
{
    const char *line = c->picture->code;
    paint_panel(c, (struct box){MARGIN, top, RIGHT - MARGIN, PICTURE_HEIGHT});
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
    double needed = lanes                 ? lanes_height(p)
                    : p->bar_count > 0    ? bars_height(p)
                    : text_given(p->code) ? 260
                                          : 200;
    y = draw_verdict(c, y) + (text_given(p->badge) ? 16 : 0);
    y = draw_summary(c, y, bottom - needed - 12) + 16;
    if (lanes)
        draw_lanes(c, y, bottom);
    else if (p->bar_count > 0)
        draw_bars(c, y, bottom);
    else if (text_given(p->code))
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
        painter->tiles[state] = state_tile(state);
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

#include "server/pictures/draw_bars.h"

#include "server/pictures/canvas.h"

#include <math.h>
#include <stdio.h>

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
        width =
            fmax(width, text_measure(c, 420, c->picture->bars[i].name, bar_style(height)).width);
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
    text_write_middle(c, MARGIN + 24, middle, names - 24, name, style);
    path_rounded(c->cr, (struct box){from, y + height * 0.16, width, height * 0.68},
                 fmin(4, width / 2));
    paint_with(c->cr, tone_colour(bar->tone));
    cairo_fill(c->cr);
    snprintf(name, sizeof name, "%s%s", tone_sign(bar->tone), bar->figure);
    style.bold = false;
    style.colour = tone_colour(bar->tone);
    text_write_middle(c, from + width + 14, middle, RIGHT - from - width - 24, name, style);
}

void draw_bars(const struct canvas *c, double top, double bottom)
{
    const struct picture *p = c->picture;
    size_t shown = p->bar_count > BARS_MOST ? BARS_MOST - 1 : p->bar_count;
    size_t more = p->bar_count - shown + p->more_bars;
    size_t rows = shown + (more > 0);
    double height = floor(fmin(BAR_ROW, (bottom - top - 24) / (double)rows));
    double y = bottom - 12 - height * (double)rows;
    paint_panel(c, (struct box){MARGIN, y - 12, RIGHT - MARGIN, bottom - y + 12});
    double names = names_width(c, shown, height);
    for (size_t i = 0; i < shown; i++)
        draw_bar(c, &p->bars[i], names, y + height * (double)i, height);
    if (more == 0)
        return;
    char text[64];
    snprintf(text, sizeof text, word(p->language, "more-outcomes"), (unsigned)more);
    text_write_middle(c, MARGIN + 24, y + height * ((double)shown + 0.5), 600, text,
                      (struct style){.size = fmin(24, height * 0.6), .colour = COLOUR_MUTED});
}

double bars_height(const struct picture *p)
{
    return BAR_ROW * fmin(BARS_MOST, (double)(p->bar_count + (p->more_bars > 0))) + 24;
}

#include "server/pictures/draw_lanes.h"

#include "server/pictures/canvas.h"
#include "sandbox/trace/kinds.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    LANES_MOST = 12,
    TASK_COLOURS = 8,
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
    double width = text_measure(c, 2000, name, style).width;
    if (width + 24 > bar.width)
        return;
    paint_box(c->cr, (struct box){bar.x + 6, bar.y + 2, width + 12, bar.height - 4},
              COLOUR_SURFACE);
    text_write_middle(c, bar.x + 12, bar.y + bar.height / 2, width + 2, name, style);
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
        chart->seen[LANE_HOLDING] |= state_holds(states[x]);
        if (states[x] == LANE_NONE)
            continue;
        paint_state(c, bar, states[x]);
        draw_label(c, bar, name_of(c, chart, row, (x + end) / 2.0));
    }
}

static void draw_name(const struct canvas *c, const struct chart *chart, unsigned row)
{
    unsigned task = chart->task[row];
    double y = chart->box.y + row * chart->row_height;
    paint_box(c->cr, (struct box){MARGIN + 1, y, 6, chart->row_height},
              COLOUR_LANE_0 + task % TASK_COLOURS);
    text_write_middle(c, MARGIN + 22, middle_of(chart, row), NAMES_WIDTH - 34,
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
    paint_through(c->cr, COLOUR_TEXT, count > 20 ? 0.35 : 0.6);
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
    paint_with(cr, COLOUR_ERROR);
    cairo_fill_preserve(cr);
    paint_with(cr, COLOUR_SURFACE);
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
        paint_box(c->cr, (struct box){x, top, 1, RULER + chart->box.height}, COLOUR_LINE);
        if (x + 8 + text_measure(c, 200, text, style).width < end)
            text_write_middle(c, x + 7, top + RULER / 2.0, 200, text, style);
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
        double width = text_measure(c, 300, name, style).width;
        if (x + 48 + width > RIGHT)
            break;
        paint_state(c, (struct box){x, y + LEGEND / 2.0 - 8, 36, 16}, known[i].state);
        text_write_middle(c, x + 45, y + LEGEND / 2.0, width + 2, name, style);
        x += 45 + width + 28;
    }
}

static void draw_more(const struct canvas *c, const struct chart *chart)
{
    char text[64];
    snprintf(text, sizeof text, word(c->picture->language, "more-tasks"), chart->more);
    text_write_middle(
        c, MARGIN + 22, middle_of(chart, chart->rows), 600, text,
        (struct style){.size = fmin(21, chart->row_height * 0.8), .colour = COLOUR_MUTED});
}

/* How high a row is, with so much room for all. */
static double row_height(unsigned rows, double room)
{
    return floor(fmin(LANE_HIGHEST, room / (rows ? rows : 1)));
}

void draw_lanes(const struct canvas *c, double top, double bottom)
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
    paint_panel(c, panel);
    cairo_save(c->cr);
    path_rounded(c->cr, panel, 10);
    cairo_clip(c->cr);
    draw_ruler(c, &chart);
    for (unsigned row = 0; row < rows; row++)
        paint_box(c->cr, (struct box){MARGIN, y + row * chart.row_height, RIGHT - MARGIN, 1},
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

double lanes_height(const struct picture *p)
{
    unsigned rows = p->trace->task_count > LANES_MOST ? LANES_MOST : p->trace->task_count;
    return rows * LANE_WANTED + RULER + LEGEND + 2;
}

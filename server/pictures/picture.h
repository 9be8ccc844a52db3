/*
 * The picture that stands for a page where its link is shown: 1200 × 630, in the light colours of
 * the pages, as PNG. Nothing outside this folder knows cairo and Pango. One thread at a time,
 * always the same one.
 */
#ifndef PICTURES_PICTURE_H
#define PICTURES_PICTURE_H

#include "sandbox/base/buf.h"
#include "sandbox/base/err.h"
#include "server/pictures/lanes.h"
#include "server/pictures/words.h"

enum { PICTURE_WIDTH = 1200, PICTURE_HEIGHT = 630 };

enum picture_tone { TONE_PLAIN, TONE_GOING, TONE_GOOD, TONE_NOTABLE, TONE_BAD };

/* An outcome of an experiment. */
struct picture_bar {
    const char *name;
    const char *figure; /* beside the bar, such as "8 × 24 %" */
    enum picture_tone tone;
    double share; /* of the longest bar, 0 to 1 */
};

/* What is drawn. Texts are any UTF-8 and may be NULL or ""; what is too long is cut. */
struct picture {
    enum language language;
    const char *title;
    const char *kind;           /* what sort of page it is */
    const char *badge, *remark; /* how it ended, and what that is */
    enum picture_tone badge_tone, remark_tone;
    const char *result;        /* between the two */
    const char *summary;       /* as much of it as there is room for */
    const char *code, *lesson; /* one of them, where there is nothing else to see */
    const struct trace *trace; /* with lanes; or NULL */
    const struct lanes *lanes;
    const struct picture_bar *bars;
    size_t bar_count;
    size_t more_bars; /* that are not among them */
};

struct painter;

/* Looks at the fonts of the machine: -ENOENT when there is none. */
int painter_new(struct painter **ret, struct err *err);
void painter_free(struct painter *painter);

/* Appends the PNG. Returns 0, -ENOMEM or out's error. */
int picture_draw(struct painter *painter, const struct picture *picture, struct buf *out);

#endif

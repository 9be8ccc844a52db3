/*
 * What the pages have in common that the server makes for a request: index.html with the title,
 * the description and what others show of a link to it (Open Graph), in the reader's language.
 */
#ifndef PAGES_PAGE_H
#define PAGES_PAGE_H

#include "server/api/app.h"
#include "server/pages/site.h"
#include "server/pictures/words.h"

enum { PAGE_MAX = 4 << 20 };

/* Any text, also one that somebody else wrote; it is escaped. */
struct page_head {
    enum language language;
    const char *title;       /* of the page and its link */
    const char *outcome;     /* behind the link's title, or "" */
    const char *description; /* cut where a preview would cut it */
    const char *pictured;    /* what there is to see in the picture */
};

/* What the reader prefers, by Accept-Language. */
enum language page_language(const struct request *request);

/* Appends the text as HTML has it, also within an attribute. */
void page_put_text(struct buf *out, const char *text);

/*
 * Writes the page of the request's address: its picture is at the address and /picture.png. `body`
 * writes what readers without scripts see and may be NULL. Replies; with the page as it was built
 * when that has not the places for all this.
 */
void page_reply(struct app *app, struct request *request, const struct page_head *head,
                void (*body)(void *context, struct buf *out), void *context);

/* What the catalogue says of a scenario, or NULL. For doc_free(). */
struct doc *page_scenario_read(const struct app *app, const char *id);

/* A run or an experiment as the API has it. 0 or -errno; for doc_free(). */
struct found_run;
struct found_experiment;
int page_run_read(struct app *app, struct store_reader *reader, const struct found_run *found,
                  size_t output, struct doc **ret);
int page_experiment_read(struct app *app, const struct found_experiment *found, struct doc **ret);

/* The title of a scenario, or its id when it is not there any more. */
const char *page_title(enum language language, const struct doc *scenario, const char *id);

/* How a run or an experiment's outcome ended, in words. */
const char *page_ended(enum language language, const struct doc *of);

/* What came out of an experiment: its text, or how it ended where the text says no more. */
const char *page_outcome(enum language language, const struct doc *outcome);

/* What the outcome that was declared means, or "". `of` has a member `rule`. */
const char *page_meaning(enum language language, const struct doc *scenario, const struct doc *of);

#endif

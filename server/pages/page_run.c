/* A run's page with what can be told of the run in it, for readers whose browser runs no scripts.
 */
#include "server/api/api.h"
#include "server/api/run_json.h"
#include "server/pages/page.h"

#include <stdio.h>
#include <string.h>

enum { PLAIN_OUTPUT = 32 << 10 };

struct page {
    enum language language;
    const struct doc *run, *scenario; /* the scenario may be NULL */
    struct buf *out;
};

/* ---- HTML ---- */

static void put(const struct page *p, const char *html)
{
    buf_adds(p->out, html);
}

static void put_text(const struct page *p, const char *text)
{
    page_put_text(p->out, text);
}

static void put_element(const struct page *p, const char *name, const char *text)
{
    buf_printf(p->out, "<%s>", name);
    put_text(p, text);
    buf_printf(p->out, "</%s>", name);
}

static void put_head(const struct page *p, const char *name)
{
    put_element(p, "h2", word(p->language, name));
}

/* A value as the address of a setup has it. */
static void put_value(const struct page *p, const struct doc *value)
{
    _cleanup_buf_ struct buf text = BUF_INIT(64 << 10);
    if (doc_string(value))
        put_text(p, doc_string(value));
    else if (doc_write(value, &text) == 0)
        put_text(p, buf_text(&text));
}

static int put_row(void *context, const char *name, const struct doc *value)
{
    const struct page *p = context;
    put(p, "<div>");
    put_element(p, "dt", name);
    put(p, "<dd>");
    put_value(p, value);
    put(p, "</dd></div>");
    return 0;
}

static void put_table(struct page *p, const char *head, const char *member)
{
    put_head(p, head);
    put(p, "<dl>");
    doc_each(doc_member(p->run, member), put_row, p);
    put(p, "</dl>");
}

/* ---- the page's parts ---- */

static bool is_done(const struct page *p)
{
    return strcmp(member_text(p->run, "status"), "done") == 0;
}

static void put_outcome(const struct page *p)
{
    const struct doc *outcome = doc_member(p->run, "outcome");
    put(p, "<p>");
    put_element(p, "strong", page_ended(p->language, p->run));
    if (doc_is_object(outcome)) {
        put(p, " ");
        put_element(p, "code", member_text(outcome, "text"));
        put(p, " ");
        put_text(p, worded(p->language, "class", member_text(outcome, "class")));
    }
    put(p, "</p>");
    const char *meaning = page_meaning(p->language, p->scenario, outcome);
    if (*meaning)
        put_element(p, "p", meaning);
    if (doc_is_object(doc_member(p->run, "explanation")))
        put_element(p, "p", said(p->language, doc_member(p->run, "explanation")));
}

static const char *title_of_check(const struct page *p, const char *name)
{
    const struct doc *checks = doc_member(p->scenario, "checks");
    for (size_t i = 0; i < doc_count(checks); i++)
        if (strcmp(member_text(doc_at(checks, i), "name"), name) == 0)
            return said(p->language, doc_member(doc_at(checks, i), "title"));
    return name;
}

static void put_checks(const struct page *p)
{
    const struct doc *checks = doc_member(p->run, "checks");
    if (doc_count(checks) == 0)
        return;
    put_head(p, "checks");
    put(p, "<ul>");
    for (size_t i = 0; i < doc_count(checks); i++) {
        const struct doc *check = doc_at(checks, i);
        bool held = false;
        doc_bool(doc_member(check, "held"), &held);
        put(p, held ? "<li>✓ " : "<li>✕ ");
        put_text(p, title_of_check(p, member_text(check, "name")));
        buf_printf(p->out, " (%s ", word(p->language, "expected"));
        put_element(p, "code", member_text(check, "expected"));
        buf_printf(p->out, ", %s ", word(p->language, "actual"));
        put_element(p, "code", member_text(check, "actual"));
        put(p, ")</li>");
    }
    put(p, "</ul>");
}

static void put_waits(const struct page *p)
{
    const struct doc *waits = doc_member(p->run, "waits_for");
    if (doc_count(waits) == 0)
        return;
    put_head(p, "waits");
    put(p, "<ul>");
    for (size_t i = 0; i < doc_count(waits); i++) {
        const struct doc *wait = doc_at(waits, i);
        put(p, "<li>");
        put_text(p, member_text(wait, "task"));
        put(p, " → ");
        put_text(p, member_text(wait, "object"));
        /* Who waits for a task to end waits for nobody else. */
        const char *holder = member_text(wait, "holder");
        if (*holder && strcmp(holder, member_text(wait, "object")) != 0) {
            put(p, " → ");
            put_text(p, holder);
        }
        put(p, "</li>");
    }
    put(p, "</ul>");
}

static void put_output(const struct page *p)
{
    bool truncated = false;
    const char *output = member_text(p->run, "output");
    put_head(p, "output");
    if (!*output)
        put_element(p, "p", word(p->language, "nothing"));
    else
        put_element(p, "pre", output);
    if (doc_bool(doc_member(p->run, "output_truncated"), &truncated) && truncated)
        put_element(p, "p", word(p->language, "truncated"));
}

static void put_links(const struct page *p, const char *id)
{
    static const char *const links[][2] = {{"/output", "output"},
                                           {"", "JSON"},
                                           {"/trace?format=json", "trace (JSON)"},
                                           {"/trace?format=csv", "trace (CSV)"},
                                           {"/trace?format=chrome", "trace (Perfetto)"}};
    put_head(p, "export");
    put(p, "<ul>");
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        buf_printf(p->out, "<li><a href=\"" API_PREFIX "/runs/%s%s\">%s</a></li>", id, links[i][0],
                   links[i][1]);
    put(p, "</ul>");
}

static void put_body(void *context, struct buf *out)
{
    struct page *p = context;
    p->out = out;
    put(p, p->language == CHINESE ? "<div class=\"page narrow plain\" lang=\"zh-CN\">"
                                  : "<div class=\"page narrow plain\" lang=\"en\">");
    put_element(p, "h1", page_title(p->language, p->scenario, member_text(p->run, "scenario")));
    put_element(p, "p", word(p->language, "scripts"));
    if (is_done(p)) {
        put_head(p, "outcome");
        put_outcome(p);
        put_checks(p);
        put_waits(p);
    } else {
        put_element(p, "p", word(p->language, "going"));
    }
    put_output(p);
    put_table(p, "setup", "params");
    put_table(p, "figures", "metrics");
    const char *lesson = said(p->language, doc_member(p->scenario, "lesson"));
    if (*lesson) {
        put_head(p, "lesson");
        put_element(p, "p", lesson);
    }
    put_links(p, member_text(p->run, "id"));
    put(p, "</div>");
}

/* ---- the reply ---- */

/* "Deadlock", or "count=19" of a run that came to something. */
static const char *outcome_of(const struct page *p)
{
    const char *text = member_text(doc_member(p->run, "outcome"), "text");
    bool completed = strcmp(member_text(p->run, "ended"), "completed") == 0;
    return completed && *text ? text : page_ended(p->language, p->run);
}

/* What is to be known of it in a few sentences. */
static void describe(const struct page *p, struct buf *out)
{
    const struct doc *outcome = doc_member(p->run, "outcome");
    const char *sentences[] = {page_meaning(p->language, p->scenario, outcome),
                               said(p->language, doc_member(p->run, "explanation")),
                               said(p->language, doc_member(p->scenario, "summary"))};
    buf_adds(out, page_ended(p->language, p->run));
    if (doc_is_object(outcome))
        buf_printf(out, ": %s (%s)", member_text(outcome, "text"),
                   worded(p->language, "class", member_text(outcome, "class")));
    buf_adds(out, p->language == CHINESE ? "。" : ".");
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++)
        if (*sentences[i])
            buf_printf(out, "%s%s", p->language == CHINESE ? "" : " ", sentences[i]);
}

static void reply(struct app *app, struct request *request, struct page *p)
{
    _cleanup_buf_ struct buf description = BUF_INIT(PAGE_MAX);
    describe(p, &description);
    const struct page_head head = {
        .language = p->language,
        .title = page_title(p->language, p->scenario, member_text(p->run, "scenario")),
        .outcome = outcome_of(p),
        .description = buf_text(&description),
        .pictured = word(p->language, "picture")};
    page_reply(app, request, &head, put_body, p);
}

void page_run(struct app *app, struct request *request, const char *id)
{
    struct doc *run = NULL;
    struct found_run found;
    int r = found_run(app, request, id, &found);
    if (r == 0) {
        r = page_run_read(app, app_reader(app, request), &found, PLAIN_OUTPUT, &run);
        found_run_release(&found);
    }
    if (r < 0) {
        site_reply(app->site, request);
        return;
    }
    struct doc *scenario = page_scenario_read(app, member_text(run, "scenario"));
    struct page page = {.language = page_language(request), .run = run, .scenario = scenario};
    reply(app, request, &page);
    doc_free(scenario);
    doc_free(run);
}

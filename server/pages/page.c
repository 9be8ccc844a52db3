#include "server/pages/page.h"

#include "server/api/experiment_json.h"
#include "server/api/run_json.h"
#include "server/clients/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DESCRIPTION_MAX = 300, HOST_MAX = 255, READ_MAX = 8 << 20 };

/* ---- for whom ---- */

/* The q of a range of Accept-Language, 1 when it has none. */
static double weight_of(const char *range, size_t n)
{
    const char *q = memmem(range, n, "q=", 2);
    return q ? strtod(q + 2, NULL) : 1;
}

enum language page_language(const struct request *request)
{
    const char *range = request_header(request, "Accept-Language");
    double best[LANGUAGES] = {0};
    for (size_t n; range && *range; range += n + (range[n] == ',')) {
        n = strcspn(range, ",");
        size_t blank = strspn(range, " ");
        enum language language = strncasecmp(range + blank, "zh", 2) == 0   ? CHINESE
                                 : strncasecmp(range + blank, "en", 2) == 0 ? ENGLISH
                                                                            : LANGUAGES;
        if (language < LANGUAGES && weight_of(range, n) > best[language])
            best[language] = weight_of(range, n);
    }
    return best[CHINESE] > best[ENGLISH] ? CHINESE : ENGLISH;
}

/* ---- what it is about ---- */

struct doc *page_scenario_read(const struct app *app, const char *id)
{
    const struct scenario_info *scenario = catalog_find(app->catalog, id);
    struct doc *read = NULL;
    if (scenario && doc_parse(&read, buf_text(&scenario->detail), scenario->detail.len, NULL) < 0)
        return NULL;
    return read;
}

int page_run_read(struct app *app, struct store_reader *reader, const struct found_run *found,
                  size_t output, struct doc **ret)
{
    _cleanup_buf_ struct buf json = BUF_INIT(READ_MAX);
    struct jsonw w = JSONW(&json);
    int r = 0;
    if (found->live)
        run_json_live(app, found->live, found->mine, output, &w);
    else
        r = run_json_row(app, reader, &found->row, found->mine, output, &w);
    if (r < 0 || buf_error(&json))
        return -EIO;
    return doc_parse(ret, json.data, json.len, NULL);
}

int page_experiment_read(struct app *app, const struct found_experiment *found, struct doc **ret)
{
    _cleanup_buf_ struct buf json = BUF_INIT(READ_MAX);
    struct jsonw w = JSONW(&json);
    experiment_json(app, found, &w);
    return buf_error(&json) ? -EIO : doc_parse(ret, json.data, json.len, NULL);
}

const char *page_title(enum language language, const struct doc *scenario, const char *id)
{
    const char *title = said(language, doc_member(scenario, "title"));
    return *title ? title : id;
}

const char *page_ended(enum language language, const struct doc *of)
{
    const char *ended = member_text(of, "ended");
    return *ended ? worded(language, "ended", ended)
                  : worded(language, "status", member_text(of, "status"));
}

const char *page_outcome(enum language language, const struct doc *outcome)
{
    const char *text = member_text(outcome, "text");
    return *text && strcmp(text, member_text(outcome, "ended")) != 0
               ? text
               : page_ended(language, outcome);
}

const char *page_meaning(enum language language, const struct doc *scenario, const struct doc *of)
{
    int64_t rule = -1;
    const struct doc *rules = doc_member(scenario, "outcomes");
    if (!doc_integer(doc_member(of, "rule"), &rule) || rule < 0 || (size_t)rule >= doc_count(rules))
        return "";
    return said(language, doc_member(doc_at(rules, (size_t)rule), "meaning"));
}

/* ---- HTML ---- */

static void put_escaped(struct buf *out, const char *text, size_t n)
{
    static const char signs[] = "&<>\"'";
    static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (size_t i = 0; i < n; i++) {
        const char *sign = strchr(signs, text[i]);
        if (sign)
            buf_adds(out, names[sign - signs]);
        else
            buf_add(out, &text[i], 1);
    }
}

void page_put_text(struct buf *out, const char *text)
{
    put_escaped(out, text, strlen(text));
}

/* The text's first characters, with an ellipsis for the rest; without the marks of code in it. */
static void put_beginning(struct buf *out, const char *text, size_t most)
{
    size_t n = strlen(text), cut = n <= most ? n : most;
    while (cut < n && cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80)
        cut--;
    for (size_t from = 0, to; from < cut; from = to + 1) {
        const char *mark = memchr(text + from, '`', cut - from);
        to = mark ? (size_t)(mark - text) : cut;
        put_escaped(out, text + from, to - from);
    }
    if (cut < n)
        buf_adds(out, "…");
}

static void put_meta(struct buf *out, const char *kind, const char *name, const char *text)
{
    buf_printf(out, "<meta %s=\"%s\" content=\"", kind, name);
    put_beginning(out, text, DESCRIPTION_MAX);
    buf_adds(out, "\">\n");
}

/* Whether it can be the host of an address. */
static bool is_host(const char *host)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  ".-_:[]";
    return host && *host && strlen(host) <= HOST_MAX && host[strspn(host, letters)] == '\0';
}

/* Where the page is, and its picture: addresses that hold for those who only have the page. */
static void put_addresses(struct buf *out, const struct request *request, enum language language)
{
    const struct client *client = client_of(request);
    const struct app *app = request_app(request);
    const char *host = client->host, *scheme = client->secure ? "https" : "http";
    if (!is_host(host) || !app->painter)
        return;
    buf_printf(out, "<meta property=\"og:url\" content=\"%s://%s", scheme, host);
    page_put_text(out, request_path(request));
    buf_printf(out, "\">\n<meta property=\"og:image\" content=\"%s://%s", scheme, host);
    page_put_text(out, request_path(request));
    buf_printf(out, "/picture.png?lang=%s\">\n", language_tag(language));
}

static void put_link(struct buf *out, const struct request *request, const struct page_head *head)
{
    static const char fixed[] = "<meta property=\"og:site_name\" content=\"Interleave\">\n"
                                "<meta property=\"og:type\" content=\"website\">\n"
                                "<meta property=\"og:image:type\" content=\"image/png\">\n"
                                "<meta property=\"og:image:width\" content=\"1200\">\n"
                                "<meta property=\"og:image:height\" content=\"630\">\n"
                                "<meta name=\"twitter:card\" content=\"summary_large_image\">\n";
    _cleanup_buf_ struct buf title = BUF_INIT(PAGE_MAX);
    buf_adds(&title, head->title);
    if (*head->outcome)
        buf_printf(&title, " – %s", head->outcome);
    put_meta(out, "name", "description", head->description);
    put_meta(out, "property", "og:title", buf_text(&title));
    put_meta(out, "property", "og:description", head->description);
    put_meta(out, "property", "og:locale", head->language == CHINESE ? "zh_CN" : "en_GB");
    put_addresses(out, request, head->language);
    put_meta(out, "property", "og:image:alt", head->pictured);
    buf_adds(out, fixed);
}

/* ---- the page ---- */

/* The rest of index.html. */
struct rest {
    const char *text;
};

/* Moves on to behind the mark. False when there is none. */
static bool skip(struct rest *rest, const char *mark)
{
    const char *found = strstr(rest->text, mark);
    if (found)
        rest->text = found + strlen(mark);
    return found != NULL;
}

/* The same, and writes what comes before the mark. */
static bool put_before(struct buf *out, struct rest *rest, const char *mark)
{
    const char *from = rest->text;
    if (!skip(rest, mark))
        return false;
    buf_add(out, from, (size_t)(rest->text - from) - strlen(mark));
    return true;
}

static int write_page(struct buf *out, struct rest index, const struct request *request,
                      const struct page_head *head, void (*body)(void *context, struct buf *out),
                      void *context)
{
    if (!put_before(out, &index, "<html lang=\"") || !skip(&index, "\""))
        return -ENOENT;
    buf_printf(out, "<html lang=\"%s\"", language_tag(head->language));
    if (!put_before(out, &index, "<meta name=\"description\"") || !skip(&index, ">\n"))
        return -ENOENT;
    put_link(out, request, head);
    if (!put_before(out, &index, "<title>"))
        return -ENOENT;
    buf_adds(out, "<title>");
    page_put_text(out, head->title);
    buf_adds(out, " – ");
    if (body && !put_before(out, &index, "<noscript>"))
        return -ENOENT;
    if (body) {
        buf_adds(out, "<noscript>");
        body(context, out);
    }
    buf_adds(out, index.text);
    return buf_error(out);
}

void page_reply(struct app *app, struct request *request, const struct page_head *head,
                void (*body)(void *context, struct buf *out), void *context)
{
    const char *index = site_index(app->site);
    _cleanup_buf_ struct buf out = BUF_INIT(PAGE_MAX);
    if (!index || write_page(&out, (struct rest){index}, request, head, body, context) < 0) {
        site_reply(app->site, request);
        return;
    }
    site_reply_headers(request);
    session_offer(request);
    request_reply_header(request, "Vary", "Accept-Language, Cookie");
    request_reply(request, 200, "text/html; charset=utf-8", &out);
}

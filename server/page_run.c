/* A run's page with what can be told of the run in it, for readers whose browser runs no scripts.
 */
#include "server/api.h"
#include "server/run_json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { PLAIN_OUTPUT = 32 << 10, PAGE_MAX = 4 << 20 };

enum language { ENGLISH, CHINESE, LANGUAGES };

struct page {
    enum language language;
    const struct doc *run, *scenario; /* the scenario may be NULL */
    struct buf *out;
};

/* ---- words ---- */

static const char *const words[][1 + LANGUAGES] = {
    {"ended:completed", "Ran to its end", "正常运行完毕"},
    {"ended:deadlock", "Deadlock", "死锁"},
    {"ended:livelock", "Livelock", "活锁"},
    {"ended:timeout", "Still waiting at the time limit", "到时限仍在等待"},
    {"ended:stopped", "Stopped on the way", "停在半路"},
    {"ended:replay-failed", "Could not be replayed", "无法重放"},
    {"ended:output-limit", "Stopped: too much output", "输出过多，已停止"},
    {"ended:memory-limit", "Stopped: too much memory", "内存超限，已停止"},
    {"ended:task-limit", "Stopped: too many tasks", "任务过多，已停止"},
    {"ended:crashed", "Crashed", "崩溃"},
    {"ended:cancelled", "Cancelled", "已取消"},
    {"ended:internal-error", "The playground failed", "平台出错"},
    {"class:acceptable", "As it should be", "符合预期"},
    {"class:interesting", "Worth a look", "值得留意"},
    {"class:forbidden", "Must not happen", "不应发生"},
    {"going", "It has not ended yet: load this page again.", "还没有结束：请稍后重新载入。"},
    {"scripts",
     "The timeline is drawn with JavaScript, which is off here. This is what the run left.",
     "时间线需要 JavaScript，这里没有启用。以下是这次运行留下的内容。"},
    {"outcome", "What came out", "结果"},
    {"checks", "Checks", "检查"},
    {"expected", "expected", "预期"},
    {"actual", "got", "实际"},
    {"waits", "Who waits for whom", "谁在等谁"},
    {"output", "Output", "输出"},
    {"nothing", "It printed nothing.", "没有任何输出。"},
    {"truncated", "There is more of it.", "后面还有。"},
    {"setup", "Setup", "设置"},
    {"figures", "Figures", "数据"},
    {"lesson", "What it teaches", "要点"},
    {"export", "Take it along", "导出"},
};

static const char *word(const struct page *p, const char *name)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i][0], name) == 0)
            return words[i][1 + p->language];
    return strchr(name, ':') ? strchr(name, ':') + 1 : name; /* a new one */
}

/* "completed", an end, in words. */
static const char *worded(const struct page *p, const char *kind, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "%s:%s", kind, name);
    const char *found = word(p, key);
    return found == key + strlen(kind) + 1 ? name : found;
}

/* Of a text in both languages. */
static const char *said(const struct page *p, const struct doc *text)
{
    static const char *const names[] = {[ENGLISH] = "en", [CHINESE] = "zh"};
    const char *found = doc_string(doc_member(text, names[p->language]));
    return found ? found : "";
}

static const char *member_text(const struct doc *object, const char *name)
{
    const char *text = doc_string(doc_member(object, name));
    return text ? text : "";
}

/* ---- HTML ---- */

static void put(const struct page *p, const char *html)
{
    buf_adds(p->out, html);
}

static void put_text(const struct page *p, const char *text)
{
    static const char signs[] = "&<>\"";
    static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
    for (size_t n; *text; text += n) {
        const char *sign = strchr(signs, *text);
        n = sign ? 1 : strcspn(text, signs);
        if (sign)
            put(p, names[sign - signs]);
        else
            buf_add(p->out, text, n);
    }
}

static void put_element(const struct page *p, const char *name, const char *text)
{
    buf_printf(p->out, "<%s>", name);
    put_text(p, text);
    buf_printf(p->out, "</%s>", name);
}

static void put_head(const struct page *p, const char *name)
{
    put_element(p, "h2", word(p, name));
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

static void put_outcome(const struct page *p)
{
    const struct doc *outcome = doc_member(p->run, "outcome");
    int64_t rule = -1;
    put(p, "<p>");
    put_element(p, "strong", worded(p, "ended", member_text(p->run, "ended")));
    if (doc_is_object(outcome)) {
        put(p, " ");
        put_element(p, "code", member_text(outcome, "text"));
        put(p, " ");
        put_text(p, worded(p, "class", member_text(outcome, "class")));
        doc_integer(doc_member(outcome, "rule"), &rule);
    }
    put(p, "</p>");
    const struct doc *rules = doc_member(p->scenario, "outcomes");
    if (rule >= 0 && (size_t)rule < doc_count(rules))
        put_element(p, "p", said(p, doc_member(doc_at(rules, (size_t)rule), "meaning")));
    if (doc_is_object(doc_member(p->run, "explanation")))
        put_element(p, "p", said(p, doc_member(p->run, "explanation")));
}

static const char *title_of_check(const struct page *p, const char *name)
{
    const struct doc *checks = doc_member(p->scenario, "checks");
    for (size_t i = 0; i < doc_count(checks); i++)
        if (strcmp(member_text(doc_at(checks, i), "name"), name) == 0)
            return said(p, doc_member(doc_at(checks, i), "title"));
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
        buf_printf(p->out, " (%s ", word(p, "expected"));
        put_element(p, "code", member_text(check, "expected"));
        buf_printf(p->out, ", %s ", word(p, "actual"));
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
        put_element(p, "p", word(p, "nothing"));
    else
        put_element(p, "pre", output);
    if (doc_bool(doc_member(p->run, "output_truncated"), &truncated) && truncated)
        put_element(p, "p", word(p, "truncated"));
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

static const char *title_of(const struct page *p)
{
    const char *title = said(p, doc_member(p->scenario, "title"));
    return *title ? title : member_text(p->run, "scenario");
}

static void put_body(struct page *p)
{
    put(p, p->language == CHINESE ? "<div class=\"page narrow plain\" lang=\"zh-CN\">"
                                  : "<div class=\"page narrow plain\" lang=\"en\">");
    put_element(p, "h1", title_of(p));
    put_element(p, "p", word(p, "scripts"));
    if (strcmp(member_text(p->run, "status"), "done") == 0) {
        put_head(p, "outcome");
        put_outcome(p);
        put_checks(p);
        put_waits(p);
    } else {
        put_element(p, "p", word(p, "going"));
    }
    put_output(p);
    put_table(p, "setup", "params");
    put_table(p, "figures", "metrics");
    const char *lesson = said(p, doc_member(p->scenario, "lesson"));
    if (*lesson) {
        put_head(p, "lesson");
        put_element(p, "p", lesson);
    }
    put_links(p, member_text(p->run, "id"));
    put(p, "</div>");
}

/* ---- the reply ---- */

/* The index up to and with the mark; the rest of it follows. Returns false when it has no mark. */
static bool put_until(const struct page *p, const char **index, const char *mark)
{
    const char *end = strstr(*index, mark);
    if (!end)
        return false;
    end += strlen(mark);
    buf_add(p->out, *index, (size_t)(end - *index));
    *index = end;
    return true;
}

static int write_page(struct page *p, const char *index)
{
    if (!put_until(p, &index, "<title>"))
        return -ENOENT;
    put_text(p, title_of(p));
    put(p, " – ");
    if (!put_until(p, &index, "<noscript>"))
        return -ENOENT;
    put_body(p);
    put(p, index);
    return buf_error(p->out);
}

static int read_run(struct app *app, struct request *request, const char *id, struct doc **ret)
{
    struct found_run found;
    int r = found_run(app, request, id, &found);
    if (r < 0)
        return r;
    _cleanup_buf_ struct buf json = BUF_INIT(PAGE_MAX);
    struct jsonw w = JSONW(&json);
    if (found.live)
        run_json_live(app, found.live, found.mine, PLAIN_OUTPUT, &w);
    else
        r = run_json_row(app, app_reader(app, request), &found.row, found.mine, PLAIN_OUTPUT, &w);
    found_run_release(&found);
    if (r < 0 || buf_error(&json))
        return -EIO;
    return doc_parse(ret, json.data, json.len, NULL);
}

static struct doc *read_scenario(struct app *app, const char *id)
{
    const struct scenario_info *scenario = catalog_find(app->catalog, id);
    struct doc *read = NULL;
    if (scenario && doc_parse(&read, buf_text(&scenario->detail), scenario->detail.len, NULL) < 0)
        return NULL;
    return read;
}

void page_run(struct app *app, struct request *request, const char *id)
{
    struct doc *run = NULL;
    const char *index = site_index(app->site);
    const char *wanted = request_header(request, "Accept-Language");
    if (!index || read_run(app, request, id, &run) < 0) {
        site_reply(app->site, request);
        return;
    }
    struct doc *scenario = read_scenario(app, member_text(run, "scenario"));
    _cleanup_buf_ struct buf out = BUF_INIT(PAGE_MAX);
    struct page page = {.language = wanted && strncasecmp(wanted, "zh", 2) == 0 ? CHINESE : ENGLISH,
                        .run = run,
                        .scenario = scenario,
                        .out = &out};
    int r = write_page(&page, index);
    doc_free(scenario);
    doc_free(run);
    if (r < 0) {
        site_reply(app->site, request);
        return;
    }
    site_reply_headers(request);
    request_reply_header(request, "Vary", "Accept-Language, Cookie");
    request_reply(request, 200, "text/html; charset=utf-8", &out);
}

/* The pages of a scenario and of an experiment, for those who only read their heads. */
#include "server/api/api.h"
#include "server/api/experiment_json.h"
#include "server/pages/page.h"

#include <string.h>

void page_scenario(struct app *app, struct request *request, const char *id)
{
    struct doc *scenario = page_scenario_read(app, id);
    enum language language = page_language(request);
    if (!scenario) {
        site_reply(app->site, request);
        return;
    }
    const struct page_head head = {.language = language,
                                   .title = page_title(language, scenario, id),
                                   .outcome = "",
                                   .description = said(language, doc_member(scenario, "summary")),
                                   .pictured = said(language, doc_member(scenario, "summary"))};
    page_reply(app, request, &head, NULL, NULL);
    doc_free(scenario);
}

/* "count=2 ×13, count=-1 ×8, …" */
static void describe(const struct doc *experiment, enum language language, struct buf *out)
{
    const struct doc *outcomes = doc_member(experiment, "outcomes");
    for (size_t i = 0; i < doc_count(outcomes); i++) {
        const struct doc *outcome = doc_at(outcomes, i);
        int64_t count = 0;
        doc_integer(doc_member(outcome, "count"), &count);
        buf_printf(out, "%s%s ×%lld", i > 0 ? ", " : "", page_outcome(language, outcome),
                   (long long)count);
    }
}

static void reply_experiment(struct app *app, struct request *request, const struct doc *experiment)
{
    enum language language = page_language(request);
    const char *id = member_text(experiment, "scenario");
    struct doc *scenario = page_scenario_read(app, id);
    _cleanup_buf_ struct buf description = BUF_INIT(PAGE_MAX);
    describe(experiment, language, &description);
    const struct page_head head = {.language = language,
                                   .title = page_title(language, scenario, id),
                                   .outcome =
                                       worded(language, "kind", member_text(experiment, "kind")),
                                   .description = buf_text(&description),
                                   .pictured = word(language, "pictured-outcomes")};
    page_reply(app, request, &head, NULL, NULL);
    doc_free(scenario);
}

void page_experiment(struct app *app, struct request *request, const char *id)
{
    struct doc *experiment = NULL;
    struct found_experiment found;
    int r = found_experiment(app, request, id, &found);
    if (r == 0) {
        r = page_experiment_read(app, &found, &experiment);
        found_experiment_release(&found);
    }
    if (r < 0)
        site_reply(app->site, request);
    else
        reply_experiment(app, request, experiment);
    doc_free(experiment);
}

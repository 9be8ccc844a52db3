#include "server/api/api.h"
#include "server/http/problem.h"

#include <string.h>

void api_scenario_list(struct app *app, struct request *request, const char *id)
{
    (void)id;
    const char *family = request_query(request, "family");
    const char *text = request_query(request, "q");
    _cleanup_buf_ struct buf out = BUF_INIT(16u << 20);
    struct jsonw w = JSONW(&out);
    jsonw_open(&w, '{');
    jsonw_name(&w, "scenarios");
    jsonw_open(&w, '[');
    for (size_t i = 0; i < catalog_count(app->catalog); i++) {
        const struct scenario_info *s = catalog_at(app->catalog, i);
        if ((!family || strcmp(family, s->family) == 0) && (!text || scenario_matches(s, text)))
            jsonw_raw(&w, buf_text(&s->brief), s->brief.len);
    }
    jsonw_close(&w, ']');
    jsonw_close(&w, '}');
    request_reply(request, 200, JSON_TYPE, &out);
}

static const struct scenario_info *find(struct app *app, struct request *request, const char *id)
{
    const struct scenario_info *s = catalog_find(app->catalog, id);
    if (!s)
        problem_reply(request, 404, "there is no scenario of that name");
    return s;
}

void api_scenario_get(struct app *app, struct request *request, const char *id)
{
    const struct scenario_info *s = find(app, request, id);
    if (s)
        request_reply_text(request, 200, JSON_TYPE, buf_text(&s->detail));
}

void api_scenario_source(struct app *app, struct request *request, const char *id)
{
    const struct scenario_info *s = find(app, request, id);
    if (s)
        request_reply_text(request, 200, "text/x-c; charset=utf-8", s->source);
}

#include "server/api/workshop_json.h"

#include "server/clients/session.h"
#include "server/http/problem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int workshop_find(struct app *app, struct request *request, const char *id,
                  struct store_workshop *ret)
{
    char normal[WORKSHOP_ID_SIZE];
    *ret = (struct store_workshop){0};
    return workshop_normalise(id, normal)
               ? store_find_workshop(app_reader(app, request), normal, ret)
               : -ENOENT;
}

int workshop_find_or_reply(struct app *app, struct request *request, const char *id,
                           struct store_workshop *ret)
{
    int r = workshop_find(app, request, id, ret);
    if (r == -ENOENT)
        problem_reply(request, 404, "there is no workshop of that id");
    else if (r < 0)
        problem_reply(request, 500, "the workshop cannot be read");
    return r;
}

bool workshop_may_change(const struct app *app, const struct request *request,
                         const struct store_workshop *workshop)
{
    return session_has_token(request, workshop->key) ||
           session_has_token(request, app->config->admin_token);
}

static void write_links(struct jsonw *w, const char *id)
{
    static const struct {
        const char *name, *format;
    } links[] = {{"self", API_PREFIX "/workshops/%s"},
                 {"page", "/w/%s"},
                 {"board_page", "/w/%s/board"},
                 {"board", API_PREFIX "/workshops/%s/board"},
                 {"events", API_PREFIX "/workshops/%s/board/events"}};
    char text[96];
    jsonw_name(w, "links");
    jsonw_open(w, '{');
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        snprintf(text, sizeof text, links[i].format, id);
        jsonw_put_string(w, links[i].name, text);
    }
    jsonw_close(w, '}');
}

void workshop_write(const struct store_workshop *workshop, bool may_change, bool with_key,
                    struct jsonw *w)
{
    jsonw_open(w, '{');
    jsonw_put_string(w, "id", workshop->id);
    if (with_key)
        jsonw_put_string(w, "instructor_key", workshop->key);
    jsonw_put_bool(w, "may_change", may_change);
    jsonw_put_string(w, "title", workshop->title);
    jsonw_put_bool(w, "closed", workshop->closed);
    jsonw_name(w, "steps");
    jsonw_raw(w, workshop->steps, strlen(workshop->steps));
    jsonw_put_time(w, "created_at", workshop->created_ms);
    write_links(w, workshop->id);
    jsonw_close(w, '}');
}

#include "server/routes.h"

#include "server/api.h"
#include "server/problem.h"

#include <stdio.h>
#include <string.h>

enum { ID_MAX = 80 };

static const struct route {
    enum method method;
    const char *pattern; /* at most one {id}, which is one segment */
    api_handler *handle;
} routes[] = {
    {METHOD_GET, API_PREFIX "/scenarios", api_scenario_list},
    {METHOD_GET, API_PREFIX "/scenarios/{id}", api_scenario_get},
    {METHOD_GET, API_PREFIX "/scenarios/{id}/source", api_scenario_source},
    {METHOD_GET, API_PREFIX "/runs", api_run_list},
    {METHOD_POST, API_PREFIX "/runs", api_run_new},
    {METHOD_GET, API_PREFIX "/runs/{id}", api_run_get},
    {METHOD_DELETE, API_PREFIX "/runs/{id}", api_run_delete},
    {METHOD_GET, API_PREFIX "/runs/{id}/events", api_run_events},
    {METHOD_GET, API_PREFIX "/runs/{id}/output", api_run_output},
    {METHOD_GET, API_PREFIX "/runs/{id}/trace", api_run_trace},
    {METHOD_GET, API_PREFIX "/experiments", api_experiment_list},
    {METHOD_POST, API_PREFIX "/experiments", api_experiment_new},
    {METHOD_GET, API_PREFIX "/experiments/{id}", api_experiment_get},
    {METHOD_DELETE, API_PREFIX "/experiments/{id}", api_experiment_delete},
    {METHOD_GET, API_PREFIX "/experiments/{id}/events", api_experiment_events},
    {METHOD_GET, API_PREFIX "/limits", api_limits},
    {METHOD_GET, "/r/{id}", page_run},
    {METHOD_GET, "/healthz", api_healthz},
    {METHOD_GET, "/readyz", api_readyz},
    {METHOD_GET, "/metrics", api_metrics},
};

static const struct {
    enum method method;
    const char *name;
} method_names[] = {{METHOD_GET, "GET, HEAD"},
                    {METHOD_POST, "POST"},
                    {METHOD_PUT, "PUT"},
                    {METHOD_DELETE, "DELETE"}};

/* Whether the path fits; `id` holds ID_MAX bytes and receives the segment at {id}. */
static bool matches(const char *pattern, const char *path, char *id)
{
    id[0] = '\0';
    while (*pattern && *pattern != '{' && *pattern == *path)
        pattern++, path++;
    if (*pattern != '{')
        return *pattern == *path;
    size_t n = strcspn(path, "/");
    if (n == 0 || n >= ID_MAX || strcmp(path + n, pattern + strlen("{id}")) != 0)
        return false;
    memcpy(id, path, n);
    id[n] = '\0';
    return true;
}

static void reply_not_allowed(struct request *request, unsigned allowed)
{
    char allow[64] = "";
    for (size_t i = 0; i < sizeof method_names / sizeof method_names[0]; i++)
        if (allowed & 1u << method_names[i].method)
            snprintf(allow + strlen(allow), sizeof allow - strlen(allow), "%s%s",
                     *allow ? ", " : "", method_names[i].name);
    request_reply_header(request, "Allow", allow);
    problem_reply(request, 405, "this address does not take that method");
}

void routes_handle(struct request *request)
{
    struct app *app = request_app(request);
    const char *path = request_path(request);
    char id[ID_MAX];
    unsigned allowed = 0;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (!matches(routes[i].pattern, path, id))
            continue;
        if (routes[i].method == request_method(request)) {
            routes[i].handle(app, request, id);
            return;
        }
        allowed |= 1u << routes[i].method;
    }
    if (allowed)
        reply_not_allowed(request, allowed);
    else if (strcmp(path, "/api") == 0 || strncmp(path, "/api/", 5) == 0)
        problem_reply(request, 404, "there is nothing at this address");
    else
        site_reply(app->site, request);
}

void routes_refuse(struct request *request, unsigned status, const char *detail)
{
    problem_reply(request, status, detail);
}

#include "server/routes.h"

#include "sandbox/base/clock.h"
#include "server/api/api.h"
#include "server/base/log.h"
#include "server/http/problem.h"
#include "server/pages/site.h"

#include <inttypes.h>
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
    {METHOD_PUT, API_PREFIX "/runs/{id}", api_run_keep},
    {METHOD_DELETE, API_PREFIX "/runs/{id}", api_run_delete},
    {METHOD_GET, API_PREFIX "/runs/{id}/events", api_run_events},
    {METHOD_GET, API_PREFIX "/runs/{id}/output", api_run_output},
    {METHOD_GET, API_PREFIX "/runs/{id}/trace", api_run_trace},
    {METHOD_GET, API_PREFIX "/experiments", api_experiment_list},
    {METHOD_POST, API_PREFIX "/experiments", api_experiment_new},
    {METHOD_GET, API_PREFIX "/experiments/{id}", api_experiment_get},
    {METHOD_PUT, API_PREFIX "/experiments/{id}", api_experiment_keep},
    {METHOD_DELETE, API_PREFIX "/experiments/{id}", api_experiment_delete},
    {METHOD_GET, API_PREFIX "/experiments/{id}/events", api_experiment_events},
    {METHOD_POST, API_PREFIX "/workshops", api_workshop_new},
    {METHOD_GET, API_PREFIX "/workshops/{id}", api_workshop_get},
    {METHOD_PUT, API_PREFIX "/workshops/{id}", api_workshop_put},
    {METHOD_DELETE, API_PREFIX "/workshops/{id}", api_workshop_delete},
    {METHOD_GET, API_PREFIX "/workshops/{id}/board", api_board_get},
    {METHOD_GET, API_PREFIX "/workshops/{id}/board/events", api_board_events},
    {METHOD_GET, API_PREFIX "/limits", api_limits},
    {METHOD_GET, API_PREFIX "/openapi.json", api_openapi},
    {METHOD_GET, "/openapi.json", api_openapi},
    {METHOD_GET, "/r/{id}", page_run},
    {METHOD_GET, "/r/{id}/picture.png", picture_run},
    {METHOD_GET, "/s/{id}", page_scenario},
    {METHOD_GET, "/s/{id}/picture.png", picture_scenario},
    {METHOD_GET, "/x/{id}", page_experiment},
    {METHOD_GET, "/x/{id}/picture.png", picture_experiment},
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

/* The methods of the set as in Allow. */
struct method_list {
    char text[64];
};
static struct method_list list_methods(unsigned set)
{
    struct method_list list = {""};
    for (size_t i = 0; i < sizeof method_names / sizeof method_names[0]; i++)
        if (set & 1u << method_names[i].method)
            snprintf(list.text + strlen(list.text), sizeof list.text - strlen(list.text), "%s%s",
                     *list.text ? ", " : "", method_names[i].name);
    return list;
}

/* The route of the request, or NULL and which methods its path has, as a set. */
static const struct route *find_route(const struct request *request, char *id,
                                      unsigned *ret_methods)
{
    const struct route *found = NULL;
    char other[ID_MAX];
    *ret_methods = 0;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (!matches(routes[i].pattern, request_path(request), found ? other : id))
            continue;
        *ret_methods |= 1u << routes[i].method;
        if (routes[i].method == request_method(request))
            found = &routes[i];
    }
    return found;
}

static bool is_api(const char *path)
{
    return strcmp(path, "/api") == 0 || strncmp(path, "/api/", 5) == 0;
}

/* ---- what is let through ---- */

/* Whether it asks for something that costs more than an answer. */
static bool is_post(const struct request *request)
{
    return request_method(request) == METHOD_POST || request_method(request) == METHOD_PUT;
}

/* What the reply says of the rates: RateLimit-Policy and RateLimit. */
static void reply_rates(const struct app *app, struct request *request, const struct rate_ask *asks,
                        unsigned n)
{
    char policy[128] = "", standing[128] = "";
    for (unsigned i = 0; i < n; i++) {
        const char *name = rate_kind_text(asks[i].kind), *comma = *policy ? ", " : "";
        struct quota quota = rates_quota(app->rates, asks[i].kind);
        size_t used = strlen(policy), stands = strlen(standing);
        if (quota.requests == 0)
            continue;
        snprintf(policy + used, sizeof policy - used, "%s\"%s\";q=%" PRIu64 ";w=%" PRIu64, comma,
                 name, quota.requests, quota.seconds);
        snprintf(standing + stands, sizeof standing - stands, "%s\"%s\";r=%" PRIu64 ";t=%" PRIu64,
                 comma, name, asks[i].standing.remaining, asks[i].standing.reset);
    }
    if (*policy) {
        request_reply_header(request, "RateLimit-Policy", policy);
        request_reply_header(request, "RateLimit", standing);
    }
}

static void reply_too_often(struct app *app, struct request *request, const struct rate_ask *empty)
{
    static const char *const whose[] = {[RATE_CLIENT] = "you asked for more than",
                                        [RATE_ADDRESS] = "all at your address asked for more than",
                                        [RATE_READS] = "all at your address read more than"};
    static const enum refused_reason reasons[] = {[RATE_CLIENT] = REFUSED_CLIENT_RATE,
                                                  [RATE_ADDRESS] = REFUSED_ADDRESS_RATE,
                                                  [RATE_READS] = REFUSED_READ_RATE};
    struct quota quota = rates_quota(app->rates, empty->kind);
    char detail[128];
    snprintf(detail, sizeof detail, "%s %" PRIu64 " in %" PRIu64 " seconds", whose[empty->kind],
             quota.requests, quota.seconds);
    refused_count(&app->refused, reasons[empty->kind]);
    problem_reply_later(request, 429, (unsigned)empty->standing.retry, detail);
}

/*
 * False when somebody asks too often: the request has its answer then. The loopback's address is
 * this machine's own, or a proxy's that was not named and has everybody behind it, so what is
 * counted by address does not count there.
 */
static bool asks_seldom_enough(struct app *app, struct request *request,
                               const struct client *client)
{
    struct rate_ask asks[2];
    unsigned n = 0;
    if (is_post(request))
        asks[n++] = (struct rate_ask){.kind = RATE_CLIENT, .who = client->key_hash};
    if (!client->local)
        asks[n++] = (struct rate_ask){.kind = is_post(request) ? RATE_ADDRESS : RATE_READS,
                                      .who = client->address_hash};
    if (n == 0)
        return true;
    const struct rate_ask *empty = rates_take(app->rates, asks, n, clock_ns());
    if (is_post(request) || empty)
        reply_rates(app, request, asks, n);
    if (empty)
        reply_too_often(app, request, empty);
    return !empty;
}

/* False when too many requests of the address are open: the request has its answer then. */
static bool has_room(struct app *app, struct request *request, const struct client *client)
{
    char detail[96];
    if (request_admit(request, client_holder(client)) == 0)
        return true;
    snprintf(detail, sizeof detail, "%" PRIu64 " requests of your address are open already",
             http_share(app->config->connections));
    refused_count(&app->refused, REFUSED_ADDRESS_REQUESTS);
    problem_reply_later(request, 429, 2, detail);
    return false;
}

static bool is_json(const struct request *request)
{
    static const char json[] = "application/json";
    const char *type = request_header(request, "Content-Type");
    return type && strncasecmp(type, json, sizeof json - 1) == 0 &&
           strchr("; \t", type[sizeof json - 1]);
}

/* False when the request may not change anything: it has its answer then. */
static bool may_change(struct app *app, struct request *request, const struct client *client)
{
    if (!origin_may_change(&app->origins, request, client)) {
        refused_count(&app->refused, REFUSED_ORIGIN);
        problem_reply(request, 403,
                      "a page of another origin may not change anything here; --cors-origins can "
                      "allow it, and a proxy has to pass Host on");
        return false;
    }
    if (is_post(request) && !is_json(request)) {
        refused_count(&app->refused, REFUSED_MEDIA_TYPE);
        problem_reply(request, 415, "the body must be application/json");
        return false;
    }
    return true;
}

/* ---- the handler ---- */

static void reply_without_route(struct app *app, struct request *request, unsigned methods)
{
    bool api = is_api(request_path(request));
    if (methods && api && request_method(request) == METHOD_OPTIONS &&
        origins_open(&app->origins)) {
        origin_reply_preflight(&app->origins, request, list_methods(methods).text);
    } else if (methods) {
        request_reply_header(request, "Allow", list_methods(methods).text);
        problem_reply(request, 405, "this address does not take that method");
    } else if (api) {
        problem_reply(request, 404, "there is nothing at this address");
    } else {
        site_reply(app->site, request);
    }
}

void routes_handle(struct request *request)
{
    struct app *app = request_app(request);
    char id[ID_MAX];
    unsigned methods;
    struct client *client = client_meet(&app->clients, request);
    const struct route *route = find_route(request, id, &methods);
    if (!client) {
        problem_reply(request, 500, "out of memory");
        return;
    }
    if (origin_is_stranger(&app->origins, request, client))
        client_estrange(&app->clients, client);
    client->route = route ? route->pattern : is_api(request_path(request)) ? NULL : "/*";
    if (is_api(request_path(request)) && request_method(request) != METHOD_OPTIONS)
        origin_reply_headers(&app->origins, request);
    if (!has_room(app, request, client) || !asks_seldom_enough(app, request, client))
        return;
    if (!route)
        reply_without_route(app, request, methods);
    else if (route->method == METHOD_GET || may_change(app, request, client))
        route->handle(app, request, id);
}

void routes_refuse(struct request *request, unsigned status, const char *detail)
{
    problem_reply(request, status, detail);
}

uint64_t routes_whose(void *context, const struct sockaddr *peer)
{
    const struct app *app = context;
    return clients_holder(&app->clients, peer);
}

static void log_request(const struct request *request, const struct exchange *exchange)
{
    const struct client *client = client_of(request);
    char id[20] = "-";
    if (client)
        snprintf(id, sizeof id, "%012" PRIx64, client->key_hash >> 16);
    const struct log_field fields[] = {
        {.name = "event", .text = "request"},
        {.name = "method", .text = request_method_text(request)},
        {.name = "route", .text = client && client->route ? client->route : "-"},
        {.name = "status", .number = exchange->status},
        /* NOLINTNEXTLINE(bugprone-integer-division): whole microseconds */
        {.name = "ms", .number = (double)(exchange->duration_ns / 1000) / 1000},
        {.name = "bytes", .number = (double)exchange->bytes},
        {.name = "client", .text = id},
    };
    log_fields(LOG_INFO, fields, sizeof fields / sizeof fields[0]);
}

void routes_done(struct request *request, const struct exchange *exchange)
{
    if (log_shows(LOG_INFO))
        log_request(request, exchange);
}

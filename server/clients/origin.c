#include "server/clients/origin.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* For so long a browser need not ask again; the longest that all of them keep. */
#define PREFLIGHT_SECONDS "600"

/* ---- the list ---- */

/* What follows "http://" or "https://", or NULL. */
static const char *host_of(const char *origin)
{
    return strncmp(origin, "http://", 7) == 0    ? origin + 7
           : strncmp(origin, "https://", 8) == 0 ? origin + 8
                                                 : NULL;
}

static bool is_origin(const char *text)
{
    const char *host = host_of(text);
    if (!host || *host == '\0')
        return false;
    for (const char *p = host; *p; p++)
        if (isupper((unsigned char)*p) || (!isalnum((unsigned char)*p) && !strchr("-._:[]", *p)))
            return false;
    return true;
}

static int add(struct origins *origins, const char *text, size_t n, struct err *err)
{
    char *out = origins->list[origins->count];
    if (n == 1 && *text == '*') {
        origins->any = true;
        return 0;
    }
    if (origins->count == ORIGINS_MAX)
        return err_set(err, EINVAL, "at most %d origins can be named", ORIGINS_MAX);
    snprintf(out, ORIGIN_TEXT_MAX, "%.*s", n < ORIGIN_TEXT_MAX ? (int)n : 0, text);
    if (!is_origin(out))
        return err_set(err, EINVAL,
                       "\"%.*s\" is no origin such as https://example.org or "
                       "http://localhost:3000 (in small letters, without a path), nor *",
                       n < 100 ? (int)n : 100, text);
    origins->count++;
    return 0;
}

int origins_init(struct origins *origins, const char *text, struct err *err)
{
    *origins = (struct origins){0};
    for (const char *p = text; p; p = *p == ',' ? p + 1 : NULL) {
        p += strspn(p, " ");
        size_t n = strcspn(p, ", ");
        int r = add(origins, p, n, err);
        p += n + strspn(p + n, " ");
        if (r == 0 && *p && *p != ',')
            r = err_set(err, EINVAL, "origins are separated by commas");
        if (r < 0)
            return err_wrap(err, "--cors-origins");
    }
    return 0;
}

bool origins_open(const struct origins *origins)
{
    return origins->any || origins->count > 0;
}

static bool is_listed(const struct origins *origins, const char *origin)
{
    for (unsigned i = 0; i < origins->count; i++)
        if (strcmp(origins->list[i], origin) == 0)
            return true;
    return false;
}

static bool is_allowed(const struct origins *origins, const char *origin)
{
    return origin && (origins->any || is_listed(origins, origin));
}

/* ---- who may change ---- */

/* Whether the origin is this server as its visitor, or the last proxy, knows it. */
static bool is_own(const char *origin, const struct request *request, const struct client *client)
{
    const char *named = host_of(origin), *host = request_header(request, "Host");
    if (!named || (client->secure && strncmp(origin, "https:", 6) != 0))
        return false;
    return (client->host && strcasecmp(named, client->host) == 0) ||
           (host && strcasecmp(named, host) == 0);
}

/* Whether it comes from a page of ours, or from no page, as far as the browser says. */
static bool is_from_here(const struct request *request, const struct client *client)
{
    const char *site = request_header(request, "Sec-Fetch-Site");
    const char *origin = request_header(request, "Origin");
    if (site)
        return strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
    return !origin || is_own(origin, request, client);
}

bool origin_is_stranger(const struct origins *origins, const struct request *request,
                        const struct client *client)
{
    const char *origin = request_header(request, "Origin");
    return origin && origins->any && !is_listed(origins, origin) && !is_from_here(request, client);
}

bool origin_may_change(const struct origins *origins, const struct request *request,
                       const struct client *client)
{
    return is_allowed(origins, request_header(request, "Origin")) || is_from_here(request, client);
}

/* ---- who may read ---- */

static void reply_allowed(const struct origins *origins, struct request *request,
                          const char *origin)
{
    bool listed = is_listed(origins, origin);
    request_reply_header(request, "Access-Control-Allow-Origin", listed ? origin : "*");
    if (listed)
        request_reply_header(request, "Access-Control-Allow-Credentials", "true");
}

void origin_reply_headers(const struct origins *origins, struct request *request)
{
    const char *origin = request_header(request, "Origin");
    if (!origins_open(origins))
        return;
    request_reply_header(request, "Vary", "Origin");
    if (!is_allowed(origins, origin))
        return;
    reply_allowed(origins, request, origin);
    request_reply_header(request, "Access-Control-Expose-Headers",
                         "Location, RateLimit, RateLimit-Policy, Retry-After");
}

void origin_reply_preflight(const struct origins *origins, struct request *request,
                            const char *methods)
{
    const char *origin = request_header(request, "Origin");
    request_reply_header(request, "Vary",
                         "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
    request_reply_header(request, "Allow", methods);
    if (is_allowed(origins, origin)) {
        reply_allowed(origins, request, origin);
        request_reply_header(request, "Access-Control-Allow-Methods", methods);
        request_reply_header(request, "Access-Control-Allow-Headers",
                             "Authorization, Content-Type, Idempotency-Key, Last-Event-ID");
        request_reply_header(request, "Access-Control-Max-Age", PREFLIGHT_SECONDS);
    }
    request_reply_empty(request, 204);
}

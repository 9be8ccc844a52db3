/* Everything a handler needs, wired together by main.c before the first request. */
#ifndef SERVER_APP_H
#define SERVER_APP_H

#include "server/background.h"
#include "server/catalog.h"
#include "server/collector.h"
#include "server/config.h"
#include "server/http.h"
#include "server/lab.h"
#include "server/registry.h"
#include "server/site.h"
#include "server/store.h"

#define API_PREFIX "/api/v1"
#define JSON_TYPE  "application/json; charset=utf-8"

struct app {
    const struct config *config;
    unsigned threads; /* that serve HTTP */
    struct catalog *catalog;
    struct site *site;
    struct store *store;
    struct store_reader **readers; /* one for each HTTP thread */
    struct background *background;
    struct store_reader *background_reader;
    struct registry *registry;
    struct lab *lab;
    struct collector *collector;
    const char *isolation;   /* JSON object: how runs are isolated here */
    struct response *limits; /* GET /limits never changes */
};

static inline struct store_reader *app_reader(const struct app *app, const struct request *request)
{
    return app->readers[request_thread(request)];
}

#endif

/* Everything a handler needs, wired together by main.c before the first request. */
#ifndef API_APP_H
#define API_APP_H

#include "server/api/openapi.h"
#include "server/base/background.h"
#include "server/base/config.h"
#include "server/base/rate.h"
#include "server/clients/client.h"
#include "server/clients/origin.h"
#include "server/clients/refused.h"
#include "server/http/http.h"
#include "server/runs/collector.h"
#include "server/runs/lab.h"
#include "server/runs/registry.h"
#include "server/runs/retention.h"
#include "server/setups/catalog.h"
#include "server/store/store.h"
#include "server/workshops/board.h"

#define API_PREFIX "/api/v1"
#define JSON_TYPE  "application/json; charset=utf-8"

struct site;

struct app {
    const struct config *config;
    unsigned threads; /* that serve HTTP */
    struct catalog *catalog;
    struct site *site;
    struct store *store;
    struct store_reader **readers; /* one for each HTTP thread */
    struct background *background;
    struct store_reader *background_reader;
    struct painter *painter; /* the background thread's; NULL: there are no fonts */
    struct pictures *pictures;
    struct registry *registry;
    struct lab *lab;
    struct boards *boards;
    struct collector *collector;
    struct retention *retention;
    struct clients clients;
    struct origins origins;
    struct rates *rates;
    struct refused refused;
    const char *isolation;   /* JSON object: how runs are isolated here */
    const char *lost;        /* JSON object: the result of a run that was lost */
    const char *tier;        /* of it: "full" or "reduced" */
    const char *weaker;      /* why it is not full; "" when it is */
    struct response *limits; /* GET /limits never changes */
    struct openapi *openapi;
};

static inline struct store_reader *app_reader(const struct app *app, const struct request *request)
{
    return app->readers[request_thread(request)];
}

#endif

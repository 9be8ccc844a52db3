/*
 * The description of the API, as OpenAPI: server/api/openapi.json, as it was when this program was
 * built. Constant once made; any thread.
 */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include "server/http/http.h"

struct openapi;

/* NULL without memory. */
struct openapi *openapi_new(void);
void openapi_free(struct openapi *openapi);

/* Replies with all of it, or with 304 to who has it already. */
void openapi_reply(const struct openapi *openapi, struct request *request);

#endif

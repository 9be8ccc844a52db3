#include "server/api/openapi.h"

#include "server/base/etag.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__asm__(".pushsection .rodata\n"
        "openapi_text: .incbin \"server/api/openapi.json\"\n"
        "openapi_end: .byte 0\n"
        ".popsection\n");
extern const char openapi_text[] __attribute__((visibility("hidden")));
extern const char openapi_end[] __attribute__((visibility("hidden")));

struct openapi {
    char etag[24];
    struct response *whole;
    struct response *not_modified; /* 304 */
};

struct openapi *openapi_new(void)
{
    struct openapi *o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    const size_t n = (size_t)(openapi_end - openapi_text);
    snprintf(o->etag, sizeof o->etag, "\"%016" PRIx64 "\"", etag_hash(openapi_text, n));
    const char *const headers[] = {
        "Content-Type", "application/json; charset=utf-8", "ETag",    o->etag, "Cache-Control",
        "no-cache",     "X-Content-Type-Options",          "nosniff", NULL};
    o->whole = response_new(openapi_text, n, headers);
    o->not_modified = response_new("", 0, headers + 2); /* it has no type */
    if (o->whole && o->not_modified)
        return o;
    openapi_free(o);
    return NULL;
}

void openapi_free(struct openapi *openapi)
{
    if (!openapi)
        return;
    response_free(openapi->whole);
    response_free(openapi->not_modified);
    free(openapi);
}

void openapi_reply(const struct openapi *openapi, struct request *request)
{
    const char *known = request_header(request, "If-None-Match");
    if (known && (strcmp(known, "*") == 0 || strstr(known, openapi->etag)))
        request_reply_shared(request, 304, openapi->not_modified);
    else
        request_reply_shared(request, 200, openapi->whole);
}

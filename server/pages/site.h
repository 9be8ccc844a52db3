/*
 * The built pages, read into memory at start and served by exact match: no request ever becomes a
 * path in the file system. Every file has an ETag of its content and, when the build left .br or
 * .gz beside it, answers in that encoding. Names that carry a hash may be cached for ever.
 *
 * All page addresses (/, /s/…, /r/…) answer index.html, which finds out for itself what to show.
 * Constant once made; any thread.
 */
#ifndef PAGES_SITE_H
#define PAGES_SITE_H

#include "server/http/http.h"

struct site;

/*
 * A directory that is not there makes a site that says so with 503. Pages of a tier that is not
 * "full" tell it to their script. Returns 0 or -errno.
 */
int site_new(struct site **ret, const char *directory, const char *tier, struct err *err);
void site_free(struct site *site);

/* The text of index.html, or NULL when there are no pages. */
const char *site_index(const struct site *site);

/* The headers of a page that is made for a request, but its type. */
void site_reply_headers(struct request *request);

/* Replies to any path outside the API. */
void site_reply(struct site *site, struct request *request);

#endif

/* The workshop a request is about, and as JSON. */
#ifndef API_WORKSHOP_JSON_H
#define API_WORKSHOP_JSON_H

#include "server/api/app.h"
#include "server/workshops/workshop.h"

/*
 * The workshop of an id as somebody may have typed it: in capitals, without dashes, with O for 0.
 * Returns 0, -ENOENT or -EIO.
 */
int workshop_find(struct app *app, struct request *request, const char *id,
                  struct store_workshop *ret);

/* As workshop_find; when it fails the request has its answer. */
int workshop_find_or_reply(struct app *app, struct request *request, const char *id,
                           struct store_workshop *ret);

/* Whether the request carries the instructor's key, or the admin's token. */
bool workshop_may_change(const struct app *app, const struct request *request,
                         const struct store_workshop *workshop);

/* Writes it as the API's JSON object; with its key only when that is asked for. */
void workshop_write(const struct store_workshop *workshop, bool may_change, bool with_key,
                    struct jsonw *w);

#endif

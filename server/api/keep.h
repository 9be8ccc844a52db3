/* What a PUT of a run or an experiment may say: whether it is kept; and that no more can be. */
#ifndef API_KEEP_H
#define API_KEEP_H

#include "server/api/app.h"

/*
 * Reads {"kept": true or false}. Whoever has a link may keep what it leads to; only its owner (or
 * the admin) may let it go again. False when the request has its answer.
 */
bool keep_read(struct app *app, struct request *request, bool mine, bool *ret);

/* 507: the store has no room for more that is kept. */
void keep_reply_full(const struct app *app, struct request *request);

#endif

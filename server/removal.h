/* Replying to a DELETE once the row is gone from the store. */
#ifndef SERVER_REMOVAL_H
#define SERVER_REMOVAL_H

#include "server/app.h"

/*
 * Deletes the run (STORE_DELETE) or experiment (STORE_DELETE_EXPERIMENT) of that id and replies
 * 204, or 503. The row goes whether or not the client stays to hear of it. A run that is live is
 * ended beside that: what it would store finds no row any more.
 */
void removal_reply(struct app *app, struct request *request, enum store_job_kind kind,
                   const char *id, struct run *live);

#endif

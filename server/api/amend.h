/* Replying to a PUT or DELETE of a run or an experiment once the store has done it. */
#ifndef API_AMEND_H
#define API_AMEND_H

#include "server/api/app.h"

struct amendment {
    enum store_job_kind kind; /* STORE_DELETE, STORE_KEEP_RUN and those of experiments */
    const char *id;
    bool kept;            /* of KEEP_… */
    const char *workshop; /* whose board shows the run that is deleted; "" or NULL: none */
    struct run *live;     /* the run that is live, or NULL */
};

/*
 * Submits it and replies 204, 507 when that keeps too much, or 503. It is done whether or not the
 * client stays to hear of it. A run that is live is ended beside its deletion: what it would store
 * finds no row any more.
 */
void amend_reply(struct app *app, struct request *request, const struct amendment *amendment);

#endif

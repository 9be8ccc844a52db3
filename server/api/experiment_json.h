/* An experiment as the API's JSON object, whether it is live or a row; and replying with one. */
#ifndef API_EXPERIMENT_JSON_H
#define API_EXPERIMENT_JSON_H

#include "server/api/app.h"

/* An experiment by its id: live when it is, else its row. Release with found_experiment_release().
 */
struct found_experiment {
    struct experiment *live; /* a reference, or NULL */
    struct store_experiment row;
    bool mine; /* the request's session started it */
};

/* Returns 0, -ENOENT or -EIO. */
int found_experiment(struct app *app, struct request *request, const char *id,
                     struct found_experiment *ret);
void found_experiment_release(struct found_experiment *found);

/* As found_experiment; when it fails the request has its answer. */
int found_experiment_or_reply(struct app *app, struct request *request, const char *id,
                              struct found_experiment *ret);

void experiment_json(struct app *app, const struct found_experiment *found, struct jsonw *w);

/* Replies with the whole object. */
void experiment_reply(struct app *app, struct request *request, unsigned status,
                      const struct found_experiment *found);

/*
 * Replies with a live one once it is accepted and done, or at the deadline. `created`: the answer
 * is 201 with Location. Without a deadline (0) the answer comes with the acceptance.
 */
void experiment_wait_reply(struct app *app, struct request *request,
                           const struct found_experiment *found, uint64_t deadline_ns,
                           bool created);

#endif

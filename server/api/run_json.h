/* A run as the API's JSON object, whether it is live or a row. */
#ifndef API_RUN_JSON_H
#define API_RUN_JSON_H

#include "server/api/app.h"

/* A run by its id: live when it is, else its row. Release with found_run_release(). */
struct found_run {
    struct run *live; /* a reference, or NULL */
    struct store_run row;
    bool mine; /* the request's session started it */
};

/* Returns 0, -ENOENT or -EIO. */
int found_run(struct app *app, struct request *request, const char *id, struct found_run *ret);
void found_run_release(struct found_run *found);

/* As found_run; when it fails the request has its answer. */
int found_run_or_reply(struct app *app, struct request *request, const char *id,
                       struct found_run *ret);

/* Writes the run with at most `most` bytes of output; NO_OUTPUT leaves both members out. */
#define NO_OUTPUT SIZE_MAX
void run_json_live(struct app *app, struct run *run, bool mine, size_t most, struct jsonw *w);
int run_json_row(struct app *app, struct store_reader *reader, const struct store_run *row,
                 bool mine, size_t most, struct jsonw *w);

/*
 * Appends the chunks of the run's trace, at most TRACE_BYTES_MAX (trace.c). Returns 0, -ENOENT
 * when it has none, or another -errno.
 */
int run_trace_read(struct store_reader *reader, const struct found_run *found, struct buf *out);

/* Replies with the whole object. */
void run_json_reply(struct app *app, struct request *request, unsigned status,
                    const struct found_run *found);

#endif

/* Replying with a run once it is accepted and, within the client's patience, done. */
#ifndef API_RUN_WAIT_H
#define API_RUN_WAIT_H

#include "server/api/app.h"
#include "server/api/run_json.h"
#include "server/http/problem.h"

enum { WAIT_SECONDS_MAX = 30 };

/* Reads ?wait= (0 to WAIT_SECONDS_MAX). Returns the deadline, 0 when there is none or it is wrong.
 */
uint64_t wait_deadline(const struct request *request, struct field_errors *errors);

/* Replies with a live run. `created`: the answer is 201 with Location. */
void run_wait_reply(struct app *app, struct request *request, const struct found_run *found,
                    uint64_t deadline_ns, bool created);

#endif

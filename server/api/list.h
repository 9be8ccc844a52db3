/* What lists of runs and of experiments have in common: their arguments and their cursor. */
#ifndef API_LIST_H
#define API_LIST_H

#include "sandbox/base/jsonw.h"
#include "server/http/problem.h"
#include "server/store/store.h"

enum { LIST_MAX = 100 }; /* entries a page */

/* Reads ?scenario=, ?mine=, ?limit= and ?cursor=. Texts live as long as the request. */
void list_read(const struct request *request, struct store_filter *filter,
               struct field_errors *errors);

/* Writes "next_cursor": the last entry's number when there are more, or null. */
void list_write_cursor(struct jsonw *w, bool more, int64_t last);

#endif

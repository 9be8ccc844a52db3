/* Who asks: an anonymous session kept in a cookie, or the admin. */
#ifndef SERVER_SESSION_H
#define SERVER_SESSION_H

#include "server/http.h"
#include "server/store.h"

/* The request's session, or NULL when it has none that could be ours. */
const char *session_of(const struct request *request);

/* Whether the session (NULL: none) started a run of that owner. */
bool session_owns(const char *session, const char *owner);

/* The request's session, or a new one that the reply hands out. Returns 0 or -errno. */
int session_start(struct request *request, char out[static SESSION_SIZE]);

/* Whether the request carries the admin's token (NULL: there is no admin). */
bool session_is_admin(const struct request *request, const char *token);

#endif

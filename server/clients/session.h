/* Whose a run is: an anonymous session kept in a cookie, or the admin. */
#ifndef CLIENTS_SESSION_H
#define CLIENTS_SESSION_H

#include "server/http/http.h"
#include "server/store/store.h"

/* The request's session, or NULL when it has none that could be ours, or is a stranger's. */
const char *session_of(const struct request *request);

/* Whether the session (NULL: none) started a run of that owner. */
bool session_owns(const char *session, const char *owner);

/*
 * The request's session, or a new one that the reply hands out, in a cookie for https alone where
 * that is what the client used; a stranger gets none. Returns 0 or -errno.
 */
int session_start(struct request *request, char out[static SESSION_SIZE]);

/* Whether the request carries that token: the admin's, an instructor's. NULL: there is none. */
bool session_has_token(const struct request *request, const char *token);
/*
 * Hands out a session with a page, unless the request has one: so visitors are told apart from
 * their first run on, however many share an address. Returns whether it did; the reply is that
 * visitor's alone then.
 */
bool session_offer(struct request *request);

#endif

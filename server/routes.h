/*
 * Which handler answers which address: one table; and what every request has to pass before: how
 * often somebody asks (rate.h), and for what changes something that it comes from a page of our own
 * (origin.h) and as application/json. A line of the log for each request, when it is over.
 */
#ifndef SERVER_ROUTES_H
#define SERVER_ROUTES_H

#include "server/api/app.h"

/* For struct http_app. */
void routes_handle(struct request *request);
void routes_refuse(struct request *request, unsigned status, const char *detail);
void routes_done(struct request *request, const struct exchange *exchange);
uint64_t routes_whose(void *app, const struct sockaddr *peer);

#endif

/* Which handler answers which address: one table. */
#ifndef SERVER_ROUTES_H
#define SERVER_ROUTES_H

#include "server/app.h"

/* For struct http_app. */
void routes_handle(struct request *request);
void routes_refuse(struct request *request, unsigned status, const char *detail);

#endif

/*
 * The requests that wait for news of something: a list that belongs to it and is guarded by its
 * lock. Whoever calls these holds that lock.
 */
#ifndef HTTP_SUBSCRIBERS_H
#define HTTP_SUBSCRIBERS_H

#include "server/http/http.h"

struct subscriber {
    struct request *request;
    bool end_only; /* woken for acceptance and the end, not for what comes between */
    struct subscriber *next;
};

void subscribers_add(struct subscriber **list, struct subscriber *subscriber);
void subscribers_remove(struct subscriber **list, struct subscriber *subscriber);
void subscribers_wake(struct subscriber *list, bool end);

#endif

#include "server/http/subscribers.h"

void subscribers_add(struct subscriber **list, struct subscriber *subscriber)
{
    subscriber->next = *list;
    *list = subscriber;
}

void subscribers_remove(struct subscriber **list, struct subscriber *subscriber)
{
    for (; *list; list = &(*list)->next)
        if (*list == subscriber) {
            *list = subscriber->next;
            return;
        }
}

void subscribers_wake(struct subscriber *list, bool end)
{
    for (; list; list = list->next)
        if (end || !list->end_only)
            request_wake(list->request);
}

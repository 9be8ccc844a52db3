/* What travels between manager.c, in the client, and manager_server.c, in the server process. */
#ifndef PRIM_MANAGER_PRIVATE_H
#define PRIM_MANAGER_PRIVATE_H

#include "sandbox/prim/manager.h"

#include "sandbox/trace/shared.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

enum managed_type {
    MANAGED_DICT,
    MANAGED_LIST,
    MANAGED_VALUE,
    MANAGED_LOCK,
    MANAGED_QUEUE,
};

enum manager_call {
    CALL_CREATE,
    CALL_SHUTDOWN,
    CALL_CANCEL, /* of the client's own request that waits; has no answer of its own */
    CALL_DICT_GET,
    CALL_DICT_SET,
    CALL_LIST_APPEND,
    CALL_LIST_GET,
    CALL_LIST_SET,
    CALL_COPY,
    CALL_LENGTH,
    CALL_VALUE_GET,
    CALL_VALUE_SET,
    CALL_ACQUIRE,
    CALL_RELEASE,
    CALL_PUT,
    CALL_TAKE,
};

/* One packet. */
struct request {
    enum manager_call call;
    enum managed_type type; /* CREATE */
    uint32_t number;
    uint32_t sent;   /* event */
    unsigned line;   /* of the scenario, that calls */
    uint16_t task;   /* the client */
    uint16_t object; /* CREATE: the run's object; otherwise the number the server gave it */
    bool at_once;    /* do not wait: -ETIMEDOUT */
    unsigned index;  /* of a list; CREATE: maxsize; COPY: room in `items` */
    int64_t value;
    struct managed_item *items; /* COPY: where to, in the run's memory */
    char key[MANAGED_KEY_MAX];
};

/* A client's place for the answer to its one request that is under way. */
struct reply {
    _Atomic uint32_t answered; /* 0 until the rest is written */
    uint32_t served;           /* event */
    int result;                /* 0, a length, or -errno */
    int64_t value;
};

struct manager {
    uint16_t object;
    int client_end, server_end;
    _Atomic bool over; /* its owner has shut it down */
    struct task *server;
    struct request box;      /* under control: the request that is on its way */
    _Atomic uint32_t posted; /* how many were */
    bool gone;               /* the server has ended */
    _Atomic pid_t pid;       /* the server's, from its first answer on */
    _Atomic uint32_t calls;
    struct reply reply[TRACE_TASKS_MAX];
};

/* The server process, from its start to its end. */
void manager_serve(void *manager);

#endif

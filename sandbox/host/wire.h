/* What launcher and spawner say to each other (see sandbox/spawner.h). Both are this program. */
#ifndef HOST_WIRE_H
#define HOST_WIRE_H

#include "sandbox/base/err.h"
#include "sandbox/host/launcher.h"

/* The spawner's first message. */
struct spawner_hello {
    struct err err; /* code 0: the jail stands, and the catalogue's memfd comes along */
    struct isolation isolation;
};

/* A worker's descriptors, in the order they travel. */
enum { WIRE_PIDFD, WIRE_MEMORY, WIRE_REQUEST, WIRE_OUTPUT, WIRE_STATUS, WORKER_FDS };

struct spawner_worker {
    struct err err; /* code 0: the descriptors come along */
    pid_t pid;
};

#endif

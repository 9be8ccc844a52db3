/*
 * The spawner: a small single-threaded process that enters the jail once and then makes a sealed
 * worker for every message it gets. It ends when its socket does, and every run ends with it.
 *
 * The wire, on a SOCK_SEQPACKET socket:
 *   spawner → launcher, once  struct spawner_hello, with the catalogue's memfd if the jail stands
 *   launcher → spawner        one byte: a worker, please
 *   spawner → launcher        struct spawner_worker, with WORKER_FDS descriptors
 */
#ifndef SANDBOX_SPAWNER_H
#define SANDBOX_SPAWNER_H

#include "sandbox/proto/tier.h"
#include "sandbox/proto/limits.h"

/* Serves the socket until its peer is gone. Returns the exit code of the process. */
int spawner_serve(int socket, enum tier tier, const struct limits *limits, const char *without);

#endif

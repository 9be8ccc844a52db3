/* Sockets for an ADDRESS:PORT text. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include "sandbox/base/err.h"

#include <stddef.h>

#define LISTEN_TEXT_MAX 320u

/*
 * Opens n listening sockets on one address, the kernel spreading connections over them. With port 0
 * all share the free port the kernel chose. `address` holds LISTEN_TEXT_MAX bytes and receives what
 * is in use. An address another program listens on is refused. Returns 0 or -errno.
 */
int listen_open(const char *text, int *fds, unsigned n, char *address, struct err *err);

/* Connects to the address a server listens on (0.0.0.0 reaches this machine). Returns a descriptor.
 */
int listen_connect(const char *text, struct err *err);

#endif

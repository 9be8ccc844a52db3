/* Descriptors: whole reads and writes, and descriptors sent over a Unix socket. */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stddef.h>
#include <sys/types.h>

/* Writes all n bytes, retrying short writes and EINTR. Returns 0 or -errno. */
int write_all(int fd, const void *bytes, size_t n);

/* Reads until n bytes or end of file. Returns the bytes read or -errno. */
ssize_t read_full(int fd, void *bytes, size_t n);

/* The most descriptors one message carries. */
#define FD_MESSAGE_MAX 8

/*
 * Sends one message of n > 0 bytes with `count` descriptors on a SOCK_SEQPACKET socket; the
 * descriptors stay the caller's. Returns 0 or -errno.
 */
int fd_send(int socket, const void *bytes, size_t n, const int *fds, size_t count);

/*
 * Receives one message into bytes (at most n) and up to `count` descriptors, all CLOEXEC; unused
 * entries are -1. Returns the message's length, 0 when the peer is gone, or -errno; -EMSGSIZE when
 * the message or its descriptors did not fit (what came is closed).
 */
ssize_t fd_receive(int socket, void *bytes, size_t n, int *fds, size_t count);

/* Sets or clears O_NONBLOCK. Returns 0 or -errno. */
int fd_nonblocking(int fd, int on);

#endif

/*
 * A pipe: multiprocessing.Pipe(). Two connections, each a descriptor of this process. fork copies
 * the descriptors, so afterwards both processes have every end open until each closes its copy;
 * the reader sees end of file when the last copy of the write end is closed. That is the kernel's
 * rule, not ours: this is a real pipe (or socketpair, when duplex).
 *
 * Under a controlled schedule stream.h stands for the kernel, by the same rules.
 *
 * A connection belongs to the process that holds it; fork gives the child its own copy under the
 * same pointer.
 */
#ifndef PRIM_PIPE_H
#define PRIM_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;

/* Bytes that go in front of every message. */
#define CONN_ENVELOPE 12

/*
 * Pipe(duplex): simplex, `reader` only receives and `writer` only sends. A process has at most some
 * thirty pipes open; one too many is a fault, "pipe: Too many open files".
 */
void pipe_new(const char *name, bool duplex, struct conn **reader, struct conn **writer);

/*
 * Sends one message of less than 4 GiB. Returns 0; -EPIPE when nobody can read it any more; -EBADF,
 * recorded as refused: this end only receives (OSError: connection is read-only), or is closed
 * (handle is closed).
 *
 * A message is written as CPython does it: up to 16 KiB with its envelope in one call, beyond that
 * the envelope in one and the message in another. What the kernel takes in one piece is PIPE_BUF,
 * 4096 bytes with the envelope; beyond that another task's may come in between if both send on the
 * same end. That is Python's trap; an end has one owner, or a lock.
 */
int conn_send(struct conn *conn, const void *bytes, size_t n);

/*
 * Receives one message of at most n bytes. Returns 1 and its length in *ret (may be NULL), 0 at end
 * of file (EOFError), -EBADF, recorded as refused: this end only sends (OSError: connection is
 * write-only), or is closed.
 *
 * -EBADMSG when what came is longer than n, ends in the middle, or does not begin as a message
 * does: two senders' bytes are mixed, and the stream means nothing from there on. Python would take
 * those bytes for a length. Bytes mixed within a message are not noticed, only what follows is.
 */
int conn_recv(struct conn *conn, void *bytes, size_t n, size_t *ret);

/*
 * poll(timeout), see sync.h for the time: 1 when there is something to receive, which may be the
 * end of file; 0 when there was nothing in time; -EBADF as above.
 */
int conn_poll(struct conn *conn, int64_t timeout_us);

/* The same with one number as the message. */
int conn_send_number(struct conn *conn, int64_t number);
int conn_recv_number(struct conn *conn, int64_t *ret);

/* Closes this process's copy. Once more does nothing. */
void conn_close(struct conn *conn);

/*
 * For task.c: a forked child says which copies it inherited, and lets go of them at its end; for a
 * child that was killed its parent says so.
 */
void pipe_ends_inherited(void);
void pipe_ends_dropped(void);
void pipe_ends_of_killed(uint16_t task);

#endif

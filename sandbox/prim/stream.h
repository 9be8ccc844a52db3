/*
 * One direction of a pipe under control: what the kernel has of it in a free run, kept in the run's
 * memory instead. It holds 64 KiB, and takes up to PIPE_BUF bytes in one piece; more than that goes
 * in as there is room. Reads and writes are steps, as the calls are for which they stand.
 */
#ifndef PRIM_STREAM_H
#define PRIM_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct iovec;
struct stream;

struct stream *stream_new(uint16_t object);

enum { STREAM_READER = 1, STREAM_WRITER = 2 };

/* The calling task's process has an end, or no longer; `ends` are one or both of them. */
void stream_open(struct stream *stream, unsigned ends);
void stream_close(struct stream *stream, unsigned ends);

/* Announces the next write, of so many bytes, and the next read: each goes on when it can. */
void stream_announce_write(struct stream *stream, size_t n);
void stream_announce_read(struct stream *stream);

/* As writev() and read() return when they are not to block. */
ssize_t stream_write(struct stream *stream, const struct iovec *parts, int count);
ssize_t stream_read(struct stream *stream, void *bytes, size_t n);

/* Waits until it can be read; false: not before the deadline. */
bool stream_poll(struct stream *stream, uint64_t deadline);

/* A process ends, or was killed: all its ends are closed, a step for each stream. */
void streams_close_of(uint16_t process);

#endif

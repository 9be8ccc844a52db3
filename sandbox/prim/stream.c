#include "sandbox/prim/stream.h"

#include "sandbox/prim/task_private.h"
#include "sandbox/sched/seam.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/uio.h>

#define MOST_BYTES  65536u
#define FIRST_BYTES 256u

struct stream {
    /*
     * The bytes in it: for a reader 1 or more, for a writer so few that its own go in. 1 when
     * nobody can read or nobody can write any more: then nobody waits.
     */
    _Atomic uint32_t level;
    uint16_t object;
    size_t first, count, room;
    char *bytes;
    _Atomic uint64_t readers[TRACE_BITMAP_WORDS], writers[TRACE_BITMAP_WORDS]; /* processes */
    struct stream *next;
};

static bool is_nobody(const _Atomic uint64_t *processes)
{
    for (unsigned i = 0; i < TRACE_BITMAP_WORDS; i++)
        if (processes[i])
            return false;
    return true;
}

static void set_level(struct stream *stream)
{
    bool over = is_nobody(stream->writers) || is_nobody(stream->readers);
    stream->level = over ? 1 : (uint32_t)stream->count;
}

struct stream *stream_new(uint16_t object)
{
    struct stream *stream = run_alloc(seam_self.run, sizeof *stream);
    stream->object = object;
    stream->next = seam_self.run->streams;
    seam_self.run->streams = stream;
    return stream;
}

void stream_open(struct stream *stream, unsigned ends)
{
    uint16_t process = task_of_process()->id;
    if (ends & STREAM_READER)
        trace_bitmap_set(stream->readers, process);
    if (ends & STREAM_WRITER)
        trace_bitmap_set(stream->writers, process);
    set_level(stream);
}

void stream_close(struct stream *stream, unsigned ends)
{
    uint16_t process = task_of_process()->id;
    if (ends & STREAM_READER)
        trace_bitmap_clear(stream->readers, process);
    if (ends & STREAM_WRITER)
        trace_bitmap_clear(stream->writers, process);
    set_level(stream);
}

static bool has_end(const struct stream *stream, uint16_t process)
{
    uint64_t bit = UINT64_C(1) << process % 64;
    return (stream->readers[process / 64] | stream->writers[process / 64]) & bit;
}

void streams_close_of(uint16_t process)
{
    for (struct stream *stream = seam_self.run->streams; stream; stream = stream->next) {
        if (!has_end(stream, process))
            continue;
        seam_point(SEAM_CLOSE, stream->object);
        trace_bitmap_clear(stream->readers, process);
        trace_bitmap_clear(stream->writers, process);
        set_level(stream);
    }
}

void stream_announce_write(struct stream *stream, size_t n)
{
    uint32_t needed = n <= PIPE_BUF ? (uint32_t)n : 1;
    seam_point_when(SEAM_SEND, stream->object, &stream->level, 0, MOST_BYTES - needed, SEAM_NEVER,
                    EVENT_PIPE_FULL);
}

void stream_announce_read(struct stream *stream)
{
    seam_point_when(SEAM_RECEIVE, stream->object, &stream->level, 1, UINT32_MAX, SEAM_NEVER,
                    EVENT_PIPE_WAIT);
}

bool stream_poll(struct stream *stream, uint64_t deadline)
{
    seam_point_when(SEAM_READ, stream->object, &stream->level, 1, UINT32_MAX, deadline,
                    EVENT_PIPE_WAIT);
    return stream->level > 0;
}

/* ---- the bytes ---- */

static ssize_t fail(int code)
{
    errno = code;
    return -1;
}

static void copy_out(struct stream *stream, char *to, size_t n)
{
    size_t straight = stream->room - stream->first < n ? stream->room - stream->first : n;
    memcpy(to, stream->bytes + stream->first, straight);
    memcpy(to + straight, stream->bytes, n - straight);
}

static void copy_in(struct stream *stream, const char *from, size_t n)
{
    size_t at = (stream->first + stream->count) % stream->room;
    size_t straight = stream->room - at < n ? stream->room - at : n;
    memcpy(stream->bytes + at, from, straight);
    memcpy(stream->bytes, from + straight, n - straight);
    stream->count += n;
}

/* An execution clears what it has used, so it uses little. */
static void make_room(struct stream *stream, size_t bytes)
{
    size_t room = stream->room ? stream->room : FIRST_BYTES;
    while (room < bytes)
        room *= 2;
    if (room == stream->room)
        return;
    char *grown = run_alloc(seam_self.run, room);
    if (stream->count > 0)
        copy_out(stream, grown, stream->count);
    stream->bytes = grown;
    stream->room = room;
    stream->first = 0;
}

ssize_t stream_write(struct stream *stream, const struct iovec *parts, int count)
{
    size_t all = 0, free = MOST_BYTES - stream->count;
    for (int i = 0; i < count; i++)
        all += parts[i].iov_len;
    if (is_nobody(stream->readers))
        return fail(EPIPE);
    size_t n = all <= free ? all : all <= PIPE_BUF ? 0 : free;
    if (n == 0)
        return fail(EAGAIN);
    make_room(stream, stream->count + n);
    for (size_t left = n, part; left > 0; parts++, left -= part) {
        part = parts->iov_len < left ? parts->iov_len : left;
        copy_in(stream, parts->iov_base, part);
    }
    set_level(stream);
    return (ssize_t)n;
}

ssize_t stream_read(struct stream *stream, void *bytes, size_t n)
{
    size_t got = stream->count < n ? stream->count : n;
    if (got == 0)
        return is_nobody(stream->writers) ? 0 : fail(EAGAIN);
    copy_out(stream, bytes, got);
    stream->first = (stream->first + got) % stream->room;
    stream->count -= got;
    set_level(stream);
    return (ssize_t)got;
}

/*
 * The program's log: one line a message on standard error, never blocking. When nobody reads the
 * other end of a pipe the line is dropped, because a full pipe must not stop a thread that serves.
 * Any thread. Level and format are set once at start; beside them file-level state is the lock that
 * keeps lines apart, and what each thread holds back.
 *
 * A line is a list of fields, `time` and `level` first: as logfmt (name=value, a value in quotes
 * where it has to be, with the escapes of JSON), or as a JSON object.
 *
 *     time=2026-01-31T12:00:00.000Z level=info event=request method=GET route=/healthz status=200
 *     {"time":"2026-01-31T12:00:00.000Z","level":"warning","message":"the disk is full"}
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

void log_set_level(enum log_level level);
void log_set_format(enum log_format format);

/* The level named by text ("error", "warning", "info", "debug"), or -1. */
int log_level_parse(const char *text);

/* The format named by text ("text", "json"), or -1. */
int log_format_parse(const char *text);

/* Whether lines of the level are written. */
bool log_shows(enum log_level level);

/* A line with one more field, `message`. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct log_field {
    const char *name; /* a word */
    const char *text; /* NULL: it is the number */
    double number;    /* finite; written to three places */
};

/* A line with these fields; what does not fit into a line of 4 kB is left out as a whole. */
void log_fields(enum log_level level, const struct log_field *fields, unsigned n);

/*
 * Between the two, lines of this thread at info level and below are kept, up to 4 kB of them, and
 * written together: a thread that serves many requests in one turn of its loop writes once.
 */
void log_hold(void);
void log_release(void);

#endif

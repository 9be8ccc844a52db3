/*
 * The program's log: one line a message on standard error, never blocking. When nobody reads the
 * other end of a pipe the line is dropped, because a full pipe must not stop a thread that serves.
 * Any thread. The level is the one piece of file-level state, set once at start.
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);

/* The level named by text ("error", "warning", "info", "debug"), or -1. */
int log_level_parse(const char *text);

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

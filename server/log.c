#include "server/log.h"

#include "sandbox/base/utf8.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const levels[] = {"error", "warning", "info", "debug"};
static enum log_level threshold = LOG_INFO;

void log_set_level(enum log_level level)
{
    threshold = level;
}

int log_level_parse(const char *text)
{
    for (int i = 0; i <= LOG_DEBUG; i++)
        if (strcmp(text, levels[i]) == 0)
            return i;
    return -1;
}

/* A pipe that polls writable has room for PIPE_BUF bytes, so a short line cannot block. */
static void write_line(const char *line, size_t n)
{
    struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) && write(STDERR_FILENO, line, n) < 0)
        return;
}

void log_line(enum log_level level, const char *format, ...)
{
    if (level > threshold)
        return;
    char message[768], clean[768], stamp[32], line[900];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    utf8_clean(clean, sizeof clean, message, strlen(message));

    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
    int n = snprintf(line, sizeof line, "%s.%03ldZ %s %s\n", stamp, now.tv_nsec / 1000000,
                     levels[level], clean);
    write_line(line, (size_t)n);
}

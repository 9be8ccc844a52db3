#include "server/base/log.h"

#include "sandbox/base/jsonw.h"

#include <limits.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const levels[] = {"error", "warning", "info", "debug"};
static const char *const formats[] = {"text", "json"};
static enum log_level threshold = LOG_INFO;
static enum log_format layout = LOG_TEXT;
static pthread_mutex_t standard_error = PTHREAD_MUTEX_INITIALIZER;

/* What this thread holds back. */
static _Thread_local struct {
    bool holds;
    size_t n;
    char lines[PIPE_BUF];
} held;

void log_set_level(enum log_level level)
{
    threshold = level;
}

void log_set_format(enum log_format format)
{
    layout = format;
}

static int find(const char *const *words, int n, const char *text)
{
    for (int i = 0; i < n; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    return -1;
}

int log_level_parse(const char *text)
{
    return find(levels, LOG_DEBUG + 1, text);
}

int log_format_parse(const char *text)
{
    return find(formats, LOG_JSON + 1, text);
}

bool log_shows(enum log_level level)
{
    return level <= threshold;
}

/* A pipe that polls writable has room for PIPE_BUF bytes, so one such write at a time cannot block.
 */
static void write_held(void)
{
    struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (held.n == 0)
        return;
    pthread_mutex_lock(&standard_error);
    ssize_t written =
        poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) ? write(STDERR_FILENO, held.lines, held.n) : 0;
    pthread_mutex_unlock(&standard_error);
    (void)written; /* there is nobody to tell */
    held.n = 0;
}

static void put_line(enum log_level level, const char *line, size_t n)
{
    if (held.n + n > sizeof held.lines)
        write_held();
    memcpy(held.lines + held.n, line, n);
    held.n += n;
    if (!held.holds || level < LOG_INFO)
        write_held();
}

void log_hold(void)
{
    held.holds = true;
}

void log_release(void)
{
    held.holds = false;
    write_held();
}

static void time_text(char out[static 32])
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out + n, 32 - n, ".%03ldZ", now.tv_nsec / 1000000);
}

/* Whether a text stands for itself in logfmt. */
static bool is_plain(const char *text)
{
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || *p == '"' || *p == '=' ||
            *p == '\\')
            return false;
    return *text != '\0';
}

static void put_field(struct jsonw *w, const struct log_field *field)
{
    if (layout == LOG_JSON)
        jsonw_name(w, field->name);
    else
        buf_printf(w->out, "%s%s=", w->out->len > 0 ? " " : "", field->name);
    if (field->text && layout == LOG_TEXT && is_plain(field->text))
        buf_adds(w->out, field->text);
    else if (field->text)
        jsonw_string(w, field->text);
    else
        buf_printf(w->out, "%.*f", field->number == floor(field->number) ? 0 : 3, field->number);
    w->comma = layout == LOG_JSON;
}

void log_fields(enum log_level level, const struct log_field *fields, unsigned n)
{
    if (!log_shows(level))
        return;
    char stamp[32];
    _cleanup_buf_ struct buf line = BUF_INIT(PIPE_BUF);
    struct jsonw w = JSONW(&line);
    time_text(stamp);
    if (layout == LOG_JSON)
        jsonw_open(&w, '{');
    put_field(&w, &(struct log_field){.name = "time", .text = stamp});
    put_field(&w, &(struct log_field){.name = "level", .text = levels[level]});
    for (unsigned i = 0; i < n; i++)
        put_field(&w, &fields[i]);
    if (layout == LOG_JSON)
        jsonw_close(&w, '}');
    if (buf_adds(&line, "\n") == 0 && !buf_error(&line))
        put_line(level, line.data, line.len);
}

void log_line(enum log_level level, const char *format, ...)
{
    char message[768];
    va_list args;
    if (!log_shows(level))
        return;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    log_fields(level, &(struct log_field){.name = "message", .text = message}, 1);
}

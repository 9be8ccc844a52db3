#include "sandbox/base/jsonw.h"

#include "sandbox/base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void separate(struct jsonw *w)
{
    if (w->comma)
        buf_add(w->out, ",", 1);
    w->comma = true;
}

void jsonw_open(struct jsonw *w, char bracket)
{
    separate(w);
    buf_add(w->out, &bracket, 1);
    w->comma = false;
}

void jsonw_close(struct jsonw *w, char bracket)
{
    buf_add(w->out, &bracket, 1);
    w->comma = true;
}

static void escaped(struct jsonw *w, unsigned char c)
{
    static const char shorthand[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                     ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};
    if (c < sizeof shorthand && shorthand[c])
        buf_add(w->out, (char[]){'\\', shorthand[c]}, 2);
    else
        buf_printf(w->out, "\\u%04x", c);
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void jsonw_string_n(struct jsonw *w, const char *text, size_t n)
{
    separate(w);
    buf_add(w->out, "\"", 1);
    for (size_t i = 0; i < n;) {
        size_t plain = i;
        while (plain < n && is_plain((unsigned char)text[plain]))
            plain++;
        buf_add(w->out, text + i, plain - i);
        if ((i = plain) == n)
            break;
        size_t width = utf8_width(text + i, n - i);
        if (width > 1)
            buf_add(w->out, text + i, width);
        else if (width == 0)
            buf_adds(w->out, "\xef\xbf\xbd");
        else
            escaped(w, (unsigned char)text[i]);
        i += width ? width : 1;
    }
    buf_add(w->out, "\"", 1);
}

void jsonw_string(struct jsonw *w, const char *text)
{
    if (text)
        jsonw_string_n(w, text, strlen(text));
    else
        jsonw_null(w);
}

void jsonw_name(struct jsonw *w, const char *name)
{
    jsonw_string(w, name);
    buf_add(w->out, ":", 1);
    w->comma = false;
}

void jsonw_integer(struct jsonw *w, int64_t value)
{
    const int64_t exact = INT64_C(1) << 53;
    const char *quote = value > exact || value < -exact ? "\"" : "";
    separate(w);
    buf_printf(w->out, "%s%" PRId64 "%s", quote, value, quote);
}

void jsonw_number(struct jsonw *w, double value)
{
    if (!isfinite(value)) {
        jsonw_null(w);
        return;
    }
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    separate(w);
    buf_adds(w->out, text);
}

void jsonw_bool(struct jsonw *w, bool value)
{
    separate(w);
    buf_adds(w->out, value ? "true" : "false");
}

void jsonw_null(struct jsonw *w)
{
    separate(w);
    buf_adds(w->out, "null");
}

void jsonw_put_string(struct jsonw *w, const char *name, const char *text)
{
    jsonw_name(w, name);
    jsonw_string(w, text);
}

void jsonw_put_integer(struct jsonw *w, const char *name, int64_t value)
{
    jsonw_name(w, name);
    jsonw_integer(w, value);
}

void jsonw_put_bool(struct jsonw *w, const char *name, bool value)
{
    jsonw_name(w, name);
    jsonw_bool(w, value);
}

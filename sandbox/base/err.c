#include "sandbox/base/err.h"

/* What an analyser is told of them. */
#undef err_set
#undef err_errno
#undef err_wrap

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, int code, const char *format, ...)
{
    if (!e)
        return -code;
    va_list args;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    e->code = code;
    return -code;
}

int err_errno(struct err *e, int code, const char *format, ...)
{
    if (!e)
        return -code;
    va_list args;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    size_t used = strlen(e->text);
    snprintf(e->text + used, sizeof e->text - used, ": %s", strerror(code));
    e->code = code;
    return -code;
}

int err_wrap(struct err *e, const char *format, ...)
{
    if (!e)
        return -1;
    char inner[sizeof e->text];
    memcpy(inner, e->text, sizeof inner);
    va_list args;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    size_t used = strlen(e->text);
    snprintf(e->text + used, sizeof e->text - used, ": %s", inner);
    return -e->code;
}

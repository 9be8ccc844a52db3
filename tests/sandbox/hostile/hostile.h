/*
 * Hostile programs, as scenarios of a runner that only the tests have. They talk to the kernel
 * directly: whatever a primitive would refuse is the sandbox's to refuse here. A file defines
 * HOSTILE_FIRST, its own thousand of catalogue numbers, before it includes this.
 */
#ifndef HOSTILE_HOSTILE_H
#define HOSTILE_HOSTILE_H

#include "scenarios/scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HOSTILE(name, ident, function)                                                             \
    SCENARIO(name) = {                                                                             \
        .id = ident,                                                                               \
        .number = HOSTILE_FIRST + __LINE__,                                                        \
        .title = {ident, ident},                                                                   \
        .summary = {"", ""},                                                                       \
        .lesson = {"", ""},                                                                        \
        .python = "",                                                                              \
        .concepts = (const int[]){0},                                                              \
        .params = (const struct param[]){{0}},                                                     \
        .outcomes = (const struct outcome_rule[]){{0}},                                            \
        .checks = (const struct check_title[]){{0}},                                               \
        .run = function,                                                                           \
    }

/* Where a test listens that "landlocked" is not to reach. */
#define LANDLOCKED_NAME "interleave-landlocked"

/* One line, past every primitive. */
__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text - 1, format, args);
    va_end(args);
    text[n++] = '\n';
    (void)!write(STDOUT_FILENO, text, (size_t)n);
}

#endif

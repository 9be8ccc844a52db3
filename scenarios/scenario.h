/*
 * A scenario: a concurrency program with knobs, as a descriptor and a run function in one file.
 *
 *     SCENARIO(race_counter) = {
 *         .id = "race-counter", …
 *         .run = run,
 *     };
 *
 * Dropping the file into a family's folder is enough: the macro puts the descriptor into the
 * runner's table together with the text of the very file that was compiled. With this one include
 * a scenario has all the primitives.
 */
#ifndef SCENARIOS_SCENARIO_H
#define SCENARIOS_SCENARIO_H

#include "sandbox/prim/conc.h"
#include "sandbox/table.h"

#define SCENARIO(name)                                                                             \
    static const struct scenario scenario_##name;                                                  \
    __asm__(".pushsection .rodata\n"                                                               \
            "source_" #name ": .incbin \"" __FILE__ "\"\n"                                         \
            "source_end_" #name ": .byte 0\n"                                                      \
            ".popsection\n");                                                                      \
    extern const char source_##name[] __attribute__((visibility("hidden")));                       \
    extern const char source_end_##name[] __attribute__((visibility("hidden")));                   \
    extern char __start_globals_##name[] __attribute__((weak, visibility("hidden")));              \
    extern char __stop_globals_##name[] __attribute__((weak, visibility("hidden")));               \
    __attribute__((section("scenarios"), used,                                                     \
                   aligned(8))) static const struct scenario_entry entry_##name = {                \
        &scenario_##name, source_##name, source_end_##name, __start_globals_##name,                \
        __stop_globals_##name};                                                                    \
    static const struct scenario scenario_##name

/* ---- the parts of a descriptor; texts come in pairs, English and Chinese ---- */

#define CONCEPTS(...) ((const int[]){__VA_ARGS__, 0})
/* Why a scenario runs under the free schedule alone. */
#define MEASURES_REAL_TIME                                                                                                    \
    {                                                                                                                         \
        "It measures how long things take on a real processor; a controlled run has a clock of "                              \
        "its "                                                                                                                \
        "own that says nothing about that.",                                                                                  \
            "它测量的是真实处理器上的耗时，而受控运行用的是自己的时钟，测出来没有意义。" \
    }
#define ASKS_THE_KERNEL(what_en, what_zh)                                                          \
    {                                                                                              \
        "It is about what the kernel does: " what_en                                               \
        ". Under a controlled schedule the kernel does "                                           \
        "nothing.",                                                                                \
            "它讲的正是内核的行为：" what_zh "。受控调度下内核并不参与。"             \
    }

#define PARAMS(...)   ((const struct param[]){__VA_ARGS__, {.name = NULL}})
#define OUTCOMES(...) ((const struct outcome_rule[]){__VA_ARGS__, {.class = CLASS_NONE}})
#define CHECKS(...)   ((const struct check_title[]){__VA_ARGS__, {.name = NULL}})
#define COLUMNS(...)  ((const struct column[]){__VA_ARGS__, {.name = NULL}})

#define INTEGER(n, low, high, standard, title_en, title_zh, help_en, help_zh)                      \
    {                                                                                              \
        .name = n, .title = {title_en, title_zh}, .help = {help_en, help_zh},                      \
        .type = PARAM_INTEGER, .minimum = low, .maximum = high, .fallback = standard               \
    }
#define NUMBER(n, low, high, standard, title_en, title_zh, help_en, help_zh)                       \
    {                                                                                              \
        .name = n, .title = {title_en, title_zh}, .help = {help_en, help_zh},                      \
        .type = PARAM_NUMBER, .minimum = low, .maximum = high, .fallback = standard                \
    }
/* Each element of a list of whole numbers lies within the bounds. */
#define INTEGERS(n, low, high, standard, title_en, title_zh, help_en, help_zh)                     \
    {                                                                                              \
        .name = n, .title = {title_en, title_zh}, .help = {help_en, help_zh},                      \
        .type = PARAM_INTEGER_LIST, .minimum = low, .maximum = high, .fallback = standard          \
    }
#define BOOLEAN(n, standard, title_en, title_zh, help_en, help_zh)                                 \
    {                                                                                              \
        .name = n, .title = {title_en, title_zh}, .help = {help_en, help_zh},                      \
        .type = PARAM_BOOLEAN, .fallback = standard                                                \
    }
/* The choices follow, each {value, {English, Chinese}}. */
#define CHOICE(n, standard, title_en, title_zh, help_en, help_zh, ...)                             \
    {                                                                                              \
        .name = n, .title = {title_en, title_zh}, .help = {help_en, help_zh},                      \
        .type = PARAM_CHOICE, .fallback = standard, .choices = (const struct choice[])             \
        {                                                                                          \
            __VA_ARGS__,                                                                           \
            {                                                                                      \
                .value = NULL                                                                      \
            }                                                                                      \
        }                                                                                          \
    }

/* How a run turned out: its name, the text's pattern, and on what parameters it is declared. */
#define OUTCOME(n, text_pattern, condition, outcome_class, meaning_en, meaning_zh)                 \
    {                                                                                              \
        .name = n, .pattern = text_pattern, .when = condition, .class = outcome_class,             \
        .meaning = {                                                                               \
            meaning_en,                                                                            \
            meaning_zh                                                                             \
        }                                                                                          \
    }
/* A setup in which all wait for one another in the end: who waits for whom is the lesson. */
#define DEADLOCK(n, condition, meaning_en, meaning_zh)                                             \
    {                                                                                              \
        .name = n, .ended = ENDED_DEADLOCK, .when = condition, .class = CLASS_INTERESTING,         \
        .meaning = {                                                                               \
            meaning_en,                                                                            \
            meaning_zh                                                                             \
        }                                                                                          \
    }
#define CHECK(n, title_en, title_zh)                                                               \
    {                                                                                              \
        n,                                                                                         \
        {                                                                                          \
            title_en, title_zh                                                                     \
        }                                                                                          \
    }
#define COLUMN(n, title_en, title_zh, unit)                                                        \
    {                                                                                              \
        n, {title_en, title_zh}, unit, false                                                       \
    }
/* The last one, for as many cells as a row still has. */
#define COLUMN_REPEATED(n, title_en, title_zh, unit)                                               \
    {                                                                                              \
        n, {title_en, title_zh}, unit, true                                                        \
    }

#include "sandbox/prim/lines.h" /* last: it wraps what the others declare */

#endif

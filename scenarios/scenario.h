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
    __attribute__((section("scenarios"), used,                                                     \
                   aligned(8))) static const struct scenario_entry entry_##name = {                \
        &scenario_##name, source_##name, source_end_##name};                                       \
    static const struct scenario scenario_##name

#endif

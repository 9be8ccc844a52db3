/* The parts of the program that a fuzzer needs whole: started once, never ended. */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include "server/setups/catalog.h"

/* The scenarios, as the real runner describes them: INTERLEAVE_RUNNER or build/interleave-runner.
 */
const struct catalog *program_catalog(void);
const char *program_runner(void);

#endif

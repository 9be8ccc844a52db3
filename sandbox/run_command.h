/* `interleave-runner run`: a scenario from the shell, through the same sandbox as the server's. */
#ifndef SANDBOX_RUN_COMMAND_H
#define SANDBOX_RUN_COMMAND_H

/*
 * argv[0] is the scenario. Returns the exit code: 0; 1 when a run did not complete, a check did not
 * hold or the outcome is forbidden; 2 for bad usage; 3 when the sandbox cannot be had. A search is
 * judged by its table: 1 when it is empty, has an outcome that is forbidden or no completion, or
 * when the search itself came to no end. The outcome, checks and table of its last execution are
 * not shown.
 */
int run_command(int argc, char **argv);

#endif

/* A search stands still while others need the processor, and nothing else does. */
#include "tests/sandbox/harness.h"

#include "sandbox/host/processes.h"

#include <stdlib.h>

/* The main task is the only child of a run's init, once that has begun. */
static pid_t main_of(pid_t init)
{
    struct processes *run = malloc(sizeof *run);
    uint64_t deadline = clock_ns() + PATIENT_MS * UINT64_C(1000000);
    do
        processes_of(init, run);
    while (run->count < 2 && clock_ns() < deadline);
    assert_int_equal(run->count, 2);
    pid_t pid = run->pids[1];
    free(run);
    return pid;
}

static char state_of_main(pid_t init)
{
    char path[64], state = '?';
    snprintf(path, sizeof path, "/proc/%d/stat", main_of(init));
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
    fclose(file);
    return state;
}

static void await_state(pid_t init, bool stopped)
{
    uint64_t deadline = clock_ns() + PATIENT_MS * UINT64_C(1000000);
    while ((state_of_main(init) == 'T') != stopped)
        if (clock_ns() > deadline)
            fail_msg("it is %c", state_of_main(init));
}

static struct supervisor *start_spin(struct launcher *launcher, enum schedule_mode mode,
                                     struct finished *run, pid_t *ret_init, ino_t *ret_mark)
{
    const struct limits limits = short_limits(PATIENT_MS);
    struct worker worker = wait_worker(launcher);
    *ret_init = worker.pid;
    *ret_mark = mark_of(&worker);
    main_of(worker.pid);
    return start_run_under(&worker, "spin", mode, &limits, run);
}

static void end(struct supervisor *supervisor)
{
    supervisor_cancel(supervisor);
    while (!step_run(supervisor))
        ;
    assert_int_equal(supervisor_report(supervisor)->ended, ENDED_CANCELLED);
    supervisor_free(supervisor);
}

void test_a_search_stands_still_and_goes_on(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(1, NULL);
    struct finished run;
    pid_t init;
    ino_t mark;
    struct supervisor *supervisor = start_spin(launcher, SCHEDULE_EXPLORE, &run, &init, &mark);
    for (int i = 0; i < 3; i++) {
        supervisor_rest(supervisor, true);
        await_state(init, true);
        assert_false(supervisor_step(supervisor));
        supervisor_rest(supervisor, false);
        await_state(init, false);
    }
    end(supervisor);
    launcher_free(launcher);
}

void test_one_that_rests_can_be_ended(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(1, NULL);
    struct finished run;
    pid_t init;
    ino_t mark;
    struct supervisor *supervisor = start_spin(launcher, SCHEDULE_EXPLORE, &run, &init, &mark);
    supervisor_rest(supervisor, true);
    await_state(init, true);
    end(supervisor);
    assert_int_equal(count_of_run(mark), 0);
    launcher_free(launcher);
}

void test_a_run_does_not_rest(void **state)
{
    (void)state;
    struct launcher *launcher = start_launcher(1, NULL);
    struct finished run;
    pid_t init;
    ino_t mark;
    struct supervisor *supervisor = start_spin(launcher, SCHEDULE_FREE, &run, &init, &mark);
    supervisor_rest(supervisor, true);
    for (int i = 0; i < 100; i++)
        assert_true(state_of_main(init) != 'T');
    end(supervisor);
    launcher_free(launcher);
}

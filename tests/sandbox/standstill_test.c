/* A deadlock of all tasks is noticed at once, and nothing else is taken for one. */
#include "tests/sandbox/harness.h"

/* Long before the limit, on any machine. */
#define NOTICED_NS (PATIENT_MS / 10 * UINT64_C(1000000))

static void run_all(const char *const *scenarios, unsigned wall_ms, enum ended ended,
                    const char *said, bool waits)
{
    struct launcher *launcher = start_launcher(2, NULL);
    for (; *scenarios; scenarios++) {
        struct finished run;
        run_to_limit(launcher, *scenarios, wall_ms, said, &run);
        if (run.report.ended != ended || !strstr(run.output, said))
            fail_msg("%s ended %s and said \"%s\"", *scenarios, ended_text(run.report.ended),
                     run.output);
        if (waits)
            assert_true(run.report.wait_count > 0);
        if (ended == ENDED_DEADLOCK && wall_ms == PATIENT_MS && run.report.wall_ns > NOTICED_NS)
            fail_msg("%s took %llu ns", *scenarios, (unsigned long long)run.report.wall_ns);
        assert_true(ended == ENDED_COMPLETED || run.report.counts.events > 0);
        assert_int_equal(run.left_over, 0);
    }
    launcher_free(launcher);
}

#define RUN_ALL(wall_ms, ended, said, waits, ...)                                                  \
    do {                                                                                           \
        static const char *const scenarios[] = {__VA_ARGS__, NULL};                                \
        (void)state;                                                                               \
        run_all(scenarios, wall_ms, ended, said, waits);                                           \
    } while (0)

void test_deadlocks_are_noticed(void **state)
{
    RUN_ALL(PATIENT_MS, ENDED_DEADLOCK, "before", true, "two-locks", "empty-queue",
            "daemon-and-main", "kept-end", "full-pipe", "few-at-barrier", "never-notified",
            "managed-locks", "lock-of-the-dead", "lock-of-the-sleeper", "stuck-generator",
            "stuck-loop", "spawned", "nested-submit", "idle-device");
}

void test_who_can_go_on_does(void **state)
{
    RUN_ALL(PATIENT_MS, ENDED_COMPLETED, "after", false, "sleeper", "silent-work", "deadlines",
            "patient-main", "loop-timer", "sleeping-generator", "raw-wait", "unknown-process",
            "dead-manager", "slow-ping-pong");
}

void test_in_doubt_the_wall_limit_decides(void **state)
{
    RUN_ALL(800, ENDED_TIMEOUT, "before", false, "raw-wait-for-ever", "has-handler", "spin-lock");
}

/*
 * Before there were enough looks, but at the end two of them will do. A busy machine may not let
 * the run come to its deadlock by then: one of many has to.
 */
void test_a_short_limit_does_not_hide_a_deadlock(void **state)
{
    static const char *const scenarios[] = {"two-locks", "kept-end"};
    const struct limits limits = short_limits(100);
    struct launcher *launcher = start_launcher(2, NULL);
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        struct finished run;
        int tries = 100;
        do
            run_hostile(launcher, scenarios[i], &limits, &run);
        while (run.report.ended != ENDED_DEADLOCK && --tries > 0);
        assert_int_equal(run.report.ended, ENDED_DEADLOCK);
        assert_true(run.report.wait_count > 0);
    }
    launcher_free(launcher);
}

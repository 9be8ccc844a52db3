/* A deadlock of all tasks is noticed at once, and nothing else is taken for one. */
#include "tests/sandbox/harness.h"

#define NOTICED_NS UINT64_C(2000000000)

static void run_all(const char *const *scenarios, unsigned wall_ms, enum ended ended,
                    const char *said, bool waits)
{
    struct launcher *launcher = start_launcher(2, NULL);
    const struct limits limits = short_limits(wall_ms);
    for (; *scenarios; scenarios++) {
        struct finished run;
        run_hostile(launcher, *scenarios, &limits, &run);
        if (run.report.ended != ended || !strstr(run.output, said))
            fail_msg("%s ended %s and said \"%s\"", *scenarios, ended_text(run.report.ended),
                     run.output);
        if (waits)
            assert_true(run.report.wait_count > 0);
        if (ended == ENDED_DEADLOCK && run.report.wall_ns > NOTICED_NS)
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
    RUN_ALL(10000, ENDED_DEADLOCK, "before", true, "two-locks", "empty-queue", "daemon-and-main",
            "kept-end", "full-pipe", "few-at-barrier", "never-notified", "managed-locks",
            "lock-of-the-dead", "lock-of-the-sleeper", "stuck-generator", "stuck-loop", "spawned",
            "nested-submit", "idle-device");
}

void test_who_can_go_on_does(void **state)
{
    RUN_ALL(10000, ENDED_COMPLETED, "after", false, "sleeper", "silent-work", "deadlines",
            "patient-main", "loop-timer", "sleeping-generator", "raw-wait", "unknown-process",
            "dead-manager", "slow-ping-pong");
}

void test_in_doubt_the_wall_limit_decides(void **state)
{
    RUN_ALL(800, ENDED_TIMEOUT, "before", false, "raw-wait-for-ever", "has-handler", "spin-lock");
}

/* Before there were enough looks, but at the end two of them will do. */
void test_a_short_limit_does_not_hide_a_deadlock(void **state)
{
    RUN_ALL(100, ENDED_DEADLOCK, "before", true, "two-locks", "kept-end");
}

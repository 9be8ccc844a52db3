/* Programs that ask the primitives for more than there is. */
#define HOSTILE_FIRST 5000
#include "tests/sandbox/hostile/hostile.h"

#include "sandbox/prim/task.h"
#include "sandbox/sched/run.h"
#include "sandbox/sched/seam.h"

#include <signal.h>
#include <stdint.h>

static void use_up_arena(void)
{
    say("before");
    for (;;)
        run_alloc(seam_self.run, 1 << 20);
}
HOSTILE(use_up_arena, "use-up-arena", use_up_arena);

/* Xorshift over everything the supervisor reads, its sizes and states included, again and again. */
static void garbage(void)
{
    uint64_t *words = (uint64_t *)seam_self.run->shared;
    uint64_t random = 88172645463325252u;
    say("before");
    for (;;)
        for (size_t i = 0; i < sizeof(struct trace_shared) / sizeof *words; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            words[i] = random;
        }
}
HOSTILE(garbage, "garbage", garbage);

/* As above, but of small numbers, which pass for ids and counts, and the end is its own. */
static void plausible_garbage(void)
{
    uint8_t *bytes = (uint8_t *)seam_self.run->shared;
    uint32_t random = 2463534242u;
    for (int round = 0; round < 3; round++)
        for (size_t i = sizeof(uint64_t) * 3; i < sizeof(struct trace_shared); i++) {
            random = random * 1664525u + 1013904223u;
            bytes[i] = random >> 24 < 128 ? 0 : (uint8_t)(random >> 20 & 3);
        }
    seam_self.run->shared->result.stop = TRACE_STOP_NONE;
}
HOSTILE(plausible_garbage, "plausible-garbage", plausible_garbage);

static void say_it_is_over(void)
{
    say("before");
    atomic_store(&seam_self.run->shared->task[0].state, TASK_STATE_ENDED);
}

/* The program is over in time; it takes its process a while to be gone. */
static void late_exit(void)
{
    say_it_is_over();
    usleep(600000);
}
HOSTILE(late_exit, "late-exit", late_exit);

/* Says that it is over, and goes on for ever. */
static void pretend_to_end(void)
{
    say_it_is_over();
    for (;;)
        usleep(1000);
}
HOSTILE(pretend_to_end, "pretend-to-end", pretend_to_end);

static void idle(void *argument)
{
    (void)argument;
    sleep_us(INT64_MAX / 1000000);
}

static void too_many_processes(void)
{
    say("before");
    for (;;)
        process_start("one more", idle, NULL);
}
HOSTILE(too_many_processes, "too-many-processes", too_many_processes);

static void too_many_threads(void)
{
    say("before");
    for (;;)
        thread_start("one more", idle, NULL);
}
HOSTILE(too_many_threads, "too-many-threads", too_many_threads);

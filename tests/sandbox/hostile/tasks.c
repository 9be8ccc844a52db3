/* Programs that ask the primitives for more than there is. */
#define HOSTILE_FIRST 5000
#include "tests/sandbox/hostile/hostile.h"

#include "sandbox/prim/print.h"
#include "sandbox/prim/task.h"
#include "sandbox/prim/verdict.h"
#include "sandbox/proto/operation.h"
#include "sandbox/sched/run.h"
#include "sandbox/sched/seam.h"

#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

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

/* The pages of the trace are the supervisor's as well. */
static void punch_trace(void)
{
    say("before");
    madvise(seam_self.run->shared, sizeof *seam_self.run->shared, MADV_REMOVE);
}
HOSTILE(punch_trace, "punch-trace", punch_trace);

static uint64_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    return *random ^= *random << 17;
}

static void fill(void *memory, size_t size, uint64_t *random)
{
    for (uint8_t *at = memory; size-- > 0; at++)
        *at = (uint8_t)(next_random(random) >> 32);
}

/* Ids and operations that pass in every second entry; what is around them is hostile. */
static void forge_schedule(struct trace_schedule *said, uint64_t *random)
{
    fill(said, sizeof *said, random);
    said->preemptions = 1;
    said->choices = said->positions = TRACE_CHOICES_MAX;
    said->races = TRACE_RACES_MAX;
    said->interruptions = TRACE_INTERRUPTIONS_MAX;
    for (unsigned i = 0; i < TRACE_CHOICES_MAX; i += 2) {
        said->choice[i].task = said->position[i].task = 0;
        said->choice[i].operation = said->position[i].operation = (uint8_t)(i % OPERATION_COUNT);
    }
    for (unsigned i = 0; i < TRACE_CHOICES_MAX; i += 4)
        memcpy(said->choice[i].token, "abc", 4);
    for (unsigned i = 0; i < TRACE_RACES_MAX; i += 2) {
        memset(said->race[i].task, 0, sizeof said->race[i].task);
        memset(said->race[i].operation, 0, sizeof said->race[i].operation);
        said->race[i].object = 0;
    }
    for (unsigned i = 0; i < TRACE_INTERRUPTIONS_MAX; i += 2) {
        struct trace_interruption *at = &said->interruption[i];
        at->task = at->by = 0;
        at->done = (uint8_t)(OPERATION_COUNT - i);
        at->next = at->meanwhile = (uint8_t)i;
        at->object[0] = TRACE_TASK_OBJECT(0);
        at->object[1] = 0;
    }
}

/* Says of its schedule what it likes, and is gone before anybody says it better. */
static void forged_schedule(void)
{
    struct trace_shared *shared = seam_self.run->shared;
    uint64_t random = 88172645463325252u;
    fill(shared->task[0].name, sizeof shared->task[0].name, &random);
    fill(&shared->object[0], sizeof shared->object[0], &random);
    shared->object[0].ready = 1;
    shared->objects = 1;
    forge_schedule(&shared->schedule, &random);
    atomic_store(&shared->schedule.set, 1);
    _exit(0);
}
HOSTILE(forged_schedule, "forged-schedule", forged_schedule);

static void say_it_is_over(void)
{
    say("before");
    atomic_store(&seam_self.run->shared->task[0].state, TASK_STATE_ENDED);
}

/* The program is over in time; it takes its process a while to be gone. */
static void late_exit(void)
{
    say_it_is_over();
    usleep(2100000);
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

/* Names and texts that mean something to a browser; a name has room for the first. */
#define IMAGE  "<img src=x onerror=alert(1)>"
#define MARKUP IMAGE "\"'><script>alert(1)</script>&amp;"

static void nothing(void *argument)
{
    (void)argument;
}

static void markup(void)
{
    task_join(thread_start(IMAGE, nothing, NULL));
    print("%s\n", MARKUP);
    outcome("markup", "%s", MARKUP);
}
HOSTILE(markup, "markup", markup);

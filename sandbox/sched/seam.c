#include "sandbox/sched/seam.h"

#include "sandbox/base/clock.h"
#include "sandbox/proto/output.h"
#include "sandbox/sched/control.h"
#include "sandbox/sched/fiber.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

__thread struct seam_self seam_self;
__thread unsigned source_line;

/* The last slots of the tables, from the end, as long as they do not meet the listed ones. */
static int unlisted_slot(_Atomic uint32_t *made, const _Atomic uint32_t *listed, uint32_t most)
{
    uint32_t id = most - 1 - atomic_fetch_add(made, 1);
    return id < most && id >= *listed ? (int)id : -EAGAIN;
}

static int unlisted_task(enum task_kind kind, const char *name)
{
    struct run *run = seam_self.run;
    int id = unlisted_slot(&run->unrecorded.tasks, &run->shared->tasks, TRACE_TASKS_MAX);
    if (id < 0)
        return id;
    struct trace_task_slot *slot = &run->shared->task[id];
    *slot = (struct trace_task_slot){
        .kind = (uint8_t)kind, .parent = seam_self.task, .waits_on = TRACE_WAITS_NOTHING};
    snprintf(slot->name, sizeof slot->name, "%s", name);
    return id;
}

static int unlisted_object(void)
{
    struct run *run = seam_self.run;
    int id = unlisted_slot(&run->unrecorded.objects, &run->shared->objects, TRACE_OBJECTS_MAX);
    if (id >= 0)
        run->shared->object[id] = (struct trace_object_slot){0};
    return id;
}

/* A search looks at outcomes only: what it names nobody reads. */
static const char *shown_name(const char *name)
{
    return seam_self.control && seam_self.run->output < 0 ? "" : name;
}

uint16_t seam_object(enum object_kind kind, const char *name)
{
    int id = seam_self.run->unrecorded.on
                 ? unlisted_object()
                 : trace_object_add(seam_self.run->shared, kind, shown_name(name));
    if (id < 0)
        run_stop(seam_self.run, TRACE_STOP_MEMORY_LIMIT);
    return (uint16_t)id;
}

uint16_t seam_task(enum task_kind kind, const char *name)
{
    int id = seam_self.run->unrecorded.on
                 ? unlisted_task(kind, name)
                 : trace_task_add(seam_self.run->shared, kind, seam_self.task, shown_name(name));
    if (id < 0)
        run_stop(seam_self.run, TRACE_STOP_TASK_LIMIT);
    return (uint16_t)id;
}

void seam_begin(struct run *run, struct process *process, struct trace_lane *lane, uint16_t task,
                uint32_t created)
{
    seam_self =
        (struct seam_self){.run = run, .process = process, .control = run->control, .task = task};
    if (run->job.trace && !run->unrecorded.on) {
        if (run->control)
            lane = control_lane(run->control);
        trace_lane_init(lane, run->shared, task);
        if (run->control)
            control_time(run->control, lane);
        seam_self.lane = lane;
    }
    source_line = 0;
    seam_go_on();
    seam_record(EVENT_TASK_STARTED, TRACE_NO_OBJECT, 0, created);
}

uint32_t seam_end(int exit_code)
{
    source_line = 0;
    uint32_t ended = seam_record(EVENT_TASK_ENDED, TRACE_NO_OBJECT, exit_code, 0);
    trace_task_ended(seam_self.run->shared, seam_self.task);
    return ended;
}

void seam_unrecorded_begin(void)
{
    struct run *run = seam_self.run;
    struct unrecorded *u = &run->unrecorded;
    if (seam_self.control)
        return;
    u->tasks = u->objects = 0;
    u->arena_used = run->arena_used;
    u->memory_names = run->memory_names;
    u->lane = seam_self.lane;
    seam_self.lane = NULL;
    u->on = true;
}

void seam_unrecorded_end(void)
{
    struct run *run = seam_self.run;
    struct unrecorded *u = &run->unrecorded;
    size_t used = run->arena_used;
    if (seam_self.control)
        return;
    u->on = false;
    seam_self.lane = u->lane;
    run->memory_names = u->memory_names;
    memset(run->arena + u->arena_used, 0, used - u->arena_used);
    run->arena_used = u->arena_used;
}

void *seam_private(size_t bytes)
{
    return seam_self.control ? control_private(bytes) : calloc(1, bytes);
}

void seam_private_free(void *memory)
{
    if (!seam_self.control)
        free(memory);
}

struct fiber *seam_fiber(size_t stack_bytes, void (*entry)(void *), void *argument)
{
    return seam_self.control ? control_fiber(seam_self.control, entry, argument)
                             : fiber_new(stack_bytes, entry, argument);
}

void seam_fiber_free(struct fiber *fiber)
{
    if (seam_self.control)
        control_fiber_free(seam_self.control, fiber);
    else
        fiber_free(fiber);
}

bool seam_ignores_time(void)
{
    return seam_self.control && control_ignores_time(seam_self.control);
}

void seam_free_only(const char *what)
{
    char text[128];
    if (!seam_self.control)
        return;
    snprintf(text, sizeof text, "%s, under a controlled schedule", what);
    seam_fail(ENOTSUP, text);
}

uint64_t seam_clock(void)
{
    return seam_self.control ? control_clock(seam_self.control) : clock_ns();
}

uint64_t seam_now(void)
{
    if (seam_self.control)
        return control_now(seam_self.control);
    return clock_ns() -
           atomic_load_explicit(&seam_self.run->shared->start_ns, memory_order_relaxed);
}

void seam_sleep(uint64_t ns)
{
    struct timespec left = {.tv_sec = (time_t)(ns / 1000000000u),
                            .tv_nsec = (long)(ns % 1000000000u)};
    seam_record(EVENT_SLEEP_BEGAN, TRACE_NO_OBJECT, (int64_t)ns, 0);
    if (seam_self.control)
        control_sleep(ns);
    else
        while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
            ;
    seam_record(EVENT_SLEEP_ENDED, TRACE_NO_OBJECT, 0, 0);
}

static uint64_t thread_time_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void burn(uint64_t ns)
{
    uint64_t until = thread_time_ns() + ns;
    while (thread_time_ns() < until)
        for (int i = 0; i < 64; i++)
            __asm__ volatile("");
}

void seam_work(uint64_t ns)
{
    seam_record(EVENT_WORK_BEGAN, TRACE_NO_OBJECT, (int64_t)ns, 0);
    if (seam_self.control)
        control_sleep(ns);
    else
        burn(ns);
    seam_record(EVENT_WORK_ENDED, TRACE_NO_OBJECT, 0, 0);
}

void seam_spin(uint64_t ns)
{
    if (seam_self.control) {
        control_sleep(ns);
        return;
    }
    uint64_t until = clock_ns() + ns;
    while (clock_ns() < until)
        ;
}

int seam_output(char *packet, size_t length)
{
    if (seam_self.run->output < 0) /* an exploration shows nothing */
        return 0;
    struct output_frame frame = {.magic = OUTPUT_FRAME_MAGIC,
                                 .task = seam_self.task,
                                 .length = (uint16_t)length,
                                 .t_ns = seam_now()};
    memcpy(packet, &frame, sizeof frame);
    while (write(seam_self.run->output, packet, sizeof frame + length) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

void seam_fail(int code, const char *what)
{
    if (code == EAGAIN)
        run_stop(seam_self.run, TRACE_STOP_TASK_LIMIT);
    if (code == ENOMEM)
        run_stop(seam_self.run, TRACE_STOP_MEMORY_LIMIT);
    seam_record(EVENT_FAULT, TRACE_NO_OBJECT, code, 0);
    char packet[256];
    char *text = packet + sizeof(struct output_frame);
    snprintf(text, sizeof packet - sizeof(struct output_frame), "%s: %s\n", what, strerror(code));
    int r = seam_output(packet, strlen(text));
    if (seam_self.control)
        control_end(seam_self.control, ENDED_CRASHED);
    _exit(r < 0 ? 72 : 71);
}

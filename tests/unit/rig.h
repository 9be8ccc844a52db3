/*
 * A run for tests of primitives: the calling thread is its main task, under the free schedule, and
 * what it leaves is a trace that can be looked at.
 */
#ifndef TESTS_RIG_H
#define TESTS_RIG_H

#include "tests/unit/test.h"

#include "sandbox/base/clock.h"
#include "sandbox/prim/conc.h"
#include "sandbox/sched/seam.h"
#include "sandbox/trace/chunk.h"
#include "sandbox/trace/reader.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Primitives are never freed: they live as long as the run, which is its own process elsewhere. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* A run whose main task is the calling thread, and its trace at the end. */
struct rig {
    struct trace_shared *shared;
    struct trace_lane lane;
    struct process process;
    struct trace trace;
    int output;
};

static inline void rig_begin(struct rig *rig)
{
    int ends[2];
    memset(rig, 0, sizeof *rig);
    assert_int_equal(pipe2(ends, O_DIRECT | O_NONBLOCK), 0);
    rig->output = ends[0];
    rig->shared = mmap(NULL, sizeof *rig->shared, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    trace_shared_init(rig->shared);
    struct run *run = run_new(rig->shared, ends[1]);
    assert_non_null(run);
    run->job.trace = true;
    run->output_object = (uint16_t)trace_object_add(rig->shared, OBJECT_OUTPUT, "stdout");
    trace_shared_start(rig->shared);
    uint16_t task = (uint16_t)trace_task_add(rig->shared, TASK_PROCESS, -1, "main");
    seam_begin(run, &rig->process, &rig->lane, task, 0);
}

static inline void rig_end(struct rig *rig)
{
    struct trace_reader *reader = trace_reader_new(rig->shared);
    struct buf chunks = BUF_INIT(64u << 20);
    struct err err;
    seam_end(0);
    assert_int_equal(trace_reader_drain(reader, clock_ns(), true, &chunks), 0);
    assert_int_equal(trace_reader_counts(reader).malformed, 0);
    if (trace_decode(&rig->trace, chunks.data, chunks.len, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(trace_sort(&rig->trace), 0);
    trace_reader_free(reader);
    buf_release(&chunks);
    close(rig->output);
    close(seam_self.run->output);
}

static inline void rig_release(struct rig *rig)
{
    trace_release(&rig->trace);
    munmap(rig->shared, sizeof *rig->shared);
    munmap(seam_self.run, sizeof *seam_self.run + RUN_ARENA_BYTES);
}

static inline unsigned count(const struct rig *rig, enum event_kind kind)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < rig->trace.event_count; i++)
        n += rig->trace.events[i].kind == kind;
    return n;
}

/* Every effect of this kind names a cause of that kind, earlier, with the same value. */
static inline void assert_caused(const struct rig *rig, enum event_kind effect,
                                 enum event_kind cause)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < rig->trace.event_count; i++) {
        const struct chunk_event *e = &rig->trace.events[i];
        if (e->kind != effect)
            continue;
        assert_true(e->cause > 0 && e->cause <= i);
        const struct chunk_event *c = &rig->trace.events[e->cause - 1];
        assert_int_equal(c->kind, cause);
        assert_int_equal(c->value, e->value);
        assert_true(c->t_ns <= e->t_ns);
        n++;
    }
    assert_true(n > 0);
}

#endif

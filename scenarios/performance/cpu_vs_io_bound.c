#include "scenarios/scenario.h"

#include <inttypes.h>

#define TASKS_MAX   200
#define STEP_NS     100000 /* between two looks at the interpreter lock */
#define CURVE_TASKS 8      /* of each point of the curve, each so long: */
#define CURVE_TRIES 2
#define CURVE_US    1000

/* The same for every tool: so many tasks, each partly computing, partly waiting. */
struct job {
    int64_t tasks, cpu_us, io_us;
    int workers;
    struct gil *gil;
};

static const struct job *job; /* set before workers are forked */

static void compute(void)
{
    if (job->cpu_us > 0)
        work_us(job->cpu_us);
}

static void wait_for_io(void)
{
    if (job->io_us > 0)
        sleep_us(job->io_us);
}

static int64_t task(struct call *call)
{
    compute();
    wait_for_io();
    return call->x;
}

/* In the interpreter: computing needs the lock, waiting gives it away. */
static int64_t task_with_gil(struct call *call)
{
    int64_t left = (int64_t)((double)job->cpu_us * 1000 * number("time_scale"));
    gil_take(job->gil);
    for (; left > 0; left -= STEP_NS) {
        spin_ns(left < STEP_NS ? left : STEP_NS);
        gil_check(job->gil);
    }
    gil_drop(job->gil);
    wait_for_io();
    return call->x;
}

static int64_t task_of_loop(void *argument)
{
    (void)argument;
    compute();
    if (job->io_us > 0)
        loop_sleep(job->io_us);
    return 1;
}

static int64_t run_in_loop(void *argument)
{
    struct coro *coros[TASKS_MAX];
    (void)argument;
    for (int64_t i = 0; i < job->tasks; i++)
        coros[i] = loop_create_task(text("task %" PRId64, i), task_of_loop, NULL);
    loop_gather(coros, (unsigned)job->tasks);
    int64_t done = 0;
    for (int64_t i = 0; i < job->tasks; i++)
        done += coro_result(coros[i]);
    return done;
}

static int64_t run_in_pool(enum task_kind kind, pool_fn *fn)
{
    static int64_t ones[TASKS_MAX];
    int64_t done = 0;
    for (int64_t i = 0; i < job->tasks; i++)
        ones[i] = 1;
    struct pool *pool = pool_new(kind, job->workers);
    const struct call *calls = pool_map(pool, fn, ones, NULL, (unsigned)job->tasks, 1);
    for (int64_t i = 0; i < job->tasks; i++)
        done += calls[i].result;
    pool_close(pool);
    pool_join(pool);
    return done;
}

static const char *const tools[] = {"serial", "threads-gil", "processes", "coroutines"};

/* Does the job with a tool; returns how long it took, starting the tool included. */
static int64_t execute(struct job *of, int tool, int64_t *ret_done)
{
    struct call alone = {.x = 1};
    int64_t began = now_ns();
    job = of;
    *ret_done = 0;
    if (tool == 0) {
        for (int64_t i = 0; i < of->tasks; i++)
            *ret_done += task(&alone);
    } else if (tool == 1) {
        of->gil = gil_new(5000000);
        *ret_done = run_in_pool(TASK_THREAD, task_with_gil);
    } else if (tool == 2) {
        *ret_done = run_in_pool(TASK_PROCESS, task);
    } else {
        loop_run("main()", run_in_loop, NULL, ret_done);
    }
    return now_ns() - began;
}

static struct job job_of(double mix, int64_t tasks, int64_t us, int workers)
{
    int64_t io = (int64_t)(mix * (double)us);
    return (struct job){.tasks = tasks, .cpu_us = us - io, .io_us = io, .workers = workers};
}

/* The best of a few tries, small and unrecorded: what disturbs one of them is not the tool's. */
static int64_t measure_point(double mix, int tool, bool *complete)
{
    int workers = (int)integer("workers") < CURVE_TASKS ? (int)integer("workers") : CURVE_TASKS;
    int64_t best = INT64_MAX;
    for (int i = 0; i < CURVE_TRIES; i++) {
        int64_t done;
        unrecorded_begin();
        struct job point = job_of(mix, CURVE_TASKS, CURVE_US, workers);
        int64_t took = execute(&point, tool, &done);
        unrecorded_end();
        best = took < best ? took : best;
        *complete = *complete && done == CURVE_TASKS;
    }
    return best;
}

/* The four tools at five mixes: the curve. Returns whether all was done. */
static bool draw_curve(void)
{
    bool complete = true;
    for (int mix = 0; mix <= 100; mix += 25) {
        int64_t took[4];
        for (int tool = 0; tool < 4; tool++)
            took[tool] = measure_point(mix / 100.0, tool, &complete);
        row("%d\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64, mix, took[0], took[1], took[2],
            took[3]);
    }
    return complete;
}

/*
 * No tool is faster than one task, than all tasks divided among those it does at once, and than
 * their computing divided among the processors it uses.
 */
static double least_us(const struct job *of, int tool)
{
    int64_t at_once = tool == 0 ? 1 : tool == 3 ? of->tasks : of->workers;
    int64_t processors = tool == 2 ? cores_available() : 1;
    double one = (double)(of->cpu_us + of->io_us), tasks = (double)of->tasks;
    double whole = tasks * one / (double)at_once;
    double computing = tasks * (double)of->cpu_us / (double)processors;
    double least = whole > computing ? whole : computing;
    return least > one ? least : one;
}

static void run(void)
{
    struct job mine =
        job_of(number("mix"), integer("tasks"), integer("task_ms") * 1000, (int)integer("workers"));
    int tool = 0;
    int64_t done;
    bool complete = draw_curve();
    while (!is("tool", tools[tool]))
        tool++;
    int64_t took = execute(&mine, tool, &done);
    double scale = number("time_scale") * 1000;
    double least = least_us(&mine, tool) * scale;
    double alone = (double)(mine.tasks * (mine.cpu_us + mine.io_us)) * scale;
    print("%s: %.0f ms for %.0f ms of tasks, %.1f times as fast as serial", tools[tool],
          (double)took / 1e6, alone / 1e6, alone / (double)took);
    check_number("all-tasks-done", mine.tasks, done);
    check("curve-complete", complete, "True", complete ? "True" : "False");
    check("not-faster-than-possible", (double)took >= 0.98 * least,
          text("at least %.1f ms", least / 1e6), text("%.1f ms", (double)took / 1e6));
    metric("makespan_ns", took);
    metric("speedup_percent", (int64_t)(100 * alone / (double)took));
    outcome(alone > 1.3 * (double)took ? "overlapped" : "no-gain", "tasks=%" PRId64, done);
}

SCENARIO(cpu_vs_io_bound) = {
    .id = "cpu-vs-io-bound",
    .family = FAMILY_PERFORMANCE,
    .number = 54,
    .title = {"CPU-bound or I/O-bound: pick the tool", "计算密集还是 I/O 密集：选对工具"},
    .summary =
        {"Tasks that compute for a while and wait for a while are done one after the other, by "
         "threads under a simulated interpreter lock, by processes, or by coroutines. The curve "
         "shows all four from pure computing (0 %) to pure waiting (100 %), each with eight tasks "
         "of a millisecond.",
         "每个任务先计算一会儿，再等待一会儿；可以依次执行，也可以用线程（带模拟的解释器锁）、进程"
         "或"
         "协程。曲线给出四种工具从纯计算（0%）到纯等待（100%）的耗时，每点是八个 1 毫秒的任务。"},
    .lesson = {"Hide waiting with threads or coroutines, split computing over processes.",
               "等待用线程或协程来隐藏，计算用多进程来分担。"},
    .python = "import asyncio, time\n"
              "from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor\n"
              "\n"
              "def task(cpu, io):\n"
              "    t = time.perf_counter() + cpu\n"
              "    while time.perf_counter() < t: pass\n"
              "    time.sleep(io)\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    for kind in ThreadPoolExecutor, ProcessPoolExecutor:\n"
              "        for cpu, io in (0.01, 0), (0, 0.01):\n"
              "            t = time.perf_counter()\n"
              "            with kind(8) as executor:\n"
              "                list(executor.map(task, [cpu] * 40, [io] * 40))\n"
              "            print(kind.__name__, cpu, io, time.perf_counter() - t)\n",
    .concepts = CONCEPTS(156, 159, 161, 164, 174),
    .chart = CHART_CURVE,
    .params = PARAMS(
        NUMBER("mix", 0, 1, "0.5", "Share of waiting", "等待所占比例",
               "0: nothing but computing. 1: nothing but waiting. At 0 threads and coroutines gain "
               "nothing, in every run.",
               "0：纯计算；1：纯等待。取 0 时，线程和协程每次都没有收益。"),
        INTEGER("tasks", 1, TASKS_MAX, "40", "Tasks", "任务数", "How many are done.",
                "一共多少个任务。"),
        INTEGER("task_ms", 1, 200, "10", "Time per task (ms)", "每个任务的时间（毫秒）",
                "Computing and waiting together.", "计算与等待合计。"),
        CHOICE("tool", "threads-gil", "Tool", "工具", "What the lanes show.",
               "时间线上显示哪一种。", {"serial", {"one after the other", "依次执行"}},
               {"threads-gil", {"threads under a GIL", "带 GIL 的线程"}},
               {"processes", {"processes", "进程"}}, {"coroutines", {"coroutines", "协程"}}),
        INTEGER("workers", 1, 32, "8", "Workers", "工作者数",
                "Threads or processes; coroutines need none.", "线程或进程数；协程不需要。")),
    .outcomes = OUTCOMES(OUTCOME("overlapped", "tasks=*", NULL, CLASS_ACCEPTABLE,
                                 "Faster than one after the other: something overlapped.",
                                 "比依次执行快：有重叠。"),
                         OUTCOME("no-gain", "tasks=*", NULL, CLASS_ACCEPTABLE,
                                 "Hardly faster than one after the other.",
                                 "几乎不比依次执行快。")),
    .checks = CHECKS(CHECK("all-tasks-done", "Tasks done", "完成的任务"),
                     CHECK("curve-complete", "All tasks of the curve were done",
                           "曲线上的任务全部完成"),
                     CHECK("not-faster-than-possible", "Not faster than the tasks allow",
                           "不会快于任务本身所需")),
    .columns = COLUMNS(COLUMN("mix", "Waiting", "等待", "%"),
                       COLUMN("serial", "Serial", "依次", "ns"),
                       COLUMN("threads", "Threads (GIL)", "线程（GIL）", "ns"),
                       COLUMN("processes", "Processes", "进程", "ns"),
                       COLUMN("coroutines", "Coroutines", "协程", "ns")),
    .free_only = MEASURES_REAL_TIME,
    .run = run,
};

#include "scenarios/scenario.h"

#include <inttypes.h>

#define TASKS_MAX 16
#define BURSTS    5      /* of each task that yields */
#define STEP_NS   100000 /* of the preemptive ones, between two looks whether they must go */

/* One task: what it has to do, and how it fared. */
struct worker {
    struct program *program;
    int64_t i, bursts, burst_ns;
    int64_t done_ns, longest_wait_ns, last_ran_ns;
};

struct program {
    struct gil *processor; /* of the preemptive ones: only one of them runs */
    int64_t inside, overlaps, owner, turns;
    struct worker worker[TASKS_MAX];
};

/* Works, and notes how long it had been waiting for it. */
static void work(struct worker *w, int64_t ns)
{
    struct program *p = w->program;
    int64_t waited = now_ns() - w->last_ran_ns;
    w->longest_wait_ns = waited > w->longest_wait_ns ? waited : w->longest_wait_ns;
    p->turns += p->owner != w->i;
    p->owner = w->i;
    p->overlaps += p->inside++ != 0;
    spin_ns(ns);
    p->inside--;
    w->done_ns += ns;
    w->last_ran_ns = now_ns();
}

/* Goes on until it yields by itself. */
static int64_t cooperative(void *argument)
{
    struct worker *w = argument;
    for (int64_t burst = 0; burst < w->bursts; burst++) {
        work(w, w->burst_ns);
        loop_sleep(0);
    }
    return w->done_ns;
}

static int64_t run_loop_tasks(void *argument)
{
    struct program *p = argument;
    struct coro *coros[TASKS_MAX];
    int64_t n = integer("tasks");
    for (int64_t i = 0; i < n; i++)
        coros[i] = loop_create_task(text("task %" PRId64, i), cooperative, &p->worker[i]);
    return loop_gather(coros, (unsigned)n);
}

/* Never thinks of the others; after its slice the processor is taken away. */
static void preemptive(void *argument)
{
    struct worker *w = argument;
    gil_take(w->program->processor);
    for (int64_t left = w->bursts * w->burst_ns; left > 0; left -= STEP_NS) {
        work(w, left < STEP_NS ? left : STEP_NS);
        gil_check(w->program->processor);
    }
    gil_drop(w->program->processor);
}

static void run_threads(struct program *p)
{
    struct task *threads[TASKS_MAX];
    int64_t n = integer("tasks");
    p->processor = gil_new(integer("slice_ms") * 1000000);
    for (int64_t i = 0; i < n; i++)
        threads[i] = thread_start(text("task %" PRId64, i), preemptive, &p->worker[i]);
    for (int64_t i = 0; i < n; i++)
        task_join(threads[i]);
}

static void prepare(struct program *p)
{
    double scale = number("time_scale");
    for (int64_t i = 0; i < integer("tasks"); i++) {
        bool hog = boolean("hog") && i == 0;
        p->worker[i] = (struct worker){
            .program = p,
            .i = i,
            .bursts = hog ? 1 : BURSTS,
            .burst_ns = (int64_t)((double)integer(hog ? "hog_ms" : "burst_ms") * 1e6 * scale),
            .last_ran_ns = now_ns()};
    }
}

static void judge(const struct program *p)
{
    bool hog = boolean("hog"), kept = hog;
    int64_t n = integer("tasks"), done = 0, longest = 0;
    for (int64_t i = 0; i < n; i++) {
        const struct worker *w = &p->worker[i];
        row("task %" PRId64 "%s\t%" PRId64 "\t%" PRId64, i, hog && i == 0 ? " (hog)" : "",
            w->longest_wait_ns, w->done_ns);
        done += w->done_ns == w->bursts * w->burst_ns;
        if (hog && i == 0)
            continue;
        kept = kept && (double)w->longest_wait_ns >= 0.99 * (double)p->worker[0].burst_ns;
        longest = w->longest_wait_ns > longest ? w->longest_wait_ns : longest;
    }
    print("%" PRId64 " turns, the longest wait of a task that yields: %.1f ms", p->turns,
          (double)longest / 1e6);
    check_number("all-work-done", n, done);
    check_number("one-at-a-time", 0, p->overlaps);
    check("hog-keeps-the-rest-waiting", !is("scheduler", "cooperative") || kept == hog,
          "cooperative, with a hog: everybody waits for it",
          text("longest wait %.1f ms", (double)longest / 1e6));
    metric("turns", p->turns);
    metric("longest_wait_ns", longest);
    outcome(is("scheduler", "cooperative") && kept ? "starved" : "took-turns",
            is("scheduler", "cooperative") && kept ? "waited for the hog" : "took turns");
}

static void run(void)
{
    static struct program p;
    p.owner = -1;
    prepare(&p);
    if (is("scheduler", "cooperative"))
        loop_run("scheduler", run_loop_tasks, &p, NULL);
    else
        run_threads(&p);
    judge(&p);
}

SCENARIO(cooperative_vs_preemptive) = {
    .id = "cooperative-vs-preemptive",
    .family = FAMILY_COROUTINES,
    .number = 50,
    .title = {"Cooperative or preemptive?", "协作式与抢占式"},
    .summary =
        {"Tasks share one processor. Cooperative ones, coroutines of an event loop, run until they "
         "yield; preemptive ones, threads, run until their slice is over. One of them is a hog: it "
         "has a long piece of work and does not yield. (That only one thread runs is seen to by a "
         "simulated interpreter lock.)",
         "若干任务共用一个处理器。协作式的是事件循环里的协程，运行到自己让出为止；抢占式的是线程，"
         "时间片用完就被换下。其中一个是“霸占者”：有一大段活，而且不让出。"
         "（同一时刻只有一个线程运行，由模拟的解释器锁来保证。）"},
    .lesson = {"Cooperation is cheap until one does not cooperate.",
               "协作很便宜，直到有一个不合作。"},
    .python = "import asyncio, time\n"
              "\n"
              "def work(ms):\n"
              "    t = time.perf_counter() + ms / 1000\n"
              "    while time.perf_counter() < t: pass\n"
              "\n"
              "async def task(i):\n"
              "    if i == 0: return work(500)        # the hog: no await\n"
              "    for _ in range(5):\n"
              "        work(20)\n"
              "        await asyncio.sleep(0)         # yields\n"
              "\n"
              "async def main():\n"
              "    await asyncio.gather(*(task(i) for i in range(3)))\n"
              "\n"
              "asyncio.run(main())                    # Threads take turns every 5 ms instead\n",
    .concepts = CONCEPTS(177, 180),
    .chart = CHART_SHARES,
    .params = PARAMS(
        CHOICE("scheduler", "cooperative", "Scheduler", "调度方式",
               "Coroutines that yield, or threads whose slices are cut off.",
               "主动让出的协程，或者时间片到了被换下的线程。",
               {"cooperative", {"cooperative (coroutines)", "协作式（协程）"}},
               {"preemptive", {"preemptive (threads)", "抢占式（线程）"}}),
        INTEGER("tasks", 2, TASKS_MAX, "3", "Tasks", "任务数", "How many share the processor.",
                "共用处理器的任务数。"),
        BOOLEAN("hog", "true", "One is a hog", "有霸占者",
                "Task 0 does all of its work in one go. Cooperative, the others wait for it in "
                "every run.",
                "任务 0 一口气做完全部工作。协作式下其余任务每次都得等它。"),
        INTEGER("burst_ms", 1, 500, "20", "Work between yields (ms)", "两次让出之间的工作（毫秒）",
                "Each task does five pieces of so much.", "每个任务做五段，每段这么久。"),
        INTEGER("hog_ms", 10, 5000, "500", "Work of the hog (ms)", "霸占者的工作（毫秒）",
                "In one piece.", "一整段。"),
        INTEGER("slice_ms", 1, 100, "5", "Time slice (ms)", "时间片（毫秒）",
                "After this a thread has to go; 5 ms is the switch interval of CPython.",
                "线程运行这么久就要让位；5 毫秒是 CPython 的切换间隔。")),
    .outcomes = OUTCOMES(OUTCOME("took-turns", "took turns", NULL, CLASS_ACCEPTABLE,
                                 "The tasks took turns.", "各任务轮流运行。"),
                         OUTCOME("starved", "waited for the hog", "scheduler=cooperative&hog=true",
                                 CLASS_INTERESTING,
                                 "Nobody could take the processor away from the hog.",
                                 "没有谁能从霸占者手里拿走处理器。")),
    .checks = CHECKS(CHECK("all-work-done", "Tasks that did all their work", "完成全部工作的任务"),
                     CHECK("one-at-a-time", "Moments at which two ran", "两个同时运行的时刻"),
                     CHECK("hog-keeps-the-rest-waiting",
                           "The others wait for a hog that is not cut off",
                           "不会被换下的霸占者让其他任务等待")),
    .columns = COLUMNS(COLUMN("task", "Task", "任务", NULL),
                       COLUMN("wait", "Longest wait", "最长等待", "ns"),
                       COLUMN("work", "Work", "工作", "ns")),
    .run = run,
};

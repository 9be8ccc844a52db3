#include "scenarios/scenario.h"

#include <inttypes.h>

#define TASKS_MAX 64

/* When each result was read, and in which order. */
struct reading {
    int64_t began_ns, first_ns;
    int64_t order[TASKS_MAX];
    unsigned count, done; /* read; done when wait() came back */
};

static int64_t task(struct call *call)
{
    sleep_us(call->x * 1000);
    return call->x;
}

static void read_result(struct reading *r, struct future *future)
{
    int64_t result = 0;
    future_result(future, FOREVER, &result);
    int64_t after = now_ns() - r->began_ns;
    r->order[r->count++] = future_number(future) + 1;
    print("task %" PRId64 " (%" PRId64 " ms) read after %.0f ms", future_number(future) + 1, result,
          (double)after / 1e6);
    row("task %" PRId64 "\t%" PRId64 "\t%" PRId64, future_number(future) + 1, after,
        result * 1000000);
}

/* for r in executor.map(…), or for f in futures: f.result() */
static void in_input_order(struct reading *r, struct future **futures, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        read_result(r, futures[i]);
}

static void as_they_complete(struct reading *r, struct future **futures, unsigned n)
{
    struct as_completed *iterator = as_completed(futures, n);
    for (struct future *future; (future = as_completed_next(iterator, FOREVER));)
        read_result(r, future);
}

static unsigned shortest(const int64_t *ms, unsigned n)
{
    unsigned at = 0;
    for (unsigned i = 1; i < n; i++)
        at = ms[i] < ms[at] ? i : at;
    return at;
}

static void judge(const struct reading *r, const int64_t *ms, unsigned n)
{
    struct words order = {0};
    unsigned in_order = 0, each_once = 0;
    bool seen[TASKS_MAX + 1] = {0};
    for (unsigned i = 0; i < r->count; i++) {
        in_order += r->order[i] == i + 1;
        each_once += !seen[r->order[i]];
        seen[r->order[i]] = true;
        words_add(&order, "%" PRId64, r->order[i]);
    }
    bool keeps_order = is("api", "map") || is("api", "submit-result") || is("api", "wait-all");
    check_number("each-result-once", n, each_once);
    check("input-order", !keeps_order || in_order == n, "map and result(): input order",
          words_short(&order, 60));
    if (is("api", "wait-first"))
        check("first-means-one-is-enough",
              (double)r->first_ns >= 0.99e6 * number("time_scale") * (double)ms[shortest(ms, n)],
              text("not before %" PRId64 " ms × time_scale", ms[shortest(ms, n)]),
              text("%.1f ms", (double)r->first_ns / 1e6));
    if (is("api", "wait-first") || is("api", "wait-all"))
        check("wait-keeps-its-word", r->done >= (is("api", "wait-all") ? n : 1),
              text("at least %u done", is("api", "wait-all") ? n : 1), text("%u done", r->done));
    metric("first_result_ns", r->first_ns);
    outcome(in_order == n                     ? "input-order"
            : is("api", "as_completed-after") ? "arbitrary"
                                              : "completion-order",
            "order=%s", words_short(&order, 200));
}

static void run(void)
{
    int64_t ms[TASKS_MAX];
    unsigned n = integers("durations_ms", ms, TASKS_MAX);
    struct reading r = {.began_ns = now_ns()};
    struct executor *executor = executor_new(is("backend", "threads") ? TASK_THREAD : TASK_PROCESS,
                                             (int)integer("workers"));
    struct future **futures = executor_map(executor, task, ms, n);
    if (is("api", "wait-first"))
        r.done = futures_wait(futures, n, FIRST_COMPLETED, FOREVER);
    if (is("api", "wait-all"))
        r.done = futures_wait(futures, n, ALL_COMPLETED, FOREVER);
    if (is("api", "as_completed-after")) /* the notes: after the with block */
        executor_shutdown(executor, true, false);
    r.first_ns = now_ns() - r.began_ns;
    if (is("api", "map") || is("api", "submit-result") || is("api", "wait-all"))
        in_input_order(&r, futures, n);
    else
        as_they_complete(&r, futures, n);
    executor_shutdown(executor, true, false);
    judge(&r, ms, n);
}

SCENARIO(executor_futures) = {
    .id = "executor-futures",
    .family = FAMILY_POOLS,
    .number = 19,
    .title = {"Executors: submit, map, as_completed, wait",
              "Executor：submit / map / as_completed / wait"},
    .summary =
        {"An executor runs tasks of different lengths in threads or processes; submit() gives a "
         "future for each at once. The results are read in the order of the tasks, or as they are "
         "done. `as_completed` after the with block, as in the notes, has nothing left to wait "
         "for: its order means nothing.",
         "执行器用线程或进程运行长短不一的任务，submit() 立刻为每个任务返回一个 "
         "future。结果可以按任务顺序读，也可以谁先完成先读。像笔记那样在 with 块之后才用 "
         "`as_completed`，已经没有可等的了，顺序也就没有意义。"},
    .lesson = {"A future separates starting work from asking for its result.",
               "Future 把“开始工作”和“取结果”分开。"},
    .python = "from concurrent.futures import ProcessPoolExecutor, as_completed, wait\n"
              "import time\n"
              "\n"
              "def task(ms):\n"
              "    time.sleep(ms / 1000)\n"
              "    return ms\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    ms = [300, 100, 200, 50, 150]\n"
              "    with ProcessPoolExecutor(4) as executor:\n"
              "        print(list(executor.map(task, ms)))           # input order\n"
              "        futures = [executor.submit(task, t) for t in ms]\n"
              "        for f in as_completed(futures):               # as they are done\n"
              "            print(f.result())\n"
              "    for f in as_completed(futures): print(f.result()) # any order\n",
    .concepts = CONCEPTS(64, 65, 66, 67, 68, 69),
    .chart = CHART_ORDER,
    .params = PARAMS(
        CHOICE("backend", "processes", "Workers are", "工作者", "The API is the same.",
               "接口相同。", {"threads", {"threads", "线程"}},
               {"processes", {"processes", "进程"}}),
        INTEGER("workers", 1, 16, "4", "Workers", "工作者数", "Tasks at once.",
                "同时执行的任务数。"),
        CHOICE("api", "map", "How results are read", "怎样读结果",
               "As they complete inside the with block they come in the order of completion in "
               "every run with the defaults; after it in any order.",
               "在 with 块内用 as_completed，按默认值每次都按完成的先后到达；在块之后则顺序任意。",
               {"map", {"map()", "map()"}},
               {"submit-result", {"submit(), then result()", "submit() 再 result()"}},
               {"as_completed-inside", {"as_completed() inside", "块内 as_completed()"}},
               {"as_completed-after",
                {"as_completed() after (notes)", "块后 as_completed()（笔记）"}},
               {"wait-all", {"wait(ALL_COMPLETED)", "wait(ALL_COMPLETED)"}},
               {"wait-first", {"wait(FIRST_COMPLETED)", "wait(FIRST_COMPLETED)"}}),
        INTEGERS("durations_ms", 1, 2000, "300,100,200,50,150", "Times of the tasks (ms)",
                 "各任务的时间（毫秒）", "One task for each.", "每个数对应一个任务。")),
    .outcomes = OUTCOMES(
        OUTCOME("input-order", "order=*", NULL, CLASS_ACCEPTABLE,
                "The results were read in the order of the tasks.", "结果按任务顺序读取。"),
        OUTCOME("completion-order", "order=*", "api=as_completed-inside", CLASS_INTERESTING,
                "The results were read as the tasks were done.", "结果按完成的先后读取。"),
        OUTCOME("completion-order", "order=*", "api=wait-first", CLASS_INTERESTING,
                "wait() came back after the first; the results were read as they were done.",
                "wait() 在第一个完成后返回；结果按完成的先后读取。"),
        OUTCOME("arbitrary", "order=*", "api=as_completed-after", CLASS_INTERESTING,
                "All were done already; the order is that of a set.",
                "全都已经完成，顺序只是集合的顺序。")),
    .checks = CHECKS(CHECK("each-result-once", "Results read, each once", "每个结果读取一次"),
                     CHECK("input-order", "map() and result() keep the order of the tasks",
                           "map() 与 result() 保持任务顺序"),
                     CHECK("first-means-one-is-enough",
                           "wait(FIRST_COMPLETED) does not come back before the shortest task",
                           "wait(FIRST_COMPLETED) 不会早于最短的任务返回"),
                     CHECK("wait-keeps-its-word", "As many are done as wait() was told to wait for",
                           "wait() 返回时，完成的个数与要求相符")),
    .columns = COLUMNS(COLUMN("task", "Result", "结果", NULL),
                       COLUMN("read", "Read after", "读取时间", "ns"),
                       COLUMN("time", "Takes by itself", "自身耗时", "ns")),
    .run = run,
};

#include "scenarios/scenario.h"

#include <inttypes.h>

#define TASKS_MAX 64

static int64_t task(struct call *call)
{
    sleep_us(call->x * 1000);
    return call->index;
}

/* Results as they are handed to the caller. */
struct arrivals {
    int64_t began_ns, kept_back_ns;
    int64_t index[TASKS_MAX], done_ns[TASKS_MAX], arrived_ns[TASKS_MAX];
    unsigned count;
};

/* for r in p.imap(…): print(r) */
static void arrive(struct arrivals *a, const struct call *call)
{
    int64_t arrived = now_ns() - a->began_ns, done = (int64_t)call->finished_ns - a->began_ns;
    a->index[a->count] = call->index;
    a->done_ns[a->count] = done;
    a->arrived_ns[a->count++] = arrived;
    a->kept_back_ns += arrived - done;
    row("task %" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64, call->index, done, arrived,
        arrived - done);
    print("task %" PRId64 ": done after %.0f ms, handed over after %.0f ms", call->index,
          (double)done / 1e6, (double)arrived / 1e6);
}

/*
 * A result has to wait for its own task; with imap for every task in front of it, too; with map for
 * all. Returns how many came before that.
 */
static unsigned count_too_early(const struct arrivals *a)
{
    unsigned early = 0;
    for (unsigned i = 0; i < a->count; i++) {
        unsigned first = is("call", "imap_unordered") ? i : 0;
        unsigned end = is("call", "map") ? a->count : i + 1;
        bool waited = true;
        for (unsigned j = first; j < end; j++)
            waited &= a->done_ns[j] <= a->arrived_ns[i];
        early += !waited;
    }
    return early;
}

static void judge(const struct arrivals *a, unsigned n)
{
    struct words order = {0};
    unsigned in_order = 0;
    for (unsigned i = 0; i < a->count; i++) {
        in_order += a->index[i] == i;
        words_add(&order, "%" PRId64, a->index[i]);
    }
    check_number("all-arrived", n, a->count);
    check_number("too-early", 0, count_too_early(a));
    if (!is("call", "imap_unordered"))
        check_number("input-order", n, in_order);
    metric("kept_back_ns", a->kept_back_ns);
    outcome(in_order == n ? "in-order" : "as-completed", "order=%s", words_short(&order, 200));
}

static void run(void)
{
    struct arrivals a = {0};
    int64_t durations[TASKS_MAX];
    unsigned n = integers("durations_ms", durations, TASKS_MAX), chunk = (unsigned)integer("chunk");
    struct pool *pool = pool_new(TASK_PROCESS, (int)integer("workers"));
    a.began_ns = now_ns();
    if (is("call", "map")) {
        const struct call *calls = pool_map(pool, task, durations, NULL, n, chunk);
        for (unsigned i = 0; i < n; i++)
            arrive(&a, &calls[i]);
    } else {
        struct imap *imap = is("call", "imap")
                                ? pool_imap(pool, task, durations, n, chunk)
                                : pool_imap_unordered(pool, task, durations, n, chunk);
        for (const struct call *call; (call = imap_next(imap));)
            arrive(&a, call);
    }
    pool_close(pool);
    pool_join(pool);
    judge(&a, n);
}

SCENARIO(pool_imap_streaming) = {
    .id = "pool-imap-streaming",
    .family = FAMILY_POOLS,
    .number = 13,
    .title = {"map, imap, imap_unordered: when do results arrive?",
              "map / imap / imap_unordered：结果何时到达"},
    .summary =
        {"Tasks of different lengths run in a pool; the caller takes the results in a loop. map "
         "hands out all of them at the end, imap one by one in input order, imap_unordered as they "
         "are done. With imap a slow first task keeps back all that are done behind it.",
         "长短不一的任务在进程池里运行，调用者循环取结果。map 最后一次给出全部；imap "
         "按输入顺序逐个给出；imap_unordered 谁先完成给谁。用 imap "
         "时，排头的慢任务会挡住后面已完成的结果。"},
    .lesson = {"imap keeps order at the price of waiting for the slowest in front; unordered "
               "streams.",
               "imap 保序但会被排头任务拖住，imap_unordered 谁先完成先给谁。"},
    .python = "from multiprocessing import Pool\n"
              "import time\n"
              "\n"
              "def task(ms):\n"
              "    time.sleep(ms / 1000)\n"
              "    return ms\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    ms = [400, 100, 200, 300]\n"
              "    with Pool(4) as p:\n"
              "        for r in p.imap(task, ms): print(r)             # all at 0.4 s\n"
              "        for r in p.imap_unordered(task, ms): print(r)   # 100, 200, 300, 400\n"
              "        print(p.map(task, ms))\n",
    .concepts = CONCEPTS(51, 52, 56),
    .chart = CHART_ORDER,
    .params = PARAMS(
        CHOICE("call", "imap", "Call", "调用", "How the caller iterates over the results.",
               "调用者怎样遍历结果。", {"map", {"map", "map"}}, {"imap", {"imap", "imap"}},
               {"imap_unordered", {"imap_unordered", "imap_unordered"}}),
        INTEGERS("durations_ms", 1, 2000, "400,100,200,300", "Times of the tasks (ms)",
                 "各任务的时间（毫秒）",
                 "One task for each. With the defaults imap_unordered changes the order in every "
                 "run.",
                 "每个数对应一个任务。按默认值，imap_unordered 每次都会改变顺序。"),
        INTEGER("workers", 1, 16, "4", "Workers", "工作进程数", "Size of the pool.",
                "进程池大小。"),
        INTEGER("chunk", 1, 32, "1", "Chunk size", "块大小",
                "So many tasks travel together, and so do their results.",
                "这么多任务一起派发，结果也一起回来。")),
    .outcomes = OUTCOMES(OUTCOME("in-order", "order=*", NULL, CLASS_ACCEPTABLE,
                                 "The results came in the order of the inputs.",
                                 "结果按输入顺序到达。"),
                         OUTCOME("as-completed", "order=*", "call=imap_unordered",
                                 CLASS_INTERESTING, "The results came as the tasks were done.",
                                 "结果按完成的先后到达。")),
    .checks = CHECKS(CHECK("all-arrived", "Results that arrived", "到达的结果数"),
                     CHECK("too-early",
                           "Results handed over before those they have to wait for were done",
                           "在应等待的任务完成之前就给出的结果数"),
                     CHECK("input-order", "map and imap: results at their place in the input",
                           "map 与 imap：与输入位置一致的结果数")),
    .columns = COLUMNS(COLUMN("task", "Result", "结果", NULL),
                       COLUMN("done", "Done after", "完成于", "ns"),
                       COLUMN("arrived", "Handed over after", "交给调用者于", "ns"),
                       COLUMN("kept_back", "Kept back", "被扣住", "ns")),
    .run = run,
};

#include "scenarios/scenario.h"

#include <inttypes.h>

#define TASKS_MAX 64

/* What the workers see of each other; shared. */
struct story {
    struct cell *running, *done;
    _Atomic int64_t started, most_running;
};

/* What main sees. */
struct seen {
    int64_t began_ns, returned_ns, all_ns; /* the last call of the pool came back; all results */
    int64_t started_before_input_ended;
    int64_t done_on_return;
    int64_t polls, unready_again;
};

static struct story *story;

static int64_t task(struct call *call)
{
    int64_t running = cell_add(story->running, 1), most = story->most_running;
    story->started++;
    while (running > most && !atomic_compare_exchange_weak(&story->most_running, &most, running))
        ;
    sleep_us(integer("task_ms") * 1000);
    cell_add(story->running, -1);
    cell_add(story->done, 1);
    return call->x;
}

/* for i in inputs(): a generator that takes its time, or a list that is there at once */
static int64_t next_input(int64_t i)
{
    if (is("input", "slow-generator"))
        sleep_us(integer("task_ms") * 500);
    return i;
}

static void note_return(struct seen *seen)
{
    seen->returned_ns = now_ns();
    seen->done_on_return = cell_read(story->done);
}

/* while not r.ready(): time.sleep(0.001) */
static void poll(struct async *async, struct seen *seen)
{
    for (; !async_ready(async); seen->polls++)
        sleep_us(1000);
    seen->unready_again += !async_ready(async);
}

static const struct call *collect(struct async *async, struct seen *seen)
{
    if (is("collect", "wait"))
        async_wait(async, FOREVER);
    if (is("collect", "poll-ready"))
        poll(async, seen);
    return async_get(async);
}

static void join_first(struct pool *pool)
{
    if (!is("collect", "get-after-join"))
        return;
    pool_close(pool);
    pool_join(pool);
}

/* sum(p.apply(task, (i,)) for i in inputs()) */
static int64_t apply_each(struct pool *pool, int64_t n, struct seen *seen)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += pool_apply(pool, task, next_input(i))->result;
    note_return(seen);
    return sum;
}

/* rs = [p.apply_async(task, (i,)) for i in inputs()] */
static int64_t apply_each_async(struct pool *pool, int64_t n, struct seen *seen)
{
    struct async *results[TASKS_MAX];
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++) {
        results[i] = pool_apply_async(pool, task, i, next_input(i), NULL, NULL, NULL);
        if (is("collect", "get-each"))
            async_get(results[i]); /* asks at once, and so waits at once */
    }
    note_return(seen);
    join_first(pool);
    for (int64_t i = 0; i < n; i++)
        sum += collect(results[i], seen)->result;
    return sum;
}

/* p.map(task, inputs()), or r = p.map_async(task, inputs()) */
static int64_t map_all(struct pool *pool, int64_t n, struct seen *seen)
{
    int64_t xs[TASKS_MAX], sum = 0;
    for (int64_t i = 0; i < n; i++)
        xs[i] = next_input(i); /* drained before anything starts */
    seen->started_before_input_ended = story->started;
    struct async *async = pool_map_async(pool, task, xs, NULL, (unsigned)n, 1);
    if (is("call", "map"))
        async_get(async); /* map is map_async().get() */
    note_return(seen);
    if (!is("call", "map"))
        join_first(pool);
    const struct call *calls = collect(async, seen);
    for (int64_t i = 0; i < n; i++)
        sum += calls[i].result;
    return sum;
}

static void show_times(const struct seen *seen, double unit_ns, int64_t n)
{
    int64_t submitting = seen->returned_ns - seen->began_ns, all = seen->all_ns - seen->began_ns;
    print("the call came back after %.1f tasks' time with %" PRId64 " of %" PRId64 " done",
          (double)submitting / unit_ns, seen->done_on_return, n);
    print("all results after %.1f tasks' time", (double)all / unit_ns);
    row("call\t%" PRId64 "\t%.2f\t%" PRId64, submitting, (double)submitting / unit_ns,
        seen->done_on_return);
    row("results\t%" PRId64 "\t%.2f\t%" PRId64, all, (double)all / unit_ns, n);
}

static void judge(const struct seen *seen, int64_t n, int64_t sum)
{
    double unit_ns = (double)integer("task_ms") * 1e6 * number("time_scale");
    int64_t most = story->most_running, workers = integer("workers");
    int64_t least = (n + most - 1) / most; /* rounds, however the tasks were dealt out */
    double units = (double)(seen->all_ns - seen->began_ns) / unit_ns;
    bool all_done = seen->done_on_return == n;
    show_times(seen, unit_ns, n);
    check_number("every-result", n * (n - 1) / 2, sum);
    check("no-more-than-workers", most <= workers, text("at most %" PRId64, workers),
          text("%" PRId64, most));
    check("not-faster-than-possible", units >= 0.99 * (double)least,
          text("at least %" PRId64, least), text("%.2f", units));
    if (is("call", "map") || is("call", "map_async") || is("call", "starmap_async"))
        check_number("input-first", 0, seen->started_before_input_ended);
    if (is("collect", "poll-ready"))
        check_number("ready-stays-ready", 0, seen->unready_again);
    metric("polls", seen->polls);
    outcome(!all_done   ? "went-on"
            : most == 1 ? "serial"
                        : "all-done-on-return",
            "at-once=%" PRId64 " done-on-return=%" PRId64, most, seen->done_on_return);
}

static void run(void)
{
    int64_t n = integer("tasks");
    story = shared_new(sizeof *story);
    story->running = cell_new_atomic("running", 0);
    story->done = cell_new_atomic("done", 0);
    struct pool *pool = pool_new(TASK_PROCESS, (int)integer("workers"));
    struct seen seen = {.began_ns = now_ns()};
    int64_t sum = is("call", "apply")         ? apply_each(pool, n, &seen)
                  : is("call", "apply_async") ? apply_each_async(pool, n, &seen)
                                              : map_all(pool, n, &seen);
    seen.all_ns = now_ns();
    pool_close(pool);
    pool_join(pool);
    judge(&seen, n, sum);
}

SCENARIO(pool_blocking_modes) = {
    .id = "pool-blocking-modes",
    .family = FAMILY_POOLS,
    .number = 12,
    .title = {"apply, apply_async, map, map_async: when does main block?",
              "apply / apply_async / map / map_async：主进程何时阻塞"},
    .summary =
        {"Main gives a pool tasks of equal length, one by one or all at once, and collects the "
         "results in one of four ways. Look at main's lane: where does it wait, and are the "
         "workers busy side by side meanwhile?",
         "主进程把等长的任务交给进程池，逐个或一次全部，再用四种方式之一取结果。看主进程那条线："
         "它在哪里等，等的时候各工作进程是否在并行？"},
    .lesson = {"Blocking is a property of when you ask for the result, not of the pool.",
               "阻不阻塞取决于何时取结果，而不是进程池本身。"},
    .python = "from multiprocessing import Pool\n"
              "import time\n"
              "\n"
              "def task(i):\n"
              "    time.sleep(0.05)\n"
              "    return i\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    with Pool(4) as p:\n"
              "        for i in range(8): p.apply(task, (i,))          # one after the other\n"
              "        rs = [p.apply_async(task, (i,)) for i in range(8)]\n"
              "        print([r.get() for r in rs])                    # asked for at the end\n"
              "        print(p.map(task, range(8)))                    # waits for all\n"
              "        r = p.map_async(task, range(8))                 # comes back at once\n"
              "        while not r.ready(): time.sleep(0.001)\n"
              "        print(r.get())\n",
    .concepts = CONCEPTS(43, 44, 46, 48, 49, 50, 53, 57),
    .chart = CHART_ORDER,
    .params = PARAMS(
        CHOICE("call", "apply", "Call of the pool", "进程池的调用",
               "apply and map wait for what they give; the async forms come back at once.",
               "apply 与 map 会等结果；async 形式立即返回。", {"apply", {"apply", "apply"}},
               {"apply_async", {"apply_async", "apply_async"}}, {"map", {"map", "map"}},
               {"map_async", {"map_async", "map_async"}},
               {"starmap_async", {"starmap_async", "starmap_async"}}),
        INTEGER("workers", 1, 16, "4", "Workers", "工作进程数", "Size of the pool.",
                "进程池大小。"),
        INTEGER("tasks", 1, TASKS_MAX, "8", "Tasks", "任务数", "How many are given.",
                "一共多少个任务。"),
        INTEGER("task_ms", 1, 500, "50", "Time of a task (ms)", "每个任务的时间（毫秒）",
                "Each takes so long.", "每个任务耗时。"),
        CHOICE("collect", "get-after-join", "How results are collected", "怎样取结果",
               "For the async forms. get() right after each apply_async is apply again: one after "
               "the other, every time.",
               "用于 async 形式。每次 apply_async 之后立刻 get()，就又变成了 "
               "apply：每次都是一个接一个。",
               {"get-each", {"get() after each", "每次提交后 get()"}},
               {"get-after-join", {"close(), join(), then get()", "close()、join() 之后 get()"}},
               {"wait", {"wait(), then get()", "wait() 之后 get()"}},
               {"poll-ready", {"poll ready(), then get()", "轮询 ready() 之后 get()"}}),
        CHOICE("input", "list", "Input", "输入",
               "A slow generator takes half a task's time for each input; map and its kin take all "
               "of them in before they start a task.",
               "慢速生成器每产生一个输入要花半个任务的时间；map 一类的调用会先取完全部输入才开始。",
               {"list", {"a list", "列表"}},
               {"slow-generator", {"a slow generator", "慢速生成器"}})),
    .outcomes = OUTCOMES(
        OUTCOME("serial", "at-once=1 *", "call=apply", CLASS_INTERESTING,
                "Main waited for each task before it gave the next: a pool, and no parallelism.",
                "主进程等一个任务做完才给下一个：有进程池，却没有并行。"),
        OUTCOME("serial", "at-once=1 *", "call=apply_async&collect=get-each", CLASS_INTERESTING,
                "Main asked for each result at once, and so waited for each: no parallelism.",
                "主进程每次都立刻取结果，也就每次都在等：没有并行。"),
        OUTCOME("serial", "at-once=1 *", NULL, CLASS_ACCEPTABLE,
                "One worker, one task, or tasks so short that no two of them met.",
                "只有一个工作进程、只有一个任务，或者任务太短、彼此没有碰上。"),
        OUTCOME("all-done-on-return", "at-once=* done-on-return=*", "call=map", CLASS_ACCEPTABLE,
                "Main waited in the call while the workers ran side by side.",
                "主进程在调用里等待，工作进程并行执行。"),
        OUTCOME("all-done-on-return", "at-once=* done-on-return=*", "call!=apply", CLASS_ACCEPTABLE,
                "The tasks were so short that all were done when the last had been given.",
                "任务太短，最后一个刚提交完，就全部做完了。"),
        OUTCOME("went-on", "at-once=* done-on-return=*", "call!=apply&call!=map", CLASS_ACCEPTABLE,
                "The call came back before the tasks were done; main waited where it asked.",
                "任务还没做完调用就返回了；主进程在取结果的地方才等待。")),
    .checks = CHECKS(
        CHECK("every-result", "Sum of the results", "结果之和"),
        CHECK("no-more-than-workers", "Tasks that ran at once", "同时执行的任务数"),
        CHECK("not-faster-than-possible", "Not faster than the tasks allow, in tasks' times",
              "不会快于任务本身所需（以任务时间为单位）"),
        CHECK("input-first", "Tasks that map started before its input was at its end",
              "输入还没取完时 map 已启动的任务数"),
        CHECK("ready-stays-ready", "ready() that went back to False", "ready() 变回 False 的次数")),
    .columns = COLUMNS(COLUMN("what", "Came back", "返回", NULL),
                       COLUMN("time", "After", "用时", "ns"),
                       COLUMN("units", "In tasks' times", "折合任务时间", NULL),
                       COLUMN("done", "Tasks done by then", "此时已完成的任务", NULL)),
    .run = run,
};

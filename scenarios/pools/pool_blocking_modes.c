#include "scenarios/scenario.h"

#include <inttypes.h>

#define TASKS_MAX 64

struct measured {
    int64_t began_ns, returned_ns, all_ns; /* of the calls that submit; of everything */
    int64_t input_ns;                      /* when the last input was there */
    int64_t polls, unready_after_ready;
};

static int64_t task(struct call *call)
{
    sleep_us(integer("task_ms") * 1000);
    return call->x;
}

/* for i in inputs(): a generator that takes its time, or a list that is there at once */
static int64_t next_input(int64_t i)
{
    if (is("input", "slow-generator"))
        sleep_us(integer("task_ms") * 500);
    return i;
}

/* while not r.ready(): time.sleep(…) */
static void poll(struct async *async, struct measured *m)
{
    while (!async_ready(async)) {
        m->polls++;
        sleep_us(1000);
    }
    m->unready_after_ready += !async_ready(async);
}

static void collect(struct async *async, struct measured *m)
{
    if (is("collect", "wait"))
        async_wait(async, FOREVER);
    if (is("collect", "poll-ready"))
        poll(async, m);
}

/* One call for each input: apply waits for each, apply_async hands it over. */
static int64_t call_by_call(struct pool *pool, int64_t n, struct measured *m)
{
    struct async *results[TASKS_MAX];
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t x = next_input(i);
        if (is("call", "apply")) {
            sum += pool_apply(pool, task, x)->result;
            continue;
        }
        results[i] = pool_apply_async(pool, task, i, x, NULL, NULL, NULL);
        if (is("collect", "get-each"))
            sum += async_get(results[i])->result; /* asks at once, so waits at once */
    }
    m->returned_ns = now_ns();
    if (is("call", "apply") || is("collect", "get-each"))
        return sum;
    if (is("collect", "get-after-join")) {
        pool_close(pool);
        pool_join(pool);
    }
    for (int64_t i = 0; i < n; i++) {
        collect(results[i], m);
        sum += async_get(results[i])->result;
    }
    return sum;
}

/* All inputs in one call. */
static int64_t all_at_once(struct pool *pool, int64_t n, struct measured *m)
{
    int64_t xs[TASKS_MAX], sum = 0;
    for (int64_t i = 0; i < n; i++)
        xs[i] = next_input(i); /* drained before anything starts */
    m->input_ns = now_ns();
    const struct call *calls;
    if (is("call", "map")) {
        calls = pool_map(pool, task, xs, NULL, (unsigned)n, 1);
        m->returned_ns = now_ns();
    } else {
        struct async *async = pool_map_async(pool, task, xs, NULL, (unsigned)n, 1);
        m->returned_ns = now_ns();
        collect(async, m);
        if (is("collect", "get-after-join")) {
            pool_close(pool);
            pool_join(pool);
        }
        calls = async_get(async);
    }
    for (int64_t i = 0; i < n; i++)
        sum += calls[i].result;
    return sum;
}

static void judge(const struct measured *m, int64_t n, int64_t sum)
{
    double unit_ns = (double)integer("task_ms") * 1e6 * number("time_scale");
    double units = (double)(m->all_ns - m->began_ns) / unit_ns;
    double main_units = (double)(m->returned_ns - m->began_ns) / unit_ns;
    int64_t rounds = (n + integer("workers") - 1) / integer("workers");
    bool serial = is("call", "apply") || (is("call", "apply_async") && is("collect", "get-each"));
    bool blocked = main_units >= (double)(serial ? n : rounds) * 0.99;
    print("the call came back after %.1f tasks' time, all results after %.1f", main_units, units);
    row("submitting\t%" PRId64 "\t%.2f", m->returned_ns - m->began_ns, main_units);
    row("all results\t%" PRId64 "\t%.2f", m->all_ns - m->began_ns, units);
    check_number("every-result", n * (n - 1) / 2, sum);
    check("not-faster-than-possible", units >= 0.99 * (double)(serial ? n : rounds),
          text("at least %" PRId64 " units", serial ? n : rounds), text("%.2f units", units));
    check_number("ready-stays-ready", 0, m->unready_after_ready);
    metric("polls", m->polls);
    outcome(serial    ? "serial"
            : blocked ? "blocked-in-parallel"
                      : "went-on",
            "units=%.0f", serial ? (double)n : (double)rounds);
}

static void run(void)
{
    struct pool *pool = pool_new(TASK_PROCESS, (int)integer("workers"));
    struct measured m = {.began_ns = now_ns()};
    int64_t n = integer("tasks");
    bool single = is("call", "apply") || is("call", "apply_async");
    int64_t sum = single ? call_by_call(pool, n, &m) : all_at_once(pool, n, &m);
    m.all_ns = now_ns();
    pool_close(pool);
    pool_join(pool);
    judge(&m, n, sum);
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
        OUTCOME("serial", "units=*", "call=apply", CLASS_INTERESTING,
                "Main waited for each task before it gave the next: a pool, and no parallelism.",
                "主进程等一个任务做完才给下一个：有进程池，却没有并行。"),
        OUTCOME("serial", "units=*", "call=apply_async&collect=get-each", CLASS_INTERESTING,
                "Main asked for each result at once, and so waited for each: no parallelism.",
                "主进程每次都立刻取结果，也就每次都在等：没有并行。"),
        OUTCOME("blocked-in-parallel", "units=*", "call!=apply", CLASS_ACCEPTABLE,
                "Main waited in the call while the workers ran side by side.",
                "主进程在调用里等待，工作进程并行执行。"),
        OUTCOME("went-on", "units=*", "call!=apply", CLASS_ACCEPTABLE,
                "The call came back before the tasks were done; main waited where it asked.",
                "任务还没做完调用就返回了；主进程在取结果的地方才等待。")),
    .checks = CHECKS(
        CHECK("every-result", "Sum of the results", "结果之和"),
        CHECK("not-faster-than-possible", "Not faster than the tasks allow, in tasks' times",
              "不会快于任务本身所需（以任务时间为单位）"),
        CHECK("ready-stays-ready", "ready() that went back to False", "ready() 变回 False 的次数")),
    .columns = COLUMNS(COLUMN("what", "Until", "到何时", NULL),
                       COLUMN("time", "Time", "时间", "ns"),
                       COLUMN("units", "In tasks' times", "折合任务时间", NULL)),
    .run = run,
};

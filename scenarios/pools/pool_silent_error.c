#include "scenarios/scenario.h"

#include <inttypes.h>

#define TASKS_MAX 200

/* def test(a): …, called with the arguments the parent packed */
static int64_t test(struct call *call)
{
    if (is("bug_inside", "unbound-num"))
        return call_raise(call,
                          "UnboundLocalError: cannot access local variable 'num' where it is not "
                          "associated with a value");
    if (is("bug_inside", "raise"))
        return call_raise(call, "ZeroDivisionError: division by zero");
    print("task %" PRId64, call->x);
    return call->x;
}

/* apply_async(test, a) with an int: test(*a) fails before test has begun. */
static int64_t test_star_int(struct call *call)
{
    return call_raise(call, "TypeError: test() argument after * must be an iterable, not int");
}

/* map(test2, xs) with a function of two arguments */
static int64_t test_of_two(struct call *call)
{
    return call_raise(call, "TypeError: test() missing 1 required positional argument: 'b'");
}

/* starmap(test2, [(a, b), …]) */
static int64_t test_both(struct call *call)
{
    call->result = call->x + call->y;
    return test(call);
}

static int64_t reported;

static void report(const struct call *call, void *context)
{
    (void)context;
    if (reported++ < 3)
        print("error_callback: %s", call->error);
}

static pool_fn *function(void)
{
    return is("call", "args-int")  ? test_star_int
           : is("call", "map-two") ? test_of_two
           : is("call", "starmap") ? test_both
                                   : test;
}

/* Does the parent look at a result? */
static int64_t look(struct async *async, unsigned count)
{
    int64_t seen = 0;
    if (is("look", "never") || is("look", "error_callback"))
        return 0;
    async_wait(async, FOREVER);
    const struct call *calls = async_get(async);
    for (unsigned i = 0; i < count; i++)
        seen += calls[i].error[0] != '\0';
    if (seen > 0 && reported++ < 3) {
        if (is("look", "get"))
            print("get() raised %s", calls_failed(calls, count)->error);
        else
            print("successful() is False");
    }
    return is("look", "get") ? seen > 0 : seen;
}

static void judge(int64_t failed, int64_t visible, int64_t tasks)
{
    print("main: done");
    row("succeeded\t%" PRId64, tasks - failed);
    row("failed\t%" PRId64, failed);
    row("errors seen\t%" PRId64, visible);
    bool wrong_call = is("call", "args-int") || is("call", "map-two");
    check_number("succeeded", wrong_call || !is("bug_inside", "none") ? 0 : tasks, tasks - failed);
    check("silence-means-nobody-looked", failed == 0 || (visible == 0) == is("look", "never"),
          "seen if and only if somebody looks",
          text("%" PRId64 " of %" PRId64 " seen", visible, failed));
    metric("failed", failed);
    outcome(failed == 0    ? "all-succeeded"
            : visible == 0 ? "silent"
                           : "seen",
            "failed=%" PRId64 " seen=%s", failed, visible > 0 ? "True" : "False");
}

static void run(void)
{
    static struct async *results[TASKS_MAX];
    static int64_t xs[TASKS_MAX];
    int64_t tasks = integer("tasks"), failed = 0, visible = 0;
    bool single = !is("call", "map-one") && !is("call", "map-two") && !is("call", "starmap");
    pool_callback *error_callback = is("look", "error_callback") ? report : NULL;
    struct pool *pool = pool_new(TASK_PROCESS, 4);
    for (int64_t i = 0; i < tasks; i++)
        xs[i] = i;
    for (int64_t i = 0; i < tasks && (single || error_callback); i++)
        results[i] = pool_apply_async(pool, function(), i, i, NULL, error_callback, NULL);
    struct async *all = single || error_callback
                            ? NULL
                            : pool_map_async(pool, function(), xs, xs, (unsigned)tasks, 0);
    for (int64_t i = 0; i < tasks && !all; i++)
        visible += look(results[i], 1);
    if (all)
        visible += look(all, (unsigned)tasks);
    pool_close(pool);
    pool_join(pool);
    const struct call *calls = all ? async_get(all) : NULL; /* the judge looks, afterwards */
    for (int64_t i = 0; i < tasks; i++)
        failed += (all ? &calls[i] : async_get(results[i]))->error[0] != '\0';
    judge(failed, visible + reported * (error_callback != NULL), tasks);
}

SCENARIO(pool_silent_error) = {
    .id = "pool-silent-error",
    .family = FAMILY_POOLS,
    .number = 14,
    .title = {"Argument packing and errors nobody sees", "参数打包与无声的错误"},
    .summary =
        {"A hundred tasks go to a pool by an async call, the pool is closed and joined, and the "
         "program ends well. Nothing was printed: every task failed, because `args` was an int and "
         "not a tuple. The error is in the result, and nobody looked at it.",
         "一百个任务用异步调用交给进程池，close、join，程序正常结束，却什么也没打印：因为 `args` "
         "写成了整数而不是元组，每个任务都失败了。错误就在结果里，只是没有人去看。"},
    .lesson = {"An async task that fails says nothing until someone calls get() or gives an "
               "error_callback.",
               "异步任务失败不会报错，除非有人 get() 或提供 error_callback。"},
    .python = "from multiprocessing import Pool\n"
              "\n"
              "def test(a):\n"
              "    print('task', a)\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    p = Pool(4)\n"
              "    for a in range(100):\n"
              "        p.apply_async(test, a)          # needs (a,)\n"
              "        # r.get()                       # would raise TypeError here\n"
              "        # p.apply_async(test, (a,), error_callback=print)\n"
              "    p.close()\n"
              "    p.join()                            # nothing was printed\n",
    .concepts = CONCEPTS(38, 45, 47, 55, 113),
    .chart = CHART_BARS,
    .params = PARAMS(
        CHOICE("call", "args-int", "How arguments are passed", "怎样传参数",
               "The wrong ones fail in every task: args must be a tuple, and map gives one "
               "argument.",
               "写错的两种每个任务都会失败：args 必须是元组，map 只传一个参数。",
               {"args-int", {"apply_async(f, a) (wrong)", "apply_async(f, a)（错误）"}},
               {"args-tuple", {"apply_async(f, (a,))", "apply_async(f, (a,))"}},
               {"kwargs", {"apply_async(f, kwds={'a': a})", "apply_async(f, kwds={'a': a})"}},
               {"map-one", {"map(f, xs)", "map(f, xs)"}},
               {"map-two", {"map(f of two, xs) (wrong)", "map(两个参数的 f, xs)（错误）"}},
               {"starmap", {"starmap(f of two, pairs)", "starmap(两个参数的 f, 参数对)"}}),
        CHOICE("bug_inside", "none", "Error inside the task", "任务内部的错误",
               "Raised by the function itself.", "由函数自身抛出。", {"none", {"none", "无"}},
               {"unbound-num", {"num += i without global", "没有声明 global 就 num += i"}},
               {"raise", {"1 / 0", "1 / 0"}}),
        CHOICE("look", "never", "Who looks", "谁来看结果",
               "Whether and how the parent looks at the results.", "父进程是否查看结果，怎样查看。",
               {"never", {"nobody", "没有人"}}, {"get", {"get()", "get()"}},
               {"error_callback", {"error_callback", "error_callback"}},
               {"successful", {"successful()", "successful()"}}),
        INTEGER("tasks", 1, TASKS_MAX, "100", "Tasks", "任务数", "How many are given.",
                "一共多少个任务。")),
    .outcomes = OUTCOMES(OUTCOME("all-succeeded", "failed=0*", NULL, CLASS_ACCEPTABLE,
                                 "Every task did its work.", "每个任务都完成了。"),
                         OUTCOME("silent", "failed=* seen=False", "look=never", CLASS_INTERESTING,
                                 "Every task failed, and nobody noticed.",
                                 "每个任务都失败了，却没有人发现。"),
                         OUTCOME("seen", "failed=* seen=True", "look!=never", CLASS_ACCEPTABLE,
                                 "The tasks failed, and the error was seen where somebody looked.",
                                 "任务失败了，查看结果的地方看到了错误。")),
    .checks = CHECKS(CHECK("succeeded", "Tasks that succeeded", "成功的任务数"),
                     CHECK("silence-means-nobody-looked", "An error is seen when somebody looks",
                           "有人查看就能看到错误")),
    .columns = COLUMNS(COLUMN("what", "Tasks", "任务", NULL),
                       COLUMN("count", "Count", "个数", NULL)),
    .run = run,
};

#include "scenarios/scenario.h"

#include <inttypes.h>

#define TASKS_MAX 200

/* What the tasks did, told by themselves: nobody has to look at a result to know it. */
struct story {
    _Atomic int64_t succeeded, failed;
};

static struct story *story;

static int64_t fail(struct call *call, const char *error)
{
    story->failed++;
    return call_raise(call, "%s", error);
}

/* def test(a): print('task', a) */
static int64_t test(struct call *call)
{
    if (is("bug_inside", "unbound-num"))
        return fail(call, "UnboundLocalError: local variable 'num' referenced before assignment");
    if (is("bug_inside", "raise"))
        return fail(call, "ZeroDivisionError: division by zero");
    print("task %" PRId64, call->x);
    story->succeeded++;
    return call->x;
}

/* apply_async(test, a) with an int: test(*a) fails before test has begun. */
static int64_t test_star_int(struct call *call)
{
    return fail(call, "TypeError: __main__.test() argument after * must be an iterable, not int");
}

/* map(test_two, xs): a function of two arguments gets one. */
static int64_t test_two_of_one(struct call *call)
{
    return fail(call, "TypeError: test_two() missing 1 required positional argument: 'b'");
}

static pool_fn *function(void)
{
    return is("call", "args-int") ? test_star_int : is("call", "map-two") ? test_two_of_one : test;
}

/* The errors that came to somebody's eyes. */
static int64_t seen;

static void see(const char *how, const char *error)
{
    if (seen++ < 3)
        print("%s %s", how, error);
}

static void on_error(const struct call *call, void *context)
{
    (void)context;
    see("error_callback:", call->error);
}

/* Does the parent look at a result of `n` calls? */
static void look(struct async *result, unsigned n)
{
    if (is("look", "get")) {
        const struct call *failed = calls_failed(async_get(result), n);
        if (failed)
            see("get() raised", failed->error);
    } else if (is("look", "successful")) {
        async_wait(result, FOREVER);
        if (!async_successful(result))
            see("successful() is", "False");
    }
}

static void judge(int64_t tasks, int64_t results)
{
    int64_t succeeded = story->succeeded, failed = story->failed;
    bool looks = !is("look", "never");
    row("succeeded\t%" PRId64, succeeded);
    row("failed\t%" PRId64, failed);
    row("never begun\t%" PRId64, tasks - succeeded - failed);
    row("errors seen\t%" PRId64, seen);
    check("all-or-none", succeeded == 0 || succeeded == tasks, text("0 or %" PRId64, tasks),
          text("%" PRId64, succeeded));
    check_number("errors-seen", looks && failed > 0 ? results : 0, seen);
    metric("failed", failed);
    outcome(failed == 0 ? "all-succeeded"
            : seen == 0 ? "silent"
                        : "seen",
            "succeeded=%" PRId64 " seen=%s", succeeded, seen > 0 ? "True" : "False");
}

/* A result for each call, or one for all. */
static int64_t submit(struct pool *pool, int64_t tasks, struct async **results)
{
    static int64_t xs[TASKS_MAX];
    const struct pool_callbacks callbacks = {.error =
                                                 is("look", "error_callback") ? on_error : NULL};
    bool single = is("call", "args-int") || is("call", "args-tuple") || is("call", "kwargs");
    for (int64_t i = 0; i < tasks; i++) {
        xs[i] = i;
        if (single)
            results[i] = pool_apply_async(pool, function(), i, i, NULL, callbacks.error, NULL);
    }
    if (!single)
        results[0] = pool_map_async_with(pool, function(), xs, is("call", "starmap") ? xs : NULL,
                                         (unsigned)tasks, 0, &callbacks);
    return single ? tasks : 1;
}

static void run(void)
{
    struct async *results[TASKS_MAX];
    int64_t tasks = integer("tasks");
    story = shared_new(sizeof *story);
    struct pool *pool = pool_new(TASK_PROCESS, 4);
    int64_t count = submit(pool, tasks, results);
    for (int64_t i = 0; i < count; i++)
        look(results[i], (unsigned)(tasks / count));
    pool_close(pool);
    pool_join(pool);
    print("main: done");
    judge(tasks, count);
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
              "    # num += a                        # fails as silently: no global num\n"
              "    print('task', a)\n"
              "\n"
              "def test_two(a, b):\n"
              "    print('task', a)\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    p = Pool(4)\n"
              "    for a in range(100):\n"
              "        p.apply_async(test, a)          # needs (a,)\n"
              "        # r.get()                       # would raise TypeError here\n"
              "        # p.apply_async(test, (a,), error_callback=print)\n"
              "        # p.apply_async(test, kwds={'a': a})\n"
              "    p.map_async(test_two, range(100))   # one argument each: as silent\n"
              "    # p.starmap_async(test_two, [(a, a) for a in range(100)])\n"
              "    p.close()\n"
              "    p.join()                            # nothing was printed\n",
    .concepts = CONCEPTS(38, 45, 47, 55, 113),
    .chart = CHART_ORDER,
    .params = PARAMS(
        CHOICE("call", "args-int", "How arguments are passed", "怎样传参数",
               "The wrong ones never succeed: args must be a tuple, and map gives one argument. "
               "apply_async has a result for each task; a map has one for all, and the first error "
               "of a chunk ends the chunk.",
               "写错的两种没有一个任务能成功：args 必须是元组，map 只传一个参数。apply_async "
               "每个任务一个结果；map 全部任务共用一个结果，而且块里第一个错误会让整块停下。",
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
    .outcomes = OUTCOMES(OUTCOME("all-succeeded", "succeeded=* seen=False",
                                 "call!=args-int&call!=map-two&bug_inside=none", CLASS_ACCEPTABLE,
                                 "Every task did its work.", "每个任务都完成了。"),
                         OUTCOME("silent", "succeeded=0 seen=False", "look=never",
                                 CLASS_INTERESTING,
                                 "Not one task did its work, and nobody noticed.",
                                 "没有一个任务完成，却没有人发现。"),
                         OUTCOME("seen", "succeeded=0 seen=True", "look!=never", CLASS_ACCEPTABLE,
                                 "The tasks failed, and the error was seen where somebody looked.",
                                 "任务失败了，查看结果的地方看到了错误。")),
    .checks = CHECKS(CHECK("all-or-none", "Either all tasks succeeded or none",
                           "任务要么全部成功，要么全部失败"),
                     CHECK("errors-seen", "Errors seen: one for each result somebody looks at",
                           "看到的错误数：每个有人查看的结果一个")),
    .columns = COLUMNS(COLUMN("what", "Tasks", "任务", NULL),
                       COLUMN("count", "Count", "个数", NULL)),
    .run = run,
};

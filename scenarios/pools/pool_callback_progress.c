#include "scenarios/scenario.h"

#include <inttypes.h>
#include <string.h>

/* What the callbacks of one program share; they run in the main process, so it is ordinary memory.
 */
struct progress {
    struct words list; /* values in the order the callbacks got them */
    int64_t sum, expected_sum;
    int64_t tasks, successes, errors;
    int64_t last_index;
    bool in_order;
    bool bar;
    _Atomic int inside; /* callbacks running now */
    int most_inside;
    int elsewhere; /* callbacks that ran in another process */
    pid_t main_pid;
};

static int64_t square(struct call *call)
{
    int64_t fail_every = integer("fail_every");
    work_us(jittered(integer("service_us"), number("jitter"), (uint64_t)call->index));
    if (fail_every > 0 && (call->index + 1) % fail_every == 0)
        return call_raise(call, "ValueError: task %" PRId64, call->index);
    return call->x * call->x;
}

static void draw_bar(const struct progress *p)
{
    char bar[21] = "                    ";
    int64_t done = p->successes + p->errors;
    memset(bar, '#', (size_t)(20 * done / p->tasks));
    print("[%s] %" PRId64 "/%" PRId64, bar, done, p->tasks);
}

static void enter(struct progress *p, const struct call *call)
{
    int inside = ++p->inside;
    p->most_inside = inside > p->most_inside ? inside : p->most_inside;
    p->elsewhere += process_id() != p->main_pid;
    p->in_order &= call->index > p->last_index;
    p->last_index = call->index;
}

/* callback=log */
static void log_result(const struct call *call, void *context)
{
    struct progress *p = context;
    enter(p, call);
    p->successes++;
    p->sum += call->result;
    words_add(&p->list, "%" PRId64, call->result);
    if (p->bar)
        draw_bar(p);
    p->inside--;
}

/* error_callback=log_error */
static void log_error(const struct call *call, void *context)
{
    struct progress *p = context;
    enter(p, call);
    p->errors++;
    if (p->bar)
        draw_bar(p);
    else
        print("error: %s", call->error);
    p->inside--;
}

static void judge(struct progress *p)
{
    print("%s", words_list(&p->list, 400));
    check_number("all-accounted-for", p->tasks, p->successes + p->errors);
    check_number("sum-of-results", p->expected_sum, p->sum);
    check_number("one-callback-at-a-time", 1, p->most_inside);
    check_number("callbacks-in-main-process", 0, p->elsewhere);
    metric("errors", p->errors);
    outcome(p->in_order ? "in-order" : "out-of-order", "order=%s", words_short(&p->list, 200));
}

static void run(void)
{
    struct progress progress = {
        .tasks = integer("tasks"),
        .last_index = -1,
        .in_order = true,
        .bar = is("report", "progress-bar"),
        .main_pid = process_id(),
    };
    int64_t fail_every = integer("fail_every");
    struct pool *pool = pool_new(TASK_PROCESS, (int)integer("workers"));
    for (int64_t i = 0; i < progress.tasks; i++) {
        if (fail_every == 0 || (i + 1) % fail_every != 0)
            progress.expected_sum += i * i;
        pool_apply_async(pool, square, i, i, log_result, log_error, &progress);
    }
    pool_close(pool);
    pool_join(pool);
    judge(&progress);
}

SCENARIO(pool_callback_progress) = {
    .id = "pool-callback-progress",
    .family = FAMILY_POOLS,
    .number = 11,
    .title = {"apply_async with callbacks and a progress bar", "apply_async 回调与进度条"},
    .summary =
        {"Calls are handed to a pool one by one without waiting. When one is done, a thread of "
         "the main process calls back with the result; when it raised, the error callback gets "
         "the exception. The callbacks build a list or draw a progress bar.",
         "把调用逐个交给进程池，不等待结果。某个调用完成后，主进程里的一个线程带着结果执行回调；"
         "如果它抛出异常，就执行错误回调。回调可以收集列表，也可以画进度条。"},
    .lesson = {"Callbacks come in completion order, in the parent, one after another.",
               "回调按完成顺序、在主进程中依次执行。"},
    .python = "from multiprocessing import Pool\n"
              "\n"
              "def square(i):\n"
              "    return i * i\n"
              "\n"
              "result_list = []\n"
              "\n"
              "def log_result(result):\n"
              "    result_list.append(result)\n"
              "\n"
              "def log_error(error):\n"
              "    print('error:', error)\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    pool = Pool(4)\n"
              "    for i in range(10):\n"
              "        pool.apply_async(square, (i,), callback=log_result,\n"
              "                         error_callback=log_error)\n"
              "    pool.close()\n"
              "    pool.join()\n"
              "    print(result_list)      # completion order, not 0 1 4 9 …\n",
    .concepts = (const int[]){40, 41, 54, 55, 56, 0},
    .chart = CHART_ORDER,
    .params =
        (const struct param[]){
            {.name = "workers",
             .title = {"Workers", "工作进程数"},
             .help = {"Processes in the pool. With one worker the list is always in order.",
                      "进程池的大小。只有一个进程时，列表总是有序的。"},
             .type = PARAM_INTEGER,
             .minimum = 1,
             .maximum = 16,
             .fallback = "4"},
            {.name = "tasks",
             .title = {"Calls", "调用次数"},
             .help = {"How often apply_async is called.", "调用 apply_async 的次数。"},
             .type = PARAM_INTEGER,
             .minimum = 1,
             .maximum = 500,
             .fallback = "10"},
            {.name = "service_us",
             .title = {"Time per call (µs)", "每次调用的时间（微秒）"},
             .help = {"Processor time of a call, on average.", "平均每次调用占用的处理器时间。"},
             .type = PARAM_INTEGER,
             .minimum = 0,
             .maximum = 100000,
             .fallback = "1000"},
            {.name = "jitter",
             .title = {"Jitter", "抖动"},
             .help = {"How much the calls differ. With the defaults nearly every run is out of "
                      "order.",
                      "各次调用耗时的差别。用默认值时几乎每次运行都是乱序的。"},
             .type = PARAM_NUMBER,
             .minimum = 0,
             .maximum = 1,
             .fallback = "1"},
            {.name = "fail_every",
             .title = {"Every k-th call raises", "每隔几次抛异常"},
             .help = {"0: none does. The exception goes to the error callback.",
                      "0 表示都不抛。异常会交给错误回调。"},
             .type = PARAM_INTEGER,
             .minimum = 0,
             .maximum = 50,
             .fallback = "0"},
            {.name = "report",
             .title = {"What the callback does", "回调做什么"},
             .help = {"Append to a list, or draw a progress bar as well.",
                      "只收集到列表，或者同时画进度条。"},
             .type = PARAM_CHOICE,
             .fallback = "list",
             .choices = (const struct choice[]){{"list", {"collect a list", "收集列表"}},
                                                {"progress-bar", {"progress bar", "进度条"}},
                                                {0}}},
            {.name = NULL},
        },
    .outcomes =
        (const struct outcome_rule[]){
            {.name = "in-order",
             .pattern = "order=*",
             .class = CLASS_ACCEPTABLE,
             .meaning = {"The calls happened to finish in the order they were submitted.",
                         "这一次，调用恰好按提交的顺序完成。"}},
            {.name = "out-of-order",
             .pattern = "order=*",
             .class = CLASS_INTERESTING,
             .meaning = {"The list is in completion order, not in the order of submission.",
                         "列表是完成的顺序，不是提交的顺序。"}},
            {0},
        },
    .checks =
        (const struct check_title[]){
            {"all-accounted-for",
             {"Results and errors together are as many as the calls",
              "结果数加错误数等于调用次数"}},
            {"sum-of-results",
             {"The results are the right ones, whatever their order", "不论顺序，结果都正确"}},
            {"one-callback-at-a-time",
             {"Never more than one callback runs at once", "同一时刻最多只有一个回调在执行"}},
            {"callbacks-in-main-process",
             {"No callback ran outside the main process", "没有回调在主进程之外执行"}},
            {0},
        },
    .run = run,
};

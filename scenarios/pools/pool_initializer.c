#include "scenarios/scenario.h"

#include <inttypes.h>

#define WORKERS_MAX 16
#define TASKS_MAX   200
#define CALLS_MAX   10

/* A process as it sees itself: how often it was initialised, its calls, its copy of the state. */
struct seen {
    const char *name; /* NULL: not one, or cut off before it could say so */
    int64_t initialized, calls, value;
};

/* What all processes tell; shared. */
struct story {
    int64_t init_value, calls;
    struct cell *lines;
    _Atomic int64_t workers, fresh;
    struct seen parent, worker[WORKERS_MAX];
};

static struct story *story;

/* From here on every process has its own. */
static int64_t base;    /* the global that the initializer sets */
static int64_t object;  /* self.counter of the parent's object */
static struct seen *me; /* NULL until the worker has run anything */

static struct seen *myself(void)
{
    if (!me) {
        me = &story->worker[story->workers++];
        me->name = task_name(task_self());
    }
    return me;
}

/* def init(a): global base; base = a */
static void init(void *argument)
{
    base = *(int64_t *)argument;
    myself()->initialized++;
    me->value = base;
    print("%s: init(%" PRId64 ")", me->name, base);
}

/* def work(i): return base + i */
static int64_t work(struct call *call)
{
    myself()->calls++;
    cell_add(story->lines, 1);
    print("%s: %" PRId64, me->name, base + call->x);
    return base + call->x;
}

/* P.apply_async(w.work): the object is pickled with the call, so the worker has a copy of it. */
static int64_t method(struct call *call)
{
    int64_t counter = call->x; /* the copy */
    counter += 1;
    myself()->calls++;
    me->value = counter;
    cell_add(story->lines, 1);
    story->fresh += counter == 1;
    print("%s: counter is %" PRId64, me->name, counter);
    return counter;
}

static struct pool *make_pool(void)
{
    const struct pool_options options = {
        .initializer = is("mode", "initializer") ? init : NULL,
        .argument = &story->init_value,
    };
    return pool_new_with(TASK_PROCESS, (int)integer("workers"), &options);
}

static void submit_all(struct pool *pool, struct async **results)
{
    for (int64_t i = 0; i < story->calls; i++)
        results[i] = is("mode", "initializer")
                         ? pool_apply_async(pool, work, i, i, NULL, NULL, NULL)
                         : pool_apply_async(pool, method, i, object, NULL, NULL, NULL);
}

static void judge_results(struct async **results)
{
    int64_t sum = 0, once = 0, n = story->calls;
    for (int64_t i = 0; i < n; i++)
        sum += async_get(results[i])->result;
    for (int64_t w = 0; w < story->workers; w++)
        once += story->worker[w].initialized == 1;
    print("sum: %" PRId64, sum);
    if (is("mode", "initializer")) {
        check_number("sum", n * story->init_value + n * (n - 1) / 2, sum);
        check_number("initialized-once-each", integer("workers"), once);
    } else {
        check_number("each-call-a-fresh-copy", n, story->fresh);
        check_number("parents-object-unchanged", 0, object);
    }
}

/* The program of the notes ends where it has submitted, and its workers end with it. */
static void program(void *argument)
{
    struct async **results = argument;
    struct pool *pool = make_pool();
    submit_all(pool, results);
    if (is("finish", "close-join")) {
        pool_close(pool);
        pool_join(pool);
        judge_results(results);
    }
    story->parent =
        (struct seen){.name = "parent", .value = is("mode", "initializer") ? base : object};
}

static void show(const struct seen *seen)
{
    if (!seen->name)
        return;
    row("%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64, seen->name, seen->initialized, seen->calls,
        seen->value);
}

static void judge(void)
{
    int64_t lines = cell_read(story->lines), n = story->calls;
    show(&story->parent);
    for (int64_t w = 0; w < story->workers; w++)
        show(&story->worker[w]);
    print("%" PRId64 " of %" PRId64 " lines", lines, n);
    check("no-more-than-given", lines <= n, text("at most %" PRId64, n), text("%" PRId64, lines));
    outcome(lines < n                   ? "cut"
            : is("mode", "initializer") ? "set-once"
                                        : "copies",
            "%" PRId64 " of %" PRId64 " lines", lines, n);
}

static void run(void)
{
    struct async *results[TASKS_MAX * CALLS_MAX];
    story = shared_new(sizeof *story);
    story->lines = cell_new_atomic("lines", 0);
    story->init_value = integer("init_value");
    story->calls =
        integer("tasks") * (is("mode", "object-method") ? integer("calls_per_object") : 1);
    if (is("finish", "none")) /* its end is part of it, so it is a process of its own */
        task_join(process_start("main program", program, results));
    else
        program(results);
    judge();
}

SCENARIO(pool_initializer) = {
    .id = "pool-initializer",
    .family = FAMILY_POOLS,
    .number = 15,
    .title = {"Worker initialisation and per-object state", "子进程初始化与对象状态"},
    .summary =
        {"An initializer runs once in each worker and sets a global there; every task of that "
         "worker finds it. Or a method of an object is sent: the object travels with each call, as "
         "a copy, and what the worker does to it the parent never sees.",
         "初始化函数在每个工作进程里执行一次，设置那里的全局变量，该进程的每个任务都能用到。"
         "如果发送的是对象的方法，对象会随每次调用以副本形式传过去，工作进程对它的修改父进程看不到"
         "。"},
    .lesson = {"A worker's globals are set once per process; objects travel as copies.",
               "初始化每个进程只做一次；对象以副本形式传递。"},
    .python = "from multiprocessing import Pool\n"
              "\n"
              "def init(a):\n"
              "    global base\n"
              "    base = a\n"
              "\n"
              "def work(i):\n"
              "    return base + i\n"
              "\n"
              "class W:\n"
              "    counter = 0\n"
              "    def work(self):\n"
              "        self.counter += 1            # of the copy\n"
              "        return self.counter\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    p = Pool(3, initializer=init, initargs=(100,))\n"
              "    rs = [p.apply_async(work, (i,)) for i in range(10)]\n"
              "    p.close(); p.join()              # without these the workers are cut off\n"
              "    print(sum(r.get() for r in rs))  # 1045\n",
    .concepts = CONCEPTS(59, 60),
    .chart = CHART_ORDER,
    .params = PARAMS(
        CHOICE("mode", "initializer", "State", "状态放在哪里",
               "A global that the initializer sets, or an attribute of an object.",
               "由初始化函数设置的全局变量，或者对象的属性。",
               {"initializer", {"initializer and a global", "初始化函数 + 全局变量"}},
               {"object-method", {"a method of an object", "对象的方法"}}),
        INTEGER("workers", 1, WORKERS_MAX, "3", "Workers", "工作进程数", "Size of the pool.",
                "进程池大小。"),
        INTEGER("tasks", 1, TASKS_MAX, "10", "Tasks, or objects", "任务数或对象数",
                "How many are sent.", "一共发送多少个。"),
        INTEGER("init_value", -1000, 1000, "100", "Initial value", "初始值",
                "What initargs gives to the initializer.", "通过 initargs 传给初始化函数的值。"),
        INTEGER("calls_per_object", 1, CALLS_MAX, "2", "Calls per object", "每个对象调用次数",
                "For the method: on the same object, yet each call has a fresh copy.",
                "用于对象方法：同一个对象，每次调用拿到的都是新的副本。"),
        CHOICE("finish", "close-join", "End of the program", "程序的结尾",
               "Without close() and join() the program ends at once and takes its workers along; "
               "lines are missing in about eight runs of ten.",
               "没有 close() 和 join()，程序立刻结束并带走工作进程，十次里约有八次会少几行输出。",
               {"close-join", {"close(), join()", "close()、join()"}},
               {"none", {"nothing (notes)", "什么都不做（笔记）"}})),
    .outcomes = OUTCOMES(
        OUTCOME("set-once", "* lines", "mode=initializer", CLASS_ACCEPTABLE,
                "Each worker was initialised once, and all its tasks found the value.",
                "每个工作进程初始化一次，它的全部任务都用到了这个值。"),
        OUTCOME("copies", "* lines", "mode=object-method", CLASS_ACCEPTABLE,
                "Every call counted to 1, on a copy of its own.", "每次调用都从自己的副本数到 1。"),
        OUTCOME("cut", "* lines", "finish=none", CLASS_INTERESTING,
                "The program ended and its workers with it, before they had done everything.",
                "程序结束时带走了工作进程，活还没干完。")),
    .checks = CHECKS(
        CHECK("sum", "Sum of the results", "结果之和"),
        CHECK("initialized-once-each", "Initialised once in each worker", "每个工作进程初始化一次"),
        CHECK("each-call-a-fresh-copy", "Calls that had a fresh copy", "拿到新副本的调用次数"),
        CHECK("parents-object-unchanged", "The parent's counter", "父进程对象的计数"),
        CHECK("no-more-than-given", "No more calls than were given", "不会多于给出的调用")),
    .columns = COLUMNS(COLUMN("process", "Process", "进程", NULL),
                       COLUMN("initialized", "Initialised", "初始化次数", NULL),
                       COLUMN("calls", "Calls", "执行的调用", NULL),
                       COLUMN("value", "Global, or counter", "全局变量或计数", NULL)),
    .run = run,
};

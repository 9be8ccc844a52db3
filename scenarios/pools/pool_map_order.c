#include "scenarios/scenario.h"

#include <inttypes.h>

#define NONE INT64_MIN /* what print returns */

static void work(const struct call *call)
{
    work_us(jittered(integer("service_us"), number("jitter"), (uint64_t)call->index));
}

static int64_t add(struct call *call)
{
    work(call);
    print("%" PRId64, call->x + call->y);
    return call->x + call->y;
}

static int64_t square(struct call *call)
{
    work(call);
    return call->x * call->x;
}

static int64_t print_input(struct call *call)
{
    work(call);
    print("%" PRId64, call->x);
    return NONE;
}

static void add_result(struct words *list, int64_t result)
{
    if (result == NONE)
        words_add(list, "None");
    else
        words_add(list, "%" PRId64, result);
}

/* The indexes in the order in which the calls were done. */
static struct words finish_order(const struct call *calls, int64_t n, bool *in_order)
{
    unsigned done[1000];
    struct words order = {0};
    *in_order = true;
    pool_order(calls, (unsigned)n, done);
    for (int64_t i = 0; i < n; i++) {
        words_add(&order, "%u", done[i]);
        *in_order &= done[i] == i;
    }
    return order;
}

static void judge(const struct call *calls, const int64_t *expected, int64_t n)
{
    struct words wanted = {0}, got = {0};
    for (int64_t i = 0; i < n; i++) {
        add_result(&wanted, expected[i]);
        add_result(&got, calls[i].result);
    }
    print("%s", words_list(&got, 400));
    check_text("results-in-input-order", words_text(&wanted), words_text(&got));
    bool in_order;
    struct words order = finish_order(calls, n, &in_order);
    outcome(in_order ? "in-order" : "out-of-order", "order=%s", words_short(&order, 200));
}

static void run(void)
{
    int64_t n = integer("tasks"), xs[1000], ys[1000], expected[1000];
    pool_fn *fn = is("func", "add") ? add : is("func", "square") ? square : print_input;
    for (int64_t i = 0; i < n; i++) {
        xs[i] = fn == add ? i + 1 : i;
        ys[i] = 1;
        expected[i] = fn == add ? xs[i] + ys[i] : fn == square ? xs[i] * xs[i] : NONE;
    }
    struct pool *pool = pool_new(TASK_PROCESS, (int)integer("workers"));
    const struct call *calls =
        pool_map(pool, fn, xs, fn == add ? ys : NULL, (unsigned)n, (unsigned)integer("chunk"));
    pool_close(pool);
    pool_join(pool);
    judge(calls, expected, n);
}

SCENARIO(pool_map_order) = {
    .id = "pool-map-order",
    .family = FAMILY_POOLS,
    .number = 10,
    .title = {"Pool.map: results in order, execution is not", "Pool.map：结果有序，执行无序"},
    .summary =
        {"A pool of processes runs one function on a list of inputs. The calls take different "
         "times and finish in any order, yet the list that map returns is always in the order "
         "of the inputs.",
         "进程池对一组输入执行同一个函数。每次调用耗时不同，完成的先后不定，"
         "但 map 返回的列表总是按输入的顺序排列。"},
    .lesson =
        {"map stores each result in its input’s slot: order of results is a promise, order of "
         "execution is not.",
         "map 按输入下标存放结果：结果顺序有保证，执行顺序没有。"},
    .python = "from multiprocessing import Pool\n"
              "\n"
              "def my_print(x, y):\n"
              "    print(x + y)\n"
              "    return x + y\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    x = [1, 2, 3, 4, 5]\n"
              "    y = [1, 1, 1, 1, 1]\n"
              "    with Pool(5) as pool:\n"
              "        result = pool.starmap(my_print, zip(x, y))\n"
              "        # func=square: pool.map(square, range(100))\n"
              "    print(result)           # always [2, 3, 4, 5, 6]\n",
    .concepts = (const int[]){32, 36, 37, 38, 39, 44, 0},
    .chart = CHART_ORDER,
    .params =
        (const struct param[]){
            {.name = "workers",
             .title = {"Workers", "工作进程数"},
             .help = {"Processes in the pool. With one worker nothing can overtake.",
                      "进程池的大小。只有一个进程时，谁也超不过谁。"},
             .type = PARAM_INTEGER,
             .minimum = 1,
             .maximum = 16,
             .fallback = "5"},
            {.name = "tasks",
             .title = {"Inputs", "输入个数"},
             .help = {"Length of the list of inputs.", "输入列表的长度。"},
             .type = PARAM_INTEGER,
             .minimum = 1,
             .maximum = 1000,
             .fallback = "5"},
            {.name = "func",
             .title = {"Function", "函数"},
             .help = {"add prints and returns x + y; square returns x²; print prints x and returns "
                      "None.",
                      "add 打印并返回 x + y；square 返回 x²；print 打印 x，返回 None。"},
             .type = PARAM_CHOICE,
             .fallback = "add",
             .choices = (const struct choice[]){{"add", {"starmap: x + y", "starmap：x + y"}},
                                                {"square", {"map: x²", "map：x²"}},
                                                {"print", {"map: print x", "map：打印 x"}},
                                                {0}}},
            {.name = "chunk",
             .title = {"Chunk size", "分块大小"},
             .help = {"Inputs that travel to a worker together and run one after another. 0 is "
                      "Python's choice: inputs / (4 × workers), rounded up.",
                      "一次发给同一个进程、依次执行的输入个数。0 表示按 Python 的规则："
                      "输入数 /（4 × 进程数），向上取整。"},
             .type = PARAM_INTEGER,
             .minimum = 0,
             .maximum = 100,
             .fallback = "0"},
            {.name = "service_us",
             .title = {"Time per call (µs)", "每次调用的时间（微秒）"},
             .help = {"Processor time of a call, on average.", "平均每次调用占用的处理器时间。"},
             .type = PARAM_INTEGER,
             .minimum = 0,
             .maximum = 100000,
             .fallback = "2000"},
            {.name = "jitter",
             .title = {"Jitter", "抖动"},
             .help =
                 {"How much the calls differ: 0 all alike, 1 between nothing and twice the mean. "
                  "With the defaults most runs are out of order.",
                  "各次调用耗时的差别：0 表示完全相同，1 表示在 0 到两倍均值之间。"
                  "用默认值时多数运行都是乱序的。"},
             .type = PARAM_NUMBER,
             .minimum = 0,
             .maximum = 1,
             .fallback = "1"},
            {.name = NULL},
        },
    .outcomes =
        (const struct outcome_rule[]){
            {.name = "in-order",
             .pattern = "order=*",
             .class = CLASS_ACCEPTABLE,
             .meaning = {"The calls happened to finish in the order of the inputs.",
                         "这一次，调用恰好按输入的顺序完成。"}},
            {.name = "out-of-order",
             .pattern = "order=*",
             .class = CLASS_INTERESTING,
             .meaning = {"Calls overtook each other; the results are in input order all the same.",
                         "有调用后发先至，但结果列表仍然按输入顺序排列。"}},
            {0},
        },
    .checks =
        (const struct check_title[]){
            {"results-in-input-order",
             {"The returned list is [f(x) for x in inputs]",
              "返回的列表等于 [f(x) for x in 输入]"}},
            {0},
        },
    .run = run,
};

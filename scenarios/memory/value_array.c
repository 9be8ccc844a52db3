#include "scenarios/scenario.h"

#include <inttypes.h>

#define WORKERS_MAX 8
#define LEN_MAX     64
#define CALLS       10 /* of the pool in local-name */

struct shared {
    struct value *number;
    struct array *list;
    int64_t n;
};

/* def f(v, a): v.value = 3.14; a[0] = 5 */
static void set_pi(void *argument)
{
    struct shared *s = argument;
    value_set(s->number, 3.14);
    array_set(s->list, 0, 5);
}

/* def f(v, a): v.value = 3.1415927; a[i] = -a[i] */
static void negate(void *argument)
{
    struct shared *s = argument;
    double number;
    value_set(s->number, 3.1415927);
    for (unsigned i = 0; array_get(s->list, i, &number) == 0; i++)
        array_set(s->list, i, -number);
}

/* v.value += 1, n times: each access takes the lock, and between the two it is free */
static void increment(void *argument)
{
    struct shared *s = argument;
    for (int64_t i = 0; i < s->n; i++) {
        bool lock = is("variant", "get-lock");
        if (lock)
            lock_acquire(value_lock(s->number));
        double before = value_get(s->number);
        if (integer("window_us") > 0)
            sleep_us(integer("window_us"));
        value_set(s->number, before + 1);
        if (lock)
            lock_release(value_lock(s->number));
    }
}

/* with num.get_lock(): num += i. The name is local to the function, and it has no value yet. */
static int64_t add_to_local_name(struct call *call)
{
    return call_raise(call, "UnboundLocalError: cannot access local variable 'num' where it "
                            "is not associated with a value");
}

static int64_t run_local_name(int64_t workers)
{
    struct pool *pool = pool_new(TASK_PROCESS, (int)workers);
    struct async *results[CALLS];
    int64_t failed = 0;
    for (int64_t i = 0; i < CALLS; i++)
        results[i] = pool_apply_async(pool, add_to_local_name, i, i, NULL, NULL, NULL);
    pool_close(pool);
    pool_join(pool);
    print("the pool is done, nothing was shown"); /* nobody asked the results */
    for (int64_t i = 0; i < CALLS; i++)
        failed += async_get(results[i])->error[0] != '\0';
    return failed;
}

static void judge_increment(struct shared *s, int64_t expected, int64_t failed)
{
    int64_t count = (int64_t)value_get(s->number);
    print("v.value = %" PRId64 ", expected %" PRId64, count, expected);
    check("never-more", count <= expected, text("at most %" PRId64, expected),
          text("%" PRId64, count));
    if (is("variant", "get-lock"))
        check_number("lock-loses-nothing", expected, count);
    metric("lost", expected - count);
    outcome(failed > 0          ? "silent-error"
            : count == expected ? "all-counted"
                                : "lost-updates",
            "count=%" PRId64, count);
}

static void judge_example(struct shared *s)
{
    struct words list = {0};
    double number;
    int64_t changed = 0;
    for (unsigned i = 0; array_get(s->list, i, &number) == 0; i++) {
        words_add(&list, "%g", number);
        changed += number == (is("op", "set-pi") ? (i == 0 ? 5 : i) : -(double)i);
    }
    print("%.7g", value_get(s->number));
    print("%s", words_list(&list, 400));
    check_number("array-as-written", array_length(s->list), changed);
    outcome("as-written", "%.7g %s", value_get(s->number), words_list(&list, 120));
}

static void run(void)
{
    char type = is("type", "i") ? 'i' : is("type", "f") ? 'f' : 'd';
    struct shared s = {.number = value_new("v", type, 0),
                       .list = array_new("a", 'i', (unsigned)integer("array_len")),
                       .n = integer("n")};
    int64_t workers = is("op", "increment") ? integer("workers") : 1, failed = 0;
    int64_t expected = workers * s.n;
    struct task *processes[WORKERS_MAX];
    for (unsigned i = 0; i < array_length(s.list); i++)
        array_set(s.list, i, i);
    if (is("op", "increment") && is("variant", "local-name")) {
        failed = run_local_name(workers);
        expected = CALLS * (CALLS - 1) / 2; /* 0 + 1 + … + 9 */
        check_number("every-call-raised", CALLS, failed);
    } else {
        task_fn *body = is("op", "increment") ? increment : is("op", "set-pi") ? set_pi : negate;
        for (int64_t i = 0; i < workers; i++)
            processes[i] = process_start(text("process %" PRId64, i), body, &s);
        for (int64_t i = 0; i < workers; i++)
            task_join(processes[i]);
    }
    if (is("op", "increment"))
        judge_increment(&s, expected, failed);
    else
        judge_example(&s);
}

SCENARIO(value_array) = {
    .id = "value-array",
    .family = FAMILY_MEMORY,
    .number = 30,
    .title = {"Value and Array", "共享的 Value 与 Array"},
    .summary =
        {"Processes share a number and a list of numbers, each with a lock of its own that every "
         "single access takes. `v.value += 1` is a read and a write, two accesses; between them "
         "another process may come.",
         "多个进程共享一个数和一个数组，它们各自带锁，每次访问都会自动加锁。`v.value += 1` "
         "却是一读一写两次访问，中间别的进程可以插进来。"},
    .lesson = {"The built-in lock guards each access; a += is two accesses, take get_lock().",
               "自带的锁只保护单次访问，+= 是两次，要用 get_lock()。"},
    .python = "from multiprocessing import Process, Value, Array\n"
              "\n"
              "def f(v, a):                       # op: set-pi\n"
              "    v.value = 3.14\n"
              "    a[0] = 5\n"
              "\n"
              "def negate(v, a):                  # op: negate-array\n"
              "    v.value = 3.1415927\n"
              "    for i in range(len(a)):\n"
              "        a[i] = -a[i]\n"
              "\n"
              "def add(v, n):                     # op: increment\n"
              "    for _ in range(n):\n"
              "        v.value += 1               # no-lock\n"
              "        # with v.get_lock():       # get-lock\n"
              "        #     v.value += 1\n"
              "\n"
              "def add_to_local_name(i):          # local-name, in a Pool(2) with a global num\n"
              "    with num.get_lock():           # UnboundLocalError: the next line makes\n"
              "        num += i                   # num a local name\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    v = Value('d', 0.0)\n"
              "    a = Array('i', range(10))\n"
              "    ps = [Process(target=add, args=(v, 50000)) for _ in range(2)]\n"
              "    for p in ps: p.start()\n"
              "    for p in ps: p.join()\n"
              "    print(v.value, a[:])\n",
    .concepts = CONCEPTS(110, 111, 112, 113),
    .chart = CHART_VALUE,
    .params = PARAMS(
        CHOICE("op", "increment", "What is done", "做什么",
               "The two examples set a number and change the list in one process; increment is "
               "where processes get into each other's way.",
               "前两个例子由一个进程设置数值、修改数组；“自增”才会互相干扰。",
               {"set-pi", {"v.value = 3.14; a[0] = 5", "v.value = 3.14; a[0] = 5"}},
               {"negate-array", {"a[i] = -a[i]", "a[i] = -a[i]"}},
               {"increment", {"v.value += 1", "v.value += 1"}}),
        CHOICE("variant", "no-lock", "Variant", "写法",
               "Only for increment. Without the lock updates are lost in nearly every run with "
               "the defaults (48 of 50).",
               "只用于自增。按默认参数不加锁时，几乎每次运行都会丢失更新（50 次中有 48 次）。",
               {"no-lock", {"without a lock", "不加锁"}},
               {"get-lock", {"with v.get_lock()", "with v.get_lock()"}},
               {"local-name", {"num += i in a pool (wrong)", "进程池里写 num += i（错误）"}}),
        INTEGER("workers", 1, WORKERS_MAX, "2", "Processes", "进程数", "How many add at once.",
                "同时自增的进程数。"),
        INTEGER(
            "n", 1, 1000000, "50000", "Increments each", "每个进程自增次数",
            "Few increments may be over before the other process has started: with 50, one run in "
            "ten loses any.",
            "次数太少时，可能另一个进程还没启动就做完了：取 50 时大约十次运行才有一次丢失。"),
        CHOICE("type", "d", "Typecode", "类型码",
               "How the number is stored. An i cuts fractions off, an f has 24 bits.",
               "数值的存储方式：i 会截掉小数，f 只有 24 位精度。", {"i", {"i (int)", "i（整数）"}},
               {"f", {"f (float)", "f（单精度）"}}, {"d", {"d (double)", "d（双精度）"}}),
        INTEGER("array_len", 1, LEN_MAX, "10", "Length of the array", "数组长度",
                "For the two examples.", "用于前两个例子。"),
        INTEGER("window_us", 0, 100, "0", "Pause between read and write (µs)",
                "读写之间的停顿（微秒）",
                "Makes a loss likelier. With 100 and n = 50 almost every second increment is lost.",
                "让丢失更容易出现。取 100、n 取 50 时几乎有一半自增丢失。")),
    .outcomes = OUTCOMES(
        OUTCOME("as-written", "*", "op!=increment", CLASS_ACCEPTABLE,
                "What the child wrote is what the parent reads.",
                "子进程写了什么，父进程就读到什么。"),
        OUTCOME("all-counted", "count=*", "op=increment&variant!=local-name", CLASS_ACCEPTABLE,
                "No update was lost.", "没有丢失更新。"),
        OUTCOME("lost-updates", "count=*", "op=increment&variant=no-lock", CLASS_INTERESTING,
                "Two processes read the same number and both wrote one more.",
                "两个进程读到同一个数，又都写回加一后的值。"),
        OUTCOME("silent-error", "count=0", "op=increment&variant=local-name", CLASS_INTERESTING,
                "Every call raised UnboundLocalError; nobody looked at the results, so nobody saw "
                "it.",
                "每次调用都抛出 UnboundLocalError，但没有人查看结果，所以谁也没发现。")),
    .checks = CHECKS(
        CHECK("never-more", "Never more than was added", "绝不会多出来"),
        CHECK("lock-loses-nothing", "Under get_lock() nothing is lost", "用 get_lock() 时不会丢失"),
        CHECK("every-call-raised", "Every call of the pool raised", "进程池的每次调用都抛出了异常"),
        CHECK("array-as-written", "The parent reads the list as the child wrote it",
              "父进程读到的数组与子进程所写一致")),
    .run = run,
};

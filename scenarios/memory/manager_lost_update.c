#include "scenarios/scenario.h"

#include <inttypes.h>

#define TASKS_MAX 10000

/* Set before the pool is forked: its workers have the proxies. */
static struct managed *dict, *list, *lock;

/* d["count"] += c: two calls of the manager, and between them the server may serve another */
static void increment(int64_t c)
{
    int64_t count = 0;
    managed_get(dict, "count", &count);
    if (integer("window_us") > 0)
        sleep_us(integer("window_us"));
    managed_set(dict, "count", count + c);
}

static int64_t task(struct call *call)
{
    bool locked = is("variant", "locked");
    if (locked)
        managed_acquire(lock, FOREVER);
    if (is("op", "increment"))
        increment(call->x);
    else if (is("op", "assign"))
        managed_set(dict, text("%" PRId64, call->x), call->y);
    else
        managed_append(list, call->x);
    if (locked)
        managed_release(lock);
    return 0;
}

static void judge_increment(int64_t tasks)
{
    int64_t count = 0, expected = tasks * (tasks + 1) / 2;
    managed_get(dict, "count", &count);
    print("{'count': %" PRId64 "}, expected %" PRId64, count, expected);
    check("never-more", count <= expected, text("at most %" PRId64, expected),
          text("%" PRId64, count));
    if (is("variant", "locked"))
        check_number("lock-loses-nothing", expected, count);
    metric("lost", expected - count);
    outcome(count == expected ? "all-counted" : "lost-updates", "count=%" PRId64, count);
}

static void judge_single_calls(int64_t tasks)
{
    struct managed_item *items = shared_new((size_t)tasks * sizeof *items);
    struct words order = {0};
    bool assign = is("op", "assign");
    int length = managed_copy(assign ? dict : list, items, (unsigned)tasks);
    int64_t right = 0, sorted = 0;
    for (int i = 0; i < length && i < tasks; i++) {
        int64_t number = assign ? atoll(items[i].key) : items[i].value;
        right += number >= 1 && number <= tasks && (!assign || items[i].value == number * number);
        sorted += number == i + 1;
        words_add(&order, "%" PRId64, number);
    }
    print("%s: %s", assign ? "keys" : "list", words_short(&order, 300));
    check_number("nothing-missing", tasks, right);
    outcome(sorted == length ? "in-order" : "another-order", "%d there", length);
}

static void run(void)
{
    int64_t tasks = integer("tasks");
    int64_t *c = shared_new((size_t)tasks * sizeof *c);
    int64_t *squares = shared_new((size_t)tasks * sizeof *squares);
    struct manager *manager = manager_new();
    dict = manager_dict(manager, "d");
    list = manager_list(manager, "l");
    lock = manager_lock(manager, "lock");
    if (is("op", "increment"))
        managed_set(dict, "count", 0);
    for (int64_t i = 0; i < tasks; i++) {
        c[i] = i + 1;
        squares[i] = c[i] * c[i];
    }
    struct pool *pool = pool_new(TASK_PROCESS, (int)integer("workers"));
    pool_map(pool, task, c, squares, (unsigned)tasks, 1);
    pool_close(pool);
    pool_join(pool);
    if (is("op", "increment"))
        judge_increment(tasks);
    else
        judge_single_calls(tasks);
    manager_shutdown(manager);
}

SCENARIO(manager_lost_update) = {
    .id = "manager-lost-update",
    .family = FAMILY_MEMORY,
    .number = 29,
    .title = {"Lost updates in a managed dict", "Manager 字典的丢失更新"},
    .summary =
        {"A pool of processes works on a dict of a manager: a server process that owns the dict "
         "and serves one call at a time. Setting a key or appending is one call. "
         "`d['count'] += c` is two, a get and a set.",
         "进程池里的各个进程操作 Manager 的字典：字典属于一个服务进程，它一次只处理一个调用。"
         "设置键值、追加元素都是一次调用；`d['count'] += c` 却是先取后存两次。"},
    .lesson = {"Each call is safe, a read followed by a write is not.",
               "单次调用是安全的，“先读后写”不是。"},
    .python = "from multiprocessing import Manager, Pool\n"
              "\n"
              "def task(d, lock, c):\n"
              "    # with lock:                   # locked\n"
              "    d['count'] += c                # a get, then a set\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    with Manager() as manager:\n"
              "        d, lock = manager.dict(count=0), manager.Lock()\n"
              "        with Pool(5) as pool:\n"
              "            pool.starmap(task, [(d, lock, c) for c in range(1, 6)])\n"
              "        print(dict(d))             # {'count': 15}?\n",
    .concepts = CONCEPTS(86, 103, 104, 107, 108, 109),
    .chart = CHART_VALUE,
    .params = PARAMS(
        CHOICE("op", "increment", "Operation", "操作", "What each task does to the managed object.",
               "每个任务对共享对象做什么。", {"increment", {"d['count'] += c", "d['count'] += c"}},
               {"assign", {"d[i] = v", "d[i] = v"}}, {"append", {"l.append(i)", "l.append(i)"}}),
        CHOICE("variant", "unlocked", "Variant", "写法",
               "Whether a lock of the manager is held around the operation.",
               "操作前后是否持有 Manager 的锁。", {"unlocked", {"without a lock", "不加锁"}},
               {"locked", {"with a managed lock", "加 Manager 的锁"}}),
        INTEGER("workers", 1, 16, "5", "Processes in the pool", "进程池大小",
                "How many tasks can be on their way at once.", "同时能有多少个任务在进行。"),
        INTEGER("tasks", 1, TASKS_MAX, "5", "Tasks", "任务数",
                "Task c adds c, so five of them add up to 15.",
                "第 c 个任务加 c，五个任务共加 15。"),
        INTEGER("window_us", 0, 10000, "0", "Pause between get and set (µs)",
                "取与存之间的停顿（微秒）",
                "Makes a loss likelier. With 1000 every run loses an update (50 of 50). With 0 it "
                "was 49 of 50 here on two cores, and 48 of 200 in CPython.",
                "让丢失更容易出现。取 1000 时每次都会丢失（50 次中 50 次）；取 0 "
                "时，双核机器上本程序 50 "
                "次中丢失 49 次，CPython 200 次中丢失 48 次。")),
    .outcomes = OUTCOMES(
        OUTCOME("all-counted", "count=*", "op=increment", CLASS_ACCEPTABLE, "No update was lost.",
                "没有丢失更新。"),
        OUTCOME("lost-updates", "count=*", "op=increment&variant=unlocked", CLASS_INTERESTING,
                "A task set a count it had read before another task's set.",
                "有任务写回的，是别的任务写入之前读到的旧值。"),
        OUTCOME("in-order", "* there", "op!=increment", CLASS_ACCEPTABLE,
                "Everything is there, in the order of the tasks.", "全都在，且与任务顺序一致。"),
        OUTCOME("another-order", "* there", "op!=increment", CLASS_ACCEPTABLE,
                "Everything is there, in the order in which the server was called.",
                "全都在，顺序是服务进程被调用的先后。")),
    .checks = CHECKS(CHECK("never-more", "Never more than was added", "绝不会多出来"),
                     CHECK("lock-loses-nothing", "Under the lock nothing is lost",
                           "加锁时不会丢失"),
                     CHECK("nothing-missing", "Every key or element is there", "每个键或元素都在")),
    .run = run,
};

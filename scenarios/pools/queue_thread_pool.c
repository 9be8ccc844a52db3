#include "scenarios/scenario.h"

#include <inttypes.h>

#define THREADS_MAX 16
#define TASKS_MAX   1000
#define SENTINEL    (-1) /* None */

/* results: a list that all threads append to. */
struct program {
    struct queue *work;
    struct lock *append; /* keeps the list whole, as the interpreter does */
    int64_t results[TASKS_MAX], count;
};

static void worker(void *argument)
{
    struct program *p = argument;
    for (;;) {
        int64_t i;
        if (!is("stop", "sentinel")) {
            if (!queue_get_for(p->work, &i, 0)) /* get_nowait(), except Empty: return */
                return;
        } else {
            queue_get(p->work, &i);
            if (i == SENTINEL)
                return;
        }
        item_started(i);
        work_us(integer("work_us"));
        lock_acquire(p->append);
        p->results[p->count++] = i * i;
        item_finished(i);
        lock_release(p->append);
    }
}

static void judge(const struct program *p, int64_t tasks, int64_t snapshot)
{
    static bool there[TASKS_MAX];
    int64_t squares = 0, in_order = 0;
    for (int64_t r = 0; r < p->count; r++) {
        in_order += p->results[r] == r * r;
        for (int64_t i = 0; i < tasks; i++)
            if (p->results[r] == i * i && !there[i]) {
                there[i] = true;
                squares++;
                break;
            }
    }
    print("in the end: %" PRId64 " results%s", p->count,
          in_order == p->count ? ", in order" : ", in another order");
    check_number("all-squares", tasks, squares);
    check("join-means-all", is("join", "missing") || snapshot == tasks, "with join(): all of them",
          text("%" PRId64 " of %" PRId64, snapshot, tasks));
    metric("in_order", in_order);
    outcome(snapshot < tasks       ? "too-early"
            : in_order == p->count ? "complete"
                                   : "another-order",
            "printed=%" PRId64 " of %" PRId64, snapshot, tasks);
}

static void run(void)
{
    static struct program p;
    struct task *threads[THREADS_MAX];
    int64_t n = integer("threads"), tasks = integer("tasks"), none = SENTINEL;
    p.work = queue_new("work", 0, sizeof(int64_t));
    p.append = lock_new("results");
    for (int64_t i = 0; i < tasks; i++) {
        item_submitted(i);
        queue_put(p.work, &i, i);
    }
    for (int64_t i = 0; i < n && is("stop", "sentinel"); i++)
        queue_put(p.work, &none, none);
    for (int64_t i = 0; i < n; i++)
        threads[i] = thread_start(text("thread %" PRId64, i + 1), worker, &p);
    if (is("join", "called"))
        for (int64_t i = 0; i < n; i++)
            task_join(threads[i]);
    /* missing: for i in threads: i.join – names the method and calls nothing */
    lock_acquire(p.append);
    int64_t snapshot = p.count;
    lock_release(p.append);
    print("print(results): %" PRId64 " of %" PRId64, snapshot, tasks);
    if (!is("join", "called"))
        for (int64_t i = 0; i < n; i++)
            task_join(threads[i]); /* the end of the program */
    judge(&p, tasks, snapshot);
}

SCENARIO(queue_thread_pool) = {
    .id = "queue-thread-pool",
    .family = FAMILY_POOLS,
    .number = 20,
    .title = {"A thread pool from a queue", "用 Queue 实现线程池"},
    .summary =
        {"Numbers are put into a queue, threads take them, append the squares to a list, and end "
         "when it is empty. Main joins the threads and prints the list. The notes write `i.join` "
         "without parentheses: nothing is called, and the list is printed while they work.",
         "先把数放进队列，各线程取出、把平方追加到列表，取空就结束；主线程 join 之后打印列表。"
         "笔记里写成了 `i.join`，没有括号：什么也没调用，线程还在干活列表就打印出来了。"},
    .lesson = {"A method without parentheses is not a call; an unjoined result is a guess.",
               "方法不加括号就没有调用；不 join 就读结果等于碰运气。"},
    .python = "from queue import Empty, Queue\n"
              "from threading import Thread\n"
              "\n"
              "def worker(q, results):\n"
              "    while True:\n"
              "        try: i = q.get_nowait()\n"
              "        except Empty: return\n"
              "        results.append(i * i)\n"
              "\n"
              "q, results = Queue(), []\n"
              "for i in range(100): q.put(i)\n"
              "threads = [Thread(target=worker, args=(q, results)) for _ in range(4)]\n"
              "for i in threads: i.start()\n"
              "for i in threads: i.join           # the notes; should be i.join()\n"
              "print(results)\n",
    .concepts = CONCEPTS(70, 71),
    .chart = CHART_ORDER,
    .params = PARAMS(
        INTEGER("threads", 1, THREADS_MAX, "4", "Threads", "线程数", "How many share the work.",
                "分担工作的线程数。"),
        INTEGER("tasks", 1, TASKS_MAX, "100", "Tasks", "任务数", "Squares of 0 to n - 1.",
                "0 到 n-1 的平方。"),
        INTEGER("work_us", 0, 100000, "0", "Time of a task (µs)", "每个任务的时间（微秒）",
                "With 1000 and join missing the list is printed too early in every run.",
                "取 1000 且缺少 join 时，每次都会过早打印列表。"),
        CHOICE("join", "called", "join", "join", "Whether main waits for the threads.",
               "主线程是否等待各线程。", {"called", {"i.join()", "i.join()"}},
               {"missing", {"i.join (wrong)", "i.join（错误）"}}),
        CHOICE("stop", "get-nowait-empty", "How threads end", "线程怎样结束",
               "When the queue is empty, or by a None for each.",
               "队列取空时，或者每个线程一个 None。",
               {"get-nowait-empty", {"get_nowait(), except Empty", "get_nowait()，except Empty"}},
               {"sentinel", {"a None for each", "每人一个 None"}})),
    .outcomes = OUTCOMES(
        OUTCOME("complete", "printed=*", NULL, CLASS_ACCEPTABLE,
                "All squares were there when the list was printed, in the order of the numbers.",
                "打印列表时平方都在，顺序与数相同。"),
        OUTCOME("another-order", "printed=*", NULL, CLASS_ACCEPTABLE,
                "All squares were there when the list was printed, in the order of their "
                "completion.",
                "打印列表时平方都在，顺序是完成的先后。"),
        OUTCOME("too-early", "printed=*", "join=missing", CLASS_INTERESTING,
                "The list was printed while the threads still worked.",
                "线程还在干活，列表就打印了。")),
    .checks = CHECKS(CHECK("all-squares", "Squares in the end", "最后列表里的平方"),
                     CHECK("join-means-all", "After join() the list is complete",
                           "join() 之后列表是完整的")),
    .run = run,
};

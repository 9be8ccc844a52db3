#include "scenarios/scenario.h"

#include <inttypes.h>

#define CONSUMERS_MAX 16
#define ITEMS_MAX     1000
#define SENTINEL      (-1) /* None */

struct story {
    struct queue *queue;
    int64_t items;
    _Atomic int64_t handled[ITEMS_MAX]; /* how often each item was */
    _Atomic int64_t early;              /* consumers that left while items were still to come */
    struct cell *produced, *done;       /* items so far */
};

static void producer(void *argument)
{
    struct story *s = argument;
    for (int64_t i = 0; i < s->items; i++) {
        queue_put(s->queue, &i, i);
        cell_add(s->produced, 1);
        sleep_us(integer("period_ms") * 1000);
    }
}

/* while True: item = q.get(); … */
static void consumer(void *argument)
{
    struct story *s = argument;
    for (;;) {
        int64_t item;
        if (!is("stop", "empty-test")) {
            queue_get(s->queue, &item);
        } else if (!queue_get_for(s->queue, &item, 0)) { /* get_nowait(), except Empty: break */
            s->early += cell_read(s->produced) < s->items;
            return;
        }
        if (item == SENTINEL)
            return;
        print("%s: item %" PRId64, task_name(task_self()), item);
        s->handled[item]++;
        cell_add(s->done, 1);
        if (is("stop", "task-done-join"))
            queue_task_done(s->queue);
    }
}

static int64_t handled_once(const struct story *s)
{
    int64_t once = 0;
    for (int64_t i = 0; i < s->items; i++)
        once += s->handled[i] == 1;
    return once;
}

static void judge(const struct story *s)
{
    int64_t once = handled_once(s), twice = 0;
    for (int64_t i = 0; i < s->items; i++)
        twice += s->handled[i] > 1;
    print("%" PRId64 " of %" PRId64 " items handled", once, s->items);
    check_number("none-twice", 0, twice);
    check("agreed-end-handles-all", is("stop", "empty-test") || once == s->items,
          "with an agreed end: all", text("%" PRId64 " of %" PRId64, once, s->items));
    metric("left_early", s->early);
    outcome(once == s->items ? "all-handled" : "items-lost", "handled=%" PRId64 " of %" PRId64,
            once, s->items);
}

/* The end of the program, by the rule chosen. */
static void end(struct story *s, struct task **consumers, int64_t n)
{
    int64_t none = SENTINEL;
    if (is("stop", "sentinel"))
        for (int64_t i = 0; i < n; i++)
            queue_put(s->queue, &none, none); /* one for each */
    if (is("stop", "task-done-join"))
        queue_join(s->queue);
    while (is("stop", "daemon") && cell_read(s->done) < s->items)
        sleep_us(1000);
    if (!is("stop", "task-done-join") && !is("stop", "daemon"))
        for (int64_t i = 0; i < n; i++)
            task_join(consumers[i]); /* none: for ever */
    if (is("kind", "process") && (is("stop", "task-done-join") || is("stop", "daemon")))
        for (int64_t i = 0; i < n; i++) {
            task_terminate(consumers[i]); /* what the end of a program does to daemons */
            task_join(consumers[i]);
        }
}

static void run(void)
{
    struct story *s = shared_new(sizeof *s);
    struct task *consumers[CONSUMERS_MAX];
    enum task_kind kind = is("kind", "process") ? TASK_PROCESS : TASK_THREAD;
    int64_t n = integer("consumers");
    s->items = integer("items");
    s->produced = cell_new_atomic("produced", 0);
    s->done = cell_new_atomic("handled", 0);
    s->queue = queue_new("queue", 0, sizeof(int64_t));
    struct task *source = task_start(kind, "producer", producer, s);
    if (is("stop", "empty-test"))
        while (cell_read(s->produced) == 0) /* or they would leave at once */
            sleep_us(100);
    for (int64_t i = 0; i < n; i++) {
        consumers[i] = task_new(kind, text("consumer %" PRId64, i + 1), consumer, s);
        task_set_daemon(consumers[i], is("stop", "daemon") || is("stop", "task-done-join"));
        task_begin(consumers[i]);
    }
    task_join(source);
    end(s, consumers, n);
    judge(s);
}

SCENARIO(queue_consumer_shutdown) = {
    .id = "queue-consumer-shutdown",
    .family = FAMILY_PIPES,
    .number = 25,
    .title = {"How do consumers know it is over?", "消费者怎样知道该结束了"},
    .summary =
        {"A producer puts items into a queue, now and then one; consumers take them in a loop, "
         "`while True: q.get()`. When the producer is done they wait for an item that will never "
         "come, unless somebody tells them, or counts, or they are daemons.",
         "生产者隔一会儿放一项，消费者用 `while True: q.get()` "
         "循环取。生产者做完以后，消费者会一直等一个永远不会来的东西，除非有人通知、有人计数，"
         "或者它们是守护的。"},
    .lesson = {"A consumer loop needs an agreed end; empty is not the end.",
               "消费循环要有约定的结束信号；“空”不等于“完”。"},
    .python = "from queue import Queue\n"
              "from threading import Thread\n"
              "import time\n"
              "\n"
              "def producer(q):\n"
              "    for i in range(10):\n"
              "        q.put(i)\n"
              "        time.sleep(0.1)\n"
              "\n"
              "def consumer(q):\n"
              "    while True:\n"
              "        item = q.get()\n"
              "        if item is None: return    # sentinel\n"
              "        print('item', item)\n"
              "        q.task_done()              # task-done-join\n"
              "\n"
              "q = Queue()\n"
              "p = Thread(target=producer, args=(q,))\n"
              "cs = [Thread(target=consumer, args=(q,)) for _ in range(3)]\n"
              "for t in [p, *cs]: t.start()\n"
              "p.join()\n"
              "for c in cs: q.put(None)           # without it the program never ends\n",
    .concepts = CONCEPTS(92, 93, 94, 95),
    .chart = CHART_LEVEL,
    .params = PARAMS(
        CHOICE("kind", "thread", "Threads or processes", "线程还是进程",
               "Of multiprocessing's queues only JoinableQueue has task_done().",
               "multiprocessing 的队列中只有 JoinableQueue 有 task_done()。",
               {"thread", {"threads", "线程"}}, {"process", {"processes", "进程"}}),
        INTEGER("consumers", 1, CONSUMERS_MAX, "3", "Consumers", "消费者数",
                "They share one queue.", "共用一个队列。"),
        INTEGER("items", 1, ITEMS_MAX, "10", "Items", "项数", "How many the producer puts.",
                "生产者放入多少项。"),
        INTEGER("period_ms", 0, 1000, "100", "Pause of the producer (ms)", "生产者的间隔（毫秒）",
                "Between two items. A test for emptiness finds it empty in every pause.",
                "两项之间的间隔。用“是否为空”来判断，每个间隔里队列都是空的。"),
        CHOICE("stop", "none", "How they end", "怎样结束",
               "Nothing, as in the notes, never ends. With the test for emptiness items are lost "
               "in every run with the defaults.",
               "像笔记里那样什么都不做，永远不会结束。用“是否为空”判断，按默认参数每次都会丢项。",
               {"none", {"not at all (notes)", "不处理（笔记）"}},
               {"sentinel", {"a None for each", "每人一个 None"}},
               {"task-done-join", {"task_done() and join()", "task_done() 与 join()"}},
               {"daemon", {"daemons", "守护"}},
               {"empty-test", {"until it is empty", "取到空为止"}}),
        INTEGER("limit_ms", 200, 20000, "1500", "Time limit (ms)", "时间上限（毫秒）",
                "After this the run is stopped. That all wait for ever is noticed sooner.",
                "到时间就停止运行；如果大家都在永远等待，会更早被发现。")),
    .outcomes = OUTCOMES(OUTCOME("all-handled", "handled=*", "stop!=none", CLASS_ACCEPTABLE,
                                 "Every item was handled once, and the program ended.",
                                 "每一项都处理了一次，程序正常结束。"),
                         OUTCOME("items-lost", "handled=*", "stop=empty-test", CLASS_INTERESTING,
                                 "The consumers found the queue empty and left; more items came.",
                                 "消费者看到队列空了就离开，之后又来了新的项。"),
                         DEADLOCK("never-ends", "stop=none",
                                  "Everything is handled, and the consumers wait for more.",
                                  "全都处理完了，消费者还在等下一项。")),
    .checks = CHECKS(CHECK("none-twice", "Items handled twice", "被处理两次的项"),
                     CHECK("agreed-end-handles-all", "With an agreed end every item is handled",
                           "有约定的结束方式时每一项都得到处理")),
    .run = run,
};

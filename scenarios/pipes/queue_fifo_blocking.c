#include "scenarios/scenario.h"

#include <inttypes.h>

#define ITEMS_MAX 1000

/* A queue.Queue or multiprocessing.Queue, or one of a manager. */
struct channel {
    struct queue *queue;
    struct managed *managed;
    int64_t timeout_us;
};

/* Shared by both sides. */
struct story {
    struct channel channel;
    int64_t items;
    _Atomic int64_t put, full, empty;
    struct cell *producer_done;
    int64_t longest; /* q.qsize(), as the producer saw it */
    int64_t got[ITEMS_MAX], count;
};

static bool put(struct channel *c, int64_t item)
{
    if (c->managed)
        return managed_put(c->managed, item, c->timeout_us) == 0;
    return queue_put_for(c->queue, &item, item, c->timeout_us);
}

static bool get(struct channel *c, int64_t *ret)
{
    if (c->managed)
        return managed_take(c->managed, ret, c->timeout_us) == 0;
    return queue_get_for(c->queue, ret, c->timeout_us);
}

static int64_t size(struct channel *c)
{
    return c->managed ? managed_length(c->managed) : (int64_t)queue_size(c->queue);
}

/* Who finds it full in time gives the item up, who finds it empty comes again. */
static void producer(void *argument)
{
    struct story *s = argument;
    for (int64_t i = 0; i < s->items; i++) {
        sleep_us(integer("producer_us"));
        if (put(&s->channel, i))
            s->put++;
        else if (s->full++ < 10)
            print("put(%" PRId64 ") raised Full", i);
        int64_t length = size(&s->channel);
        s->longest = length > s->longest ? length : s->longest;
    }
    cell_write(s->producer_done, 1);
}

static void consumer(void *argument)
{
    struct story *s = argument;
    bool waits = s->channel.timeout_us == FOREVER;
    int64_t item;
    /* Without a time-out every item comes; with one, until the producer is done and it is empty. */
    while (waits ? s->count < s->items : !cell_read(s->producer_done) || size(&s->channel) > 0) {
        if (get(&s->channel, &item)) {
            s->got[s->count++] = item;
            sleep_us(integer("consumer_us"));
            continue;
        }
        if (s->empty++ < 10)
            print("get() raised Empty");
        if (s->channel.timeout_us == 0)
            sleep_us(1000); /* a look that takes no time */
    }
}

static void judge(const struct story *s)
{
    struct words order = {0};
    int64_t disorder = 0;
    for (int64_t i = 0; i < s->count; i++) {
        disorder += i > 0 && s->got[i] <= s->got[i - 1];
        words_add(&order, "%" PRId64, s->got[i]);
    }
    int64_t room = integer("maxsize") > 0 ? integer("maxsize") : s->items;
    print("got: %s", words_short(&order, 300));
    print("at most %" PRId64 " in the queue", s->longest);
    check_number("fifo", 0, disorder);
    check_number("none-lost", s->put, s->count);
    check_number("put-or-refused", s->items, s->put + s->full);
    check("within-maxsize", s->longest <= room, text("at most %" PRId64, room),
          text("%" PRId64, s->longest));
    metric("full", s->full);
    metric("empty", s->empty);
    outcome(s->full + s->empty > 0 ? "gave-up" : "waited", "got=%" PRId64 " Full=%" PRId64,
            s->count, s->full);
}

static void run(void)
{
    struct story *s = shared_new(sizeof *s);
    struct manager *manager = is("kind", "manager") ? manager_new() : NULL;
    unsigned maxsize = (unsigned)integer("maxsize");
    s->items = integer("items");
    s->producer_done = cell_new_atomic("producer done", 0);
    s->channel.timeout_us = integer("timeout_ms") < 0 ? FOREVER : integer("timeout_ms") * 1000;
    if (manager)
        s->channel.managed = manager_queue(manager, "queue", maxsize);
    else
        s->channel.queue = queue_new("queue", maxsize, sizeof(int64_t));
    enum task_kind kind = is("kind", "thread") ? TASK_THREAD : TASK_PROCESS;
    struct task *first = task_start(kind, "producer", producer, s);
    struct task *second = task_start(kind, "consumer", consumer, s);
    task_join(first);
    task_join(second);
    judge(s);
    if (manager)
        manager_shutdown(manager);
}

SCENARIO(queue_fifo_blocking) = {
    .id = "queue-fifo-blocking",
    .family = FAMILY_PIPES,
    .number = 24,
    .title = {"A bounded FIFO queue", "有界先进先出队列"},
    .summary =
        {"A producer puts numbers into a queue that holds only so many, a consumer takes them out. "
         "When it is full, put() waits; when it is empty, get() waits. With a time-out they raise "
         "Full and Empty instead, and the producer gives the item up.",
         "生产者往有容量限制的队列里放数，消费者取出。队列满了 put() 等待，空了 get() "
         "等待。设置超时后，它们改为抛出 Full 和 Empty，生产者就放弃这一项。"},
    .lesson = {"A full queue slows the producer, an empty one the consumer: that is the point.",
               "队列满了生产者等，空了消费者等，这正是它的作用。"},
    .python = "from multiprocessing import Process, Queue\n"
              "import time\n"
              "\n"
              "def producer(q):\n"
              "    for i in range(6):\n"
              "        q.put(i)                   # q.put(i, timeout=1) may raise Full\n"
              "\n"
              "def consumer(q):\n"
              "    for _ in range(6):\n"
              "        print(q.get())             # waits while it is empty\n"
              "        time.sleep(0.05)\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    q = Queue(maxsize=4)\n"
              "    ps = [Process(target=f, args=(q,)) for f in (producer, consumer)]\n"
              "    for p in ps: p.start()\n"
              "    for p in ps: p.join()\n",
    .concepts = CONCEPTS(72, 73, 74, 75, 76, 91),
    .chart = CHART_LEVEL,
    .params = PARAMS(
        INTEGER("maxsize", 0, 64, "4", "Room for", "容量", "Items it holds; 0 means any number.",
                "最多能放多少项，0 表示不限。"),
        INTEGER("items", 1, ITEMS_MAX, "6", "Items", "项数", "How many are put.",
                "一共放入多少项。"),
        INTEGER("producer_us", 0, 1000000, "0", "Time per put (µs)", "每次放入的时间（微秒）",
                "How long the producer needs for an item.", "生产一项要多久。"),
        INTEGER("consumer_us", 0, 1000000, "50000", "Time per get (µs)", "每次取出的时间（微秒）",
                "How long the consumer needs for an item.", "处理一项要多久。"),
        INTEGER("timeout_ms", -1, 5000, "-1", "Time-out (ms)", "超时（毫秒）",
                "-1: wait as long as it takes. 0: do not wait at all. With 0 and the defaults Full "
                "is raised in every run.",
                "-1：一直等；0：完全不等。其余取默认值而这里取 0 时，每次都会抛出 Full。"),
        CHOICE("kind", "process", "Kind of queue", "队列的种类",
               "Between processes, between threads, or in a manager's server process.",
               "进程之间、线程之间，或者放在 Manager 的服务进程里。",
               {"process", {"multiprocessing.Queue", "multiprocessing.Queue"}},
               {"thread", {"queue.Queue", "queue.Queue"}},
               {"manager", {"Manager().Queue()", "Manager().Queue()"}})),
    .outcomes = OUTCOMES(OUTCOME("waited", "got=* Full=0", NULL, CLASS_ACCEPTABLE,
                                 "Every item came out, in the order in which it went in.",
                                 "每一项都按放入的顺序取了出来。"),
                         OUTCOME("gave-up", "got=* Full=*", "timeout_ms!=-1", CLASS_INTERESTING,
                                 "Somebody did not wait any longer: Full or Empty was raised.",
                                 "有一方不再等待，抛出了 Full 或 Empty。")),
    .checks = CHECKS(CHECK("fifo", "Items that came out in the wrong order", "次序错误的项数"),
                     CHECK("none-lost", "What was put came out", "放进去的都取了出来"),
                     CHECK("put-or-refused", "Every item was put or refused",
                           "每一项要么放入要么被拒绝"),
                     CHECK("within-maxsize", "The most it held", "队列里最多时有多少项")),
    .run = run,
};

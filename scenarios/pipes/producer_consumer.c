#include "scenarios/scenario.h"

#include <inttypes.h>

#define UNITS_MAX 16
#define ITEMS_MAX 10000

struct item {
    int32_t producer, number;
};

/* Time of one unit by what it did, in nanoseconds; shared. */
struct spent {
    int64_t working, waiting, items;
};

struct market {
    struct queue *buffer;
    int64_t items; /* of each producer */
    _Atomic int64_t disorder;
    _Atomic uint8_t taken[UNITS_MAX][ITEMS_MAX]; /* how often each item was */
    struct spent spent[2 * UNITS_MAX];
};

struct unit {
    struct market *market;
    int64_t i;
};

static void producer(void *argument)
{
    struct unit *self = argument;
    struct market *m = self->market;
    struct spent *spent = &m->spent[self->i];
    for (int64_t n = 0; n < m->items; n++) {
        int64_t began = now_ns();
        sleep_us(integer("produce_us"));
        spent->working += now_ns() - began;
        struct item item = {(int32_t)self->i, (int32_t)n};
        began = now_ns();
        queue_put(m->buffer, &item, self->i * m->items + n);
        spent->waiting += now_ns() - began;
        spent->items++;
    }
}

/* Until it takes an item of nobody. It sees some items of a producer, the older ones first. */
static void consumer(void *argument)
{
    struct unit *self = argument;
    struct market *m = self->market;
    struct spent *spent = &m->spent[UNITS_MAX + self->i];
    int32_t next[UNITS_MAX] = {0}; /* of each producer: the lowest that may still come */
    for (;;) {
        struct item item;
        int64_t began = now_ns();
        queue_get(m->buffer, &item);
        spent->waiting += now_ns() - began;
        if (item.producer < 0)
            return;
        m->disorder += item.number < next[item.producer];
        next[item.producer] = item.number + 1;
        began = now_ns();
        sleep_us(integer("consume_us"));
        spent->working += now_ns() - began;
        spent->items++;
        m->taken[item.producer][item.number]++;
    }
}

static double busy_share(const struct spent *spent, int64_t n)
{
    int64_t working = 0, all = 0;
    for (int64_t i = 0; i < n; i++) {
        working += spent[i].working;
        all += spent[i].working + spent[i].waiting;
    }
    return all > 0 ? (double)working / (double)all : 0;
}

static void put_rows(const char *what, const struct spent *spent, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        double all = (double)(spent[i].working + spent[i].waiting);
        row("%s %" PRId64 "\t%.1f\t%" PRId64, what, i + 1,
            all > 0 ? 100 * (double)spent[i].working / all : 0, spent[i].items);
    }
}

/* Items that were taken exactly once. */
static int64_t taken_once(const struct market *m, int64_t producers)
{
    int64_t once = 0;
    for (int64_t i = 0; i < producers; i++)
        for (int64_t n = 0; n < m->items; n++)
            once += m->taken[i][n] == 1;
    return once;
}

static void judge(const struct market *m, int64_t producers, int64_t consumers, int64_t took_ns)
{
    int64_t once = taken_once(m, producers), taken = 0;
    for (int64_t i = 0; i < consumers; i++)
        taken += m->spent[UNITS_MAX + i].items;
    double a_second = (double)taken * 1e9 / (double)took_ns;
    double made = busy_share(m->spent, producers);
    double used = busy_share(m->spent + UNITS_MAX, consumers);
    put_rows("producer", m->spent, producers);
    put_rows("consumer", m->spent + UNITS_MAX, consumers);
    print("%.0f items/s; producers busy %.0f %%, consumers busy %.0f %%", a_second, 100 * made,
          100 * used);
    check_number("all-consumed", producers * m->items, taken);
    check_number("each-once", producers * m->items, once);
    check_number("in-order-per-producer", 0, m->disorder);
    metric("items_per_second", (int64_t)a_second);
    outcome("all-consumed", "consumed=%" PRId64, taken);
}

static void run(void)
{
    struct market *m = shared_new(sizeof *m);
    struct unit units[2 * UNITS_MAX];
    struct task *tasks[2 * UNITS_MAX];
    enum task_kind kind = is("unit", "process") ? TASK_PROCESS : TASK_THREAD;
    int64_t producers = integer("producers"), consumers = integer("consumers");
    m->items = integer("items");
    m->buffer = queue_new("buffer", (unsigned)integer("capacity"), sizeof(struct item));
    int64_t began = now_ns();
    for (int64_t i = 0; i < producers + consumers; i++) {
        bool makes = i < producers;
        units[i] = (struct unit){m, makes ? i : i - producers};
        tasks[i] =
            task_start(kind, text("%s %" PRId64, makes ? "producer" : "consumer", units[i].i + 1),
                       makes ? producer : consumer, &units[i]);
    }
    for (int64_t i = 0; i < producers; i++)
        task_join(tasks[i]);
    for (int64_t i = 0; i < consumers; i++)
        queue_put(m->buffer, &(struct item){-1, 0}, -1);
    for (int64_t i = 0; i < consumers; i++)
        task_join(tasks[producers + i]);
    judge(m, producers, consumers, now_ns() - began);
}

SCENARIO(producer_consumer) = {
    .id = "producer-consumer",
    .family = FAMILY_PIPES,
    .number = 26,
    .title = {"Producers and consumers", "生产者/消费者模型"},
    .summary =
        {"Producers put items into a buffer of limited size, consumers take them out; each side "
         "has its speed. The side that is too slow is always busy, the other one waits for it: for "
         "room, or for items.",
         "生产者把产品放进有限的缓冲区，消费者取走，双方各有各的速度。慢的一方始终忙碌，快的一方"
         "只能等它：等空位，或者等产品。"},
    .lesson = {"The buffer absorbs jitter, not a permanent difference in speed.",
               "缓冲区只能吸收抖动，不能弥补长期的速度差。"},
    .python = "from queue import Queue\n"
              "from threading import Thread\n"
              "import time\n"
              "\n"
              "def producer(q, i):\n"
              "    for n in range(100):\n"
              "        time.sleep(0.001)\n"
              "        q.put((i, n))              # waits while the buffer is full\n"
              "\n"
              "def consumer(q):\n"
              "    while (item := q.get()) is not None:\n"
              "        time.sleep(0.002)\n"
              "\n"
              "q = Queue(maxsize=8)\n"
              "ps = [Thread(target=producer, args=(q, i)) for i in range(2)]\n"
              "cs = [Thread(target=consumer, args=(q,)) for _ in range(3)]\n"
              "for t in ps + cs: t.start()\n"
              "for p in ps: p.join()\n"
              "for c in cs: q.put(None)\n"
              "for c in cs: c.join()\n",
    .concepts = CONCEPTS(85, 96),
    .chart = CHART_LEVEL,
    .params = PARAMS(
        INTEGER("producers", 1, UNITS_MAX, "2", "Producers", "生产者数", "How many make items.",
                "有多少个生产者。"),
        INTEGER("consumers", 1, UNITS_MAX, "3", "Consumers", "消费者数", "How many use them.",
                "有多少个消费者。"),
        INTEGER("capacity", 0, 256, "8", "Buffer", "缓冲区容量",
                "Items the buffer holds; 0 means any number.", "缓冲区能放多少项，0 表示不限。"),
        INTEGER("items", 1, ITEMS_MAX, "100", "Items per producer", "每个生产者的产量",
                "How many each producer makes.", "每个生产者生产多少项。"),
        INTEGER("produce_us", 0, 100000, "1000", "Time to make one (µs)", "生产一项的时间（微秒）",
                "Per item and producer.", "每个生产者每项所需时间。"),
        INTEGER("consume_us", 0, 100000, "2000", "Time to use one (µs)", "消费一项的时间（微秒）",
                "Per item and consumer. With the defaults the consumers are the slow side.",
                "每个消费者每项所需时间。按默认值，消费者是慢的一方。"),
        CHOICE("unit", "thread", "Threads or processes", "线程还是进程", "What the units are.",
               "以什么方式运行。", {"thread", {"threads", "线程"}},
               {"process", {"processes", "进程"}})),
    .outcomes = OUTCOMES(OUTCOME("all-consumed", "consumed=*", NULL, CLASS_ACCEPTABLE,
                                 "Everything was consumed once, whichever side was the busier one.",
                                 "全部恰好消费一次，不论哪一方更忙。")),
    .checks = CHECKS(CHECK("all-consumed", "As many consumed as produced",
                           "消费的数量等于生产的数量"),
                     CHECK("each-once", "Items that were taken exactly once", "恰好被取走一次的项"),
                     CHECK("in-order-per-producer",
                           "Items a consumer got behind a later one of the same producer",
                           "消费者先拿到后做的、再拿到先做的同一生产者的项")),
    .columns = COLUMNS(COLUMN("who", "Who", "谁", NULL), COLUMN("busy", "Busy", "忙碌", "%"),
                       COLUMN("items", "Items", "项数", NULL)),
    .run = run,
};

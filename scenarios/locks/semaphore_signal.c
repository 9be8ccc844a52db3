#include "scenarios/scenario.h"

#include <inttypes.h>

#define NOTHING INT64_MIN /* None */

struct exchange {
    struct semaphore *semaphore;
    struct cell *item;
    int64_t round;
    int64_t consumed; /* what the consumer read in this round */
};

static void producer(void *argument)
{
    struct exchange *x = argument;
    sleep_us(integer("delay_ms") * 1000);
    cell_write(x->item, x->round);
    print("producer notify: produced item %" PRId64, x->round);
    semaphore_release(x->semaphore); /* one permit more: something is there */
}

static void consumer(void *argument)
{
    struct exchange *x = argument;
    print("consumer is waiting");
    semaphore_acquire(x->semaphore); /* one permit less, or wait */
    x->consumed = cell_read(x->item);
    if (x->consumed == NOTHING)
        print("consumer notify: consumed None");
    else
        print("consumer notify: consumed item %" PRId64, x->consumed);
}

/* One round: a thread of each, in the order you chose. */
static void exchange(struct exchange *x)
{
    bool producer_first = is("who_first", "producer-thread");
    struct task *first = producer_first ? thread_start("producer", producer, x)
                                        : thread_start("consumer", consumer, x);
    struct task *second = producer_first ? thread_start("consumer", consumer, x)
                                         : thread_start("producer", producer, x);
    task_join(first);
    task_join(second);
}

static void run(void)
{
    int64_t rounds = integer("rounds"), initial = integer("initial"), fresh = 0;
    struct words consumed = {0};
    struct exchange x = {.semaphore = semaphore_new("items", (unsigned)initial),
                         .item = cell_new("item", NOTHING)};
    for (x.round = 0; x.round < rounds; x.round++) {
        exchange(&x);
        fresh += x.consumed == x.round;
        if (x.consumed == NOTHING)
            words_add(&consumed, "None");
        else
            words_add(&consumed, "%" PRId64, x.consumed);
    }
    int64_t left = semaphore_value(x.semaphore);
    check("consumed-follows-produced", initial > 0 || fresh == rounds,
          "begun with 0: every item, in its round", text("%" PRId64 " of %" PRId64, fresh, rounds));
    check_number("permits-left", initial, left);
    outcome(fresh == rounds ? "in-step" : "ahead", "consumed=%s", words_short(&consumed, 300));
}

SCENARIO(semaphore_signal) = {
    .id = "semaphore-signal",
    .family = FAMILY_LOCKS,
    .number = 41,
    .title = {"Semaphore(0) as a signal", "初值为 0 的信号量作通知"},
    .summary =
        {"In each round a producer makes an item and releases a semaphore; a consumer acquires "
         "it and takes the item. The semaphore begins with no permit, so the consumer waits "
         "for the producer, whoever starts first.",
         "每一轮里，生产者产出一件物品后释放信号量，消费者获取信号量后取走物品。信号量初值为 0，"
         "所以不论谁先启动，消费者都会等生产者。"},
    .lesson = {"Release before acquire is remembered: no signal is lost.",
               "先 release 后 acquire 也不会丢信号。"},
    .python = "import random\n"
              "import threading\n"
              "import time\n"
              "\n"
              "semaphore = threading.Semaphore(0)\n"
              "item = None\n"
              "\n"
              "def consumer():\n"
              "    print('consumer is waiting')\n"
              "    semaphore.acquire()        # -1, or wait while it is 0\n"
              "    print('consumer notify: consumed item', item)\n"
              "\n"
              "def producer():\n"
              "    global item\n"
              "    time.sleep(0.1)\n"
              "    item = random.randint(0, 1000)\n"
              "    print('producer notify: produced item', item)\n"
              "    semaphore.release()        # +1\n"
              "\n"
              "for _ in range(5):\n"
              "    t1 = threading.Thread(target=producer)\n"
              "    t2 = threading.Thread(target=consumer)\n"
              "    t1.start()\n"
              "    t2.start()\n"
              "    t1.join()\n"
              "    t2.join()\n",
    .concepts = CONCEPTS(133, 135),
    .chart = CHART_LEVEL,
    .params = PARAMS(
        INTEGER("rounds", 1, 100, "5", "Rounds", "轮数", "A new pair of threads for each.",
                "每一轮启动一对新线程。"),
        INTEGER("delay_ms", 0, 2000, "100", "Producer's time (ms)", "生产耗时（毫秒）",
                "How long the producer takes to make an item.", "生产一件物品所需的时间。"),
        INTEGER("initial", 0, 3, "0", "Initial value", "初值",
                "With 1 or more the consumer finds a permit before anything is there, always.",
                "初值为 1 或更大时，东西还没做好，消费者就已经能拿到许可。"),
        CHOICE("who_first", "producer-thread", "Who starts first", "谁先启动",
               "It makes no difference when the semaphore begins with 0.", "初值为 0 时没有区别。",
               {"producer-thread", {"the producer", "生产者"}},
               {"consumer-thread", {"the consumer", "消费者"}})),
    .outcomes = OUTCOMES(
        OUTCOME("in-step", "consumed=*", NULL, CLASS_ACCEPTABLE,
                "The consumer took every item in the round it was made.",
                "每一轮的物品都在当轮被取走。"),
        OUTCOME("ahead", "consumed=*", "initial!=0", CLASS_INTERESTING,
                "The consumer ran ahead of the producer and took nothing, or the item before.",
                "消费者跑到了生产者前面，取到的是空的，或者上一轮的物品。")),
    .checks = CHECKS(
        CHECK("consumed-follows-produced", "Begun with 0, consumed always follows produced",
              "初值为 0 时，消费总在生产之后"),
        CHECK("permits-left", "Every permit was released and acquired", "许可有增有减，总数不变")),
    .run = run,
};

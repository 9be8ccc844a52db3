#include "scenarios/scenario.h"

#include <inttypes.h>

#define ROUNDS_MAX 100

struct channel {
    struct event *sent, *taken; /* taken: for two events only */
    struct cell *value;
    int64_t rounds;
    int64_t received[ROUNDS_MAX];
};

/* value = i; event.set(); event.clear(); sleep */
static void producer(void *argument)
{
    struct channel *c = argument;
    for (int64_t i = 0; i < c->rounds; i++) {
        cell_write(c->value, i);
        print("producer sets the event, value %" PRId64, i);
        event_set(c->sent);
        if (is("variant", "set-then-clear")) {
            if (integer("hold_us") > 0)
                sleep_us(integer("hold_us"));
            event_clear(c->sent);
        } else if (is("variant", "two-events")) {
            event_wait(c->taken); /* until the consumer says so */
            event_clear(c->taken);
        }
        sleep_us(integer("period_ms") * 1000);
    }
}

static void consumer(void *argument)
{
    struct channel *c = argument;
    sleep_us(integer("consumer_start_delay_us"));
    for (int64_t i = 0; i < c->rounds; i++) {
        event_wait(c->sent);
        if (!is("variant", "set-then-clear"))
            event_clear(c->sent); /* before reading: what comes now is news */
        c->received[i] = cell_read(c->value);
        print("consumer received %" PRId64, c->received[i]);
        if (is("variant", "two-events"))
            event_set(c->taken);
    }
}

static void run(void)
{
    struct channel c = {.sent = event_new("sent"),
                        .taken = event_new("taken"),
                        .value = cell_new("value", -1),
                        .rounds = integer("rounds")};
    struct words received = {0};
    int64_t in_order = 0, known = 0;
    struct task *first = thread_start("producer", producer, &c);
    struct task *second = thread_start("consumer", consumer, &c);
    task_join(first);
    task_join(second);
    for (int64_t i = 0; i < c.rounds; i++) {
        words_add(&received, "%" PRId64, c.received[i]);
        in_order += c.received[i] == i;
        known += c.received[i] >= 0 && c.received[i] < c.rounds &&
                 (i == 0 || c.received[i] >= c.received[i - 1]);
    }
    check_number("only-what-was-sent", c.rounds, known);
    check("two-events-lose-nothing", !is("variant", "two-events") || in_order == c.rounds,
          "with two events: each once", text("%" PRId64 " of %" PRId64, in_order, c.rounds));
    outcome(in_order == c.rounds ? "each-once" : "wrong-values", "received=%s",
            words_short(&received, 300));
}

SCENARIO(event_lost_signal) = {
    .id = "event-lost-signal",
    .family = FAMILY_LOCKS,
    .number = 44,
    .title = {"Event: set, clear, and the missed signal", "事件 Event：set、clear 与丢失的信号"},
    .summary =
        {"A producer stores a value and sets an event; a consumer waits for the event and reads "
         "the value. In the notes the producer clears the event right after setting it: who is "
         "not waiting at that moment never learns of it.",
         "生产者存好一个值后 set 事件，消费者等到事件后读取这个值。笔记里生产者 set 之后马上 "
         "clear："
         "那一刻没有在等的人，永远不会知道。"},
    .lesson = {"set followed at once by clear is a flash: who is not waiting does not see it.",
               "set 后马上 clear 只是一闪，没在等的人看不到。"},
    .python = "import threading\n"
              "import time\n"
              "\n"
              "event, value = threading.Event(), None\n"
              "\n"
              "def producer():\n"
              "    global value\n"
              "    for i in range(5):\n"
              "        value = i\n"
              "        event.set()\n"
              "        event.clear()              # a flash\n"
              "        time.sleep(0.1)\n"
              "\n"
              "def consumer():\n"
              "    for _ in range(5):\n"
              "        event.wait()               # the first set is usually over by now\n"
              "        print(value)\n"
              "\n"
              "for f in (producer, consumer):\n"
              "    threading.Thread(target=f).start()\n",
    .concepts = CONCEPTS(140, 141),
    .chart = CHART_VALUE,
    .params = PARAMS(
        INTEGER("rounds", 1, ROUNDS_MAX, "5", "Values", "值的个数", "Sent, and waited for.",
                "发送多少个，就等多少个。"),
        CHOICE("variant", "set-then-clear", "Protocol", "协议",
               "A flash; a second event by which the consumer says it has taken the value; or an "
               "event "
               "that the consumer clears.",
               "一闪；用第二个事件让消费者确认已取走；或者由消费者来 clear。",
               {"set-then-clear",
                {"set, then clear (as in the notes)", "set 后立刻 clear（笔记中的写法）"}},
               {"two-events", {"two events", "两个事件"}},
               {"level", {"the consumer clears", "由消费者 clear"}}),
        INTEGER("hold_us", 0, 100000, "0", "Between set and clear (µs)",
                "set 与 clear 之间（微秒）",
                "Does not cure it: with 500 the consumer runs through the open door and reads the "
                "first "
                "value again and again, in nearly every run.",
                "并不能解决问题：取 500 时，消费者几乎每次都会穿过敞开的门，反复读到同一个值。"),
        INTEGER("consumer_start_delay_us", 0, 100000, "100", "Consumer starts later by (µs)",
                "消费者晚启动（微秒）", "With 100 the first value is missed in nearly every run.",
                "取 100 时几乎每次都会错过第一个值。"),
        INTEGER("period_ms", 1, 1000, "100", "Producer's pause (ms)", "生产者的间隔（毫秒）",
                "After each value.", "每个值之后的停顿。"),
        INTEGER("limit_ms", 200, 20000, "2000", "Limit (ms)", "时限（毫秒）",
                "After this the run is stopped. A deadlock is noticed sooner.",
                "到时间就停止运行；死锁不用等到时限就会被发现。")),
    .outcomes = OUTCOMES(
        OUTCOME("each-once", "received=*", NULL, CLASS_ACCEPTABLE,
                "Every value was received, once.", "每个值都恰好收到一次。"),
        OUTCOME("wrong-values", "received=*", "variant!=two-events", CLASS_INTERESTING,
                "The door stood open too long: values were read twice, others never.",
                "门开得太久：有的值读了多次，有的一次也没读到。"),
        DEADLOCK("missed", "variant!=two-events",
                 "A signal came when nobody waited. The consumer waits for one that will not come.",
                 "信号来的时候没人在等，消费者还在等一个不会再来的信号。")),
    .checks = CHECKS(CHECK("only-what-was-sent", "Only values that were sent, and none out of turn",
                           "收到的都是发送过的值，次序不乱"),
                     CHECK("two-events-lose-nothing", "With two events every value arrives once",
                           "用两个事件时每个值恰好到达一次")),
    .run = run,
};

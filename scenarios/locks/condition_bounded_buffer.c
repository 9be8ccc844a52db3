#include "scenarios/scenario.h"

#include <inttypes.h>

#define TASKS_MAX 16
#define ROOM      16384

struct program {
    struct condition *condition;
    struct buffer *items;
    int64_t capacity, total; /* items there will be */
    bool test_again, wake_all;
    int64_t produced, consumed; /* guarded by the condition, as is all below */
    int64_t popped_empty, overfull, lowest_asleep;
};

struct producer {
    struct program *program;
    int64_t number;
};

/* if len(item) == …: condition.wait()   or   while len(item) == …: condition.wait() */
#define WAIT_WHILE(p, test)                                                                        \
    do {                                                                                           \
        if (test)                                                                                  \
            condition_wait((p)->condition);                                                        \
    } while ((p)->test_again && (test))

static void wake(struct program *p)
{
    if (p->wake_all)
        condition_notify_all(p->condition);
    else
        condition_notify(p->condition, 1);
}

static void producer(void *argument)
{
    struct producer *self = argument;
    struct program *p = self->program;
    for (int64_t i = 0; i < integer("items"); i++) {
        condition_acquire(p->condition);
        WAIT_WHILE(p, (int64_t)buffer_length(p->items) >= p->capacity);
        buffer_append(p->items, self->number * 100000 + i);
        p->produced++;
        p->overfull += (int64_t)buffer_length(p->items) > p->capacity;
        wake(p);
        condition_release(p->condition);
        sleep_us(integer("produce_ms") * 1000);
    }
}

/* Takes an item, if there is one, and says which; returns whether there was. */
static bool pop(struct program *p)
{
    int64_t item;
    if (buffer_pop(p->items, &item) < 0) {
        if (p->popped_empty++ < 3)
            print("IndexError: pop from empty list");
        return false;
    }
    p->consumed++;
    if (p->total <= 40)
        print("consumer notify: %" PRId64 " was popped, %u left", item, buffer_length(p->items));
    return true;
}

static bool all_gone(const struct program *p)
{
    return p->consumed == p->total;
}

static void consumer(void *argument)
{
    struct program *p = argument;
    for (bool done = false; !done;) {
        condition_acquire(p->condition);
        WAIT_WHILE(p, buffer_length(p->items) == 0 && !all_gone(p));
        bool raised = !all_gone(p) && !pop(p);
        done = all_gone(p);
        if (done)
            condition_notify_all(p->condition); /* the other consumers may go home, too */
        else if (!raised)
            wake(p); /* which the exception jumps over */
        condition_release(p->condition);
        if (!done)
            sleep_us(integer("consume_ms") * 1000);
    }
}

static void judge(const struct program *p)
{
    print("%" PRId64 " produced, %" PRId64 " consumed, %" PRId64 " times popped from an empty list",
          p->produced, p->consumed, p->popped_empty);
    check_number("each-item-once", p->produced, p->consumed);
    check("while-is-safe", !p->test_again || (p->popped_empty == 0 && p->overfull == 0),
          "tested again: 0 errors", text("%" PRId64, p->popped_empty + p->overfull));
    metric("popped_empty", p->popped_empty);
    metric("overfull", p->overfull);
    bool wrong = p->popped_empty + p->overfull > 0;
    outcome(wrong ? "woken-too-late" : "in-order", "errors=%" PRId64,
            p->popped_empty + p->overfull);
}

static void run(void)
{
    struct producer makers[8];
    struct task *tasks[TASKS_MAX];
    int64_t producers = integer("producers"), consumers = integer("consumers");
    int64_t capacity = integer("capacity");
    struct program p = {.condition = condition_new("condition", NULL),
                        .items = buffer_new("items", ROOM, (unsigned)capacity),
                        .capacity = capacity,
                        .total = producers * integer("items"),
                        .test_again = is("guard", "while"),
                        .wake_all = is("wake", "notify-all")};
    for (int64_t i = 0; i < consumers; i++)
        tasks[i] = thread_start(text("consumer %" PRId64, i + 1), consumer, &p);
    for (int64_t i = 0; i < producers; i++) {
        makers[i] = (struct producer){&p, i};
        tasks[consumers + i] = thread_start(text("producer %" PRId64, i + 1), producer, &makers[i]);
    }
    for (int64_t i = 0; i < producers + consumers; i++)
        task_join(tasks[i]);
    judge(&p);
}

SCENARIO(condition_bounded_buffer) = {
    .id = "condition-bounded-buffer",
    .family = FAMILY_LOCKS,
    .number = 42,
    .title = {"Condition: a buffer of five", "条件变量：容量为 5 的缓冲"},
    .summary = {"Producers append to a list of limited length, consumers pop from it. Who finds it "
                "full or empty waits on a condition until somebody notifies. The notes test with "
                "`if` before they wait; `while` tests again afterwards.",
                "生产者往长度有限的列表里追加，消费者从中弹出。发现列表满或空的一方在条件变量上等待"
                "，直到有人通知。"
                "笔记里用 `if` 判断后等待；`while` 则会在醒来后再判断一次。"},
    .lesson = {"Being woken is a hint; test again.", "被唤醒只是提示，要重新检查条件。"},
    .python = "import threading\n"
              "import time\n"
              "\n"
              "item, condition = [], threading.Condition()\n"
              "\n"
              "def consumer():\n"
              "    for _ in range(10):\n"
              "        with condition:\n"
              "            if len(item) == 0:         # the notes; while is right\n"
              "                condition.wait()\n"
              "            print(item.pop(0), 'was popped')\n"
              "            condition.notify()\n"
              "        time.sleep(0.2)\n"
              "\n"
              "def producer():\n"
              "    for i in range(10):\n"
              "        with condition:\n"
              "            if len(item) == 5:\n"
              "                condition.wait()\n"
              "            item.append(i)\n"
              "            condition.notify()\n"
              "        time.sleep(0.1)\n"
              "\n"
              "threads = [threading.Thread(target=f) for f in (producer, consumer)]\n"
              "for t in threads:\n"
              "    t.start()\n"
              "for t in threads:\n"
              "    t.join()\n",
    .concepts = CONCEPTS(137, 138),
    .chart = CHART_LEVEL,
    .params = PARAMS(
        INTEGER("capacity", 1, 64, "5", "Capacity", "容量",
                "A producer waits when so many are in it.", "列表里有这么多时，生产者等待。"),
        INTEGER("producers", 1, 8, "1", "Producers", "生产者", "Threads that append.",
                "追加元素的线程数。"),
        INTEGER(
            "consumers", 1, 8, "1", "Consumers", "消费者",
            "Threads that pop. With `if` one consumer is safe. Three without pauses pop from the "
            "empty list in nearly every run of 300 items.",
            "弹出元素的线程数。用 `if` 时一个消费者没问题；三个消费者且没有停顿时，"
            "处理 300 件几乎每次都会从空列表里弹。"),
        INTEGER("items", 1, 1000, "10", "Items per producer", "每个生产者的件数",
                "All are consumed.", "全部都会被消费。"),
        INTEGER("produce_ms", 0, 1000, "100", "Producer's pause (ms)", "生产者的停顿（毫秒）",
                "After each item.", "每件之后停顿的时间。"),
        INTEGER("consume_ms", 0, 1000, "200", "Consumer's pause (ms)", "消费者的停顿（毫秒）",
                "After each item. The consumer is the slower one here.",
                "每件之后停顿的时间。这里消费者更慢。"),
        CHOICE("guard", "if", "Test before waiting", "等待前的判断",
               "Only once, or again after being woken.", "只判断一次，或者醒来后再判断。",
               {"if", {"if (as in the notes)", "if（笔记中的写法）"}},
               {"while", {"while", "while"}}),
        CHOICE("wake", "notify", "Wake-up", "唤醒方式", "One waiter, or all of them.",
               "唤醒一个，或者全部。", {"notify", {"notify()", "notify()"}},
               {"notify-all", {"notify_all()", "notify_all()"}})),
    .outcomes = OUTCOMES(
        OUTCOME("in-order", "errors=0", NULL, CLASS_ACCEPTABLE,
                "The list was never empty for a pop, nor overfull after an append.",
                "弹出时列表从不为空，追加后也从不超出容量。"),
        OUTCOME(
            "woken-too-late", "errors=*", "guard=if", CLASS_INTERESTING,
            "Between the notify and the moment the woken thread had the lock another came first: "
            "it popped from an empty list, or appended to a full one.",
            "从通知到被唤醒的线程拿到锁之间，别的线程抢先了一步：于是从空列表里弹，或者往满列表里加"
            "。"),
        DEADLOCK("wrong-one-woken", "wake=notify",
                 "A notify woke a thread that could do nothing with it, and the one it was for "
                 "sleeps on.",
                 "通知唤醒了用不上它的线程，真正该醒的还在睡。")),
    .checks = CHECKS(CHECK("each-item-once", "Every item was taken once", "每件都恰好被取走一次"),
                     CHECK("while-is-safe", "With `while` nothing is popped from an empty list",
                           "用 `while` 时不会从空列表里弹")),
    .run = run,
};

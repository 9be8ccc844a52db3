#include "scenarios/scenario.h"

#include <inttypes.h>
#include <string.h>

#define THREADS_MAX 26

struct program {
    struct condition *condition;
    struct semaphore *turn[THREADS_MAX]; /* of each thread, for the ring of semaphores */
    int64_t threads, rounds;
    int64_t current; /* whose letter comes next; guarded by the condition */
    bool wake_all;
    _Atomic int64_t printed, useful, useless;
    char letters[THREADS_MAX * 1000 + 1];
};

struct printer {
    struct program *program;
    int64_t number;
};

static void print_letter(struct printer *self)
{
    struct program *p = self->program;
    char letter = (char)('A' + self->number);
    p->letters[print_part("%c", letter)] = letter;
    p->printed++;
}

static void jitter(struct printer *self, int64_t round)
{
    int64_t us = integer("jitter_us");
    if (us > 0)
        sleep_us((int64_t)(drawn((uint64_t)self->number, (uint64_t)round) * (double)us));
}

/* while current != mine: condition.wait(); print; condition.notify_all() */
static void by_condition(struct printer *self)
{
    struct program *p = self->program;
    condition_acquire(p->condition);
    while (p->current != self->number) {
        condition_wait(p->condition);
        *(p->current == self->number ? &p->useful : &p->useless) += 1;
    }
    print_letter(self);
    p->current = (p->current + 1) % p->threads;
    condition_notify(p->condition, p->wake_all ? (unsigned)p->threads : 1);
    condition_release(p->condition);
}

/* Each has a semaphore of its own and releases the next one's. */
static void by_semaphores(struct printer *self)
{
    struct program *p = self->program;
    semaphore_acquire(p->turn[self->number]);
    print_letter(self);
    semaphore_release(p->turn[(self->number + 1) % p->threads]);
}

static void printer(void *argument)
{
    struct printer *self = argument;
    struct program *p = self->program;
    for (int64_t round = 0; round < p->rounds; round++) {
        jitter(self, round);
        if (p->condition)
            by_condition(self);
        else if (p->turn[0])
            by_semaphores(self);
        else
            print_letter(self);
    }
}

static void prepare(struct program *p)
{
    p->threads = integer("threads");
    p->rounds = integer("rounds");
    p->wake_all = is("coordination", "condition-notify-all");
    if (p->wake_all || is("coordination", "condition-notify"))
        p->condition = condition_new("condition", NULL);
    for (int64_t i = 0; is("coordination", "semaphores") && i < p->threads; i++)
        p->turn[i] = semaphore_new(text("turn of %c", (char)('A' + i)), i == 0);
}

static bool is_ordered(const struct program *p)
{
    for (int64_t i = 0; i < p->printed; i++)
        if (p->letters[i] != 'A' + i % p->threads)
            return false;
    return true;
}

static void run(void)
{
    struct printer printers[THREADS_MAX];
    struct task *threads[THREADS_MAX];
    struct program *p = shared_new(sizeof *p);
    prepare(p);
    for (int64_t i = 0; i < p->threads; i++) {
        printers[i] = (struct printer){p, i};
        threads[i] = thread_start(text("thread %c", (char)('A' + i)), printer, &printers[i]);
    }
    for (int64_t i = 0; i < p->threads; i++)
        task_join(threads[i]);
    print_part("\n");
    bool ordered = is_ordered(p);
    check_number("every-letter-printed", p->threads * p->rounds, p->printed);
    check("order", ordered || is("coordination", "none"), "coordinated: A B C …",
          ordered ? "A B C …" : "another order");
    metric("useful_wake_ups", p->useful);
    metric("useless_wake_ups", p->useless);
    outcome(ordered ? "ordered" : "unordered", "letters=%.60s", p->letters);
}

SCENARIO(condition_abc_order) = {
    .id = "condition-abc-order",
    .family = FAMILY_LOCKS,
    .number = 43,
    .title = {"Three threads print ABC in order", "三个线程按顺序打印 ABC"},
    .summary =
        {"Three threads print A, B and C, again and again, in this order. They all wait on one "
         "condition for their letter to be next. Whoever has printed must wake the right one: "
         "by waking all, or by a signal of its own for each.",
         "三个线程要反复按顺序打印 A、B、C。它们都在同一个条件变量上等待轮到自己的字母。"
         "打印完的线程必须唤醒对的那一个：要么全部唤醒，要么各用各的信号。"},
    .lesson = {"If waiters wait for different things, wake them all or give each its own signal.",
               "等待者各等各的条件时，要全部唤醒或各用各的信号。"},
    .python = "import threading\n"
              "\n"
              "condition, current = threading.Condition(), 'A'\n"
              "\n"
              "def printer(mine, following):\n"
              "    global current\n"
              "    for _ in range(10):\n"
              "        with condition:\n"
              "            while current != mine:\n"
              "                condition.wait()\n"
              "            print(mine, end='')\n"
              "            current = following\n"
              "            condition.notify_all()     # notify() stalls after a few letters\n"
              "\n"
              "for mine, following in ('AB', 'BC', 'CA'):\n"
              "    threading.Thread(target=printer, args=(mine, following)).start()\n",
    .concepts = CONCEPTS(139),
    .chart = CHART_SHARES,
    .params = PARAMS(
        INTEGER("threads", 2, THREADS_MAX, "3", "Threads", "线程数", "A letter for each.",
                "每个线程一个字母。"),
        INTEGER("rounds", 1, 1000, "10", "Rounds", "轮数", "How often the alphabet is printed.",
                "字母表打印多少遍。"),
        CHOICE(
            "coordination", "condition-notify-all", "Coordination", "协调方式",
            "With notify() a letter wakes one waiter, and it is the wrong one sooner or later: the "
            "run stalls after a few letters, nearly always.",
            "用 notify() 时每次只唤醒一个，迟早会唤错：几乎每次都在几个字母后停住。",
            {"condition-notify-all", {"condition, notify_all()", "条件变量，notify_all()"}},
            {"condition-notify", {"condition, notify() (stalls)", "条件变量，notify()（会停住）"}},
            {"semaphores", {"a semaphore for each", "每个线程一个信号量"}},
            {"none", {"none", "无"}}),
        INTEGER("jitter_us", 0, 10000, "0", "Random pause (µs)", "随机停顿（微秒）",
                "Before each letter.", "每个字母之前。"),
        INTEGER("limit_ms", 100, 20000, "1500", "Limit (ms)", "时限（毫秒）",
                "After this the run is stopped. A deadlock is noticed sooner.",
                "到时间就停止运行；死锁不用等到时限就会被发现。")),
    .outcomes = OUTCOMES(
        OUTCOME("ordered", "letters=*", NULL, CLASS_ACCEPTABLE, "The letters came in order.",
                "字母按顺序出现。"),
        OUTCOME("unordered", "letters=*", "coordination=none", CLASS_INTERESTING,
                "Nobody waited for anybody: the letters came as the threads ran.",
                "谁也不等谁：哪个线程先运行，就先打印哪个字母。"),
        DEADLOCK("stalled", "coordination=condition-notify",
                 "The one that was woken was not the one whose turn it is: it waits again, and so "
                 "does everybody.",
                 "被唤醒的不是该轮到的线程：它又继续等，于是所有线程都在等。")),
    .checks = CHECKS(CHECK("every-letter-printed", "Every thread printed its letter in every round",
                           "每个线程每轮都打印了自己的字母"),
                     CHECK("order", "With coordination the letters are in order",
                           "有协调时字母按顺序出现")),
    .run = run,
};

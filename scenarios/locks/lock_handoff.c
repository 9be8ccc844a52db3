#include "scenarios/scenario.h"

#include <inttypes.h>

#define WAITERS_MAX 32
#define ROUNDS_MAX  100

/* The order in which the lock was got; guarded by the lock itself. */
struct queue_up {
    struct lock *lock;
    int64_t rounds, hold_us;
    int64_t served, owner[WAITERS_MAX * ROUNDS_MAX];
    bool wanted[WAITERS_MAX * ROUNDS_MAX]; /* others stood in line when it was let go */
    _Atomic int64_t inside;
    int64_t crowded; /* how often somebody else was inside */
};

struct waiter {
    struct queue_up *q;
    int64_t number;
};

static void waiter(void *argument)
{
    struct waiter *self = argument;
    struct queue_up *q = self->q;
    item_submitted(self->number);
    for (int64_t round = 0; round < q->rounds; round++) {
        lock_acquire(q->lock);
        q->crowded += ++q->inside > 1;
        if (round == 0)
            item_started(self->number);
        q->owner[q->served] = self->number;
        work_us(q->hold_us);
        q->wanted[q->served++] = lock_waiters(q->lock) > 0;
        q->inside--;
        lock_release(q->lock);
    }
    item_finished(self->number);
}

/* The longest time one thread got the lock again and again while others waited. */
static int64_t longest_streak(const struct queue_up *q)
{
    int64_t longest = 0, streak = 0;
    for (int64_t i = 0; i < q->served; i++) {
        bool again = i > 0 && q->owner[i] == q->owner[i - 1] && q->wanted[i - 1];
        streak = again ? streak + 1 : 1;
        longest = streak > longest ? streak : longest;
    }
    return longest;
}

/* Whether the first n turns went to those who came first. */
static bool in_order_of_arrival(const struct queue_up *q, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (q->owner[i] != i)
            return false;
    return true;
}

/* Main holds the lock until all stand in line, one behind the other; then it lets go. */
static void hand_over(struct queue_up *q, int64_t n)
{
    struct waiter waiters[WAITERS_MAX];
    struct task *threads[WAITERS_MAX];
    lock_acquire(q->lock);
    for (int64_t i = 0; i < n; i++) {
        waiters[i] = (struct waiter){q, i};
        threads[i] = thread_start(text("thread %" PRId64, i), waiter, &waiters[i]);
        while (lock_waiters(q->lock) <= i)
            spin_ns(1000);
    }
    lock_release(q->lock);
    for (int64_t i = 0; i < n; i++)
        task_join(threads[i]);
}

static void judge(const struct queue_up *q, int64_t n)
{
    struct words turns = {0};
    int64_t streak = longest_streak(q);
    bool fifo = in_order_of_arrival(q, n), fair = fifo && (streak == 1 || n == 1);
    for (int64_t i = 0; i < q->served; i++)
        words_add(&turns, "%" PRId64, q->owner[i]);
    print("turns: %s", words_short(&turns, 300));
    print("longest streak of one thread: %" PRId64, streak);
    check_number("one-owner-at-a-time", 0, q->crowded);
    check_number("everybody-served", n * q->rounds, q->served);
    check("ticket-serves-in-order", fair || !is("lock", "ticket"), "a ticket lock: as they came",
          text("%s, longest streak %" PRId64, fifo ? "as they came" : "another order", streak));
    metric("longest_streak", streak);
    outcome(fair ? "fair" : "unfair", "streak=%" PRId64, streak);
}

/* What happens when a lock is used wrongly. */
static void misuse(struct lock *lock)
{
    if (is("misuse", "release-unlocked")) {
        print("lock.release() -> %s",
              lock_release(lock) < 0 ? "RuntimeError: release unlocked lock" : "None");
        outcome("refused", "RuntimeError");
        return;
    }
    lock_acquire(lock);
    bool again = is("misuse", "try-acquire") ? lock_try(lock) : lock_acquire_for(lock, 200000);
    print("lock.acquire(%s) -> %s", is("misuse", "try-acquire") ? "blocking=False" : "timeout=0.2",
          again ? "True" : "False");
    lock_release(lock);
    outcome(again ? "acquired" : "not-acquired", "acquired=%s", again ? "True" : "False");
}

static void run(void)
{
    int64_t n = integer("waiters");
    struct queue_up q = {.rounds = integer("rounds"), .hold_us = integer("hold_us")};
    q.lock = lock_new_of(is("lock", "ticket") ? LOCK_TICKET
                         : is("lock", "spin") ? LOCK_SPIN
                                              : LOCK_MUTEX,
                         "lock");
    if (!is("misuse", "none")) {
        misuse(q.lock);
        return;
    }
    hand_over(&q, n);
    judge(&q, n);
}

SCENARIO(lock_handoff) = {
    .id = "lock-handoff",
    .family = FAMILY_LOCKS,
    .number = 37,
    .title = {"Lock states, and who gets it next", "锁的状态与下一个得主"},
    .summary =
        {"Threads line up for a lock, one behind the other, while main holds it. Then each "
         "gets it several times. An ordinary lock gives it to whoever comes first when it is "
         "free, often the one who just had it; a ticket lock serves in order.",
         "主线程持有锁时，各个线程依次排队等待；之后每个线程都要拿到它若干次。普通的锁谁先碰上空闲"
         "就归谁，"
         "往往又是刚刚放开它的那个线程；票号锁按先来后到服务。"},
    .lesson = {"A lock promises exclusion, not fairness.", "锁只保证互斥，不保证公平。"},
    .python = "import threading\n"
              "\n"
              "lock = threading.Lock()\n"
              "turns = []\n"
              "\n"
              "def waiter(i, rounds=10):\n"
              "    for _ in range(rounds):\n"
              "        with lock:             # who gets it next is undefined\n"
              "            turns.append(i)\n"
              "\n"
              "with lock:\n"
              "    threads = [threading.Thread(target=waiter, args=(i,)) for i in range(8)]\n"
              "    for t in threads:\n"
              "        t.start()\n"
              "for t in threads:\n"
              "    t.join()\n"
              "print(turns, lock.locked())\n"
              "lock.release()                 # RuntimeError: release unlocked lock\n",
    .concepts = CONCEPTS(125, 129),
    .chart = CHART_ORDER,
    .params = PARAMS(
        CHOICE("lock", "default-mutex", "Kind of lock", "锁的种类",
               "The ordinary one, one that gives out numbers like an office, or one whose waiters "
               "keep the processor.",
               "普通的锁、像办事大厅一样叫号的锁，或者等待时不让出处理器的锁。",
               {"default-mutex", {"mutex", "互斥锁"}},
               {"ticket", {"ticket lock (first come, first served)", "票号锁（先来先得）"}},
               {"spin", {"spin lock", "自旋锁"}}),
        INTEGER("waiters", 1, WAITERS_MAX, "8", "Threads in line", "排队的线程数",
                "They arrive one after the other, before the lock is free.",
                "在锁空出来之前，一个接一个到达。"),
        INTEGER("rounds", 1, ROUNDS_MAX, "10", "Turns each", "每个线程的次数",
                "How often each thread wants the lock.", "每个线程要拿多少次锁。"),
        CHOICE("misuse", "none", "Wrong use", "误用",
               "Instead of lining up: what a lock answers to a wrong call.",
               "不排队，只看锁如何回应错误的调用。", {"none", {"none", "无"}},
               {"release-unlocked", {"release without acquire", "没有获取就释放"}},
               {"acquire-twice", {"acquire twice (0.2 s)", "连续获取两次（等 0.2 秒）"}},
               {"try-acquire", {"acquire(blocking=False)", "acquire(blocking=False)"}}),
        INTEGER("hold_us", 0, 10000, "100", "Held for (µs)", "持有时间（微秒）",
                "Processor time with the lock. With the ordinary lock one thread gets it several "
                "times in a row in nearly every run.",
                "持锁期间占用的处理器时间。用普通锁时，几乎每次运行都有线程连续拿到好几次。")),
    .outcomes = OUTCOMES(
        OUTCOME("fair", "streak=*", "misuse=none", CLASS_ACCEPTABLE,
                "Everybody got the lock in turn, in the order of arrival.",
                "大家按到达顺序轮流拿到锁。"),
        OUTCOME("unfair", "streak=*", "misuse=none&lock!=ticket", CLASS_INTERESTING,
                "Some thread got the lock again while others waited.",
                "别人还在等，有线程却又拿到了锁。"),
        OUTCOME("refused", "RuntimeError", "misuse=release-unlocked", CLASS_INTERESTING,
                "A lock nobody holds cannot be released.", "没有人持有的锁不能释放。"),
        OUTCOME("not-acquired", "acquired=False", "misuse!=none", CLASS_INTERESTING,
                "The lock was held, by the very task that asked: it would have waited for itself.",
                "锁正被自己持有：再等下去就是等自己。")),
    .checks = CHECKS(
        CHECK("one-owner-at-a-time", "Never two threads inside", "任何时刻最多一个线程在锁内"),
        CHECK("everybody-served", "Every thread got all its turns", "每个线程都拿够了次数"),
        CHECK("ticket-serves-in-order", "The ticket lock served in the order of arrival",
              "票号锁按到达顺序服务")),
    .run = run,
};

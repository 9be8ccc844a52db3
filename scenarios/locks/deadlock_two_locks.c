#include "scenarios/scenario.h"

#include <inttypes.h>

#define THREADS_MAX 8
#define PATIENCE_US 10000 /* of the one who gives up and tries again */

/* One of the things that only one thread may have: a lock, by whatever name. */
struct fork {
    struct lock *lock;
    struct semaphore *semaphore;
    struct managed *managed;
    _Atomic int64_t holders;
};

struct table {
    struct fork forks[THREADS_MAX];
    struct barrier *rendezvous; /* NULL: as it comes */
    int64_t threads, rounds;
    _Atomic int64_t done, retries, crowded;
};

struct philosopher {
    struct table *table;
    int64_t number;
};

static bool take(struct table *t, struct fork *fork, int64_t timeout_us)
{
    bool taken = fork->lock        ? lock_acquire_for(fork->lock, timeout_us)
                 : fork->semaphore ? semaphore_acquire_for(fork->semaphore, timeout_us)
                                   : managed_acquire(fork->managed, timeout_us) == 0;
    if (taken && ++fork->holders > 1)
        t->crowded++;
    return taken;
}

static void put_back(struct fork *fork)
{
    fork->holders--;
    if (fork->lock)
        lock_release(fork->lock);
    else if (fork->semaphore)
        semaphore_release(fork->semaphore);
    else
        managed_release(fork->managed);
}

/* Between the first lock and the second: here it is decided. */
static void gap(struct table *t, int64_t attempt)
{
    if (t->rendezvous && attempt == 0)
        barrier_wait(t->rendezvous); /* until everybody has a first lock */
    else if (!t->rendezvous && integer("gap_us") > 0)
        sleep_us(integer("gap_us"));
}

/* with first: with second: …  Returns false when it gave up. */
static bool have_both(struct philosopher *self, struct fork *first, struct fork *second,
                      int64_t attempt)
{
    bool patient = is("resolve", "none");
    take(self->table, first, FOREVER);
    gap(self->table, attempt);
    bool both = take(self->table, second, patient ? FOREVER : PATIENCE_US);
    if (both)
        put_back(second);
    put_back(first);
    return both;
}

static void philosopher(void *argument)
{
    struct philosopher *self = argument;
    struct table *t = self->table;
    int64_t left = self->number, right = (left + 1) % t->threads;
    bool swap = is("order", "same") && right < left; /* always the lower number first */
    struct fork *first = &t->forks[swap ? right : left], *second = &t->forks[swap ? left : right];
    for (int64_t round = 0; round < t->rounds; round++) {
        for (int64_t attempt = round; !have_both(self, first, second, attempt); attempt++) {
            t->retries++;
            sleep_us(jittered(PATIENCE_US / 2, 1, (uint64_t)(self->number * 1000 + attempt)));
        }
        t->done++;
    }
}

static void lay(struct table *t)
{
    struct manager *manager = is("primitive", "manager-lock") ? manager_new() : NULL;
    for (int64_t i = 0; i < t->threads; i++) {
        const char *name = text("lock %c", (char)('A' + i));
        if (manager)
            t->forks[i].managed = manager_lock(manager, name);
        else if (is("primitive", "semaphore"))
            t->forks[i].semaphore = semaphore_new(name, 1);
        else
            t->forks[i].lock = lock_new(name);
    }
}

static void run(void)
{
    struct philosopher philosophers[THREADS_MAX];
    struct task *tasks[THREADS_MAX];
    struct table t = {.threads = integer("threads"), .rounds = integer("rounds")};
    lay(&t);
    if (boolean("rendezvous") && is("order", "opposite"))
        t.rendezvous = barrier_new("both have one", (unsigned)t.threads);
    for (int64_t i = 0; i < t.threads; i++) {
        philosophers[i] = (struct philosopher){&t, i};
        tasks[i] = thread_start(text("thread %" PRId64, i + 1), philosopher, &philosophers[i]);
    }
    for (int64_t i = 0; i < t.threads; i++)
        task_join(tasks[i]);
    print("%" PRId64 " rounds done, %" PRId64 " retries", t.done, t.retries);
    check_number("exclusive", 0, t.crowded);
    check_number("all-rounds-done", t.threads * t.rounds, t.done);
    metric("retries", t.retries);
    outcome("done", "done=%" PRId64, t.done);
}

SCENARIO(deadlock_two_locks) = {
    .id = "deadlock-two-locks",
    .family = FAMILY_LOCKS,
    .number = 39,
    .title = {"Deadlock: each waits for the other", "死锁：互相等待"},
    .summary =
        {"Two threads need two locks. One takes A and then B, the other B and then A. When "
         "both have their first lock, each waits for the other, for ever. More threads make a "
         "ring, like philosophers at a table.",
         "两个线程都需要两把锁：一个先拿 A 再拿 B，另一个先拿 B 再拿 "
         "A。当双方都拿到第一把锁时，就会永远互相等待。"
         "线程更多时形成一个环，就像围坐一桌的哲学家。"},
    .lesson = {"One global lock order removes the cycle.", "统一加锁顺序就没有环路。"},
    .python = "import threading\n"
              "\n"
              "a, b = threading.Lock(), threading.Lock()\n"
              "both_have_one = threading.Barrier(2)\n"
              "\n"
              "def one():\n"
              "    with a:\n"
              "        both_have_one.wait()\n"
              "        with b:                # waits for two\n"
              "            pass\n"
              "\n"
              "def two():\n"
              "    with b:                    # with a: first, there is no deadlock\n"
              "        both_have_one.wait()\n"
              "        with a:                # waits for one\n"
              "            pass\n"
              "\n"
              "threads = [threading.Thread(target=f) for f in (one, two)]\n"
              "for t in threads:\n"
              "    t.start()\n"
              "for t in threads:\n"
              "    t.join()\n",
    .concepts = CONCEPTS(86, 134),
    .chart = CHART_SHARES,
    .params = PARAMS(
        CHOICE("order", "opposite", "Order of the locks", "加锁顺序",
               "Each thread begins with another lock, or all with the one that comes first.",
               "每个线程从不同的锁开始，或者都从编号小的锁开始。",
               {"opposite", {"opposite (deadlock)", "相反（死锁）"}},
               {"same", {"the same", "一致"}}),
        CHOICE("primitive", "lock", "Kind of lock", "锁的种类",
               "It happens with everything one can wait for.", "凡是能等待的东西都会死锁。",
               {"lock", {"Lock", "Lock"}}, {"semaphore", {"Semaphore(1)", "Semaphore(1)"}},
               {"manager-lock", {"Manager().Lock()", "Manager().Lock()"}}),
        BOOLEAN("rendezvous", "true", "Wait until everybody has one", "等大家都拿到第一把锁",
                "For the opposite order: makes the deadlock certain.",
                "用于相反的顺序：必然死锁。"),
        INTEGER("gap_us", 0, 10000, "0", "Pause in between (µs)", "两次加锁之间的停顿（微秒）",
                "Without the rendezvous: how long each holds only its first lock. With 0 about one "
                "run in a hundred deadlocks, with 1000 nearly every run.",
                "不等齐时，只持有第一把锁的时间。取 0 时大约百分之一的运行死锁，取 1000 "
                "时几乎每次都死锁。"),
        INTEGER("rounds", 1, 1000, "1", "Rounds", "轮数", "How often each thread wants both locks.",
                "每个线程需要两把锁的次数。"),
        CHOICE("resolve", "none", "Way out", "解决办法",
               "Give up after 10 ms, put the first lock back, wait a little and try again.",
               "等 10 毫秒拿不到就放弃，放回第一把锁，稍等片刻再试。",
               {"none", {"none: wait for ever", "无：一直等"}},
               {"timeout-retry", {"time-out and retry", "超时重试"}}),
        INTEGER("threads", 2, THREADS_MAX, "2", "Threads", "线程数",
                "2 are a pair, more are a ring.", "2 个是一对，更多则成环。"),
        INTEGER("limit_ms", 100, 20000, "1000", "Limit (ms)", "时限（毫秒）",
                "After this the run is stopped. A deadlock is noticed sooner.",
                "到时间就停止运行；死锁不用等到时限就会被发现。")),
    .outcomes = OUTCOMES(
        OUTCOME("done", "done=*", NULL, CLASS_ACCEPTABLE,
                "Every thread had both locks in its turn.", "每个线程都先后拿到了两把锁。"),
        DEADLOCK("deadlock", "order=opposite&resolve=none",
                 "Each thread holds what the next one waits for: a cycle in the wait-for graph.",
                 "每个线程都占着下一个线程要的锁：等待图中出现了环。")),
    .checks = CHECKS(CHECK("exclusive", "Never two threads with the same lock",
                           "同一把锁任何时刻最多一个线程持有"),
                     CHECK("all-rounds-done", "Every thread did all its rounds",
                           "每个线程都做完了所有轮次")),
    .run = run,
};

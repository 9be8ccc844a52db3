#include "scenarios/scenario.h"

#include <inttypes.h>

#define THREADS_MAX 8

struct program {
    struct lock *lock;
    int64_t depth, n, missing;
    int64_t share; /* guarded by the lock */
    int64_t inside, intruders;
};

struct adder {
    struct program *program;
    int64_t amount;
};

/* A function that locks calls a function that locks … and the innermost changes the number. */
static void nested(struct adder *self, int64_t depth)
{
    struct program *p = self->program;
    lock_acquire(p->lock);
    if (depth > 1) {
        nested(self, depth - 1);
    } else {
        p->intruders += p->inside++;
        p->share += self->amount;
        p->inside--;
    }
    lock_release(p->lock);
}

static void adder(void *argument)
{
    struct adder *self = argument;
    for (int64_t i = 0; i < self->program->n; i++)
        nested(self, self->program->depth);
    for (int64_t i = 0; i < self->program->missing; i++)
        lock_acquire(self->program->lock); /* and nobody releases it */
}

static int64_t expected(int64_t threads, int64_t n)
{
    return threads % 2 == 0 ? 0 : n;
}

static void run(void)
{
    struct adder adders[THREADS_MAX];
    struct task *threads[THREADS_MAX];
    int64_t count = integer("threads");
    struct program p = {
        .lock = lock_new_of(is("lock", "rlock") ? LOCK_RECURSIVE : LOCK_MUTEX, "lock"),
        .depth = integer("depth"),
        .n = integer("n"),
        .missing = integer("release_missing"),
    };
    int64_t began = now_ns();
    for (int64_t i = 0; i < count; i++) {
        adders[i] = (struct adder){&p, i % 2 == 0 ? 1 : -1};
        threads[i] = thread_start(text("thread %" PRId64, i + 1), adder, &adders[i]);
    }
    for (int64_t i = 0; i < count; i++)
        task_join(threads[i]);
    int64_t took = now_ns() - began;
    print("%" PRId64, p.share);
    check_number("result", expected(count, p.n), p.share);
    check_number("others-stay-outside", 0, p.intruders);
    metric("ns_per_level", took / (count * p.n * p.depth));
    outcome("done", "count=%" PRId64, p.share);
}

SCENARIO(rlock_nested) = {
    .id = "rlock-nested",
    .family = FAMILY_LOCKS,
    .number = 38,
    .title = {"Re-entrant lock", "递归锁 RLock"},
    .summary =
        {"A function that takes a lock calls another that takes the same lock. A re-entrant "
         "lock counts: its owner may come in again and must leave as often. An ordinary lock "
         "makes the thread wait for itself.",
         "持有锁的函数又调用了另一个要拿同一把锁的函数。递归锁会计数：持有者可以再次进入，进几次就"
         "要出几次。"
         "普通的锁则会让线程自己等自己。"},
    .lesson = {"Re-entrant means counted: as many releases as acquires.",
               "可重入就是计数：获取几次就要释放几次。"},
    .python = "import threading\n"
              "\n"
              "rlock = threading.RLock()      # with Lock() the second acquire waits for ever\n"
              "share = 0\n"
              "\n"
              "def add(n, amount):\n"
              "    global share\n"
              "    for _ in range(n):\n"
              "        rlock.acquire()\n"
              "        rlock.acquire()\n"
              "        share += amount\n"
              "        rlock.release()\n"
              "        rlock.release()        # only now others may come in\n"
              "\n"
              "threads = [threading.Thread(target=add, args=(10_000, a)) for a in (1, -1)]\n"
              "for t in threads:\n"
              "    t.start()\n"
              "for t in threads:\n"
              "    t.join()\n"
              "print(share)                   # 0\n",
    .concepts = CONCEPTS(132),
    .chart = CHART_SHARES,
    .params = PARAMS(
        CHOICE("lock", "rlock", "Kind of lock", "锁的种类",
               "With the ordinary lock a thread waits for itself at the second level.",
               "普通锁在第二层就会让线程等自己。", {"rlock", {"RLock", "RLock（递归锁）"}},
               {"lock", {"Lock (deadlock)", "Lock（死锁）"}}),
        INTEGER("depth", 1, 16, "2", "Nesting", "嵌套层数",
                "How many functions lock inside each other.", "有几层函数在锁里再加锁。"),
        INTEGER("n", 1, 1000000, "10000", "Iterations per thread", "每个线程的迭代次数",
                "How often each thread goes all the way in and out.", "每个线程完整进出多少次。"),
        INTEGER("threads", 1, THREADS_MAX, "2", "Threads", "线程数",
                "Half of them add, half subtract.", "一半加，一半减。"),
        INTEGER(
            "release_missing", 0, 4, "0", "Forgotten releases", "忘记的释放次数",
            "Each thread acquires so often more in the end. The lock stays with the first that "
            "is done; with two threads or more the run never ends.",
            "每个线程最后多获取几次。锁会留在先做完的线程手里；线程多于一个时，运行永远不会结束。"),
        INTEGER("limit_ms", 100, 20000, "1000", "Limit (ms)", "时限（毫秒）",
                "After this the run is stopped. A deadlock is noticed sooner.",
                "到时间就停止运行；死锁不用等到时限就会被发现。")),
    .outcomes =
        OUTCOMES(OUTCOME("done", "count=*", NULL, CLASS_ACCEPTABLE,
                         "The others came in only when the owner had left every level.",
                         "只有当持有者退出了每一层，别人才进得来。"),
                 DEADLOCK("waits-for-itself", "lock=lock&depth!=1",
                          "The thread holds the lock and waits for it: nobody else can release it.",
                          "线程一边持有锁一边等这把锁，没有别人能释放它。"),
                 DEADLOCK("never-released", "release_missing!=0",
                          "A release was forgotten: the lock still counts, and the others starve.",
                          "少释放了一次：计数没有归零，其他线程永远等下去。")),
    .checks = CHECKS(CHECK("result", "Nothing was lost", "没有丢失任何更新"),
                     CHECK("others-stay-outside", "Nobody came in between the levels",
                           "嵌套期间没有别的线程进来")),
    .run = run,
};

#include "scenarios/scenario.h"

#include <inttypes.h>
#include <string.h>

#define THREADS_MAX 8
#define COMPARED    200000 /* iterations of each row of the table, at most */

/* One program: threads that add and subtract, and how often they lock. */
struct program {
    const char *mode;
    int64_t threads, n, chunk;
    struct lock *lock; /* NULL: a semaphore */
    struct semaphore *semaphore;
    int64_t share; /* not atomic: the lock is all that guards it */
    _Atomic int64_t acquired, contended;
    _Atomic int64_t turns; /* how often the lock went to another thread; guarded by it */
    int64_t last;
};

struct adder {
    struct program *program;
    int64_t number;
};

static void enter(struct adder *self)
{
    struct program *p = self->program;
    bool at_once = p->lock ? lock_try(p->lock) : semaphore_acquire_for(p->semaphore, 0);
    if (!at_once && p->lock)
        lock_acquire(p->lock);
    else if (!at_once)
        semaphore_acquire(p->semaphore);
    p->contended += !at_once;
    p->acquired++;
    p->turns += p->last != self->number;
    p->last = self->number;
}

static void leave(struct adder *self)
{
    if (self->program->lock)
        lock_release(self->program->lock);
    else
        semaphore_release(self->program->semaphore);
}

/* share += 1, or share -= 1 */
static void step(struct adder *self)
{
    volatile int64_t *share = &self->program->share;
    *share += self->number % 2 == 0 ? 1 : -1;
}

static void adder(void *argument)
{
    struct adder *self = argument;
    int64_t n = self->program->n, chunk = self->program->chunk;
    for (int64_t done = 0; done < n; done += chunk) {
        enter(self);
        for (int64_t i = done; i < done + chunk && i < n; i++)
            step(self);
        leave(self);
    }
}

/* Runs a program in that mode; returns how long it took. */
static int64_t execute(struct program *p, const char *mode, int64_t n)
{
    struct adder adders[THREADS_MAX];
    struct task *tasks[THREADS_MAX];
    *p = (struct program){.mode = mode, .threads = integer("threads"), .n = n, .last = -1};
    p->chunk = strcmp(mode, "once") == 0 ? n : strcmp(mode, "chunk") == 0 ? integer("chunk") : 1;
    if (is("lock", "semaphore"))
        p->semaphore = semaphore_new("lock", 1);
    else
        p->lock = lock_new_of(is("lock", "spin") ? LOCK_SPIN : LOCK_MUTEX, "lock");
    int64_t began = now_ns();
    for (int64_t i = 0; i < p->threads; i++) {
        adders[i] = (struct adder){p, i};
        tasks[i] = thread_start(text("thread %" PRId64, i + 1), adder, &adders[i]);
    }
    for (int64_t i = 0; i < p->threads; i++)
        task_join(tasks[i]);
    return now_ns() - began;
}

static const char *chosen_mode(void)
{
    return is("mode", "once") ? "once" : is("mode", "chunk") ? "chunk" : "per-iteration";
}

static int64_t expected_share(const struct program *p)
{
    return p->threads % 2 == 0 ? 0 : p->n;
}

static void run(void)
{
    static const char *const modes[] = {"per-iteration", "chunk", "once"};
    struct program shown, compared;
    int64_t n = integer("n"), right = 0;
    int64_t ns = execute(&shown, chosen_mode(), n);
    print("%s: %.1f ms, the lock was taken %" PRId64 " times", shown.mode, (double)ns / 1e6,
          shown.acquired);
    for (size_t i = 0; i < 3; i++) {
        int64_t took = execute(&compared, modes[i], n < COMPARED ? n : COMPARED);
        right += compared.share == expected_share(&compared);
        row("%s\t%.2f\t%" PRId64 "\t%" PRId64, modes[i],
            (double)took / (double)(compared.n * compared.threads), compared.acquired,
            compared.contended);
    }
    int64_t chunks = (n + shown.chunk - 1) / shown.chunk;
    check_number("result", expected_share(&shown), shown.share);
    check_number("result-in-every-mode", 3, right);
    check_number("acquisitions", chunks * shown.threads, shown.acquired);
    check("one-after-the-other", chunks > 1 || shown.turns == shown.threads,
          "locked once: each thread has one turn", text("%" PRId64 " turns", shown.turns));
    metric("acquisitions", shown.acquired);
    metric("contended", shown.contended);
    metric("turns", shown.turns);
    outcome("right", "count=%" PRId64, shown.share);
}

SCENARIO(lock_granularity) = {
    .id = "lock-granularity",
    .family = FAMILY_LOCKS,
    .number = 35,
    .title = {"Lock once or lock a million times?", "锁一次还是锁一百万次"},
    .summary =
        {"Threads add to and subtract from one number, always under a lock. Either each iteration "
         "takes the lock, or a chunk of iterations does, or the whole loop. The lanes show the "
         "mode "
         "you chose; the table measures all three.",
         "多个线程对同一个数加减，始终在锁内进行。可以每次迭代都加锁，可以每隔一段加一次锁，也可以"
         "整个循环只加一次锁。"
         "时间线展示你选择的方式，表格把三种都测一遍。"},
    .lesson = {"Coarse locks are fast and serial, fine locks are concurrent and dear.",
               "粗粒度锁快但串行，细粒度锁并发但昂贵。"},
    .python = "import threading\n"
              "\n"
              "lock = threading.Lock()\n"
              "share = 0\n"
              "\n"
              "def per_iteration(n, amount):\n"
              "    global share\n"
              "    for _ in range(n):\n"
              "        with lock:\n"
              "            share += amount\n"
              "\n"
              "def once(n, amount):          # 12 times as fast, and serial\n"
              "    global share\n"
              "    with lock:\n"
              "        for _ in range(n):\n"
              "            share += amount\n"
              "\n"
              "threads = [threading.Thread(target=per_iteration, args=(1_000_000, amount))\n"
              "           for amount in (1, -1)]\n"
              "for t in threads:\n"
              "    t.start()\n"
              "for t in threads:\n"
              "    t.join()\n"
              "print(share)                  # 0\n",
    .concepts = CONCEPTS(128),
    .chart = CHART_BARS,
    .params = PARAMS(
        CHOICE("mode", "per-iteration", "Where the lock is taken", "在哪里加锁",
               "In the loop, around every so many iterations, or around the loop.",
               "循环里、每隔若干次，或者循环外。",
               {"per-iteration", {"every iteration", "每次迭代"}}, {"once", {"once", "只锁一次"}},
               {"chunk", {"every chunk", "每段一次"}}),
        INTEGER("chunk", 1, 1000000, "1000", "Iterations in a chunk", "每段的迭代次数",
                "For the mode “every chunk”. A few hundred cost hardly more than locking once.",
                "用于“每段一次”。几百次一段时，开销已经和只锁一次差不多。"),
        INTEGER("n", 1, 10000000, "1000000", "Iterations per thread", "每个线程的迭代次数",
                "Of the lanes; the table does 200,000 at most.",
                "时间线里的次数；表格最多测 20 万次。"),
        INTEGER("threads", 1, THREADS_MAX, "2", "Threads", "线程数",
                "Half of them add, half subtract.", "一半加，一半减。"),
        CHOICE("lock", "mutex", "Kind of lock", "锁的种类",
               "A mutex sleeps while it waits, a spin lock keeps the processor, a semaphore of "
               "one permit is a mutex with a longer way.",
               "互斥锁等待时会睡眠，自旋锁会占着处理器，只有一个许可的信号量相当于绕了远路的互斥"
               "锁。",
               {"mutex", {"mutex", "互斥锁"}}, {"spin", {"spin lock", "自旋锁"}},
               {"semaphore", {"semaphore", "信号量"}})),
    .outcomes = OUTCOMES(OUTCOME("right", "count=*", NULL, CLASS_ACCEPTABLE,
                                 "The result is right in every mode; only the price differs.",
                                 "哪种方式结果都对，差别只在开销。")),
    .checks = CHECKS(CHECK("result", "Nothing was lost", "没有丢失任何更新"),
                     CHECK("result-in-every-mode", "Nor in any mode of the table",
                           "表格里的三种方式也都没有丢失"),
                     CHECK("acquisitions", "The lock was taken as often as the mode says",
                           "加锁次数与所选方式一致"),
                     CHECK("one-after-the-other",
                           "Locked once, the threads ran one after the other",
                           "只锁一次时，线程一个接一个地运行")),
    .columns = COLUMNS(COLUMN("mode", "Lock taken", "加锁方式", NULL),
                       COLUMN("per_iteration", "Per iteration", "每次迭代", "ns"),
                       COLUMN("acquired", "Acquired", "加锁次数", NULL),
                       COLUMN("contended", "Had to wait", "需要等待", NULL)),
    .run = run,
};

#include "scenarios/scenario.h"

#include <inttypes.h>

/*
 * CPython lets a thread run for 5 ms before another may ask for the interpreter lock. This loop
 * runs about 25 times as fast as CPython's, so here it is 5 ms / 25.
 */
#define SWITCH_INTERVAL_NS 200000

struct adder {
    struct cell *share;
    struct lock *lock;
    struct gil *gil; /* NULL: no interpreter, the threads run as the kernel likes */
    void (*add)(struct adder *self, int64_t amount);
    bool looks_inside; /* does the interpreter look for a switch inside share += 1? */
    int64_t window_ns;
    int64_t n;
    int64_t first, second; /* amounts of the first and second half of the n steps */
};

/* share += amount: read, add, write back. */
static void add_unlocked(struct adder *self, int64_t amount)
{
    int64_t value = cell_read(self->share); /* LOAD_GLOBAL */
    if (self->window_ns > 0)
        spin_ns(self->window_ns); /* whoever writes now will be overwritten */
    if (self->looks_inside)
        gil_check(self->gil);
    cell_write(self->share, value + amount); /* STORE_GLOBAL */
}

static void add_locked(struct adder *self, int64_t amount)
{
    if (!self->gil) {
        lock_acquire(self->lock);
    } else if (!lock_try(self->lock)) {
        gil_drop(self->gil); /* CPython lets go of its lock around anything that blocks */
        lock_acquire(self->lock);
        gil_take(self->gil);
    }
    add_unlocked(self, amount);
    lock_release(self->lock);
}

static void add_atomic(struct adder *self, int64_t amount)
{
    cell_add(self->share, amount);
}

static void adder(void *argument)
{
    struct adder *self = argument;
    if (self->gil)
        gil_take(self->gil);
    for (int64_t i = 0; i < self->n; i++) {
        self->add(self, i < self->n / 2 ? self->first : self->second);
        if (self->gil)
            gil_check(self->gil); /* JUMP_BACKWARD: every version looks here */
    }
    if (self->gil)
        gil_drop(self->gil);
}

/* Half of the threads add, half subtract; an odd one out does first the one, then the other. */
static void set_amounts(struct adder *self, int64_t i, int64_t threads)
{
    self->first = self->second = i % 2 == 0 ? 1 : -1;
    if (i == threads - 1 && i % 2 == 0) {
        self->n -= self->n % 2;
        self->second = -1;
    }
}

static void judge(int64_t value, int64_t n, int64_t threads)
{
    bool may_lose = is("variant", "no-lock") && !is("granularity", "bytecode-gil-3.11");
    int64_t most = n * threads / 2; /* all that was added, and as much was subtracted */
    check("within-bounds", value >= -most && value <= most,
          text("%" PRId64 " to %" PRId64, -most, most), text("%" PRId64, value));
    if (!may_lose)
        check_number("no-update-lost", 0, value);
    metric("count", value);
    outcome(value == 0 ? "exact" : "lost-updates", "count=%" PRId64, value);
}

static void run(void)
{
    struct adder adders[8];
    struct task *tasks[8];
    int64_t threads = integer("threads");
    struct adder model = {
        .share = cell_new("share", 0),
        .lock = lock_new("lock"),
        .gil = is("granularity", "c-load-store") ? NULL : gil_new(SWITCH_INTERVAL_NS),
        .add = is("variant", "lock")     ? add_locked
               : is("variant", "atomic") ? add_atomic
                                         : add_unlocked,
        .looks_inside = is("granularity", "bytecode-gil-old"),
        .window_ns = integer("window_ns"),
        .n = integer("n"),
    };
    for (int64_t i = 0; i < threads; i++) {
        adders[i] = model;
        set_amounts(&adders[i], i, threads);
        tasks[i] = thread_start(text("%s %" PRId64, i % 2 == 0 ? "adder" : "subtractor", i / 2 + 1),
                                adder, &adders[i]);
    }
    for (int64_t i = 0; i < threads; i++)
        task_join(tasks[i]);
    int64_t value = cell_read(model.share);
    print("share = %" PRId64, value);
    judge(value, model.n, threads);
}

SCENARIO(race_counter) = {
    .id = "race-counter",
    .family = FAMILY_LOCKS,
    .number = 34,
    .title = {"Two threads, one counter", "两个线程一个计数器"},
    .summary = {"Half of the threads add 1 to a shared number, half subtract 1, equally often. "
                "If no update is lost it ends at 0. `share += 1` is a read, an addition and a "
                "write; whatever another thread writes in between is overwritten.",
                "一半线程给共享变量加 1，另一半减 1，次数相同；如果没有更新丢失，最后应当是 0。"
                "但 share += 1 其实分三步：读、加、写回。别的线程恰好在中间写入的值会被覆盖。"},
    .lesson = {"“It works on this version” is not a lock.", "“这个版本没出错”不等于加了锁。"},
    .python = "import threading\n"
              "\n"
              "share = 0\n"
              "lock = threading.Lock()\n"
              "\n"
              "def add(n):\n"
              "    global share\n"
              "    for _ in range(n):\n"
              "        share += 1          # no-lock\n"
              "        # with lock:        # lock\n"
              "        #     share += 1\n"
              "\n"
              "def subtract(n):\n"
              "    global share\n"
              "    for _ in range(n):\n"
              "        share -= 1\n"
              "\n"
              "a = threading.Thread(target=add, args=(1_000_000,))\n"
              "b = threading.Thread(target=subtract, args=(1_000_000,))\n"
              "a.start(); b.start()\n"
              "a.join(); b.join()\n"
              "print(share)\n",
    .concepts = CONCEPTS(126, 127, 131, 162),
    .chart = CHART_VALUE,
    .params = PARAMS(
        CHOICE("variant", "no-lock", "Protection", "保护方式",
               "With none updates are lost: by the default number of operations in nearly every "
               "run on two processors.",
               "不加锁就会丢失更新：在双核机器上用默认的操作次数，几乎每次运行都会发生。",
               {"no-lock", {"none", "不加锁"}}, {"lock", {"a lock", "加锁"}},
               {"atomic", {"one atomic step", "原子操作"}}),
        INTEGER("threads", 2, 8, "2", "Threads", "线程数",
                "Half add, half subtract; an odd one out does first the one, then the other.",
                "一半加、一半减；多出来的那个先加后减。"),
        INTEGER("n", 1, 10000000, "1000000", "Operations per thread", "每个线程的操作次数",
                "More operations, more chances to collide. With n=1 a collision needs luck: "
                "raise the window.",
                "次数越多，碰撞的机会越大。n=1 时要靠运气，可以把窗口调大。"),
        INTEGER("window_ns", 0, 10000, "0", "Window (ns)", "窗口（纳秒）",
                "Time between the read and the write: the wider, the likelier a collision.",
                "读与写之间停留的时间：窗口越大，越容易碰撞。"),
        CHOICE("granularity", "c-load-store", "Where threads may switch", "线程在哪里切换",
               "Native threads race between any two instructions. The interpreters are "
               "simulated with CPython's own lock-passing rules: 3.11 looks for a switch only "
               "at the loop's jump, older ones also inside share += 1.",
               "原生线程在任意两条指令之间都可能交错。两个“解释器”选项按 CPython 的规则模拟 "
               "GIL：3.11 只在循环跳转处检查是否切换，旧版本在 share += 1 中间也会检查。",
               {"c-load-store", {"native threads", "原生线程"}},
               {"bytecode-gil-3.11", {"CPython 3.11 (simulated)", "CPython 3.11（模拟）"}},
               {"bytecode-gil-old", {"older CPython (simulated)", "旧版 CPython（模拟）"}})),
    .outcomes = OUTCOMES(
        OUTCOME("exact", "count=0", NULL, CLASS_ACCEPTABLE,
                "Every update counted. Without a lock that is luck, or a property of this "
                "interpreter.",
                "没有更新丢失。如果没有加锁，这只是运气，或者只是这个解释器版本的特性。"),
        OUTCOME("lost-updates", "count=*", "variant=no-lock&granularity!=bytecode-gil-3.11",
                CLASS_INTERESTING,
                "Updates were lost: a thread wrote back a value that was out of date.",
                "有更新丢失：某个线程写回了过时的值。"),
        OUTCOME("lost-updates", "count=*", NULL, CLASS_FORBIDDEN,
                "Updates were lost although they were protected.", "明明有保护，更新却丢失了。")),
    .checks = CHECKS(
        CHECK("within-bounds",
              "The count is no further from 0 than all additions together, or all subtractions",
              "计数偏离 0 不超过全部加法（或全部减法）的总和"),
        CHECK("no-update-lost", "The count is exactly 0", "计数恰好为 0")),
    .run = run,
};

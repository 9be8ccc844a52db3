#include "scenarios/scenario.h"

#include <inttypes.h>
#include <string.h>

#define COROUTINES_MAX 500
#define UNITS_MAX      32   /* threads or processes */
#define PIPES_MAX      16   /* of them, with pipes: each has every end open */
#define COMPARED       2000 /* turns of the kinds that were not chosen */
#define SHOWN          200  /* turns in the lanes */
#define CHOSEN_NS      800000000
#define COMPARED_NS    100000000

/* Units in a ring, one of them running; whose turn it is says the mechanism. */
struct ring {
    int64_t n, limit;
    const char *mechanism;
    struct semaphore *semaphore[UNITS_MAX];
    struct event *event[UNITS_MAX];
    struct lock *lock;
    struct condition *condition[UNITS_MAX];
    struct conn *reader[UNITS_MAX], *writer[UNITS_MAX];
    _Atomic int64_t turns, disorder, next;
    int64_t until_ns;
    _Atomic bool stop;
};

static int64_t work_ns; /* per turn; set before anybody is started */

static void work(void)
{
    if (work_ns > 0)
        spin_ns(work_ns);
}

struct unit {
    struct ring *ring;
    int64_t i;
};

static bool by(const struct ring *ring, const char *mechanism)
{
    return strcmp(ring->mechanism, mechanism) == 0;
}

static void wait_for_turn(struct ring *ring, int64_t i)
{
    int64_t token;
    if (by(ring, "semaphore")) {
        semaphore_acquire(ring->semaphore[i]);
    } else if (by(ring, "event")) {
        event_wait(ring->event[i]);
        event_clear(ring->event[i]);
    } else if (by(ring, "pipe")) {
        conn_recv_number(ring->reader[i], &token);
    } else {
        lock_acquire(ring->lock);
        while (ring->next != i)
            condition_wait(ring->condition[i]);
        lock_release(ring->lock);
    }
}

static void hand_over(struct ring *ring, int64_t to)
{
    if (by(ring, "semaphore")) {
        semaphore_release(ring->semaphore[to]);
    } else if (by(ring, "event")) {
        event_set(ring->event[to]);
    } else if (by(ring, "pipe")) {
        conn_send_number(ring->writer[to], to);
    } else {
        lock_acquire(ring->lock);
        ring->next = to;
        condition_notify(ring->condition[to], 1);
        lock_release(ring->lock);
    }
}

static void take_turns(void *argument)
{
    struct unit *self = argument;
    struct ring *ring = self->ring;
    for (bool over = false; !over;) {
        wait_for_turn(ring, self->i);
        over = ring->stop;
        if (!over) {
            ring->disorder += ring->turns % ring->n != self->i;
            work();
            ring->turns++;
            ring->stop = ring->turns >= ring->limit || now_ns() > ring->until_ns;
        }
        hand_over(ring, (self->i + 1) % ring->n);
    }
}

static void prepare(struct ring *ring)
{
    ring->next = -1;
    ring->lock = lock_new("turn");
    for (int64_t i = 0; i < ring->n; i++) {
        if (by(ring, "semaphore"))
            ring->semaphore[i] = semaphore_new(text("turn %" PRId64, i), 0);
        else if (by(ring, "event"))
            ring->event[i] = event_new(text("turn %" PRId64, i));
        else if (by(ring, "pipe"))
            pipe_new(text("turn %" PRId64, i), false, &ring->reader[i], &ring->writer[i]);
        else
            ring->condition[i] = condition_new(text("turn %" PRId64, i), ring->lock);
    }
}

/* Returns nanoseconds per turn, work included. */
static double measure_units(enum task_kind kind, const char *mechanism, int64_t n, int64_t limit,
                            int64_t longest_ns, int64_t *ret_disorder)
{
    struct ring *ring = shared_new(sizeof *ring);
    struct unit units[UNITS_MAX];
    struct task *tasks[UNITS_MAX];
    int64_t most = strcmp(mechanism, "pipe") == 0 ? PIPES_MAX : UNITS_MAX;
    ring->n = n < most ? n : most;
    ring->limit = limit;
    ring->mechanism = mechanism;
    prepare(ring);
    for (int64_t i = 0; i < ring->n; i++) {
        units[i] = (struct unit){ring, i};
        tasks[i] =
            task_start(kind, text("%s %" PRId64, kind == TASK_THREAD ? "thread" : "process", i),
                       take_turns, &units[i]);
    }
    int64_t began = now_ns();
    ring->until_ns = began + longest_ns;
    hand_over(ring, 0);
    for (int64_t i = 0; i < ring->n; i++)
        task_join(tasks[i]);
    for (int64_t i = 0; i < ring->n && by(ring, "pipe"); i++) {
        conn_close(ring->reader[i]);
        conn_close(ring->writer[i]);
    }
    *ret_disorder += ring->disorder;
    return (double)(now_ns() - began) / (double)ring->turns;
}

static int64_t coroutine_turns;

static void turn_by_turn(struct generator *self, void *argument)
{
    (void)argument;
    do {
        work();
        coroutine_turns++;
    } while (yield(self, NULL, NULL));
}

/* next() of each in turn: a turn is a switch there and a switch back. */
static double measure_coroutines(int64_t n, int64_t limit, int64_t longest_ns,
                                 int64_t *ret_disorder)
{
    static struct generator *coroutines[COROUTINES_MAX];
    n = n < COROUTINES_MAX ? n : COROUTINES_MAX;
    for (int64_t i = 0; i < n; i++)
        coroutines[i] = generator_new(text("coroutine %" PRId64, i), turn_by_turn, NULL);
    int64_t began = now_ns(), turns = 0;
    coroutine_turns = 0;
    for (; turns < limit && ((turns & 63) != 0 || now_ns() < began + longest_ns); turns++) {
        generator_next(coroutines[turns % n], NULL);
        *ret_disorder += coroutine_turns != turns + 1;
    }
    double ns = (double)(now_ns() - began) / (double)turns;
    for (int64_t i = 0; i < n; i++)
        generator_close(coroutines[i]);
    return ns;
}

/* One kind of task that hands over in one way. */
struct kind {
    const char *name;
    bool coroutine;
    enum task_kind task;
    const char *mechanism;
};

static const struct kind kinds[] = {
    {"coroutine yield", true, TASK_COROUTINE, "yield"},
    {"thread condition", false, TASK_THREAD, "condition"},
    {"thread semaphore", false, TASK_THREAD, "semaphore"},
    {"thread event", false, TASK_THREAD, "event"},
    {"thread pipe", false, TASK_THREAD, "pipe"},
    {"process condition", false, TASK_PROCESS, "condition"},
    {"process semaphore", false, TASK_PROCESS, "semaphore"},
    {"process event", false, TASK_PROCESS, "event"},
    {"process pipe", false, TASK_PROCESS, "pipe"},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static double turn_ns(const struct kind *kind, int64_t n, int64_t limit, int64_t longest_ns,
                      int64_t *ret_disorder)
{
    return kind->coroutine
               ? measure_coroutines(n, limit, longest_ns, ret_disorder)
               : measure_units(kind->task, kind->mechanism, n, limit, longest_ns, ret_disorder);
}

static bool is_chosen(const struct kind *kind)
{
    if (kind->coroutine || is("unit", "coroutine"))
        return kind->coroutine && is("unit", "coroutine");
    bool same = is("mechanism", kind->mechanism) ||
                (is("mechanism", "yield") && strcmp(kind->mechanism, "condition") == 0);
    return same && is("unit", kind->task == TASK_THREAD ? "thread" : "process");
}

/* The lanes show a few turns; what is measured is not slowed down by being recorded. */
static double measure(const struct kind *kind, int64_t *ret_disorder)
{
    bool chosen = is_chosen(kind);
    int64_t n = chosen ? integer("tasks") : 2;
    if (chosen)
        turn_ns(kind, n, SHOWN, COMPARED_NS, ret_disorder);
    unrecorded_begin();
    double ns = turn_ns(kind, n, chosen ? integer("switches") : COMPARED,
                        chosen ? CHOSEN_NS : COMPARED_NS, ret_disorder);
    unrecorded_end();
    double switching = ns > (double)work_ns ? ns - (double)work_ns : 0;
    row("%s\t%.1f\t%.1f", kind->name, switching, 100 * (double)work_ns / ns);
    print("%-20s %10.1f ns per turn", kind->name, ns);
    return ns;
}

static void run(void)
{
    int64_t disorder = 0;
    double chosen = 0;
    work_ns = (int64_t)((double)integer("work_us") * 1000 * number("time_scale"));
    if (boolean("same_core"))
        cores_use(1);
    for (size_t i = 0; i < KINDS; i++) {
        double ns = measure(&kinds[i], &disorder);
        chosen = is_chosen(&kinds[i]) ? ns : chosen;
    }
    bool switching = chosen > 2 * (double)work_ns;
    check_number("turns-alternate", 0, disorder);
    metric("turn_ns", (int64_t)chosen);
    outcome(work_ns == 0 ? "bare"
            : switching  ? "mostly-switching"
                         : "mostly-working",
            work_ns == 0 ? "no work"
            : switching  ? "switching > work"
                         : "work > switching");
}

SCENARIO(switch_cost) = {
    .id = "switch-cost",
    .family = FAMILY_PERFORMANCE,
    .number = 57,
    .title = {"The price of switching", "切换的代价"},
    .summary =
        {"Tasks in a ring take turns: one works, hands over to the next, and waits. Coroutines "
         "hand over by yield, threads and processes by a condition, a semaphore, an event or a "
         "pipe. Measured is the time from turn to turn, for the kind you chose and, shorter, for "
         "the others; the lanes show the first 200 turns.",
         "若干任务围成一圈轮流运行：一个干活，交给下一个，然后等待。协程用 yield "
         "交接，线程和进程用条件变量、信号量、事件或管道。测的是一轮到下一轮的时间；除所选的一种外"
         "，"
         "其余几种也各测一小段作对照。时间线只展示前 200 轮。"},
    .lesson = {"Coroutines switch in user space, threads through the kernel, processes also change "
               "address space.",
               "协程在用户态切换，线程经过内核，进程还要换地址空间。"},
    .python = "import time\n"
              "from threading import Semaphore, Thread\n"
              "\n"
              "def coroutine():\n"
              "    while True: yield\n"
              "\n"
              "c = coroutine(); next(c)\n"
              "t = time.perf_counter()\n"
              "for _ in range(100000): c.send(None)       # there and back\n"
              "print((time.perf_counter() - t) / 100000)\n"
              "\n"
              "a, b = Semaphore(0), Semaphore(0)\n"
              "def turns(mine, other, n=2000):\n"
              "    for _ in range(n):\n"
              "        mine.acquire(); other.release()\n"
              "ts = [Thread(target=turns, args=x) for x in ((a, b), (b, a))]\n"
              "t = time.perf_counter()\n"
              "for x in ts: x.start()\n"
              "a.release()\n"
              "for x in ts: x.join()\n"
              "print((time.perf_counter() - t) / 4000)\n",
    .concepts = CONCEPTS(102, 163, 179, 189),
    .chart = CHART_BARS,
    .params = PARAMS(
        CHOICE("unit", "coroutine", "What is switched", "切换什么", "Who takes turns.",
               "由谁轮流。", {"coroutine", {"coroutines", "协程"}}, {"thread", {"threads", "线程"}},
               {"process", {"processes", "进程"}}),
        CHOICE("mechanism", "yield", "Hand-over", "交接方式",
               "How a thread or process says whose turn it is; coroutines yield. With yield, "
               "threads and processes use a condition.",
               "线程或进程怎样交接；协程用 yield。选 yield 时线程和进程使用条件变量。",
               {"yield", {"yield", "yield"}}, {"condition", {"condition", "条件变量"}},
               {"semaphore", {"semaphore", "信号量"}}, {"event", {"event", "事件"}},
               {"pipe", {"pipe", "管道"}}),
        INTEGER("switches", 1000, 5000000, "200000", "Turns", "轮数", "As many as fit into 0.8 s.",
                "最多测 0.8 秒。"),
        INTEGER("tasks", 2, COROUTINES_MAX, "2", "Tasks in the ring", "环中的任务数",
                "Threads and processes at most 32, with pipes 16.",
                "线程和进程最多 32 个，用管道时最多 16 个。"),
        BOOLEAN("same_core", "false", "On one core", "同一个核",
                "All on one core: then no sleeping core has to be woken, and most hand-overs are "
                "several times faster.",
                "全部放在一个核上：不必唤醒休眠的核，多数交接方式会快好几倍。"),
        INTEGER("work_us", 0, 1000, "0", "Work per turn (µs)", "每轮的工作（微秒）",
                "Useful work in each turn. With 1 nearly every run of threads spends more on "
                "switching than on work.",
                "每轮做的有用工作。取 1 时，线程几乎每次都把更多时间花在切换上。")),
    .outcomes = OUTCOMES(OUTCOME("bare", "no work", "work_us=0", CLASS_ACCEPTABLE,
                                 "Nothing but switching.", "只有切换，没有工作。"),
                         OUTCOME("mostly-working", "work > switching", "work_us!=0",
                                 CLASS_ACCEPTABLE, "More time went into work than into switching.",
                                 "工作的时间多于切换。"),
                         OUTCOME("mostly-switching", "switching > work", "work_us!=0",
                                 CLASS_INTERESTING, "More time went into switching than into work.",
                                 "切换的时间多于工作。")),
    .checks = CHECKS(CHECK("turns-alternate", "Turns out of order", "次序错误的轮数")),
    .columns = COLUMNS(COLUMN("what", "What", "方式", NULL),
                       COLUMN("switch", "Per turn", "每轮切换", "ns"),
                       COLUMN("efficiency", "Share of work", "工作占比", "%")),
    .free_only = MEASURES_REAL_TIME,
    .run = run,
};

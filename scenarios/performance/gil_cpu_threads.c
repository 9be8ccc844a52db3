#include "scenarios/scenario.h"

#include <inttypes.h>
#include <string.h>

#define WORKERS_MAX  16
#define PIECES       20      /* a worker waits so many times, when it waits at all */
#define STEP_TURNS   20      /* makes a step cost about half of what it costs CPython */
#define SWITCH_NS    5000000 /* sys.getswitchinterval() */
#define STEPS_TO_100 12      /* a step is about 8 bytecodes: the old rule's 100 */
#define COMPARED     1000000 /* steps of each row of the table, at most */

/* One program: so many workers of a kind share the steps among them. */
struct program {
    const char *unit;
    int64_t workers, steps;
    bool old_rule;   /* let go every 100 bytecodes, asked or not */
    struct gil *gil; /* NULL: no interpreter lock */
    _Atomic int64_t owner, hand_overs, offers, intruders;
    _Atomic uint64_t checksum;
};

struct worker {
    struct program *program;
    int64_t number, first, count; /* its steps */
};

/* After taking the lock: says whose turn it is, and whether that is new. */
static void note_turn(struct worker *w)
{
    struct program *p = w->program;
    if (p->gil && p->owner != w->number) {
        p->owner = w->number;
        p->hand_overs++;
    }
}

/* Where the interpreter looks whether it should let another thread run. */
static void eval_breaker(struct worker *w, int64_t step)
{
    struct program *p = w->program;
    if (!p->gil)
        return;
    p->intruders += p->owner != w->number; /* only the holder runs */
    if (!p->old_rule) {
        gil_check(p->gil);
    } else if (step % STEPS_TO_100 == 0) {
        p->offers++;
        gil_drop(p->gil);
        gil_take(p->gil);
    }
    note_turn(w);
}

/* x = (x * 1103515245 + 12345) & 0x7fffffff, and so on */
static uint64_t one_step(int64_t step)
{
    uint64_t x = (uint64_t)step;
    for (int i = 0; i < STEP_TURNS; i++)
        x = (x * 1103515245 + 12345) & 0x7fffffff;
    return x;
}

/* A wait that is `io_fraction` of the time, counted by how long the steps before it took. */
static void wait_for_io(struct worker *w, int64_t worked_ns)
{
    double fraction = number("io_fraction");
    if (fraction == 0)
        return;
    if (w->program->gil)
        gil_drop(w->program->gil); /* around everything that blocks */
    sleep_us((int64_t)((double)worked_ns / 1000 * fraction / (1 - fraction)));
    if (w->program->gil)
        gil_take(w->program->gil);
    note_turn(w);
}

static void work(void *argument)
{
    struct worker *w = argument;
    struct program *p = w->program;
    uint64_t sum = 0;
    if (p->gil)
        gil_take(p->gil);
    note_turn(w);
    for (int64_t piece = 0; piece < PIECES; piece++) {
        int64_t began = now_ns();
        for (int64_t i = w->count * piece / PIECES; i < w->count * (piece + 1) / PIECES; i++) {
            sum += one_step(w->first + i);
            eval_breaker(w, i);
        }
        wait_for_io(w, now_ns() - began);
    }
    p->checksum += sum;
    if (p->gil)
        gil_drop(p->gil);
}

/* Runs a program and returns how long it took. */
static int64_t execute(struct program *p)
{
    struct worker workers[WORKERS_MAX];
    struct task *tasks[WORKERS_MAX];
    bool processes = strcmp(p->unit, "processes") == 0;
    p->gil = strcmp(p->unit, "threads-gil") == 0 ? gil_new(SWITCH_NS) : NULL;
    p->owner = -1;
    int64_t began = now_ns();
    for (int64_t i = 0; i < p->workers; i++) {
        int64_t first = p->steps * i / p->workers;
        workers[i] = (struct worker){p, i, first, p->steps * (i + 1) / p->workers - first};
        tasks[i] = task_start(processes ? TASK_PROCESS : TASK_THREAD,
                              text("%s %" PRId64, processes ? "process" : "thread", i + 1), work,
                              &workers[i]);
    }
    for (int64_t i = 0; i < p->workers; i++)
        task_join(tasks[i]);
    return now_ns() - began;
}

/* A program that threads and processes share. */
static struct program *program_new(const char *unit, int64_t workers, int64_t steps)
{
    struct program *p = shared_new(sizeof *p);
    p->unit = unit;
    p->workers = workers;
    p->steps = steps;
    p->old_rule = is("switch", "every-100-ops");
    return p;
}

/* Each kind with 1, 2 and 4 workers: the bars of the chart. */
static int64_t compare(uint64_t checksum, int64_t steps)
{
    static const char *const units[] = {"threads-gil", "threads-free", "processes"};
    static const int64_t counts[] = {1, 2, 4};
    int64_t same = 0;
    for (size_t u = 0; u < 3; u++) {
        int64_t alone = 0;
        for (size_t c = 0; c < 3; c++) {
            struct program *p = program_new(units[u], counts[c], steps);
            int64_t ns = execute(p);
            alone = c == 0 ? ns : alone;
            same += p->checksum == checksum;
            row("%s %" PRId64 "\t%.3f\t%" PRId64 "\t%" PRId64, units[u], counts[c],
                (double)alone / (double)ns, ns, p->hand_overs);
        }
    }
    return same;
}

static uint64_t checksum_of(int64_t steps)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < steps; i++)
        sum += one_step(i);
    return sum;
}

static void run(void)
{
    const char *unit = is("unit", "threads-gil")    ? "threads-gil"
                       : is("unit", "threads-free") ? "threads-free"
                                                    : "processes";
    int64_t steps = integer("steps"), compared = steps < COMPARED ? steps : COMPARED;
    struct program *p = program_new(unit, integer("workers"), steps);
    int64_t ns = execute(p);
    int64_t same = compare(checksum_of(compared), compared);
    print("%" PRId64 " x %s: %.1f ms, %" PRId64 " hand-overs", p->workers, unit, (double)ns / 1e6,
          p->hand_overs);
    check_number("same-result", 9, same);
    check_number("one-at-a-time", 0, p->intruders);
    metric("hand_overs", p->hand_overs);
    metric("offers", p->offers);
    outcome(p->gil ? "turns" : "together", "sum=%" PRIu64, (uint64_t)p->checksum);
}

SCENARIO(gil_cpu_threads) = {
    .id = "gil-cpu-threads",
    .family = FAMILY_PERFORMANCE,
    .number = 53,
    .title = {"The GIL: threads do not add up", "GIL：线程不叠加"},
    .summary =
        {"A loop of arithmetic is divided among threads that share an interpreter lock, among free "
         "threads, or among processes. First the setup you chose, which the lanes show; then every "
         "kind with 1, 2 and 4 workers for the table. The interpreter lock is simulated with "
         "CPython's own algorithm.",
         "把一个纯计算的循环分给共用一把解释器锁的线程、没有锁的线程，或者多个进程。先运行你选择的"
         "设置（见时间线），"
         "再用 1、2、4 个执行单元把每一种都测一遍，填入表格。解释器锁是按 CPython 的算法模拟的。"},
    .lesson = {"One lock around the interpreter: threads take turns, processes do not.",
               "解释器只有一把锁：线程轮流，进程不必。"},
    .python = "import threading\n"
              "import time\n"
              "from multiprocessing import Process\n"
              "\n"
              "def work(steps, x=1):\n"
              "    for _ in range(steps):\n"
              "        x = (x * 1103515245 + 12345) & 0x7fffffff\n"
              "\n"
              "def program(unit, workers, steps=4_000_000):\n"
              "    began = time.perf_counter()\n"
              "    units = [unit(target=work, args=(steps // workers,)) for _ in range(workers)]\n"
              "    for u in units:\n"
              "        u.start()\n"
              "    for u in units:\n"
              "        u.join()\n"
              "    return time.perf_counter() - began\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    for unit in (threading.Thread, Process):\n"
              "        alone = program(unit, 1)\n"
              "        for workers in (1, 2, 4):        # 2 cores: threads 1.04, processes 1.85\n"
              "            print(unit.__name__, workers, alone / program(unit, workers))\n",
    .concepts = CONCEPTS(157, 158, 160, 163),
    .chart = CHART_BARS,
    .params = PARAMS(
        CHOICE("unit", "threads-gil", "What runs", "执行单元",
               "Threads under one interpreter lock, threads without one, or processes that "
               "each have their own.",
               "共用一把解释器锁的线程、没有锁的线程，或者各有一把锁的进程。",
               {"threads-gil", {"threads, GIL (simulated)", "线程，有 GIL（模拟）"}},
               {"threads-free", {"threads, no GIL", "线程，无 GIL"}},
               {"processes", {"processes", "进程"}}),
        INTEGER("workers", 1, WORKERS_MAX, "2", "Workers", "个数",
                "How many share the steps in the lanes. The table has 1, 2 and 4.",
                "时间线里由几个来分担。表格固定为 1、2、4 个。"),
        INTEGER("steps", 100000, 100000000, "4000000", "Steps in total", "总步数",
                "Each step costs about half of what it costs CPython.",
                "每一步的耗时大约是 CPython 的一半。"),
        CHOICE("switch", "interval-5ms", "When the lock is given away", "何时让出锁",
               "Since 3.2 a waiting thread asks after 5 ms. Before, the running one let go "
               "every 100 bytecodes, asked or not: thousands of offers, most of which it "
               "took back itself.",
               "3.2 起，等待的线程在 5 毫秒后提出请求。更早的版本每执行 100 条字节码就放一次锁，"
               "不管有没有人要：放了成千上万次，多半又被自己拿回去。",
               {"interval-5ms", {"asked after 5 ms", "5 毫秒后请求"}},
               {"every-100-ops", {"every 100 bytecodes (old)", "每 100 条字节码（旧）"}}),
        NUMBER("io_fraction", 0, 0.95, "0", "Share of waiting", "等待所占比例",
               "How much of the time a worker waits without the lock. The more, the less the "
               "lock matters.",
               "工作中不持锁等待的时间比例。比例越大，这把锁的影响越小。")),
    .outcomes = OUTCOMES(
        OUTCOME("turns", "sum=*", "unit=threads-gil", CLASS_ACCEPTABLE,
                "Only one thread ran at any moment: no faster than one, however many cores.",
                "任何时刻只有一个线程在运行：无论多少核，都不比单线程快。"),
        OUTCOME("together", "sum=*", "unit!=threads-gil", CLASS_ACCEPTABLE,
                "As many ran at once as there are cores.", "有几个核，就有几个同时运行。")),
    .checks = CHECKS(CHECK("same-result", "Every kind computes the same", "每一种都算出同样的结果"),
                     CHECK("one-at-a-time", "Under the lock nobody ran without having it",
                           "有锁时，没有任何线程不持锁运行")),
    .columns = COLUMNS(COLUMN("what", "What", "执行单元", NULL),
                       COLUMN("speedup", "Speed-up", "加速比", "×"),
                       COLUMN("time", "Time", "时间", "ns"),
                       COLUMN("hand_overs", "Hand-overs", "换手次数", NULL)),
    .free_only = MEASURES_REAL_TIME,
    .run = run,
};

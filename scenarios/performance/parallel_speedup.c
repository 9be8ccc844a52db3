#include "scenarios/scenario.h"

#include <inttypes.h>

#define WORK_US 80000 /* processor time of the whole program, without communication */

/* The numbers of workers tried, as far as workers_max goes. */
static const int sizes[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};

struct program {
    double serial_us;   /* the part only main can do */
    double task_us;     /* of the rest, divided among the tasks */
    double exchange_us; /* what a task spends on talking to each other worker */
    int64_t tasks;
};

/* The best and the last point of the curve, and what the checks are made from. */
struct findings {
    int best, last;
    double best_speedup, last_speedup;
    double most_over_amdahl; /* the largest speed-up ÷ Amdahl's bound */
    int64_t done, expected;
};

static double amdahl(double serial, double processors)
{
    return 1 / (serial + (1 - serial) / processors);
}

static double gustafson(double serial, double processors)
{
    return serial + (1 - serial) * processors;
}

/* One task: its share of the work, and its messages to the other workers. */
static int64_t task(struct call *call)
{
    work_us(call->x);
    return 1;
}

/* with Pool(workers) as pool: serial_part(); pool.map(task, range(tasks)) */
static double measured_us(const struct program *p, int workers, struct findings *f)
{
    int64_t each[2000], none[64] = {0};
    for (int64_t i = 0; i < p->tasks; i++)
        each[i] = (int64_t)(p->task_us + p->exchange_us * (workers - 1));
    struct pool *pool = pool_new(TASK_PROCESS, workers);
    pool_map(pool, task, none, NULL, (unsigned)workers, 1); /* everybody has started */
    int64_t began = now_ns();
    work_us((int64_t)p->serial_us);
    const struct call *calls = pool_map(pool, task, each, NULL, (unsigned)p->tasks, 0);
    double took = (double)(now_ns() - began) / 1000;
    for (int64_t i = 0; i < p->tasks; i++)
        f->done += calls[i].result;
    pool_close(pool);
    pool_join(pool);
    return took / number("time_scale");
}

/* The same program on a machine of `cores` processors that never disturbs it: rounds of tasks. */
static double simulated_us(const struct program *p, int workers, int cores, struct findings *f)
{
    int64_t at_once = workers < cores ? workers : cores;
    int64_t rounds = (p->tasks + at_once - 1) / at_once;
    f->done += p->tasks;
    return p->serial_us + (double)rounds * (p->task_us + p->exchange_us * (workers - 1));
}

static void note_point(struct findings *f, int workers, int cores, double speedup)
{
    double serial = number("serial_fraction");
    double bound = amdahl(serial, workers < cores ? workers : cores);
    row("%d\t%.3f\t%.3f\t%.3f\t%d\t%.1f", workers, speedup, amdahl(serial, workers),
        gustafson(serial, workers), workers, 100 * speedup / workers);
    print("%2d workers: speed-up %.2f, efficiency %.0f %%", workers, speedup,
          100 * speedup / workers);
    f->last = workers;
    f->last_speedup = speedup;
    if (speedup > f->best_speedup) {
        f->best = workers;
        f->best_speedup = speedup;
    }
    if (speedup / bound > f->most_over_amdahl)
        f->most_over_amdahl = speedup / bound;
}

static void run(void)
{
    double serial = number("serial_fraction");
    bool measured = is("mode", "measured");
    int cores = measured ? cores_available() : (int)integer("cores");
    struct program p = {.serial_us = serial * WORK_US,
                        .tasks = integer("tasks"),
                        .exchange_us = (double)integer("comm_us")};
    struct findings f = {0};
    p.task_us = (WORK_US - p.serial_us) / (double)p.tasks;
    print("%d cores, %.0f %% of the work is serial", cores, 100 * serial);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && sizes[i] <= integer("workers_max");
         i++) {
        double us =
            measured ? measured_us(&p, sizes[i], &f) : simulated_us(&p, sizes[i], cores, &f);
        f.expected += p.tasks;
        note_point(&f, sizes[i], cores, WORK_US / us);
    }
    check_number("all-tasks-done", f.expected, f.done);
    /* 2 %: a task's work is whole microseconds. */
    check("within-amdahl", f.most_over_amdahl <= 1.02, "at most 1.00 of the bound",
          text("%.2f of the bound", f.most_over_amdahl));
    bool loss = f.last > f.best && f.last_speedup < 0.9 * f.best_speedup;
    outcome(loss && integer("comm_us") > 0 ? "loss" : "knee", "best=%d workers", f.best);
}

SCENARIO(parallel_speedup) = {
    .id = "parallel-speedup",
    .family = FAMILY_PERFORMANCE,
    .number = 59,
    .title = {"Speed-up, efficiency and how many workers", "加速比、效率与进程数"},
    .summary =
        {"The same work is done with 1, 2, 3 … workers and timed: first a serial part that only "
         "main can do, then tasks that a pool divides. The measured speed-up is drawn beside "
         "Amdahl's line (the work stays the same), Gustafson's (the work grows with the workers) "
         "and the ideal.",
         "同样的工作分别用 "
         "1、2、3……个进程完成并计时：先是只能由主进程做的串行部分，再由进程池分担各个任务。"
         "实测加速比与三条线画在一起：阿姆达尔（工作量不变）、古斯塔夫森（工作量随进程数增长）和理"
         "想情况。"},
    .lesson = {"More workers than cores only adds switching.", "进程数超过核数只会增加切换。"},
    .python = "import multiprocessing as mp\n"
              "import time\n"
              "\n"
              "def work(steps):\n"
              "    x = 0\n"
              "    for _ in range(steps):\n"
              "        x = (x * 1103515245 + 12345) & 0x7fffffff\n"
              "    return x\n"
              "\n"
              "def program(workers, steps=4_000_000, serial=0.1, tasks=64):\n"
              "    with mp.Pool(workers) as pool:\n"
              "        began = time.perf_counter()\n"
              "        work(int(steps * serial))\n"
              "        pool.map(work, [int(steps * (1 - serial) / tasks)] * tasks)\n"
              "        return time.perf_counter() - began\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    print(mp.cpu_count(), 'cores')\n"
              "    one = program(1)\n"
              "    for workers in (1, 2, 3, 4, 6, 8):\n"
              "        speedup = one / program(workers)\n"
              "        print(workers, round(speedup, 2), f'{speedup / workers:.0%}')\n",
    .concepts = CONCEPTS(58, 168),
    .chart = CHART_CURVE,
    .params = PARAMS(
        NUMBER("serial_fraction", 0, 1, "0.1", "Serial fraction", "串行比例",
               "The share of the work that cannot be divided. 0.1 means: never more than 10 "
               "times faster, however many workers.",
               "无法拆分的那部分工作所占的比例。0.1 意味着无论多少进程，最多快 10 倍。"),
        INTEGER("workers_max", 1, 64, "8", "Workers, at most", "最多进程数",
                "The curve goes up to so many workers.", "曲线画到多少个进程为止。"),
        INTEGER("cores", 1, 64, "2", "Cores of the model", "模型的核数",
                "For the simulated machine. A measured run has the cores of the real one.",
                "只对模拟的机器有效；实测使用真实机器的核数。"),
        INTEGER("comm_us", 0, 10000, "0", "Communication (µs)", "通信开销（微秒）",
                "What each task spends on talking to each of the other workers. With 500 and "
                "the defaults, 8 workers are slower than 2 in nearly every run.",
                "每个任务与其他每个进程通信所花的时间。其余取默认值、这里取 500 时，"
                "几乎每次运行中 8 个进程都比 2 个慢。"),
        INTEGER("tasks", 1, 2000, "64", "Tasks", "任务数",
                "Into how many pieces the rest is divided.", "其余工作分成多少份。"),
        CHOICE("mode", "measured", "Where it runs", "在哪里运行",
               "Measured: real processes on this machine, with all that disturbs them. "
               "Simulated: arithmetic on a machine of as many cores as you like.",
               "实测：在这台机器上用真实进程运行，会受各种干扰。模拟：在任意核数的机器模型上"
               "计算。",
               {"simulated", {"simulated", "模拟"}}, {"measured", {"measured", "实测"}})),
    .outcomes =
        OUTCOMES(OUTCOME("knee", "best=* workers", NULL, CLASS_ACCEPTABLE,
                         "Up to the knee the workers pay; beyond it they gain little.",
                         "拐点之前，增加进程有收益；拐点之后收益很小。"),
                 OUTCOME("loss", "best=* workers", "comm_us!=0", CLASS_INTERESTING,
                         "Beyond the knee more workers make the program slower: they spend their "
                         "time talking to each other.",
                         "拐点之后进程越多反而越慢：时间都花在互相通信上了。")),
    .checks = CHECKS(
        CHECK("all-tasks-done", "Every task of every point was done", "每个点的每个任务都完成了"),
        CHECK("within-amdahl", "No point is above Amdahl's bound for the cores there are",
              "没有任何一点超过按现有核数计算的阿姆达尔上限")),
    .columns = COLUMNS(COLUMN("workers", "Workers", "进程数", NULL),
                       COLUMN("speedup", "Speed-up", "加速比", "×"),
                       COLUMN("amdahl", "Amdahl", "阿姆达尔", "×"),
                       COLUMN("gustafson", "Gustafson", "古斯塔夫森", "×"),
                       COLUMN("ideal", "Ideal", "理想", "×"),
                       COLUMN("efficiency", "Efficiency", "效率", "%")),
    .free_only = MEASURES_REAL_TIME,
    .run = run,
};

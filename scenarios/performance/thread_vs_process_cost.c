#include "scenarios/scenario.h"

#include <inttypes.h>
#include <string.h>

#define UNITS_MAX  64
#define LONGEST_NS 600000000

/* What the units do, in memory that all share. */
struct work {
    struct barrier *barrier;
    struct lock *lock;
    struct managed *managed;
    _Atomic int64_t sum;
    int64_t values[UNITS_MAX];
};

struct unit {
    struct work *work;
    int64_t i;
};

struct timing {
    int64_t repetitions, sum_ns, least_ns, most_ns, result, different;
};

static struct start_server *spawn;

/* Start and join: there is nothing to do. */
static void nothing(void *argument)
{
    struct unit *self = argument;
    self->work->sum++;
}

/* d[i] = 2 * i, in a dict of the program or of a manager */
static void write_dict(void *argument)
{
    struct unit *self = argument;
    if (self->work->managed) {
        managed_set(self->work->managed, text("%" PRId64, self->i), 2 * self->i);
        return;
    }
    lock_acquire(self->work->lock);
    self->work->values[self->i] = 2 * self->i;
    lock_release(self->work->lock);
}

static void meet(void *argument)
{
    struct unit *self = argument;
    barrier_wait(self->work->barrier);
    self->work->sum++;
}

static struct task *start_one(enum task_kind kind, task_fn *fn, struct unit *unit)
{
    const char *name = text("%s %" PRId64, kind == TASK_THREAD ? "thread" : "process", unit->i);
    struct task *task = kind == TASK_PROCESS && spawn ? task_new_from(spawn, name, fn, unit)
                                                      : task_new(kind, name, fn, unit);
    task_begin(task);
    return task;
}

static void run_units(enum task_kind kind, task_fn *fn, struct work *work, int64_t n)
{
    struct unit *units = shared_new((size_t)n * sizeof *units);
    struct task *tasks[UNITS_MAX];
    for (int64_t i = 0; i < n; i++) {
        units[i] = (struct unit){work, i};
        tasks[i] = start_one(kind, fn, &units[i]);
    }
    for (int64_t i = 0; i < n; i++)
        task_join(tasks[i]);
}

static int64_t square(struct call *call)
{
    return call->x * call->x;
}

/* A pool, its start included, and the squares of 0 to n - 1. */
static int64_t pool_squares(enum task_kind kind, int64_t n)
{
    static int64_t xs[UNITS_MAX];
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        xs[i] = i;
    struct pool *pool = pool_new(kind, 4);
    const struct call *calls = pool_map(pool, square, xs, NULL, (unsigned)n, 0);
    for (int64_t i = 0; i < n; i++)
        sum += calls[i].result;
    pool_close(pool);
    pool_join(pool);
    return sum;
}

/* One repetition; returns its result, which must not depend on the kind. */
static int64_t once(enum task_kind kind, int64_t n)
{
    struct work *work = shared_new(sizeof *work);
    if (is("workload", "pool-squares"))
        return pool_squares(kind, n);
    if (is("workload", "start-join")) {
        run_units(kind, nothing, work, n);
        return work->sum;
    }
    if (is("workload", "barrier")) {
        work->barrier = barrier_new("barrier", (unsigned)n);
        run_units(kind, meet, work, n);
        return work->sum;
    }
    struct manager *manager = kind == TASK_PROCESS ? manager_new() : NULL;
    work->lock = lock_new("d");
    work->managed = manager ? manager_dict(manager, "d") : NULL;
    run_units(kind, write_dict, work, n);
    for (int64_t i = 0; i < n; i++) {
        int64_t value = work->values[i];
        if (manager)
            managed_get(work->managed, text("%" PRId64, i), &value);
        work->sum += value;
    }
    if (manager)
        manager_shutdown(manager);
    return work->sum;
}

static void resume_once(struct generator *self, void *argument)
{
    (void)self;
    ++*(int64_t *)argument;
}

/* The same start and end for coroutines, which need neither a thread nor a process. */
static int64_t once_with_coroutines(int64_t n)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        generator_next(generator_new(text("coroutine %" PRId64, i), resume_once, &sum), NULL);
    return sum;
}

static int64_t once_of(enum task_kind kind)
{
    int64_t n = integer("units");
    return kind == TASK_COROUTINE ? once_with_coroutines(n) : once(kind, n);
}

/* Once for the lanes, and then as often as asked. */
static struct timing measure(enum task_kind kind)
{
    struct timing t = {.least_ns = INT64_MAX, .result = once_of(kind)};
    int64_t began = now_ns();
    while (t.repetitions < integer("repeat") &&
           (t.repetitions == 0 || now_ns() < began + LONGEST_NS)) {
        unrecorded_begin();
        int64_t from = now_ns();
        bool same = once_of(kind) == t.result;
        int64_t took = now_ns() - from;
        unrecorded_end();
        t.different += !same;
        t.sum_ns += took;
        t.least_ns = took < t.least_ns ? took : t.least_ns;
        t.most_ns = took > t.most_ns ? took : t.most_ns;
        t.repetitions++;
    }
    return t;
}

static const char *workload(void)
{
    return is("workload", "start-join")    ? "start-join"
           : is("workload", "shared-dict") ? "shared-dict"
           : is("workload", "barrier")     ? "barrier"
                                           : "pool-squares";
}

/* What the notes printed for their programs: processes ÷ threads. */
static const char *notes_ratio(void)
{
    return is("workload", "shared-dict")    ? "27"
           : is("workload", "barrier")      ? "14"
           : is("workload", "pool-squares") ? "16"
                                            : "";
}

static double put_row(const char *what, const struct timing *t, double thread_ns, const char *notes)
{
    int64_t n = integer("units");
    double mean = (double)t->sum_ns / (double)t->repetitions;
    row("%s %s\t%.0f\t%" PRId64 "\t%" PRId64 "\t%.2f\t%s\t%" PRId64, workload(), what,
        mean / (double)n, t->least_ns / n, t->most_ns / n, thread_ns > 0 ? mean / thread_ns : 1,
        notes, t->repetitions);
    print("%-16s %10.0f ns per unit, %" PRId64 " repetitions", what, mean / (double)n,
          t->repetitions);
    return mean;
}

static void module(void)
{
}

static void run(void)
{
    bool pool = is("workload", "pool-squares");
    if (is("method", "spawn") && !pool)
        spawn = start_server_new(module);
    struct timing threads = measure(TASK_THREAD), processes = measure(TASK_PROCESS);
    double thread = put_row("thread", &threads, 0, "");
    double process =
        put_row(spawn ? "process, spawn" : "process", &processes, thread, notes_ratio());
    if (is("workload", "start-join")) {
        struct timing coroutines = measure(TASK_COROUTINE);
        put_row("coroutine", &coroutines, thread, "");
        check_number("coroutines-same-result", threads.result, coroutines.result);
    }
    print("a process costs %.1f times a thread", process / thread);
    check_number("same-result", threads.result, processes.result);
    check_number("every-time", 0, threads.different + processes.different);
    metric("ratio_percent", (int64_t)(100 * process / thread));
    outcome(process > thread ? "threads-cheaper" : "processes-cheaper", "result=%" PRId64,
            threads.result);
}

SCENARIO(thread_vs_process_cost) = {
    .id = "thread-vs-process-cost",
    .family = FAMILY_PERFORMANCE,
    .number = 55,
    .title = {"What does a thread cost, what a process?", "线程与进程的开销对比"},
    .summary =
        {"The same work is done by threads and by processes: start and join them, write a dict "
         "(the processes through a manager), meet at a barrier, or square numbers in a pool. "
         "Starting the manager or the pool is part of what is timed, as it was in the notes.",
         "同样的工作分别由线程和进程完成：创建并等待、写字典（进程要经过 "
         "Manager）、在屏障处会合，或用池计算平方。启动 Manager "
         "或池的时间也计算在内，与笔记一致。"},
    .lesson = {"Threads are cheap because they bring no new address space.",
               "线程便宜，因为不需要新的地址空间。"},
    .python = "import time\n"
              "from multiprocessing import Process\n"
              "from threading import Thread\n"
              "\n"
              "def nothing(): pass\n"
              "\n"
              "def start_join(kind, units=10):\n"
              "    tasks = [kind(target=nothing) for _ in range(units)]\n"
              "    for t in tasks: t.start()\n"
              "    for t in tasks: t.join()\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    for kind in Thread, Process:\n"
              "        t = time.perf_counter()\n"
              "        for _ in range(100): start_join(kind)\n"
              "        print(kind.__name__, (time.perf_counter() - t) / 1000)\n",
    .concepts = CONCEPTS(24, 35, 165, 166, 167),
    .chart = CHART_BARS,
    .params = PARAMS(
        CHOICE("workload", "start-join", "Work", "工作内容", "What is done by both kinds.",
               "两种方式都要做的事。", {"start-join", {"start and join", "创建并等待"}},
               {"shared-dict", {"write a shared dict", "写共享字典"}},
               {"barrier", {"meet at a barrier", "在屏障处会合"}},
               {"pool-squares", {"squares in a pool", "用池计算平方"}}),
        CHOICE("method", "fork", "Processes start by", "进程启动方式",
               "spawn forks from a process set aside at the beginning; a real one starts an "
               "interpreter and costs far more. A pool's workers are forked.",
               "spawn 从一开始留出的进程派生；真正的 spawn 要启动解释器，代价大得多。"
               "池的工作进程总是用 fork。",
               {"fork", {"fork", "fork"}}, {"spawn", {"spawn", "spawn"}}),
        INTEGER("repeat", 1, 10000, "100", "Repetitions", "重复次数",
                "As many as fit into 0.6 s for each kind, after the one that the lanes show.",
                "时间线只展示第一次；之后再重复这么多次，每种最多测 0.6 秒。"),
        INTEGER("units", 1, UNITS_MAX, "10", "Units per repetition", "每次的单元数",
                "Threads or processes at once.", "同时的线程数或进程数。")),
    .outcomes = OUTCOMES(OUTCOME("threads-cheaper", "result=*", NULL, CLASS_ACCEPTABLE,
                                 "Both came to the same result; the threads were cheaper.",
                                 "两者结果相同，线程更便宜。"),
                         OUTCOME("processes-cheaper", "result=*", NULL, CLASS_ACCEPTABLE,
                                 "Both came to the same result; this time the processes were not "
                                 "dearer.",
                                 "两者结果相同，这一次进程并不更贵。")),
    .checks = CHECKS(CHECK("same-result", "Threads and processes come to the same result",
                           "线程与进程的结果相同"),
                     CHECK("every-time", "Repetitions with another result", "结果不同的次数"),
                     CHECK("coroutines-same-result", "Coroutines come to it, too",
                           "协程的结果也相同")),
    .columns = COLUMNS(COLUMN("unit", "Unit", "单元", NULL),
                       COLUMN("mean", "Per unit", "每单元", "ns"),
                       COLUMN("least", "Least", "最少", "ns"), COLUMN("most", "Most", "最多", "ns"),
                       COLUMN("ratio", "To threads", "与线程之比", "×"),
                       COLUMN("notes", "In the notes", "笔记中的比值", "×"),
                       COLUMN("repetitions", "Repetitions", "次数", NULL)),
    .free_only = MEASURES_REAL_TIME,
    .run = run,
};

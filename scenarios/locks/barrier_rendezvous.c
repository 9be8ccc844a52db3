#include "scenarios/scenario.h"

#include <inttypes.h>

#define TASKS_MAX   16
#define PATIENCE_US 300000 /* of those who wait for one that never comes */

/* In memory that all tasks share, threads or processes. */
struct program {
    struct barrier *barrier;
    int64_t parties, rounds;
    bool missing;
    _Atomic int64_t arrived, early, broken, passed, free_done;
};

struct party {
    struct program *program;
    int64_t number;
};

static void arrive(struct party *self, int64_t round)
{
    double share = drawn((uint64_t)round, (uint64_t)self->number);
    sleep_us((int64_t)(share * (double)integer("skew_ms") * 1000));
}

static void party(void *argument)
{
    struct party *self = argument;
    struct program *p = self->program;
    if (p->missing && self->number == p->parties - 1)
        return; /* it never comes */
    for (int64_t round = 0; round < p->rounds; round++) {
        arrive(self, round);
        p->arrived++;
        int place = barrier_wait_for(p->barrier, p->missing ? PATIENCE_US : FOREVER);
        if (place < 0) {
            print("p%" PRId64 ": BrokenBarrierError", self->number + 1);
            p->broken++;
            return;
        }
        p->passed++;
        p->early += p->arrived < p->parties * (round + 1);
    }
    print("p%" PRId64 " went on with the others", self->number + 1);
}

/* without the barrier */
static void loner(void *argument)
{
    struct party *self = argument;
    arrive(self, 0);
    print("f%" PRId64 " went on alone", self->number - self->program->parties + 1);
    self->program->free_done++;
}

static void judge(const struct program *p, int64_t loners)
{
    int64_t there = p->parties - p->missing;
    check_number("nobody-leaves-early", 0, p->early);
    check_number("all-parties-passed", p->missing ? 0 : p->parties * p->rounds, p->passed);
    check_number("all-waiters-told", p->missing ? there : 0, p->broken);
    check_number("the-free-did-not-wait", loners, p->free_done);
    if (p->broken > 0)
        outcome("broken", "broken=%" PRId64, p->broken);
    else
        outcome("together", "passed=%" PRId64, p->passed);
}

static void run(void)
{
    struct party all[2 * TASKS_MAX];
    struct task *tasks[2 * TASKS_MAX];
    struct program *p = shared_new(sizeof *p);
    int64_t loners = integer("free"), count;
    enum task_kind kind = is("unit", "process") ? TASK_PROCESS : TASK_THREAD;
    p->parties = integer("parties");
    p->rounds = integer("rounds");
    p->missing = boolean("missing");
    p->barrier = barrier_new("barrier", (unsigned)p->parties);
    for (count = 0; count < p->parties + loners; count++) {
        bool free = count >= p->parties;
        const char *name =
            free ? text("f%" PRId64, count - p->parties + 1) : text("p%" PRId64, count + 1);
        all[count] = (struct party){p, count};
        tasks[count] = task_start(kind, name, free ? loner : party, &all[count]);
    }
    while (count-- > 0)
        task_join(tasks[count]);
    judge(p, loners);
}

SCENARIO(barrier_rendezvous) = {
    .id = "barrier-rendezvous",
    .family = FAMILY_LOCKS,
    .number = 45,
    .title = {"Barrier: continue together", "屏障：一起继续"},
    .summary =
        {"Several tasks arrive at different times and wait at a barrier until all are there; "
         "then they go on together. Others do the same without a barrier and wait for nobody.",
         "几个任务在不同时刻到达，都在屏障处等到全员到齐，再一起继续。另外几个任务没有屏障，谁也不"
         "等。"},
    .lesson = {"A barrier makes everyone as late as the slowest.", "屏障让所有人都等最慢的那个。"},
    .python = "import datetime\n"
              "from threading import Barrier, Thread, current_thread\n"
              "\n"
              "barrier = Barrier(2)\n"
              "\n"
              "def with_barrier():\n"
              "    barrier.wait()             # until both are here\n"
              "    print(current_thread().name, datetime.datetime.now())\n"
              "\n"
              "def without_barrier():\n"
              "    print(current_thread().name, datetime.datetime.now())\n"
              "\n"
              "for name, f in (('p1', with_barrier), ('p2', with_barrier),\n"
              "                ('p3', without_barrier), ('p4', without_barrier)):\n"
              "    Thread(name=name, target=f).start()\n",
    .concepts = CONCEPTS(144, 145),
    .chart = CHART_LEVEL,
    .params = PARAMS(
        INTEGER("parties", 2, TASKS_MAX, "2", "Parties", "屏障的人数",
                "So many must have come before anyone goes on.", "到齐这么多才放行。"),
        INTEGER("free", 0, TASKS_MAX, "2", "Without the barrier", "不用屏障的任务",
                "They do the same and wait for nobody.", "做同样的事，但谁也不等。"),
        INTEGER("rounds", 1, 2000, "1", "Rounds", "轮数", "The barrier is used again and again.",
                "屏障可以反复使用。"),
        INTEGER("skew_ms", 0, 1000, "100", "Spread of arrival (ms)", "到达时间的差距（毫秒）",
                "Each arrives at a random time up to this.", "每个任务随机晚到，最晚这么久。"),
        CHOICE("unit", "thread", "Unit", "执行单元", "Threads or processes.", "线程或进程。",
               {"thread", {"threads", "线程"}}, {"process", {"processes", "进程"}}),
        BOOLEAN("missing", "false", "One never comes", "有一个永远不来",
                "The others wait for 0.3 s; then the barrier is broken for all of them, always.",
                "其余的等 0.3 秒，之后屏障损坏，所有等待者都会收到异常。")),
    .outcomes = OUTCOMES(OUTCOME("together", "passed=*", "missing=false", CLASS_ACCEPTABLE,
                                 "Nobody left a round before all had arrived in it.",
                                 "每一轮都是到齐之后才有人离开。"),
                         OUTCOME("broken", "broken=*", "missing=true", CLASS_INTERESTING,
                                 "One was missing: everybody who waited got BrokenBarrierError.",
                                 "少了一个：所有等待者都收到 BrokenBarrierError。")),
    .checks = CHECKS(
        CHECK("nobody-leaves-early", "Nobody left before all had arrived", "没有人在到齐之前离开"),
        CHECK("all-parties-passed", "Everybody passed in every round", "每一轮每个人都通过了"),
        CHECK("all-waiters-told", "A broken barrier is told to all who wait",
              "屏障损坏时所有等待者都得到通知"),
        CHECK("the-free-did-not-wait", "Those without a barrier went on",
              "没有屏障的任务都继续了")),
    .run = run,
};

#include "scenarios/scenario.h"

#include <inttypes.h>

#define WORKERS_MAX 16

/* One worker's mailbox and its counters; shared by all processes. */
struct local {
    int64_t id;
    struct event *event;       /* a flag … */
    struct semaphore *counter; /* … or a number of activations */
    _Atomic int64_t sent, served;
    _Atomic bool busy;
};

/* class Local(Process): def run(self): while True: … */
static void worker(void *argument)
{
    struct local *self = argument;
    for (;;) {
        if (self->counter)
            semaphore_acquire(self->counter);
        else
            event_wait(self->event);
        self->busy = true;
        if (is("clear", "right-after-wait"))
            event_clear(self->event); /* what comes from now on is a new activation */
        print("worker %" PRId64 ": active", self->id);
        if (integer("busy_ms") > 0)
            sleep_us(integer("busy_ms") * 1000);
        self->served++;
        if (is("clear", "after-work"))
            event_clear(self->event); /* and with it what came meanwhile */
        self->busy = false;
    }
}

static void activate(struct local *local)
{
    local->sent++;
    if (local->counter)
        semaphore_release(local->counter);
    else
        event_set(local->event);
}

/* One round of main: whom to wake. */
static void select_and_activate(struct local *locals, int64_t n, int64_t round)
{
    int64_t k = integer("k") < n ? integer("k") : n, left = k;
    if (is("select", "always-first"))
        activate(&locals[0]); /* the notes: an index that never moves */
    else if (is("select", "round-robin"))
        activate(&locals[round % n]);
    for (int64_t i = 0; i < n; i++) {
        bool chosen =
            drawn(6, (uint64_t)(round * WORKERS_MAX + i)) * (double)(n - i) < (double)left;
        if (is("select", "all") || (is("select", "random-k") && chosen)) {
            activate(&locals[i]);
            left--;
        }
    }
}

static bool pending(struct local *local)
{
    if (local->counter)
        return local->served < local->sent;
    return event_is_set(local->event) || local->busy;
}

static void judge(struct local *locals, int64_t n)
{
    int64_t sent = 0, served = 0, unasked = 0, active = 0;
    for (int64_t i = 0; i < n; i++) {
        struct local *l = &locals[i];
        row("worker %" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64, i, l->served, l->sent,
            l->sent - l->served);
        sent += l->sent;
        served += l->served;
        active += l->served > 0;
        unasked += l->served > l->sent;
    }
    print("%" PRId64 " activations sent, %" PRId64 " served, by %" PRId64 " of %" PRId64 " workers",
          sent, served, active, n);
    check_number("nobody-unasked", 0, unasked);
    check("counter-loses-none", !is("clear", "counter") || served == sent,
          "with a counter: none lost", text("%" PRId64 " lost", sent - served));
    metric("lost", sent - served);
    outcome(served < sent                  ? "melted"
            : is("select", "always-first") ? "first-only"
                                           : "all-served",
            "served=%" PRId64 " of %" PRId64, served, sent);
}

static void run(void)
{
    struct local *locals = shared_new(WORKERS_MAX * sizeof *locals);
    struct task *processes[WORKERS_MAX];
    int64_t n = integer("workers");
    for (int64_t i = 0; i < n; i++) {
        locals[i].id = i;
        if (is("clear", "counter"))
            locals[i].counter = semaphore_new(text("activations %" PRId64, i), 0);
        else
            locals[i].event = event_new(text("event %" PRId64, i));
        processes[i] = task_new(TASK_PROCESS, text("worker %" PRId64, i), worker, &locals[i]);
        task_set_daemon(processes[i], true);
        task_begin(processes[i]);
    }
    for (int64_t round = 0; round < integer("rounds"); round++) {
        select_and_activate(locals, n, round);
        sleep_us(integer("period_ms") * 1000);
    }
    for (int64_t i = 0; i < n; i++)
        while (pending(&locals[i]))
            sleep_us(1000);
    for (int64_t i = 0; i < n; i++) {
        task_terminate(processes[i]); /* they wait for ever */
        task_join(processes[i]);
    }
    judge(locals, n);
}

SCENARIO(event_gated_workers) = {
    .id = "event-gated-workers",
    .family = FAMILY_PROCESSES,
    .number = 6,
    .title = {"Event-gated workers (federated learning)", "事件门控的进程类（联邦学习）"},
    .summary =
        {"Worker processes wait, each for an event of its own; main activates some of them every "
         "round, as a server of federated learning selects its clients. A worker works and then "
         "clears its event. Main may set it while the worker is busy.",
         "每个工作进程都在等自己的事件；主进程每轮激活其中几个，就像联邦学习的服务器挑选客户端。"
         "工作进程干完活再清除事件，而主进程可能在它忙的时候又设置了一次。"},
    .lesson = {"An Event is a flag, not a counter: activations sent while you are busy melt into "
               "one.",
               "Event 是标志不是计数器，忙碌期间的多次激活会合并成一次。"},
    .python = "from multiprocessing import Event, Process\n"
              "import time\n"
              "\n"
              "class Local(Process):\n"
              "    def __init__(self, id):\n"
              "        super().__init__(daemon=True)\n"
              "        self.id, self.event = id, Event()\n"
              "    def run(self):\n"
              "        while True:\n"
              "            self.event.wait()\n"
              "            print('worker', self.id, 'active')\n"
              "            time.sleep(0.15)           # busy\n"
              "            self.event.clear()         # after-work\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    workers = [Local(i) for i in range(5)]\n"
              "    for w in workers: w.start()\n"
              "    for _ in range(5):\n"
              "        workers[0].event.set()         # always-first\n"
              "        time.sleep(0.1)\n",
    .concepts = CONCEPTS(5, 6, 7, 8, 9),
    .chart = CHART_BARS,
    .params = PARAMS(
        INTEGER("workers", 1, WORKERS_MAX, "5", "Workers", "工作进程数",
                "Processes that wait to be activated.", "等待被激活的进程数。"),
        INTEGER("rounds", 1, 50, "5", "Rounds", "轮数", "How often main activates somebody.",
                "主进程激活多少轮。"),
        CHOICE("select", "always-first", "Whom main activates", "激活谁",
               "Always the first is the mistake of the notes: the other workers wait for ever.",
               "总是第一个是笔记里的错误：其他进程永远等不到。",
               {"always-first", {"always the first (wrong)", "总是第一个（错误）"}},
               {"round-robin", {"one after the other", "轮流"}},
               {"random-k", {"k at random", "随机 k 个"}}, {"all", {"all", "全部"}}),
        INTEGER("k", 1, WORKERS_MAX, "2", "Chosen at random", "随机个数",
                "How many each round, for the random choice.", "随机选择时每轮选几个。"),
        INTEGER("period_ms", 5, 1000, "100", "Time between rounds (ms)", "每轮间隔（毫秒）",
                "How long main waits before the next round.", "主进程两轮之间等多久。"),
        INTEGER("busy_ms", 0, 1000, "0", "Work per activation (ms)", "每次激活的工作时间（毫秒）",
                "If it is longer than the time between rounds, activations are lost in every run "
                "unless they are counted.",
                "比每轮间隔长时，除非用计数器，否则每次运行都会丢失激活。"),
        CHOICE(
            "clear", "after-work", "When the event is cleared", "何时清除事件",
            "Right after wait() narrows the gap, but two activations while busy are still one. "
            "A counter is a semaphore.",
            "wait() 之后立刻清除能缩小空隙，但忙碌期间的两次激活仍会合成一次。计数器就是信号量。",
            {"after-work", {"after the work", "干完活之后"}},
            {"right-after-wait", {"right after wait()", "wait() 之后立刻"}},
            {"counter", {"count them (semaphore)", "用信号量计数"}})),
    .outcomes =
        OUTCOMES(OUTCOME("all-served", "served=*", "select!=always-first", CLASS_ACCEPTABLE,
                         "Every activation was served.", "每次激活都得到了处理。"),
                 OUTCOME("first-only", "served=*", "select=always-first", CLASS_INTERESTING,
                         "Every activation was served, but all of them went to the first worker.",
                         "每次激活都处理了，但全都给了第一个进程。"),
                 OUTCOME("melted", "served=*", "clear!=counter", CLASS_INTERESTING,
                         "Activations came while the worker was busy and melted into one.",
                         "工作进程忙碌时又来了激活，合并成了一次。")),
    .checks = CHECKS(CHECK("nobody-unasked", "Workers that worked more often than they were asked",
                           "干活次数多于激活次数的进程"),
                     CHECK("counter-loses-none", "A counter loses no activation",
                           "计数器不会丢失激活")),
    .columns = COLUMNS(COLUMN("worker", "Worker", "进程", NULL),
                       COLUMN("served", "Served", "已处理", NULL),
                       COLUMN("sent", "Sent", "已发出", NULL),
                       COLUMN("lost", "Lost", "丢失", NULL)),
    .run = run,
};

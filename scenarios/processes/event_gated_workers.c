#include "scenarios/scenario.h"

#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>

#define WORKERS_MAX 16

/* class Local(Process): what a worker has, in memory it shares with main. */
struct local {
    int64_t number;
    struct event *event;
    struct semaphore *counter; /* instead of the event; or NULL */
    int64_t sent;              /* activations by main */
    struct cell *begun, *done; /* what it made of them */
    struct task *process;
};

static void wait_for_activation(struct local *self)
{
    if (self->counter)
        semaphore_acquire(self->counter);
    else
        event_wait(self->event);
    cell_add(self->begun, 1);
    if (is("clear", "right-after-wait"))
        event_clear(self->event);
}

/* def run(self): */
static void local_run(void *argument)
{
    struct local *self = argument;
    for (;;) {
        print("worker %" PRId64 ": before", self->number);
        wait_for_activation(self);
        print("worker %" PRId64 ": after", self->number);
        sleep_us(integer("busy_ms") * 1000);
        cell_add(self->done, 1);
        if (is("clear", "after-work"))
            event_clear(self->event); /* and with it whatever was set since wait() */
    }
}

static void activate(struct local *worker)
{
    worker->sent++;
    if (worker->counter)
        semaphore_release(worker->counter);
    else
        event_set(worker->event);
}

/* k of n, each as likely as any other (selection sampling, Knuth 3.4.2). */
static void activate_some(struct local *workers, int64_t n, int64_t k, int64_t round)
{
    int64_t chosen = 0;
    for (int64_t i = 0; i < n; i++) {
        if (drawn((uint64_t)round, (uint64_t)i) * (double)(n - i) >= (double)(k - chosen))
            continue;
        activate(&workers[i]);
        chosen++;
    }
}

static void activate_selected(struct local *workers, int64_t n, int64_t round)
{
    int64_t k = integer("k") < n ? integer("k") : n;
    if (is("select", "always-first"))
        activate(&workers[0]); /* the mistake: workers[round] was meant */
    else if (is("select", "round-robin"))
        activate(&workers[round % n]);
    else
        activate_some(workers, n, is("select", "all") ? n : k, round);
}

/* Nothing it was sent is still to be done. */
static bool at_rest(struct local *worker)
{
    if (worker->counter)
        return cell_read(worker->done) == worker->sent;
    return !event_is_set(worker->event) && cell_read(worker->begun) == cell_read(worker->done);
}

/* Lets everybody finish first: what is missing then is lost, not late. */
static int64_t terminate_all(struct local *workers, int64_t n)
{
    int64_t terminated = 0;
    for (int64_t i = 0; i < n; i++)
        while (!at_rest(&workers[i]))
            sleep_us(5000);
    for (int64_t i = 0; i < n; i++)
        task_terminate(workers[i].process);
    for (int64_t i = 0; i < n; i++)
        terminated += task_join(workers[i].process) == -SIGTERM;
    return terminated;
}

static void judge(const struct local *workers, int64_t n, int64_t terminated)
{
    int64_t sent = 0, served = 0, active = 0, unasked = 0, excess = 0;
    for (int64_t i = 0; i < n; i++) {
        const struct local *w = &workers[i];
        int64_t done = cell_read(w->done);
        row("worker %" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64, i, w->sent, done,
            w->sent - done);
        sent += w->sent;
        served += done;
        active += done > 0;
        unasked += w->sent == 0 && cell_read(w->begun) > 0;
        excess += done > w->sent;
    }
    check_number("unselected-wait", 0, unasked);
    check_number("never-served-twice", 0, excess);
    if (is("clear", "counter"))
        check_number("counter-loses-none", sent, served);
    check_number("terminated", n, terminated);
    outcome(served < sent                                          ? "coalesced"
            : active == 1 && n > 1 && is("select", "always-first") ? "only-first"
                                                                   : "all-served",
            "sent=%" PRId64 " served=%" PRId64 " active=%" PRId64 " of %" PRId64, sent, served,
            active, n);
}

static void run(void)
{
    int64_t n = integer("workers");
    struct local *workers = shared_new((size_t)n * sizeof *workers);
    for (int64_t i = 0; i < n; i++) {
        workers[i].number = i;
        workers[i].event = event_new(text("event %" PRId64, i));
        workers[i].begun = cell_new_atomic(text("begun %" PRId64, i), 0);
        workers[i].done = cell_new_atomic(text("done %" PRId64, i), 0);
        if (is("clear", "counter"))
            workers[i].counter = semaphore_new(text("activations %" PRId64, i), 0);
        workers[i].process = process_start(text("Local-%" PRId64, i), local_run, &workers[i]);
    }
    for (int64_t round = 0; round < integer("rounds"); round++) {
        sleep_us(integer("period_ms") * 1000);
        activate_selected(workers, n, round);
    }
    sleep_us(integer("period_ms") * 1000);
    int64_t terminated = terminate_all(workers, n);
    print("End");
    judge(workers, n, terminated);
}

SCENARIO(event_gated_workers) = {
    .id = "event-gated-workers",
    .family = FAMILY_PROCESSES,
    .number = 6,
    .title = {"Event-gated workers (federated learning)", "事件门控的进程类（联邦学习）"},
    .summary =
        {"Every worker is an object of a class derived from Process and waits for an event of its "
         "own, as the clients in federated learning wait for their turn. In each round main "
         "activates some of them with set(); a worker prints, works, and clears its event. In the "
         "end main terminates all.",
         "每个工作进程都是 Process 子类的一个对象，等待自己的事件，"
         "就像联邦学习中的各个客户端等着轮到自己。"
         "主进程每轮用 set() "
         "激活其中几个；工作进程打印、工作，再清除事件。最后主进程把它们全部终止。"},
    .lesson = {"An Event is a flag and no counter: activations sent while a worker is busy melt "
               "into one.",
               "Event 是标志，不是计数器：工作进程忙碌期间的多次激活会合并成一次。"},
    .python = "from multiprocessing import Event, Process\n"
              "import time\n"
              "\n"
              "class Local(Process):\n"
              "    def __init__(self, number):\n"
              "        super().__init__()\n"
              "        self.number = number\n"
              "        self.event = Event()     # counter: Semaphore(0), acquire, release\n"
              "\n"
              "    def run(self):\n"
              "        while True:\n"
              "            print('worker', self.number, 'before')\n"
              "            self.event.wait()\n"
              "            print('worker', self.number, 'after')\n"
              "            time.sleep(0)        # busy\n"
              "            self.event.clear()   # forgets what was set since wait()\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    workers = [Local(i) for i in range(5)]\n"
              "    for w in workers:\n"
              "        w.start()\n"
              "    for i in range(5):\n"
              "        time.sleep(0.1)\n"
              "        workers[0].event.set()   # the mistake: workers[i] was meant\n"
              "    time.sleep(0.1)\n"
              "    for w in workers:\n"
              "        w.terminate()\n"
              "        w.join()\n"
              "    print('End')\n",
    .concepts = CONCEPTS(5, 6, 7, 8, 9),
    .chart = CHART_SHARES,
    .params = PARAMS(
        INTEGER("workers", 1, WORKERS_MAX, "5", "Workers", "工作进程数",
                "How many processes wait for their event.", "有多少个进程在等待自己的事件。"),
        INTEGER("rounds", 1, 50, "5", "Rounds", "轮数", "How often main activates.",
                "主进程激活多少轮。"),
        CHOICE("select", "always-first", "Who is activated", "激活谁",
               "Always the first is the mistake of the example: an index forgotten.",
               "总是第一个：例子里的错误，下标忘了写成变量。",
               {"always-first", {"always the first (mistake)", "总是第一个（写错了）"}},
               {"round-robin", {"one after the other", "轮流"}},
               {"random-k", {"k at random", "随机 k 个"}}, {"all", {"all", "全部"}}),
        INTEGER("k", 1, WORKERS_MAX, "2", "Selected per round", "每轮随机选几个",
                "For the random choice; all of them if there are fewer.",
                "用于随机选择；多于工作进程数时就是全部。"),
        INTEGER("period_ms", 5, 1000, "100", "Period (ms)", "激活间隔（毫秒）",
                "Between two activations.", "两轮激活之间的时间。"),
        INTEGER("busy_ms", 0, 1000, "0", "Work per activation (ms)", "每次激活的工作时间（毫秒）",
                "If it is longer than the period, a worker that is activated in every round loses "
                "activations in every run: 150 ms at a period of 100 ms serve 3 of 5.",
                "比激活间隔长时，每轮都被激活的工作进程必然丢失激活：间隔 100 毫秒、工作 150 毫秒，"
                "5 次激活只响应 3 次。"),
        CHOICE("clear", "after-work", "When the event is cleared", "何时清除事件",
               "After the work; right after wait(), which remembers one activation; or no event "
               "at all but a semaphore, which counts them.",
               "工作之后清除；wait() 之后立即清除，这样能记住一次激活；"
               "或者不用事件，改用会计数的信号量。",
               {"after-work", {"after the work", "工作之后"}},
               {"right-after-wait", {"right after wait()", "wait() 之后立即"}},
               {"counter", {"a semaphore counts", "用信号量计数"}})),
    .outcomes = OUTCOMES(
        OUTCOME("coalesced", "sent=* served=* active=* of *", "clear!=counter", CLASS_INTERESTING,
                "Activations that came while a worker was busy melted into one, or into none.",
                "忙碌期间到来的激活合并成了一次，甚至一次不剩。"),
        OUTCOME("only-first", "sent=* served=* active=1 of *", "select=always-first&workers!=1",
                CLASS_INTERESTING, "Only the first worker ever ran; the others waited to the end.",
                "只有第一个工作进程干过活，其余的一直等到最后。"),
        OUTCOME("all-served", "sent=* served=* active=* of *", NULL, CLASS_ACCEPTABLE,
                "Every activation was served.", "每次激活都得到了响应。")),
    .checks = CHECKS(CHECK("unselected-wait", "Workers that ran without being activated",
                           "未被激活却运行了的工作进程数"),
                     CHECK("never-served-twice", "Workers that ran more often than activated",
                           "运行次数多于激活次数的工作进程数"),
                     CHECK("counter-loses-none", "A semaphore serves every activation",
                           "用信号量时每次激活都得到响应"),
                     CHECK("terminated", "Workers that ended with exit code -15",
                           "退出码为 -15 的工作进程数")),
    .columns = COLUMNS(COLUMN("worker", "Worker", "工作进程", NULL),
                       COLUMN("sent", "Sent", "激活次数", NULL),
                       COLUMN("served", "Served", "响应次数", NULL),
                       COLUMN("lost", "Lost", "丢失次数", NULL)),
    .run = run,
};

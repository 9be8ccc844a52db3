#include "scenarios/scenario.h"

#include <inttypes.h>

#define UNITS_MAX 32

/* An ordinary dict of this process: threads share it, a forked process has a copy. */
static struct {
    int64_t keys[UNITS_MAX], values[UNITS_MAX], count;
} d;

/* How far each task is, likewise in the memory of this process. */
static volatile int64_t news[UNITS_MAX];

/* What each worker saw in its own d right after its write; for the table. */
struct report {
    int64_t seen, communication_ns;
};

struct program {
    struct lock *lock; /* keeps the dict whole, as the interpreter does */
    struct managed *managed, *news;
    struct queue *queue;
    struct report *reports;
};

struct unit {
    struct program *p;
    int64_t i;
};

struct message {
    int64_t key, value; /* key -1: only news, no result */
};

/* d[key] = value; returns len(d) */
static int64_t put_into_d(struct program *p, int64_t key, int64_t value)
{
    lock_acquire(p->lock);
    d.keys[d.count] = key;
    d.values[d.count++] = value;
    int64_t length = d.count;
    lock_release(p->lock);
    return length;
}

/* News of how far the task is: where memory is shared a note in it, elsewhere a message. */
static void communicate(struct unit *unit)
{
    struct program *p = unit->p;
    struct message message = {-1, unit->i};
    if (is("model", "manager"))
        managed_write(p->news, unit->i);
    else if (is("model", "message-passing"))
        queue_put(p->queue, &message, -1);
    else
        news[unit->i]++;
}

/* def worker(d, i): d[i] = 2 * i */
static void worker(void *argument)
{
    struct unit *unit = argument;
    struct program *p = unit->p;
    int64_t began = now_ns(), length = 0;
    for (int64_t m = 0; m < integer("messages_per_task"); m++)
        communicate(unit);
    if (is("model", "manager")) {
        managed_set(p->managed, text("%" PRId64, unit->i), 2 * unit->i);
        length = managed_length(p->managed);
    } else if (is("model", "message-passing")) {
        struct message result = {unit->i, 2 * unit->i};
        queue_put(p->queue, &result, unit->i);
    } else {
        length = put_into_d(p, unit->i, 2 * unit->i);
    }
    p->reports[unit->i] = (struct report){length, now_ns() - began};
}

/* The parent collects what was sent. */
static void receive(struct program *p, int64_t units)
{
    int64_t messages = units * (integer("messages_per_task") + 1);
    for (int64_t i = 0; i < messages; i++) {
        struct message message;
        queue_get(p->queue, &message);
        if (message.key >= 0)
            put_into_d(p, message.key, message.value);
    }
}

/* dict(managed) */
static void copy_managed(struct program *p)
{
    struct managed_item items[UNITS_MAX];
    int n = managed_copy(p->managed, items, UNITS_MAX);
    for (int i = 0; i < n; i++)
        put_into_d(p, atoll(items[i].key), items[i].value);
}

static void judge(struct program *p, int64_t units)
{
    struct words shown = {0};
    int64_t right = 0, in_order = 0, total_ns = 0;
    for (int64_t i = 0; i < d.count; i++) {
        words_add(&shown, "%" PRId64 ":%" PRId64, d.keys[i], d.values[i]);
        right += d.values[i] == 2 * d.keys[i];
        in_order += d.keys[i] == i;
    }
    for (int64_t i = 0; i < units; i++) {
        row("worker %" PRId64 "\t%" PRId64 "\t%" PRId64, i, p->reports[i].seen,
            p->reports[i].communication_ns);
        total_ns += p->reports[i].communication_ns;
    }
    row("parent\t%" PRId64 "\t", d.count);
    print("d = {%s}", words_short(&shown, 400));
    check_number("parent-sees", is("model", "process-private") ? 0 : units, right);
    metric("communication_ns", total_ns);
    outcome(d.count == 0        ? "private"
            : in_order == units ? "complete"
                                : "another-order",
            d.count == 0 ? "{}" : "%" PRId64 " keys", d.count);
}

static void run(void)
{
    int64_t units = integer("units");
    if (is("placement", "same-core"))
        cores_use(1);
    struct program p = {.lock = lock_new_private("d"),
                        .reports = shared_new(UNITS_MAX * sizeof *p.reports)};
    struct unit unit[UNITS_MAX];
    struct task *tasks[UNITS_MAX];
    struct manager *manager = is("model", "manager") ? manager_new() : NULL;
    if (manager) {
        p.managed = manager_dict(manager, "d");
        p.news = manager_value(manager, "news", 0);
    }
    if (is("model", "message-passing"))
        p.queue = queue_new("messages", 0, sizeof(struct message));
    enum task_kind kind = is("model", "threads-shared") ? TASK_THREAD : TASK_PROCESS;
    for (int64_t i = 0; i < units; i++) {
        unit[i] = (struct unit){&p, i};
        tasks[i] = task_start(kind, text("worker %" PRId64, i), worker, &unit[i]);
    }
    if (p.queue)
        receive(&p, units);
    for (int64_t i = 0; i < units; i++)
        task_join(tasks[i]);
    if (manager) {
        copy_managed(&p);
        manager_shutdown(manager);
    }
    judge(&p, units);
}

SCENARIO(shared_vs_isolated) = {
    .id = "shared-vs-isolated",
    .family = FAMILY_MEMORY,
    .number = 27,
    .title = {"Shared or private? Threads, processes, managers, messages",
              "共享还是隔离：线程、进程、Manager、消息"},
    .summary =
        {"Each worker does `d[i] = 2 * i` to a dict of the parent. Threads have the same dict, "
         "processes a copy each; a manager keeps it in a server, and with messages the parent "
         "writes it itself. The table shows what each saw right after its write.",
         "每个工作者都对父任务的字典执行 `d[i] = 2 * i`。线程用的是同一个字典，进程各有一份副本；"
         "Manager "
         "把字典放在服务进程里，消息传递则由父进程自己写。表中是各自写完那一刻看到的内容。"},
    .lesson = {"One copy needs locks, many copies need messages; choose where the cost goes.",
               "一份数据要加锁，多份数据要通信；代价总要付。"},
    .python = "from multiprocessing import Manager, Process, Queue\n"
              "from threading import Thread\n"
              "\n"
              "def worker(d, i):\n"
              "    d[i] = 2 * i\n"
              "\n"
              "def sender(q, i):\n"
              "    q.put((i, 2 * i))\n"
              "\n"
              "def run(kind, d):\n"
              "    tasks = [kind(target=worker, args=(d, i)) for i in range(10)]\n"
              "    for t in tasks: t.start()\n"
              "    for t in tasks: t.join()\n"
              "    print(dict(d))\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    run(Thread, {})                # threads-shared: all ten\n"
              "    run(Process, {})               # process-private: {}\n"
              "    with Manager() as manager:\n"
              "        run(Process, manager.dict())   # manager: all ten\n"
              "    q = Queue()                    # message-passing: the parent writes\n"
              "    tasks = [Process(target=sender, args=(q, i)) for i in range(10)]\n"
              "    for t in tasks: t.start()\n"
              "    print(dict(q.get() for _ in tasks))\n"
              "    for t in tasks: t.join()\n",
    .concepts = CONCEPTS(24, 34, 98, 99, 100, 101, 102, 114, 156),
    .chart = CHART_BARS,
    .params = PARAMS(
        CHOICE("model", "threads-shared", "Memory model", "内存模型",
               "Where the dict lives, and how a worker reaches it.",
               "字典放在哪里，工作者怎样接触到它。",
               {"threads-shared", {"threads, one memory", "线程，同一内存"}},
               {"process-private", {"processes, a copy each", "进程，各有副本"}},
               {"manager", {"processes and a manager", "进程 + Manager"}},
               {"message-passing", {"processes and messages", "进程 + 消息"}}),
        INTEGER("units", 1, UNITS_MAX, "10", "Workers", "工作者数", "Each writes one key.",
                "每个写一个键。"),
        INTEGER("messages_per_task", 0, 100, "1", "Messages per task", "每个任务的消息数",
                "News each worker gives while it works. In shared memory that is a write; to a "
                "manager or in messages it has a price, see the table.",
                "工作者在过程中汇报的次数。共享内存里只是写一下；对 Manager "
                "或消息传递则要付出代价，见表。"),
        CHOICE(
            "placement", "spread", "Placement", "放置",
            "Whether all tasks, the parent and the manager too, stay on one core. It is said "
            "to help tasks that talk a lot; on two busy cores no difference could be measured. "
            "Try it on your machine.",
            "所有任务（包括父进程和 Manager）是否都固定在同一个核上。通常认为频繁通信的任务放在一起"
            "更快；但在繁忙的双核机器上测不出差别，不妨在自己的机器上试试。",
            {"spread", {"spread over the cores", "分散到各核"}},
            {"same-core", {"all on one core", "都在一个核上"}})),
    .outcomes =
        OUTCOMES(OUTCOME("complete", "* keys", "model!=process-private", CLASS_ACCEPTABLE,
                         "The parent has every key, in the order of the workers.",
                         "父任务得到了全部的键，顺序与工作者一致。"),
                 OUTCOME("another-order", "* keys", "model!=process-private", CLASS_INTERESTING,
                         "The parent has every key, in the order in which the writes came in.",
                         "父任务得到了全部的键，顺序是写入到达的先后。"),
                 OUTCOME("private", "{}", "model=process-private", CLASS_INTERESTING,
                         "Each process wrote into its own copy; the parent's dict is empty.",
                         "每个进程写的都是自己的副本，父进程的字典是空的。")),
    .checks = CHECKS(CHECK("parent-sees", "Right entries in the parent's dict",
                           "父任务字典中正确的条目数")),
    .columns = COLUMNS(COLUMN("who", "Who", "谁", NULL),
                       COLUMN("keys", "Keys seen", "看到的键数", NULL),
                       COLUMN("communication", "Communication", "通信耗时", "ns")),
    .run = run,
};

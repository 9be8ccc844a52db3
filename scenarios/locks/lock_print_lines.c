#include "scenarios/scenario.h"

#include <inttypes.h>

#define WORKERS_MAX 32
#define WRITES_MAX  8

struct terminal {
    struct lock *lock; /* NULL: everybody writes as they like */
    int64_t writes, gap_us;
    uint64_t place[WORKERS_MAX][WRITES_MAX]; /* of each write in the output, shared by all */
};

struct worker {
    struct terminal *terminal;
    int64_t number;
};

/* print('hello world', i): an unbuffered print writes the text, then the newline. */
static void print_line(struct worker *self)
{
    struct terminal *t = self->terminal;
    uint64_t *place = t->place[self->number];
    if (t->writes == 1) {
        place[0] = print_part("hello world %" PRId64 "\n", self->number);
        return;
    }
    place[0] = print_part("hello world %" PRId64, self->number);
    for (int64_t i = 1; i < t->writes; i++) {
        if (t->gap_us > 0)
            sleep_us(t->gap_us);
        place[i] = print_part("%s", i < t->writes - 1 ? "." : "\n");
    }
}

static void worker(void *argument)
{
    struct worker *self = argument;
    if (self->terminal->lock)
        lock_acquire(self->terminal->lock);
    print_line(self);
    if (self->terminal->lock)
        lock_release(self->terminal->lock);
}

/* Whether a write at that place comes right after a newline, or is the first of all. */
static bool begins_a_line(const struct terminal *t, int64_t workers, uint64_t place)
{
    bool begins = place == 0;
    for (int64_t i = 0; i < workers; i++)
        begins |= t->place[i][t->writes - 1] + 1 == place;
    return begins;
}

/* A line is whole when it begins one, and no other write stands between its first and its last. */
static bool is_whole(const struct terminal *t, int64_t workers, int64_t i)
{
    return begins_a_line(t, workers, t->place[i][0]) &&
           t->place[i][t->writes - 1] - t->place[i][0] == (uint64_t)t->writes - 1;
}

static void judge(const struct terminal *t, int64_t workers)
{
    int64_t whole = 0, seen = 0;
    for (int64_t i = 0; i < workers; i++) {
        bool intact = is_whole(t, workers, i);
        whole += intact;
        row("worker %" PRId64 "\t%" PRIu64 "\t%" PRIu64 "\t%s", i, t->place[i][0],
            t->place[i][t->writes - 1], intact ? "True" : "False");
        for (int64_t w = 0; w < t->writes; w++)
            seen += t->place[i][w] < (uint64_t)(workers * t->writes);
    }
    check_number("every-write-arrived", workers * t->writes, seen);
    check("lock-keeps-lines-whole", !t->lock || whole == workers, "under the lock: every line",
          text("%" PRId64 " of %" PRId64, whole, workers));
    metric("whole_lines", whole);
    outcome(whole == workers ? "whole" : "broken", "whole=%" PRId64 "/%" PRId64, whole, workers);
}

static void run(void)
{
    struct worker workers[WORKERS_MAX];
    struct task *tasks[WORKERS_MAX];
    int64_t n = integer("workers");
    struct terminal *terminal = shared_new(sizeof *terminal);
    terminal->lock = boolean("lock") ? lock_new("lock") : NULL;
    terminal->writes = integer("writes_per_line");
    terminal->gap_us = integer("gap_us");
    enum task_kind kind = is("unit", "process") ? TASK_PROCESS : TASK_THREAD;
    for (int64_t i = 0; i < n; i++) {
        workers[i] = (struct worker){terminal, i};
        tasks[i] = task_start(kind, text("worker %" PRId64, i), worker, &workers[i]);
    }
    for (int64_t i = 0; i < n; i++)
        task_join(tasks[i]);
    judge(terminal, n);
}

SCENARIO(lock_print_lines) = {
    .id = "lock-print-lines",
    .family = FAMILY_LOCKS,
    .number = 36,
    .title = {"Whole lines on the terminal", "多进程打印不串行"},
    .summary =
        {"Several workers each print a line. An unbuffered print writes the text and the "
         "newline separately, so another worker's write can come between them. A lock around "
         "the print keeps the lines whole; their order stays free.",
         "几个工作进程各打印一行。不带缓冲的 print "
         "会把文字和换行分两次写出，别人的输出可能插进两次之间。"
         "在打印外面加锁可以保证每行完整，但行与行的先后仍不确定。"},
    .lesson = {"A line is only atomic if it is one write or under one lock.",
               "一行要么一次写完，要么在锁内写完。"},
    .python = "from multiprocessing import Lock, Process\n"
              "\n"
              "def f(lock, i):\n"
              "    lock.acquire()             # without it lines get glued together\n"
              "    try:\n"
              "        print('hello world', i, flush=True)\n"
              "    finally:\n"
              "        lock.release()\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    lock = Lock()\n"
              "    for i in range(10):\n"
              "        Process(target=f, args=(lock, i)).start()\n",
    .concepts = CONCEPTS(106, 123, 124),
    .chart = CHART_NONE,
    .params = PARAMS(
        INTEGER("workers", 2, WORKERS_MAX, "10", "Workers", "工作进程数", "Each prints one line.",
                "每个打印一行。"),
        BOOLEAN("lock", "false", "Lock around the print", "打印时加锁",
                "One lock for all of them, made before they start.",
                "所有进程共用一把锁，在启动之前创建。"),
        INTEGER("writes_per_line", 1, WRITES_MAX, "2", "Writes per line", "每行写几次",
                "2 is an unbuffered print: text, then newline. With 1 the lines stay whole without "
                "any lock.",
                "2 次相当于不带缓冲的 print：先写文字，再写换行。只写 1 次时，不加锁也不会断行。"),
        INTEGER(
            "gap_us", 0, 1000, "0", "Pause between the writes (µs)", "两次写之间的停顿（微秒）",
            "Makes broken lines likely: without it one run in seven has one, with 10 nearly every "
            "line is broken.",
            "停顿越长越容易断行：不停顿时大约七次运行有一次断行，取 10 时几乎每行都断。"),
        CHOICE("unit", "process", "Unit", "执行单元",
               "Processes or threads; both share the terminal.", "进程或线程，它们共用同一个终端。",
               {"process", {"processes", "进程"}}, {"thread", {"threads", "线程"}})),
    .outcomes =
        OUTCOMES(OUTCOME("whole", "whole=*", NULL, CLASS_ACCEPTABLE, "Every line came out whole.",
                         "每一行都完整。"),
                 OUTCOME("broken", "whole=*", "lock=false&writes_per_line!=1", CLASS_INTERESTING,
                         "Lines were broken: somebody wrote between a text and its newline.",
                         "有的行断开了：文字和换行之间插进了别人的输出。")),
    .checks = CHECKS(CHECK("every-write-arrived", "Every write stands in the output, once",
                           "每次写都恰好在输出中出现一次"),
                     CHECK("lock-keeps-lines-whole", "Under the lock no line is broken",
                           "有锁时没有断行")),
    .columns = COLUMNS(COLUMN("worker", "Worker", "进程", NULL),
                       COLUMN("first", "First write is number", "第一次写的序号", NULL),
                       COLUMN("last", "Last write is number", "最后一次写的序号", NULL),
                       COLUMN("whole", "Whole", "完整", NULL)),
    .run = run,
};

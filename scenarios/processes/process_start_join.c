#include "scenarios/scenario.h"

#include <inttypes.h>
#include <stdatomic.h>

#define CHILDREN_MAX 16

/* What the children tell of themselves, in memory they share with the parent. */
struct shared {
    int64_t n, repeat, work_us, jitter_us;
    bool subclass;
    atomic_int first_lines, order[CHILDREN_MAX]; /* ids in the order of their first lines */
    atomic_int moments;                          /* counts what happened, to compare when */
    atomic_int lines[CHILDREN_MAX], ended[CHILDREN_MAX];
};

struct child {
    struct shared *shared;
    int64_t id; /* from 1 */
};

/* def f(id): …, or the run() of a subclass. */
static void child_body(void *argument)
{
    struct child *self = argument;
    struct shared *s = self->shared;
    int64_t i = self->id - 1;
    if (s->jitter_us > 0)
        sleep_us((int64_t)(drawn(3, (uint64_t)i) * (double)s->jitter_us));
    for (int64_t line = 0; line < s->repeat; line++) {
        if (s->subclass)
            print("name: %s pid: %d", task_name(task_self()), process_id());
        else
            print("id %" PRId64, self->id);
        if (line == 0)
            s->order[s->first_lines++] = (int)self->id;
        s->lines[i]++;
        work_us(s->work_us / s->repeat);
    }
    s->ended[i] = ++s->moments;
}

/* Joins all of them; returns how many ended with another code than 0. */
static int64_t join_all(struct task **tasks, int64_t n)
{
    bool reverse = is("join_order", "reverse");
    int64_t failures = 0;
    for (int64_t i = 0; i < n; i++)
        failures += task_join(tasks[reverse ? n - 1 - i : i]) != 0;
    return failures;
}

static void judge(const struct shared *s, int64_t failures, int end)
{
    struct words order = {0};
    int64_t whole = 0, after_end = 0;
    bool in_order = true;
    for (int64_t i = 0; i < s->n; i++) {
        whole += s->lines[i] == s->repeat;
        after_end += s->ended[i] == 0 || s->ended[i] > end;
        in_order &= s->order[i] == i + 1;
        words_add(&order, "%d", s->order[i]);
    }
    check_number("every-line-printed", s->n, whole);
    check_number("exit-codes", 0, failures);
    check_number("end-after-all-exits", 0, after_end);
    outcome(in_order ? "in-order" : "out-of-order", "order=%s", words_text(&order));
}

static void run(void)
{
    struct shared *s = shared_new(sizeof *s);
    struct child children[CHILDREN_MAX];
    struct task *tasks[CHILDREN_MAX];
    s->n = integer("n");
    s->repeat = integer("repeat");
    s->work_us = integer("work_ms") * 1000;
    s->jitter_us = integer("jitter_ms") * 1000;
    s->subclass = is("style", "subclass");
    for (int64_t i = 0; i < s->n; i++) {
        children[i] = (struct child){s, i + 1};
        tasks[i] = process_start(text("Process-%" PRId64, i + 1), child_body, &children[i]);
    }
    int64_t failures = join_all(tasks, s->n);
    int end = ++s->moments;
    print("End");
    judge(s, failures, end);
}

SCENARIO(process_start_join) = {
    .id = "process-start-join",
    .family = FAMILY_PROCESSES,
    .number = 1,
    .title = {"Start and join processes", "创建并等待子进程"},
    .summary =
        {"The main process starts children, each prints and works, and main joins them one after "
         "the other before it prints its last line. Which child prints first is not said by "
         "anybody; that “End” comes last is said by join().",
         "主进程启动若干子进程，每个子进程打印并工作一会儿；主进程逐个 join，最后打印一行。"
         "哪个子进程先打印，没有任何规定；而 End 一定在最后，这是 join() 保证的。"},
    .lesson = {"start() returns at once and join() waits, so only join() gives you an order.",
               "start() 立即返回，join() 才等待；只有 join() 能保证先后。"},
    .python = "from multiprocessing import Process\n"
              "import os\n"
              "\n"
              "def f(id):                       # style: function\n"
              "    print('id', id)\n"
              "\n"
              "class MyProcess(Process):        # style: subclass\n"
              "    def run(self):\n"
              "        for _ in range(10):      # lines per child\n"
              "            print('name:', self.name, 'pid:', os.getpid())\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    processes = [Process(target=f, args=(i,)) for i in (1, 2)]\n"
              "    for p in processes:\n"
              "        p.start()                # returns at once\n"
              "    for p in processes:\n"
              "        p.join()                 # waits\n"
              "    print('End')\n",
    .concepts = CONCEPTS(1, 2, 5, 10, 18, 19, 32, 152, 194),
    .chart = CHART_TREE,
    .params = PARAMS(
        INTEGER("n", 1, CHILDREN_MAX, "2", "Children", "子进程数",
                "How many processes main starts.", "主进程启动多少个子进程。"),
        CHOICE("style", "function", "Style", "写法",
               "Process(target=f), or a subclass of Process with a run() of its own.",
               "用 Process(target=f)，或者继承 Process 并重写 run()。",
               {"function", {"function", "函数"}}, {"subclass", {"subclass", "子类"}}),
        INTEGER("repeat", 1, 50, "1", "Lines per child", "每个子进程打印的行数",
                "How often each child prints, working in between. With several lines the "
                "children's lines mix.",
                "每个子进程打印几次，中间穿插工作。行数多时，各子进程的输出会交错。"),
        INTEGER("work_ms", 0, 1000, "20", "Work of each child (ms)", "每个子进程的工作量（毫秒）",
                "Processor time each child uses in all.", "每个子进程总共占用的处理器时间。"),
        INTEGER("jitter_ms", 0, 200, "0", "Start jitter (ms)", "启动抖动（毫秒）",
                "The longest delay before a child prints, drawn from the seed. Without it two "
                "children printed out of order in 1 of 200 runs (27 of 200 with no work); with "
                "50 ms every second seed is out of order, the default one among them.",
                "子进程打印前的最大延迟，由种子决定。不加延迟时，两个子进程 200 次运行里只乱序 1 "
                "次"
                "（工作量为 0 时 27 次）；加到 50 毫秒后，平均每两个种子就有一个乱序，"
                "默认种子就是其中之一。"),
        CHOICE("join_order", "start", "Joined in order of", "join 的顺序",
               "The order in which main waits. It changes nothing for the children: all of "
               "them run meanwhile.",
               "主进程等待的顺序。对子进程没有影响：等待期间它们都在运行。",
               {"start", {"start", "启动顺序"}}, {"reverse", {"reverse", "相反顺序"}})),
    .outcomes =
        OUTCOMES(OUTCOME("in-order", "order=*", NULL, CLASS_ACCEPTABLE,
                         "The children happened to print in the order they were started.",
                         "这一次，子进程恰好按启动顺序打印。"),
                 OUTCOME("out-of-order", "order=*", "n!=1", CLASS_INTERESTING,
                         "A child that was started later printed first: nothing orders them.",
                         "后启动的子进程先打印：它们之间没有任何先后保证。")),
    .checks = CHECKS(
        CHECK("every-line-printed", "Children that printed all of their lines",
              "打印了全部行的子进程数"),
        CHECK("exit-codes", "Children whose exit code is not 0", "退出码不为 0 的子进程数"),
        CHECK("end-after-all-exits", "Children that were not done yet when main printed “End”",
              "主进程打印 End 时还没有结束的子进程数")),
    .run = run,
};

#include "scenarios/scenario.h"

#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#define CHILDREN_MAX 8
#define LONG_US      60000000 /* longer than any run */

/* Known to the shell, the program and its children. */
struct story {
    int64_t n;
    struct task *child[CHILDREN_MAX];
    _Atomic int parent[CHILDREN_MAX]; /* getppid(), as each child last saw it */
    _Atomic int64_t interrupts;       /* KeyboardInterrupts in children */
    _Atomic bool waits;               /* main, interrupted, for children that never end */
    struct semaphore *begun;
};

struct child {
    struct story *story;
    int64_t i;
};

/* Works for ever and looks now and then whose child it is. */
static void worker(void *argument)
{
    struct child *self = argument;
    if (boolean("pdeathsig"))
        signal_on_parent_death(SIGKILL);
    self->story->parent[self->i] = getppid();
    semaphore_release(self->story->begun);
    for (;;) {
        sleep_us(5000);
        self->story->parent[self->i] = getppid();
        if (interrupted()) { /* except KeyboardInterrupt: … finally: … */
            self->story->interrupts++;
            print("worker %" PRId64 ": KeyboardInterrupt", self->i);
            print("worker %" PRId64 ": exit", self->i);
            if (!is("shape", "pool-finally-join")) /* whose workers go on with the next task */
                task_exit(-SIGINT);
        }
    }
}

static void start_children(struct story *s)
{
    static struct child children[CHILDREN_MAX];
    for (int64_t i = 0; i < s->n; i++) {
        children[i] = (struct child){s, i};
        s->child[i] = task_new(TASK_PROCESS, text("child %" PRId64, i), worker, &children[i]);
        task_set_daemon(s->child[i], !is("shape", "plain"));
        task_begin(s->child[i]);
    }
}

/* A KeyboardInterrupt ends it. */
static void join_children(struct story *s)
{
    for (int64_t i = 0; i < s->n; i++)
        if (task_join(s->child[i]) == TASK_NO_CODE)
            return;
}

static struct story *of_handler;

/* signal.signal(SIGINT, lambda s, f: (pool.terminate(), pool.join(), sys.exit(0))) */
static void clean_up(int signo)
{
    (void)signo;
    for (int64_t i = 0; i < of_handler->n; i++)
        task_terminate(of_handler->child[i]);
    print("terminated");
    join_children(of_handler);
    print("joined");
    task_exit(0);
}

/* The program in question. Its end is a Python program's: daemons terminated, others joined. */
static void main_program(void *argument)
{
    struct story *s = of_handler = argument;
    signal_lead_group();
    signal_handle(SIGINT, keyboard_interrupt);
    start_children(s);
    if (is("shape", "pool-handler"))
        signal_handle(SIGINT, clean_up);
    sleep_us(LONG_US); /* its own work, or pool.map() */
    if (interrupted()) {
        print("main: KeyboardInterrupt");
        s->waits = is("shape", "plain") || is("shape", "pool-finally-join");
        if (is("shape", "pool-finally-join")) { /* finally: pool.close(); pool.join() */
            print("main: finally, joins the pool");
            join_children(s);
        }
        task_exit(-SIGINT);
    }
}

static bool to_group(void)
{
    return is("target", "group");
}

/* Nothing more will come of the signals sent so far: main is gone, or waits for ever. */
static bool settled(struct story *s, struct task *program, int signals)
{
    if (task_alive(program))
        return s->waits && signals == 1 &&
               (!to_group() || (is("shape", "pool-finally-join") && s->interrupts == s->n));
    for (int64_t i = 0; i < s->n; i++)
        if (task_alive(s->child[i]) && (boolean("pdeathsig") || s->parent[i] == task_pid(program)))
            return false;
    return true;
}

static void send(struct story *s, struct task *program)
{
    int signo = is("signal", "sigterm") ? SIGTERM : is("signal", "sigkill") ? SIGKILL : SIGINT;
    int times = is("signal", "sigint-twice") ? 2 : 1;
    for (int i = 1; i <= times; i++) {
        print("shell: %s to %s",
              signo == SIGINT    ? "SIGINT"
              : signo == SIGTERM ? "SIGTERM"
                                 : "SIGKILL",
              to_group() ? "the group (Ctrl+C)" : "main");
        if (to_group())
            signal_group(program, signo);
        else
            task_signal(program, signo);
        while (!settled(s, program, i))
            sleep_us(2000);
        sleep_us(50000);
    }
}

static void judge(struct story *s, struct task *program)
{
    int64_t left = 0, orphans = 0;
    bool alive = task_alive(program);
    int code = 0, pid = task_pid(program);
    task_exit_code(program, &code);
    row("main\t%d\t\t%s", pid, alive ? "alive" : text("exit code %d", code));
    for (int64_t i = 0; i < s->n; i++) {
        bool here = task_alive(s->child[i]), orphan = here && s->parent[i] != pid;
        left += here;
        orphans += orphan;
        row("child %" PRId64 "\t%d\t%d\t%s", i, task_pid(s->child[i]), s->parent[i],
            orphan ? "orphan"
            : here ? "alive"
                   : "gone");
    }
    print("main %s, %" PRId64 " of %" PRId64 " children left, %" PRId64 " orphans",
          alive ? "alive" : text("gone with %d", code), left, s->n, orphans);
    check("orphans-have-no-main", orphans == 0 || !alive, "orphans only without main",
          text("%" PRId64 " orphans", orphans));
    if (boolean("pdeathsig"))
        check_number("pdeathsig-leaves-none", 0, orphans);
    if (!to_group())
        check_number("signal-is-for-one", 0, s->interrupts);
    else if (is("signal", "sigint") && is("shape", "plain"))
        check_number("group-reaches-children", s->n, s->interrupts);
    if (is("shape", "pool-handler") && is("signal", "sigint")) {
        check_number("handler-leaves-none", 0, left);
        check_number("handler-exits-0", 0, alive ? -1 : code);
    }
    metric("orphans", orphans);
    outcome(orphans > 0                        ? "orphans"
            : left == 0                        ? "nobody-left"
            : is("shape", "pool-finally-join") ? "main-hangs"
                                               : "main-waits",
            "main=%s left=%" PRId64 " orphans=%" PRId64, alive ? "alive" : text("%d", code), left,
            orphans);
}

/* What a terminal's shell does, and then sweeps up. */
static void run(void)
{
    struct story *s = shared_new(sizeof *s);
    s->n = integer("children");
    s->begun = semaphore_new("begun", 0);
    struct task *program = process_start("main program", main_program, s);
    for (int64_t i = 0; i < s->n; i++)
        semaphore_acquire(s->begun);
    sleep_us(20000);
    send(s, program);
    judge(s, program);
    task_kill(program);
    task_join(program);
    for (int64_t i = 0; i < s->n; i++) {
        task_kill(s->child[i]);
        task_watch(s->child[i], FOREVER);
    }
}

SCENARIO(orphan_on_signal) = {
    .id = "orphan-on-signal",
    .family = FAMILY_PROCESSES,
    .number = 7,
    .title = {"Ctrl+C, SIGTERM, SIGKILL: who survives?", "中断主进程后谁还活着（孤儿进程）"},
    .summary =
        {"A program has child processes that work for ever. Somebody sends it a signal: to the "
         "main "
         "process alone, or to the whole group as Ctrl+C does. Who is still there afterwards, and "
         "whose child is it? The task “main” of this run is the shell that sends and looks; in the "
         "end it kills whoever is left.",
         "一个程序有若干一直工作的子进程。有人向它发信号：只发给主进程，或者像 Ctrl+C "
         "那样发给整个进程组。之后谁还活着，又是谁的子进程？本次运行里的 main "
         "是发信号并查看结果的 shell，最后由它清理剩下的进程。"},
    .lesson = {"Cleaning up needs a handler (or the kernel's help); no handler helps against "
               "SIGKILL.",
               "清理子进程要靠信号处理或内核机制；SIGKILL 无法被处理。"},
    .python = "import signal, sys, time\n"
              "from multiprocessing import Pool\n"
              "\n"
              "def worker(i):\n"
              "    try:\n"
              "        while True: time.sleep(0.005)\n"
              "    except KeyboardInterrupt: print('worker', i, 'KeyboardInterrupt')\n"
              "    finally: print('worker', i, 'exit')\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    pool = Pool(2)\n"
              "    def clean_up(signo, frame):    # pool-handler\n"
              "        pool.terminate(); pool.join()\n"
              "        sys.exit(0)\n"
              "    signal.signal(signal.SIGINT, clean_up)\n"
              "    pool.map(worker, range(2))\n",
    .concepts = CONCEPTS(26, 27, 28, 29, 30, 31),
    .chart = CHART_TREE,
    .params = PARAMS(
        CHOICE("shape", "plain", "How main treats its children", "主进程怎样对待子进程",
               "At its end a Python program terminates daemons and joins the others. A pool's "
               "workers are daemons.",
               "Python 程序退出时会终止守护进程、等待其他子进程。进程池的工作进程都是守护进程。",
               {"plain", {"plain processes", "普通进程"}}, {"daemon", {"daemons", "守护进程"}},
               {"pool", {"a pool", "进程池"}},
               {"pool-finally-join", {"a pool, finally: join()", "进程池，finally: join()"}},
               {"pool-handler", {"a pool and a SIGINT handler", "进程池 + SIGINT 处理函数"}}),
        CHOICE("signal", "sigint", "Signal", "信号",
               "SIGINT can be handled and raises KeyboardInterrupt; SIGTERM ends a Python program "
               "that says nothing about it; SIGKILL cannot be handled.",
               "SIGINT 可以处理，默认抛出 KeyboardInterrupt；SIGTERM 若未处理会直接结束 Python "
               "程序；SIGKILL 无法处理。",
               {"sigint", {"SIGINT", "SIGINT"}}, {"sigint-twice", {"SIGINT, twice", "SIGINT 两次"}},
               {"sigterm", {"SIGTERM", "SIGTERM"}}, {"sigkill", {"SIGKILL", "SIGKILL"}}),
        CHOICE("target", "main-only", "Sent to", "发给谁",
               "kill sends to one process, Ctrl+C in a terminal to the whole group.",
               "kill 只发给一个进程，终端里的 Ctrl+C 发给整个进程组。",
               {"main-only", {"the main process", "主进程"}},
               {"group", {"the group", "整个进程组"}}),
        INTEGER("children", 1, CHILDREN_MAX, "2", "Children", "子进程数", "Processes at work.",
                "正在工作的进程数。"),
        BOOLEAN(
            "pdeathsig", "false", "Die with the parent (Linux)", "父死子死（Linux）",
            "Each child asks the kernel for a SIGKILL when its parent is gone. Then there are "
            "no orphans, whatever the signal.",
            "每个子进程请求内核在父进程消失时给自己发 SIGKILL。这样无论什么信号都不会有孤儿。")),
    .outcomes =
        OUTCOMES(OUTCOME("nobody-left", "main=* left=0 orphans=0", NULL, CLASS_ACCEPTABLE,
                         "Nobody is left.", "没有进程剩下。"),
                 OUTCOME("main-waits", "main=* left=* orphans=0", "shape=plain", CLASS_INTERESTING,
                         "Main was interrupted, and at its exit it waits for its children.",
                         "主进程被中断，却在退出时等待子进程。"),
                 OUTCOME("main-hangs", "main=* left=* orphans=0", "shape=pool-finally-join",
                         CLASS_INTERESTING, "The finally clause joins workers that never end.",
                         "finally 里 join 的工作进程永远不会结束。"),
                 OUTCOME("orphans", "main=* left=* orphans=*", "pdeathsig=false", CLASS_INTERESTING,
                         "Main is gone; its children work on, now as children of process 1.",
                         "主进程没了，子进程还在干活，成了 1 号进程的子进程。")),
    .checks = CHECKS(CHECK("orphans-have-no-main", "While main lives its children are no orphans",
                           "主进程还在，子进程就不是孤儿"),
                     CHECK("signal-is-for-one", "Children interrupted by a signal to main",
                           "发给主进程的信号打断了几个子进程"),
                     CHECK("group-reaches-children", "Children interrupted by Ctrl+C",
                           "被 Ctrl+C 打断的子进程数"),
                     CHECK("pdeathsig-leaves-none", "Orphans in spite of PR_SET_PDEATHSIG",
                           "设置了 PR_SET_PDEATHSIG 后的孤儿"),
                     CHECK("handler-leaves-none", "Children left by the handler",
                           "处理函数遗留的子进程"),
                     CHECK("handler-exits-0", "Main's exit code after the handler",
                           "处理函数之后主进程的退出码")),
    .columns = COLUMNS(COLUMN("process", "Process", "进程", NULL),
                       COLUMN("pid", "pid", "pid", NULL),
                       COLUMN("ppid", "Parent's pid", "父进程 pid", NULL),
                       COLUMN("state", "Afterwards", "之后的状态", NULL)),
    .free_only = ASKS_THE_KERNEL("signals, and what becomes of processes whose parent has died",
                                 "信号，以及父进程死后子进程的去向"),
    .run = run,
};

#include "scenarios/scenario.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HELLO_BYTES 8

/* What parent and child tell of their memory; shared, for the table. */
struct story {
    int64_t child_global, child_imports, started_ns;
    bool child_has_descriptor, child_lock_held;
    int descriptor; /* of a pipe the parent has opened */
    struct queue *queue;
    struct event *held, *started;
};

/* The globals of the module. A forked child has them as they are, a spawned one as they begin. */
static int64_t global, imports;
static struct lock *module_lock;
static const char *start_method;

/* The top level of the module: runs in the main process, and again in every spawned one. */
static void module(void)
{
    global = 1;
    imports++;
    module_lock = lock_new_private("module.lock");
}

/* multiprocessing.set_start_method(): once. */
static bool set_start_method(const char *method)
{
    if (start_method)
        return false;
    start_method = method;
    return true;
}

/* def child(q): */
static void child(void *argument)
{
    struct story *s = argument;
    s->started_ns = now_ns() - s->started_ns;
    s->child_global = global;
    s->child_imports = imports;
    s->child_has_descriptor = fcntl(s->descriptor, F_GETFD) >= 0;
    s->child_lock_held = lock_locked(module_lock);
    print("child: global = %" PRId64 ", module ran %s, lock %s", global,
          is_main_module() ? "in the parent" : "again, here", s->child_lock_held ? "held" : "free");
    queue_put(s->queue, "hello\0\0", 0);
    lock_acquire(module_lock); /* nobody in this process will release a lock copied as held */
    lock_release(module_lock);
    print("child: had the lock");
}

/* Holds the lock over the moment of the start. A forked child gets a copy of it, and no helper. */
static void helper(void *argument)
{
    struct story *s = argument;
    lock_acquire(module_lock);
    event_set(s->held);
    event_wait(s->started);
    lock_release(module_lock);
}

/* What the parent has done to its memory and its descriptors before it starts the child. */
static char *prepare(struct story *s)
{
    size_t bytes = ((size_t)integer("ballast_mib") << 20) + 1;
    char *ballast = malloc(bytes);
    int ends[2];
    if (ballast)
        memset(ballast, 1, bytes);
    s->descriptor = pipe(ends) == 0 ? ends[0] : -1;
    if (boolean("mutate_before_start"))
        global = 2;
    return ballast;
}

static void choose_method(void)
{
    set_start_method(is("method", "fork") ? "fork" : "another");
    if (!boolean("set_method_twice"))
        return;
    bool refused = !set_start_method("fork");
    check("second-set-refused", refused, "RuntimeError", refused ? "RuntimeError" : "None");
    print("RuntimeError: context has already been set");
}

static void show(const struct story *s)
{
    row("parent\t%" PRId64 "\t%" PRId64 "\topen\t%s\t", global, imports,
        boolean("helper_thread_holds_lock") ? "held" : "free");
    row("child\t%" PRId64 "\t%" PRId64 "\t%s\t%s\t%" PRId64, s->child_global, s->child_imports,
        s->child_has_descriptor ? "open" : "closed", s->child_lock_held ? "held" : "free",
        s->started_ns);
    print("parent: global = %" PRId64 ", start took %.2f ms", global, (double)s->started_ns / 1e6);
}

static void judge(const struct story *s)
{
    bool fork = is("method", "fork");
    check_number("child-global", fork ? global : 1, s->child_global);
    check_text("child-descriptor", fork ? "open" : "closed",
               s->child_has_descriptor ? "open" : "closed");
    if (!fork)
        check_text("child-lock-is-free", "free", s->child_lock_held ? "held" : "free");
    metric("child_start_ns", s->started_ns);
    outcome(s->child_global == global && boolean("mutate_before_start") ? "inherited"
                                                                        : "from-scratch",
            "child sees %" PRId64 ", parent has %" PRId64, s->child_global, global);
}

static void run(void)
{
    struct start_server *server = is("method", "fork") ? NULL : start_server_new(module);
    struct story *s = shared_new(sizeof *s);
    char said[HELLO_BYTES];
    s->queue = queue_new("q", 0, sizeof said);
    s->held = event_new("held");
    s->started = event_new("started");
    module();
    choose_method();
    char *ballast = prepare(s);
    if (boolean("helper_thread_holds_lock")) {
        thread_start("helper", helper, s);
        event_wait(s->held);
    }
    struct task *process = server ? task_new_from(server, "Process-1", child, s)
                                  : task_new(TASK_PROCESS, "Process-1", child, s);
    s->started_ns = now_ns();
    task_begin(process);
    event_set(s->started);
    queue_get(s->queue, said);
    print("parent: got %s", said);
    show(s);
    task_join(process);
    judge(s);
    free(ballast);
}

SCENARIO(fork_vs_spawn) = {
    .id = "fork-vs-spawn",
    .family = FAMILY_PROCESSES,
    .number = 3,
    .title = {"fork or spawn: what does the child inherit?", "fork 与 spawn：子进程继承了什么"},
    .summary =
        {"A module sets a global to 1 when it is imported; the parent may set it to 2 before it "
         "starts a child. A forked child is a copy of that moment, a spawned one imports the "
         "module again. The copy has the locks as they stand, too, and not the threads that hold "
         "them.",
         "模块导入时把全局变量设为 1，父进程在启动子进程之前可能把它改成 2。fork "
         "出的子进程是那一刻的副本，spawn "
         "出的子进程会重新导入模块。副本里的锁也停留在那一刻，而持有锁的线程却没有被复制。"},
    .lesson = {"fork copies the whole moment (locks included), spawn starts clean and pays for it.",
               "fork 复制当前一切（包括锁），spawn 从头开始，代价更高。"},
    .python = "import multiprocessing as mp\n"
              "import threading\n"
              "\n"
              "value = 1                          # the module's top level\n"
              "lock = threading.Lock()\n"
              "\n"
              "def child(q):\n"
              "    print('child sees', value, 'and a lock that is locked:', lock.locked())\n"
              "    q.put('hello')\n"
              "    with lock:                     # fork while a thread holds it: for ever\n"
              "        print('child: had the lock')\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    mp.set_start_method('fork')    # or 'spawn', 'forkserver'\n"
              "    value = 2\n"
              "    q = mp.Queue()\n"
              "    p = mp.Process(target=child, args=(q,))\n"
              "    p.start()                      # fork: 2, spawn: 1\n"
              "    print(q.get())\n"
              "    p.join()\n"
              "    # mp.set_start_method('fork')  # RuntimeError: context has already been set\n",
    .concepts = CONCEPTS(14, 15, 16, 17, 91),
    .chart = CHART_TREE,
    .params = PARAMS(
        CHOICE("method", "fork", "Start method", "启动方式",
               "spawn and forkserver fork from a process that was set aside before anything "
               "happened, since a sandboxed program may not start another; a real spawn starts an "
               "interpreter and costs far more.",
               "spawn 与 forkserver "
               "从一个事先留出的干净进程里派生，因为沙箱里的程序不能再启动别的程序；"
               "真正的 spawn 要启动解释器，代价大得多。",
               {"fork", {"fork", "fork"}}, {"spawn", {"spawn", "spawn"}},
               {"forkserver", {"forkserver", "forkserver"}}),
        BOOLEAN("mutate_before_start", "true", "Change the global first", "先修改全局变量",
                "The parent sets it to 2 before the start.", "父进程在启动之前把它改为 2。"),
        INTEGER("ballast_mib", 0, 64, "0", "Memory the parent has touched (MiB)",
                "父进程用过的内存（MiB）",
                "A fork copies the page tables of all of it: the start takes longer. At most 64, "
                "because a run has 256 MiB and what the child shares counts twice.",
                "fork 要复制全部页表，所以启动变慢。最多 64：一次运行只有 256 "
                "MiB，父子共享的部分要算两遍。"),
        BOOLEAN("helper_thread_holds_lock", "false", "A thread holds a lock meanwhile",
                "启动时另一线程持有锁",
                "With fork the child's copy of the lock is held for ever, by nobody: it never "
                "ends, in every run.",
                "用 fork 时，子进程得到一把永远被持有、却没有主人的锁：每次运行都不会结束。"),
        BOOLEAN("set_method_twice", "false", "Call set_start_method twice",
                "调用两次 set_start_method", "The second call raises RuntimeError.",
                "第二次调用会抛出 RuntimeError。")),
    .outcomes = OUTCOMES(
        OUTCOME("inherited", "child sees 2*", "method=fork&mutate_before_start=true",
                CLASS_ACCEPTABLE, "The child is a copy of the parent at that moment.",
                "子进程是父进程那一刻的副本。"),
        OUTCOME("from-scratch", "child sees 1*", NULL, CLASS_ACCEPTABLE,
                "The child sees what the module's top level says.",
                "子进程看到的是模块顶层所写的值。"),
        DEADLOCK("copied-lock", "helper_thread_holds_lock=true&method=fork",
                 "The child has a copy of a held lock, and the thread that would release it was "
                 "not copied.",
                 "子进程复制到一把被持有的锁，而会释放它的线程没有被复制过来。")),
    .checks = CHECKS(CHECK("child-global", "The global in the child", "子进程里的全局变量"),
                     CHECK("child-descriptor", "The parent's descriptor in the child",
                           "父进程的描述符在子进程里"),
                     CHECK("child-lock-is-free", "The lock of a pristine process is free",
                           "全新进程里的锁是空闲的"),
                     CHECK("second-set-refused", "The second set_start_method() raises",
                           "第二次 set_start_method() 抛出异常")),
    .columns = COLUMNS(COLUMN("who", "Who", "谁", NULL),
                       COLUMN("global", "Global", "全局变量", NULL),
                       COLUMN("imports", "Top level ran", "模块顶层执行次数", NULL),
                       COLUMN("descriptor", "Pipe's descriptor", "管道描述符", NULL),
                       COLUMN("lock", "Lock", "锁", NULL),
                       COLUMN("start", "Start took", "启动耗时", "ns")),
    .free_only = ASKS_THE_KERNEL("processes that are copied, and processes that start from scratch",
                                 "复制出来的进程与从头启动的进程"),
    .run = run,
};

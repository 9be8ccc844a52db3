#include "scenarios/scenario.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What parent and child tell of their memory; shared, for the table. */
struct story {
    int64_t child_global, child_imports, started_ns;
    bool child_has_lock;
    struct event *held;
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

static void child(void *argument)
{
    struct story *s = argument;
    s->started_ns = now_ns() - s->started_ns;
    s->child_global = global;
    s->child_imports = imports;
    print("child: global = %" PRId64 ", module ran %s", global,
          is("method", "fork") ? "in the parent" : "again, here");
    if (boolean("helper_thread_holds_lock")) {
        print("child: takes the module's lock");
        lock_acquire(module_lock);
        lock_release(module_lock);
        s->child_has_lock = true;
        print("child: had it");
    }
}

/* Holds the lock over the moment of the fork. Only the calling thread is there in the child. */
static void helper(void *argument)
{
    struct story *s = argument;
    lock_acquire(module_lock);
    event_set(s->held);
    sleep_us(30000);
    lock_release(module_lock);
}

static char *touch(int64_t mib)
{
    size_t bytes = (size_t)mib << 20;
    char *ballast = malloc(bytes + 1);
    if (ballast)
        memset(ballast, 1, bytes + 1);
    return ballast;
}

static void judge(const struct story *s)
{
    bool fork = is("method", "fork");
    row("parent\t%" PRId64 "\t%" PRId64 "\t", global, imports);
    row("child\t%" PRId64 "\t%" PRId64 "\t%" PRId64, s->child_global, s->child_imports,
        s->started_ns);
    print("parent: global = %" PRId64, global);
    print("start took %.2f ms", (double)s->started_ns / 1e6);
    check_number("child-global", fork ? global : 1, s->child_global);
    if (boolean("helper_thread_holds_lock"))
        check("child-lock-is-free", s->child_has_lock, "True",
              s->child_has_lock ? "True" : "False");
    metric("child_start_ns", s->started_ns);
    outcome(s->child_global == global && boolean("mutate_before_start") ? "inherited"
                                                                        : "from-scratch",
            "child sees %" PRId64 ", parent has %" PRId64, s->child_global, global);
}

static void run(void)
{
    bool fork = is("method", "fork");
    struct start_server *server = fork ? NULL : start_server_new(module);
    struct story *s = shared_new(sizeof *s);
    struct task *holder = NULL;
    module();
    set_start_method(fork ? "fork" : is("method", "spawn") ? "spawn" : "forkserver");
    if (boolean("set_method_twice")) {
        bool refused = !set_start_method("fork");
        check("second-set-refused", refused, "RuntimeError", refused ? "RuntimeError" : "None");
        print("RuntimeError: context has already been set");
    }
    char *ballast = touch(integer("ballast_mib"));
    if (boolean("mutate_before_start"))
        global = 2;
    if (boolean("helper_thread_holds_lock")) {
        s->held = event_new("held");
        holder = thread_start("helper", helper, s);
        event_wait(s->held);
    }
    struct task *process = fork ? task_new(TASK_PROCESS, "Process-1", child, s)
                                : task_new_from(server, "Process-1", child, s);
    s->started_ns = now_ns();
    task_begin(process);
    task_join(process);
    if (holder)
        task_join(holder);
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
              "\n"
              "value = 1                          # the module's top level\n"
              "\n"
              "def child():\n"
              "    print('child sees', value)\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    mp.set_start_method('fork')    # or 'spawn', 'forkserver'\n"
              "    value = 2\n"
              "    p = mp.Process(target=child)\n"
              "    p.start(); p.join()            # fork: 2, spawn: 1\n"
              "    mp.set_start_method('fork')    # RuntimeError: context has already been set\n",
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
        INTEGER("ballast_mib", 0, 128, "0", "Memory the parent has touched (MiB)",
                "父进程用过的内存（MiB）",
                "A fork copies the page tables of all of it: the start takes longer. The sandbox "
                "allows 128.",
                "fork 要复制全部页表，所以启动变慢。沙箱里最多 128。"),
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
        NEVER_ENDS("copied-lock", "helper_thread_holds_lock=true&method=fork",
                   "The child has a copy of a held lock, and the thread that would release it was "
                   "not copied.",
                   "子进程复制到一把被持有的锁，而会释放它的线程没有被复制过来。")),
    .checks = CHECKS(CHECK("child-global", "The global in the child", "子进程里的全局变量"),
                     CHECK("child-lock-is-free", "The lock of a pristine process is free",
                           "全新进程里的锁是空闲的"),
                     CHECK("second-set-refused", "The second set_start_method() raises",
                           "第二次 set_start_method() 抛出异常")),
    .columns = COLUMNS(COLUMN("who", "Who", "谁", NULL),
                       COLUMN("global", "Global", "全局变量", NULL),
                       COLUMN("imports", "Top level ran", "模块顶层执行次数", NULL),
                       COLUMN("start", "Start took", "启动耗时", "ns")),
    .run = run,
};

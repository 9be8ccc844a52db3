#include "scenarios/scenario.h"

#include <errno.h>
#include <stdatomic.h>

/* The last lines of the two, and what became of the flag; shared by all processes. */
struct story {
    enum task_kind kind;
    struct task *child;             /* NULL while there is none */
    struct event *tried;            /* to start it */
    struct cell *moments;           /* last lines that were reached */
    atomic_int child_end, main_end; /* 0: never came to its last line */
    atomic_bool daemon;
    atomic_int refused; /* errno of what raised, or 0 */
};

static void child_body(void *argument)
{
    struct story *story = argument;
    print("child: begins");
    sleep_us(integer("child_ms") * 1000);
    story->child_end = (int)cell_add(story->moments, 1);
    print("child: ends");
}

static void begin(struct story *story, struct task *child)
{
    int r = task_begin(child);
    story->daemon = task_daemon(child);
    if (r == 0)
        story->child = child;
    else
        story->refused = -r;
    event_set(story->tried);
    if (r < 0)
        print("AssertionError: daemonic processes are not allowed to have children");
}

/* p.daemon = True after p.start(). */
static void set_daemon_too_late(struct story *story)
{
    if (task_set_daemon(story->child, true) == 0)
        return;
    story->refused = EBUSY;
    print(story->kind == TASK_THREAD ? "RuntimeError: cannot set daemon status of active thread"
                                     : "AssertionError: process has already started");
}

/* A daemon that starts the child and says nothing of daemon. */
static void outer_body(void *argument)
{
    struct story *story = argument;
    begin(story, task_new(story->kind, "child", child_body, story));
    sleep_us(integer("child_ms") * 2000);
}

static void start_through_daemon(struct story *story)
{
    struct task *outer = task_new(story->kind, "outer daemon", outer_body, story);
    task_set_daemon(outer, true);
    task_begin(outer);
    event_wait(story->tried);
}

static void start_child(struct story *story)
{
    bool daemon = is("mode", "daemon");
    if (daemon && is("set_daemon", "inherit")) {
        start_through_daemon(story);
        return;
    }
    struct task *child = task_new(story->kind, "child", child_body, story);
    if (daemon && is("set_daemon", "before-start"))
        task_set_daemon(child, true);
    begin(story, child);
    if (daemon && is("set_daemon", "after-start"))
        set_daemon_too_late(story);
}

/* The program: a process of its own, so that its end can be watched. */
static void main_program(void *argument)
{
    struct story *story = argument;
    start_child(story);
    sleep_us(integer("main_ms") * 1000);
    if (is("mode", "join"))
        task_join(story->child);
    story->main_end = (int)cell_add(story->moments, 1);
    print("main: last line");
} /* the end of a Python program: daemons are cut, the others are waited for */

static void judge(struct story *story)
{
    bool ended = story->child_end != 0, alive = story->child && task_alive(story->child);
    check("nobody-left", !alive, "False", alive ? "True" : "False");
    if (story->child && !story->daemon)
        check("plain-child-ends", ended, "True", ended ? "True" : "False");
    if (is("mode", "join"))
        check("join-waits", ended && story->child_end < story->main_end, "child, then main",
              ended ? "child, then main" : "main");
    if (is("set_daemon", "inherit") && is("mode", "daemon") && story->child)
        check("daemon-is-inherited", story->daemon, "True", story->daemon ? "True" : "False");
    if (!story->child)
        outcome("refused", "no child");
    else if (!ended)
        outcome("child-cut", "main, child cut");
    else if (story->child_end < story->main_end)
        outcome("child-first", "child, main");
    else
        outcome("main-first", "main, child");
}

static void run(void)
{
    struct story *story = shared_new(sizeof *story);
    story->kind = is("kind", "thread") ? TASK_THREAD : TASK_PROCESS;
    story->tried = event_new("tried");
    story->moments = cell_new_atomic("last lines", 0);
    struct task *program = process_start("main program", main_program, story);
    int code = task_join(program);
    check_number("program-exit-code", 0, code);
    judge(story);
}

SCENARIO(daemon_vs_join) = {
    .id = "daemon-vs-join",
    .family = FAMILY_PROCESSES,
    .number = 5,
    .title = {"daemon, plain, join: who waits for whom", "守护、普通、join：谁等谁"},
    .summary =
        {"A main program starts one child and comes to its last line. The child is a daemon, or a "
         "plain one, or main joins it. The task “main” of this run is only the shell that watches "
         "the program end.",
         "主程序启动一个子任务，然后走到最后一行。子任务是守护的，或是普通的，或者被主程序 join。"
         "本次运行里的 main 只是旁观的 shell，看着主程序结束。"},
    .lesson = {"daemon means “dies with main”, join means “main waits”, and a plain child is "
               "waited for at the exit anyway.",
               "daemon 是主死子死，join 是主等子；普通子任务在主程序退出时也会被等待。"},
    .python = "from multiprocessing import Process      # or: from threading import Thread\n"
              "import time\n"
              "\n"
              "def child():\n"
              "    print('child: begins')\n"
              "    time.sleep(0.5)\n"
              "    print('child: ends')             # a daemon never comes here\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    p = Process(target=child)\n"
              "    p.daemon = True                  # before start(), else it raises\n"
              "    p.start()\n"
              "    # p.join()                       # mode: join\n"
              "    print('main: last line')\n",
    .concepts = CONCEPTS(3, 4, 151, 154),
    .chart = CHART_TREE,
    .params = PARAMS(
        CHOICE("mode", "daemon", "Mode", "关系",
               "daemon: dies with main. plain: main waits at its exit. join: main waits "
               "before its last line.",
               "daemon：主死子死。plain：主程序退出时等待。join：主程序在最后一行之前等待。",
               {"daemon", {"daemon", "守护"}}, {"plain", {"plain", "普通"}},
               {"join", {"join()", "join()"}}),
        CHOICE("kind", "process", "Process or thread", "进程还是线程",
               "What the child is. The rules are the same.", "子任务的种类，规则相同。",
               {"process", {"process", "进程"}}, {"thread", {"thread", "线程"}}),
        INTEGER("child_ms", 50, 5000, "500", "Run time of the child (ms)", "子任务运行时间（毫秒）",
                "How long the child sleeps before its last line.", "子任务在最后一行之前睡多久。"),
        INTEGER("main_ms", 0, 5000, "0", "Work of main after start() (ms)",
                "主程序在 start() 之后的时间（毫秒）",
                "If main takes longer than the child, a daemon comes to its last line, too.",
                "如果主程序比子任务更久，守护任务也能走到最后一行。"),
        CHOICE("set_daemon", "before-start", "When daemon is set", "何时设置 daemon",
               "Only in mode daemon. After start() it raises and the child stays plain. "
               "Inherited: a daemon starts the child; a daemon thread's thread is a "
               "daemon, a daemonic process may not have children at all.",
               "仅用于 daemon 模式。start() 之后再设会抛异常，子任务仍是普通的。"
               "继承：由一个守护任务来启动它；守护线程创建的线程也是守护线程，"
               "而守护进程根本不允许有子进程。",
               {"before-start", {"before start()", "start() 之前"}},
               {"after-start", {"after start()", "start() 之后"}},
               {"inherit", {"inherited from a daemon", "从守护任务继承"}})),
    .outcomes = OUTCOMES(
        OUTCOME("child-cut", "main, child cut", "mode=daemon", CLASS_INTERESTING,
                "Main ended and took the daemon with it, in the middle of its work.",
                "主程序结束，守护任务也随之中断，没有做完。"),
        OUTCOME("main-first", "main, child", "mode!=join", CLASS_ACCEPTABLE,
                "Main printed its last line, then waited for the child at its exit.",
                "主程序先打印最后一行，然后在退出时等待子任务。"),
        OUTCOME("child-first", "child, main", NULL, CLASS_ACCEPTABLE,
                "The child was done before main came to its last line.",
                "子任务先完成，主程序才走到最后一行。"),
        OUTCOME("refused", "no child", "mode=daemon&kind=process&set_daemon=inherit",
                CLASS_INTERESTING, "A daemonic process may not have children: start() raised.",
                "守护进程不允许有子进程：start() 抛出异常。")),
    .checks = CHECKS(
        CHECK("program-exit-code", "The program ends with code 0", "主程序的退出码为 0"),
        CHECK("nobody-left", "The child is still alive after the program",
              "主程序结束后子任务仍存活"),
        CHECK("plain-child-ends", "A child that is no daemon comes to its last line",
              "非守护的子任务能走到最后一行"),
        CHECK("join-waits", "With join() the child's line comes first", "join() 时子任务的行在前"),
        CHECK("daemon-is-inherited", "The thread of a daemon thread is a daemon",
              "守护线程创建的线程也是守护线程")),
    .run = run,
};

#include "scenarios/scenario.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>

/* What the child tells of itself; the rest is seen from outside. */
struct story {
    atomic_int pid, native_id;
    atomic_bool told;
    struct task *process;
    int sent; /* the signal main has sent it */
};

/* def work(): runs in the child. */
static void work(void *argument)
{
    struct story *story = argument;
    story->pid = process_id();
    story->native_id = thread_id();
    story->told = true;
    print("child: name %s, pid %d, thread MainThread %d", task_name(task_self()), process_id(),
          thread_id());
    sleep_us(integer("child_ms") * 1000);
    print("child: done");
}

/* How Python's repr() calls it. */
static const char *state_of(struct task *process, bool alive)
{
    int code;
    if (alive)
        return "started";
    return task_exit_code(process, &code) ? "stopped" : "initial";
}

/*
 * One line of the life: what p.pid, p.is_alive() and p.exitcode say after that call. Returns
 * whether it was alive.
 */
static bool sample(struct task *process, const char *after)
{
    int code;
    const char *pid = task_pid(process) ? text("%d", task_pid(process)) : "None";
    bool alive = task_alive(process);
    const char *exit_code = task_exit_code(process, &code) ? text("%d", code) : "None";
    print("%-18s pid %s, is_alive %s, exitcode %s", after, pid, alive ? "True" : "False",
          exit_code);
    row("%s\t%s\t%s\t%s\t%s", after, pid, alive ? "True" : "False", exit_code,
        state_of(process, alive));
    return alive;
}

static void start(struct story *story)
{
    task_begin(story->process);
    sample(story->process, "start()");
    if (!boolean("start_twice"))
        return;
    int r = task_begin(story->process);
    print("AssertionError: cannot start a process twice");
    check_number("second-start-refused", -EALREADY, r);
}

/* Returns whether join(timeout) came back with the child still running. */
static bool join_in_time(struct story *story)
{
    bool ended = task_join_for(story->process, integer("act_after_ms") * 1000);
    return sample(story->process, "join(timeout)") && !ended;
}

static void end_it(struct story *story, int signo)
{
    sleep_us(integer("act_after_ms") * 1000);
    story->sent = signo;
    task_signal(story->process, signo);
    sample(story->process, signo == SIGKILL ? "kill()" : "terminate()");
}

static void judge(const struct story *story, bool timed_out)
{
    int code = TASK_NO_CODE;
    bool known = task_exit_code(story->process, &code);
    bool consistent = story->told
                          ? story->pid == task_pid(story->process) && story->pid == story->native_id
                          : code < 0;
    check("same-pid-inside", consistent, text("%d", task_pid(story->process)),
          story->told ? text("%d", story->pid) : "it ended before it could say");
    check("exit-code-tells", known && (code == 0 || code == -story->sent),
          story->sent ? text("0 or %d", -story->sent) : "0", text("%d", code));
    check_number("dead-after-join", 0, task_alive(story->process));
    if (timed_out)
        outcome("still-alive", "exitcode=None, then %d", code);
    else
        outcome(code == -SIGKILL   ? "killed"
                : code == -SIGTERM ? "terminated"
                                   : "finished",
                "exitcode=%d", code);
}

static void run(void)
{
    struct story *story = shared_new(sizeof *story);
    bool timed_out = false;
    story->process = task_new(TASK_PROCESS, "Process-1", work, story);
    check_number("no-pid-before-start", 0, task_pid(story->process));
    sample(story->process, "Process()");
    start(story);
    if (is("action", "terminate"))
        end_it(story, SIGTERM);
    if (is("action", "kill"))
        end_it(story, SIGKILL);
    if (is("action", "join-timeout"))
        timed_out = join_in_time(story);
    task_join(story->process);
    sample(story->process, "join()");
    judge(story, timed_out);
}

SCENARIO(process_lifecycle) = {
    .id = "process-lifecycle",
    .family = FAMILY_PROCESSES,
    .number = 2,
    .title = {"Life of a process: name, pid, alive, exit code",
              "进程的一生：名字、pid、存活、退出码"},
    .summary =
        {"One child is made, started, and ends in one of four ways. After each call main asks it "
         "for its pid, whether it is alive, and for its exit code.",
         "创建一个子进程，启动它，再让它以四种方式之一结束。"
         "每次调用之后，主进程都查看它的 pid、是否存活、退出码。"},
    .lesson = {"A join() that timed out is no end: ask is_alive() and look at the exit code.",
               "join 超时不等于进程结束：要看 is_alive() 和退出码。"},
    .python = "from multiprocessing import Process, current_process\n"
              "import threading, time\n"
              "\n"
              "def work():\n"
              "    p = current_process()        # p.pid == p.ident == native_id\n"
              "    print('child:', p.name, p.pid, threading.current_thread().native_id)\n"
              "    time.sleep(1)\n"
              "\n"
              "def sample(p, after):\n"
              "    print(after, p.pid, p.is_alive(), p.exitcode)\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    p = Process(target=work, name='Process-1')\n"
              "    sample(p, 'Process()')       # None False None\n"
              "    p.start()\n"
              "    sample(p, 'start()')         # a pid, True, None\n"
              "    time.sleep(0.2)\n"
              "    p.terminate()                # or p.kill(), or p.join(0.2)\n"
              "    sample(p, 'terminate()')     # often still True: it has only been sent\n"
              "    p.join()\n"
              "    sample(p, 'join()')          # False -15\n",
    .concepts = CONCEPTS(9, 19, 20, 21, 22, 23),
    .chart = CHART_TREE,
    .params = PARAMS(
        CHOICE("action", "terminate", "How it ends", "怎样结束",
               "By itself, by SIGTERM, by SIGKILL; or main only waits for a while and looks.",
               "自然结束、SIGTERM、SIGKILL，或者主进程只等一会儿再看。",
               {"finish", {"finish by itself", "自然结束"}},
               {"terminate", {"terminate(): SIGTERM", "terminate()：SIGTERM"}},
               {"kill", {"kill(): SIGKILL", "kill()：SIGKILL"}},
               {"join-timeout", {"join(timeout)", "join(timeout)"}}),
        INTEGER("child_ms", 10, 5000, "1000", "Run time of the child (ms)",
                "子进程运行时间（毫秒）", "How long the child would run if nobody ended it.",
                "没有人打断时，子进程运行多久。"),
        INTEGER("act_after_ms", 0, 5000, "200", "When main acts (ms)", "主进程何时动手（毫秒）",
                "Until terminate() or kill(), or the time-out of join().",
                "多久之后调用 terminate() 或 kill()，或者 join() 的超时时间。"),
        BOOLEAN("start_twice", "false", "Start it twice", "启动两次",
                "Calls start() a second time, which raises.", "再调用一次 start()，会抛异常。")),
    .outcomes = OUTCOMES(
        OUTCOME("finished", "exitcode=0", NULL, CLASS_ACCEPTABLE,
                "The function returned before anybody ended the process.",
                "没有被打断，函数正常返回。"),
        OUTCOME("terminated", "exitcode=-15", "action=terminate", CLASS_ACCEPTABLE,
                "SIGTERM ended it: the exit code is minus the signal's number.",
                "被 SIGTERM 终止：退出码是信号编号的相反数。"),
        OUTCOME("killed", "exitcode=-9", "action=kill", CLASS_ACCEPTABLE,
                "SIGKILL ended it; no handler could have helped.",
                "被 SIGKILL 杀死，任何处理函数都拦不住。"),
        OUTCOME("still-alive", "exitcode=None, then 0", "action=join-timeout", CLASS_INTERESTING,
                "join(timeout) returned, the child ran on: there was no exit code yet.",
                "join(timeout) 返回了，子进程却还在运行：此时还没有退出码。")),
    .checks = CHECKS(CHECK("no-pid-before-start", "No pid before start()", "start() 之前没有 pid"),
                     CHECK("same-pid-inside",
                           "What the child calls its pid and its thread's id is p.pid",
                           "子进程自己的 pid 与线程 id 就是 p.pid"),
                     CHECK("exit-code-tells", "The exit code is 0 or minus the signal",
                           "退出码是 0，或信号编号的相反数"),
                     CHECK("dead-after-join", "Not alive after join()", "join() 之后不再存活"),
                     CHECK("second-start-refused", "The second start() is refused (-EALREADY)",
                           "第二次 start() 被拒绝（-EALREADY）")),
    .columns = COLUMNS(COLUMN("after", "After", "调用之后", NULL),
                       COLUMN("pid", "pid", "pid", NULL),
                       COLUMN("is_alive", "is_alive()", "is_alive()", NULL),
                       COLUMN("exitcode", "exitcode", "exitcode", NULL),
                       COLUMN("state", "State", "状态", NULL)),
    .run = run,
};

#include "scenarios/scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define CHILDREN 2

/* Of all processes of the run. */
struct program {
    struct start_server *server; /* NULL: fork */
    _Atomic int64_t processes, refused, lines;
    int codes[CHILDREN]; /* of main's children */
};

static struct program *program;

/* 0 for main, 1 for Process-1, 2 for Process-1:2, … */
static int64_t generation(void)
{
    const char *name = task_name(task_self());
    int64_t colons = 0;
    for (const char *c = name; *c; c++)
        colons += *c == ':';
    return strncmp(name, "Process", 7) == 0 ? colons + 1 : 0;
}

/* def f(): print('hello') */
static void f(void *argument)
{
    (void)argument;
    program->lines++;
    print("hello from %s", task_name(task_self()));
}

static struct task *start_one(int i)
{
    const char *name = generation() == 0 ? text("Process-%d", i + 1)
                                         : text("%s:%d", task_name(task_self()), i + 1);
    struct task *process = program->server ? task_new_from(program->server, name, f, NULL)
                                           : task_new(TASK_PROCESS, name, f, NULL);
    if (task_begin(process) == -EINPROGRESS) {
        program->refused++;
        print("RuntimeError: An attempt has been made to start a new process before the current "
              "process has finished its bootstrapping phase.");
        task_exit(1);
    }
    program->processes++;
    return process;
}

/* The top level of the module. Without the guard it starts processes wherever it is run. */
static void module(void)
{
    if (boolean("guard") && !is_main_module()) /* if __name__ == '__main__': */
        return;
    if (!boolean("protect") && generation() >= integer("max_depth"))
        return; /* there would be no end */
    struct task *children[CHILDREN];
    for (int i = 0; i < CHILDREN; i++)
        children[i] = start_one(i);
    for (int i = 0; i < CHILDREN; i++) {
        int code = task_join(children[i]);
        if (generation() == 0)
            program->codes[i] = code;
    }
}

static void judge(void)
{
    int failed = (program->codes[0] != 0) + (program->codes[1] != 0);
    bool plain = boolean("guard") || is("method", "fork");
    print("exit codes: [%d, %d], %" PRId64 " processes started", program->codes[0],
          program->codes[1], program->processes);
    if (plain) {
        check_number("two-processes", CHILDREN, program->processes);
        check_number("exit-codes", 0, failed);
    } else if (boolean("protect")) {
        check_number("children-stopped", CHILDREN, program->refused);
        check_number("no-output", 0, program->lines);
    } else {
        check_number("every-process-printed", program->processes, program->lines);
    }
    metric("processes", program->processes);
    outcome(program->refused > 0            ? "stopped"
            : program->processes > CHILDREN ? "self-copying"
                                            : "two-children",
            "codes=[%d, %d] processes=%" PRId64, program->codes[0], program->codes[1],
            program->processes);
}

static void run(void)
{
    program = shared_new(sizeof *program); /* before the server: its processes know it, too */
    if (is("method", "spawn")) {
        struct start_server *server = start_server_new(module);
        if (!boolean("protect"))
            start_server_unprotected(server);
        program->server = server;
    }
    module();
    judge();
}

SCENARIO(spawn_main_guard) = {
    .id = "spawn-main-guard",
    .family = FAMILY_PROCESSES,
    .number = 4,
    .title = {"The __main__ guard", "为什么要写 if __name__ == \"__main__\""},
    .summary =
        {"A module starts two processes at its top level. A spawned process imports that module, "
         "and so comes to the same line itself. Python stops it there with an error; without that "
         "check every process would start two more.",
         "模块在顶层启动两个进程。spawn 出的进程要先导入这个模块，于是自己也走到同一行。Python "
         "在这里用一个错误拦住它；没有这道检查，每个进程都会再启动两个。"},
    .lesson =
        {"Under spawn the module runs again in the child: unguarded start code starts itself.",
         "spawn 会在子进程里重新执行主模块，不加判断就会自我复制。"},
    .python = "import multiprocessing as mp\n"
              "\n"
              "def f():\n"
              "    print('hello from', mp.current_process().name)\n"
              "\n"
              "mp.set_start_method('spawn', force=True)\n"
              "# if __name__ == '__main__':       # the guard\n"
              "ps = [mp.Process(target=f) for _ in range(2)]\n"
              "for p in ps: p.start()             # RuntimeError in the child\n"
              "for p in ps: p.join()\n"
              "print([p.exitcode for p in ps])    # [1, 1]\n",
    .concepts = CONCEPTS(11, 12, 13, 17),
    .chart = CHART_TREE,
    .params = PARAMS(
        BOOLEAN("guard", "false", "With the guard", "加上判断",
                "Whether the start code is below if __name__ == '__main__'. Without it every "
                "spawned run goes wrong.",
                "启动代码是否写在 if __name__ == '__main__' 之下。用 spawn 而不加，每次都会出错。"),
        CHOICE("method", "spawn", "Start method", "启动方式",
               "A forked process goes on where it is; it does not import anything.",
               "fork 出的进程接着往下走，不会重新导入。", {"fork", {"fork", "fork"}},
               {"spawn", {"spawn", "spawn"}}),
        BOOLEAN("protect", "true", "Python's check", "Python 的检查",
                "A process that has not finished importing may not start another. Off: watch it "
                "copy itself.",
                "还没导入完的进程不允许再启动进程。关掉它，看看它怎样自我复制。"),
        INTEGER("max_depth", 1, 5, "4", "Generations at most", "最多几代",
                "Without the check: where the copying is cut off. 4 generations are 30 processes, "
                "5 are 62, which is "
                "near what a run may have.",
                "关掉检查时，自我复制在第几代截断：4 代共 30 个进程，5 代 62 "
                "个，已接近一次运行的上限。")),
    .outcomes = OUTCOMES(
        OUTCOME("two-children", "codes=[0, 0] processes=2", NULL, CLASS_ACCEPTABLE,
                "Two processes, two greetings.", "两个进程，两声问候。"),
        OUTCOME("stopped", "codes=[1, 1] processes=2", "guard=false&method=spawn&protect=true",
                CLASS_INTERESTING,
                "Each child ran the start code while it was still importing, and was stopped.",
                "子进程还在导入就执行到启动代码，被拦了下来。"),
        OUTCOME("self-copying", "codes=[0, 0] processes=*",
                "guard=false&method=spawn&protect=false", CLASS_INTERESTING,
                "Every process started two more, until the chain was cut off.",
                "每个进程又启动两个，直到被截断。")),
    .checks = CHECKS(
        CHECK("two-processes", "Two processes were started", "启动了两个进程"),
        CHECK("exit-codes", "Children that failed", "失败的子进程"),
        CHECK("children-stopped", "Children stopped by the check", "被检查拦下的子进程"),
        CHECK("no-output", "Greetings before they were stopped", "被拦下之前的问候"),
        CHECK("every-process-printed", "Every process greets in the end", "每个进程最后都会问候")),
    .free_only = ASKS_THE_KERNEL("processes that start from scratch and import the program again",
                                 "从头启动、重新导入程序的进程"),
    .run = run,
};

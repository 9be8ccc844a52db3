#include "scenarios/scenario.h"

#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define UNITS_MAX 16

/* Shared by the program, its units and the shell that watches. */
struct program {
    enum task_kind kind;
    int64_t count, victim;
    struct event *learnt; /* main has learnt what became of the victim */
    atomic_bool finished[UNITS_MAX], main_finished;
    struct task *unit[UNITS_MAX];
};

struct unit {
    struct program *program;
    int64_t number;
};

static void fail_now(void)
{
    if (is("fault", "segv")) {
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV); /* ctypes.string_at(0) */
    } else if (is("fault", "abort")) {
        signal(SIGABRT, SIG_DFL);
        abort();
    } else if (is("fault", "exit1")) {
        _exit(1);
    }
    print("ValueError: unit fails");
    task_exit(1); /* an exception nobody caught ends its thread, or its process with code 1 */
}

/* Units work until main has learnt of the victim, and then finish. */
static void unit_body(void *argument)
{
    struct unit *self = argument;
    struct program *program = self->program;
    print("unit %" PRId64 " begins", self->number);
    if (self->number == program->victim) {
        sleep_us(integer("at_ms") * 1000);
        fail_now();
    }
    while (!event_is_set(program->learnt))
        sleep_us(20000);
    print("unit %" PRId64 " finishes", self->number);
    program->finished[self->number] = true;
}

static void main_program(void *argument)
{
    struct program *program = argument;
    struct unit units[UNITS_MAX];
    for (int64_t i = 0; i < program->count; i++) {
        units[i] = (struct unit){program, i};
        program->unit[i] =
            task_start(program->kind, text("unit %" PRId64, i), unit_body, &units[i]);
    }
    int code = task_join(program->unit[program->victim]);
    if (program->kind == TASK_PROCESS)
        print("main: unit %" PRId64 " ended with %d", program->victim, code);
    else
        print("main: unit %" PRId64 " ended", program->victim);
    event_set(program->learnt);
    for (int64_t i = 0; i < program->count; i++)
        task_join(program->unit[i]);
    print("main: finishes");
    program->main_finished = true;
}

static const char *yes(bool value)
{
    return value ? "True" : "False";
}

/* A thread has no exit code of its own. */
static const char *exit_code_of(struct program *program, int64_t i)
{
    int code;
    if (program->kind == TASK_THREAD || !task_exit_code(program->unit[i], &code))
        return "None";
    return text("%d", code);
}

static int expected_code(void)
{
    return is("fault", "segv") ? -SIGSEGV : is("fault", "abort") ? -SIGABRT : 1;
}

static void judge(struct program *program, int code)
{
    bool together = program->kind == TASK_THREAD && !is("fault", "exception");
    int64_t survivors = 0;
    row("main\t%s\t%d", yes(program->main_finished), code);
    for (int64_t i = 0; i < program->count; i++) {
        survivors += program->finished[i];
        row("unit %" PRId64 "\t%s\t%s", i, yes(program->finished[i]), exit_code_of(program, i));
    }
    check_number("units-that-finish", together ? 0 : program->count - 1, survivors);
    check_number("program-exit-code", together ? expected_code() : 0, code);
    if (program->kind == TASK_PROCESS)
        check_text("victim-exit-code", text("%d", expected_code()),
                   exit_code_of(program, program->victim));
    outcome(survivors > 0 ? "isolated" : "all-down", "main=%d finished=%" PRId64 " of %" PRId64,
            code, survivors, program->count);
}

static void run(void)
{
    struct program *program = shared_new(sizeof *program);
    program->kind = is("unit", "thread") ? TASK_THREAD : TASK_PROCESS;
    program->count = integer("units");
    program->victim = integer("victim") % program->count;
    program->learnt = event_new("main has learnt");
    int code = task_join(process_start("main program", main_program, program));
    print("shell: the program ended with %d", code);
    judge(program, code);
}

SCENARIO(crash_isolation) = {
    .id = "crash-isolation",
    .family = FAMILY_PROCESSES,
    .number = 9,
    .title = {"One crashes: who goes down with it?", "崩溃隔离：线程与进程"},
    .summary =
        {"A program runs several units, threads or processes, and one of them fails. Main waits "
         "for that one, tells the others, and they finish, if they are still there. The task "
         "“main” of this run is the shell that sees how the program ended.",
         "一个程序运行若干个单元（线程或进程），其中一个出错。主程序等到它结束后通知其余单元，"
         "它们若还活着，就各自收尾。本次运行里的 main 是 shell，看程序怎样结束。"},
    .lesson = {"Threads share their process's fate, processes do not share each other's.",
               "线程同生共死，进程彼此独立。"},
    .python = "import ctypes, threading, multiprocessing, time\n"
              "\n"
              "def unit(i, learnt):\n"
              "    if i == 1:\n"
              "        time.sleep(0.2)\n"
              "        ctypes.string_at(0)      # segv; or os.abort(), os._exit(1), raise\n"
              "    while not learnt.is_set():\n"
              "        time.sleep(0.02)\n"
              "    print('unit', i, 'finishes')\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    learnt = multiprocessing.Event()\n"
              "    Unit = threading.Thread      # or multiprocessing.Process\n"
              "    units = [Unit(target=unit, args=(i, learnt)) for i in range(4)]\n"
              "    for u in units:\n"
              "        u.start()\n"
              "    units[1].join()              # with threads: never comes back\n"
              "    learnt.set()\n"
              "    for u in units:\n"
              "        u.join()\n",
    .concepts = CONCEPTS(33),
    .chart = CHART_TREE,
    .params = PARAMS(
        CHOICE("unit", "thread", "Threads or processes", "线程还是进程", "What the units are.",
               "单元的种类。", {"thread", {"threads", "线程"}}, {"process", {"processes", "进程"}}),
        CHOICE("fault", "segv", "Kind of failure", "出错方式",
               "A bad address, abort(), os._exit(1), or a Python exception nobody catches. "
               "Only the exception is an affair of one thread.",
               "非法地址、abort()、os._exit(1)，或者没人捕获的 Python 异常。"
               "只有异常是单个线程自己的事。",
               {"segv", {"segmentation fault", "段错误"}}, {"abort", {"abort()", "abort()"}},
               {"exit1", {"os._exit(1)", "os._exit(1)"}}, {"exception", {"exception", "异常"}}),
        INTEGER("units", 2, UNITS_MAX, "4", "Units", "单元数", "How many run beside each other.",
                "同时运行多少个。"),
        INTEGER("victim", 0, UNITS_MAX - 1, "1", "Which one fails", "哪一个出错",
                "Its number, from 0; counted round if there are fewer units.",
                "编号从 0 开始；超过单元数时取余数。"),
        INTEGER("at_ms", 0, 2000, "200", "When it fails (ms)", "何时出错（毫秒）",
                "After its start.", "从它启动算起。")),
    .outcomes = OUTCOMES(OUTCOME("all-down", "main=* finished=0 of *",
                                 "unit=thread&fault!=exception", CLASS_INTERESTING,
                                 "The whole process ended at once, with all of its threads.",
                                 "整个进程连同所有线程瞬间结束。"),
                         OUTCOME("isolated", "main=0 finished=* of *", NULL, CLASS_ACCEPTABLE,
                                 "Only the one that failed is gone; the others finished.",
                                 "只有出错的那个没了，其余都正常完成。")),
    .checks = CHECKS(CHECK("units-that-finish", "Units that finish", "正常完成的单元数"),
                     CHECK("program-exit-code", "Exit code of the program", "程序的退出码"),
                     CHECK("victim-exit-code", "Exit code of the one that failed",
                           "出错进程的退出码")),
    .columns = COLUMNS(COLUMN("unit", "Unit", "单元", NULL),
                       COLUMN("finished", "Finished", "正常完成", NULL),
                       COLUMN("exitcode", "exitcode", "exitcode", NULL)),
    .free_only = ASKS_THE_KERNEL("a process that crashes, and what its neighbours keep",
                                 "进程崩溃，以及相邻进程不受影响"),
    .run = run,
};

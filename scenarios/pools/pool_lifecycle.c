#include "scenarios/scenario.h"

#include <errno.h>
#include <inttypes.h>

#define TASKS_MAX 200

/* Counted over all processes; the program's own end cannot tell. */
struct story {
    struct cell *started, *done;
    int64_t dropped, refused;
};

static struct story *story;

static int64_t task(struct call *call)
{
    cell_add(story->started, 1);
    sleep_us(integer("task_ms") * 1000);
    cell_add(story->done, 1);
    return call->x;
}

static void finish(struct pool *pool)
{
    if (is("finish", "nothing"))
        return; /* the program just ends, and its daemons with it */
    if (is("finish", "join-before-close") && pool_join(pool) == -EBUSY) {
        story->refused++;
        print("ValueError: Pool is still running");
    }
    if (is("finish", "terminate")) {
        pool_terminate(pool);
        pool_join(pool);
        story->dropped = pool_dropped(pool);
        return;
    }
    pool_close(pool);
    if (is("finish", "submit-after-close") &&
        !pool_apply_async(pool, task, 0, 0, NULL, NULL, NULL)) {
        story->refused++;
        print("ValueError: Pool not running");
    }
    pool_join(pool);
}

/* The program in question, a process of its own: what it leaves undone its end decides. */
static void main_program(void *argument)
{
    (void)argument;
    struct pool *pool = pool_new(TASK_PROCESS, (int)integer("workers"));
    for (int64_t i = 0; i < integer("tasks"); i++)
        pool_apply_async(pool, task, i, i, NULL, NULL, NULL);
    sleep_us(integer("finish_after_ms") * 1000);
    finish(pool);
    print("main: last line");
}

static void show(int64_t done, int64_t cut, int64_t never, int64_t tasks)
{
    row("done\t%" PRId64, done);
    row("cut off\t%" PRId64, cut);
    row("never begun\t%" PRId64, never);
    print("%" PRId64 " of %" PRId64 " tasks done, %" PRId64 " cut off, %" PRId64 " never begun",
          done, tasks, cut, never);
}

static void run(void)
{
    story = shared_new(sizeof *story);
    story->started = cell_new_atomic("started", 0);
    story->done = cell_new_atomic("done", 0);
    int64_t tasks = integer("tasks");
    int code = task_join(process_start("main program", main_program, NULL));
    int64_t started = cell_read(story->started), done = cell_read(story->done);
    int64_t cut = started - done, never = tasks - started;
    bool finishes = !is("finish", "terminate") && !is("finish", "nothing");
    bool raises = is("finish", "join-before-close") || is("finish", "submit-after-close");
    show(done, cut, never, tasks);
    check_number("program-exit-code", 0, code);
    if (finishes)
        check_number("close-join-does-all", tasks, done);
    else
        check("cut-off-in-work", cut <= integer("workers"),
              text("at most %" PRId64, integer("workers")), text("%" PRId64, cut));
    if (is("finish", "terminate")) /* a worker may have had one in its hands, and not begun it */
        check("dropped-were-waiting", story->dropped <= never, text("at most %" PRId64, never),
              text("%" PRId64, story->dropped));
    check_number("wrong-call-raises", raises, story->refused);
    metric("dropped", story->dropped);
    outcome(done < tasks ? "dropped"
            : raises     ? "raised"
                         : "all-done",
            "done=%" PRId64 " of %" PRId64, done, tasks);
}

SCENARIO(pool_lifecycle) = {
    .id = "pool-lifecycle",
    .family = FAMILY_POOLS,
    .number = 16,
    .title = {"close, join, terminate, and what happens without them",
              "close / join / terminate 以及忘记它们"},
    .summary =
        {"A program gives tasks to a pool, does something else for a while, and ends its pool in "
         "one of five ways. close() and join() wait for every task; terminate() drops what waits "
         "and ends workers in the middle of a task; so does simply coming to the last line.",
         "程序把任务交给进程池，先干一会儿别的，再用五种方式之一结束进程池。close() 加 join() "
         "会等全部任务做完；terminate() "
         "丢掉排队的任务，并中断正在执行的；直接走到最后一行也一样。"},
    .lesson = {"close then join finishes the work; terminate (or just exiting) drops it.",
               "先 close 再 join 才能做完；terminate 或直接退出会丢任务。"},
    .python = "from multiprocessing import Pool\n"
              "import time\n"
              "\n"
              "def task(i):\n"
              "    time.sleep(0.02)\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    pool = Pool(4)\n"
              "    for i in range(20):\n"
              "        pool.apply_async(task, (i,))\n"
              "    time.sleep(0.1)\n"
              "    pool.close()                   # or pool.terminate(), or nothing\n"
              "    pool.join()                    # before close(): ValueError\n",
    .concepts = CONCEPTS(42),
    .chart = CHART_LEVEL,
    .params = PARAMS(
        CHOICE("finish", "close-join", "How it ends", "怎样结束",
               "terminate and nothing lose tasks in nine runs of ten, and in every run with "
               "finish_after_ms = 20.",
               "terminate 和什么都不做，十次里有九次会丢任务；finish_after_ms 取 20 时每次都会。",
               {"close-join", {"close(), join()", "close()、join()"}},
               {"terminate", {"terminate(), join()", "terminate()、join()"}},
               {"join-before-close", {"join() before close()", "close() 之前 join()"}},
               {"submit-after-close", {"a task after close()", "close() 之后再提交"}},
               {"nothing", {"nothing", "什么都不做"}}),
        INTEGER("workers", 1, 16, "4", "Workers", "工作进程数", "Size of the pool.",
                "进程池大小。"),
        INTEGER("tasks", 1, TASKS_MAX, "20", "Tasks", "任务数", "How many are given.",
                "一共多少个任务。"),
        INTEGER("task_ms", 0, 500, "20", "Time of a task (ms)", "每个任务的时间（毫秒）",
                "Each takes so long.", "每个任务耗时。"),
        INTEGER("finish_after_ms", 0, 5000, "100", "Ended after (ms)", "多久之后结束（毫秒）",
                "What main does meanwhile. Four workers need 100 ms for the default tasks.",
                "主程序在这期间干别的。按默认值，四个工作进程需要 100 毫秒做完。")),
    .outcomes = OUTCOMES(OUTCOME("all-done", "done=*", NULL, CLASS_ACCEPTABLE,
                                 "Every task was done.", "每个任务都做完了。"),
                         OUTCOME("dropped", "done=*", "finish=terminate", CLASS_INTERESTING,
                                 "Tasks that waited were dropped, those in work cut off.",
                                 "排队的任务被丢弃，正在做的被中断。"),
                         OUTCOME("dropped", "done=*", "finish=nothing", CLASS_INTERESTING,
                                 "The program ended; its workers are daemons and ended with it.",
                                 "程序结束了；工作进程是守护进程，也跟着结束。"),
                         OUTCOME("raised", "done=*", "finish=join-before-close", CLASS_INTERESTING,
                                 "join() before close() raised: the pool might still get tasks.",
                                 "close() 之前 join() 抛出异常：进程池还可能收到任务。"),
                         OUTCOME("raised", "done=*", "finish=submit-after-close", CLASS_INTERESTING,
                                 "A closed pool takes no more tasks.",
                                 "关闭后的进程池不再接受任务。")),
    .checks = CHECKS(CHECK("program-exit-code", "The program ends with code 0", "主程序退出码为 0"),
                     CHECK("close-join-does-all", "close() and join() wait for every task",
                           "close() 加 join() 会等全部任务"),
                     CHECK("cut-off-in-work", "Tasks cut off: at most one in each worker",
                           "被中断的任务：每个工作进程至多一个"),
                     CHECK("dropped-were-waiting",
                           "What terminate() took out of the queue was never begun",
                           "terminate() 从队列里取走的任务都没有开始过"),
                     CHECK("wrong-call-raises", "Wrong calls that raised", "抛出异常的错误调用")),
    .columns = COLUMNS(COLUMN("what", "Tasks", "任务", NULL),
                       COLUMN("count", "Count", "个数", NULL)),
    .run = run,
};

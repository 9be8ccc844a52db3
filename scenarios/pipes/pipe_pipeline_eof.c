#include "scenarios/scenario.h"

#include <inttypes.h>

#define STAGES_MAX 6

/* Pipe i leads from process i to process i + 1, the last one to main. Numbers from 1, as in the
 * notes. */
struct pipeline {
    struct conn *reader[STAGES_MAX + 1];
    struct conn *writer[STAGES_MAX + 1];
    int64_t stage; /* the process that is being started */
    int64_t stages, items, item_us;
};

/* Fork gave this process a copy of every end main had open; it keeps none it does not write to. */
static void close_inherited_writers(struct pipeline *p)
{
    for (int64_t i = 1; i < p->stage; i++)
        if (!(p->stage == 2 && i == 1 && is("drop_close", "child2-p1-write")))
            conn_close(p->writer[i]);
}

static void create(void *argument)
{
    struct pipeline *p = argument;
    for (int64_t i = 0; i < p->items; i++) {
        item_submitted(i);
        work_us(p->item_us);
        conn_send_number(p->writer[1], i);
    }
    if (!is("drop_close", "child1-p1-write"))
        conn_close(p->writer[1]); /* forgotten: the end of this process closes it */
}

/* The second process squares, any further one only passes on. */
static void transform(void *argument)
{
    struct pipeline *p = argument;
    int64_t number, seen = 0;
    close_inherited_writers(p);
    while (conn_recv_number(p->reader[p->stage - 1], &number) > 0) {
        if (p->stage == 2)
            item_started(seen);
        work_us(p->item_us);
        conn_send_number(p->writer[p->stage], p->stage == 2 ? number * number : number);
        if (p->stage == 2)
            item_finished(seen);
        seen++;
    }
    if (!(p->stage == 2 && is("drop_close", "child2-p2-write")))
        conn_close(p->writer[p->stage]);
}

static void close_writers_of_main(struct pipeline *p)
{
    for (int64_t i = 1; i <= p->stages; i++)
        if (!(i == 1 && is("drop_close", "main-p1-write")) &&
            !(i == 2 && is("drop_close", "main-p2-write")))
            conn_close(p->writer[i]);
}

/* Prints what arrives until end of file; the items are judged as soon as the last is there. */
static int64_t print_all(struct pipeline *p)
{
    struct words wanted = {0}, got = {0};
    int64_t number, seen = 0;
    for (int64_t i = 0; i < p->items; i++)
        words_add(&wanted, "%" PRId64, p->stages >= 2 ? i * i : i);
    do {
        if (seen == p->items)
            check_text("items-in-order", words_text(&wanted), words_text(&got));
        if (conn_recv_number(p->reader[p->stages], &number) <= 0)
            return seen;
        item_delivered(seen++);
        words_add(&got, "%" PRId64, number);
        print("%" PRId64, number);
    } while (true);
}

static void run(void)
{
    struct pipeline p = {
        .stages = integer("stages"), .items = integer("items"), .item_us = integer("item_us")};
    struct task *tasks[STAGES_MAX + 1];
    for (int64_t i = 1; i <= p.stages; i++) {
        pipe_new(text("p%" PRId64, i), false, &p.reader[i], &p.writer[i]);
        p.stage = i;
        tasks[i] = process_start(i == 1   ? "create"
                                 : i == 2 ? "square"
                                          : text("pass on %" PRId64, i - 2),
                                 i == 1 ? create : transform, &p);
    }
    close_writers_of_main(&p);
    int64_t seen = print_all(&p);
    print("End");
    check_number("end-of-file-after-last-item", p.items, seen);
    for (int64_t i = 1; i <= p.stages; i++)
        task_join(tasks[i]);
    outcome("end", "items=%" PRId64 " end", seen);
}

#define BLOCKED(forgotten)                                                                         \
    {                                                                                              \
        .name = "blocked", .ended = ENDED_DEADLOCK, .when = "drop_close=" forgotten,               \
        .class = CLASS_INTERESTING,                                                                \
        .meaning = {                                                                               \
            "Somebody who waits still has a copy of a write end open, so end of file can never "   \
            "come, however long one waits.",                                                       \
            "还在等待的进程自己就持有写端的副本，无论等多久都不会有 EOF。"},                       \
    }

SCENARIO(pipe_pipeline_eof) = {
    .id = "pipe-pipeline-eof",
    .family = FAMILY_PIPES,
    .number = 22,
    .title = {"Pipeline with EOF: create → square → print", "管道流水线与 EOF"},
    .summary =
        {"One process creates numbers, the next squares them, main prints them; pipes connect "
         "them. Each stops at end of file, and end of file comes when the last copy of the "
         "write end is closed. Forget one close() and see who waits for ever, and for whom.",
         "一个进程产生数字，下一个求平方，主进程打印，它们之间用管道相连。"
         "每一级读到 EOF 就结束，而 EOF 要等写端的最后一份副本关闭才会出现。"
         "试着漏掉一个 close()，看看谁在永远等待、等的是谁。"},
    .lesson = {"EOF comes when the last copy of the write end is closed, and fork makes copies.",
               "写端的最后一份副本关闭才有 EOF，而 fork 会复制它。"},
    .python = "from multiprocessing import Process, Pipe\n"
              "\n"
              "def create_items(pipe):\n"
              "    output, _ = pipe\n"
              "    for item in range(10):\n"
              "        output.send(item)\n"
              "    output.close()                 # child1-p1-write\n"
              "\n"
              "def multiply_items(pipe_1, pipe_2):\n"
              "    close, input = pipe_1\n"
              "    close.close()                  # child2-p1-write\n"
              "    output, _ = pipe_2\n"
              "    try:\n"
              "        while True:\n"
              "            item = input.recv()\n"
              "            output.send(item * item)\n"
              "    except EOFError:\n"
              "        output.close()             # child2-p2-write\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    pipe_1 = Pipe(True)\n"
              "    Process(target=create_items, args=(pipe_1,)).start()\n"
              "    pipe_2 = Pipe(True)\n"
              "    Process(target=multiply_items, args=(pipe_1, pipe_2)).start()\n"
              "    pipe_1[0].close()              # main-p1-write\n"
              "    pipe_2[0].close()              # main-p2-write\n"
              "    try:\n"
              "        while True:\n"
              "            print(pipe_2[1].recv())\n"
              "    except EOFError:\n"
              "        print('End')\n",
    .concepts = (const int[]){81, 82, 83, 0},
    .chart = CHART_ORDER,
    .params =
        (const struct param[]){
            {.name = "items",
             .title = {"Numbers", "数字个数"},
             .help = {"How many numbers go through the pipeline.", "流水线处理多少个数字。"},
             .type = PARAM_INTEGER,
             .minimum = 0,
             .maximum = 1000,
             .fallback = "10"},
            {.name = "stages",
             .title = {"Processes", "进程数"},
             .help = {"The first creates, the second squares, any further one passes on.",
                      "第一个产生，第二个求平方，之后的只负责转发。"},
             .type = PARAM_INTEGER,
             .minimum = 1,
             .maximum = 6,
             .fallback = "2"},
            {.name = "drop_close",
             .title = {"Forgotten close()", "漏掉的 close()"},
             .help =
                 {"p1 leads from the first process to the second, p2 from the second on. Three of "
                  "the five closes are needed; the other two are made up for when the process "
                  "ends.",
                  "p1 从第一个进程通往第二个，p2 从第二个通往下一级。"
                  "五个 close 中有三个必不可少，另外两个在进程退出时会自动补上。"},
             .type = PARAM_CHOICE,
             .fallback = "none",
             .choices =
                 (const struct choice[]){
                     {"none", {"none", "没有漏掉"}},
                     {"main-p1-write", {"main: write end of p1", "主进程：p1 写端"}},
                     {"main-p2-write", {"main: write end of p2", "主进程：p2 写端"}},
                     {"child2-p1-write",
                      {"second process: write end of p1", "第二个进程：p1 写端"}},
                     {"child1-p1-write", {"first process: its own p1", "第一个进程：自己的 p1"}},
                     {"child2-p2-write", {"second process: its own p2", "第二个进程：自己的 p2"}},
                     {0}}},
            {.name = "item_us",
             .title = {"Work per number (µs)", "每个数字的处理时间（微秒）"},
             .help = {"Processor time each process spends on a number.",
                      "每个进程处理一个数字所用的时间。"},
             .type = PARAM_INTEGER,
             .minimum = 0,
             .maximum = 100000,
             .fallback = "0"},
            {.name = "limit_ms",
             .title = {"Time limit (ms)", "时限（毫秒）"},
             .help = {"After this the run is stopped. That it is blocked is noticed sooner.",
                      "到时间就停止运行；阻塞不用等到时限就会被发现。"},
             .type = PARAM_INTEGER,
             .minimum = 200,
             .maximum = 10000,
             .fallback = "1000"},
            {.name = NULL},
        },
    .outcomes =
        (const struct outcome_rule[]){
            {.name = "end",
             .pattern = "items=* end",
             .class = CLASS_ACCEPTABLE,
             .meaning = {"All items, then end of file.", "数据全部到达，然后是 EOF。"}},
            BLOCKED("main-p1-write"),
            BLOCKED("main-p2-write&stages!=1"),
            BLOCKED("child2-p1-write&stages!=1"),
            {0},
        },
    .checks =
        (const struct check_title[]){
            {"items-in-order", {"Every item arrives once, in order", "每个数据到达一次，顺序不变"}},
            {"end-of-file-after-last-item",
             {"End of file comes after the last item", "最后一个数据之后出现 EOF"}},
            {0},
        },
    .run = run,
};

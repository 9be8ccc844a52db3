#include "scenarios/scenario.h"

#include <inttypes.h>

#define WORKERS_MAX 16

/* What one worker was given, and what it found. Travels through the result queue. */
struct part {
    int64_t worker, start, stop, sum;
};

struct program {
    int64_t n, workers;
    struct queue *results;
};

struct order {
    struct program *program;
    struct part part;
};

/* start, stop = … : the line on which everything depends */
static void slice(const struct program *p, int64_t i, int64_t *start, int64_t *stop)
{
    int64_t chunk = p->n / p->workers;
    if (is("slicing", "correct")) {
        *start = p->n * i / p->workers;
        *stop = p->n * (i + 1) / p->workers;
    } else if (is("slicing", "remainder-lost")) {
        *start = i * chunk;
        *stop = (i + 1) * chunk;
    } else { /* as in the notes: the index was added where it should multiply */
        *start = i == 0 ? chunk : 0;
        *stop = chunk + i;
    }
}

/* sum(range(start + 1, stop + 1)), one number after the other */
static int64_t sum_of(int64_t start, int64_t stop)
{
    int64_t sum = 0;
    for (int64_t i = start + 1; i <= stop; i++) {
        sum += i;
        __asm__ volatile("" : "+r"(sum)); /* no formula instead of the loop */
    }
    return sum;
}

static void conquer(void *argument)
{
    const struct order *order = argument;
    struct part part = order->part;
    part.sum = sum_of(part.start, part.stop);
    queue_put(order->program->results, &part, part.worker);
}

static const struct program *program_of_workers; /* set before they are forked */

static int64_t conquer_slice(struct call *call)
{
    int64_t start, stop;
    slice(program_of_workers, call->x, &start, &stop);
    return sum_of(start, stop);
}

/* executor.submit(np_sum, start, stop) for each slice, future.result() for each */
static void divide_by_futures(const struct program *p, struct part *parts)
{
    struct future *futures[WORKERS_MAX];
    program_of_workers = p;
    struct executor *executor = executor_new(TASK_PROCESS, (int)p->workers);
    for (int64_t i = 0; i < p->workers; i++)
        futures[i] = executor_submit(executor, conquer_slice, i);
    for (int64_t i = 0; i < p->workers; i++) {
        parts[i].worker = i;
        slice(p, i, &parts[i].start, &parts[i].stop);
        future_result(futures[i], FOREVER, &parts[i].sum);
    }
    executor_shutdown(executor, true, false);
}

/* Starts a process for each slice and collects the partial sums. */
static void divide(struct program *p, struct part *parts)
{
    struct order orders[WORKERS_MAX];
    struct task *workers[WORKERS_MAX];
    bool join_first = is("collect", "join-then-empty-test");
    for (int64_t i = 0; i < p->workers; i++) {
        orders[i] = (struct order){p, {.worker = i}};
        slice(p, i, &orders[i].part.start, &orders[i].part.stop);
        workers[i] = process_start(text("worker %" PRId64, i), conquer, &orders[i]);
    }
    for (int64_t i = 0; join_first && i < p->workers; i++)
        task_join(workers[i]);
    for (int64_t i = 0; i < p->workers; i++) {
        struct part part;
        queue_get(p->results, &part);
        parts[part.worker] = part;
    }
    for (int64_t i = 0; !join_first && i < p->workers; i++)
        task_join(workers[i]);
}

/* How many of the n numbers at least one slice has: the slices' union. */
static int64_t covered(const struct part *parts, int64_t workers)
{
    int64_t count = 0, reached = 0;
    for (;;) {
        const struct part *next = NULL; /* the slice with the lowest start that reaches further */
        for (int64_t i = 0; i < workers; i++)
            if (parts[i].stop > reached && (!next || parts[i].start < next->start))
                next = &parts[i];
        if (!next)
            return count;
        int64_t from = next->start > reached ? next->start : reached;
        count += next->stop - from;
        reached = next->stop;
    }
}

static void judge(const struct program *p, const struct part *parts)
{
    int64_t total = 0, visited = 0, right = 0;
    for (int64_t i = 0; i < p->workers; i++) {
        const struct part *part = &parts[i];
        int64_t size = part->stop > part->start ? part->stop - part->start : 0;
        row("worker %" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64, i, size,
            part->start, part->stop, part->sum);
        print("worker %" PRId64 ": [%" PRId64 ", %" PRId64 ") %" PRId64, i, part->start, part->stop,
              part->sum);
        total += part->sum;
        visited += size;
        right += part->sum == (part->start + 1 + part->stop) * size / 2;
    }
    int64_t expected = p->n * (p->n + 1) / 2, once = covered(parts, p->workers);
    print("sum %" PRId64 ", expected %" PRId64, total, expected);
    metric("visited", visited);
    metric("left_out", p->n - once);
    metric("visited_again", visited - once);
    check_number("partial-sums", p->workers, right);
    check("sum-tells-coverage", (total == expected) == (once == p->n && visited == p->n),
          "the sum is right exactly when every number was visited once",
          text("%s, %" PRId64 " left out, %" PRId64 " visited again",
               total == expected ? "right" : "wrong", p->n - once, visited - once));
    outcome(total == expected ? "right" : "wrong", "sum=%" PRId64, total);
}

static void run(void)
{
    struct program program = {.n = integer("n"), .workers = integer("workers")};
    struct part parts[WORKERS_MAX] = {0};
    program.results = queue_new("results", WORKERS_MAX, sizeof(struct part));
    int64_t began = now_ns();
    sum_of(0, program.n);
    int64_t alone = now_ns() - began;
    began = now_ns();
    if (is("collect", "futures"))
        divide_by_futures(&program, parts);
    else
        divide(&program, parts);
    int64_t together = now_ns() - began;
    metric("one_process_ns", alone);
    metric("all_workers_ns", together);
    metric("speedup_percent", together > 0 ? 100 * alone / together : 0);
    judge(&program, parts);
}

SCENARIO(divide_and_conquer) = {
    .id = "divide-and-conquer",
    .family = FAMILY_PERFORMANCE,
    .number = 62,
    .title = {"Divide and conquer with processes", "多进程分而治之"},
    .summary =
        {"The numbers from 1 to n are divided into slices, a process adds up each slice, and main "
         "adds up the partial sums. First one process does it all, for comparison. Two of the "
         "three ways to slice are wrong, and only the sum tells.",
         "把 1 到 n "
         "的数切成若干段，每个进程求一段的和，主进程再把部分和加起来；在此之前先由一个进程全部算一"
         "遍作对照。"
         "三种切法中有两种是错的，而且只有从结果的和才看得出来。"},
    .lesson = {"Check that the slices cover everything once before you admire the speed.",
               "先检查切片不重不漏，再谈速度。"},
    .python = "from multiprocessing import Process, Queue\n"
              "\n"
              "def conquer(start, stop, results):\n"
              "    results.put((start, stop, sum(range(start + 1, stop + 1))))\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    n, workers, results = 8_000_000, 8, Queue()\n"
              "    processes = []\n"
              "    for i in range(workers):\n"
              "        start, stop = n * i // workers, n * (i + 1) // workers\n"
              "        # the notes: start, stop = (n // workers) * (i == 0), n // workers + i\n"
              "        p = Process(target=conquer, args=(start, stop, results))\n"
              "        p.start()\n"
              "        processes.append(p)\n"
              "    total = sum(results.get()[2] for _ in processes)\n"
              "    for p in processes:\n"
              "        p.join()\n"
              "    print(total, n * (n + 1) // 2)\n",
    .concepts = CONCEPTS(65, 176),
    .chart = CHART_BARS,
    .params = PARAMS(
        INTEGER("n", 1000, 1000000000, "8000000", "Numbers", "数的个数",
                "The sum of 1 to n. With a million and more the processes are worth their "
                "start.",
                "求 1 到 n 的和。到百万以上，启动进程才划算。"),
        INTEGER("workers", 1, WORKERS_MAX, "8", "Workers", "进程数", "A process for each slice.",
                "每一段由一个进程计算。"),
        CHOICE("slicing", "correct", "How it is sliced", "切片方式",
               "The mistake of the notes visits some numbers again and again and most never. "
               "The lost remainder is wrong only when n cannot be divided by the workers.",
               "笔记中的写法让一部分数被反复计算，而大部分从未算到。"
               "丢掉余数的写法只有在 n 不能被进程数整除时才会出错。",
               {"correct", {"correct", "正确"}},
               {"notes-bug", {"as in the notes (wrong)", "笔记中的写法（错误）"}},
               {"remainder-lost", {"remainder lost (wrong)", "丢掉余数（错误）"}}),
        CHOICE("collect", "queue", "How the sums come back", "如何收集结果",
               "Through a queue as they come, as the results of futures, or only after every "
               "process has been joined.",
               "边算边从队列里取，作为 future 的结果取，或者等所有进程 join 之后再取。",
               {"queue", {"a queue", "队列"}}, {"futures", {"futures", "future"}},
               {"join-then-empty-test", {"join, then empty the queue", "先 join 再取空队列"}})),
    .outcomes =
        OUTCOMES(OUTCOME("right", "sum=*", NULL, CLASS_ACCEPTABLE,
                         "Every number was added once: the sum is n(n+1)/2.",
                         "每个数恰好加了一次，和为 n(n+1)/2。"),
                 OUTCOME("wrong", "sum=*", "slicing!=correct", CLASS_INTERESTING,
                         "Some numbers were left out or added again. It was fast, and wrong.",
                         "有的数漏掉了，有的数加了多次。算得很快，却是错的。")),
    .checks = CHECKS(CHECK("partial-sums", "Each worker's sum is right for the slice it was given",
                           "每个进程对自己那一段算得都对"),
                     CHECK("sum-tells-coverage",
                           "The total is right exactly when the slices cover everything once",
                           "当且仅当切片不重不漏时，总和才正确")),
    .columns = COLUMNS(COLUMN("worker", "Worker", "进程", NULL),
                       COLUMN("numbers", "Numbers visited", "计算的个数", NULL),
                       COLUMN("start", "From (exclusive)", "起点（不含）", NULL),
                       COLUMN("stop", "To", "终点", NULL),
                       COLUMN("sum", "Partial sum", "部分和", NULL)),
    .free_only = MEASURES_REAL_TIME,
    .run = run,
};

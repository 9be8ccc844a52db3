#include "scenarios/scenario.h"

#include <errno.h>
#include <inttypes.h>

#define THREADS_MAX 16

/* threading.Thread, as far as its life goes. */
struct thread {
    task_fn *target; /* what run() calls; gone once it was called */
    struct task *task;
    int ident_pid; /* native_id of who executed it */
    uintptr_t ident;
    int64_t lines;
    bool alive_inside;
};

static struct lock *printer;
static struct queue *answers;

/* What keeps it from running between two lines. */
static void pause_between(void)
{
    int64_t answer;
    if (is("block", "sleep")) {
        sleep_us(2000);
    } else if (is("block", "lock")) { /* one works inside, the others wait */
        lock_acquire(printer);
        work_us(500);
        lock_release(printer);
    } else if (is("block", "io")) {
        queue_get(answers, &answer);
    } else {
        work_us(500);
    }
}

static void body(void *argument)
{
    struct thread *self = argument;
    self->ident = thread_ident();
    self->ident_pid = thread_id();
    self->alive_inside = self->task && task_alive(self->task);
    for (int64_t i = 0; i < integer("prints"); i++) {
        print("%s: line %" PRId64, task_name(task_self()), i);
        self->lines++;
        pause_between();
    }
}

/* A slow device: a byte every now and then. */
static void device(void *argument)
{
    int64_t *bytes = argument;
    for (int64_t i = 0; i < *bytes; i++) {
        sleep_us(1000);
        queue_put(answers, &i, i);
    }
}

/* Thread.run(): calls the target, here, in the caller. A subclass has its own run(). */
static bool call_run(struct thread *thread)
{
    if (!thread->target) {
        print("AttributeError: 'Thread' object has no attribute '_target'");
        return false;
    }
    thread->target(thread);
    if (is("style", "function"))
        thread->target = NULL;
    return true;
}

/* threading.enumerate(), as a number */
static int64_t alive(struct thread *threads, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += task_alive(threads[i].task);
    return count;
}

static int64_t start_and_join(struct thread *threads, int64_t n)
{
    int64_t refused = 0;
    for (int64_t i = 0; i < n; i++)
        task_begin(threads[i].task);
    int64_t more = alive(threads, n);
    print("enumerate(): main and %" PRId64 " more", more);
    if (is("call", "start-twice") && task_begin(threads[0].task) == -EALREADY) {
        refused++;
        print("RuntimeError: threads can only be started once");
    }
    for (int64_t i = 0; i < n; i++)
        task_join(threads[i].task);
    return refused;
}

static int64_t run_here(struct thread *threads, int64_t n)
{
    int64_t refused = 0;
    for (int64_t i = 0; i < n; i++)
        call_run(&threads[i]);
    if (is("call", "run-twice"))
        refused += !call_run(&threads[0]);
    return refused;
}

static void judge(struct thread *threads, int64_t n, int64_t refused)
{
    int64_t lines = 0, own = 0, distinct = 0, prints = integer("prints");
    bool called = is("call", "run") || is("call", "run-twice");
    bool again = is("call", "run-twice") && is("style", "subclass");
    for (int64_t i = 0; i < n; i++) {
        struct thread *t = &threads[i];
        lines += t->lines;
        own += t->ident_pid != thread_id();
        distinct += t->ident != (uintptr_t)t->ident_pid;
        row("%s\t%d\t%" PRId64 "\t%s\t%s\t%#" PRIxPTR "\t%s", task_name(t->task), t->ident_pid,
            t->lines, t->alive_inside ? "True" : "False", task_alive(t->task) ? "True" : "False",
            t->ident, task_daemon(t->task) ? "True" : "False");
    }
    check_number("lines", (n + again) * prints, lines);
    check_number("executed-in-own-thread", called ? 0 : n, own);
    check_number("alive-afterwards", 0, alive(threads, n));
    check_number("main-native-id-is-pid", process_id(), thread_id());
    check_number("ident-is-not-native-id", n, distinct);
    outcome(refused > 0 ? "refused"
            : called    ? "in-the-caller"
                        : "in-threads",
            "%" PRId64 " of %" PRId64 " in a thread of its own%s", own, n,
            refused > 0 ? ", the second call raised" : "");
}

static void run(void)
{
    static struct thread threads[THREADS_MAX];
    int64_t n = integer("threads"), refused, bytes = (n + 1) * integer("prints");
    bool called = is("call", "run") || is("call", "run-twice");
    printer = lock_new("printer");
    answers = queue_new("device", 0, sizeof(int64_t));
    cores_use((int)integer("cores"));
    for (int64_t i = 0; i < n; i++) {
        threads[i] = (struct thread){.target = body};
        threads[i].task = task_new(TASK_THREAD, text("Thread-%" PRId64, i + 1), body, &threads[i]);
    }
    struct task *slow = is("block", "io") ? thread_start("device", device, &bytes) : NULL;
    refused = called ? run_here(threads, n) : start_and_join(threads, n);
    if (slow)
        task_join(slow);
    judge(threads, n, refused);
}

SCENARIO(thread_lifecycle) = {
    .id = "thread-lifecycle",
    .family = FAMILY_THREADS,
    .number = 47,
    .title = {"Thread life, states and identity", "线程的一生：状态与标识"},
    .summary =
        {"Threads are made, started and joined; each prints lines and is blocked by something in "
         "between, so its lane shows running, ready and waiting. Or run() is called instead of "
         "start(): then there is no thread, and the caller does the work.",
         "创建、启动、等待若干线程；每个线程打印几行，行与行之间被某种原因阻塞，所以它的时间线上能"
         "看到运行、就绪和等待。如果调用的是 run() 而不是 "
         "start()，就没有新线程，活由调用者自己干。"},
    .lesson = {"start() makes a thread, run() is just a function call.",
               "start() 才创建线程，run() 只是普通函数调用。"},
    .python =
        "import threading, time\n"
        "\n"
        "def f():\n"
        "    for i in range(10):\n"
        "        print(threading.current_thread().name, i)\n"
        "        time.sleep(0.002)\n"
        "\n"
        "threads = [threading.Thread(target=f) for _ in range(2)]\n"
        "for t in threads:\n"
        "    t.start()                      # t.run() would call f here\n"
        "print(threading.enumerate())\n"
        "for t in threads:\n"
        "    t.join()\n"
        "    print(t.name, t.ident, t.native_id, t.is_alive(), t.daemon)\n"
        "# threads[0].start()               # RuntimeError: threads can only be started once\n",
    .concepts = CONCEPTS(23, 34, 131, 146, 147, 148, 149, 150, 151, 152, 153, 155),
    .chart = CHART_SHARES,
    .params = PARAMS(
        CHOICE("call", "start", "What is called", "调用什么",
               "run() runs the target in the caller. A second start(), or a second run() of a "
               "thread made with target=, raises every time.",
               "run() 在调用者里执行目标函数。第二次 start()，或者用 target= "
               "创建的线程第二次 run()，每次都会抛出异常。",
               {"start", {"start()", "start()"}}, {"run", {"run()", "run()"}},
               {"start-twice", {"start(), twice", "start() 两次"}},
               {"run-twice", {"run(), twice", "run() 两次"}}),
        INTEGER("threads", 1, THREADS_MAX, "2", "Threads", "线程数", "How many are made.",
                "创建多少个线程。"),
        INTEGER("prints", 1, 50, "10", "Lines each", "每个线程打印行数", "Lines each prints.",
                "每个线程打印多少行。"),
        CHOICE("style", "function", "How it is made", "创建方式",
               "A target function, or a subclass with its own run(), which may be called again.",
               "传入目标函数，或者继承 Thread 并重写 run()，后者可以再次调用。",
               {"function", {"target=f", "target=f"}},
               {"subclass", {"subclass with run()", "继承并重写 run()"}}),
        CHOICE("block", "sleep", "What blocks it", "阻塞的原因",
               "Between two lines: nothing but work, a sleep, a lock that the others want too, or "
               "a slow device.",
               "两行之间：只是计算、休眠、争用同一把锁，或者等待慢速设备。",
               {"none", {"nothing (works)", "无（一直计算）"}}, {"sleep", {"sleep()", "sleep()"}},
               {"lock", {"a lock", "锁"}}, {"io", {"a device", "设备输入输出"}}),
        INTEGER("cores", 1, 8, "1", "Cores", "核数",
                "How many cores the threads may use, as far as the machine has them. On one, those "
                "that could run queue up.",
                "线程最多能用多少个核（受机器限制）。只有一个核时，能运行的线程要排队。")),
    .outcomes = OUTCOMES(
        OUTCOME("in-threads", "* in a thread of its own", "call=start", CLASS_ACCEPTABLE,
                "Each ran in a thread of its own.", "每个都在自己的线程里运行。"),
        OUTCOME("in-the-caller", "0 of * in a thread of its own", "call!=start", CLASS_INTERESTING,
                "No thread was started: main ran all of them, one after the other.",
                "没有启动任何线程：全由主线程依次执行。"),
        OUTCOME("refused", "* of * in a thread of its own, the second call raised", "call!=start",
                CLASS_INTERESTING, "A thread is started once; run() forgets its target.",
                "线程只能启动一次；run() 执行完就不再保留目标函数。")),
    .checks = CHECKS(CHECK("lines", "Lines printed", "打印的行数"),
                     CHECK("executed-in-own-thread", "Executed in a thread of their own",
                           "在自己线程里执行的个数"),
                     CHECK("alive-afterwards", "Alive after join()", "join() 之后仍存活的个数"),
                     CHECK("main-native-id-is-pid", "native_id of the main thread is the pid",
                           "主线程的 native_id 等于 pid"),
                     CHECK("ident-is-not-native-id", "ident is another number than native_id",
                           "ident 与 native_id 不同")),
    .columns = COLUMNS(COLUMN("name", "Name", "名字", NULL),
                       COLUMN("native_id", "native_id", "native_id", NULL),
                       COLUMN("lines", "Lines", "行数", NULL),
                       COLUMN("inside", "is_alive() inside", "执行中 is_alive()", NULL),
                       COLUMN("afterwards", "is_alive() afterwards", "之后 is_alive()", NULL),
                       COLUMN("ident", "ident", "ident", NULL),
                       COLUMN("daemon", "daemon", "daemon", NULL)),
    .run = run,
};

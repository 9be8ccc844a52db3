#include "scenarios/scenario.h"

#include <errno.h>
#include <inttypes.h>

#define WORKERS_MAX 4
#define NESTED_MAX  4

/* A child that a task starts. */
struct nest {
    struct task *task; /* NULL when its start was refused */
    int64_t worker, i;
    _Atomic int first_parent, parent; /* process ids */
};

struct story {
    _Atomic int64_t refused, begun;
    struct cell *over; /* 1: the children may end */
    struct semaphore *tried, *orphaned;
    struct nest nest[WORKERS_MAX * NESTED_MAX];
};

static struct story *story;

/* def nested(): works on and on, and sees who its parent is */
static void nested(void *argument)
{
    struct nest *nest = argument;
    while (cell_read(story->over) == 0) {
        sleep_us(2000);
        int parent = parent_id();
        if (atomic_exchange(&nest->parent, parent) != parent)
            semaphore_release(story->orphaned);
    }
}

/* Process(target=nested).start() */
static void start_child(struct nest *nest)
{
    struct task *child = task_new(
        TASK_PROCESS, text("nested %" PRId64 ".%" PRId64, nest->worker, nest->i), nested, nest);
    nest->first_parent = nest->parent = process_id();
    if (task_begin(child) == -EPERM) {
        story->refused++;
        print("AssertionError: daemonic processes are not allowed to have children");
    } else {
        nest->task = child;
        story->begun++;
    }
}

/* def f_that_starts_process(_): … */
static int64_t start_children(struct call *call)
{
    for (int64_t i = 0; i < integer("nested"); i++) {
        struct nest *nest = &story->nest[call->x * NESTED_MAX + i];
        nest->worker = call->x;
        nest->i = i;
        start_child(nest);
    }
    semaphore_release(story->tried);
    if (is("pool", "mp-pool"))
        sleep_us(60000000); /* busy until the pool is terminated */
    return 0;
}

static void await_children(int64_t workers)
{
    for (int64_t i = 0; i < workers; i++)
        semaphore_acquire(story->tried);
}

/* with Pool(workers) as pool: whose end is terminate() */
static void with_pool(int64_t workers)
{
    const struct pool_options options = {.may_have_children = boolean("allow")};
    struct pool *pool = pool_new_with(TASK_PROCESS, (int)workers, &options);
    for (int64_t i = 0; i < workers; i++)
        pool_apply_async(pool, start_children, i, i, NULL, NULL, NULL);
    await_children(workers);
    pool_terminate(pool);
    pool_join(pool);
    for (int64_t i = 0; i < story->begun; i++)
        semaphore_acquire(story->orphaned); /* each has a new parent, sooner or later */
}

/* with ProcessPoolExecutor(workers) as executor: whose end is shutdown(), which waits */
static void with_executor(int64_t workers)
{
    struct executor *executor = executor_new(TASK_PROCESS, (int)workers);
    for (int64_t i = 0; i < workers; i++)
        executor_submit(executor, start_children, i);
    await_children(workers);
    cell_write(story->over, 1);
    executor_shutdown(executor, true, false); /* and its workers wait for their children */
}

/* What became of a child; ends it. Returns whether it was left behind. */
static bool settle(struct nest *nest)
{
    bool alive = nest->task && task_alive(nest->task);
    bool orphan = alive && nest->parent != nest->first_parent;
    row("nested %" PRId64 ".%" PRId64 "\t%s\t%d\t%s", nest->worker, nest->i,
        !nest->task ? "refused"
        : orphan    ? "orphan"
        : alive     ? "alive"
                    : "ended",
        nest->first_parent, nest->task ? text("%d", nest->parent) : "");
    return orphan;
}

static int64_t settle_all(int64_t workers)
{
    int64_t orphans = 0;
    for (int64_t i = 0; i < workers * NESTED_MAX; i++)
        if (story->nest[i].first_parent != 0)
            orphans += settle(&story->nest[i]);
    cell_write(story->over, 1);
    for (int64_t i = 0; i < workers * NESTED_MAX; i++)
        if (story->nest[i].task)
            task_watch(story->nest[i].task, FOREVER);
    return orphans;
}

static void judge(int64_t asked, int64_t orphans)
{
    bool mp_pool = is("pool", "mp-pool"), may = !mp_pool || boolean("allow");
    int64_t refused = story->refused, begun = story->begun;
    print("%" PRId64 " children begun, %" PRId64 " refused; %" PRId64 " left as orphans", begun,
          refused, orphans);
    check_number("daemons-are-refused", may ? 0 : asked, refused);
    check_number("others-are-allowed", may ? asked : 0, begun);
    check_number("left-behind", mp_pool ? begun : 0, orphans);
    metric("orphans", orphans);
    outcome(refused > 0   ? "refused"
            : orphans > 0 ? "orphans"
            : begun > 0   ? "waited-for"
                          : "no-children",
            "refused=%" PRId64 " begun=%" PRId64 " orphans=%" PRId64, refused, begun, orphans);
}

static void run(void)
{
    int64_t workers = integer("workers");
    story = shared_new(sizeof *story);
    story->over = cell_new_atomic("over", 0);
    story->tried = semaphore_new("tried", 0);
    story->orphaned = semaphore_new("orphaned", 0);
    if (is("pool", "mp-pool"))
        with_pool(workers);
    else
        with_executor(workers);
    judge(workers * integer("nested"), settle_all(workers));
}

SCENARIO(pool_daemon_children) = {
    .id = "pool-daemon-children",
    .family = FAMILY_POOLS,
    .number = 17,
    .title = {"Pool workers may not have children", "进程池的守护进程不能再建子进程"},
    .summary =
        {"Each task of a pool starts processes of its own, and then the program is done with the "
         "pool. The workers of multiprocessing.Pool are daemons, which are terminated in the "
         "middle "
         "of their work and so may not have children. Lift the ban and see what is left behind; "
         "those of a ProcessPoolExecutor may, because its end waits for them.",
         "进程池的每个任务都想再启动子进程，之后程序不再需要这个进程池。multiprocessing.Pool "
         "的工作进程是守护进程，干到一半也会被终止，所以不允许有子进程。解除禁令，看看会留下什么；"
         "ProcessPoolExecutor 的工作进程可以有，因为它结束时会等它们。"},
    .lesson = {"A process that may be killed at any moment must not be anyone's parent.",
               "随时可能被杀的进程不该有自己的子进程。"},
    .python = "from concurrent.futures import ProcessPoolExecutor\n"
              "from multiprocessing import Pool, Process, current_process\n"
              "import time\n"
              "\n"
              "def nested():\n"
              "    time.sleep(1)\n"
              "\n"
              "def f_that_starts_process(_):\n"
              "    # current_process()._config['daemon'] = False      # allow: lift the ban\n"
              "    Process(target=nested).start()   # AssertionError: daemonic processes are\n"
              "                                     # not allowed to have children\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    with ProcessPoolExecutor(1) as executor:          # allowed, and waited for\n"
              "        executor.submit(f_that_starts_process, 0)\n"
              "    with Pool(1) as pool:                             # terminate() at its end\n"
              "        pool.map(f_that_starts_process, [0])\n",
    .concepts = CONCEPTS(61),
    .chart = CHART_TREE,
    .params =
        PARAMS(CHOICE("pool", "mp-pool", "Pool", "进程池", "Whose workers they are.",
                      "哪一种进程池的工作进程。",
                      {"mp-pool", {"multiprocessing.Pool", "multiprocessing.Pool"}},
                      {"process-pool-executor", {"ProcessPoolExecutor", "ProcessPoolExecutor"}}),
               INTEGER("workers", 1, WORKERS_MAX, "1", "Workers", "工作进程数", "Size of the pool.",
                       "进程池大小。"),
               INTEGER("nested", 0, NESTED_MAX, "1", "Children per task", "每个任务的子进程数",
                       "How many each task tries to start.", "每个任务尝试启动多少个。"),
               BOOLEAN("allow", "false", "Lift the ban", "解除禁令",
                       "For multiprocessing.Pool: its workers are no daemons any more. When it is "
                       "terminated their children are left as orphans, in every run.",
                       "用于 multiprocessing.Pool：工作进程不再是守护进程。进程池被终止时，"
                       "它们的子进程每次都会成为孤儿。")),
    .outcomes = OUTCOMES(
        OUTCOME("refused", "refused=* begun=0 orphans=0", "pool=mp-pool&allow=false",
                CLASS_INTERESTING, "A daemonic process may not have children: start() raised.",
                "守护进程不允许有子进程：start() 抛出异常。"),
        OUTCOME("orphans", "refused=0 begun=* orphans=*", "pool=mp-pool&allow=true",
                CLASS_INTERESTING,
                "The workers were terminated; their children work on for nobody.",
                "工作进程被终止了，它们的子进程还在白白干活。"),
        OUTCOME("waited-for", "refused=0 begun=* orphans=0", "pool=process-pool-executor",
                CLASS_ACCEPTABLE,
                "The executor's end waited for its workers, and they for their children.",
                "执行器结束时等工作进程，工作进程又等自己的子进程。"),
        OUTCOME("no-children", "refused=0 begun=0 orphans=0", NULL, CLASS_ACCEPTABLE,
                "Nobody tried to have children.", "没有任务尝试启动子进程。")),
    .checks = CHECKS(
        CHECK("daemons-are-refused", "Children refused to daemons", "守护进程被拒绝的子进程"),
        CHECK("others-are-allowed", "Children of workers that are no daemons",
              "非守护工作进程启动的子进程"),
        CHECK("left-behind",
              "Children alive under another parent: all after terminate(), none after "
              "shutdown()",
              "换了父进程还活着的子进程：terminate() 之后是全部，shutdown() 之后没有")),
    .columns = COLUMNS(COLUMN("child", "Child", "子进程", NULL),
                       COLUMN("state", "Afterwards", "之后", NULL),
                       COLUMN("first_parent", "Asked for by (pid)", "由谁启动（pid）", NULL),
                       COLUMN("ppid", "Parent in the end (pid)", "最后的父进程（pid）", NULL)),
    .run = run,
};

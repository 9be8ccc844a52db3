#include "scenarios/scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#define WORKERS_MAX 4
#define NESTED_MAX  4

/* What the workers and their children do; shared. */
struct story {
    _Atomic int64_t refused, begun;
    struct task *grandchild[WORKERS_MAX][NESTED_MAX];
    _Atomic int parent_pid[WORKERS_MAX][NESTED_MAX];
    struct semaphore *tried;
};

static struct story *story;

struct place {
    int64_t worker, i;
};

/* Works until somebody ends it; tells whose child it is. */
static void nested(void *argument)
{
    struct place *place = argument;
    for (;;) {
        story->parent_pid[place->worker][place->i] = getppid();
        sleep_us(2000);
    }
}

/* def f_that_starts_Process(_): Process(target=nested).start() */
static int64_t start_children(struct call *call)
{
    for (int64_t i = 0; i < integer("nested"); i++) {
        struct place *place = shared_new(sizeof *place);
        *place = (struct place){call->x, i};
        struct task *child =
            task_new(TASK_PROCESS, text("nested %" PRId64 ".%" PRId64, call->x, i), nested, place);
        if (task_begin(child) == -EPERM) {
            story->refused++;
            print("AssertionError: daemonic processes are not allowed to have children");
        } else {
            story->grandchild[call->x][i] = child;
            story->begun++;
        }
    }
    semaphore_release(story->tried);
    sleep_us(60000000); /* until the pool is terminated */
    return 0;
}

static int64_t count_orphans(int64_t workers, const struct pool *pool)
{
    int64_t orphans = 0;
    sleep_us(20000);
    for (int64_t w = 0; w < workers; w++)
        for (int64_t i = 0; i < integer("nested"); i++) {
            struct task *child = story->grandchild[w][i];
            bool orphan = child && task_alive(child) &&
                          story->parent_pid[w][i] != task_pid(pool_worker(pool, (unsigned)w));
            row("nested %" PRId64 ".%" PRId64 "\t%s\t%d", w, i,
                !child              ? "refused"
                : orphan            ? "orphan"
                : task_alive(child) ? "alive"
                                    : "gone",
                story->parent_pid[w][i]);
            orphans += orphan;
        }
    return orphans;
}

static void sweep_up(int64_t workers)
{
    for (int64_t w = 0; w < workers; w++)
        for (int64_t i = 0; i < integer("nested"); i++)
            if (story->grandchild[w][i]) {
                task_kill(story->grandchild[w][i]);
                task_watch(story->grandchild[w][i], FOREVER);
            }
}

static void run(void)
{
    int64_t workers = integer("workers"), asked = workers * integer("nested");
    bool may = is("pool", "process-pool-executor") || boolean("allow");
    const struct pool_options options = {.may_have_children = may};
    story = shared_new(sizeof *story);
    story->tried = semaphore_new("tried", 0);
    struct pool *pool = pool_new_with(TASK_PROCESS, (int)workers, &options);
    for (int64_t i = 0; i < workers; i++)
        pool_apply_async(pool, start_children, i, i, NULL, NULL, NULL);
    for (int64_t i = 0; i < workers; i++)
        semaphore_acquire(story->tried);
    pool_terminate(pool);
    pool_join(pool);
    int64_t orphans = count_orphans(workers, pool);
    print("%" PRId64 " children begun, %" PRId64 " refused; %" PRId64 " left as orphans",
          (int64_t)story->begun, (int64_t)story->refused, orphans);
    sweep_up(workers);
    check_number("daemons-are-refused", may ? 0 : asked, story->refused);
    check_number("others-are-allowed", may ? asked : 0, story->begun);
    metric("orphans", orphans);
    outcome(story->refused > 0 ? "refused"
            : orphans > 0      ? "orphans"
                               : "no-children",
            "refused=%" PRId64 " orphans=%" PRId64, (int64_t)story->refused, orphans);
}

SCENARIO(pool_daemon_children) = {
    .id = "pool-daemon-children",
    .family = FAMILY_POOLS,
    .number = 17,
    .title = {"Pool workers may not have children", "进程池的守护进程不能再建子进程"},
    .summary =
        {"Each task of a pool starts processes of its own, and then the pool is terminated. The "
         "workers of multiprocessing.Pool are daemons, which may not have children; those of a "
         "ProcessPoolExecutor are not. Lift the ban and see what is left behind.",
         "进程池的每个任务都想再启动子进程，随后进程池被终止。multiprocessing.Pool "
         "的工作进程是守护进程，不允许有子进程；ProcessPoolExecutor "
         "的不是。解除禁令，看看会留下什么。"},
    .lesson = {"A process that may be killed at any moment must not be anyone's parent.",
               "随时可能被杀的进程不该有自己的子进程。"},
    .python = "from multiprocessing import Pool, Process\n"
              "import time\n"
              "\n"
              "def nested():\n"
              "    time.sleep(60)\n"
              "\n"
              "def f_that_starts_process(_):\n"
              "    Process(target=nested).start()   # AssertionError: daemonic processes are\n"
              "    time.sleep(60)                   # not allowed to have children\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    pool = Pool(1)\n"
              "    pool.map(f_that_starts_process, [0])\n",
    .concepts = CONCEPTS(61),
    .chart = CHART_TREE,
    .params = PARAMS(
        CHOICE("pool", "mp-pool", "Pool", "进程池", "Whose workers they are.",
               "哪一种进程池的工作进程。",
               {"mp-pool", {"multiprocessing.Pool", "multiprocessing.Pool"}},
               {"process-pool-executor", {"ProcessPoolExecutor", "ProcessPoolExecutor"}}),
        INTEGER("workers", 1, WORKERS_MAX, "1", "Workers", "工作进程数", "Size of the pool.",
                "进程池大小。"),
        INTEGER("nested", 0, NESTED_MAX, "1", "Children per task", "每个任务的子进程数",
                "How many each task tries to start.", "每个任务尝试启动多少个。"),
        BOOLEAN("allow", "false", "Lift the ban", "解除禁令",
                "The workers are no daemons any more. When the pool is terminated their children "
                "are left as orphans, in every run.",
                "工作进程不再是守护进程。进程池被终止时，它们的子进程每次都会成为孤儿。")),
    .outcomes = OUTCOMES(
        OUTCOME("refused", "refused=* orphans=0", "pool=mp-pool&allow=false", CLASS_INTERESTING,
                "A daemonic process may not have children: start() raised.",
                "守护进程不允许有子进程：start() 抛出异常。"),
        OUTCOME("orphans", "refused=0 orphans=*", "allow=true", CLASS_INTERESTING,
                "The workers were terminated; their children work on for nobody.",
                "工作进程被终止了，它们的子进程还在白白干活。"),
        OUTCOME("orphans", "refused=0 orphans=*", "pool=process-pool-executor", CLASS_INTERESTING,
                "An executor's workers may have children; when it is terminated they are left.",
                "执行器的工作进程可以有子进程；强行终止时这些子进程就被留下了。"),
        OUTCOME("no-children", "refused=0 orphans=0", NULL, CLASS_ACCEPTABLE,
                "Nobody tried to have children.", "没有任务尝试启动子进程。")),
    .checks = CHECKS(CHECK("daemons-are-refused", "Children refused to daemons",
                           "守护进程被拒绝的子进程"),
                     CHECK("others-are-allowed", "Children of workers that are no daemons",
                           "非守护工作进程启动的子进程")),
    .columns = COLUMNS(COLUMN("child", "Child", "子进程", NULL),
                       COLUMN("state", "Afterwards", "之后", NULL),
                       COLUMN("ppid", "Parent's pid", "父进程 pid", NULL)),
    .run = run,
};

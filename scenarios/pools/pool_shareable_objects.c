#include "scenarios/scenario.h"

#include <inttypes.h>

#define WORKERS_MAX 8
#define TASKS_MAX   100

/* The object, whichever it is; one of them is set. */
struct shareable {
    struct queue *queue;
    struct array *array;
    struct lock *lock;
    struct managed *managed_queue, *managed_lock;
    struct cell *uses; /* counts the uses; guarded by the lock where there is one */
};

/* Who used the object for which task; NULL: nobody. Shared. */
struct story {
    const char *user[TASKS_MAX];
};

static struct story *story;

/* use(object, i): puts its number, adds to the array, or counts under the lock. */
static void use(const struct shareable *object, int64_t i)
{
    double value = 0;
    story->user[i] = task_name(task_self());
    if (object->queue)
        queue_put(object->queue, &i, i);
    if (object->managed_queue)
        managed_put(object->managed_queue, i, FOREVER);
    if (object->array) {
        lock_acquire(array_lock(object->array));
        array_get(object->array, 0, &value);
        array_set(object->array, 0, value + 1);
        lock_release(array_lock(object->array));
    }
    if (object->lock)
        lock_acquire(object->lock);
    if (object->managed_lock)
        managed_acquire(object->managed_lock, FOREVER);
    if (object->lock || object->managed_lock)
        cell_write(object->uses, cell_read(object->uses) + 1);
    if (object->lock)
        lock_release(object->lock);
    if (object->managed_lock)
        managed_release(object->managed_lock);
}

/* ---- by the pool ---- */

static const struct shareable *given; /* a global of each worker */

/* Pool(initializer=init, initargs=(object,)): inherited by the fork */
static void init(void *object)
{
    given = object;
}

/* In a worker. x is the object that came with the message, or 0. */
static int64_t task(struct call *call)
{
    use(call->x ? (const struct shareable *)call->x : given, call->index);
    return 0;
}

/*
 * Pickling for a task's message, in the parent. What lives in inherited memory cannot be named in a
 * message; a proxy is an address of the server, and can. Returns why not, or NULL.
 */
static const char *pickling_error(const struct shareable *object)
{
    const char *type = object->queue   ? "Queue"
                       : object->array ? "SynchronizedArray"
                       : object->lock  ? "Lock"
                                       : NULL;
    return type ? text("RuntimeError: %s objects should only be shared between processes through "
                       "inheritance",
                       type)
                : NULL;
}

/* pool.apply(use, (object, i)), or pool.apply(use, (i,)); returns how many were refused */
static int64_t by_pool(struct shareable *object, int64_t tasks)
{
    bool mailed = is("how", "task-argument");
    const char *error = mailed ? pickling_error(object) : NULL;
    const struct pool_options options = {.initializer = mailed ? NULL : init, .argument = object};
    struct pool *pool = pool_new_with(TASK_PROCESS, (int)integer("workers"), &options);
    if (error)
        print("%s", error);
    for (int64_t i = 0; i < tasks && !error; i++)
        async_get(pool_apply_async(pool, task, i, mailed ? (int64_t)object : 0, NULL, NULL, NULL));
    pool_close(pool);
    pool_join(pool);
    return error ? tasks : 0;
}

/* ---- by processes ---- */

struct order {
    const struct shareable *object;
    int64_t i;
};

static void as_process(void *argument)
{
    const struct order *order = argument;
    use(order->object, order->i);
}

/* p = Process(target=use, args=(object, i)): inherited by the fork */
static void by_process(const struct shareable *object, int64_t tasks)
{
    int64_t workers = integer("workers");
    for (int64_t first = 0; first < tasks; first += workers) {
        struct order orders[WORKERS_MAX];
        struct task *processes[WORKERS_MAX];
        int64_t n = tasks - first < workers ? tasks - first : workers;
        for (int64_t i = 0; i < n; i++) {
            orders[i] = (struct order){object, first + i};
            processes[i] =
                process_start(text("Process-%" PRId64, first + i + 1), as_process, &orders[i]);
        }
        for (int64_t i = 0; i < n; i++)
            task_join(processes[i]);
    }
}

/* ---- the parent ---- */

static void make_object(struct shareable *object, struct manager *manager)
{
    object->uses = cell_new("uses", 0);
    if (is("object", "mp-queue"))
        object->queue = queue_new("queue", 0, sizeof(int64_t));
    else if (is("object", "mp-array"))
        object->array = array_new("array", 'i', 1);
    else if (is("object", "mp-lock"))
        object->lock = lock_new("lock");
    else if (is("object", "manager-queue"))
        object->managed_queue = manager_queue(manager, "queue", 0);
    else
        object->managed_lock = manager_lock(manager, "lock");
}

/* How many uses the object itself tells of. */
static int64_t held_by(const struct shareable *object)
{
    double value = 0;
    if (object->queue)
        return queue_size(object->queue);
    if (object->managed_queue)
        return managed_length(object->managed_queue);
    if (object->array) {
        array_get(object->array, 0, &value);
        return (int64_t)value;
    }
    return cell_read(object->uses);
}

static void judge(const struct shareable *object, int64_t tasks, int64_t refused)
{
    int64_t reached = 0, seen = held_by(object);
    for (int64_t i = 0; i < tasks; i++) {
        const char *user = story->user[i];
        reached += user != NULL;
        row("task %" PRId64 "\t%s\t%s", i, user ? "used" : "refused", user ? user : "");
    }
    print("the parent finds %" PRId64 " uses of %" PRId64, seen, tasks);
    check_number("refused-reach-no-worker", tasks - refused, reached);
    check_number("parent-sees-every-use", reached, seen);
    outcome(refused > 0 ? "refused" : "shared", "uses=%" PRId64 " of %" PRId64, seen, tasks);
}

static void run(void)
{
    static struct shareable object;
    bool managed = is("object", "manager-queue") || is("object", "manager-lock");
    int64_t tasks = integer("tasks"), refused = 0;
    struct manager *manager = managed ? manager_new() : NULL;
    story = shared_new(sizeof *story);
    make_object(&object, manager);
    if (is("how", "process-argument"))
        by_process(&object, tasks);
    else
        refused = by_pool(&object, tasks);
    judge(&object, tasks, refused);
    if (manager)
        manager_shutdown(manager);
}

SCENARIO(pool_shareable_objects) = {
    .id = "pool-shareable-objects",
    .family = FAMILY_POOLS,
    .number = 18,
    .title = {"What may be sent to a pool worker?", "哪些对象能传给进程池"},
    .summary =
        {"A parent wants workers to use a queue, an array or a lock of its own. It can give it to "
         "a process when that starts, by an argument or by the pool's initializer, because a fork "
         "inherits it. In a task's message it would have to be pickled, and only a manager's proxy "
         "can be: the rest is refused in the parent, and no worker ever sees the task.",
         "父进程想让工作进程使用自己的队列、数组或锁。可以在进程启动时给（作为参数，或通过进程池的"
         "初始化"
         "函数），因为 fork 会继承它。放进任务消息就要先序列化，只有 Manager 的代理能做到："
         "其余的在父进程里就被拒绝，任务根本到不了工作进程。"},
    .lesson = {"Kernel-backed objects are inherited at fork; only proxies can be mailed later.",
               "底层对象只能在 fork 时继承，之后只能传代理。"},
    .python = "from multiprocessing import Manager, Pool, Process, Queue\n"
              "\n"
              "def use(q, i):\n"
              "    q.put(i)\n"
              "\n"
              "def init(q):\n"
              "    global queue\n"
              "    queue = q\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    q = Queue()\n"
              "    Process(target=use, args=(q, 0)).start()          # inherited\n"
              "    with Pool(2, initializer=init, initargs=(q,)) as pool:\n"
              "        pool.apply(use, (q, 1))                       # RuntimeError\n"
              "    with Manager() as m, Pool(2) as pool:\n"
              "        pool.apply(use, (m.Queue(), 1))               # a proxy: fine\n",
    .concepts = CONCEPTS(62, 63),
    .chart = CHART_TREE,
    .params = PARAMS(CHOICE("object", "mp-queue", "Object", "对象", "What is to be shared.",
                            "要共享的对象。", {"mp-queue", {"mp.Queue", "mp.Queue"}},
                            {"mp-array", {"mp.Array", "mp.Array"}},
                            {"mp-lock", {"mp.Lock", "mp.Lock"}},
                            {"manager-queue", {"Manager().Queue()", "Manager().Queue()"}},
                            {"manager-lock", {"Manager().Lock()", "Manager().Lock()"}}),
                     CHOICE("how", "task-argument", "How it is given", "怎样传递",
                            "With a task every object of multiprocessing is refused, every time.",
                            "随任务传递时，multiprocessing 自己的对象每次都会被拒绝。",
                            {"task-argument", {"an argument of a task", "任务的参数"}},
                            {"initializer", {"the pool's initializer", "进程池的初始化函数"}},
                            {"process-argument", {"an argument of Process", "Process 的参数"}}),
                     INTEGER("workers", 1, WORKERS_MAX, "2", "Workers", "工作进程数",
                             "Size of the pool, or processes at a time.",
                             "进程池大小，或同时的进程数。"),
                     INTEGER("tasks", 1, TASKS_MAX, "3", "Tasks", "任务数", "How often it is used.",
                             "使用多少次。")),
    .outcomes = OUTCOMES(OUTCOME("shared", "uses=*", NULL, CLASS_ACCEPTABLE,
                                 "The workers used the parent's object.",
                                 "工作进程用的就是父进程的对象。"),
                         OUTCOME("refused", "uses=0 of *", "how=task-argument", CLASS_INTERESTING,
                                 "The object cannot be put into a task's message.",
                                 "这个对象无法放进任务消息。")),
    .checks = CHECKS(CHECK("refused-reach-no-worker",
                           "Every task reached a worker, except those refused in the parent",
                           "除了在父进程里就被拒绝的，每个任务都到达了工作进程"),
                     CHECK("parent-sees-every-use",
                           "The parent finds every use of a worker in its own object",
                           "工作进程的每次使用，父进程都能在自己的对象里看到")),
    .columns = COLUMNS(COLUMN("task", "Task", "任务", NULL),
                       COLUMN("fate", "What became of it", "结果", NULL),
                       COLUMN("user", "Used by", "使用者", NULL)),
    .run = run,
};

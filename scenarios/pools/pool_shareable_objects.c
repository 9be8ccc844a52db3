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

static struct shareable object;

/* Uses the object: puts its number, adds to the array, or counts under the lock. */
static int64_t use(struct call *call)
{
    double value = 0;
    if (object.queue)
        queue_put(object.queue, &call->x, call->x);
    if (object.managed_queue)
        managed_put(object.managed_queue, call->x, FOREVER);
    if (object.array) {
        lock_acquire(array_lock(object.array));
        array_get(object.array, 0, &value);
        array_set(object.array, 0, value + 1);
        lock_release(array_lock(object.array));
    }
    if (object.lock)
        lock_acquire(object.lock);
    if (object.managed_lock)
        managed_acquire(object.managed_lock, FOREVER);
    cell_write(object.uses, cell_read(object.uses) + 1);
    if (object.lock)
        lock_release(object.lock);
    if (object.managed_lock)
        managed_release(object.managed_lock);
    return call->x;
}

/*
 * Pickling for a task's message. What lives in inherited memory cannot be named in a message; a
 * proxy is an address of the server, and can.
 */
static bool pickles(void)
{
    return object.managed_queue || object.managed_lock;
}

static int64_t refuse(struct call *call)
{
    return call_raise(call,
                      "RuntimeError: %s objects should only be shared between processes "
                      "through inheritance",
                      object.queue   ? "Queue"
                      : object.array ? "SynchronizedArray"
                                     : "Lock");
}

static void make_object(struct manager *manager)
{
    object.uses = cell_new("uses", 0);
    if (is("object", "mp-queue"))
        object.queue = queue_new("queue", 0, sizeof(int64_t));
    else if (is("object", "mp-array"))
        object.array = array_new("array", 'i', 1);
    else if (is("object", "mp-lock"))
        object.lock = lock_new("lock");
    else if (is("object", "manager-queue"))
        object.managed_queue = manager_queue(manager, "queue", 0);
    else
        object.managed_lock = manager_lock(manager, "lock");
}

static void as_process(void *argument)
{
    use(argument);
}

/* p = Process(target=use, args=(object, i)): inherited by the fork */
static int64_t by_process(int64_t tasks)
{
    struct call calls[TASKS_MAX];
    int64_t workers = integer("workers");
    for (int64_t first = 0; first < tasks; first += workers) {
        struct task *processes[WORKERS_MAX];
        int64_t n = tasks - first < workers ? tasks - first : workers;
        for (int64_t i = 0; i < n; i++) {
            calls[first + i] = (struct call){.index = first + i, .x = first + i};
            processes[i] = process_start(text("Process-%" PRId64, first + i + 1), as_process,
                                         &calls[first + i]);
        }
        for (int64_t i = 0; i < n; i++)
            task_join(processes[i]);
    }
    return 0;
}

/* pool.apply(use, (object, i)), or pool.apply(use, (i,)) with the object given to initargs */
static int64_t by_pool(int64_t tasks)
{
    struct pool *pool = pool_new(TASK_PROCESS, (int)integer("workers"));
    bool sent = is("how", "initializer") || pickles();
    int64_t failed = 0;
    for (int64_t i = 0; i < tasks; i++) {
        const struct call *call =
            async_get(pool_apply_async(pool, sent ? use : refuse, i, i, NULL, NULL, NULL));
        failed += call->error[0] != '\0';
        if (call->error[0] && failed == 1)
            print("%s", call->error);
    }
    pool_close(pool);
    pool_join(pool);
    return failed;
}

static int64_t held_by_object(void)
{
    double value = 0;
    if (object.queue)
        return queue_size(object.queue);
    if (object.managed_queue)
        return managed_length(object.managed_queue);
    if (object.array) {
        array_get(object.array, 0, &value);
        return (int64_t)value;
    }
    return cell_read(object.uses);
}

static void run(void)
{
    bool managed = is("object", "manager-queue") || is("object", "manager-lock");
    int64_t tasks = integer("tasks");
    struct manager *manager = managed ? manager_new() : NULL;
    make_object(manager);
    int64_t failed = is("how", "process-argument") ? by_process(tasks) : by_pool(tasks);
    int64_t seen = held_by_object();
    print("the parent finds %" PRId64 " uses of %" PRId64, seen, tasks);
    check_number("refused-by-rule", managed || !is("how", "task-argument") ? 0 : tasks, failed);
    check_number("parent-sees-every-use", tasks - failed, seen);
    outcome(failed > 0 ? "refused" : "shared", "uses=%" PRId64 " of %" PRId64, seen, tasks);
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
         "inherits it. In a task's message it would have to be pickled; only a manager's proxy can "
         "be.",
         "父进程想让工作进程使用自己的队列、数组或锁。在进程启动时给（作为参数，或通过进程池的初始"
         "化"
         "函数）可以，因为 fork 会继承它；放进任务消息里就要序列化，而只有 Manager "
         "的代理能做到。"},
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
    .checks = CHECKS(CHECK("refused-by-rule", "Tasks refused", "被拒绝的任务"),
                     CHECK("parent-sees-every-use", "Uses the parent sees",
                           "父进程看到的使用次数")),
    .run = run,
};

#include "scenarios/scenario.h"

#include <errno.h>
#include <inttypes.h>

#define THREADS_MAX 16

struct program {
    struct lock *lock; /* Lock, RLock, or the condition's */
    struct condition *condition;
    struct semaphore *semaphore;
    struct event *first_is_in, *others_wait;
    _Atomic int64_t entered, raised;
};

struct visitor {
    struct program *program;
    int64_t number;
};

static void acquire(struct program *p)
{
    if (p->semaphore)
        semaphore_acquire(p->semaphore);
    else
        lock_acquire(p->lock);
}

static void release(struct program *p)
{
    if (p->semaphore)
        semaphore_release(p->semaphore);
    else
        lock_release(p->lock);
}

static void release_on_leaving(struct program **held)
{
    release(*held);
}

/* The critical section. The first visitor raises an exception, which in C is a code returned. */
static int work(struct visitor *self)
{
    struct program *p = self->program;
    p->entered++;
    print("(thread %" PRId64 ") acquired %s", self->number + 1,
          is("style", "with") ? "via with" : "directly");
    if (self->number == 0) {
        event_set(p->first_is_in);
        event_wait(p->others_wait);
        if (boolean("raise_inside")) {
            p->raised++;
            return -ECANCELED; /* raise ValueError */
        }
    }
    return 0;
}

/* with lock: work() */
static int style_with(struct visitor *self)
{
    __attribute__((cleanup(release_on_leaving))) struct program *held = self->program;
    acquire(held);
    return work(self);
}

/* lock.acquire(); try: work() finally: lock.release() */
static int style_try_finally(struct visitor *self)
{
    acquire(self->program);
    int raised = work(self);
    release(self->program); /* finally: whatever happened */
    return raised;
}

/* lock.acquire(); work(); lock.release() */
static int style_bare(struct visitor *self)
{
    acquire(self->program);
    int raised = work(self);
    if (raised < 0)
        return raised; /* the exception jumps over the release */
    release(self->program);
    return 0;
}

static void visitor(void *argument)
{
    struct visitor *self = argument;
    int raised = is("style", "with")          ? style_with(self)
                 : is("style", "try-finally") ? style_try_finally(self)
                                              : style_bare(self);
    if (raised < 0)
        print("(thread %" PRId64 ") ValueError", self->number + 1);
}

static void prepare(struct program *p)
{
    p->first_is_in = event_new("first is in");
    p->others_wait = event_new("others may come");
    if (is("primitive", "semaphore"))
        p->semaphore = semaphore_new("Semaphore", 1);
    else if (is("primitive", "condition"))
        p->condition = condition_new("Condition", NULL);
    else
        p->lock =
            is("primitive", "rlock") ? lock_new_of(LOCK_RECURSIVE, "RLock") : lock_new("Lock");
    if (p->condition)
        p->lock = condition_lock(p->condition);
}

static bool is_free(struct program *p)
{
    return p->semaphore ? semaphore_value(p->semaphore) == 1 : !lock_locked(p->lock);
}

static void run(void)
{
    struct visitor visitors[THREADS_MAX];
    struct task *threads[THREADS_MAX];
    struct program p = {0};
    int64_t n = integer("threads");
    prepare(&p);
    for (int64_t i = 0; i < n; i++) {
        visitors[i] = (struct visitor){&p, i};
        threads[i] = thread_start(text("thread %" PRId64, i + 1), visitor, &visitors[i]);
        if (i == 0)
            event_wait(p.first_is_in);
    }
    event_set(p.others_wait);
    for (int64_t i = 0; i < n; i++)
        task_join(threads[i]);
    check_number("everybody-got-it", n, p.entered);
    check("free-again", is_free(&p), "free", is_free(&p) ? "free" : "held");
    outcome("released", "entered=%" PRId64 " raised=%" PRId64, p.entered, p.raised);
}

SCENARIO(with_vs_manual) = {
    .id = "with-vs-manual",
    .family = FAMILY_LOCKS,
    .number = 46,
    .title = {"with, try/finally, or nothing", "with、try/finally 与什么都不写"},
    .summary = {"Threads queue up for a lock. The first one raises an exception while it holds it. "
                "With `with` or `try/finally` the lock is released all the same; written bare, the "
                "exception jumps over the release.",
                "几个线程排队等一把锁，第一个线程在持锁时抛出异常。用 `with` 或 `try/finally` "
                "时锁照样会释放；"
                "什么都不写，异常就会跳过释放那一行。"},
    .lesson = {"Tie the release to leaving the block.", "把释放绑定在离开代码块上。"},
    .python = "import logging\n"
              "import threading\n"
              "\n"
              "logging.basicConfig(level=logging.DEBUG, format='(%(threadName)s) %(message)s')\n"
              "\n"
              "def with_it(lock):\n"
              "    with lock:\n"
              "        logging.debug('%s acquired via with', lock)\n"
              "        raise ValueError           # released all the same\n"
              "\n"
              "def without_it(lock):\n"
              "    lock.acquire()\n"
              "    try:\n"
              "        logging.debug('%s acquired directly', lock)\n"
              "    finally:\n"
              "        lock.release()             # forget this, and the rest wait for ever\n"
              "\n"
              "for lock in (threading.Lock(), threading.RLock(), threading.Condition(),\n"
              "             threading.Semaphore(1)):\n"
              "    for f in (with_it, without_it):\n"
              "        threading.Thread(target=f, args=(lock,)).start()\n",
    .concepts = CONCEPTS(130, 142, 143),
    .chart = CHART_SHARES,
    .params = PARAMS(
        CHOICE("primitive", "lock", "Primitive", "同步原语", "All four can be used with `with`.",
               "这四种都可以配合 `with` 使用。", {"lock", {"Lock", "Lock"}},
               {"rlock", {"RLock", "RLock"}}, {"condition", {"Condition", "Condition"}},
               {"semaphore", {"Semaphore(1)", "Semaphore(1)"}}),
        CHOICE("style", "with", "How it is released", "如何释放",
               "By the block, by hand in `finally`, or by hand and hope.",
               "由代码块释放、在 `finally` 里手动释放，或者手动释放并祈祷不出异常。",
               {"with", {"with", "with"}}, {"try-finally", {"try/finally", "try/finally"}},
               {"bare", {"nothing (broken)", "什么都不写（有缺陷）"}}),
        BOOLEAN("raise_inside", "true", "Exception inside", "锁内抛异常",
                "The first thread raises while it holds the lock.", "第一个线程在持锁时抛出异常。"),
        INTEGER("threads", 2, THREADS_MAX, "4", "Threads", "线程数",
                "The others queue up behind the first.", "其余线程排在第一个后面。"),
        INTEGER("limit_ms", 100, 20000, "1000", "Limit (ms)", "时限（毫秒）",
                "After this the run is stopped. A deadlock is noticed sooner.",
                "到时间就停止运行；死锁不用等到时限就会被发现。")),
    .outcomes = OUTCOMES(
        OUTCOME("released", "entered=*", NULL, CLASS_ACCEPTABLE,
                "The lock was free after the exception, and everybody got it.",
                "异常之后锁是空闲的，大家都拿到了。"),
        DEADLOCK("left-locked", "style=bare&raise_inside=true",
                 "The exception left the lock held by a thread that is gone; the others wait for "
                 "ever.",
                 "异常让锁留在已经结束的线程手里，其余线程永远等下去。")),
    .checks = CHECKS(CHECK("everybody-got-it", "Every thread got the lock", "每个线程都拿到过锁"),
                     CHECK("free-again", "It is free in the end", "最后锁是空闲的")),
    .run = run,
};

#include "scenarios/scenario.h"

#include <inttypes.h>

#define USERS_MAX 64

/* In memory that the users share, whichever kind of task they are. */
struct washroom {
    struct semaphore *stalls;
    _Atomic int64_t inside, most, visits;
};

struct user {
    struct washroom *washroom;
    int64_t number;
};

static void note_inside(struct washroom *w)
{
    int64_t inside = ++w->inside, most = w->most;
    while (inside > most && !atomic_compare_exchange_weak(&w->most, &most, inside))
        ;
}

static void user(void *argument)
{
    struct user *self = argument;
    struct washroom *w = self->washroom;
    semaphore_acquire(w->stalls);
    note_inside(w);
    print("user %" PRId64 " is in", self->number);
    sleep_us((int64_t)(drawn(0, (uint64_t)self->number) * (double)integer("stay_ms_max") * 1000));
    print("user %" PRId64 " is out, OK", self->number);
    w->visits++;
    w->inside--;
    semaphore_release(w->stalls);
}

/* One release too many: is the mistake noticed? */
static bool release_once_more(struct semaphore *stalls)
{
    bool refused = semaphore_release(stalls) < 0;
    print("one release more: %s",
          refused ? "ValueError: Semaphore released too many times" : "nobody complains");
    return refused;
}

static void run(void)
{
    struct user users[USERS_MAX];
    struct task *tasks[USERS_MAX];
    int64_t n = integer("users"), permits = integer("permits");
    enum task_kind kind = is("unit", "process") ? TASK_PROCESS : TASK_THREAD;
    struct washroom *washroom = shared_new(sizeof *washroom);
    washroom->stalls = boolean("bounded") ? semaphore_new_bounded("stalls", (unsigned)permits)
                                          : semaphore_new("stalls", (unsigned)permits);
    for (int64_t i = 0; i < n; i++) {
        users[i] = (struct user){washroom, i};
        tasks[i] = task_start(kind, text("user %" PRId64, i), user, &users[i]);
    }
    for (int64_t i = 0; i < n; i++)
        task_join(tasks[i]);
    int64_t left = semaphore_value(washroom->stalls);
    bool refused = release_once_more(washroom->stalls);
    int64_t value = semaphore_value(washroom->stalls);
    check("never-more-inside", washroom->most <= permits, text("at most %" PRId64, permits),
          text("%" PRId64, washroom->most));
    check_number("everybody-was-in", n, washroom->visits);
    check_number("released-as-acquired", permits, left);
    check_number("extra-release", boolean("bounded") ? permits : permits + 1, value);
    metric("most_inside", washroom->most);
    outcome(refused ? "refused" : "one-too-many", "permits=%" PRId64, value);
}

SCENARIO(semaphore_stalls) = {
    .id = "semaphore-stalls",
    .family = FAMILY_LOCKS,
    .number = 40,
    .title = {"Semaphore: two stalls, five users", "信号量：两个坑位五个人"},
    .summary = {"Five users want one of two stalls. A semaphore with two permits lets in two at a "
                "time; the others wait. In the end somebody releases once too often: an ordinary "
                "semaphore then has a permit more, a bounded one complains.",
                "五个人要用两个坑位。带两个许可的信号量每次只放两个人进去，其余的等待。"
                "最后有人多释放了一次：普通信号量会悄悄多出一个许可，有界信号量则会报错。"},
    .lesson = {"A semaphore is a lock that counts.", "信号量就是带计数的锁。"},
    .python = "import random\n"
              "import time\n"
              "from multiprocessing import Process, Semaphore\n"
              "\n"
              "def user(sem, i):\n"
              "    sem.acquire()\n"
              "    print(f'user {i} is in')\n"
              "    time.sleep(random.uniform(0, 3))\n"
              "    print(f'user {i} is out, OK')\n"
              "    sem.release()\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    sem = Semaphore(2)\n"
              "    users = [Process(target=user, args=(sem, i)) for i in range(5)]\n"
              "    for p in users:\n"
              "        p.start()\n"
              "    for p in users:\n"
              "        p.join()\n",
    .concepts = CONCEPTS(136),
    .chart = CHART_LEVEL,
    .params = PARAMS(
        INTEGER("permits", 1, 16, "2", "Permits", "许可数", "How many may be inside at once.",
                "同时可以有几个人在里面。"),
        INTEGER("users", 1, USERS_MAX, "5", "Users", "人数", "Each comes once.", "每人来一次。"),
        INTEGER("stay_ms_max", 0, 3000, "300", "Longest stay (ms)", "最长停留（毫秒）",
                "Each stays for a random time up to this.", "每人随机停留，最长这么久。"),
        CHOICE("unit", "process", "Unit", "执行单元", "Processes or threads.", "进程或线程。",
               {"process", {"processes", "进程"}}, {"thread", {"threads", "线程"}}),
        BOOLEAN("bounded", "false", "BoundedSemaphore", "BoundedSemaphore",
                "Refuses to have more permits than it began with.", "许可数不允许超过初始值。")),
    .outcomes = OUTCOMES(
        OUTCOME("one-too-many", "permits=*", "bounded=false", CLASS_INTERESTING,
                "Never more inside than stalls, but the extra release made room for one more, "
                "silently.",
                "里面的人从没超过坑位数；但多出的那次释放悄悄多给了一个许可。"),
        OUTCOME("refused", "permits=*", "bounded=true", CLASS_ACCEPTABLE,
                "Never more inside than stalls, and the extra release was refused.",
                "里面的人从没超过坑位数，多余的释放也被拒绝。")),
    .checks = CHECKS(CHECK("never-more-inside", "Never more inside than there are permits",
                           "里面的人数从不超过许可数"),
                     CHECK("everybody-was-in", "Everybody was inside once, and came out",
                           "每个人都进去过一次并出来了"),
                     CHECK("released-as-acquired", "All permits were back before the extra release",
                           "多释放之前，许可全部归还"),
                     CHECK("extra-release", "The extra release did what the kind of semaphore says",
                           "多余的释放符合该种信号量的规定")),
    .run = run,
};

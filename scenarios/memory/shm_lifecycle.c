#include "scenarios/scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#define NAME        "interleave"
#define READERS_MAX 8
#define STAGES_MAX  8

/* What a look into /dev/shm showed after a step of the creator. */
struct stage {
    const char *step;
    struct memory_state state; /* zeros: nothing is left */
};

/* What went on, for the checks; shared by all processes. */
struct story {
    _Atomic int64_t read_right, late_refused, second_unlink_refused, second_create_refused;
    struct event *go;
    struct semaphore *attached;
    struct stage stages[STAGES_MAX];
    unsigned stage_count;
};

static void note_stage(struct story *s, const char *step)
{
    struct stage *stage = &s->stages[s->stage_count++];
    stage->step = step;
    memory_list(&stage->state, 1);
}

static void reader(void *argument)
{
    struct story *s = argument;
    struct memory *shm;
    if (memory_attach(NAME, &shm) < 0)
        task_exit(1);
    semaphore_release(s->attached);
    event_wait(s->go); /* early: the name is gone by now, the memory is not */
    const unsigned char *buf = memory_bytes(shm);
    size_t size = memory_size(shm), n = size < 5 ? size : 5;
    bool right = memcmp(buf, "Hello", n) == 0;
    if (size >= 9) {
        uint32_t number = 0;
        for (int i = 8; i >= 5; i--) /* int.from_bytes(buf[5:9], 'little') */
            number = number << 8 | buf[i];
        right = right && number == 1234;
        print("reader: b'%.5s' %" PRIu32, buf, number);
    } else {
        print("reader: b'%.*s'", (int)n, buf);
    }
    s->read_right += right;
    memory_close(shm);
}

/* One who comes when the name is gone. */
static void late_reader(void *argument)
{
    struct story *s = argument;
    struct memory *shm;
    if (memory_attach(NAME, &shm) == -ENOENT) {
        s->late_refused++;
        print("late reader: FileNotFoundError: [Errno 2] No such file or directory: '/" NAME "'");
    }
}

static void unlink_it(struct story *s, struct memory *shm)
{
    if (memory_unlink(shm) == -ENOENT) {
        s->second_unlink_refused++;
        print("creator: FileNotFoundError: [Errno 2] No such file or directory: '/" NAME "'");
    }
    note_stage(s, "unlink()");
}

static struct memory *create(struct story *s)
{
    struct memory *shm, *again;
    size_t size = (size_t)integer("size");
    memory_create(NAME, size, &shm);
    memcpy(memory_bytes(shm), "Hello", size < 5 ? size : 5);
    if (size >= 9)
        memcpy((char *)memory_bytes(shm) + 5, (unsigned char[]){1234 & 255, 1234 >> 8, 0, 0}, 4);
    if (boolean("create_twice") && memory_create(NAME, size, &again) == -EEXIST) {
        s->second_create_refused++;
        print("creator: FileExistsError: [Errno 17] File exists: '/" NAME "'");
    }
    return shm;
}

/* The program that made the memory, a process of its own so that it can crash. */
static void creator(void *argument)
{
    struct story *s = argument;
    struct task *readers[READERS_MAX];
    int64_t n = integer("readers");
    struct memory *shm = create(s);
    note_stage(s, "create=True");
    for (int64_t i = 0; i < n; i++)
        readers[i] = process_start(text("reader %" PRId64, i + 1), reader, s);
    for (int64_t i = 0; i < n; i++)
        semaphore_acquire(s->attached);
    note_stage(s, "SharedMemory(name)");
    if (is("unlink", "early")) {
        unlink_it(s, shm);
        task_join(process_start("late reader", late_reader, s));
    }
    event_set(s->go);
    for (int64_t i = 0; i < n; i++)
        task_join(readers[i]);
    note_stage(s, "join()");
    if (boolean("crash_before_unlink"))
        task_signal(task_self(), SIGKILL);
    memory_close(shm);
    note_stage(s, "close()");
    if (is("unlink", "after-all-closed") || is("unlink", "twice"))
        unlink_it(s, shm);
    if (is("unlink", "twice"))
        unlink_it(s, shm);
}

static void judge(const struct story *s)
{
    struct memory_state left[4];
    unsigned leaks = memory_list(left, 4);
    bool early = is("unlink", "early"), crash = boolean("crash_before_unlink");
    for (unsigned i = 0; i < s->stage_count; i++) {
        const struct memory_state *state = &s->stages[i].state;
        row("%s\t%s\t%u\t%zu", s->stages[i].step, state->named ? "True" : "False", state->handles,
            state->bytes);
    }
    for (unsigned i = 0; i < leaks; i++)
        print("/dev/shm/%s: %zu bytes, nobody uses them", left[i].name, left[i].bytes);
    check_number("readers-read-right", integer("readers"), s->read_right);
    check_number("late-attach-refused", early, s->late_refused);
    check_number("second-create-refused", boolean("create_twice"), s->second_create_refused);
    check("nothing-left", (leaks == 0) == (early || (!crash && !is("unlink", "never"))),
          early || (!crash && !is("unlink", "never")) ? "0 pieces" : "1 piece",
          leaks == 1 ? "1 piece" : text("%u pieces", leaks));
    outcome(leaks > 0 && crash         ? "leaked-by-crash"
            : leaks > 0                ? "leaked"
            : s->late_refused > 0      ? "name-gone"
            : s->second_unlink_refused ? "unlinked-twice"
            : s->second_create_refused ? "name-taken"
                                       : "released",
            "left=%u", leaks);
}

static void run(void)
{
    struct story *s = shared_new(sizeof *s);
    s->go = event_new("go");
    s->attached = semaphore_new("attached", 0);
    struct task *program = process_start("creator", creator, s);
    task_join(program);
    note_stage(s, boolean("crash_before_unlink") ? "SIGKILL" : "exit");
    judge(s);
}

SCENARIO(shm_lifecycle) = {
    .id = "shm-lifecycle",
    .family = FAMILY_MEMORY,
    .number = 32,
    .title = {"shared_memory: create, attach, close, unlink",
              "shared_memory：创建、连接、关闭、删除"},
    .summary =
        {"A creator makes a named piece of memory, writes `b'Hello'` and an integer into it; "
         "readers attach by the name, read, and close. Everybody closes, one unlinks. The sandbox "
         "has no /dev/shm: names are in a table of the run that follows its rules.",
         "创建者建立一块有名字的内存，写入 `b'Hello'` 和一个整数；读者凭名字连接、读取、关闭。"
         "close 人人都要调用，unlink 只由一个人调用。沙箱里没有 "
         "/dev/shm，名字记在本次运行的一张表里，规则相同。"},
    .lesson = {"close is per process, unlink once; the name and the memory die separately.",
               "close 各自调用，unlink 只需一次；名字和内存分开消亡。"},
    .python = "from multiprocessing import Process\n"
              "from multiprocessing.shared_memory import SharedMemory\n"
              "\n"
              "def reader(name):\n"
              "    shm = SharedMemory(name)\n"
              "    print(bytes(shm.buf[0:5]), int.from_bytes(shm.buf[5:9], 'little'))\n"
              "    shm.close()\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    shm = SharedMemory('interleave', create=True, size=10)\n"
              "    shm.buf[0:5] = b'Hello'\n"
              "    shm.buf[5:9] = int.to_bytes(1234, 4, 'little')\n"
              "    p = Process(target=reader, args=('interleave',))\n"
              "    p.start(); p.join()\n"
              "    shm.close()\n"
              "    shm.unlink()                   # once\n",
    .concepts = CONCEPTS(87, 116, 117, 118, 120),
    .chart = CHART_LEVEL,
    .params = PARAMS(
        INTEGER("size", 1, 16777216, "10", "Bytes", "字节数",
                "The integer needs 9 of them; with fewer only the text is there.",
                "放下整数需要 9 个字节，不够时只放文本。"),
        INTEGER("readers", 1, READERS_MAX, "1", "Readers", "读者数",
                "Processes that attach by the name.", "凭名字连接的进程数。"),
        CHOICE("unlink", "after-all-closed", "unlink()", "unlink()",
               "When the creator takes the name away. Early: while the readers are attached; one "
               "more comes too late.",
               "创建者何时删除名字。提前：读者还连接着就删，之后又来一个读者。",
               {"after-all-closed", {"after all have closed", "都关闭之后"}},
               {"early", {"early", "提前"}}, {"never", {"never", "从不"}},
               {"twice", {"twice", "两次"}}),
        BOOLEAN("create_twice", "false", "Create it twice", "重复创建",
                "The same name again, while it is there.", "名字还在时用同名再创建一次。"),
        BOOLEAN("crash_before_unlink", "false", "The creator is killed before unlink()",
                "创建者在 unlink() 之前被杀",
                "By SIGKILL, after the readers are done. Python has a resource tracker that "
                "cleans up after it; without one the memory stays until the machine is restarted.",
                "读者结束后用 SIGKILL 杀掉它。Python "
                "有资源跟踪进程会代为清理；没有它，内存会一直占着直到重启。")),
    .outcomes = OUTCOMES(
        OUTCOME("released", "left=0", "unlink=after-all-closed", CLASS_ACCEPTABLE,
                "Everybody closed, one unlinked: nothing is left.",
                "人人 close，一人 unlink：什么也没留下。"),
        OUTCOME("leaked-by-crash", "left=1", "crash_before_unlink=true", CLASS_INTERESTING,
                "Nobody uses the memory and nobody takes the name away.",
                "没有人再用这块内存，也没有人删除名字。"),
        OUTCOME("leaked", "left=1", "unlink=never", CLASS_INTERESTING,
                "The processes are gone, the memory is not.", "进程都结束了，内存还在。"),
        OUTCOME("name-gone", "left=0", "unlink=early", CLASS_INTERESTING,
                "Those who were attached went on reading; the late one found no such name.",
                "已连接的读者照常读取，迟到的找不到这个名字。"),
        OUTCOME("unlinked-twice", "left=0", "unlink=twice", CLASS_INTERESTING,
                "The second unlink() raised: the name was gone already.",
                "第二次 unlink() 抛出异常：名字已经没有了。"),
        OUTCOME("name-taken", "left=0", "create_twice=true", CLASS_INTERESTING,
                "The second create raised: there is such a piece.",
                "第二次创建抛出异常：同名的内存已经存在。")),
    .checks = CHECKS(
        CHECK("readers-read-right", "Readers that read what was written", "读到正确内容的读者数"),
        CHECK("late-attach-refused", "Nobody attaches after unlink()", "unlink() 之后无法再连接"),
        CHECK("second-create-refused", "A name is given once", "同一名字不能创建两次"),
        CHECK("nothing-left", "Pieces of memory left behind", "遗留的内存块")),
    .columns = COLUMNS(COLUMN("step", "After", "在此之后", NULL),
                       COLUMN("named", "Has its name", "名字还在", NULL),
                       COLUMN("handles", "Open handles", "打开的句柄", NULL),
                       COLUMN("bytes", "Bytes still there", "仍占用的内存", "bytes")),
    .run = run,
};

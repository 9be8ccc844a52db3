#include "scenarios/scenario.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

/* What a process sees of the data; in shared memory, for the table. */
struct look {
    uint64_t address;
    int64_t first, sum, faults; /* faults: of the write */
};

static unsigned char *global; /* data, as every function of the program knows it */

struct story {
    unsigned char *data; /* as an argument */
    size_t bytes;
    struct conn *reader, *writer; /* routes that send the data */
    struct look *child_before, *child_after;
};

static int64_t faults_so_far(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

static struct look look(const unsigned char *data, size_t bytes)
{
    struct look look = {.address = (uint64_t)(uintptr_t)data, .first = data[0]};
    for (size_t i = 0; i < bytes; i++)
        look.sum += data[i];
    return look;
}

/* data[0] = 100, and how many pages the kernel had to copy for it */
static void change(unsigned char *data, struct look *after, size_t bytes)
{
    int64_t before = faults_so_far();
    ((volatile unsigned char *)data)[0] = 100;
    int64_t copied = faults_so_far() - before;
    *after = look(data, bytes);
    after->faults = copied;
}

static bool is_sent(void)
{
    return is("route", "pipe") || is("route", "pool-argument");
}

/* The child has the data by fork, by an address, or as what came through the pipe. */
static void child(void *argument)
{
    struct story *s = argument;
    unsigned char *data = is("route", "fork-global") ? global : s->data;
    if (is_sent()) {
        data = malloc(s->bytes);
        if (!data || conn_recv(s->reader, data, s->bytes, NULL) <= 0)
            task_exit(1);
    }
    *s->child_before = look(data, s->bytes);
    if (boolean("child_writes"))
        change(data, s->child_after, s->bytes);
    else
        *s->child_after = look(data, s->bytes);
    print("child: data at %#" PRIx64 ", data[0] = %" PRId64, s->child_after->address,
          s->child_after->first);
}

static void put_row(const char *when, const struct look *look, const char *copied)
{
    row("%s\t%#" PRIx64 "\t%" PRId64 "\t%s", when, look->address, look->first, copied);
}

static void judge(const struct look *before, const struct look *after, const struct story *s)
{
    bool same_address = s->child_before->address == before->address;
    bool seen = after->first == s->child_after->first && boolean("child_writes");
    put_row("parent before", before, "");
    put_row("child before", s->child_before, "");
    put_row("child after", s->child_after,
            boolean("child_writes") ? text("%" PRId64, s->child_after->faults) : "");
    put_row("parent after", after, "");
    print("parent: data at %#" PRIx64 ", data[0] = %" PRId64, after->address, after->first);
    print("same address: %s, write seen by the parent: %s", same_address ? "True" : "False",
          seen ? "True" : "False");
    check_number("same-content", before->sum, s->child_before->sum);
    check("only-shared-memory-shares",
          seen == (is("route", "shared-mmap") && boolean("child_writes")),
          is("route", "shared-mmap") ? "shared" : "a copy", seen ? "shared" : "a copy");
    metric("pages_copied", s->child_after->faults);
    outcome(!boolean("child_writes") ? "unchanged"
            : seen                   ? "shared"
            : same_address           ? "copy-at-same-address"
                                     : "copy-elsewhere",
            "parent data[0]=%" PRId64, after->first);
}

static void run(void)
{
    struct story s = {.bytes = (size_t)integer("bytes"),
                      .child_before = shared_new(sizeof(struct look)),
                      .child_after = shared_new(sizeof(struct look))};
    s.data = is("route", "shared-mmap") ? shared_new(s.bytes) : malloc(s.bytes);
    global = s.data;
    for (size_t i = 0; i < s.bytes; i++)
        s.data[i] = (unsigned char)(i % 251 + 1);
    struct look before = look(s.data, s.bytes);
    if (is_sent())
        pipe_new(is("route", "pipe") ? "pipe" : "task queue", false, &s.reader, &s.writer);
    struct task *process = process_start("child", child, &s);
    if (is_sent()) {
        conn_send(s.writer, s.data, s.bytes); /* pickled: the bytes travel */
        conn_close(s.writer);
    }
    check_number("child-exit-code", 0, task_join(process));
    struct look after = look(s.data, s.bytes);
    judge(&before, &after, &s);
}

SCENARIO(copy_or_share) = {
    .id = "copy-or-share",
    .family = FAMILY_MEMORY,
    .number = 28,
    .title = {"Same address, same data?", "地址相同就是同一份数据吗"},
    .summary =
        {"A parent has some bytes, a child gets them by one of five ways and writes 100 into the "
         "first. After a fork both see the data at the same address, and yet the parent keeps its "
         "own: the kernel copies a page when it is first written.",
         "父进程有一段数据，子进程通过五种途径之一得到它，并把第一个字节改成 100。fork "
         "之后两边看到的地址相同，父进程的数据却没有变：内核在第一次写入时才复制那一页。"},
    .lesson = {"After fork an address says nothing: pages are copied on first write.",
               "fork 之后地址相同不代表共享，写时才复制。"},
    .python = "from multiprocessing import Pipe, Process\n"
              "\n"
              "data = bytearray(i % 251 + 1 for i in range(4096))\n"
              "\n"
              "def child():\n"
              "    data[0] = 100                  # the child's copy\n"
              "    print('child', hex(id(data)), data[0])\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    p = Process(target=child)      # fork: the same id() in both\n"
              "    p.start(); p.join()\n"
              "    print('parent', hex(id(data)), data[0])\n"
              "    a, b = Pipe()\n"
              "    a.send(data)                   # pickled and unpickled\n"
              "    print(b.recv() is data)        # False\n",
    .concepts = CONCEPTS(14, 80, 105),
    .chart = CHART_NONE,
    .params = PARAMS(
        CHOICE("route", "fork-global", "How the child gets it", "子进程怎样得到数据",
               "Inherited by fork, as a global or an argument; sent through the pool's queue or a "
               "pipe; or memory that is mapped for both.",
               "fork 继承（全局变量或参数），经进程池队列或管道发送，或两边映射同一块内存。",
               {"fork-global", {"a global, by fork", "全局变量，随 fork 继承"}},
               {"fork-argument", {"an argument, by fork", "参数，随 fork 继承"}},
               {"pool-argument", {"an argument of a pool's task", "进程池任务的参数"}},
               {"pipe", {"sent through a pipe", "经管道发送"}},
               {"shared-mmap", {"shared memory", "共享内存"}}),
        INTEGER(
            "bytes", 64, 16777216, "4096", "Bytes", "字节数",
            "However many there are: one write copies one page of 4096. The run's memory takes 16 "
            "MiB of them at most.",
            "无论多少字节，写一次只复制一页（4096 字节）。受运行内存所限，最多 16 MiB。"),
        BOOLEAN("child_writes", "true", "The child writes", "子进程写入",
                "Whether it changes the first byte.", "是否修改第一个字节。")),
    .outcomes = OUTCOMES(
        OUTCOME("copy-at-same-address", "parent data[0]=1", "child_writes=true&route!=shared-mmap",
                CLASS_INTERESTING,
                "Same address, two copies: the parent does not see the child's write.",
                "地址相同却是两份：父进程看不到子进程的写入。"),
        OUTCOME("copy-elsewhere", "parent data[0]=1", "child_writes=true&route!=shared-mmap",
                CLASS_ACCEPTABLE, "The child has a copy at another address.",
                "子进程得到的是另一个地址上的副本。"),
        OUTCOME("shared", "parent data[0]=100", "child_writes=true&route=shared-mmap",
                CLASS_ACCEPTABLE, "One memory: the parent sees the write.",
                "同一块内存：父进程看到了写入。"),
        OUTCOME("unchanged", "parent data[0]=1", "child_writes=false", CLASS_ACCEPTABLE,
                "Nobody wrote, so copy or not makes no difference.",
                "没有人写，是不是副本看不出差别。")),
    .checks = CHECKS(
        CHECK("same-content", "The child starts with the same content", "子进程拿到的内容相同"),
        CHECK("only-shared-memory-shares", "The parent sees the write in shared memory only",
              "只有共享内存里的写入父进程才看得到"),
        CHECK("child-exit-code", "The child ends with code 0", "子进程退出码为 0")),
    .columns = COLUMNS(COLUMN("when", "When", "时刻", NULL),
                       COLUMN("address", "Address", "地址", NULL),
                       COLUMN("first", "data[0]", "data[0]", NULL),
                       COLUMN("copied", "Pages copied by the write", "写入时复制的页数", NULL)),
    .free_only = ASKS_THE_KERNEL("which pages of memory fork copies, and when",
                                 "fork 复制哪些内存页、何时复制"),
    .run = run,
};

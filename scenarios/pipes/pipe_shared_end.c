#include "scenarios/scenario.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#define WRITERS_MAX 8
#define BYTES_MAX   1000000
#define SLICES      16 /* of a message, in the strip */
#define SHOWN       8  /* messages in it, and the broken one */

struct shared_end {
    struct conn *reader, *writer;
    struct lock *lock;
    size_t bytes;
    int64_t messages;
};

struct writer {
    struct shared_end *end;
    int64_t i;
};

/* Sends messages that are one letter all through: AAAA…, or BBBB… */
static void writer(void *argument)
{
    struct writer *self = argument;
    struct shared_end *end = self->end;
    char *message = private_new(end->bytes);
    memset(message, 'A' + (int)self->i, end->bytes);
    conn_close(end->reader);
    for (int64_t m = 0; m < end->messages; m++) {
        if (end->lock)
            lock_acquire(end->lock);
        int r = conn_send(end->writer, message, end->bytes);
        if (end->lock)
            lock_release(end->lock);
        if (r < 0)
            break; /* the reader gave up */
    }
    private_free(message);
}

struct result {
    int64_t intact;
    bool broken;
};

/* Whose bytes a slice of a message are: "A", "AB"; "+" stands for the bytes of a header. */
static void owners(const char *slice, size_t n, char ret[static WRITERS_MAX + 2])
{
    size_t count = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && slice[i] == slice[i - 1])
            continue;
        char owner = slice[i] >= 'A' && slice[i] < 'A' + WRITERS_MAX ? slice[i] : '+';
        if (strchr(ret, owner))
            continue;
        ret[count++] = owner;
        ret[count] = '\0';
    }
}

/* A strip of the stream: this message, slice by slice. */
static void show(int64_t number, bool broken, const char *message, size_t n)
{
    char cells[SLICES * (WRITERS_MAX + 2) + 1] = "", *end = cells;
    for (size_t i = 0; i < SLICES; i++) {
        size_t from = n * i / SLICES, to = n * (i + 1) / SLICES;
        *end++ = '\t';
        owners(message + from, to - from, end);
        end += strlen(end);
    }
    row("%" PRId64 "%s%s", number, broken ? " ✗" : "", cells);
}

/* All its bytes are one writer's. */
static bool is_intact(const struct shared_end *end, const char *message, size_t n)
{
    char who[WRITERS_MAX + 2];
    owners(message, n, who);
    return n == end->bytes && strlen(who) == 1 && who[0] != '+';
}

/* Until all writers are done, or the first broken message: behind it nothing can be told apart. */
static struct result receive(struct shared_end *end, char *message)
{
    struct result result = {0};
    size_t n;
    int r = 0;
    while (!result.broken && (r = conn_recv(end->reader, message, end->bytes, &n)) > 0) {
        result.broken = !is_intact(end, message, n);
        result.intact += !result.broken;
        if (result.broken || result.intact <= SHOWN)
            show(result.intact + result.broken, result.broken, message, n);
    }
    if (result.broken)
        print("message %" PRId64 " has the bytes of several in it", result.intact + 1);
    if (r < 0)
        print("message %" PRId64 " begins with another one's bytes", result.intact + 1);
    result.broken = result.broken || r < 0;
    return result;
}

static void judge(const struct shared_end *end, const struct result *result, int64_t writers)
{
    int64_t expected = writers * end->messages;
    bool safe = end->lock || end->bytes + CONN_ENVELOPE <= PIPE_BUF || writers == 1;
    print("%" PRId64 " of %" PRId64 " messages intact", result->intact, expected);
    check("safe-means-intact", !safe || result->intact == expected,
          "with a lock, one writer or small messages: all",
          text("%" PRId64 " of %" PRId64, result->intact, expected));
    check("none-lost", result->broken || result->intact == expected, "unless one broke: all",
          text("%" PRId64 " of %" PRId64, result->intact, expected));
    metric("intact_before_the_first_broken", result->intact);
    outcome(result->broken ? "broken" : "intact", "intact=%" PRId64 " of %" PRId64, result->intact,
            expected);
}

static void run(void)
{
    struct shared_end end = {.bytes = (size_t)integer("msg_bytes"),
                             .messages = integer("messages")};
    struct writer writers[WRITERS_MAX];
    struct task *tasks[WRITERS_MAX];
    int64_t n = integer("writers");
    pipe_new("pipe", false, &end.reader, &end.writer);
    end.lock = boolean("lock") ? lock_new("send") : NULL;
    for (int64_t i = 0; i < n; i++) {
        writers[i] = (struct writer){&end, i};
        tasks[i] = process_start(text("writer %c", (char)('A' + i)), writer, &writers[i]);
    }
    conn_close(end.writer);
    char *message = private_new(end.bytes);
    struct result result = receive(&end, message);
    private_free(message);
    conn_close(end.reader); /* who still sends gets a BrokenPipeError */
    for (int64_t i = 0; i < n; i++)
        task_join(tasks[i]);
    judge(&end, &result, n);
}

SCENARIO(pipe_shared_end) = {
    .id = "pipe-shared-end",
    .family = FAMILY_PIPES,
    .number = 23,
    .title = {"Two writers on one pipe end", "两个进程写同一端"},
    .summary =
        {"Several processes send on the same end of a pipe; each sends messages of one letter "
         "only. The kernel writes up to 4096 bytes in one piece. A larger message goes in as there "
         "is room, and another's bytes may come in between. The reader stops at the first broken "
         "message.",
         "几个进程往管道的同一端发送，每个进程的消息只含一种字母。内核一次不间断写入最多 4096 "
         "字节；更大的消息要看空位分几次写，别人的字节就可能插进来。读取方遇到第一条损坏的消息就停"
         "下。"},
    .lesson = {"“Atomic” ends at PIPE_BUF; beyond that a pipe end needs one owner or a lock.",
               "超过 PIPE_BUF 就不再原子：一端一个主人，或者加锁。"},
    .python = "from contextlib import nullcontext\n"
              "from multiprocessing import Lock, Pipe, Process\n"
              "\n"
              "def writer(end, letter, lock):\n"
              "    for _ in range(300):\n"
              "        with lock or nullcontext():\n"
              "            end.send_bytes(letter * 200000)\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    reader, end = Pipe(duplex=False)\n"
              "    lock = None                        # Lock() keeps the messages whole\n"
              "    for letter in (b'A', b'B'):\n"
              "        Process(target=writer, args=(end, letter, lock), daemon=True).start()\n"
              "    end.close()\n"
              "    try:\n"
              "        while True:\n"
              "            message = reader.recv_bytes()  # OSError, or garbage, soon\n"
              "            assert len(set(message)) == 1\n"
              "    except EOFError:\n"
              "        print('all intact')\n",
    .concepts = CONCEPTS(84),
    .chart = CHART_MATRIX,
    .params = PARAMS(
        INTEGER("writers", 1, WRITERS_MAX, "2", "Writers", "写入者数",
                "Processes that send on the same end.", "往同一端发送的进程数。"),
        INTEGER("msg_bytes", 16, BYTES_MAX, "200000", "Bytes per message", "每条消息的字节数",
                "With the default the first or second message is broken in nearly every run. Up to "
                "4084, and 12 of envelope, none ever is.",
                "按默认值，几乎每次运行头一两条消息就会损坏；不超过 4084（另有 12 "
                "字节的信封）时永远不会。"),
        INTEGER("messages", 1, 1000, "300", "Messages each", "每个写入者的消息数",
                "How many each writer sends.", "每个写入者发送多少条。"),
        BOOLEAN("lock", "false", "A lock around send()", "发送时加锁",
                "Then a message goes in whole, however large.", "这样多大的消息都能完整写入。")),
    .outcomes = OUTCOMES(
        OUTCOME("intact", "intact=*", NULL, CLASS_ACCEPTABLE, "Every message arrived whole.",
                "每条消息都完整到达。"),
        OUTCOME("broken", "intact=*", "lock=false", CLASS_INTERESTING,
                "The bytes of two messages are mixed; from there on the stream means nothing.",
                "两条消息的字节混在了一起，从此这条流就没有意义了。")),
    .checks = CHECKS(CHECK("safe-means-intact",
                           "With a lock, one writer or messages within PIPE_BUF all are intact",
                           "加锁、只有一个写入者或消息不超过 PIPE_BUF 时全部完整"),
                     CHECK("none-lost", "Unless one broke, every message came",
                           "只要没有损坏，每一条都收到了")),
    .columns = COLUMNS(COLUMN("message", "Message", "消息", NULL),
                       COLUMN_REPEATED("bytes", "Whose bytes", "谁的字节", NULL)),
    .run = run,
};

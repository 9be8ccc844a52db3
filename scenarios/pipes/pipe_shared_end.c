#include "scenarios/scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WRITERS_MAX 8
#define BYTES_MAX   1000000

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
    char *message = malloc(end->bytes);
    if (!message)
        task_exit(1);
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
    free(message);
}

/* How many bytes from the start are the first letter. */
static size_t pure(const char *message, size_t n)
{
    size_t i = 1;
    while (i < n && message[i] == message[0])
        i++;
    return i;
}

struct result {
    int64_t intact[WRITERS_MAX], total, broken_at; /* broken_at: bytes of the first broken one */
    char first, second;                            /* the letters that met in it */
};

/* Until all writers are done, or the first broken message: behind it nothing can be told apart. */
static struct result receive(struct shared_end *end)
{
    struct result result = {.broken_at = -1};
    char *message = malloc(BYTES_MAX);
    size_t n;
    int r = 0;
    while (message && (r = conn_recv(end->reader, message, BYTES_MAX, &n)) > 0) {
        size_t good = n == end->bytes ? pure(message, n) : 0;
        if (good < n) {
            result.broken_at = (int64_t)good;
            result.first = message[0];
            result.second = good < n ? message[good] : '?';
            break;
        }
        result.intact[message[0] - 'A']++;
        result.total++;
    }
    if (message && r < 0)
        result.broken_at = 0; /* the length itself was somebody else's bytes */
    free(message);
    return result;
}

static void judge(const struct shared_end *end, const struct result *result, int64_t writers)
{
    int64_t expected = writers * end->messages;
    bool safe = boolean("lock") || end->bytes + 8 <= 4096 || writers == 1;
    for (int64_t i = 0; i < writers; i++)
        row("writer %c\t%" PRId64, (char)('A' + i), result->intact[i]);
    row("broken\t%d", result->broken_at >= 0);
    if (result->broken_at > 0)
        print("message %" PRId64 ": %" PRId64 " bytes of %c, then %s", result->total + 1,
              result->broken_at, result->first,
              result->second >= 'A' && result->second < 'A' + WRITERS_MAX
                  ? text("%c", result->second)
                  : "another message's header");
    else if (result->broken_at == 0)
        print("message %" PRId64 ": its length is another message's bytes", result->total + 1);
    print("%" PRId64 " of %" PRId64 " messages intact", result->total, expected);
    check("safe-means-intact", !safe || result->total == expected,
          "with a lock, one writer or small messages: all",
          text("%" PRId64 " of %" PRId64, result->total, expected));
    metric("intact_before_the_first_broken", result->total);
    outcome(result->broken_at >= 0 ? "broken" : "intact", "intact=%" PRId64 " of %" PRId64,
            result->total, expected);
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
    struct result result = receive(&end);
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
    .python = "from multiprocessing import Lock, Pipe, Process\n"
              "\n"
              "def writer(conn, letter, lock):\n"
              "    for _ in range(300):\n"
              "        # with lock:\n"
              "        conn.send_bytes(letter * 200000)\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    reader, end = Pipe(duplex=False)\n"
              "    ps = [Process(target=writer, args=(end, c, Lock())) for c in (b'A', b'B')]\n"
              "    for p in ps: p.start()\n"
              "    end.close()\n"
              "    while True:\n"
              "        message = reader.recv_bytes()  # garbage, sooner or later\n"
              "        assert len(set(message)) == 1\n",
    .concepts = CONCEPTS(84),
    .chart = CHART_BARS,
    .params = PARAMS(
        INTEGER("writers", 1, WRITERS_MAX, "2", "Writers", "写入者数",
                "Processes that send on the same end.", "往同一端发送的进程数。"),
        INTEGER("msg_bytes", 16, BYTES_MAX, "200000", "Bytes per message", "每条消息的字节数",
                "With the default the first or second message is broken in nearly every run. Up to "
                "4088 none ever is.",
                "按默认值，几乎每次运行头一两条消息就会损坏；不超过 4088 时永远不会。"),
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
                           "加锁、只有一个写入者或消息不超过 PIPE_BUF 时全部完整")),
    .columns = COLUMNS(COLUMN("who", "Messages", "消息", NULL),
                       COLUMN("intact", "Count", "条数", NULL)),
    .run = run,
};

#include "scenarios/scenario.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define PEERS_MAX   8
#define BYTES_MAX   16777216
#define LONGEST_NS  250000000 /* how long one mechanism is measured at most */
#define PIECE       56        /* bytes of one queue item */
#define BURST       100       /* signals of each kind sent while they are blocked */
#define SIGNALS_MAX 2000      /* each is recorded with all its steps */

/* What one mechanism needs between main and a peer; shared. */
struct link {
    struct conn *to_peer[2], *to_main[2]; /* {reader, writer} of each direction */
    struct queue *requests, *answers;
    struct managed *managed_requests, *managed_answers;
    unsigned char *memory;
    struct semaphore *full, *empty;
    struct task *peer;
    int64_t number, peers;          /* which of how many */
    _Atomic int64_t came, disorder; /* messages; those that were not the next, or damaged */
    _Atomic int64_t usr1, realtime; /* signals of the burst that were handled */
};

struct mechanism {
    const char *name;
    size_t bytes_max; /* larger messages are cut to this, and the table says so */
    int copies;       /* of the payload on its way there */
    const char *who_locks;
};

static const struct mechanism mechanisms[] = {
    {"pipe", BYTES_MAX, 2, "kernel"},        {"queue", 65536, 2, "queue"},
    {"manager", 4096, 4, "server"},          {"shm+sem", BYTES_MAX, 0, "you"},
    {"unix-socket", BYTES_MAX, 2, "kernel"}, {"signal", 0, 0, "kernel"},
};
#define MECHANISMS (sizeof mechanisms / sizeof mechanisms[0])

static size_t message_bytes; /* of the mechanism being measured; set before the fork */
static unsigned char *payload;
static struct task *main_task;
static const struct mechanism *mechanism;

static bool by(const char *name)
{
    return strcmp(mechanism->name, name) == 0;
}

/* ---- one message there, by each mechanism; `back` is the other direction ---- */

static void send_pieces(struct queue *queue, const unsigned char *bytes)
{
    for (size_t at = 0; at < message_bytes; at += PIECE) {
        unsigned char piece[PIECE] = {0};
        size_t left = message_bytes - at;
        memcpy(piece, bytes + at, left < PIECE ? left : PIECE);
        queue_put(queue, piece, (int64_t)at);
    }
}

static void receive_pieces(struct queue *queue, unsigned char *bytes)
{
    for (size_t at = 0; at < message_bytes; at += PIECE) {
        unsigned char piece[PIECE];
        size_t left = message_bytes - at;
        queue_get(queue, piece);
        memcpy(bytes + at, piece, left < PIECE ? left : PIECE);
    }
}

static void send_numbers(struct managed *queue, const unsigned char *bytes)
{
    for (size_t at = 0; at < message_bytes; at += sizeof(int64_t)) {
        int64_t number = 0;
        size_t left = message_bytes - at;
        memcpy(&number, bytes + at, left < sizeof number ? left : sizeof number);
        managed_put(queue, number, FOREVER);
    }
}

static void receive_numbers(struct managed *queue, unsigned char *bytes)
{
    for (size_t at = 0; at < message_bytes; at += sizeof(int64_t)) {
        int64_t number = 0;
        size_t left = message_bytes - at;
        managed_take(queue, &number, FOREVER);
        memcpy(bytes + at, &number, left < sizeof number ? left : sizeof number);
    }
}

static void wait_for_signal(void)
{
    do
        sleep_us(1000000);
    while (!interrupted());
}

/* In the shared memory the message is written where the other reads it. */
static void send_message(struct link *link, const unsigned char *bytes, bool back)
{
    if (by("pipe") || by("unix-socket"))
        conn_send(back ? link->to_main[1] : link->to_peer[1], bytes, message_bytes);
    else if (by("queue"))
        send_pieces(back ? link->answers : link->requests, bytes);
    else if (by("manager"))
        send_numbers(back ? link->managed_answers : link->managed_requests, bytes);
    else if (by("signal"))
        task_signal(back ? main_task : link->peer, SIGUSR1);
    else
        semaphore_release(back ? link->empty : link->full);
}

static bool receive_message(struct link *link, unsigned char *bytes, bool back)
{
    if (by("pipe") || by("unix-socket"))
        return conn_recv(back ? link->to_main[0] : link->to_peer[0], bytes, message_bytes, NULL) >
               0;
    if (by("queue"))
        receive_pieces(back ? link->answers : link->requests, bytes);
    else if (by("manager"))
        receive_numbers(back ? link->managed_answers : link->managed_requests, bytes);
    else if (by("signal"))
        wait_for_signal();
    else
        semaphore_acquire(back ? link->empty : link->full);
    return true;
}

/* In bulk only the last message is answered, unless the answer is what frees the memory. */
static bool answered(void)
{
    return !is("pattern", "bulk") || by("shm+sem") || by("signal");
}

/* The k-th message to a peer is number k × peers + its own, and begins with that. */
static void note_message(struct link *link, const unsigned char *bytes)
{
    int64_t expected = (link->came++ * link->peers + link->number) % 250;
    link->disorder += bytes[0] != expected || memcmp(bytes + 1, payload + 1, message_bytes - 1);
}

/* Sends back what comes, until a message that begins with 255. */
static void echo(void *argument)
{
    struct link *link = argument;
    unsigned char *bytes = by("shm+sem") ? link->memory : malloc(message_bytes + 1);
    if (by("signal")) {
        signal_handle(SIGUSR1, keyboard_interrupt);
        send_message(link, bytes, true); /* ready */
    }
    for (bool last = false; !last && receive_message(link, bytes, false);) {
        last = !by("signal") && bytes[0] == 255;
        if (!last && !by("signal"))
            note_message(link, bytes);
        if (last || answered())
            send_message(link, bytes, true);
    }
}

static void connect(struct link *link, struct manager *manager)
{
    if (by("pipe")) {
        pipe_new("there", false, &link->to_peer[0], &link->to_peer[1]);
        pipe_new("back", false, &link->to_main[0], &link->to_main[1]);
    } else if (by("unix-socket")) {
        struct conn *mine, *its;
        pipe_new("socket", true, &mine, &its);
        link->to_peer[0] = link->to_main[1] = its;
        link->to_peer[1] = link->to_main[0] = mine;
    } else if (by("queue")) {
        link->requests = queue_new("requests", 256, PIECE);
        link->answers = queue_new("answers", 256, PIECE);
    } else if (by("manager")) {
        link->managed_requests = manager_queue(manager, "requests", 0);
        link->managed_answers = manager_queue(manager, "answers", 0);
    } else if (by("shm+sem")) {
        link->memory = shared_new(message_bytes + sizeof(int64_t));
        link->full = semaphore_new("full", 0);
        link->empty = semaphore_new("empty", 0);
    }
}

struct result {
    int64_t messages, took_ns, wrong, disorder;
};

/* ---- why a signal is no message: those of one kind that are pending are one ---- */

static void take_signals(sigset_t *blocked, struct link *link)
{
    const struct timespec at_once = {0};
    for (int signo; (signo = sigtimedwait(blocked, NULL, &at_once)) > 0;)
        ++*(signo == SIGUSR1 ? &link->usr1 : &link->realtime);
}

/* Blocks both kinds while the burst comes, and then counts. */
static void take_burst(void *argument)
{
    struct link *link = argument;
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    semaphore_release(link->empty); /* ready */
    semaphore_acquire(link->full);  /* all sent */
    take_signals(&blocked, link);
}

static struct link *send_burst(void)
{
    struct link *link = shared_new(sizeof *link);
    link->full = semaphore_new("sent", 0);
    link->empty = semaphore_new("ready", 0);
    link->peer = process_start("burst", take_burst, link);
    semaphore_acquire(link->empty);
    for (int i = 0; i < BURST; i++) {
        kill(task_pid(link->peer), SIGUSR1);
        kill(task_pid(link->peer), SIGRTMIN);
    }
    semaphore_release(link->full);
    task_join(link->peer);
    print("%d blocked SIGUSR1 arrive as %" PRId64 ", %d SIGRTMIN as %" PRId64, BURST, link->usr1,
          BURST, link->realtime);
    return link;
}

/* One message to a peer, and whether what came back is what was sent. */
static bool round_trip(struct link *link, unsigned char *answer, int first)
{
    unsigned char *out = by("shm+sem") ? link->memory : payload;
    unsigned char *in = by("shm+sem") ? link->memory : answer;
    payload[0] = (unsigned char)first;
    if (by("shm+sem"))
        memcpy(out, payload, message_bytes); /* the one copy there is */
    send_message(link, out, false);
    if (first != 255 && !answered())
        return true;
    receive_message(link, in, true);
    return by("signal") || memcmp(in, payload, message_bytes) == 0;
}

/* Messages round the peers, one after the other, and a last one to each. */
static struct result exchange(struct link *links, int64_t peers)
{
    struct result result = {0};
    unsigned char *answer = malloc(message_bytes + 1);
    int64_t began = now_ns();
    int64_t most = integer("messages");
    if (by("signal") && most > SIGNALS_MAX)
        most = SIGNALS_MAX;
    while (result.messages < most && now_ns() < began + LONGEST_NS) {
        result.wrong +=
            !round_trip(&links[result.messages % peers], answer, (int)(result.messages % 250));
        result.messages++;
    }
    for (int64_t i = 0; i < peers && !by("signal"); i++)
        result.wrong += !round_trip(&links[i], answer, 255);
    result.took_ns = now_ns() - began;
    free(answer);
    return result;
}

static void put_row(const struct result *result)
{
    double each = (double)result->took_ns / (double)result->messages;
    double rate = each > 0 ? (double)message_bytes * 1e9 / each : 0;
    row("%s\t%.0f\t%.0f\t%zu\t%d\t%s", mechanism->name, each, rate, message_bytes,
        mechanism->copies, mechanism->who_locks);
    print("%-12s %9.2f us each, %8.1f MB/s, %" PRId64 " messages of %zu bytes", mechanism->name,
          each / 1e3, rate / 1e6, result->messages, message_bytes);
}

/* Starts the peers, exchanges, ends them. */
static struct result measure(void)
{
    struct link *links = shared_new(PEERS_MAX * sizeof *links);
    int64_t peers = integer("peers") - 1;
    struct manager *manager = by("manager") ? manager_new() : NULL;
    message_bytes = (size_t)integer("bytes");
    if (message_bytes > mechanism->bytes_max)
        message_bytes = mechanism->bytes_max;
    for (int64_t i = 0; i < peers; i++) {
        connect(&links[i], manager);
        links[i].number = i;
        links[i].peers = peers;
        links[i].peer =
            task_new(TASK_PROCESS, text("%s %" PRId64, mechanism->name, i + 1), echo, &links[i]);
        task_begin(links[i].peer);
        if (by("signal"))
            wait_for_signal();
    }
    struct result result = exchange(links, peers);
    for (int64_t i = 0; i < peers; i++) {
        if (by("signal"))
            task_terminate(links[i].peer);
        task_join(links[i].peer);
        result.disorder += links[i].disorder;
    }
    if (manager)
        manager_shutdown(manager);
    put_row(&result);
    return result;
}

static bool wanted(const char *name)
{
    if (is("mechanisms", "basic"))
        return strcmp(name, "unix-socket") != 0 && strcmp(name, "signal") != 0;
    return is("mechanisms", "all") || is("mechanisms", strcmp(name, "shm+sem") ? name : "shm-sem");
}

static void judge(const struct link *burst, int64_t measured, int64_t wrong, int64_t disorder)
{
    check_number("answers-unchanged", 0, wrong);
    check_number("messages-in-order", 0, disorder);
    metric("mechanisms", measured);
    if (burst) {
        check_number("real-time-signals-queue", BURST, burst->realtime);
        metric("signals_of_100", burst->usr1);
    }
    if (wrong || disorder)
        outcome("damaged", "%" PRId64 " mechanisms", measured);
    else if (burst && burst->usr1 < BURST)
        outcome("coalesced", "%d signals arrived as %" PRId64, BURST, burst->usr1);
    else
        outcome("all-intact", "%" PRId64 " mechanisms", measured);
}

static void run(void)
{
    struct link *burst = wanted("signal") ? send_burst() : NULL;
    int64_t wrong = 0, disorder = 0, measured = 0;
    payload = malloc((size_t)integer("bytes") + 1);
    for (int64_t i = 0; i < integer("bytes"); i++)
        payload[i] = (unsigned char)(i * 31 % 250);
    main_task = task_self();
    signal_handle(SIGUSR1, keyboard_interrupt);
    for (size_t m = 0; m < MECHANISMS; m++) {
        mechanism = &mechanisms[m];
        if (!wanted(mechanism->name))
            continue;
        struct result result = measure();
        wrong += result.wrong;
        disorder += result.disorder;
        measured++;
    }
    judge(burst, measured, wrong, disorder);
}

SCENARIO(ipc_compare) = {
    .id = "ipc-compare",
    .family = FAMILY_PERFORMANCE,
    .number = 56,
    .title = {"Pipe, queue, manager, shared memory, socket, signal …", "进程间通信方式对比"},
    .summary =
        {"Main sends messages to other processes by several means, one after the other, and each "
         "is sent back; or, in bulk, large blocks go one way. The table says what a message costs, "
         "how often its bytes are copied on the way, and who sees to it that nobody writes while "
         "another reads.",
         "主进程依次用几种方式向别的进程发消息，每条都原样送回；或者单向传送大块数据。表中列出每条"
         "消息"
         "的开销、字节在途中被复制几次，以及由谁来保证不会边写边读。"},
    .lesson = {"Fewer copies and fewer hops win, but then you do the locking.",
               "拷贝少、跳数少就快，但同步要自己做。"},
    .python = "import time\n"
              "from multiprocessing import Pipe, Process\n"
              "\n"
              "def echo(conn):\n"
              "    while (x := conn.recv()) is not None:\n"
              "        conn.send(x)\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    a, b = Pipe()\n"
              "    p = Process(target=echo, args=(b,)); p.start()\n"
              "    t = time.perf_counter()\n"
              "    for i in range(10000):\n"
              "        a.send(i); assert a.recv() == i\n"
              "    print((time.perf_counter() - t) / 10000)\n"
              "    a.send(None); p.join()\n",
    .concepts = CONCEPTS(84, 85, 86, 87, 88, 89, 90, 103, 114),
    .chart = CHART_BARS,
    .params = PARAMS(
        CHOICE(
            "mechanisms", "basic", "Means", "方式",
            "The four that Python's multiprocessing has, all six, or one of them. With signals "
            "there is first a burst of 100 of a kind, sent while they are blocked: of a standard "
            "signal one arrives, always. POSIX message queues and named pipes need files, which "
            "the sandbox does not have.",
            "multiprocessing 的四种、全部六种，或只测一种。测信号时，先在阻塞期间每种连发 100 "
            "个：标准信号总是只到达一个。POSIX 消息队列和命名管道需要文件，沙箱里没有。",
            {"basic", {"pipe, queue, manager, shared memory", "管道、队列、Manager、共享内存"}},
            {"all", {"all", "全部"}}, {"pipe", {"pipe", "管道"}}, {"queue", {"queue", "队列"}},
            {"manager", {"manager", "Manager"}},
            {"shm-sem", {"shared memory and semaphores", "共享内存 + 信号量"}},
            {"unix-socket", {"Unix socket", "Unix 套接字"}}, {"signal", {"signal", "信号"}}),
        CHOICE("pattern", "round-trip", "Pattern", "模式",
               "Each message is sent back, or only the last one.", "每条都送回，或只送回最后一条。",
               {"round-trip", {"round trips", "往返"}}, {"bulk", {"one way", "单向"}}),
        INTEGER("messages", 10, 100000, "10000", "Messages", "消息数",
                "As many as fit into 0.25 s for each means; signals at most 2000.",
                "每种方式最多测 0.25 秒；信号最多 2000 条。"),
        INTEGER("bytes", 1, BYTES_MAX, "8", "Bytes per message", "每条消息的字节数",
                "A queue carries at most 65536 of them, in pieces of 56; a manager 4096, number by "
                "number; a signal carries none.",
                "队列最多 65536 字节，每 56 字节一块；Manager 最多 4096 "
                "字节，逐个数传送；信号不带数据。"),
        INTEGER("peers", 2, PEERS_MAX, "2", "Processes", "进程数",
                "Main and the others, which it serves in turn.",
                "主进程和其余进程，主进程轮流与它们通信。")),
    .outcomes = OUTCOMES(
        OUTCOME("all-intact", "* mechanisms", NULL, CLASS_ACCEPTABLE,
                "Every message came as it was sent; only the price differs.",
                "每条消息都原样到达，差别只在开销。"),
        OUTCOME("coalesced", "* signals arrived as *", "mechanisms=signal", CLASS_INTERESTING,
                "Every message came as it was sent. But signals of one kind that are "
                "pending together are one: they say that something happened, not how "
                "often.",
                "每条消息都原样到达。但同一种信号同时待处理时只算一个：它只说明有事发生，"
                "不说明发生了几次。"),
        OUTCOME("coalesced", "* signals arrived as *", "mechanisms=all", CLASS_INTERESTING,
                "Every message came as it was sent. But signals of one kind that are "
                "pending together are one: they say that something happened, not how "
                "often.",
                "每条消息都原样到达。但同一种信号同时待处理时只算一个：它只说明有事发生，"
                "不说明发生了几次。")),
    .checks = CHECKS(CHECK("answers-unchanged", "Answers that came back changed",
                           "返回时被改变的回答"),
                     CHECK("messages-in-order", "Messages out of order or damaged at a peer",
                           "到达时次序错误或被改变的消息"),
                     CHECK("real-time-signals-queue", "Real-time signals that arrived, of 100",
                           "100 个实时信号中到达的个数")),
    .columns = COLUMNS(COLUMN("means", "Means", "方式", NULL), COLUMN("each", "Each", "每条", "ns"),
                       COLUMN("rate", "Rate", "速率", "bytes/s"),
                       COLUMN("bytes", "Bytes", "字节数", "bytes"),
                       COLUMN("copies", "Copies", "复制次数", NULL),
                       COLUMN("locking", "Locking by", "同步由谁负责", NULL)),
    .free_only = MEASURES_REAL_TIME,
    .run = run,
};

#include "scenarios/scenario.h"

#include <inttypes.h>

#define COROUTINES_MAX 24 /* each has a socket, and a run 64 descriptors */
#define PARTS          2  /* an answer comes in two parts, one right behind the other */

struct worker {
    int64_t i;
    struct site *site; /* at the other end of its socket */
    int64_t done, parts, resumed, waited_ns;
};

static int64_t latency_us(const struct worker *w, int64_t op)
{
    return jittered(integer("latency_ms") * 1000, number("jitter"), (uint64_t)(w->i * 1000 + op));
}

/*
 * sock.recv() as a coroutine library has it: registered with epoll, suspended, resumed; then it
 * reads one part. With level-triggering epoll says again that there is more; with an edge it has
 * said so already.
 */
static bool receive_part(struct worker *w)
{
    int64_t part;
    do {
        if (loop_readable(site_fd(w->site), is("trigger", "edge") ? LOOP_EDGE : LOOP_LEVEL) < 0)
            return false;
        w->resumed++;
        spin_ns(50000); /* meanwhile the next part comes */
    } while (!site_answer(w->site, &part));
    w->parts++;
    return true;
}

static bool converse(struct worker *w, int64_t op, int64_t us)
{
    for (int64_t p = 0; p < PARTS; p++)
        site_ask(w->site, op * PARTS + p, us + p);
    for (int64_t p = 0; p < PARTS; p++)
        if (!receive_part(w))
            return false;
    return true;
}

static int64_t operate(void *argument)
{
    struct worker *w = argument;
    bool unhooked = is("hook", "miss-one") && w->i == 0;
    for (int64_t op = 0; op < integer("ops"); op++) {
        int64_t us = latency_us(w, op), began = now_ns();
        if (unhooked)
            site_call(w->site, op, us); /* a library nobody patched: it blocks the thread */
        else if (!converse(w, op, us))
            return w->done;
        w->waited_ns += now_ns() - began;
        w->done++;
    }
    return w->done;
}

static int64_t run_all(void *argument)
{
    struct worker *workers = argument;
    struct coro *coros[COROUTINES_MAX];
    int64_t n = integer("coroutines");
    for (int64_t i = 0; i < n; i++)
        coros[i] = loop_create_task(text("coroutine %" PRId64, i), operate, &workers[i]);
    return loop_gather(coros, (unsigned)n);
}

static void judge(const struct worker *workers, int64_t took_ns)
{
    int64_t n = integer("coroutines"), ops = integer("ops"), done = 0, waited = 0, blocked = 0;
    int64_t parts = 0, resumed = 0;
    for (int64_t i = 0; i < n; i++) {
        done += workers[i].done;
        parts += workers[i].parts;
        resumed += workers[i].resumed;
        waited += workers[i].waited_ns;
        row("coroutine %" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64, i, workers[i].waited_ns,
            workers[i].done, workers[i].resumed);
    }
    for (int64_t op = 0; op < ops && is("hook", "miss-one"); op++)
        blocked += latency_us(&workers[0], op);
    struct loop_counts counts = loop_counts();
    double blocked_ns = (double)blocked * 1000 * number("time_scale");
    print("%" PRId64 " operations in %.0f ms; waits add up to %.0f ms", done, (double)took_ns / 1e6,
          (double)waited / 1e6);
    print("%" PRId64 " resumptions, %" PRId64 " waits in epoll", counts.resumed, counts.polled);
    check_number("every-operation-done", n * ops, done);
    check_number("resumed-once-for-each-part", parts, resumed);
    check("blocked-as-long-as-it-takes", (double)took_ns >= 0.99 * blocked_ns,
          text("at least %.0f ms", blocked_ns / 1e6), text("%.0f ms", (double)took_ns / 1e6));
    metric("resumed", counts.resumed);
    metric("polled", counts.polled);
    outcome(is("hook", "miss-one") ? "loop-stopped" : "overlapped", "done=%" PRId64, done);
}

static void run(void)
{
    static struct worker workers[COROUTINES_MAX];
    int64_t n = integer("coroutines");
    for (int64_t i = 0; i < n; i++)
        workers[i] = (struct worker){.i = i, .site = site_new(text("peer %" PRId64, i))};
    int64_t began = now_ns();
    loop_run("hub", run_all, workers, NULL);
    judge(workers, now_ns() - began);
}

SCENARIO(epoll_coroutine_scheduler) = {
    .id = "epoll-coroutine-scheduler",
    .family = FAMILY_COROUTINES,
    .number = 52,
    .title = {"Inside a coroutine library: epoll, suspend, resume",
              "协程库内部：epoll、挂起与恢复"},
    .summary =
        {"Coroutines do input and output on sockets of their own. What looks like a blocking read "
         "is three steps: register the socket with epoll, suspend, and be resumed when there is "
         "something. The lane of main shows the loop: it resumes whoever is ready, and waits in "
         "epoll when nobody is.",
         "每个协程在自己的套接字上读写。看上去阻塞的一次读，其实是三步：把套接字注册到 "
         "epoll、挂起、有数据时被恢复。main "
         "那条线就是循环本身：谁就绪就恢复谁，没有谁就绪时停在 epoll 里等。"},
    .lesson = {"The library turns a blocking call into register, suspend, resume.",
               "协程库把阻塞调用变成：注册、挂起、恢复。"},
    .python =
        "from gevent import monkey\n"
        "monkey.patch_all()                 # hook: every blocking call, or it stops the loop\n"
        "import gevent, socket\n"
        "\n"
        "def operate(sock, ops=3):\n"
        "    for _ in range(ops):\n"
        "        sock.sendall(b'x')\n"
        "        for part in range(2):\n"
        "            sock.recv(1)           # register, suspend, resume\n"
        "\n"
        "pairs = [socket.socketpair() for _ in range(8)]\n"
        "def peer(sock):\n"
        "    while sock.recv(1):\n"
        "        gevent.sleep(0.05)\n"
        "        sock.sendall(b'1')         # an answer comes in two parts\n"
        "        sock.sendall(b'2')\n"
        "\n"
        "for a, b in pairs: gevent.spawn(peer, b)\n"
        "gevent.joinall([gevent.spawn(operate, a) for a, b in pairs])\n",
    .concepts = CONCEPTS(183, 184),
    .chart = CHART_SHARES,
    .params = PARAMS(
        INTEGER("coroutines", 1, COROUTINES_MAX, "8", "Coroutines", "协程数",
                "Each has a socket of its own; the sandbox allows 64 descriptors.",
                "每个协程有自己的套接字；沙箱最多允许 64 个描述符。"),
        INTEGER("ops", 1, 100, "3", "Operations each", "每个协程的操作数",
                "Requests to its peer, one after the other.", "依次向对端发出的请求。"),
        INTEGER("latency_ms", 1, 2000, "50", "Mean time of one (ms)", "平均耗时（毫秒）",
                "How long the peer takes to answer.", "对端多久回答。"),
        NUMBER("jitter", 0, 1, "0.5", "Spread", "波动",
               "0: always the mean. 1: from nothing to twice.", "0：总是平均值；1：从零到两倍。"),
        CHOICE("hook", "all", "Blocking calls hooked", "替换阻塞调用",
               "If one call was missed, it blocks the thread and the whole loop, in every run.",
               "漏掉一个，它就会阻塞线程，整个循环每次都停住。", {"all", {"all", "全部"}},
               {"miss-one", {"all but one", "漏掉一个"}}),
        CHOICE("trigger", "level", "epoll reports", "epoll 触发方式",
               "Level: as long as there is something to read. Edge: only when more has come. Here "
               "one part is read each time, and what was left is not reported again: with the "
               "defaults a coroutine is never resumed in nearly every run.",
               "水平触发：只要有数据就报告。边沿触发：只在新数据到来时报告。这里每次只读一段，"
               "剩下的不会再报告：按默认值几乎每次都有协程再也不被恢复。",
               {"level", {"level-triggered", "水平触发"}},
               {"edge", {"edge-triggered", "边沿触发"}})),
    .outcomes = OUTCOMES(
        OUTCOME("overlapped", "done=*", "hook=all", CLASS_ACCEPTABLE,
                "All operations are done; the waits overlapped.", "全部操作完成，等待彼此重叠。"),
        OUTCOME("loop-stopped", "done=*", "hook=miss-one", CLASS_INTERESTING,
                "The call that was not hooked stopped the loop for as long as it took.",
                "没有替换的那个调用让循环停了同样长的时间。"),
        DEADLOCK("never-resumed", "trigger=edge",
                 "Something was left unread, and epoll does not report it twice.",
                 "还有没读完的数据，而 epoll 不会报告第二次。")),
    .checks = CHECKS(CHECK("every-operation-done", "Operations done", "完成的操作"),
                     CHECK("resumed-once-for-each-part", "Resumptions, one for each part that came",
                           "恢复次数：每到一段恰好一次"),
                     CHECK("blocked-as-long-as-it-takes", "Not faster than the blocking calls",
                           "不会快于阻塞的调用")),
    .columns = COLUMNS(COLUMN("coroutine", "Coroutine", "协程", NULL),
                       COLUMN("waited", "Waited", "等待", "ns"),
                       COLUMN("done", "Operations", "操作", NULL),
                       COLUMN("resumed", "Resumed", "被恢复", NULL)),
    .free_only = ASKS_THE_KERNEL("epoll and the descriptors it watches",
                                 "epoll 以及它监视的描述符"),
    .run = run,
};

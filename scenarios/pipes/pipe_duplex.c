#include "scenarios/scenario.h"

#include <errno.h>
#include <inttypes.h>

/* What happened on both sides; shared. */
struct story {
    struct conn *a, *b; /* the two ends */
    int64_t messages;
    _Atomic int64_t right_there, right_back, timeouts, hasty, refused;
};

/* The one who is asked: waits a while, then sends each number back, plus one thousand. */
static void answerer(void *argument)
{
    struct story *s = argument;
    int64_t number;
    conn_close(s->b); /* the other one's */
    for (int64_t i = 0; i < s->messages; i++) {
        if (conn_recv_number(s->a, &number) <= 0)
            break;
        s->right_there += number == 42 + i;
        sleep_us(integer("sender_delay_ms") * 1000 / s->messages);
        int r = conn_send_number(s->a, number + 1000);
        if (r == -EBADF) {
            s->refused++;
            print("OSError: connection is read-only");
            break;
        }
    }
    conn_close(s->a);
}

/* while not conn.poll(0.5): do something else */
static void poll_and_work(struct story *s)
{
    int64_t timeout_us = integer("poll_ms") * 1000;
    double least_ns = (double)timeout_us * 1000 * number("time_scale");
    for (int64_t began = now_ns(); conn_poll(s->b, timeout_us) == 0; began = now_ns()) {
        s->hasty += (double)(now_ns() - began) < least_ns - 1;
        if (s->timeouts++ < 20)
            print("nothing yet, does something else");
    }
}

static void asker(void *argument)
{
    struct story *s = argument;
    int64_t number;
    conn_close(s->a);
    for (int64_t i = 0; i < s->messages; i++) {
        conn_send_number(s->b, 42 + i);
        if (!boolean("duplex"))
            continue; /* this end only sends */
        if (is("recv", "poll"))
            poll_and_work(s);
        if (conn_recv_number(s->b, &number) <= 0)
            break;
        s->right_back += number == 1042 + i;
        if (s->messages <= 20)
            print("received %" PRId64, number);
    }
    conn_close(s->b);
}

static void judge(const struct story *s)
{
    int64_t back = boolean("duplex") ? s->messages : 0;
    check_number("arrived-unchanged", boolean("duplex") ? s->messages : 1, s->right_there);
    check_number("answers-unchanged", back, s->right_back);
    check_number("read-only-refused", boolean("duplex") ? 0 : 1, s->refused);
    check_number("polls-waited", 0, s->hasty);
    metric("poll_timeouts", s->timeouts);
    outcome(s->refused > 0    ? "read-only"
            : s->timeouts > 0 ? "worked-meanwhile"
                              : "exchanged",
            s->refused > 0 ? "OSError: connection is read-only" : "%" PRId64 " exchanged",
            s->right_back);
}

static void run(void)
{
    struct story *s = shared_new(sizeof *s);
    s->messages = integer("messages");
    pipe_new("pipe", boolean("duplex"), &s->a, &s->b);
    struct task *child = process_start("child", answerer, s);
    if (is("parties", "two-children")) {
        struct task *second = process_start("second child", asker, s);
        conn_close(s->a); /* the parent keeps no end */
        conn_close(s->b);
        task_join(second);
    } else {
        asker(s);
    }
    task_join(child);
    judge(s);
}

SCENARIO(pipe_duplex) = {
    .id = "pipe-duplex",
    .family = FAMILY_PIPES,
    .number = 21,
    .title = {"A pipe with two ends", "双向管道"},
    .summary =
        {"One process sends a number through a pipe and wants an answer; the other takes its time. "
         "The first can wait in `recv()`, or look with `poll()` now and then and do something "
         "else. A pipe that is not duplex has an end that only receives and one that only sends.",
         "一个进程把数发进管道并等待回答，另一个慢慢来。前者可以一直停在 `recv()`，也可以用 "
         "`poll()` "
         "隔一会儿看一眼，其余时间干别的。非双向的管道一端只能收，另一端只能发。"},
    .lesson = {"recv waits; poll lets you do something else meanwhile.",
               "recv 会等，poll 可以边等边干活。"},
    .python = "from multiprocessing import Pipe, Process\n"
              "import time\n"
              "\n"
              "def answerer(conn):\n"
              "    x = conn.recv()\n"
              "    time.sleep(1.2)\n"
              "    conn.send(x + 1000)            # OSError: connection is read-only\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    a, b = Pipe(duplex=True)\n"
              "    p = Process(target=answerer, args=(a,))\n"
              "    p.start()\n"
              "    b.send(42)\n"
              "    while not b.poll(0.5):\n"
              "        print('nothing yet, does something else')\n"
              "    print(b.recv())\n"
              "    p.join()\n",
    .concepts = CONCEPTS(77, 78, 79, 81),
    .chart = CHART_TURNS,
    .params = PARAMS(
        INTEGER("messages", 1, 1000, "1", "Messages", "消息数", "Questions, one after the other.",
                "一个接一个的提问。"),
        BOOLEAN("duplex", "true", "Duplex", "双向",
                "Both ends send and receive. Off: sending on the receiving end raises, every time.",
                "两端都能收发。关闭时，在接收端发送每次都会抛出异常。"),
        CHOICE("parties", "parent-child", "Who holds the ends", "两端在谁手里",
               "Parent and child, or two children of a parent that closes both.",
               "父子进程各一端，或者两个子进程各一端而父进程都关闭。",
               {"parent-child", {"parent and child", "父进程与子进程"}},
               {"two-children", {"two children", "两个子进程"}}),
        CHOICE("recv", "block", "How the answer is awaited", "怎样等待回答",
               "Wait in recv(), or poll with a time-out and work in between.",
               "停在 recv()，或者带超时地 poll，中间干别的。", {"block", {"recv()", "recv()"}},
               {"poll", {"poll(timeout)", "poll(超时)"}}),
        INTEGER("poll_ms", 1, 2000, "500", "Time-out of poll (ms)", "poll 的超时（毫秒）",
                "How long one look lasts at most.", "每次最多等多久。"),
        INTEGER("sender_delay_ms", 0, 5000, "1200", "Delay of the answers (ms)",
                "回答的延迟（毫秒）",
                "All answers together. With 1200 and a poll of 500 there are two time-outs in "
                "nearly every run.",
                "全部回答合计的延迟。取 1200、poll 取 500 时，几乎每次都是两次超时。")),
    .outcomes = OUTCOMES(
        OUTCOME("exchanged", "* exchanged", "duplex=true", CLASS_ACCEPTABLE,
                "Every question was answered; the asker waited.",
                "每个问题都有回答，提问者一直在等。"),
        OUTCOME("worked-meanwhile", "* exchanged", "duplex=true&recv=poll", CLASS_INTERESTING,
                "Nothing was there yet, so the asker did something else.",
                "还没有回答，提问者就先干别的。"),
        OUTCOME("read-only", "OSError: connection is read-only", "duplex=false", CLASS_INTERESTING,
                "The receiving end of a one-way pipe cannot send.", "单向管道的接收端不能发送。")),
    .checks = CHECKS(CHECK("arrived-unchanged", "Questions that arrived, in order and unchanged",
                           "按顺序原样到达的提问"),
                     CHECK("answers-unchanged", "Answers that arrived, in order and unchanged",
                           "按顺序原样到达的回答"),
                     CHECK("read-only-refused", "Sending on the receiving end was refused",
                           "在接收端发送被拒绝"),
                     CHECK("polls-waited", "Polls that gave up before their time",
                           "没等到超时就放弃的 poll")),
    .run = run,
};

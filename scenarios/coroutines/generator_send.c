#include "scenarios/scenario.h"

#include <inttypes.h>

#define OK 200

/* What both sides note, to be judged at the end: P producing, C consuming, R returned. */
struct talk {
    struct words lines;
    int thread;
    int other_threads; /* lines that came from another thread */
    bool returns;
};

static void note(struct talk *talk, char who, int64_t n)
{
    words_add(&talk->lines, "%c%" PRId64, who, n);
    talk->other_threads += thread_id() != talk->thread;
}

static void consumer(struct generator *self, void *argument)
{
    struct talk *talk = argument;
    const int64_t ok = OK, *r = NULL;
    struct yielded n;
    while (yield(self, r, &n)) {
        if (!n.some)
            continue;
        print("[CONSUMER] Consuming %" PRId64 "...", n.number);
        note(talk, 'C', n.number);
        r = talk->returns ? &ok : NULL;
    }
}

static bool prime(struct generator *c)
{
    if (is("prime", "next"))
        return generator_next(c, NULL) == GENERATOR_YIELDED;
    if (is("prime", "send-none"))
        return generator_send(c, NULL, NULL) == GENERATOR_YIELDED;
    return false;
}

/* One round of the producer. */
static enum generator_status produce_one(struct talk *talk, struct generator *c, int64_t n)
{
    struct yielded r = {0};
    print("[PRODUCER] Producing %" PRId64 "...", n);
    note(talk, 'P', n);
    enum generator_status status = generator_send(c, &n, &r);
    if (status == GENERATOR_YIELDED && r.some) {
        print("[PRODUCER] Consumer return: %" PRId64 " OK", r.number);
        note(talk, 'R', n);
    }
    return status;
}

static int64_t produce(struct talk *talk, struct generator *c, enum generator_status *status)
{
    int64_t rounds = integer("rounds"), close_at = integer("close_at"), n = 0;
    *status = GENERATOR_YIELDED;
    while (n < rounds && *status == GENERATOR_YIELDED) {
        if (n == close_at)
            generator_close(c);
        *status = produce_one(talk, c, n + 1);
        n += *status == GENERATOR_YIELDED;
    }
    generator_close(c);
    return n;
}

/* The lines two functions that take turns must have written. */
static struct words expected_lines(const struct talk *talk, int64_t rounds, bool one_more)
{
    struct words lines = {0};
    for (int64_t n = 1; n <= rounds; n++) {
        words_add(&lines, "P%" PRId64, n);
        words_add(&lines, "C%" PRId64, n);
        if (talk->returns)
            words_add(&lines, "R%" PRId64, n);
    }
    if (one_more)
        words_add(&lines, "P%" PRId64, rounds + 1);
    return lines;
}

static void run(void)
{
    struct talk talk = {.thread = thread_id(), .returns = is("direction", "ping-pong")};
    enum generator_status status;
    struct generator *c = generator_new("consumer", consumer, &talk);
    bool primed = prime(c);
    int64_t rounds = produce(&talk, c, &status);
    if (status == GENERATOR_NOT_STARTED)
        print("TypeError: can't send non-None value to a just-started generator");
    if (status == GENERATOR_STOPPED)
        print("StopIteration");
    struct words wanted = expected_lines(&talk, rounds, status != GENERATOR_YIELDED);
    check_text("strict-turns", words_text(&wanted), words_text(&talk.lines));
    check_number("one-thread", 0, talk.other_threads);
    if (!primed)
        check("unprimed-is-refused", rounds == 0, "no value delivered",
              text("%" PRId64 " delivered", rounds));
    outcome(status == GENERATOR_YIELDED   ? "finished"
            : status == GENERATOR_STOPPED ? "stop-iteration"
                                          : "type-error",
            status == GENERATOR_YIELDED   ? "rounds=%" PRId64
            : status == GENERATOR_STOPPED ? "rounds=%" PRId64 " StopIteration"
                                          : "rounds=%" PRId64 " TypeError",
            rounds);
}

SCENARIO(generator_send) = {
    .id = "generator-send",
    .family = FAMILY_COROUTINES,
    .number = 48,
    .title = {"yield and send: a two-way coroutine", "yield 与 send"},
    .summary =
        {"A producer sends numbers into a generator and gets an answer from its next yield. "
         "There is one thread and no lock: the two functions take turns, each stopping exactly "
         "where it hands over.",
         "生产者用 send 把数字传进生成器，并从下一个 yield 得到回答。"
         "全程只有一个线程、没有锁：两个函数轮流运行，各自停在交接的地方。"},
    .lesson = {"send() resumes, delivers and waits for the next yield: two functions taking turns.",
               "send() 恢复执行、传入值、等下一次 yield：两个函数轮流运行。"},
    .python = "def consumer():\n"
              "    r = None\n"
              "    while True:\n"
              "        n = yield r\n"
              "        if not n:\n"
              "            continue\n"
              "        print('[CONSUMER] Consuming %s...' % n)\n"
              "        r = '200 OK'\n"
              "\n"
              "def produce(c):\n"
              "    c.send(None)              # prime it: run to the first yield\n"
              "    n = 0\n"
              "    while n < 3:\n"
              "        n = n + 1\n"
              "        print('[PRODUCER] Producing %s...' % n)\n"
              "        r = c.send(n)\n"
              "        print('[PRODUCER] Consumer return: %s' % r)\n"
              "    c.close()\n"
              "\n"
              "produce(consumer())\n",
    .concepts = CONCEPTS(178, 185, 186, 187),
    .chart = CHART_TURNS,
    .params = PARAMS(
        INTEGER("rounds", 0, 1000, "3", "Rounds", "轮数", "How many numbers are sent.",
                "发送多少个数字。"),
        CHOICE("prime", "send-none", "First resume", "第一次恢复",
               "A generator must run to its first yield before it can take a value. Leave that "
               "out and the first send is a TypeError.",
               "生成器要先运行到第一个 yield 才能接收值；省略这一步，第一次 send 就会报 "
               "TypeError。",
               {"send-none", {"send(None)", "send(None)"}}, {"next", {"next()", "next()"}},
               {"missing", {"forgotten (error)", "忘了（报错）"}}),
        INTEGER("close_at", -1, 1000, "-1", "Close after", "在第几个值后关闭",
                "close() after that many values; the next send is a StopIteration. -1: only at "
                "the end.",
                "传入这么多个值之后调用 close()，再 send 就会得到 StopIteration；-1 "
                "表示只在最后关闭。"),
        CHOICE("direction", "ping-pong", "Answer", "是否回答",
               "Does the consumer hand an answer back?", "消费者是否把回答传回来？",
               {"ping-pong", {"value and answer", "有来有回"}},
               {"consume-only", {"values only", "只接收"}})),
    .outcomes = OUTCOMES(
        OUTCOME("finished", "rounds=*", NULL, CLASS_ACCEPTABLE,
                "Every number was sent and consumed, turn by turn.",
                "每个数字都按轮次发送并消费。"),
        OUTCOME("stop-iteration", "rounds=* StopIteration", "close_at!=-1", CLASS_INTERESTING,
                "The generator was closed; sending to it raised StopIteration.",
                "生成器已经关闭，再向它 send 会抛出 StopIteration。"),
        OUTCOME("type-error", "rounds=0 TypeError", "prime=missing", CLASS_INTERESTING,
                "A value was sent to a generator that had not reached its first yield.",
                "生成器还没运行到第一个 yield，就向它传了值。")),
    .checks = CHECKS(
        CHECK("strict-turns", "The lines alternate strictly: P producing, C consuming, R returned",
              "各行严格交替：P 生产，C 消费，R 返回"),
        CHECK("one-thread", "No line came from another thread", "所有行都来自同一个线程"),
        CHECK("unprimed-is-refused", "A generator that was not started takes no value",
              "未启动的生成器不接收任何值")),
    .run = run,
};

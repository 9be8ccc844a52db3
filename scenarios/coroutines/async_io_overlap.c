#include "scenarios/scenario.h"

#include <inttypes.h>

#define SITES_MAX 64

/* One request and its answer. */
struct request {
    struct client *client;
    int64_t i, latency_us;
    int64_t asked_ns, answered_ns; /* since the program began */
};

struct client {
    struct site *network; /* all sites, at the other end of one socket */
    int64_t n, began_ns, in_flight, most_in_flight;
    int64_t order[SITES_MAX];
    int64_t blocked_from_ns, blocked_until_ns; /* the loop, by a call that is not awaited */
    struct cell *answered;
    struct request requests[SITES_MAX];
};

static int64_t since_began(const struct client *c)
{
    return now_ns() - c->began_ns;
}

static void handle(struct request *r)
{
    struct client *c = r->client;
    if (integer("cpu_us") > 0)
        work_us(integer("cpu_us"));
    c->order[cell_add(c->answered, 1) - 1] = r->i;
    r->answered_ns = since_began(c);
    print("site %" PRId64 " answered after %.0f ms", r->i, (double)r->answered_ns / 1e6);
    item_finished(r->i);
}

/* async def fetch(i): await …; the blocker forgot to await and blocks the loop */
static int64_t fetch(void *argument)
{
    struct request *r = argument;
    struct client *c = r->client;
    bool blocks = is("style", "async-with-blocking-call") && r->i == integer("blocker");
    item_started(r->i);
    c->in_flight++;
    c->most_in_flight = c->in_flight > c->most_in_flight ? c->in_flight : c->most_in_flight;
    r->asked_ns = since_began(c);
    if (blocks) {
        site_call(c->network, r->i, r->latency_us); /* requests.get() in a coroutine */
        c->blocked_from_ns = r->asked_ns;
        c->blocked_until_ns = since_began(c);
    } else {
        loop_call(c->network, r->i, r->latency_us);
    }
    c->in_flight--;
    handle(r);
    return 200;
}

/* await asyncio.gather(*sites) */
static int64_t fetch_all(void *argument)
{
    struct client *c = argument;
    struct coro *coros[SITES_MAX];
    for (int64_t i = 0; i < c->n; i++)
        coros[i] = loop_create_task(text("fetch %" PRId64, i), fetch, &c->requests[i]);
    return loop_gather(coros, (unsigned)c->n);
}

static void fetch_blocking(void *argument)
{
    struct request *r = argument;
    item_started(r->i);
    site_call(r->client->network, r->i, r->latency_us);
    handle(r);
}

static void fetch_by_threads(struct client *c)
{
    struct task *threads[SITES_MAX];
    for (int64_t i = 0; i < c->n; i++)
        threads[i] = thread_start(text("thread %" PRId64, i), fetch_blocking, &c->requests[i]);
    for (int64_t i = 0; i < c->n; i++)
        task_join(threads[i]);
}

/* It had to wait until the loop was free: to be asked at all, or for its answer to be taken. */
static bool came_late(const struct client *c, const struct request *r)
{
    int64_t due_ns = r->asked_ns + (int64_t)((double)r->latency_us * 1000 * number("time_scale"));
    bool asked_late = r->asked_ns >= c->blocked_until_ns;
    return asked_late || (due_ns < c->blocked_until_ns && r->answered_ns >= c->blocked_until_ns);
}

/* How many answers the blocked loop delayed, and how many it took while it was blocked. */
static int64_t count_late(const struct client *c, int64_t *ret_meanwhile)
{
    int64_t late = 0;
    *ret_meanwhile = 0;
    for (int64_t i = 0; i < c->n && c->blocked_until_ns > 0; i++) {
        const struct request *r = &c->requests[i];
        if (i == integer("blocker"))
            continue;
        late += came_late(c, r);
        *ret_meanwhile +=
            r->answered_ns > c->blocked_from_ns && r->answered_ns < c->blocked_until_ns;
    }
    return late;
}

static void judge(const struct client *c, int64_t total_ns)
{
    struct words order = {0};
    double scale = number("time_scale") * 1000;
    int64_t sum = 0, longest = 0, cpu = c->n * integer("cpu_us"), meanwhile;
    int64_t late = count_late(c, &meanwhile);
    for (int64_t i = 0; i < c->n; i++) {
        int64_t us = c->requests[i].latency_us;
        sum += us;
        longest = us > longest ? us : longest;
        words_add(&order, "%" PRId64, c->order[i]);
        row("site %" PRId64 "\t%" PRId64 "\t%.0f", i, c->requests[i].answered_ns,
            (double)us * scale);
    }
    bool sync = is("style", "sync"), threads = is("style", "threads");
    int64_t at_best = longest + integer("cpu_us");
    if (!threads && at_best < cpu)
        at_best = cpu; /* one thread handles all of them */
    double least = (double)(sync ? sum + cpu : at_best) * scale;
    print("%s: %.0f ms; waits add up to %.0f ms", sync ? "one after the other" : "together",
          (double)total_ns / 1e6, (double)sum * scale / 1e6);
    check_number("every-site-answered", c->n, cell_read(c->answered));
    check("not-faster-than-the-waits", (double)total_ns >= 0.99 * least,
          text("at least %.0f ms", least / 1e6), text("%.0f ms", (double)total_ns / 1e6));
    if (is("style", "async"))
        check_number("all-asked-at-once", c->n, c->most_in_flight);
    if (is("style", "async-with-blocking-call"))
        check_number("nothing-goes-on-meanwhile", 0, meanwhile);
    metric("late", late);
    metric("total_ns", total_ns);
    outcome(sync       ? "one-by-one"
            : late > 0 ? "loop-blocked"
                       : "overlapped",
            "order=%s", words_short(&order, 200));
}

static void run(void)
{
    static struct client c;
    int64_t latencies[SITES_MAX];
    c.n = integers("latencies_ms", latencies, SITES_MAX);
    c.network = site_new("network");
    c.answered = cell_new_atomic("answered", 0);
    c.began_ns = now_ns();
    for (int64_t i = 0; i < c.n; i++) {
        c.requests[i] = (struct request){.client = &c, .i = i, .latency_us = latencies[i] * 1000};
        item_submitted(i);
    }
    if (is("style", "sync"))
        for (int64_t i = 0; i < c.n; i++)
            fetch_blocking(&c.requests[i]);
    else if (is("style", "threads"))
        fetch_by_threads(&c);
    else
        loop_run("main()", fetch_all, &c, NULL);
    judge(&c, now_ns() - c.began_ns);
}

SCENARIO(async_io_overlap) = {
    .id = "async-io-overlap",
    .family = FAMILY_COROUTINES,
    .number = 51,
    .title = {"Ask all sites at once", "同步与异步请求多个网站"},
    .summary =
        {"A program asks several sites, each of which takes its time to answer; the sites are "
         "simulated at the other end of a socket. It asks one after the other, or all at once: by "
         "coroutines on one thread, or by a thread for each. One coroutine may call a blocking "
         "function, and then all of them wait.",
         "一个程序请求若干网站，每个网站回答需要一段时间（网站是套接字另一端的模拟）。"
         "可以一个接一个地请求，也可以同时请求：用一个线程里的多个协程，或者每个请求一个线程。"
         "只要有一个协程调用了阻塞函数，大家就都得等。"},
    .lesson = {"Waiting can overlap, computing in one thread cannot.",
               "等待可以重叠，单线程里的计算不能。"},
    .python = "import asyncio, time\n"
              "\n"
              "async def fetch(i, ms):\n"
              "    await asyncio.sleep(ms / 1000)     # the site answers\n"
              "    # time.sleep(ms / 1000)            # blocks the loop, and everybody\n"
              "    print('site', i)\n"
              "\n"
              "async def main():\n"
              "    latencies = [300, 100, 200]\n"
              "    await asyncio.gather(*(fetch(i, ms) for i, ms in enumerate(latencies)))\n"
              "\n"
              "t = time.perf_counter()\n"
              "asyncio.run(main())\n"
              "print(time.perf_counter() - t)         # 0.3, not 0.6\n",
    .concepts = CONCEPTS(178, 180, 181, 182, 189, 190, 191),
    .chart = CHART_ORDER,
    .params = PARAMS(
        CHOICE("style", "async", "Style", "方式", "How the sites are asked.", "怎样请求这些网站。",
               {"sync", {"one after the other", "依次请求"}},
               {"async", {"async and await", "async 与 await"}},
               {"threads", {"a thread for each", "每个请求一个线程"}},
               {"async-with-blocking-call", {"async, one call blocks", "async，其中一个调用阻塞"}}),
        INTEGERS("latencies_ms", 1, 5000, "300,100,200", "Answer times (ms)", "回答时间（毫秒）",
                 "One site for each.", "每个数对应一个网站。"),
        INTEGER(
            "blocker", -1, 63, "-1", "Which one blocks", "哪一个阻塞",
            "The index of the request that blocks the loop, in the last style; what has not "
            "been asked yet, or is answered meanwhile, then comes late, in every run. -1: none.",
            "最后一种方式中阻塞事件循环的请求下标；还没发出的请求和这期间到达的回答，每次都会因此推"
            "迟。"
            "-1：没有。"),
        INTEGER("cpu_us", 0, 100000, "0", "Work per answer (µs)", "每个回答的处理时间（微秒）",
                "In one thread these add up; in several they may overlap.",
                "单线程里它们要累加，多线程里可以重叠。")),
    .outcomes = OUTCOMES(
        OUTCOME("overlapped", "order=*", "style!=sync", CLASS_ACCEPTABLE,
                "The waits overlapped: all answers after the longest of them.",
                "等待重叠在一起：最长的一个结束时全部回答都到了。"),
        OUTCOME("one-by-one", "order=*", "style=sync", CLASS_ACCEPTABLE,
                "The waits came one after the other and add up.", "等待一个接一个，时间累加。"),
        OUTCOME("loop-blocked", "order=*", "style=async-with-blocking-call", CLASS_INTERESTING,
                "One coroutine blocked the thread, and nobody else could go on meanwhile.",
                "一个协程阻塞了线程，其他协程在此期间都无法继续。")),
    .checks = CHECKS(CHECK("every-site-answered", "Sites that answered", "已回答的网站"),
                     CHECK("not-faster-than-the-waits", "Total time", "总时间"),
                     CHECK("all-asked-at-once", "Requests on their way at once", "同时在途的请求"),
                     CHECK("nothing-goes-on-meanwhile", "Answers taken while the loop was blocked",
                           "循环被阻塞期间处理的回答")),
    .columns = COLUMNS(COLUMN("site", "Site", "网站", NULL),
                       COLUMN("answered", "Answered after", "得到回答", "ns"),
                       COLUMN("latency", "Answers within", "自身延迟", "ns")),
    .run = run,
};

/*
 * Programs of primitives under control: all they can come to, however they are explored, and the
 * same again for the same choices.
 */
#include "tests/unit/oracle.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>

static void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(oracle_seen, sizeof oracle_seen, format, args);
    va_end(args);
}

/* ---- pipes ---- */

static struct conn *reader, *writer;
static char message[70000], arrived[70000];

static void send_one(void *number)
{
    conn_send_number(writer, (intptr_t)number);
}

static void receive_two(char *ret)
{
    int64_t number;
    ret[0] = '\0';
    for (int i = 0; i < 2 && conn_recv_number(reader, &number) == 1; i++)
        snprintf(ret + strlen(ret), 8, "%d", (int)number);
}

static void two_senders_of(enum task_kind kind)
{
    char got[16];
    pipe_new("p", false, &reader, &writer);
    task_start(kind, "one", send_one, (void *)1);
    task_start(kind, "two", send_one, (void *)2);
    receive_two(got);
    say("%s", got);
}

static void two_sending_threads(void)
{
    two_senders_of(TASK_THREAD);
}

static void two_sending_processes(void)
{
    two_senders_of(TASK_PROCESS);
}

static void send_and_end(void *unused)
{
    (void)unused;
    conn_close(reader);
    conn_send_number(writer, 1);
}

/* Reads until the end of the file, which comes with the end of the last one that could write. */
static void read_to_end(bool closes)
{
    int64_t number, sum = 0;
    pipe_new("p", false, &reader, &writer);
    process_start("one", send_and_end, NULL);
    process_start("two", send_and_end, NULL);
    if (closes)
        conn_close(writer);
    while (conn_recv_number(reader, &number) == 1)
        sum += number;
    say("%d, end", (int)sum);
}

static void end_of_file(void)
{
    read_to_end(true);
}

static void open_end(void)
{
    read_to_end(false);
}

static int sent;

static void send_until_full(void *unused)
{
    (void)unused;
    sent = conn_send(writer, message, 16000);
    for (int i = 0; i < 4 && sent == 0; i++)
        sent = conn_send(writer, message, 16000);
}

/* The last message does not fit in, and the one who could make room goes away. */
static void broken_pipe(void)
{
    pipe_new("p", false, &reader, &writer);
    struct task *sender = thread_start("sender", send_until_full, NULL);
    conn_close(reader);
    task_join(sender);
    say("%s", sent == -EPIPE ? "EPIPE" : "sent");
}

static void full_pipe(void)
{
    pipe_new("p", false, &reader, &writer);
    struct task *sender = thread_start("sender", send_until_full, NULL);
    task_join(sender);
    say("sent");
}

/* Both fill their way before they read. */
static void fill_and_read(void *end)
{
    struct conn *conn = end;
    size_t n;
    for (int i = 0; i < 5; i++)
        conn_send(conn, message, 16000);
    for (int i = 0; i < 5; i++)
        conn_recv(conn, arrived, sizeof arrived, &n);
}

static void both_ways_full(void)
{
    pipe_new("p", true, &reader, &writer);
    struct task *one = thread_start("one", fill_and_read, reader);
    struct task *two = thread_start("two", fill_and_read, writer);
    task_join(one);
    task_join(two);
    say("ok");
}

static void send_long(void *letter)
{
    static char text[2][40000];
    int which = (intptr_t)letter == 'b';
    memset(text[which], (char)(intptr_t)letter, sizeof text[which]);
    conn_send(writer, text[which], sizeof text[which]);
}

/* Longer than the kernel takes in one piece: others' bytes may come in between. */
static void long_messages(void)
{
    size_t n;
    char got[8] = "";
    pipe_new("p", false, &reader, &writer);
    process_start("a", send_long, (void *)'a');
    process_start("b", send_long, (void *)'b');
    for (int i = 0; i < 2 && !strchr(got, '!'); i++) {
        int r = conn_recv(reader, arrived, sizeof arrived, &n);
        char letter = arrived[0];
        bool whole = r == 1 && n == 40000 && memcmp(arrived, arrived + 1, n - 1) == 0;
        snprintf(got + i, 2, "%c", whole ? letter : '!');
    }
    say("%s", got);
    control_end(seam_self.control, ENDED_COMPLETED);
}

static int received[2];

static void receive_one(void *which)
{
    int64_t number;
    int r = conn_recv_number(reader, &number);
    received[(intptr_t)which] = r == 1 ? (int)number : r == -EBADMSG ? -1 : 0;
}

/* Two who read one end: one may get what is the other's. */
static void two_receivers(void)
{
    pipe_new("p", false, &reader, &writer);
    struct task *one = process_start("one", receive_one, (void *)0);
    struct task *two = process_start("two", receive_one, (void *)1);
    conn_send_number(writer, 7);
    conn_send_number(writer, 8);
    task_join(one);
    task_join(two);
    say("%d %d", received[0], received[1]);
}

static void look_and_receive(void)
{
    int64_t number = 0;
    pipe_new("p", false, &reader, &writer);
    struct task *sender = process_start("one", send_one, (void *)1);
    int first = conn_poll(reader, 0), second = conn_poll(reader, 1000);
    int third = conn_poll(reader, FOREVER);
    conn_recv_number(reader, &number);
    task_join(sender);
    say("%d%d%d %d", first, second, third, (int)number);
}

static void answer(void *unused)
{
    int64_t number;
    (void)unused;
    conn_close(writer);
    while (conn_recv_number(reader, &number) == 1)
        conn_send_number(reader, number + 1);
}

static void ask_and_answer(void)
{
    int64_t number = 0;
    pipe_new("p", true, &reader, &writer);
    struct task *task = process_start("answers", answer, NULL);
    conn_close(reader);
    for (int i = 0; i < 2; i++) {
        conn_send_number(writer, number);
        conn_recv_number(writer, &number);
    }
    conn_close(writer);
    task_join(task);
    say("%d", (int)number);
}

/* ---- explored ---- */

static const struct known {
    const char *name;
    void (*program)(void);
    const char *outcomes;
    uint64_t all, classes; /* executions: of every order (0: too many), and by source sets */
} known[] = {
    {"two sending threads", two_sending_threads, "12|21", 6, 6},
    {"two sending processes", two_sending_processes, "12|21", 168, 168},
    {"end of file", end_of_file, "2, end", 3008, 3008},
    {"open end", open_end, "DEADLOCK", 688, 688},
    {"broken pipe", broken_pipe, "EPIPE", 6, 6},
    {"full pipe", full_pipe, "DEADLOCK", 1, 1},
    {"both ways full", both_ways_full, "DEADLOCK", 252, 1},
    {"long messages", long_messages, "!|ab|ba", 1124, 1124},
    {"two receivers", two_receivers, "-1 0|-1 8|0 -1|7 8|8 -1|8 7", 50, 50},
    {"look and receive", look_and_receive, "001 1|011 1|111 1", 15, 15},
    {"ask and answer", ask_and_answer, "2", 3, 3},
};

static void explore(const struct known *k, enum explore_method method, uint64_t executions)
{
    static struct oracle o;
    bool complete = oracle_explore(&o, k->program, method, -1, 300000);
    if (!complete || strcmp(oracle_outcomes(&o), k->outcomes) != 0 ||
        (executions > 0 && o.executions != executions))
        fail_msg("%s: %" PRIu64 " executions, not %" PRIu64 ": %s, not %s%s", k->name, o.executions,
                 executions, oracle_outcomes(&o), k->outcomes, complete ? "" : ", and more");
}

void test_every_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].all > 0)
            explore(&known[i], EXPLORE_ALL, known[i].all);
}

void test_source_sets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        explore(&known[i], EXPLORE_SOURCE_SETS, known[i].classes);
}

/* ---- repeated ---- */

struct repeated {
    enum ended ended;
    uint64_t steps;
    uint16_t check;
    struct buf trace;
    char seen[64];
};

/* In memory of its own, with a trace. */
static void run_once(struct repeated *ret, void (*program)(void), const struct token *token)
{
    struct trace_shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    static struct directed directed;
    trace_shared_init(shared);
    struct run *run = run_new(shared, -1);
    run->time_scale = 1;
    run->job.trace = true;
    run->output_object = (uint16_t)trace_object_add(shared, OBJECT_OUTPUT, "stdout");
    trace_shared_start(shared);
    run->control = control_new(run, NULL, NULL, token->ignores_time);
    directed_init(&directed, token, NULL);
    oracle_seen[0] = '\0';
    ret->ended = control_execute(run->control, &directed.policy, oracle_main, &program);
    ret->steps = control_steps(run->control);
    ret->check = directed_check(&directed, true);
    memcpy(ret->seen, oracle_seen, sizeof ret->seen);
    struct trace_reader *trace = trace_reader_new(shared);
    ret->trace = (struct buf)BUF_INIT(16u << 20);
    assert_int_equal(trace_reader_drain(trace, TRACE_ANY_TIME, true, &ret->trace), 0);
    assert_int_equal(trace_reader_counts(trace).malformed, 0);
    trace_reader_free(trace);
    control_free(run->control);
    munmap(run, sizeof *run + RUN_ARENA_BYTES);
    munmap(shared, sizeof *shared);
}

static void repeat(const struct known *k, const struct token *token)
{
    struct repeated one, two;
    run_once(&one, k->program, token);
    run_once(&two, k->program, token);
    if (one.ended != two.ended || one.steps != two.steps || one.check != two.check ||
        strcmp(one.seen, two.seen) != 0)
        fail_msg("%s, seed %" PRIu64 ": \"%s\" in %" PRIu64 " steps, then \"%s\" in %" PRIu64,
                 k->name, token->seed, one.seen, one.steps, two.seen, two.steps);
    if (one.trace.len != two.trace.len || memcmp(one.trace.data, two.trace.data, one.trace.len))
        fail_msg("%s, seed %" PRIu64 ": another trace", k->name, token->seed);
    buf_release(&one.trace);
    buf_release(&two.trace);
}

void test_the_same_again(void **state)
{
    (void)state;
    struct token token = {.rule = TOKEN_RANDOM, .stop = TOKEN_NO_STOP};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        for (token.seed = 1; token.seed <= 4; token.seed++) {
            token.ignores_time = token.seed % 2;
            repeat(&known[i], &token);
        }
}

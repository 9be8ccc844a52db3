#include "scenarios/scenario.h"

#include <inttypes.h>

#define SLOTS_MAX  32
#define ROUNDS_MAX 1000
#define WORDS      4 /* of a block: all the same number when it is whole */

struct block {
    struct cell *word[WORDS];
    _Atomic bool unread; /* written, and the consumer is not done with it */
};

struct buffer_story {
    struct block *slot;
    struct event *full, *empty;         /* event-rendezvous */
    struct barrier *written, *consumed; /* barrier */
    struct queue *free_slots, *filled;  /* slot-queue */
    int64_t rounds, slots;
    _Atomic int64_t written_over; /* blocks whose slot was taken while they were unread */
    _Atomic int64_t busy_us;      /* writing and reading, both together */
    int64_t got[ROUNDS_MAX];      /* the number of each block taken, -1: torn */
};

/* Word by word, as a memcpy of a large block is. */
static void write_block(struct buffer_story *s, struct block *block, int64_t round)
{
    int64_t us = jittered(integer("produce_us"), number("jitter"), (uint64_t)round);
    s->written_over += block->unread;
    for (int w = 0; w < WORDS; w++) {
        if (us >= WORDS)
            sleep_us(us / WORDS);
        cell_write(block->word[w], round);
    }
    s->busy_us += us / WORDS * WORDS;
    block->unread = true;
}

static int64_t read_block(struct buffer_story *s, struct block *block, int64_t round)
{
    int64_t us = jittered(integer("consume_us"), number("jitter"), (uint64_t)(ROUNDS_MAX + round));
    int64_t first = 0;
    bool whole = true;
    for (int w = 0; w < WORDS; w++) {
        int64_t word = cell_read(block->word[w]);
        first = w == 0 ? word : first;
        whole = whole && word == first;
        if (us >= WORDS)
            sleep_us(us / WORDS);
    }
    s->busy_us += us / WORDS * WORDS;
    block->unread = false;
    return whole ? first : -1;
}

static void producer(void *argument)
{
    struct buffer_story *s = argument;
    for (int64_t i = 0; i < s->rounds; i++) {
        int64_t slot = 0;
        if (s->free_slots)
            queue_get(s->free_slots, &slot);
        write_block(s, &s->slot[slot], i);
        if (s->full) { /* set, then wait until it was read */
            event_set(s->full);
            event_wait(s->empty);
            event_clear(s->empty);
        } else if (s->written) {
            barrier_wait(s->written);
            barrier_wait(s->consumed);
        } else if (s->filled) {
            queue_put(s->filled, &slot, i);
        }
    }
}

static void consumer(void *argument)
{
    struct buffer_story *s = argument;
    for (int64_t i = 0; i < s->rounds; i++) {
        int64_t slot = 0;
        if (s->full) {
            event_wait(s->full);
            event_clear(s->full);
        } else if (s->written) {
            barrier_wait(s->written);
        } else if (s->filled) {
            queue_get(s->filled, &slot);
        }
        s->got[i] = read_block(s, &s->slot[slot], i);
        if (s->empty)
            event_set(s->empty);
        else if (s->consumed)
            barrier_wait(s->consumed);
        else if (s->free_slots)
            queue_put(s->free_slots, &slot, slot);
    }
}

static void prepare(struct buffer_story *s)
{
    s->slot = shared_new((size_t)s->slots * sizeof *s->slot);
    for (int64_t i = 0; i < s->slots * WORDS; i++)
        s->slot[i / WORDS].word[i % WORDS] =
            cell_new(text("slot %" PRId64 " [%" PRId64 "]", i / WORDS, i % WORDS), 0);
    if (is("strategy", "event-rendezvous")) {
        s->full = event_new("full");
        s->empty = event_new("empty");
    } else if (is("strategy", "barrier")) {
        s->written = barrier_new("written", 2);
        s->consumed = barrier_new("consumed", 2);
    } else if (is("strategy", "slot-queue")) {
        s->free_slots = queue_new("free slots", SLOTS_MAX, sizeof(int64_t));
        s->filled = queue_new("filled slots", SLOTS_MAX, sizeof(int64_t));
        for (int64_t i = 0; i < s->slots; i++)
            queue_put(s->free_slots, &i, i);
    }
}

static void judge(const struct buffer_story *s, int64_t took_ns)
{
    struct words got = {0};
    int64_t torn = 0, right = 0;
    for (int64_t i = 0; i < s->rounds; i++) {
        torn += s->got[i] < 0;
        right += s->got[i] == i;
        words_add(&got, s->got[i] < 0 ? "torn" : "%" PRId64, s->got[i]);
    }
    print("blocks: %s", words_short(&got, 400));
    print("%" PRId64 " of %" PRId64 " right, %" PRId64 " torn, %.1f ms", right, s->rounds, torn,
          (double)took_ns / 1e6);
    row("right\t%" PRId64, right);
    row("torn\t%" PRId64, torn);
    row("overwritten or read again\t%" PRId64, s->rounds - right - torn);
    if (!is("strategy", "none")) {
        check_number("each-block-once", s->rounds, right);
        check_number("released-before-reuse", 0, s->written_over);
    }
    if (s->full || s->written) {
        int64_t least_us = (int64_t)((double)s->busy_us * number("time_scale"));
        check("never-at-once", took_ns / 1000 >= least_us,
              text("at least %" PRId64 " µs", least_us), text("%" PRId64 " µs", took_ns / 1000));
    }
    metric("per_block_ns", took_ns / s->rounds);
    outcome(right == s->rounds ? "whole" : "corrupted", "right=%" PRId64 " torn=%" PRId64, right,
            torn);
}

static void run(void)
{
    struct buffer_story *s = shared_new(sizeof *s);
    s->rounds = integer("rounds");
    s->slots = is("strategy", "slot-queue") ? integer("slots") : 1;
    prepare(s);
    int64_t began = now_ns();
    struct task *first = process_start("producer", producer, s);
    struct task *second = process_start("consumer", consumer, s);
    task_join(first);
    task_join(second);
    judge(s, now_ns() - began);
}

SCENARIO(shm_sync_strategy) = {
    .id = "shm-sync-strategy",
    .family = FAMILY_MEMORY,
    .number = 33,
    .title = {"Strong sync or pipeline over shared memory", "共享内存：强同步还是异步流水线"},
    .summary =
        {"A producer writes blocks into shared memory, word by word; a consumer reads them. They "
         "wait for each other after every block, by two events or a barrier, or hand slots to and "
         "fro through queues; or they do not care.",
         "生产者把一个个数据块逐字写进共享内存，消费者来读。双方可以每块都互相等待（两个事件或屏障"
         "），也可以用队列来回传递槽位，或者什么都不管。"},
    .lesson = {"Wait for each other and be simple, or use slots and be fast; doing neither "
               "corrupts.",
               "要么互相等待求简单，要么用槽位求吞吐，都不做就会出错。"},
    .python = "import time\n"
              "from multiprocessing import Event, Process, Queue\n"
              "from multiprocessing.shared_memory import SharedMemory\n"
              "\n"
              "ROUNDS, SLOTS = 20, 4\n"
              "\n"
              "def write_block(shm, k, i):\n"
              "    for w in range(8):             # word by word\n"
              "        time.sleep(0.00025)\n"
              "        shm.buf[8 * k + w] = i\n"
              "\n"
              "def read_block(shm, k):\n"
              "    words = bytes(shm.buf[8 * k:8 * k + 8])\n"
              "    time.sleep(0.003)\n"
              "    return words[0] if len(set(words)) == 1 else 'torn'\n"
              "\n"
              "def producer(shm, full, empty):    # event-rendezvous\n"
              "    for i in range(ROUNDS):\n"
              "        write_block(shm, 0, i)\n"
              "        full.set()                 # none: without these two lines\n"
              "        empty.wait(); empty.clear()\n"
              "\n"
              "def consumer(shm, full, empty):\n"
              "    for _ in range(ROUNDS):\n"
              "        full.wait(); full.clear()\n"
              "        print(read_block(shm, 0), end=' ')\n"
              "        empty.set()\n"
              "\n"
              "def producer_slots(shm, free, filled):     # slot-queue\n"
              "    for i in range(ROUNDS):\n"
              "        k = free.get()             # waits while all are full\n"
              "        write_block(shm, k, i)\n"
              "        filled.put(k)\n"
              "\n"
              "def consumer_slots(shm, free, filled):\n"
              "    for _ in range(ROUNDS):\n"
              "        k = filled.get()\n"
              "        print(read_block(shm, k), end=' ')\n"
              "        free.put(k)\n"
              "\n"
              "def run(one, other, *tools):\n"
              "    shm = SharedMemory(create=True, size=8 * SLOTS)\n"
              "    ps = [Process(target=f, args=(shm, *tools)) for f in (one, other)]\n"
              "    for p in ps: p.start()\n"
              "    for p in ps: p.join()\n"
              "    print()\n"
              "    shm.close(); shm.unlink()\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    run(producer, consumer, Event(), Event())\n"
              "    free, filled = Queue(), Queue()\n"
              "    for k in range(SLOTS): free.put(k)\n"
              "    run(producer_slots, consumer_slots, free, filled)\n",
    .concepts = CONCEPTS(120, 121, 122),
    .chart = CHART_SHARES,
    .params =
        PARAMS(CHOICE("strategy", "event-rendezvous", "Strategy", "策略",
                      "How the two keep out of each other's way. Without any, every run has "
                      "blocks torn, lost or read twice (50 of 50).",
                      "双方怎样互不干扰。什么都不做时，每次运行都有数据块被撕裂、覆盖或重复读取（50"
                      " 次中 50 次）。",
                      {"event-rendezvous", {"two events, one block", "两个事件，一块缓冲"}},
                      {"barrier", {"a barrier, one block", "屏障，一块缓冲"}},
                      {"slot-queue", {"slots and two queues", "多个槽位 + 两个队列"}},
                      {"none", {"none (broken)", "无（错误）"}}),
               INTEGER("slots", 1, SLOTS_MAX, "4", "Slots", "槽位数",
                       "For the slot queue: how far the producer may be ahead.",
                       "仅用于槽位队列：生产者最多能领先多少块。"),
               INTEGER("rounds", 1, ROUNDS_MAX, "20", "Blocks", "数据块数",
                       "How many are produced.", "一共生产多少块。"),
               INTEGER("produce_us", 0, 100000, "2000", "Time to write a block (µs)",
                       "写一块的时间（微秒）", "On average.", "平均值。"),
               INTEGER("consume_us", 0, 100000, "3000", "Time to read a block (µs)",
                       "读一块的时间（微秒）", "On average.", "平均值。"),
               NUMBER("jitter", 0, 1, "0.5", "Spread of the times", "时间的波动",
                      "0: always the average. 1: from nothing to twice as much. Slots even it out.",
                      "0：总是平均值；1：从零到两倍。槽位能把波动抹平。")),
    .outcomes = OUTCOMES(
        OUTCOME("whole", "right=* torn=0", NULL, CLASS_ACCEPTABLE,
                "Every block arrived once, as it was written.", "每一块都原样到达，且只到达一次。"),
        OUTCOME("corrupted", "right=* torn=*", "strategy=none", CLASS_INTERESTING,
                "Blocks were read half written, written over before they were read, or read again.",
                "有的块写了一半就被读走，有的没读就被覆盖，有的被读了两次。")),
    .checks = CHECKS(CHECK("each-block-once", "Every block consumed once and unmodified",
                           "每一块都被完整地消费一次"),
                     CHECK("released-before-reuse",
                           "Slots written over before their block was consumed",
                           "数据块尚未被消费就被覆盖的槽位数"),
                     CHECK("never-at-once",
                           "Who waits after every block takes as long as both together",
                           "每块都互相等待，总时间不少于双方之和")),
    .columns = COLUMNS(COLUMN("what", "Blocks", "数据块", NULL),
                       COLUMN("count", "Count", "个数", NULL)),
    .run = run,
};

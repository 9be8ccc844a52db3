#include "scenarios/scenario.h"

#include <inttypes.h>

#define LOADERS_MAX 16

/* What main and the loaders share, for a program of this many batches. */
struct program {
    int64_t batches, loaders, depth;
    struct queue *ready[LOADERS_MAX]; /* of each loader, as DataLoader's prefetch_factor */
    int64_t load_us[LOADERS_MAX];     /* what each loader has spent, by the model */
    int64_t train_us, waited_ns;      /* the trainer */
    int64_t in_order;
};

struct loader {
    struct program *program;
    int64_t number;
};

static int64_t load_time(int64_t batch)
{
    return jittered(integer("load_ms") * 1000, number("jitter"), (uint64_t)batch);
}

/* dataset[batch]: read from the disk, so this task sleeps */
static void load(struct program *p, int64_t loader, int64_t batch)
{
    sleep_us(load_time(batch));
    p->load_us[loader] += load_time(batch);
}

/* model.train_step(batch): this task computes */
static void train(struct program *p, int64_t expected, int64_t batch)
{
    p->in_order += batch == expected;
    work_us(integer("train_ms") * 1000);
    p->train_us += integer("train_ms") * 1000;
}

static void loader_body(void *argument)
{
    const struct loader *self = argument;
    struct program *p = self->program;
    for (int64_t batch = self->number; batch < p->batches; batch += p->loaders) {
        load(p, self->number, batch);
        queue_put(p->ready[self->number], &batch, batch);
    }
}

/* for batch in dataset: load(batch); train(batch) */
static void one_after_the_other(struct program *p)
{
    for (int64_t batch = 0; batch < p->batches; batch++) {
        int64_t began = now_ns();
        load(p, 0, batch);
        p->waited_ns += now_ns() - began;
        train(p, batch, batch);
    }
}

/* while the trainer works on this batch, the loaders are busy with the next ones */
static void with_prefetch(struct program *p)
{
    struct loader loaders[LOADERS_MAX];
    struct task *threads[LOADERS_MAX];
    for (int64_t i = 0; i < p->loaders; i++) {
        loaders[i] = (struct loader){p, i};
        p->ready[i] = queue_new(text("ready %" PRId64, i), (unsigned)p->depth, sizeof(int64_t));
        threads[i] = thread_start(text("loader %" PRId64, i), loader_body, &loaders[i]);
    }
    for (int64_t expected = 0; expected < p->batches; expected++) {
        int64_t batch, began = now_ns();
        queue_get(p->ready[expected % p->loaders], &batch);
        p->waited_ns += now_ns() - began;
        train(p, expected, batch);
    }
    for (int64_t i = 0; i < p->loaders; i++)
        task_join(threads[i]);
}

static void judge(const struct program *p, int64_t took_ns)
{
    double scale = number("time_scale") * 1000; /* model µs to real ns */
    int64_t loading = 0, slowest = 0;
    for (int64_t i = 0; i < p->loaders; i++) {
        loading += p->load_us[i];
        slowest = p->load_us[i] > slowest ? p->load_us[i] : slowest;
    }
    double bound = scale * (double)(p->depth == 0           ? loading + p->train_us
                                    : slowest > p->train_us ? slowest
                                                            : p->train_us);
    int64_t waited = took_ns > 0 ? 100 * p->waited_ns / took_ns : 0;
    row("loading\t%.0f", scale * (double)loading);
    row("training\t%.0f", scale * (double)p->train_us);
    row("waiting\t%" PRId64, p->waited_ns);
    row("whole\t%" PRId64, took_ns);
    print("%" PRId64 " batches in %.1f ms; the trainer waited %" PRId64 " %%", p->batches,
          (double)took_ns / 1e6, waited);
    check_number("batches-in-order", p->batches, p->in_order);
    check("not-faster-than-slowest-side", (double)took_ns >= 0.99 * bound,
          text("at least %.1f ms", bound / 1e6), text("%.1f ms", (double)took_ns / 1e6));
    metric("trainer_waited_percent", waited);
    const char *rule = p->depth == 0 ? "serial" : waited > 25 ? "starved" : "hidden";
    outcome(rule, "trained=%" PRId64, p->in_order);
}

static void run(void)
{
    struct program program = {
        .batches = integer("batches"), .loaders = integer("loaders"), .depth = integer("depth")};
    int64_t began = now_ns();
    if (program.depth == 0)
        one_after_the_other(&program);
    else
        with_prefetch(&program);
    judge(&program, now_ns() - began);
}

SCENARIO(data_prefetch) = {
    .id = "data-prefetch",
    .family = FAMILY_PERFORMANCE,
    .number = 60,
    .title = {"Prefetching data with a queue", "用队列预取数据（PyTorch 加载优化）"},
    .summary =
        {"A training loop needs a batch of data for every step. Either it loads each batch itself "
         "and trains afterwards, or loader threads load ahead into a queue of limited depth while "
         "it trains on the batch before.",
         "训练循环的每一步都需要一批数据。可以自己先加载、再训练；也可以让加载线程提前把后面的批次"
         "放进"
         "长度有限的队列，与当前批次的训练同时进行。"},
    .lesson = {"Load the next while training on this one.", "训练这一批时加载下一批。"},
    .python = "import queue\n"
              "import threading\n"
              "import time\n"
              "\n"
              "def loader(batches, ready):\n"
              "    for batch in range(batches):\n"
              "        time.sleep(0.005)           # read it from the disk\n"
              "        ready.put(batch)\n"
              "\n"
              "def train(batch):\n"
              "    end = time.thread_time() + 0.005\n"
              "    while time.thread_time() < end:  # compute\n"
              "        pass\n"
              "\n"
              "ready = queue.Queue(maxsize=2)       # the depth\n"
              "threading.Thread(target=loader, args=(40, ready), daemon=True).start()\n"
              "began = time.perf_counter()\n"
              "for _ in range(40):\n"
              "    train(ready.get())\n"
              "print(time.perf_counter() - began)   # 0.21 s instead of 0.41 s\n",
    .concepts = CONCEPTS(97),
    .chart = CHART_LEVEL,
    .params = PARAMS(
        INTEGER("batches", 1, 1000, "40", "Batches", "批次数", "Steps of the training loop.",
                "训练循环的步数。"),
        INTEGER("load_ms", 0, 200, "5", "Loading a batch (ms)", "加载一批的时间（毫秒）",
                "Mean time a loader waits for the disk.", "加载线程等待磁盘的平均时间。"),
        INTEGER("train_ms", 0, 200, "5", "Training on a batch (ms)", "训练一批的时间（毫秒）",
                "Processor time of a step.", "训练一步占用的处理器时间。"),
        INTEGER("depth", 0, 32, "2", "Queue depth", "队列长度",
                "Batches each loader may be ahead; 0 loads and trains one after the other. 1 "
                "or 2 are enough for constant times, jitter wants more.",
                "每个加载线程最多提前几批；0 表示加载和训练交替进行。时间固定时 1～2 就够，"
                "时间抖动时需要更长。"),
        INTEGER("loaders", 1, LOADERS_MAX, "1", "Loaders", "加载线程数",
                "Threads that load. The batches reach the trainer in order all the same.",
                "加载线程的个数。无论几个，批次都按顺序交给训练循环。"),
        NUMBER("jitter", 0, 1, "0", "Jitter", "抖动",
               "How much the loading times differ: 0 all the same, 1 from nothing to twice "
               "the mean.",
               "加载时间的差别：0 全部相同，1 在零到两倍均值之间。")),
    .outcomes =
        OUTCOMES(OUTCOME("serial", "trained=*", "depth=0", CLASS_ACCEPTABLE,
                         "Without a queue the trainer stands still while each batch is loaded.",
                         "没有队列时，每加载一批，训练都要停下来等。"),
                 OUTCOME("hidden", "trained=*", "depth!=0", CLASS_ACCEPTABLE,
                         "Loading hides behind training: the next batch is usually there.",
                         "加载被训练掩盖：需要下一批时，它通常已经就绪。"),
                 OUTCOME("starved", "trained=*", "depth!=0", CLASS_INTERESTING,
                         "The loaders cannot keep up; a deeper queue only delays it. More loaders "
                         "would help.",
                         "加载跟不上训练；加长队列只能推迟问题，增加加载线程才有用。")),
    .checks = CHECKS(CHECK("batches-in-order", "Every batch came, in order", "所有批次按顺序到达"),
                     CHECK("not-faster-than-slowest-side",
                           "The whole took at least as long as the slower side alone",
                           "总时间不短于较慢一方单独所需的时间")),
    .columns = COLUMNS(COLUMN("what", "What", "项目", NULL), COLUMN("time", "Time", "时间", "ns")),
    .run = run,
};

#include "scenarios/scenario.h"

#include <inttypes.h>
#include <math.h>

#define THREADS_MAX 64
#define DISK_BYTES  1000000000000 /* 1 TB */
#define SHOWN       200           /* requests of the run you see; all are in the curve */
#define SHOWN_US    200000        /* how long that takes, in slow motion or time lapse */

/* The two models, in round numbers of their data sheets. */
#define SSD_LATENCY_US   80.0    /* reading a page of flash, any page */
#define SSD_BYTES_PER_US 1000.0  /* the bus to the host: 1 GB/s, one transfer at a time */
#define HDD_SEEK_MIN_US  1000.0  /* to the next track */
#define HDD_SEEK_ALL_US  12000.0 /* across the whole disk */
#define HDD_TURN_US      4167.0  /* half a turn at 7200 rpm */
#define HDD_BYTES_PER_US 150.0   /* under the head */
#define CACHE_US         100.0   /* out of the disk's own cache */
#define READ_AHEAD       3       /* requests */

static const int counts[] = {1, 2, 4, 8, 16, 32, 64};

struct disk {
    bool spins, elevator, read_ahead;
    int64_t head; /* where the last read ended */
    double bus_free_us;
    int64_t ahead_to[THREADS_MAX]; /* by stream: read ahead up to here */
};

/* ---- the device ---- */

/* The elevator goes up: the next request above the head, then the lowest again. */
static size_t choose(void *state, const struct device_request *const *waiting, size_t count)
{
    const struct disk *disk = state;
    size_t best = 0;
    for (size_t i = 1; disk->elevator && i < count; i++) {
        bool above = waiting[i]->position >= disk->head;
        bool best_above = waiting[best]->position >= disk->head;
        if (above != best_above ? above : waiting[i]->position < waiting[best]->position)
            best = i;
    }
    return best;
}

static double seek_us(const struct disk *disk, int64_t position)
{
    double way = (double)llabs(position - disk->head) / DISK_BYTES;
    return way == 0 ? 0 : HDD_SEEK_MIN_US + HDD_SEEK_ALL_US * sqrt(way) + HDD_TURN_US;
}

/* Reads on behind a sequential request while it is there; returns the bytes read. */
static int64_t read_with_ahead(struct disk *disk, const struct device_request *r)
{
    int64_t bytes = r->stream < 0 || !disk->read_ahead ? r->bytes : r->bytes * (1 + READ_AHEAD);
    if (r->stream >= 0)
        disk->ahead_to[r->stream] = r->position + bytes;
    return bytes;
}

static double serve(void *state, const struct device_request *r, double now_us)
{
    struct disk *disk = state;
    bool cached = r->stream >= 0 && r->position + r->bytes <= disk->ahead_to[r->stream];
    if (disk->spins) {
        if (cached)
            return now_us + CACHE_US;
        double way = seek_us(disk, r->position);
        int64_t bytes = read_with_ahead(disk, r);
        disk->head = r->position + bytes;
        return now_us + way + (double)bytes / HDD_BYTES_PER_US;
    }
    if (!cached) {
        now_us += SSD_LATENCY_US;
        read_with_ahead(disk, r);
    }
    double bus = disk->bus_free_us > now_us ? disk->bus_free_us : now_us;
    return disk->bus_free_us = bus + (double)r->bytes / SSD_BYTES_PER_US;
}

static struct device_model model_of(struct disk *disk)
{
    *disk = (struct disk){.spins = is("device", "hdd-model"),
                          .elevator = is("device", "hdd-model") && boolean("merge"),
                          .read_ahead = boolean("prefetch")};
    unsigned depth = (unsigned)integer("queue_depth");
    return (struct device_model){disk->spins ? 1 : depth, depth, disk, choose, serve};
}

/* ---- what is read ---- */

/* Request i of a thread: somewhere, or where its last one ended. */
static struct device_request request_of(int64_t thread, int64_t i)
{
    if (is("pattern", "random-4k")) {
        double where = drawn((uint64_t)thread, (uint64_t)i);
        return (struct device_request){(int64_t)(where * (DISK_BYTES / 4096)) * 4096, 4096, -1};
    }
    int64_t file = DISK_BYTES / THREADS_MAX * thread;
    return (struct device_request){file + (i << 20), 1 << 20, thread};
}

/* ---- the curve: the same device, by arithmetic ---- */

struct reader {
    struct device_request request;
    double issued_us;
    double done_us; /* infinite while it waits */
    int64_t i;
};

static void issue(struct reader *reader, int64_t thread, double now_us)
{
    reader->request = request_of(thread, reader->i++);
    reader->issued_us = now_us;
    reader->done_us = INFINITY;
}

/* Lets the device begin with what it has room for; `readers` wait when done_us is infinite. */
static void admit(const struct device_model *model, struct reader *readers, int threads,
                  double now_us)
{
    for (;;) {
        const struct device_request *waiting[THREADS_MAX];
        int who[THREADS_MAX];
        unsigned busy = 0, count = 0;
        for (int t = 0; t < threads; t++) {
            busy += !isinf(readers[t].done_us);
            if (isinf(readers[t].done_us)) {
                unsigned place = count++;
                for (; place > 0 && readers[who[place - 1]].issued_us > readers[t].issued_us;
                     place--) {
                    who[place] = who[place - 1];
                    waiting[place] = waiting[place - 1];
                }
                who[place] = t;
                waiting[place] = &readers[t].request;
            }
        }
        if (count == 0 || busy >= model->channels)
            return;
        count = count < model->queue_depth ? count : model->queue_depth;
        size_t chosen = model->choose(model->state, waiting, count);
        readers[who[chosen]].done_us = model->serve(model->state, waiting[chosen], now_us);
    }
}

/* How long `requests` take when that many threads each wait for theirs before they ask again. */
static double simulate(int threads, int64_t requests, int64_t *bytes)
{
    struct disk disk;
    struct reader readers[THREADS_MAX] = {0};
    struct device_model model = model_of(&disk);
    double now_us = 0;
    for (int t = 0; t < threads; t++)
        issue(&readers[t], t, 0);
    for (int64_t done = 0; done < requests; done++) {
        admit(&model, readers, threads, now_us);
        int first = 0;
        for (int t = 1; t < threads; t++)
            first = readers[t].done_us < readers[first].done_us ? t : first;
        now_us = readers[first].done_us;
        *bytes += readers[first].request.bytes;
        issue(&readers[first], first, now_us);
    }
    return now_us;
}

/* ---- the run you see: threads that wait for the device ---- */

struct thread {
    struct device *device;
    int64_t number, requests, bytes;
};

static void read_all(void *argument)
{
    struct thread *self = argument;
    for (int64_t i = 0; i < self->requests; i++) {
        struct device_request request = request_of(self->number, i);
        device_io(self->device, &request);
        self->bytes += request.bytes;
    }
}

/* Returns how long it took on the model's clock. */
static double show(int64_t threads, int64_t requests, double slow, int64_t *bytes)
{
    struct disk disk;
    struct thread readers[THREADS_MAX];
    struct task *tasks[THREADS_MAX];
    struct device_model model = model_of(&disk);
    struct device *device = device_new("disk", &model, slow);
    int64_t began = now_ns();
    for (int64_t i = 0; i < threads; i++) {
        readers[i] =
            (struct thread){device, i, requests * (i + 1) / threads - requests * i / threads, 0};
        tasks[i] = thread_start(text("reader %" PRId64, i), read_all, &readers[i]);
    }
    for (int64_t i = 0; i < threads; i++) {
        task_join(tasks[i]);
        *bytes += readers[i].bytes;
    }
    int64_t took = now_ns() - began;
    device_stop(device);
    return (double)took / 1000 / slow / number("time_scale");
}

/* ---- what came of it ---- */

/* The least time a request takes: what the rate can never exceed. */
static double fastest_us(void)
{
    double bytes = is("pattern", "random-4k") ? 4096 : 1 << 20;
    if (is("device", "ssd-model"))
        return bytes / SSD_BYTES_PER_US;
    return is("pattern", "random-4k") ? bytes / HDD_BYTES_PER_US : CACHE_US;
}

static void run(void)
{
    int64_t threads = integer("threads"), requests = integer("requests");
    int64_t asked = is("pattern", "random-4k") ? 4096 : 1 << 20;
    int64_t bytes = 0, expected = 0, shown_bytes = 0;
    double first = 0, best = 0, chosen = 0;
    int64_t shown = requests < SHOWN ? requests : SHOWN, unused = 0;
    double slow = SHOWN_US / simulate((int)threads, shown, &unused);
    double shown_us = show(threads, shown, slow, &shown_bytes);
    print("shown at %.3g times its speed", 1 / slow);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        double us = simulate(counts[i], requests, &bytes);
        double rate = (double)requests / us;
        expected += requests * asked;
        first = i == 0 ? rate : first;
        best = rate > best ? rate : best;
        chosen = counts[i] <= threads ? rate : chosen;
        row("%d\t%.0f\t%.0f", counts[i], rate * 1e6, rate * 1e6 * (double)asked);
        print("%2d threads: %8.0f IOPS, %7.1f MB/s", counts[i], rate * 1e6, rate * (double)asked);
    }
    check_number("bytes-read", expected + shown * asked, bytes + shown_bytes);
    check("within-the-device", best <= 1 / fastest_us(),
          text("at most %.0f IOPS", 1e6 / fastest_us()), text("%.0f IOPS", best * 1e6));
    metric("shown_iops", (int64_t)((double)shown / shown_us * 1e6));
    double gain = chosen / first;
    outcome(gain > 1.1 ? "gain" : gain < 0.9 ? "loss" : "flat", "gain=%.2f", gain);
}

SCENARIO(disk_io_queue_depth) = {
    .id = "disk-io-queue-depth",
    .family = FAMILY_PERFORMANCE,
    .number = 58,
    .title = {"SSD and HDD, random and sequential", "固态与机械硬盘：随机与顺序读"},
    .summary =
        {"Threads read from a disk, each waiting for its request before it makes the next. The "
         "disk "
         "is a model, a chip with a bus or a head that moves, and says so: the sandbox has no "
         "files. The curve comes from the model's arithmetic; the lanes show its first requests "
         "in slow motion or time lapse.",
         "若干线程从磁盘读取，每个线程等上一个请求完成才发下一个。沙箱里没有文件，所以磁盘是一个模"
         "型："
         "要么是带总线的闪存芯片，要么是会移动的磁头。曲线由模型计算得出；"
         "时间线用慢放或快放展示最初的若干请求。"},
    .lesson = {"Parallel requests pay where the device can overlap or reorder them.",
               "设备能并行或重排请求时，并发读才有收益。"},
    .python = "import os\n"
              "import random\n"
              "import threading\n"
              "import time\n"
              "\n"
              "def reader(fd, size, requests):\n"
              "    for _ in range(requests):\n"
              "        block = random.randrange(size // 4096)\n"
              "        os.pread(fd, 4096, block * 4096)   # the GIL is released while it waits\n"
              "\n"
              "fd = os.open('scratch', os.O_RDONLY)\n"
              "size = os.fstat(fd).st_size\n"
              "for n in (1, 2, 4, 8):\n"
              "    threads = [threading.Thread(target=reader, args=(fd, size, 4000 // n))\n"
              "               for _ in range(n)]\n"
              "    began = time.perf_counter()\n"
              "    for t in threads:\n"
              "        t.start()\n"
              "    for t in threads:\n"
              "        t.join()\n"
              "    print(n, 4000 / (time.perf_counter() - began), 'IOPS')\n",
    .concepts = CONCEPTS(169, 170, 171, 172, 173),
    .chart = CHART_CURVE,
    .params = PARAMS(
        CHOICE("device", "ssd-model", "Device", "设备",
               "A model of a solid state disk (80 µs latency, 1 GB/s bus) or of a hard disk "
               "(7200 rpm, 150 MB/s). A real file cannot be read inside the sandbox.",
               "固态硬盘模型（延迟 80 微秒，总线 1 GB/s）或机械硬盘模型（7200 转，150 MB/s）。"
               "沙箱内无法读取真实文件。",
               {"ssd-model", {"SSD (model)", "固态硬盘（模型）"}},
               {"hdd-model", {"HDD (model)", "机械硬盘（模型）"}}),
        CHOICE("pattern", "random-4k", "Access", "访问方式",
               "Small reads anywhere, as a database makes them, or long reads one behind the "
               "other, each thread in a file of its own.",
               "像数据库那样到处读小块，或者每个线程各自顺序读一个大文件。",
               {"random-4k", {"random, 4 KiB", "随机，4 KiB"}},
               {"sequential-1m", {"sequential, 1 MiB", "顺序，1 MiB"}}),
        INTEGER("threads", 1, THREADS_MAX, "4", "Threads shown", "展示的线程数",
                "So many lanes read at once. The curve always has 1 to 64.",
                "时间线里同时读取的线程数。曲线总是从 1 画到 64。"),
        INTEGER("queue_depth", 1, 256, "32", "Queue depth", "队列深度",
                "Requests the device works on at once (SSD), or chooses the next from (HDD).",
                "设备同时处理的请求数（固态），或者挑选下一个请求的范围（机械）。"),
        BOOLEAN("merge", "true", "Elevator", "电梯算法",
                "The hard disk serves what lies next on the head's way, not what came first.",
                "机械硬盘先服务磁头顺路的请求，而不是先来的请求。"),
        BOOLEAN("prefetch", "true", "Read ahead", "预读",
                "A sequential read also fetches the next three requests into the disk's cache.",
                "顺序读时，顺便把后面三个请求的数据读进缓存。"),
        INTEGER("requests", 1, 100000, "4000", "Requests", "请求数", "For each point of the curve.",
                "曲线上每个点的请求数。")),
    .outcomes = OUTCOMES(
        OUTCOME("gain", "gain=*", NULL, CLASS_ACCEPTABLE,
                "So many threads read faster than one: the device overlaps their requests "
                "or puts them in a better order.",
                "多个线程比一个读得快：设备能并行处理请求，或者重排得更顺路。"),
        OUTCOME("flat", "gain=*", NULL, CLASS_ACCEPTABLE,
                "More threads change nothing: one already keeps the device busy.",
                "增加线程没有变化：一个线程就已经让设备满负荷。"),
        OUTCOME("loss", "gain=*", "device=hdd-model&pattern=sequential-1m", CLASS_INTERESTING,
                "More threads make it slower: the head runs from file to file.",
                "线程越多越慢：磁头在不同文件之间来回跑。")),
    .checks = CHECKS(CHECK("bytes-read", "Every byte asked for was read", "请求的每个字节都读到了"),
                     CHECK("within-the-device", "No point is faster than the device can be",
                           "没有任何一点超过设备的极限")),
    .columns = COLUMNS(COLUMN("threads", "Threads", "线程数", NULL),
                       COLUMN("requests", "Requests", "请求", "1/s"),
                       COLUMN("throughput", "Throughput", "吞吐量", "bytes/s")),
    .run = run,
};

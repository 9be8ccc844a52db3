#include "scenarios/scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SHOWN 8

enum dtype { FLOAT64, FLOAT32, INT64 };

/* np.ndarray(shape, dtype, buffer): the bytes are somebody else's */
struct view {
    enum dtype dtype;
    unsigned char *bytes;
    size_t elements;
};

static size_t dtype_bytes(enum dtype dtype)
{
    return dtype == FLOAT32 ? sizeof(float) : sizeof(double);
}

static double get(const struct view *view, size_t i)
{
    double f64;
    float f32;
    int64_t i64;
    const unsigned char *at = view->bytes + i * dtype_bytes(view->dtype);
    switch (view->dtype) {
    case FLOAT64:
        memcpy(&f64, at, sizeof f64);
        return f64;
    case FLOAT32:
        memcpy(&f32, at, sizeof f32);
        return (double)f32;
    default:
        memcpy(&i64, at, sizeof i64);
        return (double)i64;
    }
}

static void set(struct view *view, size_t i, double number)
{
    float f32 = (float)number;
    int64_t i64 = (int64_t)number;
    unsigned char *at = view->bytes + i * dtype_bytes(view->dtype);
    const void *from = view->dtype == FLOAT64   ? (const void *)&number
                       : view->dtype == FLOAT32 ? (const void *)&f32
                                                : (const void *)&i64;
    memcpy(at, from, dtype_bytes(view->dtype));
}

/* What each side holds in the end; shared, for the table. */
struct shown {
    bool refused, cut; /* cut: there are more elements than SHOWN */
    char cells[256];
};

struct story {
    unsigned char *buffer; /* the shared bytes */
    size_t bytes, elements;
    enum dtype stored; /* the parent's type */
    struct shown *parent, *child;
    struct event *written;
};

static void show(const struct view *view, struct shown *shown)
{
    struct words words = {0};
    for (size_t i = 0; i < view->elements && i < SHOWN; i++)
        words_add(&words, "%g", get(view, i));
    shown->cut = view->elements > SHOWN;
    snprintf(shown->cells, sizeof shown->cells, "%s", words_text(&words));
}

/* The other process: same bytes, its own idea of the type. */
static void child(void *argument)
{
    struct story *s = argument;
    enum dtype dtype = is("view", "float64") ? FLOAT64 : is("view", "float32") ? FLOAT32 : INT64;
    struct view view = {dtype, s->buffer, s->bytes / dtype_bytes(dtype)};
    if (is("writer", "parent"))
        event_wait(s->written);
    if (view.elements != s->elements) {
        s->child->refused = true;
        print("child: ValueError: cannot reshape array of size %zu into shape (%" PRId64 ",%" PRId64
              ")",
              view.elements, integer("rows"), integer("cols"));
    } else if (is("writer", "child")) {
        set(&view, 0, 100);
    }
    if (!s->child->refused) {
        show(&view, s->child);
        print("child:  [%s%s]", s->child->cells, s->child->cut ? " …" : "");
    }
    event_set(s->written);
}

/* arr[:] = data writes into the shared bytes; arr = data makes the name mean other bytes. */
static void fill(struct story *s, struct view *view)
{
    if (is("assign", "rebind"))
        view->bytes = private_new(s->bytes);
    for (size_t i = 0; i < s->elements; i++)
        set(view, i, (double)(i + 1));
}

static void put_row(const char *who, const struct shown *shown)
{
    char line[256];
    snprintf(line, sizeof line, "%s", shown->refused ? "ValueError" : shown->cells);
    for (char *blank = line; (blank = strchr(blank, ' '));)
        *blank = '\t';
    row("%s\t%s", who, line);
}

static void judge(struct story *s)
{
    struct words expected = {0};
    bool rebound = is("assign", "rebind"),
         same_type = s->stored == FLOAT64 ? is("view", "float64") : is("view", "int64");
    for (size_t i = 0; i < s->elements && i < SHOWN; i++)
        words_add(&expected, "%g", i == 0 ? 100 : (double)(i + 1));
    const struct shown *reader = is("writer", "child") ? s->parent : s->child;
    bool seen = !reader->refused && strcmp(reader->cells, words_text(&expected)) == 0;
    put_row("parent", s->parent);
    put_row("child", s->child);
    check_number("bytes", (int64_t)(s->elements * dtype_bytes(s->stored)), (int64_t)s->bytes);
    if (same_type && !rebound)
        check_text("write-seen-at-once", words_text(&expected), reader->cells);
    outcome(s->child->refused     ? "reshape-refused"
            : rebound             ? "never-arrived"
            : seen                ? "seen"
            : is("view", "int64") ? "read-as-integers"
                                  : "read-as-floats",
            "[%s]", s->child->refused ? "ValueError" : reader->cells);
}

static void run(void)
{
    struct memory *memory = NULL;
    struct story s = {.elements = (size_t)(integer("rows") * integer("cols")),
                      .parent = shared_new(sizeof(struct shown)),
                      .child = shared_new(sizeof(struct shown)),
                      .written = event_new("written")};
    if (is("backing", "mp-array")) {
        struct array *array = array_new("arr", 'd', (unsigned)s.elements);
        s.stored = FLOAT64;
        s.buffer = array_bytes(array);
        s.bytes = s.elements * array_item_bytes(array);
    } else {
        memory_create("block", s.elements * sizeof(int64_t), &memory);
        s.stored = INT64;
        s.buffer = memory_bytes(memory);
        s.bytes = memory_size(memory);
    }
    struct view view = {s.stored, s.buffer, s.elements};
    fill(&s, &view);
    struct task *process = process_start("child", child, &s);
    if (is("writer", "parent")) {
        set(&view, 0, 100);
        event_set(s.written);
    }
    task_join(process);
    show(&view, s.parent);
    print("parent: [%s%s]", s.parent->cells, s.parent->cut ? " …" : "");
    judge(&s);
    if (memory) {
        memory_close(memory);
        memory_unlink(memory);
    }
}

SCENARIO(shared_array_view) = {
    .id = "shared-array-view",
    .family = FAMILY_MEMORY,
    .number = 31,
    .title = {"A typed view on shared bytes", "共享字节上的类型视图（numpy）"},
    .summary =
        {"A parent puts 1, 2, 3 into shared bytes; a child puts a view of its own on the same "
         "bytes. One of them writes 100 into the first element. The bytes know no type: a view of "
         "another type reads something else, or does not fit the shape.",
         "父进程把 1、2、3 放进共享的字节，子进程在同一段字节上建立自己的视图，然后其中一方把首元素"
         "改成 100。字节本身没有类型：换一种类型的视图，读到的就是别的东西，或者形状对不上。"},
    .lesson = {"Shared memory is bytes; type and shape are an agreement between both sides.",
               "共享内存只是字节，类型和形状要双方约定。"},
    .python = "from multiprocessing import Process\n"
              "from multiprocessing.shared_memory import SharedMemory\n"
              "import numpy as np\n"
              "\n"
              "def child(name):\n"
              "    shm = SharedMemory(name)\n"
              "    arr = np.ndarray((1, 3), dtype=np.int64, buffer=shm.buf)\n"
              "    arr[0, 0] = 100                # seen by the parent at once\n"
              "    shm.close()\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    shm = SharedMemory(create=True, size=24)\n"
              "    arr = np.ndarray((1, 3), dtype=np.int64, buffer=shm.buf)\n"
              "    arr[:] = [[1, 2, 3]]           # arr = ... would rebind the name\n"
              "    p = Process(target=child, args=(shm.name,))\n"
              "    p.start(); p.join()\n"
              "    print(arr)                     # [[100 2 3]]\n"
              "    shm.close(); shm.unlink()\n",
    .concepts = CONCEPTS(87, 115, 119),
    .chart = CHART_MATRIX,
    .params = PARAMS(
        CHOICE("backing", "shared-memory", "Where the bytes are", "字节放在哪里",
               "A piece of shared memory that holds int64, or an Array of doubles.",
               "一块存放 int64 的共享内存，或一个双精度的 Array。",
               {"mp-array", {"Array('d', n)", "Array('d', n)"}},
               {"shared-memory", {"SharedMemory, int64", "SharedMemory，int64"}}),
        CHOICE("view", "int64", "The child's view", "子进程的视图",
               "Right is int64 on the shared memory and float64 on the Array.",
               "共享内存应当用 int64，Array 应当用 float64。", {"float64", {"float64", "float64"}},
               {"float32", {"float32", "float32"}}, {"int64", {"int64", "int64"}}),
        CHOICE("assign", "in-place", "How the parent fills it", "父进程怎样填入数据",
               "In place writes into the shared bytes; an assignment to the name makes it mean "
               "another array.",
               "原地赋值写入共享字节；对名字赋值只是让它指向另一个数组。",
               {"in-place", {"arr[:] = data", "arr[:] = data"}},
               {"rebind", {"arr = data (wrong)", "arr = data（错误）"}}),
        INTEGER("rows", 1, 64, "1", "Rows", "行数",
                "Shape of the array. The first 8 elements are shown.",
                "数组的形状，只显示前 8 个元素。"),
        INTEGER("cols", 1, 64, "3", "Columns", "列数", "Shape of the array.", "数组的形状。"),
        CHOICE("writer", "child", "Who writes 100", "谁写入 100", "The other one reads.",
               "另一方来读。", {"child", {"child", "子进程"}}, {"parent", {"parent", "父进程"}})),
    .outcomes = OUTCOMES(
        OUTCOME("seen", "[100*", "assign=in-place&view!=float32", CLASS_ACCEPTABLE,
                "The other process sees the 100 at once, and every other number as it was put in.",
                "另一个进程立刻看到 100，其余数字原样不变。"),
        OUTCOME("read-as-floats", "*", "assign=in-place&backing=shared-memory&view=float64",
                CLASS_INTERESTING,
                "The child took integers for doubles: what one wrote, the other reads as something "
                "else.",
                "子进程把整数的比特当成双精度：一方写的，另一方读出来变了样。"),
        OUTCOME("read-as-integers", "*", "assign=in-place&backing=mp-array&view=int64",
                CLASS_INTERESTING,
                "The child took doubles for integers: what one wrote, the other reads as something "
                "else.",
                "子进程把双精度的比特当成整数：一方写的，另一方读出来变了样。"),
        OUTCOME("reshape-refused", "[ValueError]", "view=float32", CLASS_INTERESTING,
                "The same bytes are twice as many elements; they do not fit the shape.",
                "同样的字节变成两倍数量的元素，和形状对不上。"),
        OUTCOME("never-arrived", "*", "assign=rebind&view!=float32", CLASS_INTERESTING,
                "The numbers went into an array of the parent's own; the shared bytes were never "
                "filled.",
                "数据进了父进程自己的数组，共享的字节从未填过。")),
    .checks = CHECKS(CHECK("bytes", "As many bytes as the elements need", "字节数与元素所需相符"),
                     CHECK("write-seen-at-once", "The other side reads the 100",
                           "另一方读到了 100")),
    .columns = COLUMNS(COLUMN("who", "Who", "谁", NULL),
                       COLUMN_REPEATED("element", "Element", "元素", NULL)),
    .run = run,
};

#include "scenarios/scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CHILDREN_MAX 16
#define DRAWS_MAX    20

/* A generator like numpy's or random.Random: its state is ordinary memory of the process. */
static uint64_t generator_state;

/* xorshift64* (Vigna 2016). */
static uint64_t next_random(void)
{
    generator_state ^= generator_state >> 12;
    generator_state ^= generator_state << 25;
    generator_state ^= generator_state >> 27;
    return generator_state * 0x2545f4914f6cdd1du >> 32;
}

static void seed_generator(uint64_t stream, uint64_t index)
{
    generator_state = 1 + (uint64_t)(drawn(stream, index) * 0x1p52);
}

/* What the children drew: memory they share with the parent. */
struct matrix {
    int64_t children, draws;
    uint64_t number[CHILDREN_MAX][DRAWS_MAX];
};

struct child {
    struct matrix *matrix;
    uint64_t index;
};

static void draw(void *argument)
{
    struct child *self = argument;
    struct words list = {0};
    if (is("generator", "reseed-after-fork"))
        seed_generator(2, self->index); /* what the module random does by itself */
    for (int64_t i = 0; i < self->matrix->draws; i++) {
        uint64_t number =
            is("generator", "os-entropy") ? system_random((uint64_t)i) : next_random();
        self->matrix->number[self->index][i] = number;
        words_add(&list, "%" PRIu64, number);
    }
    print("%s %s", task_name(task_self()), words_list(&list, 300));
}

static int64_t distinct_sequences(const struct matrix *m)
{
    int64_t distinct = 0;
    for (int64_t i = 0; i < m->children; i++) {
        int64_t j = 0;
        while (j < i && memcmp(m->number[i], m->number[j], sizeof m->number[i]) != 0)
            j++;
        distinct += j == i;
    }
    return distinct;
}

static void show(const struct matrix *m)
{
    for (int64_t i = 0; i < m->children; i++) {
        struct words cells = {0};
        for (int64_t j = 0; j < m->draws; j++)
            words_add(&cells, "%" PRIu64, m->number[i][j]);
        char line[256];
        snprintf(line, sizeof line, "%s", words_text(&cells));
        for (char *blank = line; (blank = strchr(blank, ' '));)
            *blank = '\t';
        row("Process-%" PRId64 "\t%s", i + 1, line);
    }
}

static void run(void)
{
    struct matrix *m = shared_new(sizeof *m);
    struct task *tasks[CHILDREN_MAX];
    struct child children[CHILDREN_MAX];
    m->children = integer("children");
    m->draws = integer("draws");
    seed_generator(1, 0);
    for (int64_t i = 0; i < integer("parent_draws"); i++)
        print("parent %" PRIu64, next_random());
    for (int64_t i = 0; i < m->children; i++) {
        children[i] = (struct child){m, (uint64_t)i};
        tasks[i] = process_start(text("Process-%" PRId64, i + 1), draw, &children[i]);
    }
    for (int64_t i = 0; i < m->children; i++)
        task_join(tasks[i]);
    show(m);
    int64_t distinct = distinct_sequences(m);
    check_number("distinct-sequences", is("generator", "inherited-state") ? 1 : m->children,
                 distinct);
    outcome(distinct == m->children ? "distinct" : "repeated", "distinct=%" PRId64 " of %" PRId64,
            distinct, m->children);
}

SCENARIO(fork_random_repeat) = {
    .id = "fork-random-repeat",
    .family = FAMILY_PROCESSES,
    .number = 8,
    .title = {"Same random numbers in every child", "子进程产生相同的随机数"},
    .summary =
        {"A parent seeds a generator of random numbers, perhaps draws from it, and forks. Each "
         "child draws some numbers. Are they random? Every row of the table is a child.",
         "父进程给随机数生成器设好种子，也许先取几个数，然后 fork。"
         "每个子进程各取若干个数。它们真的随机吗？表中每一行是一个子进程。"},
    .lesson = {"fork copies the state of the generator too, so reseed it in the child.",
               "fork 连生成器的状态一起复制，所以要在子进程里重新播种。"},
    .python = "from multiprocessing import Process\n"
              "import numpy as np\n"
              "\n"
              "def draw():\n"
              "    # np.random.seed()           # the cure: fresh entropy in the child\n"
              "    print(np.random.randint(0, 2**32, size=5))\n"
              "\n"
              "if __name__ == '__main__':\n"
              "    np.random.randint(0, 2**32)  # the parent draws, too\n"
              "    ps = [Process(target=draw) for _ in range(4)]\n"
              "    for p in ps:\n"
              "        p.start()                # fork: all get the same state  <- the mistake\n"
              "    for p in ps:\n"
              "        p.join()\n"
              "    # random.random() would differ: the module reseeds itself after fork\n",
    .concepts = CONCEPTS(25),
    .chart = CHART_MATRIX,
    .params = PARAMS(
        CHOICE("generator", "inherited-state", "Generator", "生成器",
               "A state that fork copies: numpy.random, random.Random. One that is seeded "
               "anew in the child: the module random. Or no state at all: os.urandom, the "
               "one choice here that the seed does not repeat.",
               "会被 fork 复制的状态：numpy.random、random.Random；"
               "在子进程里重新播种：random 模块；或者没有状态：os.urandom，"
               "只有它的结果不受 seed 控制。",
               {"inherited-state", {"inherited state", "继承的状态"}},
               {"reseed-after-fork", {"reseeded in the child", "在子进程里重新播种"}},
               {"os-entropy", {"the system's entropy", "操作系统的熵"}}),
        INTEGER("children", 2, CHILDREN_MAX, "4", "Children", "子进程数",
                "How many processes draw.", "有多少个子进程取随机数。"),
        INTEGER("draws", 1, DRAWS_MAX, "5", "Numbers per child", "每个子进程取几个数",
                "32-bit numbers each child draws.", "每个子进程取多少个 32 位随机数。"),
        INTEGER("parent_draws", 0, 10, "1", "Numbers drawn before fork", "fork 之前取几个数",
                "Draws of the parent. They move the state on, and the children inherit it as "
                "it is then: equal among themselves all the same.",
                "父进程先取的个数。状态随之前进，子进程继承的是那一刻的状态，彼此仍然相同。")),
    .outcomes = OUTCOMES(
        OUTCOME("repeated", "distinct=1 of *", "generator=inherited-state", CLASS_INTERESTING,
                "Every child drew the same numbers: they all went on from the same copy.",
                "每个子进程取到的数完全一样：它们都从同一份拷贝继续。"),
        OUTCOME("distinct", "distinct=*", NULL, CLASS_ACCEPTABLE,
                "Each child has a sequence of its own.", "每个子进程的序列各不相同。")),
    .checks = CHECKS(CHECK("distinct-sequences", "Different sequences among the children",
                           "各子进程序列中互不相同的个数")),
    .columns = COLUMNS(COLUMN("child", "Child", "子进程", NULL),
                       COLUMN_REPEATED("draw", "Number", "取到的数", NULL)),
    .run = run,
};

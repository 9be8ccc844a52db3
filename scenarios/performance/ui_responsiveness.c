#include "scenarios/scenario.h"

#include <inttypes.h>

#define CPU_PIECE_US 1000 /* the interpreter looks at its switch request at least so often */
#define SWITCH_NS    5000000
#define TICKS_AFTER  5 /* the interface goes on for a while when the jobs are done */
#define CLICKS       2

/* The window: its loop draws a tick, answers clicks, and must never wait. */
struct window {
    struct gil *gil;             /* of the interface's process */
    struct cell *done, *done_ns; /* jobs that are over, and when the last one was */
    struct task *jobs[CLICKS];
    int64_t started, ticks, refused, clicks;
    int64_t click_ns;                    /* when the user clicks next */
    int64_t last_ns, longest_ns, sum_ns; /* from one tick to the next */
    int64_t answer_ns[CLICKS];           /* how long each click waited */
};

/* download() waits for the network; compute() is pure Python and keeps the interpreter lock. */
static void do_job(struct window *w, struct gil *gil)
{
    int64_t us = integer("job_ms") * 1000;
    if (is("job", "io")) {
        gil_drop(gil); /* every blocking call lets go of it */
        sleep_us(us);
        gil_take(gil);
    }
    for (int64_t left = is("job", "cpu") ? us : 0; left > 0; left -= CPU_PIECE_US) {
        work_us(left < CPU_PIECE_US ? left : CPU_PIECE_US);
        gil_check(gil);
    }
    cell_write(w->done_ns, now_ns());
    cell_add(w->done, 1);
}

static void in_thread(void *argument)
{
    struct window *w = argument;
    gil_take(w->gil);
    do_job(w, w->gil);
    gil_drop(w->gil);
}

static void in_process(void *argument)
{
    struct gil *own = gil_new(SWITCH_NS); /* an interpreter of its own */
    gil_take(own);
    do_job(argument, own);
    gil_drop(own);
}

/* button['state'] = 'disabled' from the click that starts a job to its end */
static bool is_disabled(struct window *w)
{
    bool busy = w->started > cell_read(w->done) || cell_read(w->done_ns) > w->click_ns;
    return boolean("disable_button") && w->started > 0 && busy;
}

/* def on_click(): … */
static void on_click(struct window *w)
{
    if (is_disabled(w)) {
        print("click: the button is disabled");
        w->refused++;
        return;
    }
    print("click: job %" PRId64 " starts", ++w->started);
    if (is("place", "ui-loop"))
        do_job(w, w->gil);
    else if (is("place", "thread"))
        w->jobs[w->started - 1] = thread_start("job", in_thread, w);
    else
        w->jobs[w->started - 1] = process_start("job", in_process, w);
}

static void tick(struct window *w)
{
    int64_t now = now_ns(), gap = now - w->last_ns;
    w->last_ns = now;
    w->ticks++;
    w->sum_ns += gap;
    w->longest_ns = gap > w->longest_ns ? gap : w->longest_ns;
}

/* The user clicks after two ticks, and again, impatient, two ticks later. */
static void answer_click(struct window *w, int64_t patience_ns)
{
    int64_t clicked = w->click_ns;
    w->answer_ns[w->clicks++] = now_ns() - clicked;
    on_click(w);
    w->click_ns = clicked + patience_ns;
}

/* root.mainloop() */
static void mainloop(struct window *w)
{
    int64_t patience_ns = (int64_t)((double)integer("tick_ms") * 2e6 * number("time_scale"));
    w->last_ns = now_ns();
    w->click_ns = w->last_ns + patience_ns;
    for (int64_t after = 0; after < TICKS_AFTER;) {
        gil_drop(w->gil);
        sleep_us(integer("tick_ms") * 1000);
        gil_take(w->gil);
        tick(w);
        if (w->clicks < CLICKS && w->last_ns >= w->click_ns)
            answer_click(w, patience_ns);
        after += w->clicks == CLICKS && cell_read(w->done) == w->started;
    }
}

static void judge(const struct window *w)
{
    double whole_ns = (double)(integer("job_ms") + integer("tick_ms")) * 1e6 * number("time_scale");
    bool in_loop = is("place", "ui-loop"), frozen = (double)w->longest_ns >= 0.99 * whole_ns;
    row("mean gap\t%" PRId64, w->sum_ns / w->ticks);
    row("longest gap\t%" PRId64, w->longest_ns);
    row("first click\t%" PRId64, w->answer_ns[0]);
    row("second click\t%" PRId64, w->answer_ns[1]);
    print("%" PRId64 " ticks, the longest gap %.1f ms", w->ticks, (double)w->longest_ns / 1e6);
    metric("longest_gap_ns", w->longest_ns);
    check_number("clicks-answered", CLICKS, w->started + w->refused);
    check_number("jobs-done", w->started, cell_read(w->done));
    check("job-in-loop-freezes", !in_loop || frozen, "in the loop: a gap of the whole job",
          text("%.1f ms", (double)w->longest_ns / 1e6));
    const char *what = frozen ? "frozen" : "alive";
    outcome(w->started > 1 ? "started-twice" : what, "jobs=%" PRId64, w->started);
}

static void run(void)
{
    /* Shared by the jobs, whichever kind of task they are. */
    struct window window = {.gil = gil_new(SWITCH_NS),
                            .done = cell_new_atomic("jobs done", 0),
                            .done_ns = cell_new_atomic("last done at", 0)};
    gil_take(window.gil);
    mainloop(&window);
    gil_drop(window.gil);
    for (int64_t i = 0; i < window.started; i++)
        if (window.jobs[i])
            task_join(window.jobs[i]);
    judge(&window);
}

SCENARIO(ui_responsiveness) = {
    .id = "ui-responsiveness",
    .family = FAMILY_PERFORMANCE,
    .number = 61,
    .title = {"Keep the interface alive", "耗时任务放到线程里，界面不卡"},
    .summary =
        {"A window draws a tick every few milliseconds and answers clicks. A click starts a long "
         "job: a download that waits, or a computation. It runs in the window's own loop, in a "
         "thread, or in a process, and the gaps between the ticks tell what the user feels. The "
         "interpreter lock is simulated.",
         "一个窗口每隔几毫秒刷新一次，并响应点击。点击会启动一个耗时任务：等待网络的下载，或者计算"
         "。"
         "任务可以放在窗口自己的循环里、线程里或进程里；两次刷新之间的间隔就是用户感受到的卡顿。"
         "这里的解释器锁（GIL）是模拟的。"},
    .lesson = {"The loop that answers the user must never wait.", "响应用户的循环绝不能等待。"},
    .python = "import threading\n"
              "import time\n"
              "import tkinter\n"
              "\n"
              "def download():\n"
              "    time.sleep(0.3)\n"
              "    root.after(0, lambda: button.config(state='normal'))\n"
              "\n"
              "def on_click():\n"
              "    button.config(state='disabled')\n"
              "    # download() here freezes the window\n"
              "    threading.Thread(target=download, daemon=True).start()\n"
              "\n"
              "root = tkinter.Tk()\n"
              "button = tkinter.Button(root, text='Download', command=on_click)\n"
              "button.pack()\n"
              "root.mainloop()\n",
    .concepts = CONCEPTS(175),
    .chart = CHART_BARS,
    .params =
        PARAMS(CHOICE("job", "io", "Kind of job", "任务类型",
                      "One that waits, or one that computes and keeps the interpreter lock as long "
                      "as it may.",
                      "等待型，或者计算型（会尽量久地占着解释器锁）。",
                      {"io", {"waits (download)", "等待（下载）"}}, {"cpu", {"computes", "计算"}}),
               CHOICE("place", "ui-loop", "Where it runs", "在哪里运行",
                      "In the window's loop nothing else happens until it is done.",
                      "放在窗口循环里，做完之前什么都不会发生。",
                      {"ui-loop", {"in the loop (freezes)", "窗口循环里（会卡）"}},
                      {"thread", {"a thread", "线程"}}, {"process", {"a process", "进程"}}),
               INTEGER("job_ms", 10, 10000, "300", "Length of the job (ms)", "任务时长（毫秒）",
                       "The exercise has a download of 10 seconds.", "练习题里是 10 秒的下载。"),
               INTEGER("tick_ms", 5, 100, "20", "Tick (ms)", "刷新间隔（毫秒）",
                       "How often the window wants to draw.", "窗口多久刷新一次。"),
               BOOLEAN("disable_button", "true", "Disable the button meanwhile", "期间禁用按钮",
                       "Without it the impatient second click starts the job again, always.",
                       "不禁用的话，用户着急再点一次就一定会重复启动任务。")),
    .outcomes = OUTCOMES(
        OUTCOME("alive", "jobs=1", "place!=ui-loop", CLASS_ACCEPTABLE,
                "The window went on drawing while the job ran.", "任务运行期间窗口一直在刷新。"),
        OUTCOME("frozen", "jobs=1", NULL, CLASS_INTERESTING,
                "The window stood still for as long as the job, and answered late.",
                "窗口停了整整一个任务的时间，点击很晚才有反应。"),
        OUTCOME("started-twice", "jobs=2", NULL, CLASS_INTERESTING,
                "The second click started the job again.", "第二次点击又启动了一次任务。")),
    .checks = CHECKS(CHECK("clicks-answered", "Both clicks were answered in the end",
                           "两次点击最终都得到了响应"),
                     CHECK("jobs-done", "Every job that was started was done",
                           "启动的任务都完成了"),
                     CHECK("job-in-loop-freezes", "A job in the loop makes a gap as long as itself",
                           "放在循环里的任务会造成与自身等长的卡顿")),
    .columns = COLUMNS(COLUMN("what", "What", "项目", NULL), COLUMN("time", "Time", "时间", "ns")),
    .run = run,
};

#include "sandbox/host/explain_interruptions.h"

#include "sandbox/proto/operation.h"

#define SENTENCES_MAX 3u /* with more of them nobody understands more */
#define TEXT_MAX      2048u

enum language { EN, ZH, LANGUAGES };

/* What stands before the object's name, and after it. */
struct phrase {
    const char *before, *after;
};

/* "had WRITTEN x", "before it WROTE x", "写入 x 之前", "写入了 x". */
struct verb {
    struct phrase participle, past, zh, zh_past;
};

/* A verb without a name: all of it is in `before`. */
#define ALONE(participle, past, zh, zh_past)                                                       \
    {                                                                                              \
        {participle, NULL}, {past, NULL}, {zh, NULL},                                              \
        {                                                                                          \
            zh_past, NULL                                                                          \
        }                                                                                          \
    }

static const struct verb verbs[OPERATION_COUNT] = {
    [SEAM_ACQUIRE] = {{"acquired ", ""}, {"acquired ", ""}, {"获取 ", ""}, {"获取了 ", ""}},
    [SEAM_RELEASE] = {{"released ", ""}, {"released ", ""}, {"释放 ", ""}, {"释放了 ", ""}},
    [SEAM_READ] = {{"read ", ""}, {"read ", ""}, {"读取 ", ""}, {"读取了 ", ""}},
    [SEAM_WRITE] = {{"written ", ""}, {"wrote ", ""}, {"写入 ", ""}, {"写入了 ", ""}},
    [SEAM_UPDATE] = {{"updated ", ""}, {"updated ", ""}, {"更新 ", ""}, {"更新了 ", ""}},
    [SEAM_SEND] = {{"put something into ", ""},
                   {"put something into ", ""},
                   {"向 ", " 放入数据"},
                   {"向 ", " 放入了数据"}},
    [SEAM_RECEIVE] = {{"taken something from ", ""},
                      {"took something from ", ""},
                      {"从 ", " 取出数据"},
                      {"从 ", " 取出了数据"}},
    [SEAM_CLOSE] = {{"closed ", ""}, {"closed ", ""}, {"关闭 ", ""}, {"关闭了 ", ""}},
    [SEAM_JOIN] = {{"waited until ", " was done"},
                   {"began to wait until ", " was done"},
                   {"开始等待 ", " 处理完毕"},
                   {"开始等待 ", " 处理完毕"}},
    [SEAM_SIGNAL] = {{"signalled ", ""},
                     {"signalled ", ""},
                     {"向 ", " 发信号"},
                     {"向 ", " 发了信号"}},
    [SEAM_AWAIT] = {{"waited for ", ""},
                    {"began to wait for ", ""},
                    {"开始等待 ", ""},
                    {"开始等待 ", ""}},
    [SEAM_PRINT] = ALONE("printed", "printed", "打印", "打印了内容"),
    [SEAM_SLEEP] = ALONE("slept", "slept", "睡眠", "睡眠了一段时间"),
    [SEAM_SPIN] = ALONE("spun", "spun", "自旋", "自旋了一圈"),
    [SEAM_START] = ALONE("started a task", "started a task", "启动任务", "启动了任务"),
    [SEAM_CHOOSE] = ALONE("chosen", "chose", "作出选择", "作出了选择"),
};

/* What has been waited for is there, where something else comes next. */
static const struct phrase zh_waited[OPERATION_COUNT] = {
    [SEAM_JOIN] = {"等到 ", " 处理完毕"},
    [SEAM_AWAIT] = {"等待 ", ""},
};

/* To a task. */
static const struct verb verbs_of_tasks[OPERATION_COUNT] = {
    [SEAM_READ] = {{"looked at ", ""}, {"looked at ", ""}, {"查看 ", ""}, {"查看了 ", ""}},
    [SEAM_JOIN] = {{"joined ", ""}, {"joined ", ""}, {"等到 ", " 结束"}, {"等到了 ", " 结束"}},
    [SEAM_SIGNAL] = {{"ended ", ""}, {"ended ", ""}, {"终止 ", ""}, {"终止了 ", ""}},
};
static const struct verb to_end = ALONE("ended", "ended", "结束", "结束了");

/* To what has no name of its own: the names of shared memory, as a rule. */
static const struct verb verbs_of_names[OPERATION_COUNT] = {
    [SEAM_READ] = ALONE("looked up a name", "looked up a name", "查找名字", "查找了名字"),
    [SEAM_UPDATE] = ALONE("changed the names", "changed the names", "更改名字", "更改了名字"),
};

/* For a while, and then given up. */
static const struct verb verbs_in_vain[OPERATION_COUNT] = {
    [SEAM_ACQUIRE] = {{"tried in vain to acquire ", ""},
                      {"tried in vain to acquire ", ""},
                      {"尝试获取 ", " 失败"},
                      {"尝试获取 ", "，但没有成功"}},
    [SEAM_SEND] = {{"tried in vain to put something into ", ""},
                   {"tried in vain to put something into ", ""},
                   {"尝试向 ", " 放入数据失败"},
                   {"尝试向 ", " 放入数据，但没有成功"}},
    [SEAM_RECEIVE] = {{"tried in vain to take something from ", ""},
                      {"tried in vain to take something from ", ""},
                      {"尝试从 ", " 取出数据失败"},
                      {"尝试从 ", " 取出数据，但没有成功"}},
    [SEAM_READ] = {{"looked in vain into ", ""},
                   {"looked in vain into ", ""},
                   {"查看 ", " 而一无所获"},
                   {"查看了 ", "，但一无所获"}},
    [SEAM_JOIN] = {{"waited in vain for ", " to end"},
                   {"waited in vain for ", " to end"},
                   {"等待 ", " 结束超时"},
                   {"等待 ", " 结束，但超时了"}},
    [SEAM_AWAIT] = {{"waited in vain for ", ""},
                    {"waited in vain for ", ""},
                    {"等待 ", " 超时"},
                    {"等待 ", "，但超时了"}},
};

/* What a task did, or does next. */
struct deed {
    unsigned operation;
    uint16_t object;
    const char *name; /* of the object; "" when it has none */
    uint16_t doer;
    bool in_vain;
};

static const struct verb *verb_of(const struct deed *deed)
{
    const struct verb *verb = NULL;
    if (deed->operation == SEAM_SIGNAL && deed->object == TRACE_TASK_OBJECT(deed->doer))
        return &to_end;
    if (deed->in_vain)
        verb = &verbs_in_vain[deed->operation];
    else if (TRACE_IS_TASK(deed->object))
        verb = &verbs_of_tasks[deed->operation];
    else if (!deed->name[0])
        verb = &verbs_of_names[deed->operation];
    return verb && verb->past.before ? verb : &verbs[deed->operation];
}

static const struct phrase *zh_of_done(const struct deed *deed)
{
    const struct verb *verb = verb_of(deed);
    bool waits = verb == &verbs[deed->operation] && zh_waited[deed->operation].before;
    return waits ? &zh_waited[deed->operation] : &verb->zh;
}

static void add_phrase(struct buf *out, const struct phrase *phrase, const struct deed *deed,
                       const char *nothing)
{
    buf_adds(out, phrase->before);
    if (phrase->after) {
        buf_adds(out, deed->name[0] ? deed->name : nothing);
        buf_adds(out, phrase->after);
    }
}

static void add_en(struct buf *out, const struct phrase *phrase, const struct deed *deed)
{
    add_phrase(out, phrase, deed, "something");
}

/* Between a name and what follows there is a space, between characters there is none. */
static void add_zh(struct buf *out, const struct phrase *phrase, const struct deed *deed)
{
    add_phrase(out, phrase, deed, "某个对象");
}

static const char *space_after(const struct phrase *phrase)
{
    return phrase->after && !phrase->after[0] ? " " : "";
}

struct story {
    struct deed done, next, meanwhile;
    const char *task, *by;
    bool has_done, again; /* next is what was done, once more */
};

static struct story story_of(const struct report_schedule *schedule, uint32_t i)
{
    const struct trace_interruption *said = &schedule->said.interruption[i];
    const char(*name)[TRACE_NAME_MAX] = schedule->interruption[i].object;
    return (struct story){
        .done = {said->done, said->object[0], name[0], said->task,
                 said->in_vain & TRACE_DONE_IN_VAIN},
        .next = {said->next, said->object[1], name[1], said->task,
                 said->in_vain & TRACE_NEXT_IN_VAIN},
        .meanwhile = {said->meanwhile, said->object[2], name[2], said->by,
                      said->in_vain & TRACE_MEANWHILE_IN_VAIN},
        .task = schedule->interruption[i].task,
        .by = schedule->interruption[i].by,
        .has_done = said->done < OPERATION_COUNT,
        .again = said->done == said->next && said->object[0] == said->object[1] &&
                 !(said->in_vain & TRACE_DONE_IN_VAIN) == !(said->in_vain & TRACE_NEXT_IN_VAIN),
    };
}

static void tell_en(const struct story *story, struct buf *out)
{
    if (story->has_done) {
        buf_printf(out, "After %s had ", story->task);
        add_en(out, &verb_of(&story->done)->participle, &story->done);
        buf_adds(out, " and before it ");
    } else {
        buf_printf(out, "Before %s ", story->task);
    }
    add_en(out, &verb_of(&story->next)->past, &story->next);
    buf_printf(out, "%s, %s ", story->again ? " again" : "", story->by);
    add_en(out, &verb_of(&story->meanwhile)->past, &story->meanwhile);
    buf_adds(out, ".");
}

static void tell_zh(const struct story *story, struct buf *out)
{
    const struct phrase *next = &verb_of(&story->next)->zh;
    buf_printf(out, "在 %s ", story->task);
    if (story->has_done) {
        const struct phrase *done = zh_of_done(&story->done);
        add_zh(out, done, &story->done);
        buf_printf(out, "%s之后、", space_after(done));
    }
    buf_adds(out, story->again ? "再次" : "");
    add_zh(out, next, &story->next);
    buf_printf(out, "%s之前，%s ", space_after(next), story->by);
    add_zh(out, &verb_of(&story->meanwhile)->zh_past, &story->meanwhile);
    buf_adds(out, "。");
}

static bool can_be_told(const struct report_schedule *schedule)
{
    if (!schedule || schedule->said.preemptions > SENTENCES_MAX)
        return false;
    for (uint32_t i = 0; i < schedule->said.interruptions; i++)
        if (schedule->said.interruption[i].by != TRACE_NO_TASK)
            return true;
    return false;
}

void explain_interruptions(const struct report *report, struct jsonw *json)
{
    static const char *const names[LANGUAGES] = {"en", "zh"};
    const struct report_schedule *schedule = report->schedule;
    if (!can_be_told(schedule))
        return;
    jsonw_name(json, "explanation");
    jsonw_open(json, '{');
    for (enum language language = EN; language < LANGUAGES; language++) {
        _cleanup_buf_ struct buf text = BUF_INIT(TEXT_MAX);
        for (uint32_t i = 0; i < schedule->said.interruptions; i++) {
            if (schedule->said.interruption[i].by == TRACE_NO_TASK)
                continue;
            buf_adds(&text, text.len > 0 && language == EN ? " " : "");
            struct story story = story_of(schedule, i);
            (language == EN ? tell_en : tell_zh)(&story, &text);
        }
        jsonw_put_string(json, names[language], buf_text(&text));
    }
    jsonw_close(json, '}');
}

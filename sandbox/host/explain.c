#include "sandbox/host/explain.h"

#include "sandbox/host/explain_interruptions.h"
#include "sandbox/trace/kinds.h"

#include <string.h>

/* Tasks that are spoken of; of the others only how many they are. */
#define TOLD_MAX      8u
#define SENTENCE_MAX  8192u
#define NO_SUCH_GROUP UINT32_MAX

enum language { EN, ZH, LANGUAGES };

/*
 * What waiting for an object means: what stands around its name, around its holders', and what is
 * said when it has none.
 */
struct phrase {
    unsigned kind; /* enum object_kind; 0: a task */
    bool for_room;
    struct {
        const char *before, *after, *held_by, *holds, *hold, *by_nobody;
    } in[LANGUAGES];
};

static const struct phrase phrases[] = {
    {0, false, {{"", " to end", "", "", "", ""}, {" ", " 结束", "", "", "", ""}}},
    {OBJECT_LOCK,
     false,
     {{"lock ", "", ", which ", " holds", " hold", ""},
      {"锁 ", "", "，而它被 ", " 占着", " 占着", ""}}},
    {OBJECT_GIL,
     false,
     {{"the ", "", ", which ", " holds", " hold", ""},
      {" ", "", "，而它被 ", " 占着", " 占着", ""}}},
    {OBJECT_SEMAPHORE,
     false,
     {{"a permit of semaphore ", "", ", which only ", " can give", " can give", ""},
      {"信号量 ", " 的许可", "，只有 ", " 能给", " 能给", ""}}},
    {OBJECT_PIPE,
     false,
     {{"a message from pipe ", "", ", which only ", " can send", " can send",
       ", which nobody can send any more"},
      {"管道 ", " 里的消息", "，只有 ", " 能发", " 能发", "，而已经没有谁能发"}}},
    {OBJECT_PIPE,
     true,
     {{"room in pipe ", "", ", which only ", " can make", " can make",
       ", which nobody can make any more"},
      {"管道 ", " 腾出空间", "，只有 ", " 能腾出", " 能腾出", "，而已经没有谁能腾出"}}},
    {OBJECT_QUEUE,
     false,
     {{"an item from queue ", "", ", which only ", " can put there", " can put there", ""},
      {"队列 ", " 里的元素", "，只有 ", " 能放入", " 能放入", ""}}},
    {OBJECT_QUEUE,
     true,
     {{"room in queue ", "", ", which only ", " can make", " can make", ""},
      {"队列 ", " 腾出空间", "，只有 ", " 能腾出", " 能腾出", ""}}},
    {OBJECT_EVENT,
     false,
     {{"event ", " to be set", ", which only ", " can do", " can do", ""},
      {"事件 ", " 被设置", "，只有 ", " 能设置", " 能设置", ""}}},
    {OBJECT_CONDITION,
     false,
     {{"a notify on condition ", "", ", which only ", " can give", " can give", ""},
      {"条件变量 ", " 的通知", "，只有 ", " 能发出", " 能发出", ""}}},
    {OBJECT_BARRIER,
     false,
     {{"the others at barrier ", "", "", "", "", ""}, {"其他任务到达屏障 ", "", "", "", "", ""}}},
    {OBJECT_FUTURE,
     false,
     {{"the result of ", "", ", which only ", " can give", " can give", ""},
      {" ", " 的结果", "，只有 ", " 能给出", " 能给出", ""}}},
    {OBJECT_CELL, false, {{"", " to change", "", "", "", ""}, {" ", " 改变", "", "", "", ""}}},
    {OBJECT_ATOMIC, false, {{"", " to change", "", "", "", ""}, {" ", " 改变", "", "", "", ""}}},
};

static const struct phrase any_object = {.in = {{"", "", ", which ", " holds", " hold", ""},
                                                {" ", "", "，而它在 ", " 手里", " 手里", ""}}};

static const struct {
    const char *waits, *name, *and, *then, *more, *tasks_more, *end, *for_ever, *itself, *spinning;
} words[LANGUAGES] = {
    [EN] = {" waits for ", "", " and ", "; ", "; ", " more wait, too", ".", ": nobody can go on.",
            ", which it holds itself",
            "The tasks go on running, but nothing they do changes anything any more."},
    [ZH] = {" 在等", " ", "、", "；", "；另有 ", " 个任务也在等", "。", "：谁也无法继续。",
            "，而它正被自己占着", "各任务仍在运行，但无论做什么，状态都不再改变。"},
};

/* What one task waits for: neighbours in the report, one for each holder. */
struct group {
    const struct trace_wait *waits;
    size_t count;
    bool told;
};

struct story {
    const struct report *report;
    struct group group[REPORT_WAITS_MAX];
    uint32_t groups;
    uint32_t circle[REPORT_WAITS_MAX];
    uint32_t in_circle;
};

static void find_groups(struct story *story)
{
    const struct report *report = story->report;
    for (size_t i = 0; i < report->wait_count; i++) {
        struct group *last = &story->group[story->groups];
        if (story->groups > 0 && last[-1].waits->task_id == report->waits[i].task_id)
            last[-1].count++;
        else
            story->group[story->groups++] = (struct group){&report->waits[i], 1, false};
    }
}

/* Who must move before this one can; only where there is just one who could. */
static uint32_t next_of(const struct story *story, uint32_t at)
{
    const struct group *group = &story->group[at];
    if (group->count == 1 && group->waits->holder_id != TRACE_NO_TASK)
        for (uint32_t i = 0; i < story->groups; i++)
            if (story->group[i].waits->task_id == group->waits->holder_id)
                return i;
    return NO_SUCH_GROUP;
}

/* The first circle, in the order of waiting. */
static void find_circle(struct story *story)
{
    for (uint32_t start = 0; start < story->groups; start++) {
        uint32_t at = start;
        story->in_circle = 0;
        do {
            story->circle[story->in_circle++] = at;
            at = next_of(story, at);
        } while (at != start && at != NO_SUCH_GROUP && story->in_circle < story->groups);
        if (at == start)
            return;
    }
    story->in_circle = 0;
}

static const struct phrase *phrase_of(const struct trace_wait *wait)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].kind == wait->object_kind && phrases[i].for_room == wait->for_room)
            return &phrases[i];
    return &any_object;
}

/* "lock " is not said of a lock called "lock B". */
static bool says_it_itself(const char *before, const char *name)
{
    size_t n = strcspn(before, " ");
    return n > 0 && before[n] == ' ' && before[n + 1] == '\0' && strncasecmp(before, name, n) == 0;
}

static void tell_holders(const struct group *group, const struct phrase *phrase,
                         enum language language, struct buf *out)
{
    if (group->waits->holder_id == group->waits->task_id) {
        buf_adds(out, words[language].itself);
        return;
    }
    if (group->waits->holder_id == TRACE_NO_TASK) {
        buf_adds(out, phrase->in[language].by_nobody);
        return;
    }
    if (!phrase->in[language].held_by[0])
        return;
    buf_adds(out, phrase->in[language].held_by);
    for (size_t i = 0; i < group->count; i++) {
        buf_adds(out, i == 0 ? "" : words[language].and);
        buf_adds(out, group->waits[i].holder);
    }
    buf_adds(out, group->count > 1 ? phrase->in[language].hold : phrase->in[language].holds);
}

static void tell_group(struct group *group, enum language language, struct buf *out)
{
    const struct trace_wait *wait = group->waits;
    const struct phrase *phrase = phrase_of(wait);
    bool kind_is_said = says_it_itself(phrase->in[EN].before, wait->object);
    buf_adds(out, wait->task);
    buf_adds(out, words[language].waits);
    buf_adds(out, kind_is_said ? words[language].name : phrase->in[language].before);
    buf_adds(out, wait->object);
    buf_adds(out, phrase->in[language].after);
    tell_holders(group, phrase, language, out);
    group->told = true;
}

/* Returns how many it told. */
static uint32_t tell_circle(struct story *story, enum language language, struct buf *out)
{
    uint32_t told = story->in_circle < TOLD_MAX ? story->in_circle : TOLD_MAX;
    for (uint32_t i = 0; i < told; i++) {
        buf_adds(out, i == 0 ? "" : words[language].then);
        tell_group(&story->group[story->circle[i]], language, out);
    }
    return told;
}

static uint32_t tell_others(struct story *story, enum language language, uint32_t most,
                            struct buf *out)
{
    uint32_t told = 0, left = 0;
    for (uint32_t i = 0; i < story->groups; i++) {
        if (story->group[i].told)
            continue;
        if (told == most) {
            left++;
            continue;
        }
        buf_adds(out, told++ == 0 ? "" : words[language].then);
        tell_group(&story->group[i], language, out);
    }
    if (left > 0)
        buf_printf(out, "%s%u%s", words[language].more, left, words[language].tasks_more);
    return told;
}

static void tell(struct story *story, enum language language, struct buf *out)
{
    bool stuck = story->report->ended == ENDED_DEADLOCK;
    for (uint32_t i = 0; i < story->groups; i++)
        story->group[i].told = false;
    uint32_t told = tell_circle(story, language, out);
    if (told > 0)
        buf_adds(out, words[language].for_ever);
    if (told > 0 && told < story->groups && language == EN)
        buf_adds(out, " ");
    if (told < story->groups) {
        tell_others(story, language, told < TOLD_MAX ? TOLD_MAX - told : 1, out);
        buf_adds(out, stuck && told == 0 ? words[language].for_ever : words[language].end);
    }
    if (story->groups == 0)
        buf_adds(out, words[language].spinning);
}

void explanation_write(const struct report *report, struct jsonw *json)
{
    static const char *const names[LANGUAGES] = {"en", "zh"};
    struct story story = {.report = report};
    if (report->wait_count == 0 && report->ended != ENDED_LIVELOCK) {
        explain_interruptions(report, json);
        return;
    }
    find_groups(&story);
    find_circle(&story);
    jsonw_name(json, "explanation");
    jsonw_open(json, '{');
    for (enum language language = EN; language < LANGUAGES; language++) {
        _cleanup_buf_ struct buf text = BUF_INIT(SENTENCE_MAX);
        tell(&story, language, &text);
        jsonw_put_string(json, names[language], buf_text(&text));
    }
    jsonw_close(json, '}');
}

#include "sandbox/host/explain_interruptions.h"

#include "sandbox/proto/operation.h"

#define SENTENCES_MAX 3u /* with more of them nobody understands more */
#define TEXT_MAX      2048u

enum language { EN, ZH, LANGUAGES };

/* What stands before and after the object: "had written x", "wrote x", "写入 x". */
static const struct {
    const char *participle, *past, *after; /* English */
    const char *zh_before, *zh_after;
} verbs[OPERATION_COUNT] = {
    [SEAM_ACQUIRE] = {"acquired ", "acquired ", "", "获取 ", ""},
    [SEAM_RELEASE] = {"released ", "released ", "", "释放 ", ""},
    [SEAM_READ] = {"read ", "read ", "", "读取 ", ""},
    [SEAM_WRITE] = {"written ", "wrote ", "", "写入 ", ""},
    [SEAM_UPDATE] = {"updated ", "updated ", "", "更新 ", ""},
    [SEAM_SEND] = {"sent into ", "sent into ", "", "放入 ", ""},
    [SEAM_RECEIVE] = {"taken from ", "took from ", "", "从 ", " 取出"},
    [SEAM_CLOSE] = {"closed ", "closed ", "", "关闭 ", ""},
    [SEAM_JOIN] = {"joined a task", "joined a task", "", "等待任务结束", ""},
    [SEAM_SIGNAL] = {"signalled ", "signalled ", "", "通知 ", ""},
    [SEAM_AWAIT] = {"waited for ", "waited for ", "", "等待 ", ""},
    [SEAM_PRINT] = {"printed", "printed", "", "输出", ""},
    [SEAM_SLEEP] = {"slept", "slept", "", "睡眠", ""},
    [SEAM_SPIN] = {"spun", "spun", "", "自旋", ""},
    [SEAM_START] = {"started a task", "started a task", "", "启动任务", ""},
    [SEAM_CHOOSE] = {"chosen", "chose", "", "选择", ""},
};

static bool names_object(unsigned operation)
{
    return operation != SEAM_PRINT && operation != SEAM_JOIN;
}

static void add_object(struct buf *out, unsigned operation, const char *object)
{
    if (names_object(operation))
        buf_adds(out, object);
}

static void add_zh(struct buf *out, unsigned operation, const char *object)
{
    buf_adds(out, verbs[operation].zh_before);
    add_object(out, operation, object);
    buf_adds(out, verbs[operation].zh_after);
}

static void tell_en(const struct report_schedule *schedule, uint32_t i, struct buf *out)
{
    const struct trace_interruption *said = &schedule->said.interruption[i];
    const char *task = schedule->interruption[i].task;
    const char(*object)[TRACE_NAME_MAX] = schedule->interruption[i].object;
    if (said->done < OPERATION_COUNT) {
        buf_printf(out, "After %s had %s", task, verbs[said->done].participle);
        add_object(out, said->done, object[0]);
        buf_printf(out, " and before it %s", verbs[said->next].past);
    } else {
        buf_printf(out, "Before %s %s", task, verbs[said->next].past);
    }
    add_object(out, said->next, object[1]);
    buf_printf(out, ", %s %s", schedule->interruption[i].by, verbs[said->meanwhile].past);
    add_object(out, said->meanwhile, object[2]);
    buf_adds(out, ".");
}

static void tell_zh(const struct report_schedule *schedule, uint32_t i, struct buf *out)
{
    const struct trace_interruption *said = &schedule->said.interruption[i];
    const char(*object)[TRACE_NAME_MAX] = schedule->interruption[i].object;
    buf_printf(out, "在 %s ", schedule->interruption[i].task);
    if (said->done < OPERATION_COUNT) {
        add_zh(out, said->done, object[0]);
        buf_adds(out, " 之后、");
    }
    add_zh(out, said->next, object[1]);
    buf_printf(out, " 之前，%s ", schedule->interruption[i].by);
    add_zh(out, said->meanwhile, object[2]);
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
            (language == EN ? tell_en : tell_zh)(schedule, i, &text);
        }
        jsonw_put_string(json, names[language], buf_text(&text));
    }
    jsonw_close(json, '}');
}

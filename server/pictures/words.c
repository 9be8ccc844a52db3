#include "server/pictures/words.h"

#include <stdio.h>
#include <string.h>

static const char *const words[][1 + LANGUAGES] = {
    {"ended:completed", "Ran to its end", "正常运行完毕"},
    {"ended:deadlock", "Deadlock", "死锁"},
    {"ended:livelock", "Livelock", "活锁"},
    {"ended:timeout", "Still waiting at the time limit", "到时限仍在等待"},
    {"ended:stopped", "Stopped on the way", "停在半路"},
    {"ended:replay-failed", "Could not be replayed", "无法重放"},
    {"ended:output-limit", "Stopped: too much output", "输出过多，已停止"},
    {"ended:memory-limit", "Stopped: too much memory", "内存超限，已停止"},
    {"ended:task-limit", "Stopped: too many tasks", "任务过多，已停止"},
    {"ended:crashed", "Crashed", "崩溃"},
    {"ended:cancelled", "Cancelled", "已取消"},
    {"ended:internal-error", "The playground failed", "平台出错"},
    {"class:acceptable", "As it should be", "符合预期"},
    {"class:interesting", "Worth a look", "值得留意"},
    {"class:forbidden", "Must not happen", "不应发生"},
    {"going", "It has not ended yet: load this page again.", "还没有结束：请稍后重新载入。"},
    {"scripts",
     "The timeline is drawn with JavaScript, which is off here. This is what the run left.",
     "时间线需要 JavaScript，这里没有启用。以下是这次运行留下的内容。"},
    {"outcome", "What came out", "结果"},
    {"checks", "Checks", "检查"},
    {"expected", "expected", "预期"},
    {"actual", "got", "实际"},
    {"waits", "Who waits for whom", "谁在等谁"},
    {"output", "Output", "输出"},
    {"nothing", "It printed nothing.", "没有任何输出。"},
    {"truncated", "There is more of it.", "后面还有。"},
    {"setup", "Setup", "设置"},
    {"figures", "Figures", "数据"},
    {"lesson", "What it teaches", "要点"},
    {"export", "Take it along", "导出"},
    {"state:running", "Running", "运行"},
    {"state:ready", "Ready", "就绪"},
    {"state:waiting", "Waiting", "等待"},
    {"state:io", "Blocked on I/O", "I/O 阻塞"},
    {"state:holding", "Holding a lock", "持有锁"},
    {"state:asleep", "Asleep", "休眠"},
    {"state:unrecorded", "Not recorded", "未记录"},
    {"state:done", "Done", "结束"},
    {"state:error", "Error", "出错"},
    {"kind:free", "A free run", "一次自由运行"},
    {"kind:controlled", "A controlled run", "一次受控运行"},
    {"kind:scenario", "A program to run", "可以运行的程序"},
    {"kind:repeat", "Many runs", "多次运行"},
    {"kind:explore", "Every order there is", "所有可能的顺序"},
    {"kind:shrink", "With fewer switches", "更少的切换"},
    {"status:queued", "Waits for its turn", "正在排队"},
    {"status:running", "Goes on", "正在运行"},
    {"more-tasks", "and %u more", "另有 %u 个"},
    {"more-outcomes", "and %u more outcomes", "另有 %u 种结果"},
    {"run", "%s run", "%s 次运行"},
    {"runs", "%s runs", "%s 次运行"},
    {"order", "%s order", "%s 种顺序"},
    {"orders", "%s orders", "%s 种顺序"},
    {"switches", "switches: %s", "切换：%s 次"},
    {"complete", "complete", "已穷尽"},
    {"picture", "What each task was doing when", "每个任务在何时做什么"},
    {"pictured-outcomes", "How often each outcome came", "每种结果出现的次数"},
};

const char *language_tag(enum language language)
{
    return language == CHINESE ? "zh-CN" : "en";
}

const char *word(enum language language, const char *name)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i][0], name) == 0)
            return words[i][1 + language];
    return strchr(name, ':') ? strchr(name, ':') + 1 : name; /* a new one */
}

const char *worded(enum language language, const char *kind, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "%s:%s", kind, name);
    const char *found = word(language, key);
    return found == key + strlen(kind) + 1 ? name : found;
}

const char *said(enum language language, const struct doc *text)
{
    static const char *const names[] = {[ENGLISH] = "en", [CHINESE] = "zh"};
    const char *found = doc_string(doc_member(text, names[language]));
    return found ? found : "";
}

const char *member_text(const struct doc *object, const char *name)
{
    const char *text = doc_string(doc_member(object, name));
    return text ? text : "";
}

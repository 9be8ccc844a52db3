#include "sandbox/proto/scenario.h"

#include "sandbox/proto/job.h"

#include <assert.h>
#include <string.h>

const struct param common_params[] = {
    {.name = "seed",
     .title = {"Seed", "随机种子"},
     .help = {"Everything random in the program (jitter, for example) is drawn from it.",
              "程序里所有随机量（例如抖动）都由它产生。"},
     .type = PARAM_INTEGER,
     .minimum = 0,
     .maximum = 4294967295,
     .fallback = "1"},
    {.name = "time_scale",
     .title = {"Time scale", "时间倍率"},
     .help = {"Multiplies every sleep and every piece of work.", "所有睡眠和计算时间都乘以它。"},
     .type = PARAM_NUMBER,
     .minimum = 0.01,
     .maximum = 10,
     .fallback = "1"},
    {.name = "limit_ms",
     .title = {"Time limit (ms)", "时限（毫秒）"},
     .help = {"The run is ended after this; a task still waiting then is reported as blocked.",
              "超过这个时间就结束运行，仍在等待的任务会被报告为阻塞。"},
     .type = PARAM_INTEGER,
     .minimum = 100,
     .maximum = 20000,
     .fallback = "5000"},
    {.name = NULL},
};

const struct param *scenario_param(const struct scenario *scenario, const char *name)
{
    const struct param *own = param_find(scenario->params, name);
    return own ? own : param_find(common_params, name);
}

size_t scenario_params(const struct scenario *scenario, const struct param **ret)
{
    size_t n = 0;
    for (const struct param *p = scenario->params; p->name; p++)
        ret[n++] = p;
    for (const struct param *p = common_params; p->name; p++)
        if (!param_find(scenario->params, p->name))
            ret[n++] = p;
    assert(n <= PARAMS_MAX);
    return n;
}

/* One condition, "name=value" or "name!=value", of n bytes. */
static bool condition_holds(const struct job *job, const char *condition, size_t n)
{
    const char *equals = memchr(condition, '=', n);
    assert(equals);
    bool negated = equals > condition && equals[-1] == '!';
    char name[PARAM_NAME_MAX] = "";
    size_t name_length = (size_t)(equals - condition) - (negated ? 1 : 0);
    assert(name_length < sizeof name);
    memcpy(name, condition, name_length);
    const char *value = job_get(job, name);
    size_t wanted = n - (size_t)(equals + 1 - condition);
    bool same = value && strlen(value) == wanted && memcmp(value, equals + 1, wanted) == 0;
    return same != negated;
}

static bool all_hold(const struct job *job, const char *when)
{
    while (when && *when) {
        size_t n = strcspn(when, "&");
        if (!condition_holds(job, when, n))
            return false;
        when += n + (when[n] == '&');
    }
    return true;
}

int scenario_outcome(const struct scenario *scenario, const struct job *job, const char *name,
                     enum ended ended)
{
    for (int i = 0; scenario->outcomes[i].class != CLASS_NONE; i++) {
        const struct outcome_rule *rule = &scenario->outcomes[i];
        bool fits = name ? rule->name && strcmp(rule->name, name) == 0
                         : rule->ended != ENDED_NONE && rule->ended == ended;
        if (fits && all_hold(job, rule->when))
            return i;
    }
    return -1;
}

const char *family_text(enum family family)
{
    static const char *const texts[] = {
#define X(name, text) [FAMILY_##name] = text,
        FAMILIES(X)
#undef X
    };
    return texts[family];
}

const char *chart_text(enum chart chart)
{
    static const char *const texts[] = {
#define X(name, text) [CHART_##name] = text,
        CHARTS(X)
#undef X
    };
    return texts[chart];
}

bool scenario_has_mode(const struct scenario *scenario, enum schedule_mode mode)
{
    return mode == SCHEDULE_FREE || !scenario->free_only.en;
}

#include "sandbox/execute.h"

#include "sandbox/controlled.h"
#include "sandbox/prim/pipe.h"
#include "sandbox/prim/task.h"
#include "sandbox/proto/scenario.h"
#include "sandbox/proto/token.h"
#include "sandbox/sched/seam.h"
#include "sandbox/search.h"
#include "sandbox/table.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* Of the run's memory: the run itself and the first objects of its arena. */
#define WARM_BYTES (32u << 10)

static int resolve_param(struct job *job, const struct param *param, struct err *err)
{
    const char *given = job_get(job, param->name);
    struct param_value value;
    char canonical[PARAM_TEXT_MAX];
    int r = param_parse(param, given ? given : param->fallback, &value, err);
    if (r < 0)
        return err_wrap(err, "params/%s", param->name);
    param_format(param, &value, canonical);
    return job_set(job, param->name, canonical, err);
}

int execute_resolve(struct job *job, struct err *err)
{
    const struct scenario_entry *entry = scenario_find(job->scenario);
    const struct param *params[PARAMS_MAX];
    if (!entry)
        return err_set(err, EINVAL, "scenario: there is none called \"%s\"", job->scenario);
    if (!scenario_has_mode(entry->scenario, job->schedule.mode))
        return err_set(err, EINVAL, "schedule: %s has to be free: %s", job->scenario,
                       entry->scenario->free_only.en);
    for (unsigned i = 0; i < job->param_count; i++)
        if (!scenario_param(entry->scenario, job->params[i].name))
            return err_set(err, EINVAL, "params/%s: %s has no such parameter", job->params[i].name,
                           job->scenario);
    size_t n = scenario_params(entry->scenario, params);
    for (size_t i = 0; i < n; i++) {
        int r = resolve_param(job, params[i], err);
        if (r < 0)
            return r;
    }
    if (job->schedule.mode == SCHEDULE_REPLAY || job->schedule.mode == SCHEDULE_SHRINK)
        return token_check(job->schedule.token, job, err) < 0 ? err_wrap(err, "schedule/token") : 0;
    return 0;
}

/* What the descriptor declares for each way to end, for the supervisor to look up. */
static void declare_ends(const struct run *run)
{
    struct trace_result *result = &run->shared->result;
    result->outcome_rule = -1;
    memset(result->rule_of_end, -1, sizeof result->rule_of_end);
    for (enum ended e = ENDED_NONE; e < ENDED_COUNT; e++) {
        int rule = scenario_outcome(run->scenario, &run->job, NULL, e);
        if (rule < 0)
            continue;
        result->rule_of_end[e] = (int8_t)rule;
        result->class_of_end[e] = (uint8_t)run->scenario->outcomes[rule].class;
    }
}

struct run *execute_prepare(struct trace_shared *shared, int output)
{
    struct run *run = run_new(shared, output);
    if (!run)
        return NULL;
    madvise(run, WARM_BYTES, MADV_POPULATE_WRITE);
    signal(SIGPIPE, SIG_IGN);
    run->output_object = (uint16_t)trace_object_add(shared, OBJECT_OUTPUT, "stdout");
    return run;
}

static int take_job(struct run *run, const struct job *job)
{
    run->job = *job;
    if (execute_resolve(&run->job, NULL) < 0)
        return -EINVAL;
    run->scenario = scenario_find(run->job.scenario)->scenario;
    run->seed = strtoull(job_get(&run->job, "seed"), NULL, 10);
    run->time_scale = strtod(job_get(&run->job, "time_scale"), NULL);
    declare_ends(run);
    return 0;
}

int execute_job(struct run *run, const struct job *job)
{
    struct process process = {0};
    struct trace_lane lane;
    if (take_job(run, job) < 0)
        return JOB_REFUSED;
    if (schedule_is_search(job->schedule.mode))
        return search_execute(run);
    if (job->schedule.mode != SCHEDULE_FREE)
        return controlled_execute(run);
    int task = trace_task_add(run->shared, TASK_PROCESS, -1, "main");
    trace_shared_start(run->shared);
    seam_begin(run, &process, &lane, (uint16_t)task, 0);
    trace_task_thread(run->shared, (uint16_t)task, (uint32_t)gettid());
    run->scenario->run();
    task_finish();
    pipe_ends_dropped();
    seam_end(0);
    return 0;
}

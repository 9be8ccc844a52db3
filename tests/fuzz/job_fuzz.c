/* What a worker reads as its job. One that is taken is the same when it is written and read. */
#include "tests/fuzz/fuzz.h"

#include "sandbox/execute.h"

#include <string.h>

static void expect_same(const struct job *job, const struct buf *text)
{
    struct job again;
    _cleanup_buf_ struct buf second = BUF_INIT(2 * JOB_BYTES_MAX);
    check(job_read(&again, text->data, text->len, NULL) == 0);
    check(job_write(&again, &second, NULL) == 0);
    check(second.len == text->len && memcmp(second.data, text->data, text->len) == 0);
    check(strcmp(again.scenario, job->scenario) == 0 && again.param_count == job->param_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct job job;
    struct err err = {0};
    _cleanup_buf_ struct buf text = BUF_INIT(2 * JOB_BYTES_MAX);
    if (job_read(&job, (const char *)bytes, n, &err) < 0) {
        check(err.code > 0 && err.text[0]);
        return 0;
    }
    if (job_write(&job, &text, NULL) == 0)
        expect_same(&job, &text);
    if (execute_resolve(&job, &err) < 0) {
        check(err.code > 0 && err.text[0]);
        return 0;
    }
    /* What was checked and completed is so once more. */
    struct job resolved = job;
    check(execute_resolve(&job, NULL) == 0 && memcmp(&job, &resolved, sizeof job) == 0);
    return 0;
}

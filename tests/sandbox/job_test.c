#include "tests/unit/test.h"

#include "sandbox/proto/job.h"

#include <errno.h>
#include <string.h>

static int read_text(struct job *job, const char *text)
{
    return job_read(job, text, strlen(text), NULL);
}

void test_job_survives_the_wire(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf text = BUF_INIT(JOB_BYTES_MAX);
    struct job job, again;
    job_init(&job, "race-counter");
    job.schedule = (struct schedule){.mode = SCHEDULE_EXPLORE,
                                     .seed = UINT64_MAX,
                                     .depth = 4,
                                     .ignores_time = true,
                                     .token = "1Az-_",
                                     .max_preemptions = 2,
                                     .max_executions = 1000,
                                     .max_seconds = 7};
    job.trace = false;
    assert_int_equal(job_set(&job, "threads", "2", NULL), 0);
    assert_int_equal(job_set(&job, "variant", "no-lock", NULL), 0);
    assert_int_equal(job_set(&job, "threads", "=3=", NULL), 0);
    assert_int_equal(job_write(&job, &text, NULL), 0);
    assert_int_equal(job_read(&again, text.data, text.len, NULL), 0);
    assert_memory_equal(&job, &again, sizeof job);
    assert_int_equal(again.param_count, 2);
    assert_string_equal(job_get(&again, "threads"), "=3=");
    assert_null(job_get(&again, "thread"));
}

void test_job_refuses_what_does_not_fit(void **state)
{
    (void)state;
    char long_text[PARAM_TEXT_MAX + 1];
    struct err err = {0};
    struct job job;
    memset(long_text, 'x', PARAM_TEXT_MAX);
    long_text[PARAM_TEXT_MAX] = '\0';
    job_init(&job, "x");
    assert_int_equal(job_set(&job, "a", long_text, &err), -EINVAL);
    assert_string_equal(err.text, "params/a: must be one line of at most 511 bytes");
    assert_int_equal(job_set(&job, long_text, "1", NULL), -EINVAL);
    assert_int_equal(job_set(&job, "", "1", NULL), -EINVAL);
    assert_int_equal(job_set(&job, "a", "1\nscenario=y", NULL), -EINVAL);
    assert_int_equal(job_set(&job, "a\n", "1", NULL), -EINVAL);
    for (unsigned i = 0; i < PARAMS_MAX; i++)
        assert_int_equal(job_set(&job, (char[]){'a', (char)('a' + i), 0}, "1", NULL), 0);
    assert_int_equal(job_set(&job, "one_more", "1", NULL), -EINVAL);
    assert_int_equal(job_set(&job, "aa", "2", NULL), 0);
}

void test_job_longer_than_a_pipe_write_is_refused(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf text = BUF_INIT(64 << 10);
    char value[500];
    struct job job;
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    job_init(&job, "x");
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(job_set(&job, (char[]){'a', (char)('a' + i), 0}, value, NULL), 0);
    assert_int_equal(job_write(&job, &text, NULL), -EINVAL);
}

void test_job_read_refuses_nonsense(void **state)
{
    (void)state;
    struct job job;
    static const char *const refused[] = {
        "",
        "scenario=x",
        "\n",
        "scenario\n",
        "scenario=\n",
        "scenario=../x\n",
        "scenario=x\nseed=\n",
        "scenario=x\nseed=18446744073709551616\n",
        "scenario=x\nseed=-1\n",
        "scenario=x\nmode=0123456789abcdef\n",
        "scenario=x\nwhat=1\n",
        "scenario=x\nparam.=1\n",
        "scenario=x\nparam.a\x01=1\n",
        "scenario=x\nparam.a=\x1b\n",
        "mode=free\n",
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_int_equal(read_text(&job, refused[i]), -EINVAL);
    assert_int_equal(job_read(&job, "scenario=x\0\n", 12, NULL), -EINVAL);
}

/* Every prefix and every single changed byte of a job is read or refused, within its bounds. */
void test_job_read_takes_any_bytes(void **state)
{
    (void)state;
    static const char good[] = "scenario=race-counter\nmode=free\nseed=42\ntrace=1\n"
                               "param.threads=2\nparam.variant=no-lock\n";
    struct job job;
    for (size_t n = 0; n < sizeof good; n++) {
        char copy[sizeof good];
        memcpy(copy, good, sizeof good);
        int r = job_read(&job, copy, n, NULL);
        assert_true(r == 0 || r == -EINVAL);
        for (int byte = 0; byte < 256; byte++) {
            copy[n] = (char)byte;
            r = job_read(&job, copy, sizeof good - 1, NULL);
            assert_true(r == 0 || r == -EINVAL);
            assert_true(r < 0 || (job.param_count <= PARAMS_MAX && job.scenario[0]));
        }
    }
}

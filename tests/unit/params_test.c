#include "tests/unit/test.h"

#include "sandbox/execute.h"
#include "sandbox/proto/params.h"
#include "sandbox/proto/scenario.h"
#include "sandbox/table.h"

#include <errno.h>
#include <string.h>

static const struct param threads = {
    .name = "threads", .type = PARAM_INTEGER, .minimum = 1, .maximum = 64, .fallback = "2"};

static const char *refusal(const struct param *param, const char *text)
{
    static struct err err;
    struct param_value value;
    int r = param_parse(param, text, &value, &err);
    assert_true(r < 0);
    assert_int_equal(r, -err.code);
    return err.text;
}

void test_integer_bounds_are_named(void **state)
{
    (void)state;
    struct param_value value;
    assert_string_equal(refusal(&threads, "900"), "must be 1 to 64, was 900");
    assert_string_equal(refusal(&threads, "0"), "must be 1 to 64, was 0");
    assert_string_equal(refusal(&threads, "99999999999999999999"),
                        "must be 1 to 64, was 99999999999999999999");
    assert_int_equal(param_parse(&threads, "64", &value, NULL), 0);
    assert_int_equal(value.integer, 64);
}

void test_integer_takes_nothing_else(void **state)
{
    (void)state;
    const char *bad[] = {"", " 4", "4 ", "4.0", "0x4", "four", "+4", "4\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_non_null(strstr(refusal(&threads, bad[i]), "must be an integer"));
}

void test_number_is_finite(void **state)
{
    (void)state;
    struct param p = {.type = PARAM_NUMBER, .minimum = 0, .maximum = 1};
    struct param_value value;
    assert_int_equal(param_parse(&p, "0.25", &value, NULL), 0);
    assert_string_equal(refusal(&p, "1.5"), "must be 0 to 1, was 1.5");
    assert_non_null(strstr(refusal(&p, "nan"), "must be a number"));
    assert_non_null(strstr(refusal(&p, "inf"), "must be a number"));
    assert_non_null(strstr(refusal(&p, "1e999"), "must be a number"));
}

void test_choice_lists_the_choices(void **state)
{
    (void)state;
    struct param p = {.type = PARAM_CHOICE,
                      .choices = (const struct choice[]){{"a", {0}}, {"b-c", {0}}, {0}}};
    struct param_value value;
    assert_int_equal(param_parse(&p, "b-c", &value, NULL), 0);
    assert_int_equal(value.choice, 1);
    assert_string_equal(refusal(&p, "d"), "must be one of a, b-c, was \"d\"");
}

void test_list_checks_every_item_and_the_count(void **state)
{
    (void)state;
    struct param p = {.type = PARAM_INTEGER_LIST, .minimum = 0, .maximum = 1000};
    struct param_value value;
    char text[PARAM_TEXT_MAX], many[PARAM_TEXT_MAX] = "0";
    assert_int_equal(param_parse(&p, "400,100,200", &value, NULL), 0);
    param_format(&p, &value, text);
    assert_string_equal(text, "400,100,200");
    refusal(&p, "1,,2");
    refusal(&p, "1,2000");
    refusal(&p, "");
    for (unsigned i = 0; i < PARAM_LIST_MAX; i++)
        strcat(many, ",0");
    assert_string_equal(refusal(&p, many), "must have at most 64 items");
}

/* What every descriptor has to have, whoever adds the next one. */
void test_every_descriptor_is_complete(void **state)
{
    (void)state;
    assert_true(scenario_count() >= 5);
    for (size_t i = 0; i < scenario_count(); i++) {
        const struct scenario_entry *e = scenario_at(i);
        const struct scenario *s = e->scenario;
        const struct text *texts[] = {&s->title, &s->summary, &s->lesson};
        for (size_t t = 0; t < 3; t++)
            assert_true(strlen(texts[t]->en) > 3 && strlen(texts[t]->zh) > 3);
        assert_true(s->concepts[0] > 0 && strlen(s->python) > 0);
        assert_non_null(strstr(e->source, s->id));
        assert_true(e->source_end > e->source && *e->source_end == '\0');
        assert_ptr_equal(scenario_find(s->id), e);
        assert_true(s->checks[0].name && s->outcomes[0].class != CLASS_NONE);
    }
}

void test_every_default_is_within_its_bounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < scenario_count(); i++) {
        struct job job;
        struct err err = {0};
        job_init(&job, scenario_at(i)->scenario->id);
        if (execute_resolve(&job, &err) < 0)
            fail_msg("%s: %s", job.scenario, err.text);
        assert_non_null(job_get(&job, "seed"));
        assert_non_null(job_get(&job, "time_scale"));
        assert_non_null(job_get(&job, "limit_ms"));
    }
}

void test_resolve_names_the_field(void **state)
{
    (void)state;
    struct job job;
    struct err err;
    job_init(&job, "race-counter");
    job_set(&job, "threads", "900", NULL);
    assert_int_equal(execute_resolve(&job, &err), -ERANGE);
    assert_string_equal(err.text, "params/threads: must be 2 to 8, was 900");
    job_init(&job, "race-counter");
    job_set(&job, "colour", "red", NULL);
    assert_int_equal(execute_resolve(&job, &err), -EINVAL);
    assert_string_equal(err.text, "params/colour: race-counter has no such parameter");
    job_init(&job, "nothing");
    assert_int_equal(execute_resolve(&job, &err), -EINVAL);
}

void test_outcome_rules_look_at_conditions(void **state)
{
    (void)state;
    const struct scenario *s = scenario_find("race-counter")->scenario;
    struct job job;
    job_init(&job, "race-counter");
    execute_resolve(&job, NULL);
    int lost = scenario_outcome(s, &job, "lost-updates", ENDED_COMPLETED);
    assert_int_equal(s->outcomes[lost].class, CLASS_INTERESTING);
    job_set(&job, "variant", "lock", NULL);
    lost = scenario_outcome(s, &job, "lost-updates", ENDED_COMPLETED);
    assert_int_equal(s->outcomes[lost].class, CLASS_FORBIDDEN);
    assert_int_equal(scenario_outcome(s, &job, "never-declared", ENDED_COMPLETED), -1);
    assert_int_equal(scenario_outcome(s, &job, NULL, ENDED_TIMEOUT), -1);
}

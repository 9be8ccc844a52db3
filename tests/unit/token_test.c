/* Tokens and the words of schedules: what is written is read again, and any bytes are refused. */
#include "tests/unit/test.h"

#include "sandbox/proto/job.h"
#include "sandbox/proto/token.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The same numbers each time (xorshift64). */
static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Small ones as often as large ones. */
static uint64_t draw_any(uint64_t *state)
{
    return draw(state) >> (draw(state) % 64);
}

static void expect_same(const struct token *a, const struct token *b)
{
    assert_int_equal(a->rule, b->rule);
    assert_int_equal(a->ignores_time, b->ignores_time);
    assert_int_equal(a->ends_are_steps, b->ends_are_steps);
    assert_true(a->seed == b->seed && a->stop == b->stop);
    assert_int_equal(a->depth, b->depth);
    assert_int_equal(a->checked, b->checked);
    assert_true(!a->checked || a->check == b->check);
    assert_int_equal(a->scenario, b->scenario);
    assert_int_equal(a->params, b->params);
    assert_int_equal(a->count, b->count);
    for (unsigned i = 0; i < a->count; i++) {
        assert_true(a->deviation[i].step == b->deviation[i].step);
        assert_int_equal(a->deviation[i].index, b->deviation[i].index);
    }
}

static struct token *draw_token(uint64_t *state, enum token_rule rule, unsigned count)
{
    struct token *t = calloc(1, sizeof *t);
    bool has_seed = rule == TOKEN_RANDOM || rule == TOKEN_PCT;
    uint64_t step = draw(state) % 3;
    *t = (struct token){.rule = rule,
                        .ignores_time = draw(state) & 1,
                        .ends_are_steps = draw(state) & 1,
                        .seed = has_seed ? draw_any(state) : 0,
                        .depth = rule == TOKEN_PCT ? 1 + draw(state) % SCHEDULE_DEPTH_MAX : 0,
                        .stop = draw(state) & 1 ? TOKEN_NO_STOP : draw_any(state),
                        .checked = draw(state) & 1,
                        .scenario = (uint16_t)draw(state),
                        .params = (uint16_t)draw(state)};
    t->check = t->checked ? (uint16_t)draw(state) : 0;
    for (; t->count < count; step += 1 + (draw_any(state) >> 12))
        t->deviation[t->count++] =
            (struct deviation){.step = step, .index = (unsigned)(draw_any(state) >> 48)};
    return t;
}

static struct token *must_read(const char *text)
{
    struct token *t = malloc(sizeof *t);
    struct err err = {0};
    assert_int_equal(token_read(t, text, &err), 0);
    return t;
}

static void expect_round_trip(const struct token *token)
{
    char text[SCHEDULE_TOKEN_MAX], again[SCHEDULE_TOKEN_MAX];
    assert_int_equal(token_write(token, text), 0);
    assert_true(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
                strlen(text));
    struct token *read = must_read(text);
    expect_same(token, read);
    assert_int_equal(token_write(read, again), 0);
    assert_string_equal(text, again);
    free(read);
}

void test_every_rule_is_read_as_it_was_written(void **state)
{
    (void)state;
    uint64_t random = 42;
    for (enum token_rule rule = TOKEN_CONTINUE; rule <= TOKEN_ROUND_ROBIN; rule++)
        for (unsigned i = 0; i < 3000; i++) {
            struct token *token = draw_token(&random, rule, (unsigned)(draw(&random) % 60));
            expect_round_trip(token);
            free(token);
        }
}

void test_a_random_run_is_a_few_characters(void **state)
{
    (void)state;
    struct token token = {.rule = TOKEN_RANDOM, .seed = 99, .stop = TOKEN_NO_STOP, .checked = true};
    char text[SCHEDULE_TOKEN_MAX];
    assert_int_equal(token_write(&token, text), 0);
    assert_int_equal(strlen(text), 11); /* one of flags, four of hashes, a seed, two of a check */
}

/* ---- bounds ---- */

void test_a_token_of_1500_bytes_fits_and_no_longer_one(void **state)
{
    (void)state;
    struct token *token = calloc(1, sizeof *token);
    char text[SCHEDULE_TOKEN_MAX];
    token->stop = TOKEN_NO_STOP;
    while (token->count < 747) { /* two bytes each behind the five of the head */
        token->deviation[token->count] = (struct deviation){.step = token->count, .index = 1};
        token->count++;
    }
    expect_round_trip(token);
    assert_int_equal(token_write(token, text), 0);
    assert_int_equal(strlen(text), 1999);
    token->deviation[0].index = 128; /* three bytes */
    expect_round_trip(token);
    token->deviation[1].index = 128;
    assert_int_equal(token_write(token, text), -EOVERFLOW);
    token->deviation[0].index = token->deviation[1].index = 1;
    token->deviation[token->count] = (struct deviation){.step = token->count, .index = 1};
    token->count++;
    assert_int_equal(token_write(token, text), -EOVERFLOW);
    token->count = TOKEN_DEVIATIONS_MAX;
    assert_int_equal(token_write(token, text), -EOVERFLOW);
    free(token);
}

/* base64url as token.h has it, of any bytes. */
static void encode(const unsigned char *bytes, size_t n, char *ret)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned held = 0, bits = 0;
    for (size_t i = 0; i < n; i++) {
        held = held << 8 | bytes[i];
        for (bits += 8; bits >= 6; bits -= 6)
            *ret++ = digits[held >> (bits - 6) & 63];
    }
    if (bits)
        *ret++ = digits[held << (6 - bits) & 63];
    *ret = '\0';
}

static const char *refusal(const char *text)
{
    static struct err err;
    struct token *token = malloc(sizeof *token);
    err = (struct err){0};
    int r = token_read(token, text, &err);
    free(token);
    assert_int_equal(r, -err.code);
    return r < 0 ? err.text : "";
}

#define HEAD(version, flags) (version << 4 | (flags)), 1, 2, 3, 4
enum { STOPS = 2, RANDOM = TOKEN_RANDOM << 2, PCT = TOKEN_PCT << 2, CHECKED = 64 };

void test_what_is_no_whole_token_is_refused(void **state)
{
    (void)state;
    static const struct {
        unsigned char bytes[24];
        size_t n;
        const char *why; /* "" when it is one */
    } cases[] = {
        {{HEAD(1, 0)}, 5, ""},
        {{HEAD(1, 0)}, 4, "is not a token"},
        {{HEAD(0, 0)}, 5, "is a token of another version"},
        {{HEAD(2, 0)}, 5, "is a token of another version"},
        {{HEAD(3, 0)}, 5, "is a token of another version"},
        {{HEAD(1, RANDOM)}, 5, "is not a whole token"},       /* no seed */
        {{HEAD(1, RANDOM), 0x80}, 6, "is not a whole token"}, /* half of one */
        {{HEAD(1, RANDOM), 7}, 6, ""},
        {{HEAD(1, PCT), 7}, 6, "is not a whole token"}, /* no depth */
        {{HEAD(1, PCT), 7, 0}, 7, "is not a whole token"},
        {{HEAD(1, PCT), 7, 1}, 7, ""},
        {{HEAD(1, PCT), 7, 16}, 7, ""},
        {{HEAD(1, PCT), 7, 17}, 7, "is not a whole token"},
        {{HEAD(1, PCT), 7, 0x83, 0x80, 0x80, 0x80, 0x10},
         11,
         "is not a whole token"}, /* 2^32 + 3 */
        {{HEAD(1, STOPS)}, 5, "is not a whole token"},
        {{HEAD(1, STOPS), 0}, 6, ""},
        {{HEAD(1, CHECKED), 1}, 6, "is not a whole token"},
        {{HEAD(1, CHECKED), 1, 2}, 7, ""},
        {{HEAD(1, 0), 4}, 6, "is not a whole token"},          /* a step without a choice */
        {{HEAD(1, 0), 4, 1, 0, 1}, 9, "is not a whole token"}, /* two at one step */
        {{HEAD(1, 0), 0, 1, 1, 0}, 9, ""},
        {{HEAD(1, 0), 4, 0xff, 0xff, 3}, 9, ""},                     /* 65535 */
        {{HEAD(1, 0), 4, 0x80, 0x80, 4}, 9, "is not a whole token"}, /* 65536 */
        {{HEAD(1, 0), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 1, 0},
         18,
         "is not a whole token"}, /* behind the last step there is */
        {{HEAD(1, 0), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0},
         17,
         "is not a whole token"}, /* a number without an end */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        encode(cases[i].bytes, cases[i].n, text);
        assert_string_equal(refusal(text), cases[i].why);
    }
}

void test_a_text_has_one_spelling(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",         "A",         "EAECAw",  "EAECAw=", "EAECAwQ=", "EAECAwR",   "EAECAwQ ",
        " EAECAwQ", "EAECAwQA9", "EAECA+Q", "EAECA/Q", "EAE.AwQ",  "EAECAw\nQ", "EAECAwQ\xff"};
    assert_string_equal(refusal("EAECAwQ"), "");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_string_equal(refusal(bad[i]), "is not a token");
    char longer[SCHEDULE_TOKEN_MAX + 8];
    memset(longer, 'A', sizeof longer);
    memcpy(longer, "EAECAwQA", 8);
    longer[sizeof longer - 1] = '\0';
    assert_string_equal(refusal(longer), "is not a token");
}

/* ---- hostile bytes ---- */

/* Whatever is read is within its bounds, and written and read again it is the same. */
static void expect_fit(const struct token *token)
{
    char text[SCHEDULE_TOKEN_MAX];
    assert_in_range(token->rule, TOKEN_CONTINUE, TOKEN_ROUND_ROBIN);
    assert_true(token->count <= TOKEN_DEVIATIONS_MAX);
    if (token->rule == TOKEN_PCT)
        assert_in_range(token->depth, 1, SCHEDULE_DEPTH_MAX);
    for (unsigned i = 0; i < token->count; i++) {
        assert_true(token->deviation[i].index <= UINT16_MAX);
        assert_true(i == 0 || token->deviation[i].step > token->deviation[i - 1].step);
    }
    if (token_write(token, text) < 0)
        return; /* TOKEN~K of the longest */
    struct token *again = must_read(text);
    expect_same(token, again);
    free(again);
}

void test_a_token_with_wrong_characters_is_refused_or_another_one(void **state)
{
    (void)state;
    uint64_t random = 7;
    struct token *token = malloc(sizeof *token);
    unsigned taken = 0;
    for (unsigned i = 0; i < 40000; i++) {
        struct token *whole = draw_token(&random, i % 4, (unsigned)(draw(&random) % 12));
        char text[SCHEDULE_TOKEN_MAX];
        assert_int_equal(token_write(whole, text), 0);
        size_t length = strlen(text);
        for (unsigned wrong = 1 + (unsigned)(draw(&random) % 3); wrong > 0; wrong--)
            text[draw(&random) % length] =
                (char)(draw(&random) & 1 ? draw(&random) % 128 : 'A' + draw(&random) % 58);
        if (draw(&random) % 4 == 0)
            text[draw(&random) % length] = '\0';
        if (token_read(token, text, NULL) == 0) {
            expect_fit(token);
            taken++;
        }
        free(whole);
    }
    assert_in_range(taken, 1000, 39000);
    free(token);
}

void test_any_bytes_are_read_safely(void **state)
{
    (void)state;
    uint64_t random = 11;
    struct token *token = malloc(sizeof *token);
    unsigned taken = 0;
    for (unsigned i = 0; i < 100000; i++) {
        unsigned char bytes[1600];
        char text[2200];
        size_t n = draw(&random) % (i % 100 == 0 ? sizeof bytes : 24);
        for (size_t at = 0; at < n; at++)
            bytes[at] = (unsigned char)draw(&random);
        bytes[0] = (unsigned char)((bytes[0] & 0xcf) | 0x10); /* of this version */
        encode(bytes, n, text);
        if (i % 3 == 0)
            snprintf(text + strlen(text), 32, "~%" PRIu64, draw_any(&random));
        if (token_read(token, text, NULL) == 0) {
            expect_fit(token);
            taken++;
        }
    }
    assert_in_range(taken, 1000, 99000);
    free(token);
}

/* ---- TOKEN~K ---- */

void test_a_token_is_cut_behind_a_step(void **state)
{
    (void)state;
    struct token token = {.stop = TOKEN_NO_STOP, .checked = true, .check = 7, .count = 3};
    char text[SCHEDULE_TOKEN_MAX + 32];
    token.deviation[0] = (struct deviation){0, 1};
    token.deviation[1] = (struct deviation){4, 2};
    token.deviation[2] = (struct deviation){9, 1};
    for (unsigned stop = 0; stop < 12; stop++) {
        assert_int_equal(token_write(&token, text), 0);
        snprintf(text + strlen(text), 32, "~%u", stop);
        struct token *cut = must_read(text);
        assert_int_equal(cut->stop, stop);
        assert_int_equal(cut->count, (stop > 0) + (stop > 4) + (stop > 9));
        assert_false(cut->checked);
        free(cut);
    }
}

void test_a_token_that_stops_is_cut_as_well(void **state)
{
    (void)state;
    struct token token = {.stop = 5, .checked = true, .check = 7};
    char text[SCHEDULE_TOKEN_MAX + 32];
    for (unsigned stop = 3; stop < 8; stop++) {
        assert_int_equal(token_write(&token, text), 0);
        snprintf(text + strlen(text), 32, "~%u", stop);
        struct token *cut = must_read(text);
        assert_int_equal(cut->stop, stop);
        assert_int_equal(cut->checked, stop == 5); /* it is over so many steps and no others */
        free(cut);
    }
}

void test_what_is_behind_the_tilde_is_a_number(void **state)
{
    (void)state;
    static const char *const bad[] = {"~",   "~x",  "~-1",  "~+1",  "~ 1",
                                      "~1x", "~~1", "~1~2", "~0x1", "~18446744073709551616"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "EAECAwQ%s", bad[i]);
        assert_string_equal(refusal(text), "must end in a number of steps after ~");
    }
    assert_string_equal(refusal("EAECAwQ~0"), "");
    assert_string_equal(refusal("EAECAwQ~18446744073709551614"), "");
    assert_string_equal(refusal("~3"), "is not a token");
}

/* ---- for which job ---- */

static struct job counter_job(void)
{
    struct job job;
    job_init(&job, "race-counter");
    job_set(&job, "threads", "2", NULL);
    job_set(&job, "n", "100", NULL);
    job_set(&job, "limit_ms", "5000", NULL);
    return job;
}

static const char *check(const char *text, const struct job *job)
{
    static struct err err;
    err = (struct err){0};
    return token_check(text, job, &err) < 0 ? err.text : "";
}

void test_a_token_is_for_one_scenario_and_its_parameters(void **state)
{
    (void)state;
    struct job job = counter_job(), other;
    struct token token = {.stop = TOKEN_NO_STOP};
    char text[SCHEDULE_TOKEN_MAX], cut[SCHEDULE_TOKEN_MAX + 8];
    token_identify(&token, &job);
    assert_int_equal(token_write(&token, text), 0);
    assert_string_equal(check(text, &job), "");
    snprintf(cut, sizeof cut, "%s~3", text);
    assert_string_equal(check(cut, &job), "");
    assert_string_equal(check("EAECAwQ", &job), "is a token for another scenario");
    assert_string_equal(check("none", &job), "is not a token");
    job_init(&other, "race-counter"); /* in another order, and with another limit */
    job_set(&other, "limit_ms", "100", NULL);
    job_set(&other, "n", "100", NULL);
    job_set(&other, "threads", "2", NULL);
    assert_string_equal(check(text, &other), "");
    job_set(&other, "n", "101", NULL);
    assert_string_equal(check(text, &other), "is a token for other parameters");
    other = job;
    job_set(&other, "threads", "100", NULL); /* the same texts, exchanged */
    job_set(&other, "n", "2", NULL);
    assert_string_equal(check(text, &other), "is a token for other parameters");
    strcpy(other.scenario, "race-counters");
    assert_string_equal(check(text, &other), "is a token for another scenario");
}

/* ---- a schedule in words ---- */

static struct schedule must_parse(const char *text)
{
    struct schedule s = SCHEDULE_DEFAULT;
    struct err err = {0};
    s.seed = 5;
    assert_int_equal(schedule_parse(&s, text, &err), 0);
    return s;
}

void test_every_mode_has_its_words(void **state)
{
    (void)state;
    for (int mode = 0; mode < SCHEDULE_MODE_COUNT; mode++)
        assert_int_equal(schedule_mode_of(schedule_mode_text((enum schedule_mode)mode)), mode);
    assert_int_equal(schedule_mode_of(""), -1);
    assert_int_equal(must_parse("free").mode, SCHEDULE_FREE);
    assert_int_equal(must_parse("round-robin").mode, SCHEDULE_ROUND_ROBIN);
    assert_int_equal(must_parse("random").seed, 5); /* as it was */
    assert_true(must_parse("random:9007199254740991").seed == SCHEDULE_SEED_MAX);
    struct schedule s = must_parse("pct:7:16");
    assert_true(s.mode == SCHEDULE_PCT && s.seed == 7 && s.depth == 16);
    assert_int_equal(must_parse("pct:7").depth, 3);
    assert_int_equal(must_parse("explore").max_preemptions, SCHEDULE_UNBOUNDED);
    assert_int_equal(must_parse("explore:0").max_preemptions, 0);
    assert_int_equal(must_parse("explore:16").max_preemptions, 16);
    s = must_parse("replay:EAECAwQ~3");
    assert_int_equal(s.mode, SCHEDULE_REPLAY);
    assert_string_equal(s.token, "EAECAwQ~3");
    s = must_parse("shrink:EAECAwQ");
    assert_int_equal(s.mode, SCHEDULE_SHRINK);
    assert_string_equal(s.token, "EAECAwQ");
}

void test_other_words_are_refused_and_change_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "Free",
                                      "free:",
                                      "free:1",
                                      "random:",
                                      "random:x",
                                      "random:-1",
                                      "random: 1",
                                      "random:1:",
                                      "random:1:2",
                                      "random:9007199254740992",
                                      "random:18446744073709551616",
                                      "pct:9007199254740992:3",
                                      "pct:",
                                      "pct::3",
                                      "pct:1:",
                                      "pct:1:0",
                                      "pct:1:17",
                                      "pct:1:2:3",
                                      "replay",
                                      "replay:",
                                      "shrink",
                                      "explore:",
                                      "explore:17",
                                      "explore:-1",
                                      "explore:1:",
                                      "round-robin:1",
                                      "round-robin:",
                                      "a mode that is far longer than any"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct schedule s = SCHEDULE_DEFAULT;
        struct err err = {0};
        const struct schedule before = s;
        assert_int_equal(schedule_parse(&s, bad[i], &err), -EINVAL);
        assert_true(err.text[0] != '\0');
        assert_memory_equal(&s, &before, sizeof s);
    }
    char longer[SCHEDULE_TOKEN_MAX + 8] = "replay:";
    memset(longer + 7, 'A', SCHEDULE_TOKEN_MAX);
    longer[7 + SCHEDULE_TOKEN_MAX] = '\0';
    struct schedule s = SCHEDULE_DEFAULT;
    assert_int_equal(schedule_parse(&s, longer, NULL), -EINVAL);
    longer[7 + SCHEDULE_TOKEN_MAX - 1] = '\0';
    assert_int_equal(schedule_parse(&s, longer, NULL), 0);
}

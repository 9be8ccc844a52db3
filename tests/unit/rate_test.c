/* Token buckets: what they let through, what they say, what they forget. */
#include "tests/unit/test.h"

#include "server/base/rate.h"

#include <stdlib.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

static const struct quota quotas[RATE_KIND_COUNT] = {
    [RATE_CLIENT] = {10, 5}, [RATE_ADDRESS] = {15, 3}, [RATE_READS] = {0, 1}};

static const struct rate_ask *take(struct rates *rates, uint64_t who, uint64_t now,
                                   struct rate_ask *ret)
{
    *ret = (struct rate_ask){.kind = RATE_CLIENT, .who = who};
    return rates_take(rates, ret, 1, now);
}

void test_rate_is_a_quota_at_once_and_then_even(void **state)
{
    (void)state;
    struct rates *rates = rates_new(quotas, 16);
    struct rate_ask ask;
    uint64_t now = 100 * SECOND;
    for (unsigned i = 0; i < 10; i++) {
        assert_null(take(rates, 1, now, &ask));
        assert_int_equal(ask.standing.remaining, 9 - i);
        assert_int_equal(ask.standing.reset, (i + 2) / 2);
    }
    assert_non_null(take(rates, 1, now, &ask));
    assert_int_equal(ask.standing.remaining, 0);
    assert_int_equal(ask.standing.retry, 1);
    assert_non_null(take(rates, 1, now + SECOND / 2 - 1, &ask));
    assert_null(take(rates, 1, now + SECOND / 2, &ask));
    assert_non_null(take(rates, 1, now + SECOND / 2, &ask));
    assert_null(take(rates, 2, now, &ask));
    now += 6 * SECOND;
    assert_null(take(rates, 1, now, &ask));
    assert_int_equal(ask.standing.remaining, 9);
    rates_free(rates);
}

void test_rate_takes_from_all_or_none(void **state)
{
    (void)state;
    struct rates *rates = rates_new(quotas, 16);
    uint64_t now = 7;
    unsigned passed = 0;
    for (unsigned who = 0; who < 3; who++)
        for (unsigned i = 0; i < 10; i++) {
            struct rate_ask asks[] = {{.kind = RATE_CLIENT, .who = who},
                                      {.kind = RATE_ADDRESS, .who = 99}};
            const struct rate_ask *empty = rates_take(rates, asks, 2, now);
            passed += !empty;
            assert_true(!empty == (passed <= 15 && who * 10 + i < 15));
            if (empty)
                assert_int_equal(empty->kind, RATE_ADDRESS);
        }
    assert_int_equal(passed, 15);
    struct rate_ask ask;
    assert_null(take(rates, 2, now, &ask));
    assert_int_equal(ask.standing.remaining, 9);
    rates_free(rates);
}

void test_rate_without_a_quota_lets_all_through(void **state)
{
    (void)state;
    struct rates *rates = rates_new(quotas, 16);
    for (unsigned i = 0; i < 100000; i++) {
        struct rate_ask ask = {.kind = RATE_READS, .who = 5};
        assert_null(rates_take(rates, &ask, 1, 1));
    }
    rates_free(rates);
}

/* Against one number for each asker, at random times; what it says of waiting is true. */
void test_rate_is_that_of_the_model(void **state)
{
    (void)state;
    enum { WHO = 8 };
    struct rates *rates = rates_new(quotas, WHO);
    double tokens[WHO], then[WHO];
    uint64_t now = SECOND;
    unsigned refused = 0;
    for (unsigned i = 0; i < WHO; i++) {
        tokens[i] = 10;
        then[i] = (double)now;
    }
    srand(3);
    for (unsigned i = 0; i < 100000; i++) {
        unsigned who = (unsigned)rand() % WHO;
        now += (uint64_t)rand() % (SECOND / 10);
        tokens[who] += ((double)now - then[who]) * 2 / 1e9;
        then[who] = (double)now;
        if (tokens[who] > 10)
            tokens[who] = 10;
        if (tokens[who] > 0.9999 && tokens[who] < 1.0001)
            continue;
        struct rate_ask ask;
        const struct rate_ask *empty = take(rates, who, now, &ask);
        assert_int_equal(!empty, tokens[who] >= 1);
        if (!empty)
            tokens[who] -= 1;
        else
            assert_int_equal(ask.standing.retry, 1);
        refused += empty != NULL;
    }
    assert_true(refused > 1000);
    rates_free(rates);
}

void test_rate_forgets_who_asked_longest_ago(void **state)
{
    (void)state;
    enum { KNOWN = 100 };
    struct rates *rates = rates_new(quotas, KNOWN);
    struct rate_ask ask;
    for (unsigned i = 0; i < 10; i++)
        assert_null(take(rates, 1, 1, &ask));
    for (uint64_t who = 2; who <= KNOWN; who++)
        assert_null(take(rates, who * 7919, 1, &ask));
    assert_non_null(take(rates, 1, 1, &ask));
    for (uint64_t who = 2; who <= KNOWN; who++)
        assert_null(take(rates, who * 104729, 1, &ask));
    assert_non_null(take(rates, 1, 1, &ask));
    for (uint64_t who = 1; who <= KNOWN; who++)
        assert_null(take(rates, who * 1299709, 1, &ask));
    assert_null(take(rates, 1, 1, &ask));
    rates_free(rates);
}

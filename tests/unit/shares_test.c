/* Who has how much of what there is only so much of. */
#include "tests/unit/test.h"

#include "server/base/shares.h"

#include <errno.h>

void test_shares_are_bounded_for_one_and_for_all(void **state)
{
    (void)state;
    struct shares *shares = shares_new(10, 4, 8);
    assert_int_equal(shares_take(shares, 1, 3), 0);
    assert_int_equal(shares_take(shares, 1, 2), -EDQUOT);
    assert_int_equal(shares_take(shares, 1, 1), 0);
    assert_int_equal(shares_take(shares, 2, 4), 0);
    assert_int_equal(shares_take(shares, 3, 3), -EAGAIN);
    assert_int_equal(shares_take(shares, 3, 2), 0);
    assert_int_equal(shares_held(shares), 10);
    shares_give(shares, 1, 4);
    assert_int_equal(shares_take(shares, 1, 4), 0);
    shares_give(shares, 1, 1);
    shares_give(shares, 1, 3);
    shares_give(shares, 2, 4);
    shares_give(shares, 3, 2);
    assert_int_equal(shares_held(shares), 0);
    shares_free(shares);
}

void test_shares_of_nobody_are_bounded_for_all_alone(void **state)
{
    (void)state;
    struct shares *shares = shares_new(10, 4, 8);
    assert_int_equal(shares_take(shares, 0, 9), 0);
    assert_int_equal(shares_take(shares, 0, 2), -EAGAIN);
    assert_int_equal(shares_take(shares, 0, 1), 0);
    assert_int_equal(shares_take(shares, 1, 1), -EAGAIN);
    shares_give(shares, 0, 9);
    assert_int_equal(shares_take(shares, 1, 1), 0);
    shares_free(shares);
}

void test_shares_let_one_thing_be_larger_than_its_bound(void **state)
{
    (void)state;
    struct shares *shares = shares_new(10, 4, 8);
    assert_int_equal(shares_take(shares, 1, UINT64_MAX), 0);
    assert_int_equal(shares_take(shares, 1, 1), -EDQUOT);
    assert_int_equal(shares_take(shares, 2, 1), -EAGAIN);
    shares_give(shares, 1, UINT64_MAX);
    assert_int_equal(shares_take(shares, 2, 6), 0);
    assert_int_equal(shares_take(shares, 2, 1), -EDQUOT);
    assert_int_equal(shares_take(shares, 1, 5), -EAGAIN);
    assert_int_equal(shares_take(shares, 1, 4), 0);
    shares_free(shares);
}

/* Holders that fall on one another's places, coming and going: none is lost or mixed up. */
void test_shares_find_everybody_among_neighbours(void **state)
{
    (void)state;
    enum { HOLDERS = 64, ROUNDS = 20000 };
    struct shares *shares = shares_new(1 << 20, 5, HOLDERS);
    unsigned held[HOLDERS] = {0}, all = 0;
    uint32_t random = 1;
    for (unsigned i = 0; i < ROUNDS; i++) {
        random = random * 1664525 + 1013904223;
        unsigned one = random >> 26;
        uint64_t who = 120 + one % 8 + one / 8 * 128; /* 8 to a place, at the end of the table */
        if (random & 1 << 20) {
            assert_int_equal(shares_take(shares, who, 1), held[one] == 5 ? -EDQUOT : 0);
            all += held[one] < 5;
            held[one] += held[one] < 5;
        } else if (held[one] > 0) {
            shares_give(shares, who, 1);
            held[one]--;
            all--;
        }
        assert_int_equal(shares_held(shares), all);
    }
    shares_free(shares);
}

void test_shares_have_room_for_so_many_holders(void **state)
{
    (void)state;
    struct shares *shares = shares_new(100, 100, 3);
    for (uint64_t who = 1; who <= 3; who++)
        assert_int_equal(shares_take(shares, who, 1), 0);
    assert_int_equal(shares_take(shares, 4, 1), -EAGAIN);
    assert_int_equal(shares_take(shares, 3, 1), 0);
    shares_give(shares, 1, 1);
    assert_int_equal(shares_take(shares, 4, 1), 0);
    shares_free(shares);
}

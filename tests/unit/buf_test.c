#include "tests/unit/test.h"

#include "sandbox/base/buf.h"
#include "sandbox/base/jsonw.h"
#include "sandbox/base/utf8.h"

#include <errno.h>
#include <math.h>
#include <string.h>

void test_buf_keeps_its_ceiling(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf b = BUF_INIT(10);
    assert_int_equal(buf_adds(&b, "0123456789"), 0);
    assert_int_equal(buf_adds(&b, "x"), -EMSGSIZE);
    assert_int_equal(buf_error(&b), -EMSGSIZE);
    assert_string_equal(buf_text(&b), "0123456789");
}

void test_buf_failure_sticks_until_cleared(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf b = BUF_INIT(4);
    assert_int_equal(buf_printf(&b, "%d", 123456), -EMSGSIZE);
    assert_int_equal(buf_adds(&b, "1"), -EMSGSIZE);
    buf_clear(&b);
    assert_int_equal(buf_adds(&b, "1"), 0);
}

void test_buf_printf_longer_than_its_stack(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf b = BUF_INIT(4096);
    assert_int_equal(buf_printf(&b, "%0*d", 1000, 7), 0);
    assert_int_equal(b.len, 1000);
    assert_int_equal(b.data[999], '7');
}

void test_buf_consume_moves_the_rest_forward(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf b = BUF_INIT(100);
    buf_adds(&b, "first,second");
    buf_consume(&b, 6);
    assert_string_equal(buf_text(&b), "second");
}

static const char *json_string(struct buf *b, const char *text, size_t n)
{
    struct jsonw w = JSONW(b);
    buf_clear(b);
    jsonw_string_n(&w, text, n);
    return buf_text(b);
}

void test_jsonw_escapes_and_replaces(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf b = BUF_INIT(1000);
    assert_string_equal(json_string(&b, "a\"b\\\n\x01", 6), "\"a\\\"b\\\\\\n\\u0001\"");
    assert_string_equal(json_string(&b, "锁", 3), "\"锁\"");
    assert_string_equal(json_string(&b, "\xc3(", 2), "\"\xef\xbf\xbd(\"");
    assert_string_equal(json_string(&b, "\xed\xa0\x80", 3),
                        "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_string_equal(json_string(&b, "a\0b", 3), "\"a\\u0000b\"");
}

void test_jsonw_commas_and_nesting(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf b = BUF_INIT(1000);
    struct jsonw w = JSONW(&b);
    jsonw_open(&w, '{');
    jsonw_put_integer(&w, "a", 1);
    jsonw_name(&w, "b");
    jsonw_open(&w, '[');
    jsonw_bool(&w, true);
    jsonw_null(&w);
    jsonw_close(&w, ']');
    jsonw_close(&w, '}');
    assert_string_equal(buf_text(&b), "{\"a\":1,\"b\":[true,null]}");
}

void test_jsonw_numbers_survive(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf b = BUF_INIT(1000);
    struct jsonw w = JSONW(&b);
    jsonw_open(&w, '[');
    jsonw_number(&w, 0.1);
    jsonw_number(&w, NAN);
    jsonw_integer(&w, INT64_C(9007199254740992));
    jsonw_integer(&w, INT64_C(9007199254740993));
    jsonw_close(&w, ']');
    assert_string_equal(buf_text(&b), "[0.1,null,9007199254740992,\"9007199254740993\"]");
}

void test_utf8_clean_never_cuts_a_character(void **state)
{
    (void)state;
    char out[6];
    utf8_clean(out, sizeof out, "ab锁锁", 8);
    assert_string_equal(out, "ab锁");
    utf8_clean(out, sizeof out, "a\x01\xff", 3);
    assert_string_equal(out, "a??");
    utf8_clean(out, sizeof out, "\xc2\x9b\xc2\xa0", 4);
    assert_string_equal(out, "?\xc2\xa0");
}

void test_utf8_width_refuses_long_forms(void **state)
{
    (void)state;
    assert_int_equal(utf8_width("\xc0\x80", 2), 0);
    assert_int_equal(utf8_width("\xe0\x80\x80", 3), 0);
    assert_int_equal(utf8_width("\xf4\x90\x80\x80", 4), 0);
    assert_int_equal(utf8_width("\xf0\x9f\x94\x92", 4), 4);
    assert_int_equal(utf8_width("\xf0\x9f\x94", 3), 0);
}

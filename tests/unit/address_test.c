/* Addresses, networks, and who is behind a chain of proxies. */
#include "tests/unit/test.h"

#include "server/clients/address.h"
#include "server/base/keyed_hash.h"

#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *group_of(const char *text)
{
    static char out[ADDRESS_TEXT_MAX];
    struct address a;
    if (!address_parse(text, strlen(text), &a))
        return "none";
    address_group(&a, out);
    return out;
}

void test_address_is_grouped(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"192.0.2.7", "192.0.2.7"},
        {"192.0.2.7:8080", "192.0.2.7"},
        {"::ffff:192.0.2.7", "192.0.2.7"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
        {"2001:db8:1:2::", "2001:db8:1:2::/64"},
        {"[2001:db8::1]", "2001:db8::/64"},
        {"[2001:db8::1]:443", "2001:db8::/64"},
        {"::1", "::/64"},
        {"", "none"},
        {"unknown", "none"},
        {"_hidden", "none"},
        {"192.0.2", "none"},
        {"192.0.2.256", "none"},
        {"192.0.2.7:", "none"},
        {"192.0.2.7:x", "none"},
        {"192.0.2.7:123456", "none"},
        {"[2001:db8::1", "none"},
        {"[2001:db8::1]x", "none"},
        {"[2001:db8::1]:", "none"},
        {"2001:db8::1%eth0", "none"},
        {"1234567890123456789012345678901234567890123456789012345678901234567890", "none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(group_of(cases[i][0]), cases[i][1]);
}

void test_address_of_a_socket(void **state)
{
    (void)state;
    char text[ADDRESS_TEXT_MAX];
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    inet_pton(AF_INET6, "::ffff:127.9.9.9", &six.sin6_addr);
    struct address a = address_of((struct sockaddr *)&four),
                   b = address_of((struct sockaddr *)&six);
    assert_true(address_is_loopback(&a));
    assert_true(address_is_loopback(&b));
    address_group(&b, text);
    assert_string_equal(text, "127.9.9.9");
    inet_pton(AF_INET6, "::1", &six.sin6_addr);
    a = address_of((struct sockaddr *)&six);
    assert_true(address_is_loopback(&a));
    inet_pton(AF_INET6, "2001:db8::1", &six.sin6_addr);
    a = address_of((struct sockaddr *)&six);
    assert_false(address_is_loopback(&a));
    a = address_of(NULL);
    assert_false(address_is_loopback(&a));
}

static bool held(const char *networks, const char *address)
{
    struct networks n;
    struct address a;
    assert_int_equal(networks_parse(&n, networks, NULL), 0);
    assert_true(address_parse(address, strlen(address), &a));
    return networks_hold(&n, &a);
}

void test_networks_hold_what_has_their_prefix(void **state)
{
    (void)state;
    assert_true(held("10.0.0.0/8", "10.255.1.2"));
    assert_false(held("10.0.0.0/8", "11.0.0.0"));
    assert_true(held("192.168.4.0/22, 10.0.0.1", "192.168.7.255"));
    assert_false(held("192.168.4.0/22,10.0.0.1", "192.168.8.0"));
    assert_true(held("192.168.4.0/22,10.0.0.1", "10.0.0.1"));
    assert_false(held("192.168.4.0/22,10.0.0.1", "10.0.0.2"));
    assert_true(held("172.17.0.1/16", "172.17.200.3"));
    assert_true(held("0.0.0.0/0", "203.0.113.9"));
    assert_false(held("0.0.0.0/0", "2001:db8::1"));
    assert_true(held("::/0", "203.0.113.9"));
    assert_true(held("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(held("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(held("::1", "::1"));
    assert_false(held("::1", "::2"));
    assert_true(held("::ffff:10.0.0.0/104", "10.1.2.3"));
    assert_false(held("::ffff:10.0.0.0/104", "11.1.2.3"));
}

void test_networks_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "x",
                                      "10.0.0.0/33",
                                      "10.0.0.0/",
                                      "10.0.0.0/x",
                                      "::1/129",
                                      "10.0.0.1,",
                                      ",10.0.0.1",
                                      "10.0.0.0/8 11.0.0.0/8",
                                      "10.0.0.0/-1",
                                      "10.0.0.0/8/8",
                                      "10.0.0.1:80",
                                      "[::1]"};
    struct networks n;
    struct err err;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        err.text[0] = '\0';
        assert_int_not_equal(networks_parse(&n, bad[i], &err), 0);
        assert_true(err.text[0] != '\0');
    }
    char many[NETWORKS_MAX * 10 + 20] = "10.0.0.1";
    for (unsigned i = 1; i < NETWORKS_MAX; i++)
        strcat(many, ",10.0.0.1");
    assert_int_equal(networks_parse(&n, many, NULL), 0);
    strcat(many, ",10.0.0.1");
    assert_int_not_equal(networks_parse(&n, many, NULL), 0);
}

static const char *behind(const char *first, const char *second)
{
    static char out[ADDRESS_TEXT_MAX];
    struct networks trusted;
    struct address peer;
    networks_parse(&trusted, "10.0.0.0/8,fd00::/8", NULL);
    address_parse("10.0.0.1", 8, &peer);
    struct forwarded f = {.trusted = &trusted};
    if (first)
        forwarded_take(&f, first);
    if (second)
        forwarded_take(&f, second);
    struct address found = forwarded_end(&f, &peer);
    address_group(&found, out);
    return out;
}

void test_forwarded_is_read_from_the_right(void **state)
{
    (void)state;
    assert_string_equal(behind(NULL, NULL), "10.0.0.1");
    assert_string_equal(behind("203.0.113.9", NULL), "203.0.113.9");
    assert_string_equal(behind("1.1.1.1, 203.0.113.9", NULL), "203.0.113.9");
    assert_string_equal(behind("1.1.1.1,203.0.113.9 ,10.0.0.2,\t10.0.0.3", NULL), "203.0.113.9");
    assert_string_equal(behind("10.9.9.9, 10.0.0.2", NULL), "10.9.9.9");
    assert_string_equal(behind("1.1.1.1, unknown, 10.0.0.2", NULL), "10.0.0.2");
    assert_string_equal(behind("1.1.1.1, 203.0.113.9, unknown", NULL), "10.0.0.1");
    assert_string_equal(behind("", NULL), "10.0.0.1");
    assert_string_equal(behind("1.1.1.1,", NULL), "10.0.0.1");
    assert_string_equal(behind("1.1.1.1", "203.0.113.9"), "203.0.113.9");
    assert_string_equal(behind("203.0.113.9", "10.0.0.2"), "203.0.113.9");
    assert_string_equal(behind("[2001:db8::7]:5555, fd00::5", NULL), "2001:db8::/64");
}

/* Against reading the list from the right, entry by entry. */
void test_forwarded_is_that_of_the_model(void **state)
{
    (void)state;
    static const char *const entries[] = {"10.0.0.2", "10.1.1.1", "203.0.113.9", "1.1.1.1", "junk"};
    srand(5);
    for (unsigned round = 0; round < 20000; round++) {
        unsigned n = 1 + (unsigned)rand() % 6, list[6];
        char text[128] = "";
        const char *expected = "10.0.0.1";
        for (unsigned i = 0; i < n; i++) {
            list[i] = (unsigned)rand() % 5;
            strcat(strcat(text, i ? ", " : ""), entries[list[i]]);
        }
        for (unsigned i = n; i-- > 0 && list[i] != 4;) {
            expected = entries[list[i]];
            if (list[i] >= 2)
                break;
        }
        assert_string_equal(behind(text, NULL), expected);
    }
}

/* Vectors of the paper (no bytes), and of OpenSSL. */
void test_keyed_hash_is_siphash(void **state)
{
    (void)state;
    const struct hash_key key = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    assert_int_equal(keyed_hash(&key, ""), UINT64_C(0x726fdb47dd0e0e31));
    assert_int_equal(keyed_hash(&key, "abc"), UINT64_C(0x5dbcfa53aa2007a5));
    assert_int_equal(keyed_hash(&key, "abcdefgh"), UINT64_C(0xc329dda391d44470));
    assert_int_equal(keyed_hash(&key, "session:0123456789"), UINT64_C(0x400dcaae768cb5e9));
    struct hash_key a, b;
    assert_int_equal(hash_key_draw(&a), 0);
    assert_int_equal(hash_key_draw(&b), 0);
    assert_int_not_equal(keyed_hash(&a, "same"), keyed_hash(&b, "same"));
}

/*
 * Addresses: what X-Forwarded-For says, and the lists of networks and origins of the command line.
 * The input is a list, a line feed, and lines of the header.
 */
#include "tests/fuzz/fuzz.h"

#include "server/clients/address.h"
#include "server/clients/origin.h"

#include <arpa/inet.h>
#include <string.h>

/* A group is an address and, of IPv6, its /64; the address in it is of the same group. */
static void expect_group(const struct address *address)
{
    char group[ADDRESS_TEXT_MAX], again[ADDRESS_TEXT_MAX];
    struct address base;
    address_group(address, group);
    size_t n = strcspn(group, "/");
    check(strlen(group) < ADDRESS_TEXT_MAX && (group[n] == '\0' || strcmp(group + n, "/64") == 0));
    check(address_parse(group, n, &base));
    address_group(&base, again);
    check(strcmp(group, again) == 0);
}

static void take_line(struct forwarded *forwarded, const char *line)
{
    struct address address;
    if (address_parse(line, strlen(line), &address))
        expect_group(&address);
    forwarded_take(forwarded, line);
}

/* Who asked is a proxy that is trusted only where nobody else is named. */
static void take_lines(const struct networks *trusted, char *lines)
{
    struct forwarded forwarded = {.trusted = trusted};
    const struct address peer = {{[15] = 1}};
    for (char *line = strsep(&lines, "\n"); line; line = strsep(&lines, "\n"))
        take_line(&forwarded, line);
    struct address who = forwarded_end(&forwarded, &peer);
    expect_group(&who);
    check(address_is_loopback(&peer));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct networks networks;
    struct origins origins;
    struct err err = {0};
    char *text = malloc(n + 1);
    memcpy(text, bytes, n);
    text[n] = '\0';
    char *lines = strchr(text, '\n');
    if (lines)
        *lines++ = '\0';
    if (origins_init(&origins, text, &err) < 0)
        check(err.text[0] && origins.count <= ORIGINS_MAX);
    for (unsigned i = 0; i < origins.count; i++)
        check(memchr(origins.list[i], '\0', ORIGIN_TEXT_MAX));
    if (networks_parse(&networks, text, &err) < 0)
        check(err.text[0]);
    check(networks.count <= NETWORKS_MAX);
    for (unsigned i = 0; i < networks.count; i++)
        check(networks.list[i].bits <= 128 && networks_hold(&networks, &networks.list[i].base));
    take_lines(&networks, lines ? lines : text);
    free(text);
    return 0;
}

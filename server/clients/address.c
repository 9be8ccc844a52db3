#include "server/clients/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
enum { MAPPED_BITS = 96 };

static bool is_ipv4(const struct address *a)
{
    return memcmp(a->bytes, mapped, sizeof mapped) == 0;
}

static struct address from_ipv4(const void *four)
{
    struct address a;
    memcpy(a.bytes, mapped, sizeof mapped);
    memcpy(a.bytes + sizeof mapped, four, 4);
    return a;
}

struct address address_of(const struct sockaddr *from)
{
    struct address a = {{0}};
    if (from && from->sa_family == AF_INET)
        a = from_ipv4(&((const struct sockaddr_in *)from)->sin_addr);
    else if (from && from->sa_family == AF_INET6)
        memcpy(a.bytes, &((const struct sockaddr_in6 *)from)->sin6_addr, sizeof a.bytes);
    return a;
}

/* An address and nothing else. */
static bool parse_bare(const char *text, size_t n, struct address *ret)
{
    char copy[INET6_ADDRSTRLEN];
    struct in_addr four;
    if (n == 0 || n >= sizeof copy)
        return false;
    memcpy(copy, text, n);
    copy[n] = '\0';
    if (inet_pton(AF_INET, copy, &four) == 1) {
        *ret = from_ipv4(&four);
        return true;
    }
    return inet_pton(AF_INET6, copy, ret->bytes) == 1;
}

static bool is_port(const char *text, size_t n)
{
    return n >= 1 && n <= 5 && strspn(text, "0123456789") >= n;
}

bool address_parse(const char *text, size_t n, struct address *ret)
{
    const char *bracket = n > 0 && text[0] == '[' ? memchr(text, ']', n) : NULL;
    if (bracket) {
        size_t inside = (size_t)(bracket - text) - 1, rest = n - inside - 2;
        return (rest == 0 || (bracket[1] == ':' && is_port(bracket + 2, rest - 1))) &&
               parse_bare(text + 1, inside, ret);
    }
    const char *colon = memchr(text, ':', n);
    size_t before = colon ? (size_t)(colon - text) : 0;
    if (colon && memchr(text, '.', before) && is_port(colon + 1, n - before - 1))
        return parse_bare(text, before, ret);
    return parse_bare(text, n, ret);
}

void address_group(const struct address *a, char out[static ADDRESS_TEXT_MAX])
{
    char text[INET6_ADDRSTRLEN];
    struct address net = *a;
    if (is_ipv4(a)) {
        inet_ntop(AF_INET, a->bytes + sizeof mapped, out, ADDRESS_TEXT_MAX);
        return;
    }
    memset(net.bytes + 8, 0, 8);
    inet_ntop(AF_INET6, net.bytes, text, sizeof text);
    snprintf(out, ADDRESS_TEXT_MAX, "%s/64", text);
}

static bool same_prefix(const struct address *a, const struct address *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    unsigned char mask = (unsigned char)(0xff00 >> rest);
    return memcmp(a->bytes, b->bytes, whole) == 0 &&
           (rest == 0 || ((a->bytes[whole] ^ b->bytes[whole]) & mask) == 0);
}

bool address_is_loopback(const struct address *a)
{
    static const struct address ipv6 = {{[15] = 1}};
    return (is_ipv4(a) && a->bytes[12] == 127) || memcmp(a, &ipv6, sizeof ipv6) == 0;
}

/* ---- networks ---- */

static int parse_one(struct networks *n, const char *text, size_t length)
{
    const char *slash = memchr(text, '/', length);
    size_t before = slash ? (size_t)(slash - text) : length;
    struct address base;
    if (!parse_bare(text, before, &base))
        return -EINVAL;
    bool short_form = is_ipv4(&base) && !memchr(text, ':', before);
    unsigned most = short_form ? 32 : 128, bits = most;
    if (slash) {
        size_t digits = length - before - 1;
        if (digits > 3 || !is_port(slash + 1, digits) || sscanf(slash + 1, "%3u", &bits) != 1 ||
            bits > most)
            return -EINVAL;
    }
    n->list[n->count].base = base;
    n->list[n->count++].bits = bits + (short_form ? MAPPED_BITS : 0);
    return 0;
}

int networks_parse(struct networks *ret, const char *text, struct err *err)
{
    *ret = (struct networks){0};
    for (const char *p = text;; p++) {
        p += strspn(p, " ");
        size_t n = strcspn(p, ", ");
        if (ret->count == NETWORKS_MAX)
            return err_set(err, EINVAL, "at most %d networks can be named", NETWORKS_MAX);
        if (parse_one(ret, p, n) < 0)
            return err_set(err, EINVAL,
                           "\"%.*s\" is no address or network such as 10.0.0.0/8 or fd00::/8",
                           n < 80 ? (int)n : 80, p);
        p += n + strspn(p + n, " ");
        if (*p == '\0')
            return 0;
        if (*p != ',')
            return err_set(err, EINVAL, "networks are separated by commas");
    }
}

bool networks_hold(const struct networks *n, const struct address *a)
{
    for (unsigned i = 0; i < n->count; i++)
        if (same_prefix(&n->list[i].base, a, n->list[i].bits))
            return true;
    return false;
}

/* ---- behind proxies ---- */

static void take_entry(struct forwarded *f, const char *text, size_t n)
{
    struct address a;
    bool good = address_parse(text, n, &a);
    if (!good) {
        f->known = false;
    } else if (!f->known || !networks_hold(f->trusted, &a)) {
        f->found = a;
        f->known = true;
    }
}

void forwarded_take(struct forwarded *f, const char *line)
{
    for (;;) {
        line += strspn(line, " \t");
        size_t n = strcspn(line, ","), end = n;
        while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\t'))
            end--;
        take_entry(f, line, end);
        if (line[n] == '\0')
            return;
        line += n + 1;
    }
}

struct address forwarded_end(const struct forwarded *f, const struct address *peer)
{
    return f->known ? f->found : *peer;
}

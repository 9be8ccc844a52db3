/*
 * Addresses of the network and lists of networks, and who is behind a chain of proxies. Pure; any
 * thread.
 */
#ifndef CLIENTS_ADDRESS_H
#define CLIENTS_ADDRESS_H

#include "sandbox/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* An IPv6 address; an IPv4 one is ::ffff:a.b.c.d. */
struct address {
    unsigned char bytes[16];
};

/* Of IPv4 or IPv6; anything else is ::. */
struct address address_of(const struct sockaddr *from);

/* Reads n bytes: an address, also with a port (1.2.3.4:5, [::1]:5) or in brackets. */
bool address_parse(const char *text, size_t n, struct address *ret);

enum { ADDRESS_TEXT_MAX = 64 };

/*
 * Whom an address stands for, as text: an IPv4 address for itself, an IPv6 one for its /64
 * ("2001:db8:0:1::/64"), which is what one household or one machine has to itself.
 */
void address_group(const struct address *address, char out[static ADDRESS_TEXT_MAX]);

bool address_is_loopback(const struct address *address);

enum { NETWORKS_MAX = 64 };

struct networks {
    unsigned count;
    struct {
        struct address base;
        unsigned bits; /* 0 … 128 */
    } list[NETWORKS_MAX];
};

/*
 * Reads "CIDR[,CIDR…]"; an address alone is a network of one. What is beyond the prefix does not
 * count. Returns 0 or -EINVAL with a sentence.
 */
int networks_parse(struct networks *ret, const char *text, struct err *err);

bool networks_hold(const struct networks *networks, const struct address *address);

/*
 * Who asked, by X-Forwarded-For: read from the right, past the proxies that are trusted, to the
 * first that is not. What is not an address ends the reading, since whatever stands left of it may
 * be made up. Start with the networks alone, give every header line in the order they came, and
 * end with the peer, which must be trusted.
 */
struct forwarded {
    const struct networks *trusted;
    bool known; /* found is set */
    struct address found;
};
void forwarded_take(struct forwarded *forwarded, const char *line);
struct address forwarded_end(const struct forwarded *forwarded, const struct address *peer);

#endif

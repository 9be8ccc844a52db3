/*
 * Who asks.
 *
 * The address is that of the connection's other end or, when that is a trusted proxy, the one it
 * says in X-Forwarded-For. The key is what turns in the queue and rates go by: the session when one
 * came with the request, else the address. Keys of other kinds may stand beside these; the letters
 * before the colon say what one is.
 *
 * Addresses are not written to the log: there a client is a hash of its key that is drawn anew
 * when the program starts.
 */
#ifndef CLIENTS_CLIENT_H
#define CLIENTS_CLIENT_H

#include "server/base/keyed_hash.h"
#include "server/clients/address.h"
#include "server/http/http.h"

#include <stdatomic.h>

enum { CLIENT_KEY_MAX = 192 }; /* holds a name in a workshop, too */

/* What is known of all; constant but for `told`. */
struct clients {
    struct networks trusted; /* proxies */
    struct networks private;
    struct hash_key hash;
    _Atomic bool told; /* that a proxy may have been forgotten */
};

/* `trusted` is a list of networks or NULL. Returns 0 or -errno with the reason. */
int clients_init(struct clients *clients, const char *trusted, struct err *err);

/* The cookie of a session, in which its id is. */
#define CLIENT_COOKIE "interleave_session"

struct client {
    char key[CLIENT_KEY_MAX];        /* "session:…" or "address:…" */
    char address[ADDRESS_TEXT_MAX];  /* as address_group() writes it */
    uint64_t key_hash, address_hash; /* keyed; that of the address is not 0 */
    bool secure;                     /* it used https, the proxy says */
    bool local;                      /* the address is the loopback's */
    bool stranger;                   /* a page of another origin asks, which has no session */
    const char *session;             /* that came along, or NULL; a stranger has none */
    const char *host;                /* of ours, as the client knows it; NULL: not told */
    const char *route;               /* the pattern of what was asked for, or NULL */
};

/* Finds out who asks, once for a request; the client lives as long as that. NULL without memory. */
struct client *client_meet(struct clients *clients, struct request *request);

/* It is a stranger: known by its address alone from now on. */
void client_estrange(struct clients *clients, struct client *client);

/* The address, unless it is the loopback's: that is a proxy's, or everybody's on this machine. */
static inline const char *client_address(const struct client *client)
{
    return client->local ? NULL : client->address;
}

/* Whose share the client takes of what there is only so much of, by its address; 0: nobody's. */
static inline uint64_t client_holder(const struct client *client)
{
    return client->local ? 0 : client->address_hash;
}

/* The same of a connection from there: nobody's also of a trusted proxy, whose clients have each
 * their own. */
uint64_t clients_holder(const struct clients *clients, const struct sockaddr *peer);

/* Whom client_meet() found. */
const struct client *client_of(const struct request *request);

#endif

#include "server/clients/client.h"

#include "server/base/log.h"
#include "server/base/random_id.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a proxy of one's own is likely to be. */
static const char private_networks[] =
    "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,::1,fc00::/7,fe80::/10";

int clients_init(struct clients *clients, const char *trusted, struct err *err)
{
    *clients = (struct clients){0};
    int r = networks_parse(&clients->private, private_networks, err);
    if (r == 0 && trusted)
        r = networks_parse(&clients->trusted, trusted, err);
    if (r < 0)
        return err_wrap(err, "--trusted-proxy");
    r = hash_key_draw(&clients->hash);
    return r < 0 ? err_errno(err, -r, "cannot draw a key") : 0;
}

static void take_forwarded(void *context, const char *value)
{
    forwarded_take(context, value);
}

static struct address who(struct clients *clients, const struct request *request,
                          const struct address *peer)
{
    struct forwarded forwarded = {.trusted = &clients->trusted};
    request_each_header(request, "X-Forwarded-For", take_forwarded, &forwarded);
    return forwarded_end(&forwarded, peer);
}

static void tell_of_proxy(struct clients *clients, const struct request *request,
                          const struct address *peer)
{
    char text[ADDRESS_TEXT_MAX];
    if (!request_header(request, "X-Forwarded-For") || !networks_hold(&clients->private, peer) ||
        atomic_exchange(&clients->told, true))
        return;
    address_group(peer, text);
    log_line(LOG_WARNING,
             "X-Forwarded-For of %s is not believed, and all who come by it count as one address; "
             "--trusted-proxy %s believes it",
             text, text);
}

/* Of what several proxies say the last. */
static void take_last(void *context, const char *value)
{
    const char *comma = strrchr(value, ',');
    const char *word = comma ? comma + 1 : value;
    *(const char **)context = word + strspn(word, " \t");
}

/* The id in the request's cookie if it could be one of ours, else NULL. */
static const char *session_in(const struct request *request)
{
    const char *session = request_cookie(request, CLIENT_COOKIE);
    if (!session || strlen(session) != RANDOM_ID_SIZE - 1)
        return NULL;
    for (const char *p = session; *p; p++)
        if (!isalnum((unsigned char)*p))
            return NULL;
    return session;
}

static void set_key(const struct clients *clients, struct client *client)
{
    snprintf(client->key, sizeof client->key, client->session ? "session:%s" : "address:%s",
             client->session ? client->session : client->address);
    client->key_hash = keyed_hash(&clients->hash, client->key);
}

static uint64_t hash_address(const struct clients *clients, const char *text)
{
    uint64_t hash = keyed_hash(&clients->hash, text);
    return hash ? hash : 1;
}

uint64_t clients_holder(const struct clients *clients, const struct sockaddr *peer)
{
    char text[ADDRESS_TEXT_MAX];
    struct address from = address_of(peer);
    if (address_is_loopback(&from) || networks_hold(&clients->trusted, &from))
        return 0;
    address_group(&from, text);
    return hash_address(clients, text);
}

static void fill(struct client *client, struct clients *clients, const struct request *request)
{
    struct address from = address_of(request_peer(request));
    const char *scheme = "http";
    client->session = session_in(request);
    client->host = request_header(request, "Host");
    if (networks_hold(&clients->trusted, &from)) {
        request_each_header(request, "X-Forwarded-Host", take_last, &client->host);
        request_each_header(request, "X-Forwarded-Proto", take_last, &scheme);
        from = who(clients, request, &from);
    } else {
        tell_of_proxy(clients, request, &from);
    }
    client->secure = strcasecmp(scheme, "https") == 0;
    client->local = address_is_loopback(&from);
    address_group(&from, client->address);
    set_key(clients, client);
    client->address_hash = hash_address(clients, client->address);
}

struct client *client_meet(struct clients *clients, struct request *request)
{
    struct client *client = calloc(1, sizeof *client);
    if (!client)
        return NULL;
    fill(client, clients, request);
    request_set_note(request, client, free);
    return client;
}

void client_estrange(struct clients *clients, struct client *client)
{
    client->stranger = true;
    client->session = NULL;
    set_key(clients, client);
}

const struct client *client_of(const struct request *request)
{
    return request_note(request);
}

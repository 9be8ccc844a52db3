#include "server/runs/turns.h"

#include "server/base/keyed_hash.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 };

/* Somebody who has places: a client, or an address, which itself never waits. */
struct turns_client {
    struct turns_client *same;        /* of the same bucket */
    struct turns_client *prev, *next; /* among those that wait */
    struct turn *first, **last;
    unsigned admitted, waiting;
    char key[];
};

struct turns {
    struct hash_key hash;
    struct turns_client *buckets[BUCKETS];
    struct turns_client *first, *last; /* that wait, whose turn it is first */
    unsigned most, of_one;
    struct turns_counts counts;
};

struct turns *turns_new(unsigned most, unsigned of_one)
{
    struct turns *t = calloc(1, sizeof *t);
    if (!t || hash_key_draw(&t->hash) < 0) {
        free(t);
        return NULL;
    }
    t->most = most;
    t->of_one = of_one;
    return t;
}

void turns_free(struct turns *t)
{
    for (unsigned i = 0; t && i < BUCKETS; i++)
        for (struct turns_client *c = t->buckets[i], *same; c; c = same) {
            same = c->same;
            free(c);
        }
    free(t);
}

/* ---- clients ---- */

/* Where the client is linked, or would be. */
static struct turns_client **find_client(const struct turns *t, const char *key)
{
    struct turns_client **at =
        (struct turns_client **)&t->buckets[keyed_hash(&t->hash, key) % BUCKETS];
    while (*at && strcmp((*at)->key, key) != 0)
        at = &(*at)->same;
    return at;
}

static struct turns_client *client_new(const char *key)
{
    size_t n = strlen(key) + 1;
    struct turns_client *c = calloc(1, sizeof *c + n);
    if (!c)
        return NULL;
    memcpy(c->key, key, n);
    c->last = &c->first;
    return c;
}

/* Goes behind all that wait. */
static void line_up(struct turns *t, struct turns_client *c)
{
    c->prev = t->last;
    c->next = NULL;
    *(t->last ? &t->last->next : &t->first) = c;
    t->last = c;
    t->counts.clients++;
}

static void step_out(struct turns *t, struct turns_client *c)
{
    *(c->prev ? &c->prev->next : &t->first) = c->next;
    *(c->next ? &c->next->prev : &t->last) = c->prev;
    t->counts.clients--;
}

/* One place more is theirs; NULL without memory, or for NULL. */
static struct turns_client *hold(struct turns *t, const char *key)
{
    struct turns_client **at = key ? find_client(t, key) : NULL;
    if (!at || (!*at && !(*at = client_new(key))))
        return NULL;
    (*at)->admitted++;
    return *at;
}

static void release(struct turns *t, struct turns_client *c)
{
    if (!c || --c->admitted > 0)
        return;
    struct turns_client **at = find_client(t, c->key);
    assert(*at == c);
    *at = c->same;
    free(c);
}

static void give_back(struct turns *t, struct turn *turn)
{
    release(t, turn->client);
    release(t, turn->address);
    turn->client = turn->address = NULL;
    t->counts.admitted--;
}

/* ---- turns ---- */

static unsigned admitted(const struct turns *t, const char *key)
{
    const struct turns_client *c = key ? *find_client(t, key) : NULL;
    return c ? c->admitted : 0;
}

int turns_admit(struct turns *t, struct turn *turn, const struct asker *asker)
{
    if (t->counts.admitted >= t->most)
        return -EAGAIN;
    if (admitted(t, asker->client) >= t->of_one)
        return -EBUSY;
    if (admitted(t, asker->address) >= share_of_address(t->most))
        return -EDQUOT;
    *turn = (struct turn){.client = hold(t, asker->client), .address = hold(t, asker->address)};
    t->counts.admitted++;
    if (turn->client && (turn->address || !asker->address))
        return 0;
    give_back(t, turn);
    return -ENOMEM;
}

void turns_enqueue(struct turns *t, struct turn *turn)
{
    struct turns_client *c = turn->client;
    turn->next = NULL;
    turn->waits = true;
    *c->last = turn;
    c->last = &turn->next;
    if (c->waiting++ == 0)
        line_up(t, c);
}

/* Takes *at out of its client's list; whoever has none left steps out. */
static struct turn *unlink_turn(struct turns *t, struct turn **at)
{
    struct turn *turn = *at;
    struct turns_client *c = turn->client;
    *at = turn->next;
    if (c->last == &turn->next)
        c->last = at;
    turn->waits = false;
    if (--c->waiting == 0)
        step_out(t, c);
    return turn;
}

struct turn *turns_take(struct turns *t)
{
    struct turns_client *c = t->first;
    if (!c)
        return NULL;
    struct turn *turn = unlink_turn(t, &c->first);
    if (c->waiting > 0) {
        step_out(t, c);
        line_up(t, c);
    }
    give_back(t, turn);
    return turn;
}

bool turns_leave(struct turns *t, struct turn *turn)
{
    bool waited = turn->waits;
    if (!turn->client)
        return false;
    if (waited) {
        struct turn **at = &turn->client->first;
        while (*at != turn)
            at = &(*at)->next;
        unlink_turn(t, at);
    }
    give_back(t, turn);
    return waited;
}

/* ---- places ---- */

static unsigned less(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned position_of(const struct turns *t, const struct turns_client *own, unsigned j)
{
    unsigned position = 1 + j, ahead = 1;
    for (const struct turns_client *c = t->first; c; c = c->next)
        if (c == own)
            ahead = 0;
        else
            position += less(c->waiting, j + ahead);
    return position;
}

unsigned turns_position(const struct turns *t, const struct turn *turn)
{
    unsigned j = 0;
    if (!turn->waits)
        return 0;
    for (const struct turn *own = turn->client->first; own != turn; own = own->next)
        j++;
    return position_of(t, turn->client, j);
}

unsigned turns_first_of(const struct turns *t, const char *client)
{
    const struct turns_client *c = *find_client(t, client);
    return c && c->waiting > 0 ? position_of(t, c, 0) : 0;
}

struct turns_counts turns_counts(const struct turns *t)
{
    return t->counts;
}

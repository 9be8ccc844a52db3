#include "server/base/shares.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

struct holder {
    uint64_t who; /* 0: the place is free */
    uint64_t held;
};

struct shares {
    pthread_mutex_t holders_lock; /* guards all but the bounds */
    uint64_t most, of_one;
    uint64_t held;
    unsigned holders, holders_max;
    size_t mask;
    struct holder table[]; /* open addressing, at most half full; mask + 1 places */
};

struct shares *shares_new(uint64_t most, uint64_t of_one, unsigned holders)
{
    size_t places = 2;
    while (places < 2 * (size_t)holders)
        places *= 2;
    struct shares *s = calloc(1, sizeof *s + places * sizeof s->table[0]);
    if (!s)
        return NULL;
    pthread_mutex_init(&s->holders_lock, NULL);
    s->most = most;
    s->of_one = of_one;
    s->holders_max = holders;
    s->mask = places - 1;
    return s;
}

void shares_free(struct shares *s)
{
    if (s)
        pthread_mutex_destroy(&s->holders_lock);
    free(s);
}

/* Where the holder is, or the free place where it would be. */
static size_t place_of(const struct shares *s, uint64_t who)
{
    size_t i = who & s->mask;
    while (s->table[i].who && s->table[i].who != who)
        i = (i + 1) & s->mask;
    return i;
}

/* Those behind move up, as far as they may, so that each is still found from its own place on. */
static void clear_place(struct shares *s, size_t gap)
{
    for (size_t i = (gap + 1) & s->mask; s->table[i].who; i = (i + 1) & s->mask) {
        size_t own = s->table[i].who & s->mask;
        if (((i - own) & s->mask) < ((i - gap) & s->mask))
            continue;
        s->table[gap] = s->table[i];
        gap = i;
    }
    s->table[gap] = (struct holder){0};
    s->holders--;
}

static bool fits(uint64_t held, uint64_t amount, uint64_t most)
{
    return held == 0 || (amount <= most && held <= most - amount);
}

static int take(struct shares *s, uint64_t who, uint64_t amount)
{
    struct holder *holder = who ? &s->table[place_of(s, who)] : NULL;
    if (holder && !fits(holder->held, amount, s->of_one))
        return -EDQUOT;
    bool is_new = holder && !holder->who;
    if (!fits(s->held, amount, s->most) || (is_new && s->holders == s->holders_max))
        return -EAGAIN;
    s->held += amount;
    s->holders += is_new;
    if (holder) {
        holder->who = who;
        holder->held += amount;
    }
    return 0;
}

int shares_take(struct shares *s, uint64_t who, uint64_t amount)
{
    assert(amount > 0);
    pthread_mutex_lock(&s->holders_lock);
    int r = take(s, who, amount);
    pthread_mutex_unlock(&s->holders_lock);
    return r;
}

void shares_give(struct shares *s, uint64_t who, uint64_t amount)
{
    pthread_mutex_lock(&s->holders_lock);
    assert(s->held >= amount);
    s->held -= amount;
    if (who) {
        size_t place = place_of(s, who);
        assert(s->table[place].held >= amount);
        s->table[place].held -= amount;
        if (s->table[place].held == 0)
            clear_place(s, place);
    }
    pthread_mutex_unlock(&s->holders_lock);
}

uint64_t shares_held(struct shares *s)
{
    pthread_mutex_lock(&s->holders_lock);
    uint64_t held = s->held;
    pthread_mutex_unlock(&s->holders_lock);
    return held;
}

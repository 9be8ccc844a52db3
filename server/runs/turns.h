/*
 * Who is next of those that wait: clients take turns, and each client's own go first come, first
 * served. A client that comes, or comes back, goes behind the clients that wait already, so with K
 * of them nobody waits for more than K - 1 turns of others between two of its own, whatever they
 * brought along.
 *
 *     take ← A: a1 a2 a3    B: b1    C: c1 c2        a1 b1 c1 a2 c2 a3
 *
 * A turn is admitted first, which reserves its place within the bounds, and waits once it is
 * enqueued. Whoever makes up clients without end still has one address: of all places that has its
 * share at most, so that there is room for others. A turn is embedded in what waits, which must
 * stay until the turn is taken, withdrawn or left. Nothing here is locked: one thread at a time.
 */
#ifndef RUNS_TURNS_H
#define RUNS_TURNS_H

#include <stdbool.h>
#include <stdint.h>

struct turns;

/* Who asks, two texts of any length; `address` is NULL where it says nothing of who that is. */
struct asker {
    const char *client, *address;
};

/* Of `most` places one address may have three in four. */
static inline unsigned share_of_address(unsigned most)
{
    return most - most / 4;
}

struct turn {
    struct turns_client *client; /* NULL: it has no place */
    struct turns_client *address;
    struct turn *next;
    bool waits;
};

/* At most `most` places, of them `of_one` for each client. NULL without memory. */
struct turns *turns_new(unsigned most, unsigned of_one);
void turns_free(struct turns *turns);

/* Returns 0, -EAGAIN when all places are taken, -EBUSY when the client has as many as it may have,
 * -EDQUOT when its address has, or -ENOMEM. The texts are copied. */
int turns_admit(struct turns *turns, struct turn *turn, const struct asker *asker);

/* The admitted turn now waits. */
void turns_enqueue(struct turns *turns, struct turn *turn);

/* The next turn, which has no place any more; NULL when none waits. */
struct turn *turns_take(struct turns *turns);

/* Gives a turn's place back, whether it waits or not. Returns whether it waited. */
bool turns_leave(struct turns *turns, struct turn *turn);

/*
 * How many takes from now it is the turn's time, if nobody else comes: 1 for the next, 0 for one
 * that does not wait. Before the j-th (from 0) of a client come j of its own; j + 1 of each client
 * in front of it and j of each behind, as far as they have so many.
 */
unsigned turns_position(const struct turns *turns, const struct turn *turn);

/* The position of the client's first; 0 when none of its waits. */
unsigned turns_first_of(const struct turns *turns, const char *client);

struct turns_counts {
    unsigned admitted; /* places that are taken */
    unsigned clients;  /* of whom something waits */
};
struct turns_counts turns_counts(const struct turns *turns);

#endif

/* Whose turn it is, against a model that does it in the plainest way. */
#include "tests/unit/test.h"

#include "server/runs/turns.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS = 12, PLACES = 80, OF_ONE = 12 };

struct item {
    struct turn turn;
    unsigned client, name;
    bool admitted, waits;
};

static struct item *item_of(struct turn *turn)
{
    return (struct item *)turn;
}

static void name_client(unsigned client, char out[static 16])
{
    snprintf(out, 16, "client %u", client);
}

/* Each client's waiting items in order, and the clients in the order of their turns. */
struct model {
    const struct item *lists[CLIENTS][OF_ONE];
    unsigned lengths[CLIENTS];
    unsigned order[CLIENTS];
    unsigned waiting;
};

static void model_enqueue(struct model *m, const struct item *item)
{
    unsigned c = item->client;
    if (m->lengths[c] == 0)
        m->order[m->waiting++] = c;
    m->lists[c][m->lengths[c]++] = item;
}

static void model_remove(struct model *m, unsigned c, unsigned at)
{
    memmove(&m->lists[c][at], &m->lists[c][at + 1],
            (m->lengths[c] - at - 1) * sizeof m->lists[c][0]);
    if (--m->lengths[c] > 0)
        return;
    unsigned i = 0;
    while (m->order[i] != c)
        i++;
    memmove(&m->order[i], &m->order[i + 1], (m->waiting - i - 1) * sizeof m->order[0]);
    m->waiting--;
}

static const struct item *model_take(struct model *m)
{
    if (m->waiting == 0)
        return NULL;
    unsigned c = m->order[0];
    const struct item *item = m->lists[c][0];
    model_remove(m, c, 0);
    if (m->lengths[c] > 0) {
        memmove(&m->order[0], &m->order[1], (m->waiting - 1) * sizeof m->order[0]);
        m->order[m->waiting - 1] = c;
    }
    return item;
}

static void model_withdraw(struct model *m, const struct item *item)
{
    unsigned at = 0;
    while (m->lists[item->client][at] != item)
        at++;
    model_remove(m, item->client, at);
}

static unsigned draw(unsigned below)
{
    return (unsigned)rand() % below;
}

/* Every position is the number of takes until the model, left alone, gives that item out. */
static void check_positions(const struct turns *turns, const struct model *m)
{
    struct model rest = *m;
    const struct item *item;
    for (unsigned takes = 1; (item = model_take(&rest)); takes++)
        assert_int_equal(turns_position(turns, &item->turn), takes);
    for (unsigned c = 0; c < CLIENTS; c++) {
        char name[16];
        name_client(c, name);
        unsigned first = m->lengths[c] ? turns_position(turns, &m->lists[c][0]->turn) : 0;
        assert_int_equal(turns_first_of(turns, name), first);
    }
}

static unsigned admitted_of(const struct item *items, unsigned client)
{
    unsigned n = 0;
    for (unsigned i = 0; i < PLACES; i++)
        n += items[i].admitted && (client == CLIENTS || items[i].client == client);
    return n;
}

static void admit_one(struct turns *turns, struct item *items, unsigned most)
{
    char name[16];
    struct item *item = &items[draw(PLACES)];
    if (item->admitted)
        return;
    item->client = draw(CLIENTS);
    name_client(item->client, name);
    int expected = admitted_of(items, CLIENTS) >= most          ? -EAGAIN
                   : admitted_of(items, item->client) >= OF_ONE ? -EBUSY
                                                                : 0;
    assert_int_equal(turns_admit(turns, &item->turn, &(struct asker){.client = name}), expected);
    item->admitted = expected == 0;
    assert_int_equal(turns_position(turns, &item->turn), 0);
}

static void step(struct turns *turns, struct model *m, struct item *items, unsigned most)
{
    struct item *item = &items[draw(PLACES)];
    switch (draw(7)) {
    case 0:
    case 1:
    case 2:
        admit_one(turns, items, most);
        break;
    case 3:
    case 4:
        if (item->admitted && !item->waits) {
            turns_enqueue(turns, &item->turn);
            model_enqueue(m, item);
            item->waits = true;
        }
        break;
    case 5: {
        struct turn *taken = turns_take(turns);
        const struct item *expected = model_take(m);
        assert_ptr_equal(taken ? item_of(taken) : NULL, expected);
        if (taken)
            item_of(taken)->admitted = item_of(taken)->waits = false;
        break;
    }
    default:
        assert_int_equal(turns_leave(turns, &item->turn), item->waits);
        if (item->waits)
            model_withdraw(m, item);
        item->admitted = item->waits = false;
    }
    assert_int_equal(turns_counts(turns).admitted, admitted_of(items, CLIENTS));
    assert_int_equal(turns_counts(turns).clients, m->waiting);
}

void test_turns_are_those_of_the_model(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 60; seed++) {
        const unsigned most = seed % 2 ? PLACES / 2 : PLACES;
        struct turns *turns = turns_new(most, OF_ONE);
        struct model m = {.waiting = 0};
        static struct item items[PLACES];
        memset(items, 0, sizeof items);
        srand(seed);
        for (unsigned i = 0; i < 2000; i++) {
            step(turns, &m, items, most);
            if (i % 16 == 0)
                check_positions(turns, &m);
        }
        turns_free(turns);
    }
}

static void put(struct turns *turns, struct item *item, const char *client)
{
    assert_int_equal(turns_admit(turns, &item->turn, &(struct asker){.client = client}), 0);
    turns_enqueue(turns, &item->turn);
}

void test_turns_go_from_client_to_client(void **state)
{
    (void)state;
    static const char *const clients[] = {"A", "A", "A", "B", "C", "C"};
    static const unsigned order[] = {0, 3, 4, 1, 5, 2};
    struct item items[6] = {0};
    struct turns *turns = turns_new(6, 3);
    for (unsigned i = 0; i < 6; i++)
        put(turns, &items[i], clients[i]);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(turns_position(turns, &items[order[i]].turn), i + 1);
    for (unsigned i = 0; i < 6; i++)
        assert_ptr_equal(turns_take(turns), &items[order[i]].turn);
    assert_null(turns_take(turns));
    turns_free(turns);
}

void test_turns_are_not_lost_to_a_batch(void **state)
{
    (void)state;
    struct item batch[60] = {0}, one = {0};
    struct turns *turns = turns_new(100, 64);
    for (unsigned i = 0; i < 60; i++)
        put(turns, &batch[i], "many");
    put(turns, &one, "one");
    assert_int_equal(turns_position(turns, &one.turn), 2);
    turns_take(turns);
    assert_ptr_equal(turns_take(turns), &one.turn);
    turns_free(turns);
}

/*
 * Clients that each come back at once after so many takes' time, one item each or many: over a long
 * while all get the same, and none waits much longer than all do in the mean.
 */
static void check_equal(unsigned clients, unsigned of_each)
{
    enum { TAKES = 20000 };
    struct item *items = calloc(clients * of_each, sizeof *items);
    unsigned *since = calloc(clients, sizeof *since), *got = calloc(clients, sizeof *got);
    struct turns *turns = turns_new(clients * of_each, of_each);
    unsigned longest = 0, last = 0;
    char name[16];
    for (unsigned i = 0; i < clients * of_each; i++) {
        items[i].client = i / of_each;
        name_client(items[i].client, name);
        put(turns, &items[i], name);
    }
    for (unsigned now = 1; now <= TAKES; now++) {
        struct item *item = item_of(turns_take(turns));
        unsigned c = item->client, waited = now - since[c];
        longest = waited > longest ? waited : longest;
        since[c] = now;
        got[c]++;
        name_client(c, name);
        put(turns, item, name);
    }
    /* In the mean a client waits for `clients` takes between two of its own; none waits longer. */
    assert_int_equal(longest, clients);
    for (unsigned c = 0; c < clients; c++) {
        last = got[c];
        assert_in_range(last, TAKES / clients, TAKES / clients + 1);
    }
    turns_free(turns);
    free(items);
    free(since);
    free(got);
}

void test_turns_of_equal_clients_are_equal(void **state)
{
    (void)state;
    check_equal(100, 1);
    check_equal(7, 9);
    check_equal(100, 64);
}

/* Arrivals at random times, of clients that ask as often as one another. */
void test_turns_of_random_arrivals_are_equal(void **state)
{
    (void)state;
    enum { WHO = 20, ROUNDS = 200000 };
    static struct item items[WHO][OF_ONE];
    static unsigned begun[WHO][OF_ONE];
    double sum[WHO] = {0}, total = 0, slowest = 0;
    unsigned count[WHO] = {0}, all = 0;
    char name[16];
    struct turns *turns = turns_new(WHO * OF_ONE, OF_ONE);
    memset(items, 0, sizeof items);
    srand(7);
    for (unsigned now = 0; now < ROUNDS; now++) {
        unsigned c = draw(WHO), i = draw(OF_ONE);
        if (!items[c][i].waits && draw(100) < 97) {
            items[c][i] = (struct item){.client = c, .name = i, .waits = true};
            begun[c][i] = now;
            name_client(c, name);
            put(turns, &items[c][i], name);
        }
        struct turn *taken = now % 20 ? turns_take(turns) : NULL;
        if (taken) {
            struct item *item = item_of(taken);
            item->waits = false;
            sum[item->client] += now - begun[item->client][item->name];
            count[item->client]++;
        }
    }
    for (unsigned c = 0; c < WHO; c++) {
        total += sum[c];
        all += count[c];
        slowest = sum[c] / count[c] > slowest ? sum[c] / count[c] : slowest;
    }
    print_message("slowest client to mean: %.3f, %u turns\n", slowest / (total / all), all);
    assert_true(all > ROUNDS / 2);
    assert_true(slowest / (total / all) < 1.1);
    turns_free(turns);
}

void test_turns_have_bounds(void **state)
{
    (void)state;
    struct item items[8] = {0};
    struct turns *turns = turns_new(4, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(turns_admit(turns, &items[i].turn, &(struct asker){.client = "A"}), 0);
    assert_int_equal(turns_admit(turns, &items[3].turn, &(struct asker){.client = "A"}), -EBUSY);
    assert_false(turns_leave(turns, &items[3].turn));
    assert_int_equal(turns_admit(turns, &items[4].turn, &(struct asker){.client = "B"}), 0);
    assert_int_equal(turns_admit(turns, &items[5].turn, &(struct asker){.client = "C"}), -EAGAIN);
    assert_false(turns_leave(turns, &items[0].turn));
    assert_int_equal(turns_admit(turns, &items[5].turn, &(struct asker){.client = "C"}), 0);
    assert_int_equal(turns_counts(turns).admitted, 4);
    turns_free(turns);
}

void test_an_address_has_three_in_four_places(void **state)
{
    (void)state;
    struct item items[8] = {0};
    struct turns *turns = turns_new(4, 3);
    for (unsigned i = 0; i < 3; i++) {
        char client[16];
        name_client(i, client);
        assert_int_equal(turns_admit(turns, &items[i].turn, &(struct asker){client, "here"}), 0);
    }
    assert_int_equal(turns_admit(turns, &items[3].turn, &(struct asker){"another", "here"}),
                     -EDQUOT);
    assert_false(turns_leave(turns, &items[3].turn));
    assert_int_equal(turns_admit(turns, &items[3].turn, &(struct asker){"another", "there"}), 0);
    turns_enqueue(turns, &items[0].turn);
    assert_int_equal(turns_counts(turns).clients, 1);
    assert_ptr_equal(turns_take(turns), &items[0].turn);
    assert_int_equal(turns_admit(turns, &items[4].turn, &(struct asker){"another", "here"}), 0);
    for (unsigned i = 1; i < 5; i++)
        turns_leave(turns, &items[i].turn);
    assert_int_equal(turns_counts(turns).admitted, 0);
    turns_free(turns);
}

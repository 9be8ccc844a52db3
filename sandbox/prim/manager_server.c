/*
 * The manager's server process. It takes one request after the other from its socket. One that
 * cannot be served yet (a lock that is held, a queue that is empty or full) is put aside, and tried
 * again, the oldest first, after every call that changed its object.
 */
#include "sandbox/prim/manager_private.h"

#include "sandbox/prim/sync.h"
#include "sandbox/sched/control.h"
#include "sandbox/sched/seam.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUCKETS (2 * MANAGED_ITEMS_MAX) /* a power of two */

/* What the server owns, in its own memory. */
struct thing {
    enum managed_type type;
    uint16_t object; /* the run's */
    unsigned first;  /* of a queue's ring */
    unsigned count;  /* entries; of a lock: 1 while it is held */
    unsigned room;
    unsigned have; /* places for entries: under control, as many as were needed so far */
    struct managed_item *items;
    uint16_t *buckets; /* of a dict: 1 + an entry's place, 0 free; NULL under control */
    int64_t value;
    uint16_t holder;   /* of a lock */
    uint32_t released; /* event */
    uint32_t *puts;    /* of a queue: the event that put the entry in */
};

struct server {
    struct manager *manager;
    struct thing things[MANAGED_OBJECTS_MAX];
    unsigned count;
    struct request *waiting; /* a task has one at most */
    unsigned waiters;
    uint32_t taken; /* requests, under control */
    bool ends;
};

#define HAVE_AT_FIRST 8u

/* What a call comes to: not yet, or done with a result and a value. */
struct answer {
    bool later;
    int result;
    int64_t value;
};

#define LATER ((struct answer){.later = true})

static struct answer result(int code)
{
    return (struct answer){.result = code};
}

/* The client's event, at the moment its call has its effect. */
static uint32_t note(const struct request *r, enum event_kind kind, const struct thing *thing,
                     int64_t value, uint32_t cause)
{
    if (!seam_self.lane)
        return 0;
    seam_self.lane->line = r->line;
    return trace_write(seam_self.lane, kind, r->task, thing->object, value, (uint16_t)thing->count,
                       cause);
}

/* Under control it is the run's memory, which is not exchanged with every process. */
static void *owned(size_t count, size_t bytes)
{
    if (seam_self.control)
        return run_alloc(seam_self.run, count * bytes);
    void *memory = calloc(count, bytes);
    if (!memory)
        seam_fail(ENOMEM, "manager");
    return memory;
}

static struct answer create(struct server *server, const struct request *r)
{
    if (server->count == MANAGED_OBJECTS_MAX)
        return result(-ENOMEM);
    struct thing *thing = &server->things[server->count];
    *thing = (struct thing){.type = r->type, .object = r->object, .value = r->value};
    thing->room = r->index > 0 && r->index < MANAGED_ITEMS_MAX ? r->index : MANAGED_ITEMS_MAX;
    thing->have = seam_self.control && thing->room > HAVE_AT_FIRST ? HAVE_AT_FIRST : thing->room;
    if (r->type == MANAGED_DICT || r->type == MANAGED_LIST || r->type == MANAGED_QUEUE)
        thing->items = owned(thing->have, sizeof *thing->items);
    if (r->type == MANAGED_DICT && !seam_self.control)
        thing->buckets = owned(BUCKETS, sizeof *thing->buckets);
    if (r->type == MANAGED_QUEUE)
        thing->puts = owned(thing->have, sizeof *thing->puts);
    if (r->type != MANAGED_LOCK && r->type != MANAGED_QUEUE) /* a call of it waits for us alone */
        trace_bitmap_set(seam_self.run->shared->object[thing->object].holders, seam_self.task);
    return result((int)server->count++);
}

/* For one more entry. */
static void make_room(struct thing *thing)
{
    if (thing->count < thing->have)
        return;
    struct managed_item *items = owned(2 * thing->have, sizeof *items);
    uint32_t *puts = thing->puts ? owned(2 * thing->have, sizeof *puts) : NULL;
    for (unsigned i = 0; i < thing->count; i++) {
        items[i] = thing->items[(thing->first + i) % thing->have];
        if (puts)
            puts[i] = thing->puts[(thing->first + i) % thing->have];
    }
    thing->items = items;
    thing->puts = puts;
    thing->first = 0;
    thing->have *= 2;
}

/* The bucket that holds the key, or the free one where it belongs (FNV-1a). */
static uint16_t *bucket_of(struct thing *dict, const char *key)
{
    uint32_t hash = 2166136261u;
    for (const char *c = key; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    uint16_t *bucket;
    for (uint32_t i = hash;; i++) {
        bucket = &dict->buckets[i % BUCKETS];
        if (*bucket == 0 || strcmp(dict->items[*bucket - 1].key, key) == 0)
            return bucket;
    }
}

/* 1 + the place of the key's entry, or 0. */
static unsigned place_of(struct thing *dict, const char *key)
{
    if (dict->buckets)
        return *bucket_of(dict, key);
    for (unsigned i = 0; i < dict->count; i++)
        if (strcmp(dict->items[i].key, key) == 0)
            return i + 1;
    return 0;
}

static unsigned add_key(struct thing *dict, const char *key)
{
    make_room(dict);
    if (dict->buckets)
        *bucket_of(dict, key) = (uint16_t)(dict->count + 1);
    memcpy(dict->items[dict->count].key, key, MANAGED_KEY_MAX);
    return ++dict->count;
}

static struct answer dict_get(struct thing *dict, const struct request *r)
{
    unsigned place = place_of(dict, r->key);
    if (place == 0)
        return result(-ENOENT);
    int64_t value = dict->items[place - 1].value;
    note(r, EVENT_CELL_READ, dict, value, 0);
    return (struct answer){.value = value};
}

static struct answer dict_set(struct thing *dict, const struct request *r)
{
    unsigned place = place_of(dict, r->key);
    if (place == 0 && dict->count == dict->room)
        return result(-ENOMEM);
    if (place == 0)
        place = add_key(dict, r->key);
    dict->items[place - 1].value = r->value;
    note(r, EVENT_CELL_WROTE, dict, r->value, 0);
    return result(0);
}

static struct answer list_append(struct thing *list, const struct request *r)
{
    if (list->count == list->room)
        return result(-ENOMEM);
    make_room(list);
    list->items[list->count++].value = r->value;
    note(r, EVENT_CELL_ADDED, list, list->count, 0);
    return result(0);
}

static struct answer list_get(struct thing *list, const struct request *r)
{
    if (r->index >= list->count)
        return result(-ERANGE);
    note(r, EVENT_CELL_READ, list, list->items[r->index].value, 0);
    return (struct answer){.value = list->items[r->index].value};
}

static struct answer list_set(struct thing *list, const struct request *r)
{
    if (r->index >= list->count)
        return result(-ERANGE);
    list->items[r->index].value = r->value;
    note(r, EVENT_CELL_WROTE, list, r->value, 0);
    return result(0);
}

static struct answer copy(struct thing *thing, const struct request *r)
{
    if (!thing->items || thing->type == MANAGED_QUEUE)
        return result(-EINVAL);
    memcpy(r->items, thing->items,
           (thing->count < r->index ? thing->count : r->index) * sizeof *r->items);
    return result((int)thing->count);
}

static struct answer length(struct thing *thing, const struct request *r)
{
    (void)r;
    return result(thing->items ? (int)thing->count : -EINVAL);
}

static struct answer value_get(struct thing *thing, const struct request *r)
{
    note(r, EVENT_CELL_READ, thing, thing->value, 0);
    return (struct answer){.value = thing->value};
}

static struct answer value_set(struct thing *thing, const struct request *r)
{
    thing->value = r->value;
    note(r, EVENT_CELL_WROTE, thing, r->value, 0);
    return result(0);
}

static struct answer acquire(struct thing *lock, const struct request *r)
{
    if (lock->count > 0)
        return LATER;
    note(r, EVENT_LOCK_ACQUIRED, lock, 0, lock->holder == r->task ? 0 : lock->released);
    lock->count = 1;
    lock->holder = r->task;
    trace_bitmap_set(seam_self.run->shared->object[lock->object].holders, r->task);
    return result(0);
}

static struct answer release(struct thing *lock, const struct request *r)
{
    if (lock->count == 0)
        return result(-EPERM);
    lock->count = 0;
    lock->released = note(r, EVENT_LOCK_RELEASED, lock, 0, 0);
    trace_bitmap_clear(seam_self.run->shared->object[lock->object].holders, lock->holder);
    lock->holder = r->task;
    return result(0);
}

static struct answer put(struct thing *queue, const struct request *r)
{
    if (queue->count == queue->room)
        return LATER;
    make_room(queue);
    assert(queue->puts && queue->have > 0); /* as make_thing() gave it */
    unsigned place = (queue->first + queue->count++) % queue->have;
    queue->items[place].value = r->value;
    queue->puts[place] = note(r, EVENT_QUEUE_PUT, queue, r->value, 0);
    return result(0);
}

static struct answer take(struct thing *queue, const struct request *r)
{
    if (queue->count == 0)
        return LATER;
    unsigned place = queue->first;
    queue->first = (place + 1) % queue->have;
    queue->count--;
    note(r, EVENT_QUEUE_GOT, queue, queue->items[place].value, queue->puts[place]);
    return (struct answer){.value = queue->items[place].value};
}

#define ANY_TYPE (-1)

static const struct method {
    struct answer (*serve)(struct thing *thing, const struct request *request);
    int type;
} methods[] = {
    [CALL_DICT_GET] = {dict_get, MANAGED_DICT},
    [CALL_DICT_SET] = {dict_set, MANAGED_DICT},
    [CALL_LIST_APPEND] = {list_append, MANAGED_LIST},
    [CALL_LIST_GET] = {list_get, MANAGED_LIST},
    [CALL_LIST_SET] = {list_set, MANAGED_LIST},
    [CALL_COPY] = {copy, ANY_TYPE},
    [CALL_LENGTH] = {length, ANY_TYPE},
    [CALL_VALUE_GET] = {value_get, MANAGED_VALUE},
    [CALL_VALUE_SET] = {value_set, MANAGED_VALUE},
    [CALL_ACQUIRE] = {acquire, MANAGED_LOCK},
    [CALL_RELEASE] = {release, MANAGED_LOCK},
    [CALL_PUT] = {put, MANAGED_QUEUE},
    [CALL_TAKE] = {take, MANAGED_QUEUE},
};

static struct answer serve(struct server *server, const struct request *r)
{
    if (r->call == CALL_CREATE)
        return create(server, r);
    if (r->call == CALL_SHUTDOWN) {
        server->ends = true;
        return result(0);
    }
    assert(r->object < server->count);
    struct thing *thing = &server->things[r->object];
    const struct method *method = &methods[r->call];
    if (method->type != ANY_TYPE && method->type != (int)thing->type)
        return result(-EINVAL);
    return method->serve(thing, r);
}

static uint16_t object_of(const struct server *server, const struct request *r)
{
    bool of_thing = r->call != CALL_CREATE && r->call != CALL_SHUTDOWN;
    return of_thing ? server->things[r->object].object : server->manager->object;
}

static void reply(struct server *server, const struct request *r, struct answer answer)
{
    struct reply *to = &server->manager->reply[r->task];
    to->served = seam_record(EVENT_CALL_SERVED, object_of(server, r), r->number, r->sent);
    to->result = answer.result;
    to->value = answer.value;
    atomic_store_explicit(&to->answered, 1, memory_order_release);
    sync_wake(&to->answered);
}

static struct request stop_waiting(struct server *server, unsigned i)
{
    struct request r = server->waiting[i];
    server->waiters--;
    memmove(&server->waiting[i], &server->waiting[i + 1], (server->waiters - i) * sizeof r);
    return r;
}

static void try_waiters(struct server *server, uint16_t object)
{
    for (unsigned i = 0; i < server->waiters;) {
        struct answer answer = LATER;
        if (server->waiting[i].object == object)
            answer = serve(server, &server->waiting[i]);
        if (answer.later) {
            i++;
            continue;
        }
        struct request r = stop_waiting(server, i);
        reply(server, &r, answer);
        i = 0; /* an entry that was taken made room for one who waits with a put */
    }
}

/* The client's time is up; when its request is not here any more, its answer is under way. */
static void cancel(struct server *server, const struct request *r)
{
    for (unsigned i = 0; i < server->waiters; i++)
        if (server->waiting[i].task == r->task) {
            stop_waiting(server, i);
            reply(server, r, result(-ETIMEDOUT));
            return;
        }
}

static void take_request(struct server *server, const struct request *r)
{
    if (r->call == CALL_CANCEL) {
        cancel(server, r);
        return;
    }
    struct answer answer = serve(server, r);
    if (answer.later && !r->at_once) {
        server->waiting[server->waiters++] = *r;
        return;
    }
    reply(server, r, answer.later ? result(-ETIMEDOUT) : answer);
    if (r->call == CALL_RELEASE || r->call == CALL_PUT || r->call == CALL_TAKE)
        try_waiters(server, r->object);
}

static void next_posted(struct manager *manager, struct server *server, struct request *ret)
{
    if (manager->posted == server->taken) {
        seam_record(EVENT_PIPE_WAIT, manager->object, 0, 0);
        seam_wait_to_serve(manager->object);
        sync_wait_while(&manager->posted, server->taken, UINT64_MAX);
        seam_go_on();
    }
    server->taken++;
    *ret = manager->box;
}

/* Returns false when no client is left. */
static bool next_request(const struct manager *manager, struct request *ret)
{
    ssize_t n = recv(manager->server_end, ret, sizeof *ret, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) {
        seam_record(EVENT_PIPE_WAIT, manager->object, 0, 0);
        seam_wait_to_serve(manager->object);
    }
    while (n < 0 && (errno == EAGAIN || errno == EINTR))
        n = recv(manager->server_end, ret, sizeof *ret, 0);
    seam_go_on();
    return n == sizeof *ret;
}

static void serve_sockets(struct manager *manager, struct server *server)
{
    struct request request;
    close(manager->client_end);
    while (!server->ends && next_request(manager, &request))
        take_request(server, &request);
}

static void serve_posted(struct manager *manager, struct server *server)
{
    struct request request;
    while (!server->ends) {
        next_posted(manager, server, &request);
        take_request(server, &request);
    }
    manager->gone = true;
}

void manager_serve(void *argument)
{
    struct manager *manager = argument;
    struct server *server = owned(1, sizeof *server);
    server->manager = manager;
    server->waiting =
        owned(seam_self.control ? CONTROL_TASKS_MAX : TRACE_TASKS_MAX, sizeof *server->waiting);
    atomic_store(&manager->pid, getpid());
    if (seam_self.control)
        serve_posted(manager, server);
    else
        serve_sockets(manager, server);
    while (server->waiters > 0) {
        struct request r = stop_waiting(server, 0);
        reply(server, &r, result(-ECONNRESET));
    }
    if (!seam_self.control)
        close(manager->server_end);
}

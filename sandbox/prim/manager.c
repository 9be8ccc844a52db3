#include "sandbox/prim/manager.h"

#include "sandbox/base/clock.h"
#include "sandbox/prim/manager_private.h"
#include "sandbox/prim/sync.h"
#include "sandbox/prim/task.h"
#include "sandbox/sched/seam.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOK_NS 500000000u /* how often a client that waits looks whether the server is there */

struct managed {
    struct manager *manager;
    uint16_t object;
    uint16_t number; /* the server's */
};

/*
 * Under control: the server goes on with it before anybody else does anything, so there is one at a
 * time.
 */
static int post_request(struct manager *manager, const struct request *request)
{
    if (manager->gone)
        return -ECONNRESET;
    manager->box = *request;
    manager->posted++;
    return 0;
}

static int send_request(struct manager *manager, const struct request *request)
{
    if (manager->over)
        return -ECONNRESET;
    if (seam_self.control)
        return post_request(manager, request);
    while (send(manager->client_end, request, sizeof *request, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            return errno == EPIPE ? -ECONNRESET : -errno;
    return 0;
}

static bool server_is_gone(const struct manager *manager)
{
    struct pollfd end = {.fd = manager->client_end};
    return manager->over || (poll(&end, 1, 0) > 0 && end.revents & (POLLHUP | POLLERR | POLLNVAL));
}

/* The server wakes us when it answers; when it dies nobody does. Returns false at the deadline. */
static bool await_answer(const struct manager *manager, struct reply *reply, uint64_t deadline)
{
    if (seam_self.control)
        return sync_wait_while(&reply->answered, 0, deadline);
    for (;;) {
        uint64_t look = clock_ns() + LOOK_NS;
        if (deadline == UINT64_MAX
                ? sync_wait_looking(&reply->answered, 0, look)
                : sync_wait_while(&reply->answered, 0, look < deadline ? look : deadline))
            return true;
        if (look >= deadline)
            return false;
        if (server_is_gone(manager) && !reply->answered) {
            reply->result = -ECONNRESET;
            return true;
        }
    }
}

/* Once a request is on its way its answer may be there: the place is the server's until then. */
static int exchange(struct manager *manager, const struct request *request, int64_t timeout_us)
{
    struct reply *reply = &manager->reply[seam_self.task];
    *reply = (struct reply){.answered = 0};
    int r = send_request(manager, request);
    if (r == 0 && !await_answer(manager, reply, sync_deadline(timeout_us))) {
        struct request cancel = *request;
        cancel.call = CALL_CANCEL; /* the answer is "timed out", or the one that crossed this */
        r = send_request(manager, &cancel);
        if (r == 0)
            await_answer(manager, reply, UINT64_MAX);
    }
    return r < 0 ? r : reply->result;
}

/* Sends a request about an object and waits for the answer. Returns what the server says. */
static int call(struct manager *manager, uint16_t object, struct request *request,
                int64_t timeout_us, int64_t *ret)
{
    const struct reply *reply = &manager->reply[seam_self.task];
    seam_point_both(SEAM_SEND, object, manager->object);
    request->task = seam_self.task;
    request->line = source_line;
    request->number = atomic_fetch_add(&manager->calls, 1) + 1;
    request->at_once = timeout_us == 0;
    request->sent = seam_record(EVENT_CALL_SENT, object, request->number, 0);
    trace_task_waits(seam_self.run->shared, seam_self.task, object);
    int r = exchange(manager, request, timeout_us == 0 ? FOREVER : timeout_us);
    seam_go_on();
    if (r == -ETIMEDOUT)
        seam_record(EVENT_TIMED_OUT, object, 0, reply->served);
    else if (reply->served)
        seam_record(EVENT_CALL_ANSWERED, object, request->number, reply->served);
    if (r < 0 && r != -ETIMEDOUT)
        seam_record(EVENT_REFUSED, object, -r, 0);
    if (r >= 0 && ret)
        *ret = reply->value;
    return r;
}

static int call_of(struct managed *managed, struct request request, int64_t timeout_us,
                   int64_t *ret)
{
    request.object = managed->number;
    return call(managed->manager, managed->object, &request, timeout_us, ret);
}

/* Under control: the server has ended. Unless it was told to, nobody gets an answer any more. */
static void server_ended(void *argument)
{
    struct manager *manager = argument;
    if (manager->gone)
        return;
    seam_point(SEAM_UPDATE, manager->object);
    manager->gone = true;
    for (unsigned i = 0; i < TRACE_TASKS_MAX; i++)
        if (!manager->reply[i].answered) {
            manager->reply[i].result = -ECONNRESET;
            manager->reply[i].answered = 1;
        }
}

struct manager *manager_new(void)
{
    int ends[2] = {-1, -1};
    struct manager *manager = run_alloc(seam_self.run, sizeof *manager);
    if (!seam_self.control && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        seam_fail(errno, "manager");
    manager->object = seam_object(OBJECT_MANAGER, "manager");
    manager->client_end = ends[0];
    manager->server_end = ends[1];
    manager->server = task_new(TASK_PROCESS, "manager", manager_serve, manager);
    task_set_daemon(manager->server, true); /* it ends with its owner */
    task_on_end(manager->server, server_ended, manager);
    int r = task_begin(manager->server);
    if (!seam_self.control)
        close(manager->server_end);
    return r == 0 ? manager : NULL;
}

int manager_shutdown(struct manager *manager)
{
    struct request request = {.call = CALL_SHUTDOWN};
    int r = call(manager, manager->object, &request, FOREVER, NULL);
    if (r == 0) {
        task_join(manager->server);
        manager->over = true;
        if (!seam_self.control)
            close(manager->client_end);
    }
    return r;
}

static struct managed *create(struct manager *manager, const char *name, enum object_kind kind,
                              struct request request)
{
    struct managed *managed = run_alloc(seam_self.run, sizeof *managed);
    managed->manager = manager;
    managed->object = request.object = seam_object(kind, name);
    request.call = CALL_CREATE;
    int r = call(manager, manager->object, &request, FOREVER, NULL);
    if (r < 0)
        seam_fail(-r, "manager");
    managed->number = (uint16_t)r;
    return managed;
}

struct managed *manager_dict(struct manager *manager, const char *name)
{
    return create(manager, name, OBJECT_CELL, (struct request){.type = MANAGED_DICT});
}

struct managed *manager_list(struct manager *manager, const char *name)
{
    return create(manager, name, OBJECT_CELL, (struct request){.type = MANAGED_LIST});
}

struct managed *manager_value(struct manager *manager, const char *name, int64_t value)
{
    return create(manager, name, OBJECT_CELL,
                  (struct request){.type = MANAGED_VALUE, .value = value});
}

struct managed *manager_lock(struct manager *manager, const char *name)
{
    return create(manager, name, OBJECT_LOCK, (struct request){.type = MANAGED_LOCK});
}

struct managed *manager_queue(struct manager *manager, const char *name, unsigned maxsize)
{
    return create(manager, name, OBJECT_QUEUE,
                  (struct request){.type = MANAGED_QUEUE, .index = maxsize});
}

static struct request about_key(enum manager_call call, const char *key, int64_t value)
{
    struct request request = {.call = call, .value = value};
    snprintf(request.key, sizeof request.key, "%s", key);
    return request;
}

int managed_get(struct managed *dict, const char *key, int64_t *ret)
{
    return call_of(dict, about_key(CALL_DICT_GET, key, 0), FOREVER, ret);
}

int managed_set(struct managed *dict, const char *key, int64_t value)
{
    return call_of(dict, about_key(CALL_DICT_SET, key, value), FOREVER, NULL);
}

int managed_append(struct managed *list, int64_t value)
{
    return call_of(list, (struct request){.call = CALL_LIST_APPEND, .value = value}, FOREVER, NULL);
}

int managed_get_at(struct managed *list, unsigned index, int64_t *ret)
{
    return call_of(list, (struct request){.call = CALL_LIST_GET, .index = index}, FOREVER, ret);
}

int managed_set_at(struct managed *list, unsigned index, int64_t value)
{
    return call_of(list, (struct request){.call = CALL_LIST_SET, .index = index, .value = value},
                   FOREVER, NULL);
}

int managed_copy(struct managed *object, struct managed_item *items, unsigned most)
{
    struct managed_item *copy = run_alloc(seam_self.run, most * sizeof *copy);
    int n = call_of(object, (struct request){.call = CALL_COPY, .index = most, .items = copy},
                    FOREVER, NULL);
    if (n > 0)
        memcpy(items, copy, ((unsigned)n < most ? (unsigned)n : most) * sizeof *items);
    return n;
}

int managed_length(struct managed *object)
{
    return call_of(object, (struct request){.call = CALL_LENGTH}, FOREVER, NULL);
}

int managed_read(struct managed *value, int64_t *ret)
{
    return call_of(value, (struct request){.call = CALL_VALUE_GET}, FOREVER, ret);
}

int managed_write(struct managed *value, int64_t number)
{
    return call_of(value, (struct request){.call = CALL_VALUE_SET, .value = number}, FOREVER, NULL);
}

int managed_acquire(struct managed *lock, int64_t timeout_us)
{
    return call_of(lock, (struct request){.call = CALL_ACQUIRE}, timeout_us, NULL);
}

int managed_release(struct managed *lock)
{
    return call_of(lock, (struct request){.call = CALL_RELEASE}, FOREVER, NULL);
}

int managed_put(struct managed *queue, int64_t number, int64_t timeout_us)
{
    return call_of(queue, (struct request){.call = CALL_PUT, .value = number}, timeout_us, NULL);
}

int managed_take(struct managed *queue, int64_t *ret, int64_t timeout_us)
{
    return call_of(queue, (struct request){.call = CALL_TAKE}, timeout_us, ret);
}

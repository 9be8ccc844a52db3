/*
 * A manager: multiprocessing.Manager(). A server process of its own ("manager") that owns dicts,
 * lists, numbers, locks and queues, and proxies through which any task of the run calls them. Every
 * call is one request and one answer, and the server serves one at a time, so a call is atomic; a
 * read followed by a write is two calls, and another task's may come between them.
 *
 *     struct manager *manager = manager_new();
 *     struct managed *d = manager_dict(manager, "d");
 *     managed_get(d, "count", &value);                 value = d['count']
 *     managed_set(d, "count", value + c);              d['count'] = value + c
 *     manager_shutdown(manager);
 *
 * How it works. All clients send their requests, a packet each, into one socket; the server leaves
 * the answer in the client's place in the run's memory and wakes it. (Python has a connection for
 * each client thread; with these two a run has as many clients as it has tasks, and a process one
 * descriptor more.) What the server owns is in its own memory: nobody reaches it but by a call.
 * Under control there is no socket: a call is one step, in which the server serves it.
 *
 * In the trace a call is call.sent (the client waits from here), call.served (in the server) and
 * call.answered. What it did to the object (cell.read, cell.wrote, lock.acquired, queue.put …) is
 * an event of the client at the moment the server did it: of all tasks' calls the server's order is
 * the true one.
 *
 * Any thread, and any process that was forked after manager_new(), may call. Functions return 0 or
 * -errno, the exception of Python: -ECONNRESET (the server is gone: EOFError, BrokenPipeError),
 * -EINVAL (the object has no such method: AttributeError), and what is said below. An error is
 * recorded as `refused`, a time that is up as `timed-out`.
 */
#ifndef PRIM_MANAGER_H
#define PRIM_MANAGER_H

#include "sandbox/prim/sync.h"

#include <stdint.h>

#define MANAGED_OBJECTS_MAX 32u    /* of one manager */
#define MANAGED_ITEMS_MAX   16384u /* of one dict or list: -ENOMEM beyond (MemoryError) */
#define MANAGED_KEY_MAX     24u    /* bytes of a dict's key with its NUL; a longer one is cut */

struct manager;
struct managed; /* a proxy, shared by all tasks */

/* One entry of a copy; key is "" in a list's. */
struct managed_item {
    char key[MANAGED_KEY_MAX];
    int64_t value;
};

/*
 * Manager(): starts the server, a daemonic process. NULL in a process that may have no children
 * (AssertionError). Ends the run when no more tasks are allowed.
 */
struct manager *manager_new(void);

/*
 * manager.shutdown(), by the task that made it: the server ends, calls that still wait fail, and
 * so does every later one. A manager nobody shuts down is terminated when its owner ends.
 */
int manager_shutdown(struct manager *manager);

/* manager.dict(), list(), Value(), Lock(), Queue(maxsize); maxsize 0: MANAGED_ITEMS_MAX. */
struct managed *manager_dict(struct manager *manager, const char *name);
struct managed *manager_list(struct manager *manager, const char *name);
struct managed *manager_value(struct manager *manager, const char *name, int64_t value);
struct managed *manager_lock(struct manager *manager, const char *name);
struct managed *manager_queue(struct manager *manager, const char *name, unsigned maxsize);

/* d[key] and d[key] = value. -ENOENT: KeyError. */
int managed_get(struct managed *dict, const char *key, int64_t *ret);
int managed_set(struct managed *dict, const char *key, int64_t value);

/* l.append(value), l[index] and l[index] = value. -ERANGE: IndexError. */
int managed_append(struct managed *list, int64_t value);
int managed_get_at(struct managed *list, unsigned index, int64_t *ret);
int managed_set_at(struct managed *list, unsigned index, int64_t value);

/*
 * dict(d) and list(l): copies at most `most` entries, in the order in which they were inserted, in
 * one call. len(d), len(l) and q.qsize() are managed_length(). Both return the length, or -errno.
 */
int managed_copy(struct managed *object, struct managed_item *items, unsigned most);
int managed_length(struct managed *object);

/* v.value and v.value = value. */
int managed_read(struct managed *value, int64_t *ret);
int managed_write(struct managed *value, int64_t number);

/*
 * lock.acquire(timeout) and lock.release(). -ETIMEDOUT: not within timeout_us (see sync.h). Waiters
 * get it in the order of their requests. -EPERM: release unlocked lock (RuntimeError); another task
 * than the holder may release it, as in Python.
 */
int managed_acquire(struct managed *lock, int64_t timeout_us);
int managed_release(struct managed *lock);

/* q.put(number, timeout) and q.get(timeout). -ETIMEDOUT: queue.Full, queue.Empty. */
int managed_put(struct managed *queue, int64_t number, int64_t timeout_us);
int managed_take(struct managed *queue, int64_t *ret, int64_t timeout_us);

#endif

#include "sandbox/prim/site.h"

#include "sandbox/base/clock.h"
#include "sandbox/prim/sync.h"
#include "sandbox/prim/task.h"
#include "sandbox/sched/control.h"
#include "sandbox/sched/seam.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* A request on its way, and the answer. `done` is a caller's that waits for it, or NULL. */
struct message {
    int64_t request;
    uint64_t due_ns; /* of CLOCK_MONOTONIC */
    uint32_t event;  /* that sent it, and in an answer that answered it */
    _Atomic uint32_t *done;
    uint32_t *answered; /* gets the event, for who waits for done */
};

struct site {
    uint16_t object;
    int client_end, site_end;
    struct task *thread;
    struct message pending[SITE_REQUESTS_MAX]; /* of its thread, in no order */
    unsigned count;
};

static void answer(struct site *site, struct message *message)
{
    message->event = seam_record(EVENT_IO_DONE, site->object, message->request, message->event);
    if (message->done) {
        *message->answered = message->event;
        atomic_store_explicit(message->done, 1, memory_order_release);
        sync_wake(message->done);
        return;
    }
    while (send(site->site_end, message, sizeof *message, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

/* Answers what is due; returns when the next one will be. */
static uint64_t answer_due(struct site *site)
{
    uint64_t next = UINT64_MAX;
    for (;;) {
        unsigned first = site->count;
        next = UINT64_MAX;
        for (unsigned i = 0; i < site->count; i++)
            if (site->pending[i].due_ns < next) {
                next = site->pending[i].due_ns;
                first = i;
            }
        if (first == site->count || next > clock_ns())
            return next;
        answer(site, &site->pending[first]);
        site->pending[first] = site->pending[--site->count];
    }
}

static void serve(void *argument)
{
    struct site *site = argument;
    for (;;) {
        uint64_t next = answer_due(site), now = clock_ns();
        uint64_t left = next == UINT64_MAX ? 0 : next > now ? next - now : 0;
        const struct timespec timeout = {.tv_sec = (time_t)(left / 1000000000u),
                                         .tv_nsec = (long)(left % 1000000000u)};
        struct pollfd ready = {.fd = site->site_end, .events = POLLIN};
        seam_record(EVENT_IO_WAIT, site->object, (int64_t)site->count, 0);
        if (next == UINT64_MAX)
            seam_wait_to_serve(site->object);
        int n = ppoll(&ready, 1, next == UINT64_MAX ? NULL : &timeout, NULL);
        seam_go_on();
        if (n <= 0)
            continue;
        if (site->count == SITE_REQUESTS_MAX)
            seam_fail(ENOSPC, "a site's requests");
        ssize_t got = recv(site->site_end, &site->pending[site->count], sizeof site->pending[0], 0);
        if (got == 0)
            return;
        if (got == sizeof site->pending[0])
            site->count++;
    }
}

/* Nobody answers under control: who asks goes on when the answer is due. */
static struct site *site_new_controlled(const char *name)
{
    struct site *site = run_alloc(seam_self.run, sizeof *site);
    site->object = seam_object(OBJECT_DEVICE, name);
    return site;
}

struct site *site_new(const char *name)
{
    int ends[2];
    if (seam_self.control)
        return site_new_controlled(name);
    struct site *site = run_alloc(seam_self.run, sizeof *site);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        seam_fail(errno, "site");
    site->client_end = ends[0];
    site->site_end = ends[1];
    site->object = seam_object(OBJECT_DEVICE, name);
    site->thread = task_new(TASK_THREAD, name, serve, site);
    task_set_daemon(site->thread, true);
    task_begin(site->thread);
    return site;
}

void site_close(struct site *site)
{
    if (seam_self.control)
        return;
    shutdown(site->client_end, SHUT_RDWR);
    task_join(site->thread);
    close(site->client_end);
    close(site->site_end);
}

static void send_request(struct site *site, struct message *message, int64_t latency_us)
{
    message->due_ns = sync_deadline(latency_us);
    while (send(site->client_end, message, sizeof *message, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            seam_fail(errno, "site");
}

void site_call(struct site *site, int64_t request, int64_t latency_us)
{
    _Atomic uint32_t done = 0;
    uint32_t answered = 0;
    seam_point(SEAM_SEND, site->object);
    struct message message = {.request = request, .done = &done, .answered = &answered};
    message.event = seam_record(EVENT_IO_WAIT, site->object, request, 0);
    trace_task_waits(seam_self.run->shared, seam_self.task, site->object);
    if (seam_self.control) {
        control_sleep(sync_deadline(latency_us) - seam_clock());
        answered = message.event;
    } else {
        send_request(site, &message, latency_us);
        sync_wait_while(&done, 0, UINT64_MAX);
    }
    seam_go_on();
    seam_record(EVENT_IO_DONE, site->object, request, answered);
}

uint32_t site_ask(struct site *site, int64_t request, int64_t latency_us)
{
    seam_point(SEAM_SEND, site->object);
    struct message message = {.request = request};
    message.event = seam_record(EVENT_NOTE, site->object, request, 0);
    if (!seam_self.control)
        send_request(site, &message, latency_us);
    return message.event;
}

int site_fd(const struct site *site)
{
    seam_free_only("a site's descriptor");
    return site->client_end;
}

uint16_t site_object(const struct site *site)
{
    return site->object;
}

bool site_answer(struct site *site, int64_t *ret_request)
{
    struct message message;
    seam_point(SEAM_RECEIVE, site->object);
    if (recv(site->client_end, &message, sizeof message, MSG_DONTWAIT) != sizeof message)
        return false;
    seam_record(EVENT_IO_DONE, site->object, message.request, message.event);
    *ret_request = message.request;
    return true;
}

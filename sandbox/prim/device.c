#include "sandbox/prim/device.h"

#include "sandbox/base/clock.h"
#include "sandbox/prim/sync.h"
#include "sandbox/prim/task.h"
#include "sandbox/sched/seam.h"

#include <assert.h>

struct pending {
    const struct device_request *request;
    uint32_t submitted, served; /* events */
    double done_us;             /* on the model's clock, once it is being served */
    _Atomic uint32_t done;
    struct pending *next;
};

struct device {
    pthread_mutex_t mutex;
    pthread_cond_t submitted, served;
    _Atomic uint32_t news;   /* how often something was submitted, or it was told to stop */
    struct pending *waiting; /* oldest first; guarded by mutex, as is all below */
    struct pending *serving; /* `busy` of them, in no order */
    unsigned busy;
    bool stopping;
    struct device_model model;
    double slow;
    uint16_t object;
    struct task *task;
};

/* The model's clock. */
static double model_us(const struct device *device)
{
    return (double)seam_now() / (1000 * device->slow * seam_self.run->time_scale);
}

/* Takes the request that the model serves next out of the queue. */
static struct pending *take_next(struct device *device)
{
    const struct device_request *choice[DEVICE_REQUESTS_MAX];
    size_t count = 0;
    for (struct pending *p = device->waiting; p && count < device->model.queue_depth; p = p->next)
        choice[count++] = p->request;
    size_t chosen = device->model.choose(device->model.state, choice, count);
    struct pending **link = &device->waiting;
    for (; chosen > 0 && *link; chosen--)
        link = &(*link)->next;
    struct pending *taken = *link;
    assert(taken); /* it chose one of them */
    *link = taken->next;
    return taken;
}

static void begin_service(struct device *device)
{
    while (device->waiting && device->busy < device->model.channels) {
        struct pending *taken = take_next(device);
        taken->done_us = device->model.serve(device->model.state, taken->request, model_us(device));
        taken->next = device->serving;
        device->serving = taken;
        device->busy++;
    }
}

/* Lets go of the requests that are done by now; returns when the next one will be. */
static double end_service(struct device *device)
{
    double now = model_us(device), next = 0;
    for (struct pending **link = &device->serving; *link;) {
        struct pending *p = *link;
        if (p->done_us > now) {
            next = next == 0 || p->done_us < next ? p->done_us : next;
            link = &p->next;
            continue;
        }
        *link = p->next;
        device->busy--;
        p->served = seam_record(EVENT_IO_DONE, device->object, p->request->position, p->submitted);
        p->done = 1;
        pthread_cond_broadcast(&device->served);
    }
    return next;
}

/* Waits for a request to come in, or for the model's clock to reach `until_us` (0: for ever). */
static void wait_for_work(struct device *device, double until_us)
{
    double left_us = (until_us - model_us(device)) * device->slow * seam_self.run->time_scale;
    uint64_t left_ns = (uint64_t)(left_us > 0 ? left_us * 1000 : 0);
    if (seam_self.control) {
        seam_wait_to_serve(device->object);
        sync_step_out(&device->mutex, &device->news, device->news,
                      until_us == 0 ? UINT64_MAX : seam_clock() + left_ns);
        seam_go_on();
        return;
    }
    if (until_us == 0) {
        seam_wait_to_serve(device->object);
        pthread_cond_wait(&device->submitted, &device->mutex);
        seam_go_on();
        return;
    }
    uint64_t until = clock_ns() + left_ns;
    const struct timespec deadline = {.tv_sec = (time_t)(until / 1000000000u),
                                      .tv_nsec = (long)(until % 1000000000u)};
    pthread_cond_timedwait(&device->submitted, &device->mutex, &deadline);
}

static void device_body(void *argument)
{
    struct device *device = argument;
    _Atomic uint64_t *holders = seam_self.run->shared->object[device->object].holders;
    trace_bitmap_set(holders, seam_self.task); /* who waits for the device waits for this task */
    pthread_mutex_lock(&device->mutex);
    while (!device->stopping) {
        begin_service(device);
        double next = end_service(device);
        if (!device->waiting || device->busy == device->model.channels)
            wait_for_work(device, next);
    }
    pthread_mutex_unlock(&device->mutex);
    trace_bitmap_clear(holders, seam_self.task);
}

struct device *device_new(const char *name, const struct device_model *model, double slow)
{
    assert(model->channels > 0 && slow > 0);
    assert(model->queue_depth > 0 && model->queue_depth <= DEVICE_REQUESTS_MAX);
    struct device *device = run_alloc(seam_self.run, sizeof *device);
    sync_mutex_init(&device->mutex);
    sync_cond_init(&device->submitted);
    sync_cond_init(&device->served);
    device->model = *model;
    device->slow = slow;
    device->object = seam_object(OBJECT_DEVICE, name);
    device->task = thread_start(name, device_body, device);
    return device;
}

static void enqueue(struct device *device, struct pending *pending)
{
    struct pending **link = &device->waiting;
    while (*link)
        link = &(*link)->next;
    *link = pending;
    device->news++;
    pthread_cond_signal(&device->submitted);
}

void device_io(struct device *device, const struct device_request *request)
{
    struct pending pending = {.request = request};
    seam_point(SEAM_SEND, device->object);
    sync_enter(&device->mutex, device->object);
    pending.submitted = seam_record(EVENT_IO_WAIT, device->object, request->position, 0);
    trace_task_waits(seam_self.run->shared, seam_self.task, device->object);
    seam_wait_until(UINT64_MAX);
    enqueue(device, &pending);
    sync_step_out(&device->mutex, &pending.done, 0, UINT64_MAX);
    while (!pending.done)
        pthread_cond_wait(&device->served, &device->mutex);
    seam_go_on();
    seam_record(EVENT_IO_DONE, device->object, request->position, pending.served);
    pthread_mutex_unlock(&device->mutex);
}

void device_stop(struct device *device)
{
    seam_point(SEAM_SIGNAL, device->object);
    sync_enter(&device->mutex, device->object);
    device->stopping = true;
    device->news++;
    pthread_cond_broadcast(&device->submitted);
    pthread_mutex_unlock(&device->mutex);
    task_join(device->task);
}

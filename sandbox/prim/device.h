/*
 * A device that takes time: requests wait in its queue until one of its channels serves them. What
 * it is (a disk with a head, a chip) is said by a model: which request comes next and when it will
 * be done. The device is a thread that lets each request take as long as the model says, so what
 * the tasks of the run see is real waiting for a simulated device.
 *
 * Requests come from threads of the process that made the device.
 */
#ifndef PRIM_DEVICE_H
#define PRIM_DEVICE_H

#include <stddef.h>
#include <stdint.h>

struct device;

struct device_request {
    int64_t position, bytes; /* where, and how much */
    int64_t stream;          /* who reads on from there; for read-ahead */
};

struct device_model {
    unsigned channels;    /* requests served at once */
    unsigned queue_depth; /* the oldest so many are the ones to choose from */
    void *state;          /* for the two functions; never used by two channels at once */
    /* Which of the waiting requests, oldest first, is served next. */
    size_t (*choose)(void *state, const struct device_request *const *waiting, size_t count);
    /* When a request whose service begins at now_us is done, on the same clock. */
    double (*serve)(void *state, const struct device_request *request, double now_us);
};

#define DEVICE_REQUESTS_MAX 256u /* waiting at once */

/* Starts the device. Real time runs `slow` times slower than the model's. */
struct device *device_new(const char *name, const struct device_model *model, double slow);

/* Hands in a request and waits until it has been served. */
void device_io(struct device *device, const struct device_request *request);

/* Ends it; nobody may be waiting. */
void device_stop(struct device *device);

#endif

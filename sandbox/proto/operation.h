/*
 * What a task can be about to do to an object, as the API says it. The numbers are those of
 * sched/seam.h, which is where operations are made; this is where they get their words.
 */
#ifndef PROTO_OPERATION_H
#define PROTO_OPERATION_H

#define OPERATION_COUNT 16u

/* "" for a number out of range. */
const char *operation_text(unsigned operation);

#endif

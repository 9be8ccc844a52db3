/* Processors: os.cpu_count(), and os.sched_setaffinity(). */
#ifndef PRIM_CORES_H
#define PRIM_CORES_H

/* How many the calling task may run on. */
int cores_available(void);

/* From now on the calling task, and every one it starts, runs on the first `most` of these only. */
void cores_use(int most);

#endif

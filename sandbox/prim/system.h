/*
 * What a program asks the operating system about itself. Under control the answers are the run's
 * own, and the same whenever its schedule is repeated.
 */
#ifndef PRIM_SYSTEM_H
#define PRIM_SYSTEM_H

#include <stdint.h>

int process_id(void);         /* os.getpid() */
int parent_id(void);          /* os.getppid(): 1 once the parent has ended */
int thread_id(void);          /* threading.get_native_id() */
uintptr_t thread_ident(void); /* threading.get_ident() */

/* os.urandom(4). Under control it is drawn from the run's seed, for the calling task and `index`.
 */
uint32_t system_random(uint64_t index);

#endif

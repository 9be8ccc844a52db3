/*
 * The primitives a scenario is written with: one include for everything. The names are those of
 * Python's multiprocessing and threading, so a scenario reads like the program it mirrors.
 *
 * Objects live in the run's memory and are shared by all its threads and processes, whichever kind
 * of task made them; they are never freed, the run's end frees everything. A primitive that cannot
 * go on ends the run with a reason, so scenarios need no error paths of their own.
 */
#ifndef PRIM_CONC_H
#define PRIM_CONC_H

#include "sandbox/prim/barrier.h"
#include "sandbox/prim/buffer.h"
#include "sandbox/prim/cell.h"
#include "sandbox/prim/condition.h"
#include "sandbox/prim/cores.h"
#include "sandbox/prim/device.h"
#include "sandbox/prim/event.h"
#include "sandbox/prim/executor.h"
#include "sandbox/prim/generator.h"
#include "sandbox/prim/gil.h"
#include "sandbox/prim/item.h"
#include "sandbox/prim/knobs.h"
#include "sandbox/prim/lock.h"
#include "sandbox/prim/loop.h"
#include "sandbox/prim/manager.h"
#include "sandbox/prim/memory.h"
#include "sandbox/prim/pipe.h"
#include "sandbox/prim/pool.h"
#include "sandbox/prim/print.h"
#include "sandbox/prim/queue.h"
#include "sandbox/prim/semaphore.h"
#include "sandbox/prim/shared.h"
#include "sandbox/prim/signals.h"
#include "sandbox/prim/site.h"
#include "sandbox/prim/start_server.h"
#include "sandbox/prim/stopwatch.h"
#include "sandbox/prim/system.h"
#include "sandbox/prim/task.h"
#include "sandbox/prim/value.h"
#include "sandbox/prim/verdict.h"
#include "sandbox/prim/words.h"

#endif

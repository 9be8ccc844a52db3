// How full something is, as events tell: items in a queue, permits of a semaphore, tasks at a
// barrier, handles on shared memory.
import { EVENT, OBJECT } from './kinds.gen';
import type { TraceLog } from './log';

/** Kinds whose aux is the level after the event. */
const TELLS: ReadonlySet<number> = new Set([
  EVENT.QUEUE_PUT, EVENT.QUEUE_GOT, EVENT.SEMAPHORE_ACQUIRED, EVENT.SEMAPHORE_RELEASED,
  EVENT.BARRIER_WAIT, EVENT.MEMORY_CREATED, EVENT.MEMORY_ATTACHED, EVENT.MEMORY_CLOSED,
]);

/** The level after event i, or null when it says nothing about one. */
export function levelAfter(log: TraceLog, i: number): number | null {
  const kind = log.kind[i];
  if (TELLS.has(kind)) return log.aux[i];
  if (kind === EVENT.BARRIER_PASSED || kind === EVENT.BARRIER_BROKEN) return 0;
  if (kind !== EVENT.CAPACITY) return null;
  // A semaphore begins with its permits, a queue and a barrier empty.
  return log.objects[log.object[i]]?.kind === OBJECT.SEMAPHORE ? log.value[i] : 0;
}

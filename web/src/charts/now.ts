// How things stand at the end of a trace: how full queues are, permits left, values of cells.
import { EVENT, OBJECT } from '../trace/kinds.gen';
import type { TraceLog } from '../trace/log';
import { timeOrder } from '../trace/sort';
import { levelChart } from './level';

export interface Standing {
  readonly object: number;
  readonly value: number;
  /** What it was made for; null for a value, and when there is no limit. */
  readonly capacity: number | null;
}

const VALUES: ReadonlySet<number> = new Set([EVENT.CELL_READ, EVENT.CELL_WROTE, EVENT.CELL_ADDED]);

export function standings(log: TraceLog): Standing[] {
  const capacities = new Map<number, number>();
  const values = new Map<number, number>();
  for (const i of timeOrder(log)) {
    if (log.kind[i] === EVENT.CAPACITY) capacities.set(log.object[i], log.value[i]);
    if (VALUES.has(log.kind[i])) values.set(log.object[i], log.value[i]);
  }
  // A semaphore begins with its permits, a queue and a barrier empty.
  for (const [object, capacity] of capacities) {
    if (capacity > 0) values.set(object, log.objects[object]?.kind === OBJECT.SEMAPHORE ? capacity : 0);
  }
  for (const strip of levelChart(log)) values.set(strip.object, strip.steps[strip.steps.length - 1].level);
  return [...values].map(([object, value]) => ({ object, value, capacity: capacities.get(object) || null }))
    .sort((a, b) => a.object - b.object);
}

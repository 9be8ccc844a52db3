// A shared value over time, and the updates that got lost.
import { EVENT } from '../trace/kinds.gen';
import { NOTHING, type TraceLog } from '../trace/log';
import { timeOrder } from '../trace/sort';

export interface Write {
  readonly t: number;
  readonly value: number;
  readonly task: number;
  readonly event: number;
}

/** A task read, others wrote, the task wrote: what the others wrote is gone. */
export interface LostUpdate {
  readonly read: number;
  readonly overwritten: number;
  readonly write: number;
}

export interface ValueChart {
  readonly writes: readonly Write[];
  readonly lost: readonly LostUpdate[];
  /** Parts were not recorded, so there may be more. */
  readonly gaps: boolean;
}

interface Reading {
  readonly event: number;
  /** The first write by another task since. */
  overwritten: number;
}

/** Writes of one cell and updates lost on it. Without `cell`: of the first cell there is. */
export function valueChart(log: TraceLog): ValueChart {
  const writes: Write[] = [];
  const lost: LostUpdate[] = [];
  const readings = new Map<number, Reading>();
  let cell = NOTHING;
  let gaps = false;
  const wrote = (i: number): void => {
    writes.push({ t: log.t[i], value: log.value[i], task: log.task[i], event: i });
    for (const [task, reading] of readings) {
      if (task !== log.task[i] && reading.overwritten < 0) reading.overwritten = i;
    }
  };
  for (const i of timeOrder(log)) {
    const kind = log.kind[i];
    if (kind === EVENT.GAP) {
      gaps = true;
      readings.delete(log.task[i]);
    }
    if (kind !== EVENT.CELL_READ && kind !== EVENT.CELL_WROTE && kind !== EVENT.CELL_ADDED) continue;
    if (cell === NOTHING) cell = log.object[i];
    if (log.object[i] !== cell) continue;
    if (kind === EVENT.CELL_READ) {
      readings.set(log.task[i], { event: i, overwritten: -1 });
      continue;
    }
    const reading = kind === EVENT.CELL_WROTE ? readings.get(log.task[i]) : undefined;
    readings.delete(log.task[i]);
    if (reading !== undefined && reading.overwritten >= 0) {
      lost.push({ read: reading.event, overwritten: reading.overwritten, write: i });
    }
    wrote(i);
  }
  return { writes, lost, gaps: gaps || log.skipped > 0 || log.dropped > 0 };
}

/** At most one write for each place on a grid, so that a million writes are a few thousand dots. */
export function thin(
  writes: readonly Write[],
  x: (t: number) => number,
  y: (value: number) => number,
): Write[] {
  const taken = new Set<number>();
  return writes.filter((write) => {
    const place = (Math.round(x(write.t)) * 4096 + Math.round(y(write.value))) * 8 + (write.task % 8);
    if (taken.has(place)) return false;
    taken.add(place);
    return true;
  });
}

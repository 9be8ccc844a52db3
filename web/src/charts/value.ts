// A shared value over time, and the updates that got lost.
import { EVENT } from '../trace/kinds.gen';
import type { TraceLog } from '../trace/log';
import { timeOrder } from '../trace/sort';

/** A read or a write. */
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
  readonly reads: readonly Write[];
  readonly lost: readonly LostUpdate[];
  /** Parts were not recorded, so there may be more. */
  readonly gaps: boolean;
}

interface Reading {
  readonly event: number;
  readonly task: number;
  /** The index in an array, 0 of a plain cell. */
  readonly element: number;
  /** The first write by another task since. */
  overwritten: number;
}

const WRITES: ReadonlySet<number> = new Set([EVENT.CELL_WROTE, EVENT.CELL_ADDED, EVENT.CELL_UPDATED]);

/** The cells that were written, the one written most often first. */
export function cellsWritten(log: TraceLog): number[] {
  const counts = new Map<number, number>();
  for (let i = 0; i < log.count; i++) {
    if (WRITES.has(log.kind[i])) counts.set(log.object[i], (counts.get(log.object[i]) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([cell]) => cell);
}

/** Writes of a cell and updates lost on it; of an array's cells, each by itself. */
export function valueChart(log: TraceLog, cell: number): ValueChart {
  const writes: Write[] = [];
  const reads: Write[] = [];
  const lost: LostUpdate[] = [];
  const readings = new Map<number, Reading>(); // by task and element
  let gaps = false;
  const accessOf = (i: number): Write => ({ t: log.t[i], value: log.value[i], task: log.task[i], event: i });
  const wrote = (i: number): void => {
    writes.push(accessOf(i));
    for (const reading of readings.values()) {
      if (reading.task === log.task[i] || reading.element !== log.aux[i]) continue;
      if (reading.overwritten < 0) reading.overwritten = i;
    }
  };
  for (const i of timeOrder(log)) {
    const kind = log.kind[i];
    if (kind === EVENT.GAP) {
      gaps = true;
      for (const [key, { task }] of readings) if (task === log.task[i]) readings.delete(key);
    }
    if (log.object[i] !== cell || (kind !== EVENT.CELL_READ && !WRITES.has(kind))) continue;
    const key = log.task[i] * 0x10000 + log.aux[i];
    if (kind === EVENT.CELL_READ) {
      reads.push(accessOf(i));
      readings.set(key, { event: i, task: log.task[i], element: log.aux[i], overwritten: -1 });
      continue;
    }
    const reading = kind === EVENT.CELL_ADDED ? undefined : readings.get(key);
    readings.delete(key);
    if (reading !== undefined && reading.overwritten >= 0) {
      lost.push({ read: reading.event, overwritten: reading.overwritten, write: i });
    }
    wrote(i);
  }
  return { writes, reads, lost, gaps: gaps || log.skipped > 0 || log.dropped > 0 };
}

/** The tasks of reads or writes, in the order in which they first were there. */
export const tasksOf = (accesses: readonly Write[]): number[] => [...new Set(accesses.map(({ task }) => task))];

/** How many of the writes another task read before the next one. */
export function writesRead({ writes, reads }: ValueChart): number {
  const ends = writes.map((_, i) => writes[i + 1]?.t ?? Infinity);
  return writes.filter((write, i) => reads.some((read) =>
    read.task !== write.task && read.t >= write.t && read.t < ends[i])).length;
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

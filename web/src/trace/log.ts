// The trace as it came: growing columns of events, tables of tasks and objects.

/** Nanoseconds since the run began. */
export type Nanoseconds = number & { readonly __unit: 'ns' };
export const ns = (value: number): Nanoseconds => value as Nanoseconds;

/** "No object" in an event and "no task" as a parent. */
export const NOTHING = 0xffff;

/** What a coroutine's event carries when no number was handed over: Python's None. */
export const NONE = -(2 ** 63);

export interface Entry {
  readonly id: number;
  readonly kind: number;
  readonly parent: number;
  readonly name: string;
}

export interface TraceLog {
  count: number;
  t: Float64Array;
  value: Float64Array;
  /** Values that a number cannot hold exactly, by event. */
  readonly exact: Map<number, bigint>;
  /** Index of the event that made this one possible, or -1. */
  cause: Int32Array;
  task: Uint16Array;
  object: Uint16Array;
  aux: Uint16Array;
  kind: Uint8Array;
  /** Of the program's source, from 1; 0 when it does not come from a line of it. */
  line: Uint16Array;
  readonly tasks: Entry[];
  readonly objects: Entry[];
  dropped: number;
  skipped: number;
  malformed: number;
  complete: boolean;
}

const FIRST_CAPACITY = 1024;

export function newLog(): TraceLog {
  return {
    count: 0,
    t: new Float64Array(FIRST_CAPACITY),
    value: new Float64Array(FIRST_CAPACITY),
    exact: new Map(),
    cause: new Int32Array(FIRST_CAPACITY),
    task: new Uint16Array(FIRST_CAPACITY),
    object: new Uint16Array(FIRST_CAPACITY),
    aux: new Uint16Array(FIRST_CAPACITY),
    kind: new Uint8Array(FIRST_CAPACITY),
    line: new Uint16Array(FIRST_CAPACITY),
    tasks: [],
    objects: [],
    dropped: 0,
    skipped: 0,
    malformed: 0,
    complete: false,
  };
}

interface Column<T> {
  readonly length: number;
  set(from: T): void;
}

/** A column of at least `needed` entries with what the old one held. */
export function grown<T extends Column<T>>(
  column: T,
  needed: number,
  make: new (length: number) => T,
): T {
  if (needed <= column.length) return column;
  const bigger = new make(Math.max(needed, column.length * 2));
  bigger.set(column);
  return bigger;
}

/** Makes room for `more` events after the present ones. */
export function reserve(log: TraceLog, more: number): void {
  const needed = log.count + more;
  log.t = grown(log.t, needed, Float64Array);
  log.value = grown(log.value, needed, Float64Array);
  log.cause = grown(log.cause, needed, Int32Array);
  log.task = grown(log.task, needed, Uint16Array);
  log.object = grown(log.object, needed, Uint16Array);
  log.aux = grown(log.aux, needed, Uint16Array);
  log.kind = grown(log.kind, needed, Uint8Array);
  log.line = grown(log.line, needed, Uint16Array);
}

/** Lets go of the room for more events. */
export function trim(log: TraceLog): void {
  const { count } = log;
  log.t = log.t.slice(0, count);
  log.value = log.value.slice(0, count);
  log.cause = log.cause.slice(0, count);
  log.task = log.task.slice(0, count);
  log.object = log.object.slice(0, count);
  log.aux = log.aux.slice(0, count);
  log.kind = log.kind.slice(0, count);
  log.line = log.line.slice(0, count);
}

/** The index of the first of `count` rising values, from `low` on, that is greater than `x`. */
export function upperBound(values: Float64Array, count: number, x: number, low = 0): number {
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

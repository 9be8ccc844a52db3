// The order of time. Chunks may overlap a little, so what is shown as a sequence is sorted first.
import { NOTHING, type TraceLog } from './log';
import { EVENT_TEXT, OBJECT_TEXT, TASK_TEXT } from './texts.gen';

/** Indices of the log's events, from one on, by time; events of the same time stay as they came. */
export function timeOrder(log: TraceLog, from = 0): Uint32Array {
  const order = new Uint32Array(log.count - from);
  let sorted = true;
  for (let i = from; i < log.count; i++) {
    order[i - from] = i;
    if (i > from && log.t[i] < log.t[i - 1]) sorted = false;
  }
  return sorted ? order : order.sort((a, b) => log.t[a] - log.t[b] || a - b);
}

/** The inverse: the place of each event in the order of time. */
export function ranks(order: Uint32Array): Uint32Array {
  const rank = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) rank[order[i]] = i;
  return rank;
}

/** The time of the event that is `back` before the last one; 0 when there are not so many. */
export function recent(log: TraceLog, back: number): number {
  const order = timeOrder(log);
  return order.length <= back ? 0 : log.t[order[order.length - 1 - back]];
}

export interface JsonTrace {
  readonly tasks: readonly { id: number; kind: string; name: string; parent: number | null }[];
  readonly objects: readonly { id: number; kind: string; name: string }[];
  readonly events: readonly {
    t: number;
    task: number;
    kind: string;
    object: number | null;
    /** As text when a number would not be exact. */
    value: number | string;
    aux: number;
    cause: number | null;
    line: number | null;
  }[];
  readonly dropped: number;
  readonly skipped: number;
  readonly malformed: number;
  readonly complete: boolean;
}

/** The trace as the API's JSON gives it. */
export function toJson(log: TraceLog): JsonTrace {
  const order = timeOrder(log);
  const rank = ranks(order);
  const orNull = (id: number): number | null => (id === NOTHING ? null : id);
  return {
    tasks: log.tasks.map((task) => ({
      id: task.id, kind: TASK_TEXT[task.kind], name: task.name, parent: orNull(task.parent),
    })),
    objects: log.objects.map(({ id, kind, name }) => ({ id, kind: OBJECT_TEXT[kind], name })),
    events: Array.from(order, (i) => ({
      t: log.t[i],
      task: log.task[i],
      kind: EVENT_TEXT[log.kind[i]],
      object: orNull(log.object[i]),
      value: log.exact.get(i)?.toString() ?? log.value[i],
      aux: log.aux[i],
      cause: log.cause[i] < 0 ? null : rank[log.cause[i]],
      line: log.line[i] === 0 ? null : log.line[i],
    })),
    dropped: log.dropped,
    skipped: log.skipped,
    malformed: log.malformed,
    complete: log.complete,
  };
}
